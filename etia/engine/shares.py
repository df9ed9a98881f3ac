"""How many runs lie at or below given bounds, draw by draw: what quantiles' errors are made from (method §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["shares_below", "sums_below"]


@njit(cache=True, nogil=True)
def _count_below(values, bounds, n_draws, out):  # type: ignore[no-untyped-def]
    n_runs = len(values) // n_draws
    for p in range(n_draws):
        for r in range(p * n_runs, (p + 1) * n_runs):
            for level in range(len(bounds)):
                for s in range(values.shape[1]):
                    out[level, p, s] += values[r, s] <= bounds[level, s]


def shares_below(values: Floats, bounds: Floats, n_draws: int) -> Floats:
    """(levels, P, ...) share of each draw's runs whose values (P · R, ...) are at most the bounds (levels, ...)."""
    flat = np.ascontiguousarray(values.reshape(len(values), -1))
    out = np.zeros((len(bounds), n_draws, flat.shape[1]))
    _count_below(flat, np.ascontiguousarray(bounds.reshape(len(bounds), -1)), n_draws, out)
    out /= len(values) // n_draws
    return out.reshape(len(bounds), n_draws, *values.shape[1:])


@njit(cache=True, nogil=True)
def _sum_below(values, bounds, scores, out):  # type: ignore[no-untyped-def]
    n_levels = len(bounds)
    parts = np.empty((n_levels + 1, scores.shape[1]))
    for s in range(values.shape[1]):
        parts[:] = 0.0
        for r in range(len(values)):
            place = 0
            for level in range(n_levels):
                place += values[r, s] > bounds[level, s]
            part = parts[place]
            for i in range(scores.shape[1]):
                part[i] += scores[r, i]
        for level in range(n_levels):
            for i in range(scores.shape[1]):
                out[level, s, i] = parts[level, i] + (out[level - 1, s, i] if level else 0.0)


def sums_below(values: Floats, bounds: Floats, scores: Floats) -> Floats:
    """(levels, S, I) sums of `scores` (R, I) over runs whose values (R, S) are at most rising bounds (levels, S)."""
    out = np.empty((*bounds.shape, scores.shape[1]))
    _sum_below(np.ascontiguousarray(values), np.ascontiguousarray(bounds), np.ascontiguousarray(scores), out)
    return out
