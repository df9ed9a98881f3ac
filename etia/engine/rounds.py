"""When events come where every pull keeps its value from its lag on: an occurrence a round (method §3).

Between two happenings nothing is computed. An event's threshold is kept as a point x on its cumulated hazard without
pulls, S; a pull that multiplies its rate by K from offset `at` on moves what is left of it,
x → S(at − 1) + (x − S(at − 1))/K, and it comes at the first offset at which S reaches x. To be shut off is a pull of
K = 0, to wait for a requirement an x of infinity.

Each round takes the next occurrence of every run of a block. Runs are put in order of the event that comes, so that one
pull after the other is carried out for all runs that it concerns: a processor then finds the next run's work ready
while it waits for this one's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from etia.engine.program import NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.engine.plan import Plan

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Steps = NDArray[np.int16]

__all__ = ["spend"]

_MOST_RUNS, _FEWEST_RUNS, _POINTS = 1024, 64, 32_768
"""most and fewest runs of a block, and how many pairs of run and event it aims at, to be kept near the processor"""

# A key holds the offset at which an event comes as far as is known (the offset after the last for never), the event,
# the offset of the last pull carried out on it, and the run, in 16 bits each: a run's least key is its next occurrence.
_DUE, _EVENT, _PULLED = np.uint64(48), np.uint64(32), np.uint64(16)
_FIELD = np.uint64(0xFFFF)
_UNORDERED = np.uint64(0xFFFF0000)
"""set in a key where a pull lies beyond the point at which the threshold is spent: the next is then out of order"""
_ZERO, _ONE = np.uint64(0), np.uint64(1)


class _Pulls(NamedTuple):
    """Pulls of sources on open events, those that shut off among them. S sources, Q pulls."""

    start: NDArray[np.uint64]  # (S + 1,) grouped by source
    target: NDArray[np.uint64]  # (Q,)
    delay: NDArray[np.uint64]  # (Q,)
    inverse: Floats  # (Q,) 1/K
    by_target: NDArray[np.uint64]  # (M + 1,) grouped by target
    cause: NDArray[np.uint64]  # (Q,) source, by target
    cause_delay: Ints  # (Q,) by target
    cause_inverse: Floats  # (Q,) by target


def _pulls(plan: Plan) -> _Pulls:
    constant, n_open = plan.constant, len(plan.open)
    source = np.repeat(np.arange(plan.n_sources), np.diff(constant.start))
    shutting = np.repeat(np.arange(plan.n_sources), np.diff(plan.shut_start))
    source, target = np.r_[source, shutting], np.r_[constant.target, plan.shut]
    delay = np.r_[constant.delay, np.ones(len(shutting), dtype=np.int64)]
    inverse = np.r_[constant.inverse_ratio, np.full(len(shutting), np.inf)]
    order, by_target = np.argsort(source, kind="stable"), np.argsort(target, kind="stable")
    return _Pulls(
        _starts(source, plan.n_sources), target[order].astype(np.uint64), delay[order].astype(np.uint64),
        inverse[order],
        _starts(target, n_open), source[by_target].astype(np.uint64), delay[by_target], inverse[by_target],
    )  # fmt: skip


def _starts(group: Ints, n: int) -> NDArray[np.uint64]:
    return np.r_[0, np.cumsum(np.bincount(group, minlength=n))].astype(np.uint64)


@njit(inline="always")
def _first_reach(x, curve, guide, scale, last_bucket):  # type: ignore[no-untyped-def]
    """First offset at which the cumulated hazard `curve` reaches x, which it does reach."""
    i = np.uint64(guide[np.uint64(min(x * scale, last_bucket))])
    i += np.uint64(curve[i] < x)  # nearly always enough, and no branch to foresee
    while curve[i] < x:
        i += _ONE
    return i


@njit(inline="always")
def _replay(m, threshold, begin, came, by_target, cause, cause_delay, cause_inverse, curve, at, inverse):  # type: ignore[no-untyped-def]
    """Point at which event m's threshold is spent from offset `begin` on, all pulls in order of time.

    `came` holds the offsets of the sources in this run. With the offset of the last pull carried out, all ones where
    one lies beyond that point.
    """
    n = 0
    for place in range(by_target[m], by_target[m + _ONE]):
        step = came[cause[place]]
        if step == NEVER:
            continue
        offset = max(step + cause_delay[place], 1)
        j = n - 1
        while j >= 0 and at[j] > offset:
            at[j + 1], inverse[j + 1] = at[j], inverse[j]
            j -= 1
        at[j + 1], inverse[j + 1] = offset, cause_inverse[place]
        n += 1
    x = curve[begin] + threshold
    applied = _ZERO
    for j in range(n):
        before = curve[min(max(at[j] - 1, begin), len(curve) - 1)]
        if x <= before:
            return x, _FIELD
        x = before + (x - before) * inverse[j]
        applied = np.uint64(min(at[j], len(curve)))
    return x, applied


@njit(inline="always")
def _least(keys, n_open, block, n, out):  # type: ignore[no-untyped-def]
    """The least key of each of a block's first n runs: four events at a time."""
    for r in range(n):
        out[r] = keys[r]
    for m in range(_ONE, n_open - _ONE, np.uint64(2)):
        one, other = keys[m * block : (m + _ONE) * block], keys[(m + _ONE) * block : (m + _ONE + _ONE) * block]
        for r in range(n):
            out[r] = min(out[r], min(one[r], other[r]))
    final = keys[(n_open - _ONE) * block : n_open * block]
    for r in range(n):
        out[r] = min(out[r], final[r])


@njit(inline="always")
def _in_order_of_events(least, n, none, n_open, place, left, item):  # type: ignore[no-untyped-def]
    """Put the keys of runs that go on into `item`, and into `place[m]` where event m's end; how many there are."""
    n_left = _ZERO
    for r in range(n):
        left[n_left] = least[r]
        n_left += np.uint64(least[r] < none)
    place[: n_open + _ONE] = 0
    for i in range(n_left):
        place[(left[i] >> _EVENT & _FIELD) + _ONE] += _ONE
    for m in range(n_open):
        place[m + _ONE] += place[m]
    for i in range(n_left):
        m = left[i] >> _EVENT & _FIELD
        item[place[m]] = left[i]
        place[m] += _ONE
    return n_left


@njit(cache=True, nogil=True, error_model="numpy")
def _spend(  # type: ignore[no-untyped-def]
    threshold, n_loose, block, cumulated, guide, guide_scale, start, target, delay, inverse_ratio,
    by_target, cause, cause_delay, cause_inverse, needs, waiting_start, waiting, need_start, need, came,
):  # fmt: skip
    """Fill `came` (runs, S) with the open events' offsets; its columns from M on hold the loose past sources'."""
    n_open, n_runs = np.uint64(threshold.shape[0]), np.uint64(threshold.shape[1])
    n_sources = n_open + np.uint64(n_loose)
    last = np.uint64(cumulated.shape[1] - 1)
    absent = last + _ONE
    none = absent << _DUE
    last_bucket = guide.shape[1] - 1.0
    has_needs = len(waiting) > 0 or needs.any()
    x = np.empty(n_open * block)  # by event and run: where on the cumulated hazard the threshold is spent
    key = np.empty(n_open * block, np.uint64)  # by event and run
    lacks = np.zeros(n_open * block, np.int32)  # by event and run: requirements not yet met
    least = np.empty(block, np.uint64)
    left = np.empty(block + _ONE, np.uint64)
    item = np.empty(block, np.uint64)
    place = np.empty(n_open + _ONE, np.uint64)
    most = n_open
    for a in range(n_sources):
        most = max(most, start[a + _ONE] - start[a] + np.uint64(waiting_start[a + _ONE] - waiting_start[a]))
    again = np.empty(block * most + _ONE, np.uint64)  # keys of events whose x is to be found anew
    pull_at = np.empty(len(cause) + 1, np.int64)
    pull_inverse = np.empty(len(cause) + 1)
    for first in range(_ZERO, n_runs, block):
        n = min(block, n_runs - first)
        n_again = _ZERO
        for r in range(first, first + n):
            for m in range(n_open):
                came[r, m] = NEVER
        for m in range(n_open):
            curve, starts, scale = cumulated[m], guide[m], guide_scale[m]
            points, keys = x[m * block : (m + _ONE) * block], key[m * block : (m + _ONE) * block]
            reach = curve[last]
            n_left = _ZERO
            for r in range(n):
                points[r] = threshold[m, first + r]
                keys[r] = none | m << _EVENT | r
                left[n_left] = r
                n_left += np.uint64(points[r] <= reach)
            for i in range(n_left):
                r = left[i]
                keys[r] = _first_reach(points[r], curve, starts, scale, last_bucket) << _DUE | m << _EVENT | r
            if not has_needs and n_loose == 0:
                continue
            pulled = False
            for p in range(by_target[m], by_target[m + _ONE]):
                pulled |= cause[p] >= n_open
            for r in range(n):
                unmet = needs[m]
                for p in range(need_start[m], need_start[m + _ONE]):
                    unmet -= need[p] >= n_open and came[first + r, need[p]] != NEVER
                lacks[m * block + r] = unmet
                if unmet > 0:
                    points[r] = np.inf
                    keys[r] = none | m << _EVENT | r
                elif pulled:
                    again[n_again] = keys[r]
                    n_again += _ONE
        a = n_open
        low = _ZERO
        while True:
            # what is to be found anew: events whose pulls did not come in order, or whose requirements are now met
            for i in range(n_again):
                r, m = again[i] & _FIELD, again[i] >> _EVENT & _FIELD
                if lacks[m * block + r] > 0:
                    continue
                begin = 0
                for p in range(need_start[m], need_start[m + _ONE]):
                    begin = max(begin, np.int64(came[first + r, need[p]]))
                curve = cumulated[m]
                point, applied = _replay(
                    m, threshold[m, first + r], begin, came[first + r], by_target, cause, cause_delay, cause_inverse,
                    curve, pull_at, pull_inverse,
                )  # fmt: skip
                x[m * block + r] = point
                at = absent
                if point <= curve[last]:
                    at = _first_reach(point, curve, guide[m], guide_scale[m], last_bucket)
                key[m * block + r] = at << _DUE | m << _EVENT | applied << _PULLED | r
            n_again = _ZERO
            if a == n_open:
                _least(key, n_open, block, n, least)
                n_left = _in_order_of_events(least, n, none, n_open, place, left, item)
                if n_left == 0:
                    break
                for i in range(n_left):
                    r, m = item[i] & _FIELD, item[i] >> _EVENT & _FIELD
                    key[m * block + r] = none | m << _EVENT | r
                    came[first + r, m] = item[i] >> _DUE
                a, low = _ZERO, _ZERO
            high = place[a]
            if high > low:
                for q in range(start[a], start[a + _ONE]):
                    m, lag, inverse = target[q], delay[q], inverse_ratio[q]
                    curve, starts, scale = cumulated[m], guide[m], guide_scale[m]
                    points, keys = x[m * block : (m + _ONE) * block], key[m * block : (m + _ONE) * block]
                    reach = curve[last]
                    for i in range(low, high):
                        r = item[i] & _FIELD
                        at = min((item[i] >> _DUE) + lag, absent)
                        before = curve[at - _ONE]
                        point = points[r]
                        moved = np.uint64(point > before)
                        point = before + (point - before) * inverse if point > before else point
                        points[r] = point
                        due = _first_reach(min(point, reach), curve, starts, scale, last_bucket)
                        due = absent if point > reach else due
                        old = keys[r]
                        fresh = due << _DUE | m << _EVENT | at << _PULLED | r
                        keys[r] = fresh & -moved | (old | _UNORDERED) & (moved - _ONE)  # by masks: no branch to foresee
                        again[n_again] = fresh
                        n_again += moved & np.uint64(at < (old >> _PULLED & _FIELD))
                for q in range(waiting_start[a], waiting_start[a + _ONE]):
                    m = np.uint64(waiting[q])
                    for i in range(low, high):
                        r = item[i] & _FIELD
                        lacks[m * block + r] -= 1
                        again[n_again] = m << _EVENT | r
                        n_again += np.uint64(lacks[m * block + r] == 0)
            low = high
            a += _ONE


def spend(plan: Plan, threshold: Floats, loose_offset: Ints) -> Steps:
    """(runs, M) offsets at which the open events come, NEVER where they do not.

    `threshold` (M, runs), by event; `loose_offset` (runs, L) offsets of loose past sources, NEVER where one fell out.
    No event of `plan` is marched.
    """
    n_open, n_loose = len(threshold), loose_offset.shape[1]
    came = np.empty((threshold.shape[1], n_open + n_loose), dtype=np.int16)
    came[:, n_open:] = loose_offset
    pulls = _pulls(plan)
    waits_for = np.repeat(np.arange(plan.n_sources), np.diff(plan.waiting_start))
    block = np.uint64(min(max(_POINTS // n_open // 64 * 64, _FEWEST_RUNS), _MOST_RUNS))
    _spend(
        threshold, n_loose, block, plan.cumulated, plan.guide, plan.guide_scale, *pulls, plan.needs,
        plan.waiting_start.astype(np.uint64), plan.waiting, _starts(plan.waiting, n_open),
        waits_for[np.argsort(plan.waiting, kind="stable")].astype(np.uint64), came,
    )  # fmt: skip
    return came[:, :n_open]
