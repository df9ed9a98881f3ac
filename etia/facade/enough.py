"""Going on until Monte Carlo error is small enough: more draws, or in the central model more runs (method §8)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from etia.compile.study import SCORED
from etia.engine.program import OPEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from etia.compile.study import Case
    from etia.facade.running import Run

    Floats = NDArray[np.float64]

__all__ = ["MOST_RUNS", "enough"]

MOST_RUNS = 400_000
"""runs over all draws beyond which a run does not go on"""
_MOST_GROWTH = 4.0
"""of one chunk over what there is: the error is an estimate itself"""
_MARGIN = 1.1


class _Error(NamedTuple):
    """The standard error of a stated output, and the part of it that is calibration's alone."""

    se: float
    calibration: float
    name: str


def enough(run: Run, target: float) -> Run:
    """The run with as many draws (central: runs) as it takes for every stated standard error to be at most `target`.

    Stated are the probabilities of events and the means and quantiles of trends, each in its unit, at every step. Draws
    and runs that were there keep their random numbers. In the central model calibration has an error that more runs do
    not lessen: where that alone is above the target, the run ends. Ends at MOST_RUNS too; the remark of what comes back
    says which it was.
    """
    while True:
        errors = list(_largest_errors(run))
        worst = max(errors, key=lambda error: error.se)
        if worst.se <= target:
            return _remarked(
                run,
                "every standard error of events' probabilities and trends' means and quantiles is at most "
                f"{target:g}: the largest, of {worst.name}, is {worst.se:.3g}",
            )
        firm = max(errors, key=lambda error: error.calibration)
        if firm.calibration > target and run.request.runs >= SCORED:  # from then on this part stays as it is
            return _remarked(
                run,
                f"stopped: of the standard error of {firm.name}, {firm.se:.3g}, calibration alone makes "
                f"{firm.calibration:.3g}, above {target:g}, which more runs do not lessen",
            )
        wider = _wider(run, worst.se / target)
        if wider is None:
            size = _size(run)
            stopped = f"stopped at the limit of {size:,} runs: the standard error of {worst.name} is {worst.se:.3g}"
            return _remarked(run, f"{stopped}, above {target:g}{_of_it(worst)}")
        run = wider


def _of_it(worst: _Error) -> str:
    if worst.calibration == 0.0:
        return ""
    return f"; calibration alone makes {worst.calibration:.3g} of it, which more runs do not lessen"


def _largest_errors(run: Run) -> Iterator[_Error]:
    """The largest errors of every event and trend of every case, in all and by calibration's part."""
    from etia.mapping.event_courses import event_courses
    from etia.mapping.projections import QUANTILES, projections

    yield _Error(0.0, 0.0, "anything")
    for case in run.cases:
        labels, place = case.calendar.labels(), case.compiled.index.place
        least = 1.0 / len(case.outcomes.steps)
        for event, course in event_courses(case).items():
            se = course.se
            if (case.compiled.fixed_step[:, place[event]] == OPEN).any():
                # in all runs or in none: not certain for all that, only rarer than runs can tell
                se = np.where(np.isin(course.probability, (0.0, 1.0)), np.maximum(se, least), se)
            dates = labels[case.calendar.as_of + 1 :]
            yield from _largest(case, f"the probability of {event}", dates, se, course.calibration)
        for trend, projection in projections(case).items():
            known = projection.known
            dates = [labels[projection.first + i] for i in known]
            errors = projection.se[known], projection.calibration[known]
            yield from _largest(case, f"the mean of {trend}", dates, *errors)
            for name, se in zip(QUANTILES, projection.errors[:, known], strict=True):
                yield from _largest(case, f"{name} of {trend}", dates, se, np.zeros_like(se))


def _largest(case: Case, what: str, dates: Sequence[str], se: Floats, calibration: Floats) -> Iterator[_Error]:
    se = np.where(np.isnan(se), np.inf, se)  # not known yet, as of a single draw: larger than any
    for i in {int(np.argmax(one)) for one in (se, calibration) if len(one)}:
        name = f"{what} at {dates[i]} ({case.scenario}, {case.lens})"
        yield _Error(float(se[i]), float(calibration[i]), name)


def _size(run: Run) -> int:
    return run.request.runs * (1 if run.request.central else run.request.draws)


def _wider(run: Run, excess: float) -> Run | None:
    """More draws or runs, as many as errors that fall with √n ask for; None at the limit."""
    asked = run.request
    growth = min(max(min(excess, _MOST_GROWTH) ** 2 * _MARGIN, 1.25), _MOST_GROWTH)
    if asked.central:
        wanted = min(int(np.ceil(asked.runs * growth)), MOST_RUNS)
        return run.asking(runs=wanted) if wanted > asked.runs else None
    wanted = min(int(np.ceil(asked.draws * growth)), MOST_RUNS // asked.runs)
    return run.asking(draws=wanted) if wanted > asked.draws else None


def _remarked(run: Run, remark: str) -> Run:
    size = (
        f"{run.request.draws:,} draws × {run.request.runs:,} runs"
        if not run.request.central
        else f"{run.request.runs:,} runs"
    )
    found = replace(run, remarks=(*run.remarks, f"{size}: {remark}"))
    found.__dict__.update({key: value for key, value in run.__dict__.items() if key in ("study", "cases")})
    return found
