"""When events come: an occurrence a round (method §3).

Where every pull on an event keeps its value from its lag on, nothing is computed between two happenings. Its threshold
is kept as a point x on its cumulated hazard without pulls, S; a pull that multiplies its rate by K from offset `at` on
moves what is left of it, x → S(at − 1) + (x − S(at − 1))/K, and it comes at the first offset at which S reaches x. To
be shut off is a pull of K = 0, to wait for a requirement an x of infinity.

Where pulls vary, x is the least point at which the event may come, as if each pull kept its largest K. At a pull the
rate is followed step by step, unless even x is out of reach.

Each round takes the next occurrence of every run of a block. Runs are put in order of the event that comes, so that one
pull after the other is carried out for all runs that it concerns: a processor then finds the next run's work ready
while it waits for this one's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from etia.engine.lanes import unowned
from etia.engine.march import acting_pulls, reached_at
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


@njit(inline="always")
def _first_reach(x, curve, guide, scale, last_bucket):  # type: ignore[no-untyped-def]
    """First offset at which the cumulated hazard `curve` reaches x, which it does reach."""
    i = np.uint64(guide[np.uint64(min(x * scale, last_bucket))])
    i += np.uint64(curve[i] < x)  # nearly always enough, and no branch to foresee
    while curve[i] < x:
        i += _ONE
    return i


@njit(inline="always")
def _replay(m, threshold, begin, r, came, by_target, cause, cause_delay, cause_inverse, cumulated, at, inverse):  # type: ignore[no-untyped-def]
    """Point at which event m's threshold is spent from offset `begin` on, all pulls in order of time.

    `came` holds the offsets of the sources in run r. With the offset of the last pull carried out, all ones where
    one lies beyond that point.
    """
    n = 0
    for place in range(by_target[m], by_target[m + _ONE]):
        step = came[r, cause[place]]
        if step == NEVER:
            continue
        offset = max(step + cause_delay[place], 1)
        j = n - 1
        while j >= 0 and at[j] > offset:
            at[j + 1], inverse[j + 1] = at[j], inverse[j]
            j -= 1
        at[j + 1], inverse[j + 1] = offset, cause_inverse[place]
        n += 1
    absent = cumulated.shape[1]
    x = cumulated[m, begin] + threshold
    applied = _ZERO
    for j in range(n):
        before = cumulated[m, min(max(at[j] - 1, begin), absent - 1)]
        if x <= before:
            return x, _FIELD
        x = before + (x - before) * inverse[j]
        applied = np.uint64(min(at[j], absent))
    return x, applied


@njit(inline="always")
def _shut_from(m, r, came, by_target, cause, cause_delay, last):  # type: ignore[no-untyped-def]
    """The last offset at which event m, whose rate varies, can come; what constantly pulls on it shuts it off."""
    stop = last
    for place in range(by_target[m], by_target[m + _ONE]):
        step = came[r, cause[place]]
        if step != NEVER:
            stop = min(stop, np.uint64(max(step + cause_delay[place], 1) - 1))
    return stop


@njit(inline="always")
def _follow(  # type: ignore[no-untyped-def]
    m, threshold, begin, stop, r, came, cumulated, by_target, cause, base, stride, table, ceiling, hazard, noise_row,
    factors, n_rows, address,
):  # fmt: skip
    """Least point at which event m's threshold can be spent from offset `begin` on, and the offset at which it is.

    An offset after `stop` where it is not. Its rate is followed from the first pull on.
    """
    n, start = acting_pulls(m, r, came, NEVER, by_target, cause, base, stride, address)
    feels = noise_row[m] >= 0
    start = begin if feels or n == _ZERO else max(start, begin)
    left = threshold - (cumulated[m, start] - cumulated[m, begin])
    most = np.inf if feels else 1.0
    span = np.uint64(cumulated.shape[1])
    i = np.uint64(start) + _ONE
    for c in range(n):
        most *= ceiling[address[c] + min(i, span - _ONE)]
    point = cumulated[m, start] + left / most
    end = stop + _ONE
    if point <= cumulated[m, stop]:
        factor_at = (r * n_rows + np.uint64(noise_row[m])) * span if feels else _ZERO
        row = m * (np.uint64(len(hazard)) // np.uint64(len(cumulated)))
        end = reached_at(left, i, end, hazard, row, table, address, n, feels, factors, factor_at)
    return point, end


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
    threshold, n_loose, block, cumulated, guide, guide_scale, constant, varying, requirements, noise_row, n_rows,
    factors, address, came,
):  # fmt: skip
    """Fill `came` (runs, S) with the open events' offsets; its columns from M on hold the loose past sources'."""
    n_open, n_runs = np.uint64(threshold.shape[0]), np.uint64(threshold.shape[1])
    n_sources = n_open + np.uint64(n_loose)
    last = np.uint64(cumulated.shape[1] - 1)
    absent = last + _ONE
    none = absent << _DUE
    last_bucket = guide.shape[1] - 1.0
    start, target, delay, inverse_ratio, by_target, cause, cause_delay, cause_inverse = constant
    varies, v_start, v_target, v_inverse, v_by_target, v_cause, base, stride, table, ceiling, hazard = varying
    needs, waiting_start, waiting, need_start, need = requirements
    table, hazard, cumulated = unowned(table), unowned(hazard), unowned(cumulated)
    noise_row, factors, address = unowned(noise_row), unowned(factors), unowned(address)
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
        pulls = start[a + _ONE] - start[a] + v_start[a + _ONE] - v_start[a]
        most = max(most, pulls + waiting_start[a + _ONE] - waiting_start[a])
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
            if not has_needs and n_loose == 0 and noise_row[m] < 0:
                continue
            pulled = noise_row[m] >= 0
            for p in range(by_target[m], by_target[m + _ONE]):
                pulled |= cause[p] >= n_open
            for p in range(v_by_target[m], v_by_target[m + _ONE]):
                pulled |= v_cause[p] >= n_open
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
                at, applied = absent, _ZERO
                if varies[m]:
                    stop = _shut_from(m, first + r, came, by_target, cause, cause_delay, last)
                    point, at = _follow(
                        m, threshold[m, first + r], begin, stop, first + r, came, cumulated, v_by_target, v_cause,
                        base, stride, table, ceiling, hazard, noise_row, factors, n_rows, address,
                    )  # fmt: skip
                    at = absent if at > stop else at
                else:
                    point, applied = _replay(
                        m, threshold[m, first + r], begin, first + r, came, by_target, cause, cause_delay,
                        cause_inverse, cumulated, pull_at, pull_inverse,
                    )  # fmt: skip
                    if point <= cumulated[m, last]:
                        at = _first_reach(point, cumulated[m], guide[m], guide_scale[m], last_bucket)
                x[m * block + r] = point
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
                    n_left = _ZERO  # runs in which the event is still to come
                    for i in range(low, high):
                        r = item[i] & _FIELD
                        at = min((item[i] >> _DUE) + lag, absent)
                        before = curve[at - _ONE]
                        point = points[r]
                        moved = np.uint64(point > before)
                        point = before + (point - before) * inverse if point > before else point
                        points[r] = point
                        old = keys[r]
                        fresh = none | m << _EVENT | at << _PULLED | r
                        keys[r] = fresh & -moved | (old | _UNORDERED) & (moved - _ONE)  # by masks: no branch to foresee
                        again[n_again] = fresh
                        n_again += moved & np.uint64(at < (old >> _PULLED & _FIELD))
                        left[n_left] = r
                        n_left += moved & np.uint64(point <= reach)
                    for i in range(n_left):
                        r = left[i]
                        keys[r] -= (absent - _first_reach(points[r], curve, starts, scale, last_bucket)) << _DUE
                for q in range(v_start[a], v_start[a + _ONE]):
                    m, inverse = v_target[q], v_inverse[q]
                    curve, reach = cumulated[m], cumulated[m, last]
                    points, keys = x[m * block : (m + _ONE) * block], key[m * block : (m + _ONE) * block]
                    for i in range(low, high):
                        r, now = item[i] & _FIELD, item[i] >> _DUE
                        point = curve[now] + max(points[r] - curve[now], 0.0) * inverse
                        is_open = keys[r] >> _DUE > now and came[first + r, m] == NEVER
                        points[r] = point
                        keys[r] = none | m << _EVENT | r if is_open else keys[r]
                        again[n_again] = m << _EVENT | r
                        n_again += np.uint64(is_open and point <= reach)
                for q in range(waiting_start[a], waiting_start[a + _ONE]):
                    m = np.uint64(waiting[q])
                    for i in range(low, high):
                        r = item[i] & _FIELD
                        lacks[m * block + r] -= 1
                        again[n_again] = m << _EVENT | r
                        n_again += np.uint64(lacks[m * block + r] == 0)
            low = high
            a += _ONE


def spend(plan: Plan, threshold: Floats, loose_offset: Ints, factors: Floats) -> Steps:
    """(runs, M) offsets at which the open events come, NEVER where they do not.

    `threshold` (M, runs), by event; `loose_offset` (runs, L) offsets of loose past sources, NEVER where one fell out;
    `factors` of noise on rates, (runs, rows, H + 1), or for fewer runs where there are none.
    """
    n_open, n_loose = len(threshold), loose_offset.shape[1]
    came = np.empty((threshold.shape[1], n_open + n_loose), dtype=np.int16)
    came[:, n_open:] = loose_offset
    block = np.uint64(min(max(_POINTS // n_open // 64 * 64, _FEWEST_RUNS), _MOST_RUNS))
    has_factors = len(factors) == threshold.shape[1] and factors.shape[2] == plan.hazard.shape[1]
    noise_row = np.where(plan.feels_noise & has_factors, np.cumsum(plan.feels_noise) - 1, -1)
    _spend(
        threshold, n_loose, block, plan.cumulated, plan.guide, plan.guide_scale, *plan.grouped, noise_row,
        np.uint64(factors.shape[1]), factors.ravel(), np.empty(len(plan.varying.source) + 1, dtype=np.uint64), came,
    )  # fmt: skip
    return came[:, :n_open]
