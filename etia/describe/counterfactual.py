"""What each event did or would do to each trend: removals of past events, interventions on others (method §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from etia.describe.blocks import Block, blocks, in_order
from etia.describe.effects import Contrast, Effects, effects
from etia.describe.moments import Moments, Part, part_of
from etia.engine.program import NEVER
from etia.engine.worlds import World, rerun
from etia.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from etia.compile.study import Case

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = [
    "ATTRIBUTABLE",
    "DRIVERS",
    "IMPACT_SCORES",
    "attributable_fractions",
    "central_steps",
    "expected_impacts",
    "impact_scores",
    "removal_effects",
    "score_contrasts",
    "score_steps",
    "without",
]

IMPACT_SCORES = ["scenario", "lens", "event", "trend", "date", "central", "total", "direct", "indirect", "se"]
DRIVERS = ["scenario", "lens", "event", "trend", "date", "expected", "se"]
ATTRIBUTABLE = ["scenario", "lens", "removed", "event", "fraction", "se"]

_ROUNDING = 1e-12


def central_steps(reference: Case, names: Iterable[str] | None = None) -> dict[str, int]:
    """The central date of every event that is not past, as a step (method §7).

    The first step by which P(e by t) ≥ ½ P(e by `end`) in the reference model; the middle of the future where P = 0.
    """
    case = reference
    as_of, n_steps = case.calendar.as_of, case.calendar.n_steps
    wanted = list(case.model.events) if names is None else list(names)
    out = {}
    for name in wanted:
        place = case.compiled.index.place[name]
        steps = case.outcomes.steps[:, place]
        if case.compiled.fixed_step[:, place].min() >= 0 and steps.min() <= as_of:
            continue
        came = np.cumsum(np.bincount(steps[steps != NEVER], minlength=n_steps)) / len(steps)
        is_half = came >= came[-1] / 2 - _ROUNDING
        out[name] = int(np.argmax(is_half)) if came[-1] > 0 else (as_of + n_steps) // 2
    return out


def score_steps(case: Case, *, every_step: bool = False) -> Ints:
    """The steps that scores are tabled at: the last of each year from the first past event on, `as_of` and `end`."""
    calendar = case.calendar
    fixed = case.compiled.fixed_step
    past = (fixed >= 0) & (fixed <= calendar.as_of)
    first = int(fixed[past].min()) if past.any() else calendar.as_of
    steps = np.arange(first, calendar.n_steps)
    if every_step:
        return steps
    is_last = np.array([calendar.year(int(t)) != calendar.year(int(t) + 1) for t in steps])
    return np.union1d(steps[is_last], [calendar.as_of, calendar.n_steps - 1]).astype(np.int64)


def without(case: Case, names: Iterable[str]) -> World:
    """The world without these events: past ones removed, all others and their copies never come (method §7)."""
    removed: list[int] = []
    never: list[tuple[int, int]] = []
    for name in dict.fromkeys(names):
        first, *copies = _copies(case, name)
        if _is_past(case, first):
            removed.append(first)
        else:
            never.append((first, NEVER))
        never += [(copy, NEVER) for copy in copies]
    return World(tuple(removed), tuple(never))


def _copies(case: Case, name: str) -> list[int]:
    if name not in case.compiled.index.place:
        raise UsageError(f"there is no event {name!r}; the model has {', '.join(case.model.events)}")
    return case.compiled.index.copies(name)


def _is_past(case: Case, place: int) -> bool:
    step = case.compiled.fixed_step[:, place]
    return bool((step >= 0).all() and (step <= case.calendar.as_of).all())


def _scenario_step(case: Case, name: str) -> int | None:
    """The step to which the scenario sets the event; None where it sets none."""
    happens = case.model.events[name].happens
    if happens is None or happens == "never":
        return None
    calendar = case.calendar
    return min(max(calendar.middle_step(happens), calendar.as_of + 1), calendar.n_steps - 1)


def score_contrasts(case: Case, central: Mapping[str, int]) -> dict[str, tuple[Contrast, Contrast, int]]:
    """By event: the contrast of its impact score, that of its expected impact, and the step at which it is set.

    A past event's own step is the middle one where its date is uncertain.
    """
    out = {}
    for name in case.model.events:
        first = case.compiled.index.place[name]
        gone = without(case, [name])
        if _is_past(case, first):
            gone = World(removed=(first,))
            steps = case.compiled.fixed_step[:, first]
            score = Contrast(World(), gone, (first,))
            out[name] = (score, score, int((int(steps.min()) + int(steps.max())) // 2))
            continue
        step = _scenario_step(case, name)
        step = central[name] if step is None else step
        out[name] = (Contrast(World(fixed=((first, step),)), gone, (first,)), Contrast(World(), gone), step)
    return out


def _central(case: Case, reference: Case | None) -> dict[str, int]:
    found = central_steps(reference or case.study.case(policies=()))
    added = [name for name in case.model.events if name not in found]
    found.update(central_steps(case, added))
    return found


def impact_scores(
    case: Case,
    *,
    reference: Case | None = None,
    steps: Sequence[int] | Ints | None = None,
    every_step: bool = False,
    events: Sequence[str] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table `impact_scores` of one case, and beside it expected impacts, by which drivers are ranked (method §7).

    total: E[y | factual] − E[y | without e] for a past event, E[y | do(e at its central date)] − E[y | do(never)] for
    another; direct: E[y − g⁻¹(g(y) − G)] on the first side's own histories; indirect the rest; se that of total.
    expected: E[y | factual] − E[y | without e, or do(never)].

    Parameters
    ----------
    reference
        The reference model's case, from which central dates are read; made here where it is left out.
    steps
        Steps to table; those of `score_steps` where left out.
    events
        Some events; all where left out.
    """
    wanted = score_steps(case, every_step=every_step) if steps is None else np.unique(np.asarray(steps, dtype=np.int64))
    asked = score_contrasts(case, _central(case, reference))
    names = list(asked) if events is None else list(events)
    contrasts: dict[Contrast, int] = {}
    for name in names:
        for contrast in asked[name][:2]:
            contrasts.setdefault(contrast, len(contrasts))
    found = effects(case, list(contrasts), wanted)
    scores = [_score_rows(case, name, found, contrasts[asked[name][0]], asked[name][2]) for name in names]
    drivers = [_driver_rows(case, name, found, contrasts[asked[name][1]]) for name in names]
    return _stacked(scores, IMPACT_SCORES), _stacked(drivers, DRIVERS)


def expected_impacts(case: Case, *, steps: Sequence[int] | Ints, reference: Case | None = None) -> pd.DataFrame:
    """What ranks drivers: E[y | factual] − E[y | without e, or do(never)] of every event and trend (method §7)."""
    return impact_scores(case, reference=reference, steps=steps)[1]


def _grid(case: Case, steps: Ints, has_value: NDArray[np.bool_]) -> dict[str, object]:
    """Columns scenario, lens, trend and date of all trends and steps that have a value, trend by trend."""
    labels = np.array([case.calendar.label(int(t)) for t in steps], dtype=object)
    trend, step = np.nonzero(has_value)
    names = np.array(case.trend_names, dtype=object)
    return {"scenario": case.scenario, "lens": case.lens, "trend": names[trend], "date": labels[step]}


def _score_rows(case: Case, name: str, found: Effects, c: int, step: int) -> pd.DataFrame:
    known = ~np.isnan(found.total[c])
    total, direct = found.total[c][known], found.direct[c][known]
    columns = _grid(case, found.steps, known) | {
        "event": name, "central": case.calendar.label(step), "total": total, "direct": direct,
        "indirect": total - direct, "se": found.total_error[c][known],
    }  # fmt: skip
    return pd.DataFrame(columns)[IMPACT_SCORES]


def _driver_rows(case: Case, name: str, found: Effects, c: int) -> pd.DataFrame:
    known = ~np.isnan(found.total[c])
    columns = _grid(case, found.steps, known) | {
        "event": name, "expected": found.total[c][known], "se": found.total_error[c][known],
    }  # fmt: skip
    return pd.DataFrame(columns)[DRIVERS]


def _stacked(tables: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    if not tables:
        return pd.DataFrame(columns=columns)
    return pd.concat(tables, ignore_index=True)


def removal_effects(
    case: Case, events: Sequence[str], *, steps: Sequence[int] | Ints | None = None, every_step: bool = False
) -> pd.DataFrame:
    """What a set of events did together: the factual world less the one without all of them (method §7).

    Columns `trend`, `date`, `total`, `direct`, `indirect`, `se`, after `scenario` and `lens`.
    """
    wanted = score_steps(case, every_step=every_step) if steps is None else np.unique(np.asarray(steps, dtype=np.int64))
    first = tuple(_copies(case, name)[0] for name in dict.fromkeys(events))
    found = effects(case, [Contrast(World(), without(case, events), first)], wanted)
    known = ~np.isnan(found.total[0])
    total, direct = found.total[0][known], found.direct[0][known]
    columns = _grid(case, found.steps, known) | {
        "total": total, "direct": direct, "indirect": total - direct, "se": found.total_error[0][known],
    }  # fmt: skip
    return pd.DataFrame(columns)


def attributable_fractions(case: Case, events: Sequence[str] | None = None) -> pd.DataFrame:
    """How likely each other past event falls out with each removed one: its attributable fraction (method §7).

    Rows with a fraction above 0 alone; a removed event itself is left out. `events` picks some, all past ones else.
    """
    names = np.array(case.event_names, dtype=object)
    past = [n for n in (events or case.model.events) if _is_past(case, _copies(case, n)[0])]
    moments = Moments((len(past), len(names)), by_draw=case.outcomes.n_draws > 1)

    def measure(block: Block) -> Part:
        ground = block.ground
        fell = np.zeros((block.n, len(past), len(names)))
        for i, name in enumerate(past):
            run = rerun(ground, World(removed=(case.compiled.index.place[name],)))
            fell[:, i, ground.past.event] = run.fell & ~ground.fell
        return part_of(block.p, fell)

    for part in in_order(measure, blocks(case), case.study.settings.jobs):
        moments.add(part)
    rows = []
    mean, error = moments.mean, moments.error()
    for i, j in np.argwhere(mean > 0):
        if names[j] != past[i]:
            rows.append((case.scenario, case.lens, past[i], names[j], mean[i, j], error[i, j]))
    return pd.DataFrame(rows, columns=ATTRIBUTABLE)
