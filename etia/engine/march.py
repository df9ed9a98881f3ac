"""When events come where pulls vary from step to step, by half-lives, trends, noise or policies (method §3).

All events go through the steps side by side, as numbers of a vector: at a step their rates are those without pulls
times the K of every source that has come, by its age, and are added to what is spent of their thresholds. Nothing but
that is done at a step at which no event comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from etia.engine.bits import lowest_bit
from etia.engine.lanes import add, load, multiply, reaches, spread, store, subtract
from etia.engine.program import NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.engine.plan import Plan

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Steps = NDArray[np.int16]

__all__ = ["Counted", "march"]

_ZERO, _ONE = np.uint64(0), np.uint64(1)
_LANES, _WORD = np.uint64(8), np.uint64(64)
_SMALL, _MODERATE = 1.0 / 32.0, 0.5
"""rates up to which 7 and 14 terms of 1 − exp(−λ) = λ − λ²/2 + … are exact to rounding"""


class Counted(NamedTuple):
    """Expected occurrences Σ 1 − exp(−λ) of events still to come, added up while they are sampled (for calibration)."""

    batch: int  # runs a batch
    total: Floats  # (batches, H + 1, lanes) added to, by offset and marched event


@njit(inline="always")
def _few_terms(rate, kind):  # type: ignore[no-untyped-def]
    """1 − exp(−rate) by 7 terms of its series; `kind` is any array of such numbers."""
    sum_ = spread(kind, 1.0)
    for n in (7.0, 6.0, 5.0, 4.0, 3.0, 2.0):
        sum_ = subtract(spread(kind, 1.0), multiply(multiply(rate, spread(kind, 1.0 / n)), sum_))
    return multiply(rate, sum_)


@njit(inline="always")
def _more_terms(rate, kind):  # type: ignore[no-untyped-def]
    """1 − exp(−rate) by 14 terms of its series."""
    sum_ = spread(kind, 1.0)
    for n in (14.0, 13.0, 12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0):
        sum_ = subtract(spread(kind, 1.0), multiply(multiply(rate, spread(kind, 1.0 / n)), sum_))
    return multiply(rate, sum_)


@njit(cache=True, nogil=True, error_model="numpy")
def _march(  # type: ignore[no-untyped-def]
    threshold, loose_offset, hazard, lanes, by_age, pulls, of_past, surface_start, surface_target, surface,
    factor_row, factors, needs, waiting_start, waiting, shut_start, shut, batch, total, out,
):  # fmt: skip
    """Fill `out` (runs, M) with offsets, NEVER where an event does not come. Tables have `lanes` columns."""
    n_runs, n_open = np.uint64(threshold.shape[0]), np.uint64(threshold.shape[1])
    n_offsets = np.uint64(len(hazard)) // lanes
    n_loose = np.uint64(loose_offset.shape[1])
    counts = len(total) > 0
    table = hazard.copy()  # rates of this run without pulls of open sources
    is_changed = False
    spent, left = np.empty(lanes), np.empty(lanes)
    at_work, waits = np.empty(lanes), np.empty(lanes)  # 1 or 0: its requirements are met; it is still to come
    lacks = np.empty(n_open, np.int64)
    source_at = np.empty(n_open, np.uint64)  # where in `by_age` offset 0 of a source that has come would stand
    fired = np.empty(n_open, np.uint64)
    small, moderate = spread(hazard, _SMALL), spread(hazard, _MODERATE)
    for r in range(n_runs):
        if is_changed:
            table[:] = hazard
            is_changed = False
        for m in range(n_open):
            out[r, m] = NEVER
            if factor_row[m] >= 0:
                for i in range(n_offsets):
                    table[i * lanes + m] = hazard[i * lanes + m] * factors[r, np.uint64(factor_row[m]), i]
        spent[:], left[:], at_work[:], waits[:] = 0.0, np.inf, 0.0, 0.0
        left[:n_open] = threshold[r]
        waits[:n_open] = 1.0
        lacks[:] = needs
        for s in range(n_loose):
            if loose_offset[r, s] > 0:
                continue
            is_changed = True
            for i in range(n_offsets * lanes):
                table[i] *= of_past[s * n_offsets * lanes + i]
            for q in range(waiting_start[n_open + s], waiting_start[n_open + s + _ONE]):
                lacks[np.uint64(waiting[q])] -= 1
            for q in range(shut_start[n_open + s], shut_start[n_open + s + _ONE]):
                m = np.uint64(shut[q])
                left[m], waits[m] = np.inf, 0.0
        for m in range(n_open):
            at_work[m] = 1.0 if lacks[m] == 0 else 0.0
        n_sources = _ZERO
        counted_at = np.uint64(r // batch) * n_offsets * lanes
        for now in range(_ONE, n_offsets):
            at = now * lanes
            n_fired = _ZERO
            for word in range(_ZERO, lanes, _WORD):
                bits = _ZERO
                for v in range(word, min(word + _WORD, lanes), _LANES):
                    rate = multiply(load(table, at + v), load(at_work, v))
                    for c in range(n_sources):
                        rate = multiply(rate, load(by_age, source_at[c] + at + v))
                    sum_ = add(load(spent, v), rate)
                    store(spent, v, sum_)
                    bits |= reaches(sum_, load(left, v)) << (v - word)
                    if counts:
                        place = counted_at + at + v
                        if reaches(rate, small) == _ZERO:
                            found = multiply(_few_terms(rate, hazard), load(waits, v))
                            store(total, place, add(load(total, place), found))
                        elif reaches(rate, moderate) == _ZERO:
                            found = multiply(_more_terms(rate, hazard), load(waits, v))
                            store(total, place, add(load(total, place), found))
                        else:
                            for m in range(v, v + _LANES):
                                one = table[at + m] * at_work[m]
                                for c in range(n_sources):
                                    one *= by_age[source_at[c] + at + m]
                                total[counted_at + at + m] -= np.expm1(-one) * waits[m]
                while bits != _ZERO:
                    fired[n_fired] = word + lowest_bit(bits)
                    n_fired += _ONE
                    bits &= bits - _ONE
            for f in range(n_fired):
                out[r, fired[f]] = now
                left[fired[f]], waits[fired[f]] = np.inf, 0.0
            for f in range(n_fired):
                a = fired[f]
                if pulls[a]:
                    source_at[n_sources] = (a * n_offsets - now) * lanes
                    n_sources += _ONE
                for w in range(np.uint64(surface_start[a]), np.uint64(surface_start[a + _ONE])):
                    is_changed = True
                    for i in range(now + _ONE, n_offsets):
                        table[i * lanes + np.uint64(surface_target[w])] *= surface[w, now, i]
                for q in range(shut_start[a], shut_start[a + _ONE]):
                    m = np.uint64(shut[q])
                    left[m], waits[m] = np.inf, 0.0
                for q in range(waiting_start[a], waiting_start[a + _ONE]):
                    m = np.uint64(waiting[q])
                    lacks[m] -= 1
                    at_work[m] = 1.0 if lacks[m] == 0 else 0.0


def march(plan: Plan, threshold: Floats, loose_offset: Ints, factors: Floats, counted: Counted | None = None) -> Steps:
    """(runs, M) offsets at which the open events come, NEVER where they do not; all events of `plan` are marched.

    `threshold` (runs, M); `loose_offset` (runs, L) offsets of loose past sources, NEVER where one fell out; `factors`
    as `noise_factors` gives them.
    """
    marched = plan.marched
    lanes = marched.by_age.shape[2]
    hazard = np.zeros((plan.hazard.shape[1], lanes))
    hazard[:, : len(plan.open)] = plan.hazard.T
    rows = np.where(plan.feels_noise, np.cumsum(plan.feels_noise) - 1, -1)
    if len(factors) < len(threshold):
        rows = np.full(len(rows), -1)
    tally = counted or Counted(1, np.zeros((0, 0, 0)))
    out = np.empty(threshold.shape, dtype=np.int16)
    _march(
        threshold, loose_offset, hazard.ravel(), np.uint64(lanes), marched.by_age.ravel(), marched.acts,
        marched.of_past.ravel(), marched.start, marched.target, marched.surface, rows, factors,
        plan.needs, plan.waiting_start.astype(np.uint64), plan.waiting, plan.shut_start.astype(np.uint64), plan.shut,
        tally.batch, tally.total.reshape(-1), out,
    )  # fmt: skip
    return out
