"""Where trends may go: mean, quantiles and surprise-free course of every trend at every step (method §4, §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from etia.compile.bands import Bands
from etia.compile.standard_errors import mean_and_errors, quantile_errors, quantiles
from etia.engine.ensemble import to_units_of
from etia.engine.snapshots import latent_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from etia.compile.study import Case

    Floats = NDArray[np.float64]

__all__ = ["LEVELS", "QUANTILES", "Projection", "baselines", "projections", "trend_projections"]

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
QUANTILES = ("p5", "p25", "p50", "p75", "p95")
_MIDDLE = ("baseline", "mean", "se")
_MOST_VALUES = 16_000_000
"""values (runs × steps × trends) that are held at once: 128 MB, but for a few steps where runs are many"""


class Projection(NamedTuple):
    """One trend over the steps first … first + S − 1, in its units; nan in a gap of its data."""

    first: int
    mean: Floats  # (S,)
    se: Floats  # (S,) standard error of the mean
    calibration: Floats  # (S,) the part of it that is calibration's alone, in the central model
    quantiles: Floats  # (5, S) at LEVELS
    errors: Floats  # (5, S) their standard errors
    now: float  # median at `as_of`; nan where it has no value by then
    final: Floats  # (P · R,) value of every run at the horizon

    @property
    def known(self) -> NDArray[np.intp]:
        """Which of its steps have a value."""
        return np.flatnonzero(~np.isnan(self.mean))


_Summary = tuple["Floats", "Floats", "Floats", "Floats", "Floats"]


def projections(case: Case) -> dict[str, Projection]:
    """Every trend over all runs at every step that has a value, history too, by name.

    Before anything differs between the runs of a draw, a draw's course stands for all of them.
    """
    outcomes, names = case.outcomes, case.trend_names
    first = [_first_step(case, k) for k in range(len(names))]
    parts: list[list[_Summary]] = [[] for _ in names]
    final: list[Floats] = [np.full(len(outcomes.steps), np.nan) for _ in names]
    moving = min(outcomes.first_moving_step(), case.calendar.n_steps)
    for k in range(len(names)):
        if first[k] < moving:
            shared = to_units_of(outcomes.course(k, first[k], moving - 1), outcomes.scales, k)
            parts[k].append(_summary(case, shared))
            final[k] = np.repeat(shared[:, -1], outcomes.n_runs)
    bands = Bands(case, LEVELS)
    for steps in _spans(case, moving):
        latent, means = latent_at(outcomes, steps, case.study.each_draw), bands.means(steps)

        def summed_up(
            k: int, latent: Floats = latent, means: Floats | None = means, steps: NDArray[np.int64] = steps
        ) -> None:
            known = steps >= first[k]
            own = latent[k][:, known]
            if own.size:
                values = to_units_of(own, outcomes.scales, k)
                summary = _summary(case, values)
                bands.improve(k, steps[known], None if means is None else means[k][:, known], *summary[3:])
                parts[k].append(summary)
                final[k][:] = values[:, -1]

        case.study.in_parallel(summed_up, range(len(names)))
    return {name: _joined_parts(case, first[k], parts[k], final[k]) for k, name in enumerate(names)}


def _first_step(case: Case, trend: int) -> int:
    """First step at which a trend has a value in every draw."""
    known = ~np.isnan(case.outcomes.course(trend)).any(axis=0)
    return int(np.argmax(known)) if known.any() else case.calendar.n_steps


def _spans(case: Case, first: int) -> Iterator[NDArray[np.int64]]:
    """The steps from `first` to the end in spans that can be held at once."""
    n_steps = case.calendar.n_steps
    length = max(_MOST_VALUES // max(len(case.outcomes.steps) * len(case.trend_names), 1), 1)
    for begin in range(first, n_steps, length):
        yield np.arange(begin, min(begin + length, n_steps), dtype=np.int64)


def _joined_parts(case: Case, first: int, parts: list[_Summary], final: Floats) -> Projection:
    if not parts:
        nothing, none = np.zeros((5, 0)), np.zeros(0)
        return Projection(first, none, none, none, nothing, nothing, np.nan, final)
    mean, se, calibration, levels, errors = (np.concatenate(column, axis=-1) for column in zip(*parts, strict=True))
    now = levels[2, case.calendar.as_of - first] if first <= case.calendar.as_of else np.nan
    return Projection(first, mean, se, calibration, levels, errors, now, final)


def _summary(case: Case, values: Floats) -> _Summary:
    """Mean, its error and calibration's part, quantiles and their errors of `values` (runs or draws, steps)."""
    if len(values) == 1:  # one draw's one course: certain
        certain, n_steps = np.repeat(values, 5, axis=0), values.shape[1]
        return values[0], np.zeros(n_steps), np.zeros(n_steps), certain, np.zeros((5, n_steps))
    mean, se, calibration = mean_and_errors(case, values)
    in_order = np.sort(np.ascontiguousarray(values.T), axis=1).T
    errors = quantile_errors(values, in_order, LEVELS, case.study.settings.n_draws, case)
    return mean, se, calibration, quantiles(in_order, LEVELS), errors


def baselines(case: Case) -> Floats:
    """(K, T) surprise-free course of every trend in its units, judgements at their means; nan where it has no value."""
    central = case.compiled.central or case.compiled
    program = central.program(0)
    scales = program.trends.scales
    courses = program.trends.baseline
    return np.array([to_units_of(course, scales, k) for k, course in enumerate(courses)]).reshape(courses.shape)


def trend_projections(
    found_by_case: Iterable[tuple[Case, dict[str, Projection]]],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables `trend_projections` and `trend_quantile_errors`, from cases and their projections.

    A row for every step that has a value: none in a gap of the data.
    """
    found: list[pd.DataFrame] = []
    errors: list[pd.DataFrame] = []
    for case, projected in found_by_case:
        baseline, labels = baselines(case), case.calendar.labels()
        for k, (name, projection) in enumerate(projected.items()):
            known = projection.known
            dates = [labels[projection.first + i] for i in known]
            head = {"scenario": case.scenario, "lens": case.lens, "trend": name, "date": dates}
            courses = (baseline[k, projection.first :], projection.mean, projection.se)
            middle = {key: course[known] for key, course in zip(_MIDDLE, courses, strict=True)}
            found.append(
                pd.DataFrame(head | middle | dict(zip(QUANTILES, projection.quantiles[:, known], strict=True)))
            )
            errors.append(pd.DataFrame(head | dict(zip(QUANTILES, projection.errors[:, known], strict=True))))
    return _joined(found, _MIDDLE), _joined(errors, [])


def _joined(parts: list[pd.DataFrame], middle: Sequence[str]) -> pd.DataFrame:
    columns = ["scenario", "lens", "trend", "date", *middle, *QUANTILES]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
