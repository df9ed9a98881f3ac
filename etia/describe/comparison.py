"""What differs between two worlds: in what was written, and in what came of it, with paired standard errors.

Runs with the same seed, draws and runs share their random numbers; then outcomes are taken from each other run by run,
and chance that they share falls out (method §8). Where they do not, the difference carries the errors of both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from etia.compile.standard_errors import quantiles, standard_error
from etia.describe.blocks import Block, blocks, in_order
from etia.describe.calibrated import calibration_loads, loaded_scores
from etia.describe.counterfactual import score_contrasts
from etia.describe.effects import case_has_value, effects
from etia.describe.hypotheses import reached
from etia.describe.moments import Moments, part_of, stacked_parts
from etia.describe.views import View

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from etia.compile.study import Case
    from etia.describe.effects import Contrast
    from etia.describe.moments import Part

    Floats = NDArray[np.float64]

__all__ = [
    "CHANGED_EVENTS",
    "CHANGED_HYPOTHESES",
    "CHANGED_INPUTS",
    "CHANGED_SCORES",
    "CHANGED_TRENDS",
    "changed_events",
    "changed_hypotheses",
    "changed_inputs",
    "changed_scores",
    "changed_trends",
    "is_paired",
]

CHANGED_INPUTS = ["path", "before", "after", "place_before", "place_after"]
CHANGED_EVENTS = ["scenario", "event", "date", "before", "after", "difference", "se"]
CHANGED_TRENDS = [
    "scenario", "trend", "date", "before", "after", "difference", "se", "median_before", "median_after",
]  # fmt: skip
CHANGED_HYPOTHESES = ["scenario", "hypothesis", "before", "after", "difference", "se"]
CHANGED_SCORES = ["scenario", "event", "trend", "date", "before", "after", "difference", "se"]


def changed_inputs(
    before: Mapping[str, Any], after: Mapping[str, Any], places: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})
) -> pd.DataFrame:
    """Every value that two models, as plain data, write differently, with where each side has it.

    `places`: of both sides, `file:line` by path joined by dots. A value that stands on one side only has None, and no
    place, on the other.
    """
    rows = []
    for path, old, new in _differences(before, after):
        sides = zip((old, new), places, strict=True)
        rows.append((path, old, new, *(None if value is None else known.get(path) for value, known in sides)))
    return pd.DataFrame(rows, columns=CHANGED_INPUTS, dtype=object)


def _differences(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Path and both values of all that differs; lists of mappings of one length are gone through, others are whole."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            yield from _differences(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
    elif _are_mappings(before) and _are_mappings(after) and len(before) == len(after):
        for i, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _differences(one, other, f"{path}.{i}")
    elif before != after:
        yield path, before, after


def _are_mappings(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def is_paired(before: Case, after: Case) -> bool:
    """Whether both sides share their random numbers."""
    one, two = before.study.settings, after.study.settings
    return (one.n_draws, one.runs, one.seed, one.central) == (two.n_draws, two.runs, two.seed, two.central)


def _difference(before: Case, after: Case, one: Floats, two: Floats) -> tuple[float, float]:
    """Difference of the means of outcomes (P · R,) and its standard error, paired where they can be."""
    difference = float(two.mean() - one.mean())
    if is_paired(before, after):
        return difference, float(standard_error(two - one, after.study.settings.n_draws, after))
    errors = [
        standard_error(values, case.study.settings.n_draws, case) for case, values in ((before, one), (after, two))
    ]
    return difference, float(np.hypot(*errors))


def _horizon(before: Case, after: Case) -> str:
    """The last step that both sides have."""
    return min(case.calendar.label(case.calendar.n_steps - 1) for case in (before, after))


def _step(case: Case, label: str) -> int:
    return case.calendar.labels().index(label)


def changed_events(before: Case, after: Case) -> pd.DataFrame:
    """Probabilities at the horizon of the events that are prospective on both sides."""
    date, rows = _horizon(before, after), []
    for event in _prospective(after):
        if event in set(_prospective(before)):
            one, two = (
                (case.outcomes.steps[:, case.compiled.index.place[event]] <= _step(case, date)).astype(float)
                for case in (before, after)
            )
            rows.append((after.scenario, event, date, one.mean(), two.mean(), *_difference(before, after, one, two)))
    return pd.DataFrame(rows, columns=CHANGED_EVENTS)


def _prospective(case: Case) -> list[str]:
    """The model's events that are not dated at or before `as_of`."""
    calendar = case.calendar
    return [
        name
        for name, event in case.model.events.items()
        if event.date is None or calendar.first_step(event.date) > calendar.as_of
    ]


def changed_trends(before: Case, after: Case) -> pd.DataFrame:
    """Means at the horizon of the trends of both sides, with the medians beside them."""
    date, rows = _horizon(before, after), []
    for trend in after.trend_names:
        if trend in before.trend_names:
            one, two = (_values(case, trend, date) for case in (before, after))
            medians = [float(quantiles(np.sort(values), (0.5,))[0]) for values in (one, two)]
            found = _difference(before, after, one, two)
            rows.append((after.scenario, trend, date, one.mean(), two.mean(), *found, *medians))
    return pd.DataFrame(rows, columns=CHANGED_TRENDS)


def _values(case: Case, trend: str, date: str) -> Floats:
    step = _step(case, date)
    return case.outcomes.values(case.trend_names.index(trend), step, step)[:, 0]


def changed_hypotheses(before: Case, after: Case) -> pd.DataFrame:
    """Probabilities of the hypotheses of both sides."""
    rows = []
    for name, hypothesis in after.model.hypotheses.items():
        if name in before.model.hypotheses:
            one = reached(before, before.model.hypotheses[name]).astype(float)
            two = reached(after, hypothesis).astype(float)
            rows.append((after.scenario, name, one.mean(), two.mean(), *_difference(before, after, one, two)))
    return pd.DataFrame(rows, columns=CHANGED_HYPOTHESES)


def changed_scores(before: Case, after: Case) -> pd.DataFrame:
    """Impact scores (total) at `as_of` and the horizon that differ, of events and trends of both sides."""
    dates = _shared_dates(before, after)
    names = [name for name in after.model.events if name in before.model.events]
    trends = [trend for trend in after.trend_names if trend in before.trend_names]
    if not (dates and names and trends):
        return pd.DataFrame(columns=CHANGED_SCORES)
    sides = []
    for case in (before, after):
        asked = score_contrasts(case)
        sides.append(_Side(case, [asked[name].impact for name in names], trends, dates))
    found = _differences_of(*sides)
    dust = 1e-12 * np.fmax(*np.abs(found[:2]))
    rows = [
        (after.scenario, names[e], trends[k], dates[t], *(float(part[e, k, t]) for part in found))
        for e, k, t in np.argwhere(np.abs(np.nan_to_num(found[2])) > np.nan_to_num(dust))
    ]
    return pd.DataFrame(rows, columns=CHANGED_SCORES)


def _shared_dates(before: Case, after: Case) -> list[str]:
    """`as_of`, where it is the same, and the horizon."""
    now = {case.calendar.label(case.calendar.as_of) for case in (before, after)}
    return sorted((now if len(now) == 1 else set()) | {_horizon(before, after)})


class _Side:
    """Contrasts of worlds of one side, at trends and dates that both sides have, in one order."""

    def __init__(self, case: Case, contrasts: list[Contrast], trends: list[str], dates: list[str]) -> None:
        self.case = case
        self.contrasts = contrasts
        self.steps = np.array([_step(case, date) for date in dates], dtype=np.int64)
        self.trends = np.array([case.trend_names.index(trend) for trend in trends], dtype=np.int64)
        self.has_value = case_has_value(case, self.steps)[self.trends]

    def values(self, block: Block) -> Iterator[Floats]:
        """(R, K, S) of each contrast: what it makes of the trends in every run of a block."""
        view = View(block, self.steps)
        for contrast in self.contrasts:
            yield view.total(contrast.first, contrast.second).by_run(view.is_early)[:, self.trends]

    def alone(self) -> tuple[Floats, Floats]:
        """Means and their errors."""
        found = effects(self.case, self.contrasts, self.steps)
        return found.total[:, self.trends], found.total_error[:, self.trends]


def _differences_of(one: _Side, two: _Side) -> tuple[Floats, Floats, Floats, Floats]:
    """(C, K, S) means of both sides, their difference, and its error: paired run by run where they can be."""
    if not is_paired(one.case, two.case):
        (before, off), (after, other) = (side.alone() for side in (one, two))
        return before, after, after - before, np.hypot(off, other)
    case, shape = two.case, (3, len(one.contrasts), *one.has_value.shape)
    loads = calibration_loads(case)
    found = Moments(shape, by_draw=case.outcomes.n_draws > 1)

    def measure(pair: tuple[Block, Block]) -> Part:
        scores = loaded_scores(pair[1], loads)
        parts = []
        for before, after in zip(one.values(pair[0]), two.values(pair[1]), strict=True):
            parts.append(part_of(pair[1].p, np.stack([before, after, after - before], axis=1), scores))
        return stacked_parts(parts, axis=1)

    pairs = zip(blocks(one.case), blocks(case), strict=True)
    for part in in_order(measure, pairs, case.study.settings.jobs):
        found.add(part)
    known = one.has_value & two.has_value
    error = found.error_with_calibration()
    before, after, gap = (np.where(known, values, np.nan) for values in found.mean)
    return before, after, gap, np.where(known, error[2], np.nan)
