"""What differs between runs, or between the scenarios of one: in what went in, and in what came out (method §8).

Runs with the same seed, draws and runs share their random numbers; then outcomes are taken from each other run by run,
and the difference carries the error of a paired comparison, which is far smaller than that of either side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etia.compile.standard_errors import quantiles, standard_error
from etia.errors import UsageError
from etia.files.resolved import resolved_document
from etia.mapping.event_courses import prospective_events

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from etia.compile.study import Case
    from etia.facade.running import Run

    Floats = NDArray[np.float64]

__all__ = ["Comparison", "compare"]

_INPUTS = ["run", "path", "before", "after"]
_EVENTS = ["run", "scenario", "event", "date", "before", "after", "difference", "se"]
_TRENDS = ["run", "scenario", "trend", "date", "before", "after", "difference", "se", "median_before", "median_after"]


@dataclass(frozen=True)
class Comparison:
    """Differences of runs or scenarios to the first."""

    inputs: pd.DataFrame
    """values of the models that differ: run, path, before, after"""
    events: pd.DataFrame
    """probabilities at the horizon, with the paired error of their difference"""
    trends: pd.DataFrame
    """means at the horizon, likewise, with the medians beside them"""
    paired: bool
    """whether both sides share their random numbers"""

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        return {"inputs": self.inputs, "events": self.events, "trends": self.trends}


def compare(runs: Sequence[Run]) -> Comparison:
    """The runs against the first one; of a single run its scenarios against the reference.

    Raises UsageError where there is nothing to compare.
    """
    import pandas as pd

    pairs = list(_pairs(runs))
    if not pairs:
        raise UsageError("there is nothing to compare: name two runs, or one with scenarios")
    inputs, events, trends = [], [], []
    for name, before, after in pairs:
        events += [[name, *row] for row in _event_rows(before, after)]
        trends += [[name, *row] for row in _trend_rows(before, after)]
    for other in runs[1:]:
        inputs += [[_name(other), *row] for row in _differences(_content(runs[0]), _content(other))]
    return Comparison(
        pd.DataFrame(inputs, columns=_INPUTS),
        pd.DataFrame(events, columns=_EVENTS),
        pd.DataFrame(trends, columns=_TRENDS),
        all(_is_paired(before, after) for _, before, after in pairs),
    )


def _pairs(runs: Sequence[Run]) -> Iterator[tuple[str, Case, Case]]:
    first = runs[0]
    if len(runs) == 1:
        yield from ((name, first.cases[0], first.cases.of(name)) for name in first.scenarios)
        return
    for other in runs[1:]:
        for case in other.cases:
            if case.scenario in first.cases.scenarios:
                yield _name(other), first.cases.of(case.scenario), case


def _name(run: Run) -> str:
    return run.folder.name if run.folder is not None else run.model.name


def _content(run: Run) -> dict[str, Any]:
    options = {key: value for key, value in vars(run.request).items() if value is not None}
    return {**resolved_document(run.model.loaded, {}), "options": options}


def _differences(before: Any, after: Any, path: str = "") -> Iterator[list[str]]:
    """Path and both values, as text, of all that differs."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            yield from _differences(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
    elif before != after:
        yield [path, "" if before is None else str(before), "" if after is None else str(after)]


def _is_paired(before: Case, after: Case) -> bool:
    one, two = before.study.settings, after.study.settings
    return (one.n_draws, one.runs, one.seed, one.central) == (two.n_draws, two.runs, two.seed, two.central)


def _difference(before: Case, after: Case, one: Floats, two: Floats) -> tuple[float, float]:
    """Difference of the means of two sides' outcomes and its standard error, paired where that has a meaning."""
    difference = float(two.mean() - one.mean())
    if _is_paired(before, after):
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


def _event_rows(before: Case, after: Case) -> Iterator[list[Any]]:
    date = _horizon(before, after)
    there = set(prospective_events(before))
    for event in prospective_events(after):
        if event in there:
            one, two = (
                (case.outcomes.steps[:, case.compiled.index.place[event]] <= _step(case, date)).astype(float)
                for case in (before, after)
            )
            yield [after.scenario, event, date, one.mean(), two.mean(), *_difference(before, after, one, two)]


def _trend_rows(before: Case, after: Case) -> Iterator[list[Any]]:
    date = _horizon(before, after)
    for trend in after.trend_names:
        if trend in before.trend_names:
            one, two = (_values(case, trend, date) for case in (before, after))
            medians = [float(quantiles(np.sort(values), (0.5,))[0]) for values in (one, two)]
            yield [after.scenario, trend, date, one.mean(), two.mean(), *_difference(before, after, one, two), *medians]


def _values(case: Case, trend: str, date: str) -> Floats:
    step = _step(case, date)
    return case.outcomes.values(case.trend_names.index(trend), step, step)[:, 0]
