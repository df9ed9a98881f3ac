"""Which portfolio to prefer when it is open which future comes, and what would turn the choice (method §11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.prescribe.evaluation import Scores

    Floats = NDArray[np.float64]

__all__ = [
    "ALL",
    "GAINS",
    "RANKS",
    "REVERSALS",
    "SCORES",
    "Overall",
    "choice_in_words",
    "overall",
    "pareto_front",
    "policy_gains",
    "policy_reversals",
    "policy_scores",
    "portfolio_ranks",
]

ALL = "all"
"""scenario and lens of the rows over all futures compared"""

SCORES = ["scenario", "lens", "portfolio", "cost", "utility", "se", "regret", "satisficing"]
GAINS = ["scenario", "lens", "portfolio", "gain", "se"]
RANKS = ["portfolio", "n_policies", "cost", "utility", "regret", "satisficing", "utility_rank", "regret_rank", "pareto"]
REVERSALS = ["scenario", "lens", "best", "instead_of", "advantage", "se"]


class Overall(NamedTuple):
    """Each portfolio over all futures compared. F portfolios."""

    cost: Floats  # (F,) central
    utility: Floats  # (F,) expected
    regret: Floats  # (F,) the largest over cells and draws
    satisficing: Floats  # (F,) share of futures in which all targets are met

    @property
    def best(self) -> int:
        """The portfolio of the highest expected utility; of equals the first, which has the fewest policies."""
        return int(np.argmax(self.utility))

    @property
    def least_regret(self) -> int:
        """The portfolio of minimax regret."""
        return int(np.argmin(self.regret))

    @property
    def front(self) -> NDArray[np.bool_]:
        """(F,) portfolios that are best for their cost."""
        return pareto_front(self.cost, self.utility)


def overall(scores: Scores) -> Overall:
    """The criteria of method §11 over scenarios × lenses × draws."""
    return Overall(
        _costs(scores), scores.utility.mean(axis=(0, 1)), scores.regret.max(axis=(0, 1)), scores.met.mean(axis=(0, 1))
    )


def _costs(scores: Scores) -> Floats:
    return np.array([scores.feasible.menu.cost_of(portfolio) for portfolio in scores.feasible.portfolios])


def pareto_front(cost: Floats, utility: Floats) -> NDArray[np.bool_]:
    """(F,) those for which no other costs no more and brings no less, one of the two strictly; of equals the first."""
    order = np.lexsort((np.arange(len(cost)), -utility, cost))
    best = np.maximum.accumulate(np.r_[-np.inf, utility[order]])[:-1]
    front = np.zeros(len(cost), dtype=bool)
    front[order] = utility[order] > best
    return front


def _blocks(scores: Scores) -> list[tuple[str, str, list[int]]]:
    """Scenario, lens and cells of each block of rows: every cell by itself, then all together."""
    single = [(scenario, lens, [c]) for c, (scenario, lens) in enumerate(scores.cells)]
    return [*single, (ALL, ALL, list(range(len(scores.cells))))]


def policy_scores(scores: Scores) -> pd.DataFrame:
    """The table `policy_scores`: rows for every scenario and lens, then over all of them.

    `utility` in standard deviations of the futures without policies, `se` its standard error; `regret` is the largest
    over draws (and over cells in the last block) of what the best portfolio there would have brought more; the share
    `satisficing` is empty where no objective has a target.
    """
    cost, parts = _costs(scores), []
    for scenario, lens, cells in _blocks(scores):
        columns: tuple[Any, ...] = (
            scenario,
            lens,
            scores.names,
            cost,
            scores.utility[cells].mean(axis=(0, 1)),
            scores.utility_error(cells),
            scores.regret[cells].max(axis=(0, 1)),
            scores.met[cells].mean(axis=(0, 1)),
        )
        parts.append(pd.DataFrame(dict(zip(SCORES, columns, strict=True))))
    return pd.concat(parts, ignore_index=True)


def policy_gains(scores: Scores) -> pd.DataFrame:
    """The table `policy_gains`: expected utility less that without policies, taken run by run, with its own error."""
    gain = scores.utility - scores.utility[:, :, :1]
    parts = [
        pd.DataFrame(
            dict(
                zip(
                    GAINS,
                    (scenario, lens, scores.names, gain[cells].mean(axis=(0, 1)), scores.gain_error(cells)),
                    strict=True,
                )
            )
        )
        for scenario, lens, cells in _blocks(scores)
    ]
    return pd.concat(parts, ignore_index=True)


def portfolio_ranks(scores: Scores) -> pd.DataFrame:
    """The table `portfolio_ranks`: all portfolios over all futures, ranked by expected utility and by regret."""
    found = overall(scores)
    rows = {
        "portfolio": scores.names,
        "n_policies": [len(portfolio) for portfolio in scores.feasible.portfolios],
        "cost": found.cost,
        "utility": found.utility,
        "regret": found.regret,
        "satisficing": found.satisficing,
        "utility_rank": _ranks(-found.utility),
        "regret_rank": _ranks(found.regret),
        "pareto": found.front,
    }
    return pd.DataFrame(rows, columns=RANKS).sort_values("utility_rank", kind="stable", ignore_index=True)


def _ranks(values: Floats) -> NDArray[np.int64]:
    """(F,) 1 for the lowest; equals share the best rank."""
    return np.searchsorted(np.sort(values), values, side="left").astype(np.int64) + 1


def policy_reversals(scores: Scores) -> pd.DataFrame:
    """The table `policy_reversals`: where another portfolio is better than the one that is best over all futures.

    `advantage` is what it brings more there, run by run, `se` its standard error; scenarios and lenses that leave the
    choice as it is have no row.
    """
    best = overall(scores).best
    rows = []
    for c, (scenario, lens) in enumerate(scores.cells):
        there = scores.utility[c].mean(axis=0)
        other = int(np.argmax(there))
        if there[other] > there[best]:
            error = _difference_error(scores, c, other, best)
            rows.append([scenario, lens, scores.names[other], scores.names[best], there[other] - there[best], error])
    return pd.DataFrame(rows, columns=REVERSALS)


def _difference_error(scores: Scores, cell: int, one: int, other: int) -> float:
    """Standard error of the difference of two portfolios' utilities in a cell; in the central model at most.

    There covariances of portfolios are not kept: sd(a − b) ≤ sd(a − none) + sd(b − none).
    """
    if scores.n_draws > 1:
        difference = scores.utility[cell, :, one] - scores.utility[cell, :, other]
        return float(difference.std(ddof=1) / np.sqrt(scores.n_draws))
    errors = scores.gain_error([cell])
    return float(errors[one] + errors[other])


def choice_in_words(scores: Scores) -> list[str]:
    """What the criteria say, a sentence each."""
    found, names, cells = overall(scores), scores.names, len(scores.cells)
    best, safe = found.best, found.least_regret
    sentences = [
        f"{len(names)} portfolios were compared over {cells} world{'s' if cells > 1 else ''} (scenario and lens).",
        f"Highest expected utility: {names[best]} ({found.utility[best]:.2f}, without a policy {found.utility[0]:.2f}; "
        f"in standard deviations of the futures without policies), at a cost of {found.cost[best]:.3g}.",
        f"Least regret: {names[safe]}; in no future compared does it fall short of the best choice there by more than "
        f"{found.regret[safe]:.2f}.",
    ]
    if scores.goals.has_target.any():
        sure = int(np.argmax(found.satisficing))
        sentences.append(
            f"All targets are met most often with {names[sure]}: in {found.satisficing[sure]:.0%} of futures, without "
            f"a policy in {found.satisficing[0]:.0%}."
        )
    turned = len(policy_reversals(scores))
    if turned:
        sentences.append(f"In {turned} of {cells} worlds another portfolio is better than {names[best]}.")
    else:
        sentences.append(f"No scenario or lens that was compared turns the choice of {names[best]}.")
    return sentences
