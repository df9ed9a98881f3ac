"""Trends' paths in many runs, given when events come: every run's sum of look-ups, written once (method §4).

g(y_k(t)) = shared course + Σ_e response[row(e, τ_e), k, t − τ_e]. Responses stand in one table, each with noughts
before its age 0, so that an event's part in a stretch of steps is one unbroken row wherever the event comes. Runs are
taken by the number of events that reach the trend in them, so that the work on each is foreseen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from etia.engine.bits import count_bits, lowest_bit
from etia.engine.lanes import add, load, store, width

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Reals = NDArray[np.floating]
    Steps = NDArray[np.int16]

__all__ = ["Courses", "courses", "fill_paths"]

_BLOCK = 128
"""runs sorted together by the number of events that reach a trend"""
_WORD = 64
"""events that are added in one go, a bit each"""
_UNROLLED = 4
"""rows that are added in one go at most"""
_VECTORS = np.uint64(4)
"""vectors of a path that are written in one go"""
_ZERO, _ONE = np.uint64(0), np.uint64(1)


class Courses(NamedTuple):
    """What the paths of K trends are added up from, over the steps first … first + n − 1, as numbers of one type."""

    shared: Reals  # (K · n,) course without the events that differ between runs
    table: Reals  # responses one after the other, noughts before and behind each
    place: NDArray[np.uint32]  # (K, rows) where a response's age 0 stands in the table
    event_start: NDArray[np.uint64]  # (K + 1,) moving events that reach a trend, grouped by trend
    event: NDArray[np.uint64]  # numbers of moving events
    first: int

    @property
    def n_trends(self) -> int:
        return len(self.place)

    @property
    def n_steps(self) -> int:
        return len(self.shared) // self.n_trends


def courses(
    shared: Floats,
    response: Floats,
    response_row: Ints,
    first: int,
    first_event: int,
    *,
    kind: type[np.floating] = np.float64,
) -> Courses:
    """Lay out the paths of some trends over some steps.

    `shared` (K, n) at the steps from `first` on; `response` (rows, K, ages); `response_row` (M, steps) the row of each
    moving event by its step, from `first_event` on, before which none comes. `kind` is the type that sums are taken in.
    """
    n_trends, n = shared.shape
    ages = first + n - first_event
    acts = np.any(response[:, :, :ages] != 0.0, axis=2)  # (rows, K)
    row, trend = np.nonzero(acts)
    length = n + ages
    table = np.zeros((len(row) + 1, length), dtype=kind)
    table[1:, n:] = response[row, trend, :ages]
    place = np.full((n_trends, len(response)), n, dtype=np.uint32)
    place[trend, row] = np.arange(1, len(row) + 1) * length + n
    reaches = np.array([acts[rows].any(axis=0) for rows in response_row]).reshape(len(response_row), n_trends)
    of_trend, event = np.nonzero(reaches.T)
    start = np.r_[0, np.cumsum(np.bincount(of_trend, minlength=n_trends))]
    return Courses(
        shared.astype(kind).ravel(), table.ravel(), place, start.astype(np.uint64), event.astype(np.uint64), first
    )


@njit(inline="always")
def _write(n_rows, out, to, shared, at, n, table, rows):  # type: ignore[no-untyped-def]
    """out[to + s] = shared[at + s] + Σ table[row + s], s < n, over the first n_rows rows, known to the compiler."""
    w = width(out)
    stretch = _VECTORS * w
    begin = _ZERO
    while True:
        for v in range(_VECTORS):
            s = begin + v * w
            total = load(shared, at + s)
            if n_rows > 0:
                total = add(total, load(table, rows[0] + s))
            if n_rows > 1:
                total = add(total, load(table, rows[1] + s))
            if n_rows > 2:
                total = add(total, load(table, rows[2] + s))
            if n_rows > 3:
                total = add(total, load(table, rows[3] + s))
            store(out, to + s, total)
        if begin + stretch >= n:
            break
        begin = min(begin + stretch, n - stretch)  # the last stretch may write again what is written, to the same bits


@njit(inline="always")
def _next_row(word, tau, begin, r, row_of, place, first_event, events, first):  # type: ignore[no-untyped-def]
    """Where in the table the lowest event of `word` starts for the first step; and the word without it."""
    bit = lowest_bit(word)
    step = np.int64(tau[bit, r])
    row = place[row_of[events[begin + bit], step - first_event]]
    return np.uint64(np.int64(row) + first - step), word & (word - _ONE)


@njit(cache=True, nogil=True, error_model="numpy")
def _fill(  # type: ignore[no-untyped-def]
    steps, moving, first_event, row_of, shared, table, place, event_start, event, first, trend_stride, run_stride, out
):
    n_runs, n_trends = np.uint64(steps.shape[0]), np.uint64(place.shape[0])
    n = np.uint64(len(shared)) // n_trends
    end = first + np.int64(n)
    is_short = n < _VECTORS * width(out)
    block = np.uint64(_BLOCK)
    tau = np.empty((_WORD, _BLOCK), np.int16)
    word = np.empty(_BLOCK, np.uint64)
    sorted_runs = np.empty((_UNROLLED + 2, _BLOCK), np.uint16)
    count = np.empty(_UNROLLED + 2, np.uint64)
    for start in range(_ZERO, n_runs, block):
        n_here = min(block, n_runs - start)
        for k in range(n_trends):
            begin, stop = event_start[k], event_start[k + _ONE]
            at = k * n
            for group in range(begin, max(stop, begin + _ONE), np.uint64(_WORD)):
                n_events = min(stop - group, np.uint64(_WORD))
                for r in range(n_here):
                    word[r] = _ZERO
                for j in range(n_events):
                    m = moving[event[group + j]]
                    for r in range(n_here):
                        tau[j, r] = steps[start + r, m]
                        word[r] |= np.uint64(tau[j, r] < end) << j
                count[:] = 0
                fewest = np.uint64(_UNROLLED + 1) if is_short or group > begin else _ZERO
                for r in range(n_here):
                    c = max(min(count_bits(word[r]), np.uint64(_UNROLLED + 1)), fewest)
                    sorted_runs[c, count[c]] = r
                    count[c] += _ONE
                for i in range(count[0]):
                    r = np.uint64(sorted_runs[0, i])
                    _write(0, out, k * trend_stride + (start + r) * run_stride, shared, at, n, table, (_ZERO,))
                for i in range(count[1]):
                    r = np.uint64(sorted_runs[1, i])
                    one, _ = _next_row(word[r], tau, group, r, row_of, place[k], first_event, event, first)
                    _write(1, out, k * trend_stride + (start + r) * run_stride, shared, at, n, table, (one,))
                for i in range(count[2]):
                    r = np.uint64(sorted_runs[2, i])
                    one, more = _next_row(word[r], tau, group, r, row_of, place[k], first_event, event, first)
                    two, _ = _next_row(more, tau, group, r, row_of, place[k], first_event, event, first)
                    _write(2, out, k * trend_stride + (start + r) * run_stride, shared, at, n, table, (one, two))
                for i in range(count[3]):
                    r = np.uint64(sorted_runs[3, i])
                    one, more = _next_row(word[r], tau, group, r, row_of, place[k], first_event, event, first)
                    two, more = _next_row(more, tau, group, r, row_of, place[k], first_event, event, first)
                    three, _ = _next_row(more, tau, group, r, row_of, place[k], first_event, event, first)
                    _write(3, out, k * trend_stride + (start + r) * run_stride, shared, at, n, table, (one, two, three))
                for c in range(4, _UNROLLED + 2):
                    for i in range(count[c]):
                        r = np.uint64(sorted_runs[c, i])
                        to = k * trend_stride + (start + r) * run_stride
                        more = word[r]
                        if fewest == _ZERO:
                            one, more = _next_row(more, tau, group, r, row_of, place[k], first_event, event, first)
                            two, more = _next_row(more, tau, group, r, row_of, place[k], first_event, event, first)
                            three, more = _next_row(more, tau, group, r, row_of, place[k], first_event, event, first)
                            four, more = _next_row(more, tau, group, r, row_of, place[k], first_event, event, first)
                            _write(4, out, to, shared, at, n, table, (one, two, three, four))
                        elif group == begin:
                            for s in range(n):
                                out[to + s] = shared[at + s]
                        while more != _ZERO:
                            one, more = _next_row(more, tau, group, r, row_of, place[k], first_event, event, first)
                            for s in range(n):
                                out[to + s] += table[one + s]


def fill_paths(
    courses: Courses,
    steps: Steps,
    moving: Ints,
    first_event: int,
    response_row: Ints,
    out: Reals,
    *,
    trend_axis: int = 1,
) -> None:
    """Write the paths of all runs into `out`, contiguous (runs, K, n), or (K, runs, n) with `trend_axis` 0.

    `steps` (runs, N) the events' steps; `moving` (M,) the events that `courses` calls by number; `response_row` and
    `first_event` as there.
    """
    n_trends, n = courses.n_trends, courses.n_steps
    by_trend, by_run = (n, n_trends * n) if trend_axis == 1 else (len(steps) * n, n)
    _fill(
        steps, moving, first_event, response_row, courses.shared, courses.table, courses.place, courses.event_start,
        courses.event, courses.first, np.uint64(by_trend), np.uint64(by_run), out.reshape(-1),
    )  # fmt: skip
