"""Differences in trend units, made fast: latent values turned into the form in which a deviation is a product.

A trend's value stands as x where its scale is linear, e^x where log, e^−x where logit; a deviation D of the latent
value then changes y by D, by e^x (e^D − 1), or by a quotient of such products, and one e^D serves many runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from etia.engine.program import LINEAR, LOG, NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.engine.program import Scales

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["add_own", "add_past", "change_late", "changed", "kinds", "turned"]


def kinds(scales: Scales) -> tuple[Ints, Floats]:
    """(K,) codes of the trends' scales, and (K,) widths of their bounds, 1 where they have none."""
    span = np.where(np.isnan(scales.upper), 1.0, scales.upper - scales.lower)
    return scales.kind.astype(np.int64), span


def turned(latent: Floats, kind: Ints) -> Floats:
    """Latent values in the form that changes are quick on: x where linear, e^x where log, e^−x where logit."""
    out = latent.copy()
    for k, code in enumerate(kind):
        if code != LINEAR:
            out[:, k] = np.exp(latent[:, k] if code == LOG else -latent[:, k])
    return out


@njit(inline="always")
def _change(z, kind, span, deviation):  # type: ignore[no-untyped-def]
    """y(x + deviation) − y(x) of one turned value."""
    if kind == LINEAR:
        return deviation
    if kind == LOG:
        return z * np.expm1(deviation)
    return _logit_change(z, span, np.exp(-deviation))


@njit(inline="always")
def _logit_change(z, span, factor):  # type: ignore[no-untyped-def]
    moved = z * factor
    return span * (z - moved) / ((1.0 + moved) * (1.0 + z))


@njit(cache=True, nogil=True)
def _fill_changed(z, deviation, kind, span, out):  # type: ignore[no-untyped-def]
    for r in range(out.shape[0]):
        a, b = min(r, z.shape[0] - 1), min(r, deviation.shape[0] - 1)
        for k in range(out.shape[1]):
            for s in range(out.shape[2]):
                x = deviation[b, k, s]
                out[r, k, s] = 0.0 if x == 0.0 else _change(z[a, k, s], kind[k], span[k], x)


def changed(z: Floats, deviation: Floats, kind: Ints, span: Floats) -> Floats:
    """(max rows, K, S) y(x + deviation) − y(x), rows of either broadcast."""
    out = np.empty((max(len(z), len(deviation)), *z.shape[1:]))
    _fill_changed(z, deviation, kind, span, out)
    return out


@njit(cache=True, nogil=True)
def add_past(fell, was_fell, event, step, response, response_row, acts, steps, out):  # type: ignore[no-untyped-def]
    """Add to out (rows, K, S) what past events that are gone, or back, deviate from the factual world."""
    for r in range(fell.shape[0]):
        for j in range(fell.shape[1]):
            if fell[r, j] == was_fell[r, j]:
                continue
            sign = -1.0 if fell[r, j] else 1.0
            row = response_row[event[j], step[j]]
            for k in range(out.shape[1]):
                if acts[row, k]:
                    for s in range(len(steps)):
                        if steps[s] >= step[j]:
                            out[r, k, s] += sign * response[row, k, steps[s] - step[j]]


@njit(cache=True, nogil=True)
def add_own(events, event_steps, response, response_row, steps, out):  # type: ignore[no-untyped-def]
    """Add to out (rows, K, S) the total responses of some events at their steps (rows, events)."""
    for r in range(event_steps.shape[0]):
        for i in range(len(events)):
            tau = event_steps[r, i]
            if tau == NEVER:
                continue
            row = response_row[events[i], tau]
            for k in range(out.shape[1]):
                for s in range(len(steps)):
                    if steps[s] >= tau:
                        out[r, k, s] += response[row, k, steps[s] - tau]


@njit(cache=True, nogil=True)
def change_late(  # type: ignore[no-untyped-def]
    z, kind, span, past, group, offset, new_offset, mover, absent, as_of, response, response_row, acts, steps, out
):
    """Write to out (R, K, S) how far y moves in each run.

    `past` (groups, K, S) is what past events that are gone do to a run's group; events to come count where their
    offset is a new one. Runs in which none has share their group's exponentials.
    """
    n_runs, n_trends, n_steps = z.shape
    factor = np.empty_like(past)
    moves = np.zeros((past.shape[0], n_trends), np.bool_)
    for p in range(past.shape[0]):
        for k in range(n_trends):
            for s in range(n_steps):
                x = past[p, k, s]
                if x != 0.0:
                    moves[p, k] = True
                factor[p, k, s] = x if kind[k] == LINEAR else (np.expm1(x) if kind[k] == LOG else np.exp(-x))
    deviation = np.empty((n_trends, n_steps))
    is_moved = np.empty(n_trends, np.bool_)
    for r in range(n_runs):
        p = group[r]
        is_changed = False
        for m in range(len(mover)):
            if offset[r, m] == new_offset[r, m]:
                continue
            for side in range(2):
                at = new_offset[r, m] if side == 0 else offset[r, m]
                if at >= absent:
                    continue
                tau = as_of + at
                row = response_row[mover[m], tau]
                for k in range(n_trends):
                    if not acts[row, k]:
                        continue
                    if not is_changed:
                        is_changed = True
                        is_moved[:] = False
                    if not is_moved[k]:
                        is_moved[k] = True
                        for s in range(n_steps):
                            deviation[k, s] = past[p, k, s]
                    for s in range(n_steps):
                        if steps[s] >= tau:
                            x = response[row, k, steps[s] - tau]
                            deviation[k, s] += x if side == 0 else -x
        for k in range(n_trends):
            if is_changed and is_moved[k]:
                for s in range(n_steps):
                    x = deviation[k, s]
                    out[r, k, s] = 0.0 if x == 0.0 else _change(z[r, k, s], kind[k], span[k], x)
            elif not moves[p, k]:
                for s in range(n_steps):
                    out[r, k, s] = 0.0
            elif kind[k] == LINEAR:
                for s in range(n_steps):
                    out[r, k, s] = factor[p, k, s]
            elif kind[k] == LOG:
                for s in range(n_steps):
                    out[r, k, s] = z[r, k, s] * factor[p, k, s]
            else:
                for s in range(n_steps):
                    out[r, k, s] = _logit_change(z[r, k, s], span[k], factor[p, k, s])
