"""Going on until Monte Carlo error is small enough: more draws, or in the central model more runs (method §8)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from etia.facade.running import Run

__all__ = ["MOST_RUNS", "enough"]

MOST_RUNS = 400_000
"""runs over all draws beyond which a run does not go on"""
_MOST_GROWTH = 4.0
"""of one chunk over what there is: the error is an estimate itself"""
_MARGIN = 1.1


class _Worst(NamedTuple):
    """The stated output with the largest standard error."""

    se: float
    name: str


def enough(run: Run, target: float) -> Run:
    """The run with as many draws (central: runs) as it takes for every stated standard error to be at most `target`.

    Stated are the probabilities of events and the means of trends, each in its unit, at every step. Draws and runs that
    were there keep their random numbers. Ends at MOST_RUNS; the remark of what comes back says which it was.
    """
    while True:
        worst = _worst(run)
        if worst.se <= target:
            return _remarked(
                run,
                "every standard error of events' probabilities and trends' means is at most "
                f"{target:g}: the largest, of {worst.name}, is {worst.se:.3g}",
            )
        wider = _wider(run, worst.se / target)
        if wider is None:
            size = _size(run)
            stopped = f"stopped at the limit of {size:,} runs: the standard error of {worst.name} is {worst.se:.3g}"
            return _remarked(run, f"{stopped}, above {target:g}")
        run = wider


def _worst(run: Run) -> _Worst:
    from etia.mapping.event_courses import event_probabilities
    from etia.mapping.projections import projections, trend_projections

    events = event_probabilities(run.cases)
    trends, _ = trend_projections((case, projections(case)) for case in run.cases)
    found = [_Worst(0.0, "anything")]
    for table, key, what in ((events, "event", "the probability of"), (trends, "trend", "the mean of")):
        if len(table):
            errors = table["se"].fillna(np.inf)  # not known yet, as of a single draw: larger than any
            row = table.iloc[int(np.argmax(errors.to_numpy()))]
            name = f"{what} {row[key]} at {row['date']} ({row['scenario']}, {row['lens']})"
            found.append(_Worst(float(errors.max()), name))
    return max(found)


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
