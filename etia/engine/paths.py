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
"""events whose bits stand in a word; their parts are added in one go"""
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
    reached_by: NDArray[np.uint64]  # (K, words) a bit for each moving event that reaches a trend
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
    ages = max(first + n - first_event, 0)  # none: the steps end before any of these events can come
    acts = np.any(response[:, :, :ages] != 0.0, axis=2)  # (rows, K)
    row, trend = np.nonzero(acts)
    length = n + ages
    table = np.zeros((len(row) + 1, length), dtype=kind)
    table[1:, n:] = response[row, trend, :ages]
    place = np.full((n_trends, len(response)), n, dtype=np.uint32)
    place[trend, row] = np.arange(1, len(row) + 1) * length + n
    reaches = np.array([acts[rows].any(axis=0) for rows in response_row]).reshape(len(response_row), n_trends)
    event, reached = np.nonzero(reaches)
    reached_by = np.zeros((n_trends, max(-(-len(reaches) // _WORD), 1)), dtype=np.uint64)
    np.bitwise_or.at(reached_by, (reached, event // _WORD), np.uint64(1) << (event % _WORD).astype(np.uint64))
    return Courses(shared.astype(kind).ravel(), table.ravel(), place, reached_by, first)


@njit(inline="always")
def _write_vector(n_rows, out, to, shared, at, table, rows, s):  # type: ignore[no-untyped-def]
    """A vector of `_write`'s sums, from step s on."""
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


@njit(inline="always")
def _write(n_rows, out, to, shared, at, n, table, rows):  # type: ignore[no-untyped-def]
    """out[to + s] = shared[at + s] + Σ table[row + s], s < n, over the first n_rows rows, known to the compiler.

    n is at least a vector's width. What the last stretch may write once more comes to the same bits.
    """
    w = width(out)
    stretch = _VECTORS * w
    s = _ZERO
    if n < stretch:
        while True:
            _write_vector(n_rows, out, to, shared, at, table, rows, s)
            if s + w >= n:
                break
            s = min(s + w, n - w)
    else:
        while True:
            for v in range(_VECTORS):
                _write_vector(n_rows, out, to, shared, at, table, rows, s + v * w)
            if s + stretch >= n:
                break
            s = min(s + stretch, n - stretch)


@njit(inline="always")
def _next_row(word, group, tau, r, row_of, place, first_event, first):  # type: ignore[no-untyped-def]
    """Where in the table the lowest event of `word` starts for the first step; and the word without it."""
    m = group * np.uint64(_WORD) + lowest_bit(word)
    step = np.int64(tau[m, r])
    return np.uint64(np.int64(place[row_of[m, step - first_event]]) + first - step), word & (word - _ONE)


@njit(inline="always")
def _look_up(steps, moving, start, n, end, tau, came):  # type: ignore[no-untyped-def]
    """Steps of a block's runs by moving event, and a bit for each that comes before `end`."""
    came[:] = 0
    for m in range(np.uint64(len(moving))):
        event, word, bit = moving[m], m // np.uint64(_WORD), m % np.uint64(_WORD)
        for r in range(n):
            tau[m, r] = steps[start + r, event]
            came[word, r] |= np.uint64(tau[m, r] < end) << bit


@njit(cache=True, nogil=True, error_model="numpy")
def _fill(  # type: ignore[no-untyped-def]
    steps, moving, first_event, row_of, shared, table, place, reached_by, first, trend_stride, run_stride, out
):
    n_runs, n_trends = np.uint64(steps.shape[0]), np.uint64(place.shape[0])
    n = np.uint64(len(shared)) // n_trends
    is_short = n < width(out)
    block = np.uint64(_BLOCK)
    tau = np.empty((len(moving), _BLOCK), np.int16)
    came = np.empty((reached_by.shape[1], _BLOCK), np.uint64)
    word = np.empty(_BLOCK, np.uint64)
    ordered = np.empty((_UNROLLED + 2, _BLOCK), np.uint16)  # runs by the number of events that reach the trend
    count = np.empty(_UNROLLED + 2, np.uint64)
    for start in range(_ZERO, n_runs, block):
        n_here = min(block, n_runs - start)
        _look_up(steps, moving, start, n_here, first + np.int64(n), tau, came)
        for k in range(n_trends):
            at, rows = k * n, place[k]
            begin = _ZERO
            while begin + _ONE < reached_by.shape[1] and reached_by[k, begin] == _ZERO:
                begin += _ONE
            for g in range(begin, np.uint64(reached_by.shape[1])):
                count[:] = 0
                fewest = np.uint64(_UNROLLED + 1) if is_short or g > begin else _ZERO
                for r in range(n_here):
                    word[r] = came[g, r] & reached_by[k, g]
                    c = max(min(count_bits(word[r]), np.uint64(_UNROLLED + 1)), fewest)
                    ordered[c, count[c]] = r
                    count[c] += _ONE
                for i in range(count[0]):
                    r = np.uint64(ordered[0, i])
                    _write(0, out, k * trend_stride + (start + r) * run_stride, shared, at, n, table, (_ZERO,))
                for i in range(count[1]):
                    r = np.uint64(ordered[1, i])
                    one, _ = _next_row(word[r], g, tau, r, row_of, rows, first_event, first)
                    _write(1, out, k * trend_stride + (start + r) * run_stride, shared, at, n, table, (one,))
                for i in range(count[2]):
                    r = np.uint64(ordered[2, i])
                    one, more = _next_row(word[r], g, tau, r, row_of, rows, first_event, first)
                    two, _ = _next_row(more, g, tau, r, row_of, rows, first_event, first)
                    _write(2, out, k * trend_stride + (start + r) * run_stride, shared, at, n, table, (one, two))
                for i in range(count[3]):
                    r = np.uint64(ordered[3, i])
                    one, more = _next_row(word[r], g, tau, r, row_of, rows, first_event, first)
                    two, more = _next_row(more, g, tau, r, row_of, rows, first_event, first)
                    three, _ = _next_row(more, g, tau, r, row_of, rows, first_event, first)
                    _write(3, out, k * trend_stride + (start + r) * run_stride, shared, at, n, table, (one, two, three))
                for c in range(_UNROLLED, _UNROLLED + 2):
                    for i in range(count[c]):
                        r = np.uint64(ordered[c, i])
                        to = k * trend_stride + (start + r) * run_stride
                        more = word[r]
                        if fewest == _ZERO:
                            one, more = _next_row(more, g, tau, r, row_of, rows, first_event, first)
                            two, more = _next_row(more, g, tau, r, row_of, rows, first_event, first)
                            three, more = _next_row(more, g, tau, r, row_of, rows, first_event, first)
                            four, more = _next_row(more, g, tau, r, row_of, rows, first_event, first)
                            _write(4, out, to, shared, at, n, table, (one, two, three, four))
                        elif g == begin:
                            for s in range(n):
                                out[to + s] = shared[at + s]
                        while more != _ZERO:
                            one, more = _next_row(more, g, tau, r, row_of, rows, first_event, first)
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
    """Write the paths of all runs into `out` (runs, K, n), or (K, runs, n) with `trend_axis` 0.

    Steps are contiguous in `out`. `steps` (runs, N) the events' steps; `moving` (M,) the events that `courses` calls by
    number; `response_row` and `first_event` as there.
    """
    if not out.size:
        return
    by_run, by_trend = (out.strides[axis] // out.itemsize for axis in (1 - trend_axis, trend_axis))
    assert out.shape[2] == 1 or out.strides[2] == out.itemsize
    length = (len(steps) - 1) * by_run + (courses.n_trends - 1) * by_trend + courses.n_steps
    _fill(
        steps, moving, first_event, response_row, courses.shared, courses.table, courses.place, courses.reached_by,
        courses.first, np.uint64(by_trend), np.uint64(by_run),
        np.lib.stride_tricks.as_strided(out, (length,), (out.itemsize,)),
    )  # fmt: skip
