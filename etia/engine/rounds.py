"""When events come: an occurrence a round (method §3).

Where every pull on an event keeps its value from its lag on, nothing is computed between two happenings. Its threshold
is kept as a point x on its cumulated hazard without pulls, S; a pull that multiplies its rate by K from offset `at` on
moves what is left of it, x → S(at − 1) + (x − S(at − 1))/K, and it comes at the first offset at which S reaches x. To
be shut off, or to wait for a requirement, is an x of infinity.

Where pulls vary, x is the least point at which the event may come, as if each pull kept its largest K. At a pull the
rate is followed step by step, unless even x is out of reach.

Each round takes the next occurrence of every run of a block. Runs are put in order of the event that comes, so that one
pull after the other is carried out for all runs that it concerns: a processor then finds the next run's work ready
while it waits for this one's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from etia.engine.lanes import unowned
from etia.engine.march import acting_pulls, reached_at
from etia.engine.plan import BUCKETS
from etia.engine.program import NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.engine.plan import Plan

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Steps = NDArray[np.int16]

__all__ = ["spend"]

_MOST_RUNS, _FEWEST_RUNS, _POINTS = 2048, 64, 40_960
"""most and fewest runs of a block, and how many pairs of run and event it aims at, to be kept near the processor"""

# A key holds the offset at which an event comes as far as is known (the offset after the last for never) and the event,
# 16 bits each: a run's least key is its next occurrence. An item is the same with the run in place of the event.
_DUE, _FIELD = np.uint64(16), np.uint64(0xFFFF)
_UNORDERED = np.uint64(0xFFFF)
"""stands for the offset of the last pull carried out where a pull lies beyond the point at which the threshold is
spent: the next is then out of order"""
_ZERO, _ONE = np.uint64(0), np.uint64(1)
_WORD, _BIT = np.uint64(6), np.uint64(63)
"""m >> 6 is the word in which event m has its bit, m & 63 the bit"""
_SPARSE = np.uint64(8)
"""runs of a block for each that goes on, from which on the others are passed over"""
_LAST_BUCKET = BUCKETS - 1.0
_NEXT, _LEAST = 1.0 + 2.0**-52, 1e-300
"""times and plus what a number becomes a greater one, by as little as can be"""


@njit(inline="always")
def _first_reach(x, curve, row, guide, buckets, scale):  # type: ignore[no-untyped-def]
    """First offset at which the cumulated hazard, from place `row` in `curve` on, reaches x, which it does reach."""
    bucket = np.uint64(min(x * scale, _LAST_BUCKET))
    i = np.uint64(guide[buckets + bucket])
    i += np.uint64(curve[row + i] < x)  # nearly always enough, and no branch to foresee
    while curve[row + i] < x:
        i += _ONE
    return i


@njit(inline="always")
def _moved(x, before, inverse):  # type: ignore[no-untyped-def]
    """Where a pull of 1/K = `inverse` puts a point: what of it lies beyond `before`, and never back to it by rounding.

    A point that does not lie beyond stays. By least and most alone: no branch to foresee.
    """
    return max(min(x, before) + max(x - before, 0.0) * inverse, min(x, before * _NEXT + _LEAST))


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
            return x, _UNORDERED
        x = _moved(x, before, inverse[j])
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
def _least_keys(keys, n_open, block, n, out):  # type: ignore[no-untyped-def]
    """The least key of each of a block's first n runs: two events at a time."""
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
def _least_keys_of_few(keys, n_open, block, going, n_going, out):  # type: ignore[no-untyped-def]
    """The same of those runs alone that still go on."""
    for i in range(n_going):
        r = np.uint64(going[i])
        found = keys[r]
        for m in range(_ONE, n_open):
            found = min(found, keys[m * block + r])
        out[r] = found


@njit(inline="always")
def _by_event(least, none, block, going, n_going, n_items, item):  # type: ignore[no-untyped-def]
    """Put the next occurrences of runs into `item`, those of event m from place m · block on, `n_items[m]` of them.

    `going` holds the runs that had one before, and afterwards those that have one still; how many there are.
    """
    n = _ZERO
    n_items[:] = 0
    for i in range(n_going):
        r = np.uint64(going[i])
        key = np.uint64(least[r])
        m, goes_on = key & _FIELD, np.uint64(key < none)
        going[n] = r
        n += goes_on
        item[m * block + n_items[m]] = (key ^ m) | r
        n_items[m] += goes_on
    return n


@njit(inline="always")
def _first_keys(  # type: ignore[no-untyped-def]
    m, threshold, first, n, own, curve, row, last, guide, buckets, scale, x, key, top, bits, open_, left,
):  # fmt: skip
    """Event m's points and keys in a block's n runs before anything pulls; they stand from place `own` on.

    Bit m of `open_`, whose words stand from place `bits` on, is set in runs in which the event can come, as long as
    constant pulls alone act on it; else the bit is not looked at.
    """
    none = (last + _ONE) << _DUE | m
    for r in range(n):
        x[own + r] = threshold[m, first + r]
    for r in range(n):
        key[own + r] = none
    for r in range(n):
        open_[bits + r] |= np.uint64(x[own + r] <= top) << (m & _BIT)
    reach, n_left = curve[row + last], _ZERO
    for r in range(n):
        left[n_left] = r
        n_left += np.uint64(x[own + r] <= reach)
    for i in range(n_left):
        place = own + np.uint64(left[i])
        key[place] = _first_reach(x[place], curve, row, guide, buckets, scale) << _DUE | m


@njit(inline="always")
def _pull(  # type: ignore[no-untyped-def]
    m, lag, inverse, item, low, high, own, curve, row, last, x, key, pulled, bits, open_, left, late, n_late, again,
    n_again,
):  # fmt: skip
    """Carry out the pull of items low … high − 1 on event m, which it reaches `lag` offsets later.

    What is kept of the event by run stands from place `own` on. Event and run go to `late` where a new offset is to be
    looked up, to `again` where pulls are out of order; how many stand there.
    """
    absent = last + _ONE
    none = absent << _DUE | m
    n = _ZERO
    for i in range(low, high):  # where the event is still to come, and can
        left[n] = item[i]
        n += open_[bits + (np.uint64(item[i]) & _FIELD)] >> (m & _BIT) & _ONE
    reach = curve[row + last]
    for i in range(n):
        r = np.uint64(left[i]) & _FIELD
        at = min((np.uint64(left[i]) >> _DUE) + lag, absent)
        before, point = curve[row + at - _ONE], x[own + r]
        moves = np.uint64(point > before)
        point = _moved(point, before, inverse)
        x[own + r] = point
        key[own + r] = none & -moves | np.uint64(key[own + r]) & (moves - _ONE)  # by masks: no branch to foresee
        late[n_late] = again[n_again] = m << _DUE | r
        n_late += moves & np.uint64(point <= reach)
        n_again += moves & np.uint64(at < np.uint64(pulled[own + r]))
        pulled[own + r] = at | (moves - _ONE) & _UNORDERED
    return n_late, n_again


@njit(inline="always")
def _shut(m, item, low, high, own, curve, row, last, x, key, bits, open_):  # type: ignore[no-untyped-def]
    """Shut event m off in items low … high − 1, unless it comes at the same step."""
    none, bit = (last + _ONE) << _DUE | m, _ONE << (m & _BIT)
    for i in range(low, high):
        r = np.uint64(item[i]) & _FIELD
        if x[own + r] > curve[row + (np.uint64(item[i]) >> _DUE)]:
            x[own + r], key[own + r] = np.inf, none
            open_[bits + r] &= ~bit


@njit(cache=True, nogil=True, error_model="numpy")
def _spend(  # type: ignore[no-untyped-def]
    threshold, n_loose, block, cumulated, guide, guide_scale, constant, varying, requirements, noise_row, n_rows,
    factors, address, room, came, opened, as_of, out,
):  # fmt: skip
    """Put the offsets at which open events come into `came` (runs, S), and their steps into `out` (runs, N).

    `came` begins with NEVER; its columns from M on hold the loose past sources' offsets.
    """
    n_open, n_runs = np.uint64(threshold.shape[0]), np.uint64(threshold.shape[1])
    last = np.uint64(cumulated.shape[1] - 1)
    absent = last + _ONE
    none = absent << _DUE
    span, n_buckets = absent, np.uint64(guide.shape[1])
    curve, guide = unowned(cumulated.reshape(-1)), unowned(guide.reshape(-1))
    start, target, delay, inverse_ratio, shut_start, shut, most, by_target, cause, cause_delay, cause_inverse = constant
    varies, v_start, v_target, v_inverse, v_by_target, v_cause, base, stride, table, ceiling, hazard = varying
    needs, waiting_start, waiting, need_start, need = requirements
    table, hazard, cumulated = unowned(table), unowned(hazard), unowned(cumulated)
    noise_row, factors, address = unowned(noise_row), unowned(factors), unowned(address)
    start, target, delay, inverse_ratio = unowned(start), unowned(target), unowned(delay), unowned(inverse_ratio)
    threshold, came, out = unowned(threshold), unowned(came), unowned(out)
    x, key, item, pulled, lacks, open_, by_run, n_items, of_round = room
    x, key, item, pulled, lacks = unowned(x), unowned(key), unowned(item), unowned(pulled), unowned(lacks)
    open_, n_items, by_run, of_round = unowned(open_), unowned(n_items), unowned(by_run), unowned(of_round)
    least, left, going = by_run[0], by_run[1], by_run[2]
    late, again = of_round[0], of_round[1]
    has_needs = len(need) > 0
    pull_at = np.empty(len(cause) + 1, np.int64)
    pull_inverse = np.empty(len(cause) + 1)
    for first in range(_ZERO, n_runs, block):
        n = min(block, n_runs - first)
        n_again = _ZERO
        pulled[:] = 0
        open_[:] = 0
        for r in range(n):
            going[r] = r
        n_going = n
        for m in range(n_open):
            own = m * block
            top = curve[m * span + last] * most[m] if needs[m] == 0 else np.inf
            _first_keys(
                m, threshold, first, n, own, curve, m * span, last, guide, m * n_buckets, guide_scale[m], x, key, top,
                (m >> _WORD) * block, open_, left,
            )  # fmt: skip
            if not has_needs and n_loose == 0 and noise_row[m] < 0:
                continue
            is_pulled = noise_row[m] >= 0
            for p in range(by_target[m], by_target[m + _ONE]):
                is_pulled |= cause[p] >= n_open
            for p in range(v_by_target[m], v_by_target[m + _ONE]):
                is_pulled |= v_cause[p] >= n_open
            for r in range(n):
                unmet = needs[m]
                for p in range(need_start[m], need_start[m + _ONE]):
                    unmet -= need[p] >= n_open and came[first + r, need[p]] != NEVER
                if has_needs:
                    lacks[own + r] = unmet
                if unmet > 0:
                    x[own + r] = np.inf
                    key[own + r] = none | m
                elif is_pulled:
                    again[n_again] = m << _DUE | r
                    n_again += _ONE
        while True:
            # what is to be found anew: events whose pulls did not come in order, or whose requirements are now met
            for i in range(n_again):
                r, m = np.uint64(again[i]) & _FIELD, np.uint64(again[i]) >> _DUE
                if has_needs and lacks[m * block + r] > 0:
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
                        at = _first_reach(point, curve, m * span, guide, m * n_buckets, guide_scale[m])
                x[m * block + r] = point
                key[m * block + r] = at << _DUE | m
                pulled[m * block + r] = applied
            if n_going * _SPARSE < n:
                _least_keys_of_few(key, n_open, block, going, n_going, least)
            else:
                _least_keys(key, n_open, block, n, least)
            n_going = _by_event(least, none, block, going, n_going, n_items, item)
            if n_going == 0:
                break
            n_again, n_late = _ZERO, _ZERO
            for a in range(n_open):
                low = a * block
                high = low + n_items[a]
                if high == low:
                    continue
                for i in range(low, high):
                    r, now = np.uint64(item[i]) & _FIELD, np.uint64(item[i]) >> _DUE
                    key[a * block + r] = none | a
                    open_[(a >> _WORD) * block + r] &= ~(_ONE << (a & _BIT))
                    came[first + r, a] = now
                    out[first + r, opened[a]] = now + as_of
                for q in range(start[a], start[a + _ONE]):
                    m = target[q]
                    n_late, n_again = _pull(
                        m, delay[q], inverse_ratio[q], item, low, high, m * block, curve, m * span, last, x, key,
                        pulled, (m >> _WORD) * block, open_, left, late, n_late, again, n_again,
                    )  # fmt: skip
                for q in range(shut_start[a], shut_start[a + _ONE]):
                    m = shut[q]
                    _shut(m, item, low, high, m * block, curve, m * span, last, x, key, (m >> _WORD) * block, open_)
                for q in range(v_start[a], v_start[a + _ONE]):
                    m, inverse = v_target[q], v_inverse[q]
                    own, reach = m * block, cumulated[m, last]
                    for i in range(low, high):
                        r, now = np.uint64(item[i]) & _FIELD, np.uint64(item[i]) >> _DUE
                        before = cumulated[m, now]
                        point = before + max(x[own + r] - before, 0.0) * inverse
                        is_open = np.uint64(key[own + r]) >> _DUE > now and came[first + r, m] == NEVER
                        x[own + r] = point
                        key[own + r] = none | m if is_open else np.uint64(key[own + r])
                        again[n_again] = m << _DUE | r
                        n_again += np.uint64(is_open and point <= reach)
                for q in range(waiting_start[a], waiting_start[a + _ONE]):
                    m = np.uint64(waiting[q])
                    for i in range(low, high):
                        r = np.uint64(item[i]) & _FIELD
                        lacks[m * block + r] -= 1
                        again[n_again] = m << _DUE | r
                        n_again += np.uint64(lacks[m * block + r] == 0)
            for i in range(n_late):
                r, m = np.uint64(late[i]) & _FIELD, np.uint64(late[i]) >> _DUE
                point = x[m * block + r]
                if point <= curve[m * span + last]:  # the same source has not shut it off
                    at = _first_reach(point, curve, m * span, guide, m * n_buckets, guide_scale[m])
                    key[m * block + r] = at << _DUE | m


def _room(n_open: int, block: int, busiest: int, needs: bool) -> tuple[NDArray[Any], ...]:
    """Room for what is kept of a block, `busiest` being the events on which one source acts at most."""
    return (
        np.empty(n_open * block),  # x: where on the cumulated hazard the threshold is spent, by event and run
        np.empty(n_open * block, dtype=np.uint32),  # keys, by event and run
        np.empty(n_open * block, dtype=np.uint32),  # a round's items, by event
        np.empty(n_open * block, dtype=np.uint16),  # offset of the last pull carried out, by event and run
        np.zeros(n_open * block if needs else 0, dtype=np.int32),  # requirements not yet met, by event and run
        np.empty(block * (n_open // 64 + 1), dtype=np.uint64),  # a bit by event where it is still to come, and can
        np.empty((3, block + 1), dtype=np.uint32),  # least keys; runs that are left of those looked at; that go on
        np.empty(n_open, dtype=np.uint64),  # number of items by event
        np.empty((2, block * busiest + 1), dtype=np.uint32),  # event and run, to be looked up; to be found anew
    )


def spend(plan: Plan, threshold: Floats, loose_offset: Ints, factors: Floats, out: Steps) -> None:
    """Write into `out` (runs, N) the steps at which the open events come, where they do; what does not come stays.

    `threshold` (M, runs), by event; `loose_offset` (runs, L) offsets of loose past sources, NEVER where one fell out;
    `factors` of noise on rates, (runs, rows, H + 1), or for fewer runs where there are none.
    """
    n_open, n_loose = len(threshold), loose_offset.shape[1]
    came = np.full((threshold.shape[1], n_open + n_loose), NEVER, dtype=np.int16)
    if n_loose:
        came[:, n_open:] = loose_offset
    block = min(max(_POINTS // n_open // 64 * 64, _FEWEST_RUNS), _MOST_RUNS)
    has_factors = len(factors) == threshold.shape[1] and factors.shape[2] == plan.hazard.shape[1]
    constant, varying, requirements, opened, noise_row, busiest = plan.grouped
    _spend(
        threshold, n_loose, np.uint64(block), plan.cumulated, plan.guide, plan.guide_scale, constant, varying,
        requirements, noise_row if has_factors else np.full(n_open, -1), np.uint64(factors.shape[1]), factors.ravel(),
        np.empty(len(plan.varying.source) + 1, dtype=np.uint64),
        _room(n_open, block, busiest, len(requirements.source) > 0), came, opened, np.uint64(plan.program.as_of), out,
    )  # fmt: skip
