"""What each event did or would do to each trend: removals of past events, interventions on others (method §7)."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from etia.describe.blocks import Block, blocks, in_order
from etia.describe.effects import Contrast, Effects, effects
from etia.describe.moments import Moments, Part, part_of
from etia.engine.fallout import fallout, past_events
from etia.engine.program import NEVER
from etia.engine.streams import uniforms
from etia.engine.worlds import World
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
    "Score",
    "attributable_fractions",
    "central_steps",
    "contrasts_of",
    "expected_impacts",
    "grid",
    "impact_scores",
    "removal_effects",
    "score_contrasts",
    "score_steps",
    "score_tables",
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


class Score(NamedTuple):
    """What an event's score compares."""

    impact: Contrast  # factual and without it, or at its central date and never
    expected: Contrast  # factual and without it, or never
    step: int  # where it is set; a past event's own, the middle one where its date is uncertain


def score_contrasts(case: Case, reference: Case | None = None) -> dict[str, Score]:
    """By event, in model order: what its scores compare. Central dates are those of the reference model's case."""
    central = _central(case, reference)
    out = {}
    for name in case.model.events:
        first = case.compiled.index.place[name]
        if _is_past(case, first):
            contrast = Contrast(World(), World(removed=(first,)), (first,))
            steps = case.compiled.fixed_step[:, first]
            out[name] = Score(contrast, contrast, (int(steps.min()) + int(steps.max())) // 2)
            continue
        set_by_scenario = _scenario_step(case, name)
        step = central[name] if set_by_scenario is None else set_by_scenario
        gone = without(case, [name])
        score = Contrast(World(fixed=((first, step),)), gone, (first,))
        out[name] = Score(score, Contrast(World(), gone), step)
    return out


def _central(case: Case, reference: Case | None) -> dict[str, int]:
    found = central_steps(reference or case.study.case(lens=case.study.reference_lens, policies=()))
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
    asked = score_contrasts(case, reference)
    if events is not None:
        asked = {name: asked[name] for name in events}
    contrasts = contrasts_of(asked)
    return score_tables(case, asked, contrasts, effects(case, contrasts, wanted))


def contrasts_of(asked: Mapping[str, Score]) -> list[Contrast]:
    """All contrasts that the scores need, each once, those of an event side by side."""
    return list(dict.fromkeys(contrast for score in asked.values() for contrast in (score.impact, score.expected)))


def score_tables(
    case: Case, asked: Mapping[str, Score], contrasts: Sequence[Contrast], found: Effects
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The two tables of `impact_scores`, from the effects of `contrasts`."""
    place = {contrast: c for c, contrast in enumerate(contrasts)}
    scores = [_score_rows(case, name, found, place[score.impact], score.step) for name, score in asked.items()]
    drivers = [_driver_rows(case, name, found, place[score.expected]) for name, score in asked.items()]
    return _stacked(scores, IMPACT_SCORES), _stacked(drivers, DRIVERS)


def expected_impacts(case: Case, *, steps: Sequence[int] | Ints, reference: Case | None = None) -> pd.DataFrame:
    """What ranks drivers: E[y | factual] − E[y | without e, or do(never)] of every event and trend (method §7)."""
    return impact_scores(case, reference=reference, steps=steps)[1]


def grid(case: Case, steps: Ints, has_value: NDArray[np.bool_]) -> dict[str, object]:
    """Columns scenario, lens, trend and date of all trends and steps that have a value, trend by trend."""
    labels = np.array([case.calendar.label(int(t)) for t in steps], dtype=object)
    trend, step = np.nonzero(has_value)
    names = np.array(case.trend_names, dtype=object)
    return {"scenario": case.scenario, "lens": case.lens, "trend": names[trend], "date": labels[step]}


def _score_rows(case: Case, name: str, found: Effects, c: int, step: int) -> pd.DataFrame:
    known = ~np.isnan(found.total[c])
    total, direct = found.total[c][known], found.direct[c][known]
    columns = grid(case, found.steps, known) | {
        "event": name, "central": case.calendar.label(step), "total": total, "direct": direct,
        "indirect": total - direct, "se": found.total_error[c][known],
    }  # fmt: skip
    return pd.DataFrame(columns)[IMPACT_SCORES]


def _driver_rows(case: Case, name: str, found: Effects, c: int) -> pd.DataFrame:
    known = ~np.isnan(found.total[c])
    columns = grid(case, found.steps, known) | {
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
    columns = grid(case, found.steps, known) | {
        "total": total, "direct": direct, "indirect": total - direct, "se": found.total_error[0][known],
    }  # fmt: skip
    return pd.DataFrame(columns)


def attributable_fractions(
    case: Case, events: Sequence[str] | None = None, *, most_runs: int | None = None
) -> pd.DataFrame:
    """How likely each other past event falls out with each removed one: its attributable fraction (method §7).

    What fell out before, and what requires it, counts: so this holds all that goes with an event, not only what it
    pulled on itself. Rows with a fraction above 0 alone; a removed event itself is left out.

    Parameters
    ----------
    events
        Those to remove, one at a time; all past ones where left out.
    most_runs
        Runs over all draws that are enough; all where left out.
    """
    names = np.array(case.event_names, dtype=object)
    past = [n for n in (events or case.model.events) if _is_past(case, _copies(case, n)[0])]
    moments = Moments((len(past), len(names)), by_draw=case.outcomes.n_draws > 1)

    def measure(block: Block) -> Part:
        fell = np.zeros((block.n, len(past), len(names)))
        laid = past_events(block.program)
        uniform = uniforms(block.streams.past[laid.event], block.streams.first_run, block.n)
        before, program = block.steps[:, laid.event] == NEVER, block.program
        base = np.flatnonzero(program.removed) if len(program.removed) else np.zeros(0, dtype=np.int64)
        for i, name in enumerate(past):
            gone, _ = fallout(laid, np.union1d(base, [case.compiled.index.place[name]]), uniform)
            fell[:, i, laid.event] = gone & ~before
        return part_of(block.p, fell)

    settings = case.study.settings
    a_draw = None if most_runs is None else max(settings.portion(most_runs) // settings.n_draws, 1)
    for part in in_order(measure, blocks(case, a_draw), settings.jobs):
        moments.add(part)
    rows = []
    mean, error = moments.mean, moments.error()
    for i, j in itertools.product(range(len(past)), case.events_as_written):
        if mean[i, j] > 0 and names[j] != past[i]:
            rows.append((case.scenario, case.lens, past[i], names[j], mean[i, j], error[i, j]))
    return pd.DataFrame(rows, columns=ATTRIBUTABLE)
