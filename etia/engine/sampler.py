"""When events come: one Exp(1) threshold an event and run, spent along its rate (method §3).

Event-driven: between two happenings nothing is computed for an event whose pulls are constant. Its threshold is kept as
a point x on the cumulated hazard without pulls: a pull that multiplies the rate by K from step t on moves what is left,
x → S(t−1) + (x − S(t−1))/K. Events wait as
bits by the step at which they are due, so a run goes from one occurrence to the next. Events whose rate ratios vary from step to step, by half-lives, trends or noise, are marched:
their rates stand step by step in one table a run, and an occurrence multiplies what is to come of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from etia.engine.program import NEVER
from etia.engine.rounds import spend
from etia.engine.streams import Streams, thresholds, thresholds_by_event, uniforms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.engine.plan import Plan

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Steps = NDArray[np.int16]

__all__ = ["Counted", "noise_factors", "past_steps", "sample"]


_ZERO, _ONE, _SIX, _LOW = np.uint64(0), np.uint64(1), np.uint64(6), np.uint64(63)
_UNORDERED = np.uint64(1 << 40)


class Counted(NamedTuple):
    """Expected occurrences Σ 1 − exp(−λ) of marched events, added up while they are sampled (for calibration)."""

    interval: Ints  # (M, H + 1) interval whose occurrences are counted there, −1 for none
    batch: int  # runs a batch
    total: Floats  # (batches, intervals) added to


@intrinsic  # type: ignore[untyped-decorator]
def _lowest_bit(typingctx, word):  # type: ignore[no-untyped-def]  # noqa: ARG001 - numba calls it so
    """Number of the lowest bit that is set in a word that is not 0."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), code


@njit(inline="always")
def _first_reach(x, m, cumulated, guide, guide_scale):  # type: ignore[no-untyped-def]
    """First offset at which the cumulated hazard reaches x, which it does reach."""
    i = np.uint64(guide[m, np.uint64(min(x * guide_scale[m], guide.shape[1] - 1.0))])
    while cumulated[m, i] < x:
        i += _ONE
    return i


@njit(inline="always")
def _replay(m, threshold, begin, n_pulls, pull_at, pull_inverse, cumulated):  # type: ignore[no-untyped-def]
    """Where on the cumulated hazard a threshold is spent from offset `begin` on, all pulls applied in order of time.

    With the offset of the last pull that was applied, or _UNORDERED where one lies beyond that point.
    """
    for i in range(1, n_pulls[m]):
        at, inverse = pull_at[m, i], pull_inverse[m, i]
        j = i - 1
        while j >= 0 and pull_at[m, j] > at:
            pull_at[m, j + 1] = pull_at[m, j]
            pull_inverse[m, j + 1] = pull_inverse[m, j]
            j -= 1
        pull_at[m, j + 1] = at
        pull_inverse[m, j + 1] = inverse
    x = cumulated[m, begin] + threshold
    applied = _ZERO
    for i in range(n_pulls[m]):
        applied = pull_at[m, i]
        before = cumulated[m, max(applied - _ONE, begin)]
        if x <= before:
            return x, _UNORDERED
        x = before + (x - before) * pull_inverse[m, i]
    return x, applied


@njit(inline="always")
def _occurrence(rate):  # type: ignore[no-untyped-def]
    """1 − exp(−rate), by its series where that is exact to rounding."""
    if rate < 0.004:
        return rate * (1.0 - rate * (0.5 - rate * (1.0 / 6.0 - rate * (1.0 / 24.0 - rate / 120.0))))
    return -np.expm1(-rate)


@njit(cache=True, nogil=True, error_model="numpy")
def _sample(  # type: ignore[no-untyped-def]
    threshold, loose_offset, hazard, cumulated, guide, guide_scale,
    pair_start, pair_target, delay, inverse_ratio, most_pulls,
    marched, place, marched_hazard, by_age, of_past, surface_start, surface_target, surface, factor_row, factors,
    needs, waiting_start, waiting, shut_start, shut, has_conditions, counted, batch, total, out,
):  # fmt: skip
    """Fill `out` (runs, M) with offsets, NEVER where an event does not come. Indices are unsigned: no wrapping is looked for."""
    n_runs, n_open = np.uint64(threshold.shape[0]), np.uint64(threshold.shape[1])
    n_loose, n_marched = np.uint64(loose_offset.shape[1]), np.uint64(len(marched))
    last = np.uint64(hazard.shape[1] - 1)
    absent = last + _ONE
    n_words, n_slots = np.uint64((n_open + _LOW) >> _SIX), np.uint64((last >> _SIX) + _ONE)
    counts = total.shape[0] > 0
    reach = cumulated[:, -1].copy()
    x = np.empty(n_open)  # where on the cumulated hazard the threshold is spent
    due = np.empty(n_open, np.uint64)  # offset at which a constant event comes, as far as is known; H + 1 for none
    n_pulls = np.empty(n_open, np.int64)
    pull_at = np.empty((n_open, most_pulls), np.uint64)  # offsets from which pulls act on an event
    pull_inverse = np.empty((n_open, most_pulls))
    applied = np.empty(n_open, np.uint64)  # offset of the last pull applied to x; _UNORDERED where some is not
    lacks = np.empty(n_open, np.int64)  # requirements not yet met
    begin = np.zeros(n_open, np.uint64)  # offset after which an event's rate is at work
    is_over = np.empty(n_open, np.bool_)  # has come, or is shut off
    pending = np.zeros(n_slots, np.uint64)  # bit per offset: something happens there
    coming = np.zeros((absent + _ONE, n_words), np.uint64)  # bit per constant event that is due at an offset
    rate = np.empty((last + _ONE, n_marched))
    spent = np.empty(n_marched)
    left = np.empty(n_marched)  # threshold of a marched event; infinite where it cannot come any more
    at_work = np.empty(n_marched)  # 1 where its requirements are met
    fired = np.empty(n_open, np.uint64)
    for r in range(n_runs):
        for m in range(n_open):
            out[r, m] = NEVER
            due[m] = absent
            is_over[m] = False
            n_pulls[m] = 0
            applied[m] = 0
            x[m] = threshold[r, m]
        if has_conditions:
            lacks[:] = needs
            begin[:] = 0
        if n_marched > 0:
            rate[:] = marched_hazard
            for b in range(n_marched):
                row = factor_row[b]
                if row >= 0:
                    for i in range(_ONE, last + _ONE):
                        rate[i, b] *= factors[r, np.uint64(row), i]
        for s in range(n_loose):
            offset = loose_offset[r, s]
            if offset > 0:
                continue
            source = n_open + s
            for q in range(np.uint64(pair_start[source]), np.uint64(pair_start[source + _ONE])):
                m = np.uint64(pair_target[q])
                pull_at[m, n_pulls[m]] = np.uint64(max(offset + delay[q], 1))
                pull_inverse[m, n_pulls[m]] = inverse_ratio[q]
                n_pulls[m] += 1
            if n_marched > 0:
                for i in range(_ONE, last + _ONE):
                    for b in range(n_marched):
                        rate[i, b] *= of_past[s, i, b]
            for q in range(np.uint64(waiting_start[source]), np.uint64(waiting_start[source + _ONE])):
                lacks[np.uint64(waiting[q])] -= 1
            for q in range(np.uint64(shut_start[source]), np.uint64(shut_start[source + _ONE])):
                is_over[np.uint64(shut[q])] = True
        if n_marched > 0:
            for b in range(n_marched):
                m = np.uint64(marched[b])
                spent[b] = 0.0
                left[b] = np.inf if is_over[m] else threshold[r, m]
                at_work[b] = 1.0 if not has_conditions or lacks[m] == 0 else 0.0
        n_fired = _ZERO
        for m in range(n_open):
            if n_loose > 0 and n_pulls[m] > 0:
                x[m], applied[m] = _replay(m, threshold[r, m], _ZERO, n_pulls, pull_at, pull_inverse, cumulated)
            fired[n_fired] = m
            n_fired += np.uint64(x[m] <= reach[m])
        for f in range(n_fired):
            m = fired[f]
            if place[m] >= 0 or has_conditions and (is_over[m] or lacks[m] > 0):
                continue
            at = _first_reach(x[m], m, cumulated, guide, guide_scale)
            due[m] = at
            coming[at, m >> _SIX] |= _ONE << (m & _LOW)
            pending[at >> _SIX] |= _ONE << (at & _LOW)
        now = _ZERO
        slot = _ZERO
        while True:
            if n_marched > 0:
                now += _ONE
                if now > last:
                    break
            else:
                while slot < n_slots and pending[slot] == 0:
                    slot += _ONE
                if slot == n_slots:
                    break
                now = (slot << _SIX) + _lowest_bit(pending[slot])
            pending[now >> _SIX] &= ~(_ONE << (now & _LOW))
            n_fired = _ZERO
            for word in range(n_words):
                bits = coming[now, word]
                coming[now, word] = _ZERO
                while bits != 0:
                    bit = _lowest_bit(bits)
                    bits &= bits - _ONE
                    fired[n_fired] = (word << _SIX) + bit
                    n_fired += _ONE
            if n_marched > 0:
                for b in range(n_marched):
                    spent[b] += rate[now, b] * at_work[b]
                if counts:
                    for b in range(n_marched):
                        interval = counted[np.uint64(marched[b]), now]
                        if interval >= 0 and left[b] < np.inf:
                            total[r // batch, interval] += _occurrence(rate[now, b] * at_work[b])
                for b in range(n_marched):
                    if spent[b] >= left[b]:
                        left[b] = np.inf
                        fired[n_fired] = np.uint64(marched[b])
                        n_fired += _ONE
            for f in range(n_fired):
                is_over[fired[f]] = True
                out[r, fired[f]] = now
            for f in range(n_fired):
                a = fired[f]
                if n_marched > 0:
                    for i in range(now + _ONE, last + _ONE):
                        for b in range(n_marched):
                            rate[i, b] *= by_age[a, i - now, b]
                    for w in range(np.uint64(surface_start[a]), np.uint64(surface_start[a + _ONE])):
                        for i in range(now + _ONE, last + _ONE):
                            rate[i, np.uint64(surface_target[w])] *= surface[w, now, i]
                for q in range(np.uint64(pair_start[a]), np.uint64(pair_start[a + _ONE])):
                    m = np.uint64(pair_target[q])
                    at = now + np.uint64(delay[q])
                    n = n_pulls[m]
                    pull_at[m, n] = min(at, absent)
                    pull_inverse[m, n] = inverse_ratio[q]
                    n_pulls[m] = n + 1
                    if due[m] < at or at > last or has_conditions and (lacks[m] > 0 or is_over[m]):
                        applied[m] = _UNORDERED
                        continue
                    if at < applied[m]:
                        x[m], applied[m] = _replay(m, threshold[r, m], begin[m], n_pulls, pull_at, pull_inverse, cumulated)
                    else:
                        before = cumulated[m, at - _ONE]
                        x[m] = before + (x[m] - before) * inverse_ratio[q]
                        applied[m] = at
                    coming[due[m], m >> _SIX] &= ~(_ONE << (m & _LOW))
                    due[m] = absent
                    if x[m] <= reach[m]:
                        at = _first_reach(x[m], m, cumulated, guide, guide_scale)
                        due[m] = at
                        coming[at, m >> _SIX] |= _ONE << (m & _LOW)
                        pending[at >> _SIX] |= _ONE << (at & _LOW)
                if not has_conditions:
                    continue
                for q in range(np.uint64(shut_start[a]), np.uint64(shut_start[a + _ONE])):
                    m = np.uint64(shut[q])
                    if is_over[m]:
                        continue
                    is_over[m] = True
                    if place[m] >= 0:
                        left[np.uint64(place[m])] = np.inf
                    else:
                        coming[due[m], m >> _SIX] &= ~(_ONE << (m & _LOW))
                        due[m] = _ZERO
                for q in range(np.uint64(waiting_start[a]), np.uint64(waiting_start[a + _ONE])):
                    m = np.uint64(waiting[q])
                    lacks[m] -= 1
                    if lacks[m] > 0 or is_over[m]:
                        continue
                    if place[m] >= 0:
                        at_work[np.uint64(place[m])] = 1.0
                        continue
                    begin[m] = now
                    x[m], applied[m] = _replay(m, threshold[r, m], now, n_pulls, pull_at, pull_inverse, cumulated)
                    if x[m] <= reach[m]:
                        at = _first_reach(x[m], m, cumulated, guide, guide_scale)
                        due[m] = at
                        coming[at, m >> _SIX] |= _ONE << (m & _LOW)
                        pending[at >> _SIX] |= _ONE << (at & _LOW)


@njit(cache=True, nogil=True)
def _stay(uniform, step, is_removed, required, log_ratio, out):  # type: ignore[no-untyped-def]
    n_runs, n_loose = uniform.shape
    fell = np.empty(n_loose, np.bool_)
    for r in range(n_runs):
        for i in range(n_loose):
            falls = is_removed[i]
            support = 0.0
            for j in range(i):
                if fell[j]:
                    falls |= required[i, j]
                    support += log_ratio[i, j]
            fell[i] = falls or (support > 0.0 and uniform[r, i] >= np.exp(-support))
            out[r, i] = NEVER if fell[i] else step[i]


def past_steps(plan: Plan, streams: Streams, n_runs: int) -> Ints:
    """(n_runs, L) step of each loose past event in this world, or NEVER where it fell out (method §7).

    An event stays with probability min(1, Π 1/K) over what fell out before it; one uniform an event and run serves all worlds.
    """
    loose = plan.loose
    out = np.empty((n_runs, len(loose.event)), dtype=np.int64)
    uniform = uniforms(streams.past[loose.event], streams.first_run, n_runs)
    step = plan.program.fixed_step[loose.event].astype(np.int64)
    _stay(uniform, step, loose.is_removed, loose.required, loose.log_ratio, out)
    return out


def noise_factors(plan: Plan, noise: Floats | None) -> Floats:
    """(n_runs, rows, H + 1) factor exp(Σ_j β_bj · n_j(t − 1)) on the rates of the events that feel noisy trends.

    `noise` is the coupled random noise, (n_runs, K, T − as_of) from `as_of` on, or None where no trend has any.
    """
    felt = np.flatnonzero(plan.feels_noise)
    if noise is None or not len(felt):
        return np.ones((1, 1, 1))
    log_factor = np.zeros((len(noise), len(felt), plan.n_offsets + 1))
    sensitivities = plan.program.sensitivities
    for row, m in enumerate(felt):
        for s in np.flatnonzero(sensitivities.event == plan.open[m]):
            log_factor[:, row, 1:] += sensitivities.beta[s] * noise[:, sensitivities.trend[s], :-1]
    return np.exp(log_factor, out=log_factor)


def sample(
    plan: Plan,
    streams: Streams,
    n_runs: int,
    *,
    noise: Floats | None = None,
    threshold: Floats | None = None,
    factors: Floats | None = None,
    counted: Counted | None = None,
) -> Steps:
    """(n_runs, N) the step at which each event comes in each run, NEVER where it does not before the calendar's end.

    Runs are numbered from `streams.first_run`. `noise` as in `noise_factors`, whose result `factors` may be given instead.
    `threshold` (n_runs, M), the open events' Exp(1) thresholds, replaces those of the streams (stratified ones, or given
    ones in a test). `counted` adds up what calibration needs.
    """
    program = plan.program
    out = np.empty((n_runs, program.n_events), dtype=np.int16)
    out[:] = program.fixed_step
    past = past_steps(plan, streams, n_runs)
    out[:, plan.loose.event] = past
    if not len(plan.open):
        return out
    if not len(plan.marched.event):
        if threshold is None:
            by_event = thresholds_by_event(streams.threshold[plan.open], streams.first_run, n_runs)
        else:
            by_event = np.ascontiguousarray(threshold.T)
        offsets = spend(plan, by_event, np.where(past == NEVER, NEVER, past - program.as_of))
        out[:, plan.open] = np.where(offsets == NEVER, NEVER, offsets + program.as_of)
        return out
    if threshold is None:
        threshold = thresholds(streams.threshold[plan.open], streams.first_run, n_runs)
    offsets = np.empty((n_runs, len(plan.open)), dtype=np.int16)
    constant, marched = plan.constant, plan.marched
    most_pulls = int(np.bincount(constant.target, minlength=1).max(initial=0)) + 1
    has_conditions = bool(len(plan.waiting) or len(plan.shut) or plan.needs.any())
    factors = noise_factors(plan, noise) if factors is None else factors
    rows = np.where(plan.feels_noise, np.cumsum(plan.feels_noise) - 1, -1)[marched.event]
    if len(factors) < n_runs:
        rows = np.full(len(rows), -1)
    tally = counted or Counted(np.zeros((1, 1), dtype=np.int64), 1, np.zeros((0, 0)))
    _sample(
        threshold, past - program.as_of, plan.hazard, plan.cumulated, plan.guide, plan.guide_scale,
        constant.start, constant.target, constant.delay, constant.inverse_ratio, most_pulls,
        marched.event, marched.place, np.ascontiguousarray(plan.hazard[marched.event].T), marched.by_age, marched.of_past,
        marched.start, marched.target, marched.surface, rows, factors,
        plan.needs, plan.waiting_start, plan.waiting, plan.shut_start, plan.shut, has_conditions,
        tally.interval, tally.batch, tally.total, offsets,
    )  # fmt: skip
    out[:, plan.open] = np.where(offsets == NEVER, NEVER, offsets + program.as_of)
    return out
