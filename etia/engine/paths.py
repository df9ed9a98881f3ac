"""Trends' paths in many runs, given when events come: every run's sum of look-ups, written once (method §4).

g(y_k(t)) = shared course + Σ_e response[row(e, τ_e), k, t − τ_e]. Responses stand in one table, each with noughts
before its age 0, so that an event's part in a stretch of steps is one unbroken row wherever the event comes. Runs are
taken by the number of events that reach the trend in them, so that the work on each is foreseen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import literal_unroll, njit

from etia.engine.bits import count_bits, lowest_bit
from etia.engine.lanes import add, below, load, store, unowned, width

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Reals = NDArray[np.floating]
    Steps = NDArray[np.int16]

__all__ = ["Courses", "courses", "fill_paths", "room"]

_BLOCK = np.uint64(128)
"""runs sorted together by the number of events that reach a trend"""
_WORD, _HALF = np.uint64(64), np.uint64(32)
"""events whose bits stand in a word, and those that are compared at one go"""
_UNROLLED = np.uint64(4)
"""rows that are added in one go at most, and their numbers as the compiler knows them: by tuples of as many entries"""
_COUNTS = ((), (0,), (0, 0), (0, 0, 0), (0, 0, 0, 0))
_MANY = _UNROLLED + np.uint64(1)
"""group of the runs with more rows than that"""
_ZERO, _ONE, _TWO, _THREE, _FOUR = np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
_COUNTER, _PER_SHIFT = np.uint64(0xFF), _BLOCK >> _THREE


class Courses(NamedTuple):
    """What the paths of K trends are added up from, over the steps first … first + n − 1, as numbers of one type."""

    shared: Reals  # (K · n,) course without the events that differ between runs
    table: Reals  # responses one after the other, noughts before and behind each
    event: NDArray[np.intp]  # (A,) events that move any of the trends
    row_of: NDArray[np.uint32]  # (A · steps,) row of the response of each by its step; none where that is the same
    place: NDArray[np.uint32]  # (K · rows,), or else (K · A,), where the value for age 0 stands, plus `first`
    reached_by: NDArray[np.uint64]  # (K · words,) a bit for each of A events that reaches a trend
    first_event: int  # before this step none of them comes
    end: int  # first + n
    n_trends: int

    @property
    def n_steps(self) -> int:
        return len(self.shared) // self.n_trends


def courses(
    shared: Floats,
    response: Floats,
    moving: Ints,
    response_row: Ints,
    first: int,
    first_event: int,
    *,
    kind: type[np.floating] = np.float64,
) -> Courses:
    """Lay out the paths of some trends over some steps.

    `shared` (K, n) at the steps from `first` on; `response` (rows, K, ages); `response_row` (M, steps) the row of each
    moving event, `moving` (M,), by its step, from `first_event` on, before which none comes. `kind` is the type that
    sums are taken in.
    """
    n_trends, n = shared.shape
    ages = max(first + n - first_event, 0)  # none: the steps end before any of these events can come
    acts = np.any(response[:, :, :ages] != 0.0, axis=2)  # (rows, K)
    row, trend = np.nonzero(acts)
    length = n + ages
    table = np.zeros((len(row) + 1, length), dtype=kind)
    table[1:, n:] = response[row, trend, :ages]
    place = np.full((n_trends, len(response)), n + first, dtype=np.uint32)
    place[trend, row] = np.arange(1, len(row) + 1) * length + n + first
    reaches = np.array([acts[rows].any(axis=0) for rows in response_row]).reshape(len(response_row), n_trends)
    acting = np.flatnonzero(reaches.any(axis=1))
    rows = response_row[acting]
    if np.all(rows == rows[:, :1]):
        place, rows = place[:, rows[:, 0]], rows[:, :0]
    event, reached = np.nonzero(reaches[acting])
    reached_by = np.zeros((n_trends, -(-len(acting) // int(_WORD))), dtype=np.uint64)
    np.bitwise_or.at(reached_by, (reached, event // int(_WORD)), np.uint64(1) << (event % int(_WORD)).astype(np.uint64))
    return Courses(
        shared.astype(kind).ravel(), table.ravel(), moving[acting].astype(np.intp), rows.astype(np.uint32).ravel(),
        place.ravel(), reached_by.ravel(), first_event, first + n, n_trends,
    )  # fmt: skip


@njit(inline="always")
def _came_before(steps, at, n_acting, end):  # type: ignore[no-untyped-def]
    """A bit for each of at most 64 events, whose steps stand from place `at` on, that comes before `end`."""
    came, n = _ZERO, np.uint64(len(steps))
    if n < _HALF:
        for m in range(n_acting):
            came |= np.uint64(np.uint64(steps[at + m]) < end) << m
        return came
    for m in range(_ZERO, n_acting, _HALF):
        begin = min(at + m, n - _HALF)
        came |= below(steps, begin, end) >> (at + m - begin) << m
    return came & (~_ZERO >> (_WORD - n_acting))


@njit(inline="always")
def _in_order_of_rows(came, n_words, reached_by, n, count, ordered):  # type: ignore[no-untyped-def]
    """Put n runs in order of the number of events that reach a trend; the groups' sizes, 8 bits each.

    Where there are several words, all runs count as having many.
    """
    if n_words > _ONE:
        for r in range(n):
            ordered[_MANY * _BLOCK + r] = r
        return n << (_MANY << _THREE)
    sizes = _ZERO
    for r in range(n):
        count[r] = min(count_bits(came[r] & reached_by), _MANY) << _THREE
    for r in range(n):
        shift = np.uint64(count[r])
        ordered[shift * _PER_SHIFT + (sizes >> shift & _COUNTER)] = r
        sizes += _ONE << shift
    return sizes


@njit(inline="always")
def _row_at(m, step, row_of, of_step, first_event, place, own):  # type: ignore[no-untyped-def]
    """Where in the table event m's row begins for the first step, if it comes at `step`."""
    found = np.uint64(row_of[m * of_step + step - first_event]) if of_step > _ZERO else m
    return np.uint64(place[own + found]) - step


@njit(inline="always")
def _find_rows(  # type: ignore[no-untyped-def]
    counted, begin, end, ordered, came, reached_by, steps, at, n_acting, row_of, of_step, first_event, place, own, row,
):  # fmt: skip
    """Where in the table the rows of a group's runs begin for their first step, as many as `counted` has entries."""
    for i in range(begin, end):
        r = np.uint64(ordered[i])
        left = came[r] & reached_by
        for j in range(len(counted)):
            m = lowest_bit(left)
            left &= left - _ONE
            step = np.uint64(steps[at + r * n_acting + m])
            row[np.uint64(j) * _BLOCK + (i - begin)] = _row_at(m, step, row_of, of_step, first_event, place, own)


@njit
def _rows(counted, row, i):  # type: ignore[no-untyped-def]
    """Where the rows of a group's run i begin, as many as `counted` has entries."""
    one = np.uint64(row[i]) if len(counted) > 0 else _ZERO
    two = np.uint64(row[_BLOCK + i]) if len(counted) > 1 else _ZERO
    three = np.uint64(row[_BLOCK * _TWO + i]) if len(counted) > 2 else _ZERO
    four = np.uint64(row[_BLOCK * _THREE + i]) if len(counted) > 3 else _ZERO
    return one, two, three, four


@njit
def _sum(counted, total, table, rows, s):  # type: ignore[no-untyped-def]
    """A vector of the table's first rows, as many as `counted` has entries, from step s on, added to `total`."""
    one, two, three, four = rows
    if len(counted) > 0:
        total = add(total, load(table, one + s))
    if len(counted) > 1:
        total = add(total, load(table, two + s))
    if len(counted) > 2:
        total = add(total, load(table, three + s))
    if len(counted) > 3:
        total = add(total, load(table, four + s))
    return total


@njit(inline="always")
def _write(counted, n_here, ordered, begin, row, shared, at, n, table, out, to, run_stride, beyond):  # type: ignore[no-untyped-def]
    """Write the paths of a group's runs; n is at least a vector's width, and as many vectors are done at once as can.

    The first path lies `beyond` numbers behind an edge of what the processor fetches at once. Where eight vectors go
    together and all paths lie alike, no vector but the first and last goes over an edge. What is written twice comes to
    the same bits.
    """
    w = width(out)
    ii, iii, iv, v, vi = w + w, w * _THREE, w * _FOUR, w * np.uint64(5), w * np.uint64(6)
    s, t, final = _ZERO, w - beyond, n - w
    while t + vi <= n:
        last = min(t + vi, final)
        a, b, c, d = load(shared, at + s), load(shared, at + t), load(shared, at + t + w), load(shared, at + t + ii)
        e, f, g = load(shared, at + t + iii), load(shared, at + t + iv), load(shared, at + t + v)
        h = load(shared, at + last)
        for i in range(n_here):
            here, rows = to + np.uint64(ordered[begin + i]) * run_stride, _rows(counted, row, i)
            store(out, here + s, _sum(counted, a, table, rows, s))
            store(out, here + t, _sum(counted, b, table, rows, t))
            store(out, here + t + w, _sum(counted, c, table, rows, t + w))
            store(out, here + t + ii, _sum(counted, d, table, rows, t + ii))
            store(out, here + t + iii, _sum(counted, e, table, rows, t + iii))
            store(out, here + t + iv, _sum(counted, f, table, rows, t + iv))
            store(out, here + t + v, _sum(counted, g, table, rows, t + v))
            store(out, here + last, _sum(counted, h, table, rows, last))
        s = t + vi + w
        t = s + w
    while s + ii < n:
        third, last = min(s + ii, final), min(s + iii, final)
        a, b, c, d = load(shared, at + s), load(shared, at + s + w), load(shared, at + third), load(shared, at + last)
        for i in range(n_here):
            here, rows = to + np.uint64(ordered[begin + i]) * run_stride, _rows(counted, row, i)
            store(out, here + s, _sum(counted, a, table, rows, s))
            store(out, here + s + w, _sum(counted, b, table, rows, s + w))
            store(out, here + third, _sum(counted, c, table, rows, third))
            store(out, here + last, _sum(counted, d, table, rows, last))
        s += iv
    while s < n:
        last = min(s, final)
        a = load(shared, at + last)
        for i in range(n_here):
            here = to + np.uint64(ordered[begin + i]) * run_stride
            store(out, here + last, _sum(counted, a, table, _rows(counted, row, i), last))
        s += w


@njit(inline="always")
def _write_many(n_rows, row, shared, at, n, table, out, to):  # type: ignore[no-untyped-def]
    """Write the path of a run from any number of rows."""
    w = width(out)
    s = _ZERO
    while n >= w and s < n:
        here = min(s, n - w)
        total = load(shared, at + here)
        for j in range(n_rows):
            total = add(total, load(table, np.uint64(row[j]) + here))
        store(out, to + here, total)
        s += w
    for i in range(s, n):  # fewer steps than a vector has numbers
        sum_ = shared[at + i]
        for j in range(n_rows):
            sum_ += table[np.uint64(row[j]) + i]
        out[to + i] = sum_


@njit(inline="always")
def _find_many(came, reached_by, n_words, steps, at, row_of, of_step, first_event, place, own, row):  # type: ignore[no-untyped-def]
    """Where in the table a run's rows begin for its first step; how many."""
    n = _ZERO
    for g in range(n_words):
        left = came[g] & reached_by[g]
        while left != _ZERO:
            m = g * _WORD + lowest_bit(left)
            left &= left - _ONE
            row[n] = _row_at(m, np.uint64(steps[at + m]), row_of, of_step, first_event, place, own)
            n += _ONE
    return n


@njit(cache=True, nogil=True, error_model="numpy")
def _fill(  # type: ignore[no-untyped-def]
    steps, shared, table, event, row_of, place, reached_by, first_event, end, n_trends, trend_stride, run_stride,
    scratch, out,
):  # fmt: skip
    steps, shared, table, out = unowned(steps), unowned(shared), unowned(table), unowned(out)
    row_of, place, reached_by = unowned(row_of), unowned(place), unowned(reached_by)
    came, count, ordered, row = unowned(scratch[0]), unowned(scratch[1]), unowned(scratch[2]), unowned(scratch[3])
    n_acting, n = np.uint64(len(event)), np.uint64(len(shared)) // n_trends
    n_runs, n_words = np.uint64(len(steps)) // n_acting, np.uint64(len(reached_by)) // n_trends
    lead = np.uint64(out.ctypes.data) // np.uint64(out.itemsize)
    of_step, n_places = np.uint64(len(row_of)) // n_acting, np.uint64(len(place)) // n_trends
    for begin in range(_ZERO, n_runs, _BLOCK):
        n_here = min(_BLOCK, n_runs - begin)
        for r in range(n_here):
            for g in range(n_words):
                here = (begin + r) * n_acting + g * _WORD
                came[r * n_words + g] = _came_before(steps, here, min(n_acting - g * _WORD, _WORD), end)
        for k in range(n_trends):
            at, own, to = k * n, k * n_places, k * trend_stride + begin * run_stride
            beyond = (lead + to) & (width(out) - _ONE)
            if n < width(out):
                sizes = n_here << (_MANY << _THREE)
                for r in range(n_here):
                    ordered[_MANY * _BLOCK + r] = r
            else:
                sizes = _in_order_of_rows(came, n_words, reached_by[k * n_words], n_here, count, ordered)
            for counted in literal_unroll(_COUNTS):
                n_rows = len(counted)
                size, group = sizes >> np.uint64(8 * n_rows) & _COUNTER, np.uint64(n_rows) * _BLOCK
                _find_rows(
                    counted, group, group + size, ordered, came, reached_by[k * n_words], steps, begin * n_acting,
                    n_acting, row_of, of_step, first_event, place, own, row,
                )  # fmt: skip
                _write(counted, size, ordered, group, row, shared, at, n, table, out, to, run_stride, beyond)
            for i in range(sizes >> (_MANY << _THREE)):
                r = np.uint64(ordered[_MANY * _BLOCK + i])
                n_rows = _find_many(
                    came[r * n_words : (r + _ONE) * n_words], reached_by[k * n_words : (k + _ONE) * n_words], n_words,
                    steps, (begin + r) * n_acting, row_of, of_step, first_event, place, own, row,
                )  # fmt: skip
                _write_many(n_rows, row, shared, at, n, table, out, to + r * run_stride)


@njit(cache=True, nogil=True)
def _columns(rows, chosen):  # type: ignore[no-untyped-def]
    """The chosen columns of an array."""
    out = np.empty((len(rows), len(chosen)), rows.dtype)
    for r in range(len(rows)):
        for place in range(len(chosen)):
            out[r, place] = rows[r, chosen[place]]
    return out


def room(courses: Courses) -> tuple[NDArray[np.uint64], NDArray[np.uint8], NDArray[np.uint16], NDArray[np.uint32]]:
    """Room for what is kept of a block: bits by run, numbers of rows, the order of runs, and rows."""
    block, many = int(_BLOCK), int(_MANY)
    n_words = len(courses.reached_by) // courses.n_trends
    return (
        np.empty(block * n_words, dtype=np.uint64), np.empty(block, dtype=np.uint8),
        np.empty((many + 1) * block, dtype=np.uint16),
        np.empty(max(many * block, len(courses.event)), dtype=np.uint32),
    )  # fmt: skip


def fill_paths(courses: Courses, steps: Steps, out: Reals, *, trend_axis: int = 1) -> None:
    """Write the paths of all runs into `out` (runs, K, n), or (K, runs, n) with `trend_axis` 0.

    Steps are contiguous in `out`, whose type is that of `courses`. `steps` (runs, N) the events' steps.
    """
    if not out.size:
        return
    if not len(courses.event):
        out[:] = np.expand_dims(courses.shared.reshape(courses.n_trends, -1), 1 - trend_axis)
        return
    by_run, by_trend = (out.strides[axis] // out.itemsize for axis in (1 - trend_axis, trend_axis))
    assert out.shape[2] == 1 or out.strides[2] == out.itemsize
    length = (len(steps) - 1) * by_run + (courses.n_trends - 1) * by_trend + courses.n_steps
    assert out.dtype == courses.shared.dtype
    is_all = np.array_equal(courses.event, np.arange(steps.shape[1]))
    acting = np.ascontiguousarray(steps) if is_all else _columns(steps, courses.event)
    _fill(
        acting.reshape(-1), *courses[:6], *(np.uint64(number) for number in courses[6:]), np.uint64(by_trend),
        np.uint64(by_run), room(courses),
        np.lib.stride_tricks.as_strided(out, (length,), (out.itemsize,)),
    )  # fmt: skip
