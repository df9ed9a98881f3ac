"""What is worth waiting for: events and trends that would change the choice, were they known first (method §11).

At a date every policy that starts by then is moved to the step after it, so that the choice can still be made and what
is observed does not depend on it. Choices are made on one half of the runs and valued on the other, both ways round: a
maximum over noisy means is biased upwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from etia.compile.policies import policy_span
from etia.compile.standard_errors import quantiles, standard_error
from etia.prescribe.evaluation import outcomes_of_draw, policy_effects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etia.compile.study import Case
    from etia.prescribe.evaluation import Scores

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = [
    "MOST_SIGNPOSTS",
    "SIGNPOSTS",
    "WAITING",
    "Sign",
    "Waiting",
    "adaptive_plan",
    "cost_of_waiting",
    "dates",
    "moved_spans",
    "signposts",
    "signs",
    "value_of_knowing",
    "waiting",
    "waitings",
]

SIGNPOSTS = ["signpost", "by", "probability", "value", "se", "switch_to"]
WAITING = ["by", "cost", "se", "best_now", "best_then"]

MOST_SIGNPOSTS = 300
"""signposts that are tabled, those worth most first; how many are left out is said"""

_YEARS = (2, 3)
"""years after `as_of` at which signposts are read; a quarter and a half of the future where it is shorter than six"""


class Sign(NamedTuple):
    """Something that can be observed by a date."""

    name: str  # an event, or `trend >= level`
    seen: Bools  # (P · R,) runs in which it is seen


@dataclass(frozen=True)
class Waiting:
    """The choice put off to the step after `by`: utilities of all portfolios in one world, run by run."""

    by: int  # step
    utility: Floats  # (F, P · R)
    n_draws: int

    @property
    def halves(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Runs of even and of odd draws, which are independent; of even and odd runs in the central model."""
        n = self.utility.shape[1]
        parity = np.arange(n) // (n // self.n_draws) % 2 if self.n_draws > 1 else np.arange(n) % 2
        return np.flatnonzero(parity == 0), np.flatnonzero(parity == 1)


def dates(case: Case) -> list[int]:
    """Steps by which signposts are read."""
    calendar = case.calendar
    future = calendar.n_steps - 1 - calendar.as_of
    if future > 2 * max(_YEARS) * calendar.steps_per_year:
        steps = [calendar.as_of + years * calendar.steps_per_year for years in _YEARS]
    else:
        steps = [calendar.as_of + max(future // 4, 1), calendar.as_of + max(future // 2, 1)]
    return sorted({step for step in steps if step < calendar.n_steps - 1})


def moved_spans(case: Case, by: int) -> dict[str, tuple[int, int]]:
    """Spans of the policies that start by then: moved as a whole to the step after it, up to the calendar's end."""
    last, spans = case.calendar.n_steps - 1, {}
    for name, policy in case.model.policies.items():
        first, end = policy_span(policy, case.calendar)
        if first <= by:
            shift = by + 1 - first
            spans[name] = (by + 1, last if policy.until is None else min(end + shift, last))
    return spans


def waiting(case: Case, scores: Scores, by: int) -> Waiting:
    """All portfolios in a case without policies at work, their early policies moved to the step after `by`."""
    return waitings(case, scores, [by])[0]


def waitings(case: Case, scores: Scores, by: Sequence[int]) -> list[Waiting]:
    """The same for several steps, on runs that are sampled once."""
    if not by:
        return []
    offers, portfolios = [policy_effects(case, moved_spans(case, step)) for step in by], scores.feasible.portfolios
    case.study.rates(case.scenario)

    def run(p: int) -> list[Floats]:
        chunks = zip(*outcomes_of_draw(case, offers, scores.goals, portfolios, p), strict=True)
        return [np.concatenate([scores.scale.utilities(scores.goals, x) for x in own], axis=1) for own in chunks]

    utilities = zip(*case.study.each_draw(run), strict=True)
    n_draws = case.study.settings.n_draws
    return [Waiting(step, np.concatenate(own, axis=1), n_draws) for step, own in zip(by, utilities, strict=True)]


def signs(case: Case, scores: Scores, by: int) -> list[Sign]:
    """Every prospective event, and every objective's trend at its levels and its median, as seen by a step."""
    steps, place = case.outcomes.steps, case.compiled.index.place
    found = [
        Sign(name, steps[:, place[name]] <= by)
        for name in case.model.events
        if not np.any(steps[:, place[name]] <= case.calendar.as_of)
    ]
    for k in dict.fromkeys(scores.goals.trend.tolist()):
        name, values = case.trend_names[k], case.outcomes.values(k, by, by)[:, 0]
        for rung, level in case.model.trends[name].levels.items():
            found.append(Sign(f"{name} >= {level}", values >= rung))
        median = float(quantiles(np.sort(values), (0.5,))[0])
        found.append(Sign(f"{name} >= {median:.4g}", values >= median))
    return [sign for sign in found if sign.seen.any() and not sign.seen.all()]


def _choices(utility: Floats, seen: Floats) -> tuple[int, NDArray[np.int64], NDArray[np.int64]]:
    """Best portfolio without knowing, and (X,) best ones where each sign is seen, and where it is not.

    `utility` (F, n), `seen` (n, X). Of equals the one that is best without knowing, then the first.
    """
    whole = utility.sum(axis=1)
    best = int(np.argmax(whole))
    where_seen = utility @ seen
    where_not = whole[:, None] - where_seen

    def pick(total: Floats) -> NDArray[np.int64]:
        top = np.argmax(total, axis=0)
        better = total[top, np.arange(total.shape[1])] > total[best] + 1e-9 * np.abs(total[best])
        return np.where(better, top, best)

    return best, pick(where_seen), pick(where_not)


def value_of_knowing(put_off: Waiting, seen: Bools) -> tuple[Floats, Floats]:
    """(X,) value E[max_p E(U_p | X)] − max_p E(U_p) of knowing each sign (P · R, X) first, and its standard error.

    Chosen on one half of the runs and valued on the other, both ways round; a value below 0 is noise and stands as 0.
    """
    gain = np.zeros(seen.shape)
    halves = put_off.halves
    for choosing, valued in (halves, halves[::-1]):
        best, if_seen, if_not = _choices(put_off.utility[:, choosing], seen[choosing].astype(np.float64))
        there = put_off.utility[:, valued]
        gain[valued] = np.where(seen[valued], there[if_seen].T, there[if_not].T) - there[best][:, None]
    return np.maximum(gain.mean(axis=0), 0.0), standard_error(gain, put_off.n_draws)


def _switches(names: Sequence[str], put_off: Waiting, seen: Bools) -> list[str]:
    """What each sign (P · R, X) calls for, on all runs: a portfolio if it is seen, `else …` if not; empty: nothing."""
    best, if_seen, if_not = _choices(put_off.utility, seen.astype(np.float64))
    out = []
    for yes, no in zip(if_seen.tolist(), if_not.tolist(), strict=True):
        parts = [names[yes]] if yes != best else []
        out.append("; ".join([*parts, f"else {names[no]}"] if no != best else parts))
    return out


def signposts(case: Case, scores: Scores, put_off: Sequence[Waiting]) -> tuple[pd.DataFrame, int]:
    """The table `signposts`, those worth most first, and how many were left out of it.

    `probability` is that of seeing it by then; `value` in units of utility.
    """
    rows = []
    for one in put_off:
        found = signs(case, scores, one.by)
        if not found:
            continue
        seen = np.stack([sign.seen for sign in found], axis=1)
        value, error = value_of_knowing(one, seen)
        label = case.calendar.label(one.by)
        columns = (
            [sign.name for sign in found], seen.mean(axis=0).tolist(), value.tolist(), error.tolist(),
            _switches(scores.names, one, seen),
        )  # fmt: skip
        rows += [[name, label, *rest] for name, *rest in zip(*columns, strict=True)]
    table = pd.DataFrame(rows, columns=SIGNPOSTS).sort_values(
        "value", ascending=False, kind="stable", ignore_index=True
    )
    return table.head(MOST_SIGNPOSTS), max(len(table) - MOST_SIGNPOSTS, 0)


def cost_of_waiting(case: Case, scores: Scores, put_off: Sequence[Waiting]) -> pd.DataFrame:
    """The table `waiting`: what the best portfolio as planned brings more than the best one put off, by date.

    Both bests are chosen on one half of the draws and valued on the other, both ways round.
    """
    cell = scores.cells.index((case.scenario, case.lens))
    rows = []
    for one in put_off:
        moved = one.utility.reshape(len(one.utility), one.n_draws, -1).mean(axis=2)  # (F, P)
        planned = scores.utility[cell].T
        cost, error = _best_less_best(planned, moved)
        best_now, best_then = int(np.argmax(planned.mean(axis=1))), int(np.argmax(moved.mean(axis=1)))
        rows.append([case.calendar.label(one.by), cost, error, scores.names[best_now], scores.names[best_then]])
    return pd.DataFrame(rows, columns=WAITING)


def _best_less_best(planned: Floats, moved: Floats) -> tuple[float, float]:
    """max_p E(U_p) as planned less max_p E(U_p) moved, from means of draws (F, P), and its standard error."""
    n_draws = planned.shape[1]
    if n_draws < 2:
        return float(planned.max() - moved.max()), np.nan
    difference = np.empty(n_draws)
    for half in (0, 1):
        choosing, valued = np.arange(n_draws) % 2 == half, np.arange(n_draws) % 2 != half
        now = int(np.argmax(planned[:, choosing].mean(axis=1)))
        then = int(np.argmax(moved[:, choosing].mean(axis=1)))
        difference[valued] = planned[now, valued] - moved[then, valued]
    return float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(n_draws))


def adaptive_plan(table: pd.DataFrame, costs: pd.DataFrame) -> str:
    """The plan in words: what to choose now, what to watch, what to switch to, and whether to wait for it."""
    useful = table[(table["switch_to"] != "") & (table["value"] > 2 * table["se"])].merge(
        costs, on="by", suffixes=("", "_")
    )
    if not len(useful):
        now = f"Choose {costs['best_now'].iloc[0]} as planned. " if len(costs) else ""
        return f"{now}No signpost that was looked at changes the choice by more than chance."
    sign = useful.iloc[int(np.argmax(useful["value"] - useful["cost"]))]
    switch = f"{sign['best_then']}; {_calls(str(sign['switch_to']), str(sign['signpost']), str(sign['by']))}"
    worth = f"Knowing it first is worth {sign['value']:.3f} ± {sign['se']:.3f} of utility, waiting for it costs"
    if sign["cost"] >= sign["value"]:
        return (
            f"Choose {sign['best_now']} as planned. {worth} {sign['cost']:.3f} ± {sign['se_']:.3f}: do not wait. "
            f"Where the choice has to be put off anyway: {switch}."
        )
    return f"Wait until {sign['by']}, then choose {switch}. {worth} {max(sign['cost'], 0.0):.3f} ± {sign['se_']:.3f}."


def _calls(switch: str, signpost: str, by: str) -> str:
    """A table's `switch_to` in words."""
    yes, _, no = switch.removeprefix("else ").partition("; else ")
    if switch.startswith("else "):
        return f"if {signpost} is not seen by {by}, {yes}"
    return f"if {signpost} is seen by {by}, {yes}" + (f", if not, {no}" if no else "")
