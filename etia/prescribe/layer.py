"""Layer 3, prescribe: the tables on what to choose (method §11, source's third layer)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from etia.prescribe import robustness, signposts
from etia.prescribe.evaluation import evaluate
from etia.prescribe.portfolios import feasible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etia.compile.cases import Cases, Options
    from etia.compile.study import Case, Study
    from etia.prescribe.evaluation import Scores
    from etia.prescribe.portfolios import Feasible
    from etia.prescribe.signposts import Waiting

__all__ = ["TABLES", "tables"]

TABLES = (
    "policy_scores",
    "policy_gains",
    "portfolio_ranks",
    "policy_reversals",
    "signposts",
    "waiting",
    "strategy_notes",
)
"""the layer's tables in order"""

_COLUMNS = {
    "policy_scores": robustness.SCORES,
    "policy_gains": robustness.GAINS,
    "portfolio_ranks": robustness.RANKS,
    "policy_reversals": robustness.REVERSALS,
    "signposts": signposts.SIGNPOSTS,
    "waiting": signposts.WAITING,
    "strategy_notes": ["about", "text"],
}


def tables(study: Study, cases: Cases, options: Options) -> dict[str, pd.DataFrame]:  # noqa: ARG001 - every layer's shape
    """All tables of the layer, by name; without policies or objectives they are empty.

    Portfolios take the place of the policies that scenarios choose. Policies that were asked for are in every portfolio
    but the empty one. Signposts are read in the reference, under the lens that was asked for or the reference lens.
    """
    if not study.model.policies or not study.model.objectives:
        return {name: pd.DataFrame(columns=_COLUMNS[name]) for name in TABLES}
    worlds = [_without_policies(case) for case in cases.under_all_lenses()]
    found = feasible(study.model, held=cases.policies or ())
    scores = evaluate(worlds, found)
    here = _reference_world(worlds, cases)
    put_off = signposts.waitings(here, scores, signposts.dates(here))
    posts, left_out = signposts.signposts(here, scores, put_off)
    costs = signposts.cost_of_waiting(here, scores, put_off)
    made = (
        robustness.policy_scores(scores),
        robustness.policy_gains(scores),
        robustness.portfolio_ranks(scores),
        robustness.policy_reversals(scores),
        posts,
        costs,
        _notes(found, scores, put_off, left_out, signposts.adaptive_plan(posts, costs)),
    )
    return dict(zip(TABLES, made, strict=True))


def _without_policies(case: Case) -> Case:
    return case.with_policies(()) if case.policies else case


def _reference_world(worlds: Sequence[Case], cases: Cases) -> Case:
    """The reference under the lens of its own table rows."""
    lens = cases[0].lens
    return next(case for case in worlds if case.scenario == cases[0].scenario and case.lens == lens)


def _notes(found: Feasible, scores: Scores, put_off: Sequence[Waiting], left_out: int, plan: str) -> pd.DataFrame:
    """The table `strategy_notes`: sentences, by what they are about."""
    rows = [["choice", sentence] for sentence in robustness.choice_in_words(scores)]
    if found.remark:
        rows.append(["portfolios", found.remark])
    if left_out:
        rows.append(["signposts", f"{left_out} signposts that are worth less than those tabled are left out."])
    if put_off:
        rows.append(["adaptive plan", plan])
    return pd.DataFrame(rows, columns=_COLUMNS["strategy_notes"])
