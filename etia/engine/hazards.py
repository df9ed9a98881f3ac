"""Probabilities along a curve as hazards of its intervals, given that the event is still to come (method §3).

Arrays (I,) hold the intervals of all curves, by event; `is_first` marks the first interval of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = ["at_point_before", "conditional_hazard", "conditional_hazard_from", "cumulated"]


def conditional_hazard(increments: Floats, is_first: Flags) -> Floats:
    """−ln(1 − h) of each interval, h = increment / probability that the event is still to come."""
    return conditional_hazard_from(increments, cumulated(increments, is_first) - increments)


def conditional_hazard_from(increments: Floats, before: Floats) -> Floats:
    """The same, given the cumulated probability `before` each interval."""
    left = 1.0 - before
    h = np.divide(increments, left, out=np.ones_like(increments), where=left > 0)
    hazard: Floats = -np.log1p(-np.clip(h, 0.0, 1.0 - 1e-15))
    return hazard


def at_point_before(along: Floats, is_first: Flags) -> Floats:
    """The value at the point before, 0 at the first of an event."""
    return np.where(is_first, 0.0, np.r_[0.0, along[:-1]])


def cumulated(increments: Floats, is_first: Flags) -> Floats:
    """Sums along each event's own intervals."""
    total = np.cumsum(increments)
    start = np.maximum.accumulate(np.where(is_first, np.arange(len(increments)), 0))
    return total - (total - increments)[start]
