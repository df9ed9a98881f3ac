"""When events come: one Exp(1) threshold an event and run, spent along its rate (method §3).

Event-driven: between two occurrences nothing is computed for an event whose pulls are constant. Its threshold is kept as
a point x on the cumulated hazard without pulls: a pull that multiplies the rate by K from step t on moves what is left,
x → S(t−1) + (x − S(t−1))/K. Events whose rate ratios vary from step to step, by half-lives, trends or noise, are marched:
their rates stand step by step in one table a run, and an occurrence multiplies what is to come of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from etia.engine.program import NEVER
from etia.engine.streams import Streams, thresholds, uniforms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.engine.plan import Plan

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Steps = NDArray[np.int16]

__all__ = ["Counted", "noise_factors", "past_steps", "sample"]


class Counted(NamedTuple):
    """Expected occurrences Σ 1 − exp(−λ) of marched events, added up while they are sampled (for calibration)."""

    interval: Ints  # (M, H + 1) interval whose occurrences are counted there, −1 for none
    batch: int  # runs a batch
    total: Floats  # (batches, intervals) added to


@njit(inline="always")
def _first_reach(x, m, cumulated, guide, guide_scale):  # type: ignore[no-untyped-def]
    """First offset at which the cumulated hazard reaches x; H + 1 where it does not."""
    last = cumulated.shape[1] - 1
    if x > cumulated[m, last]:
        return last + 1
    bucket = min(int(x * guide_scale[m]), guide.shape[1] - 1)
    i = guide[m, bucket]
    while cumulated[m, i] < x:
        i += 1
    return i


@njit(inline="always")
def _replay(m, threshold, begin, n_pulls, pull_offset, pull_inverse, cumulated):  # type: ignore[no-untyped-def]
    """Point on the cumulated hazard at which the threshold is spent, from offset `begin` on; and whether pulls are left."""
    for i in range(1, n_pulls[m]):
        at, inverse = pull_offset[m, i], pull_inverse[m, i]
        j = i - 1
        while j >= 0 and pull_offset[m, j] > at:
            pull_offset[m, j + 1] = pull_offset[m, j]
            pull_inverse[m, j + 1] = pull_inverse[m, j]
            j -= 1
        pull_offset[m, j + 1] = at
        pull_inverse[m, j + 1] = inverse
    x = cumulated[m, begin] + threshold
    for i in range(n_pulls[m]):
        before = cumulated[m, max(pull_offset[m, i] - 1, begin)]
        if x <= before:
            return x, True
        x = before + (x - before) * pull_inverse[m, i]
    return x, False


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
    needs, waiting_start, waiting, shut_start, shut, counted, batch, total, out,
):  # fmt: skip
    n_runs, n_open = threshold.shape
    n_loose = loose_offset.shape[1]
    n_marched = len(marched)
    last = hazard.shape[1] - 1
    absent = last + 1
    counts = total.shape[0] > 0
    x = np.empty(n_open)
    due = np.empty(n_open, np.int64)  # offset at which each constant event comes, as far as is known
    lacks = np.empty(n_open, np.int64)  # requirements not yet met
    is_over = np.empty(n_open, np.bool_)  # has come, or is shut off
    begin = np.empty(n_open, np.int64)  # offset after which the rate is at work
    n_pulls = np.empty(n_open, np.int64)
    pull_offset = np.empty((n_open, most_pulls), np.int64)
    pull_inverse = np.empty((n_open, most_pulls))
    is_pending = np.empty(n_open, np.bool_)  # a pull lies beyond the point at which the threshold is spent
    queue = np.empty(n_open, np.int64)  # constant events with a known date to come
    is_queued = np.empty(n_open, np.bool_)
    rate = np.empty((last + 1, n_marched))
    spent = np.empty(n_marched)
    left = np.empty(n_marched)  # threshold of a marched event; infinite where it cannot come any more
    at_work = np.empty(n_marched)  # 1 where its requirements are met
    fired = np.empty(n_open, np.int64)
    for r in range(n_runs):
        n_queued = 0
        for m in range(n_open):
            out[r, m] = NEVER
            lacks[m] = needs[m]
            is_over[m] = False
            is_queued[m] = False
            begin[m] = 0
            n_pulls[m] = 0
            is_pending[m] = False
        if n_marched > 0:
            rate[:] = marched_hazard
            for b in range(n_marched):
                row = factor_row[b]
                if row >= 0:
                    for i in range(1, last + 1):
                        rate[i, b] *= factors[r, row, i]
        for s in range(n_loose):
            offset = loose_offset[r, s]
            source = n_open + s
            if offset > 0:
                continue
            for q in range(pair_start[source], pair_start[source + 1]):
                m = pair_target[q]
                pull_offset[m, n_pulls[m]] = max(offset + delay[q], 1)
                pull_inverse[m, n_pulls[m]] = inverse_ratio[q]
                n_pulls[m] += 1
            if n_marched > 0:
                for i in range(1, last + 1):
                    for b in range(n_marched):
                        rate[i, b] *= of_past[s, i, b]
            for q in range(waiting_start[source], waiting_start[source + 1]):
                lacks[waiting[q]] -= 1
            for q in range(shut_start[source], shut_start[source + 1]):
                is_over[shut[q]] = True
        for m in range(n_open):
            b = place[m]
            if b >= 0:
                spent[b] = 0.0
                left[b] = np.inf if is_over[m] else threshold[r, m]
                at_work[b] = 1.0 if lacks[m] == 0 else 0.0
                continue
            due[m] = absent
            if is_over[m] or lacks[m] > 0:
                continue
            if n_pulls[m] > 0:
                x[m], is_pending[m] = _replay(m, threshold[r, m], 0, n_pulls, pull_offset, pull_inverse, cumulated)
            else:
                x[m] = threshold[r, m]
            due[m] = _first_reach(x[m], m, cumulated, guide, guide_scale)
            if due[m] <= last:
                queue[n_queued] = m
                n_queued += 1
                is_queued[m] = True
        now = 0
        while True:
            if n_marched > 0:
                now += 1
            elif n_queued > 0:
                now = due[queue[0]]
                for p in range(1, n_queued):
                    now = min(now, due[queue[p]])
            else:
                break
            if now > last:
                break
            n_fired = 0
            for b in range(n_marched):
                step_rate = rate[now, b] * at_work[b]
                spent[b] += step_rate
                if spent[b] >= left[b]:
                    fired[n_fired] = marched[b]
                    n_fired += 1
                if counts and left[b] < np.inf and counted[marched[b], now] >= 0:
                    total[r // batch, counted[marched[b], now]] += _occurrence(step_rate)
            p = 0
            while p < n_queued:
                if due[queue[p]] == now:
                    fired[n_fired] = queue[p]
                    n_fired += 1
                    is_queued[queue[p]] = False
                    n_queued -= 1
                    queue[p] = queue[n_queued]
                elif due[queue[p]] > last:
                    is_queued[queue[p]] = False
                    n_queued -= 1
                    queue[p] = queue[n_queued]
                else:
                    p += 1
            for f in range(n_fired):
                a = fired[f]
                is_over[a] = True
                out[r, a] = now
                if place[a] >= 0:
                    left[place[a]] = np.inf
            for f in range(n_fired):
                a = fired[f]
                for q in range(shut_start[a], shut_start[a + 1]):
                    m = shut[q]
                    if not is_over[m]:
                        is_over[m] = True
                        due[m] = absent
                        if place[m] >= 0:
                            left[place[m]] = np.inf
                for i in range(now + 1, last + 1 if n_marched > 0 else 0):
                    for b in range(n_marched):
                        rate[i, b] *= by_age[a, i - now, b]
                for w in range(surface_start[a], surface_start[a + 1]):
                    for i in range(now + 1, last + 1):
                        rate[i, surface_target[w]] *= surface[w, now, i]
                for q in range(pair_start[a], pair_start[a + 1]):
                    m = pair_target[q]
                    at = now + delay[q]
                    if is_over[m] or at > last:
                        continue
                    n = n_pulls[m]
                    is_in_order = n == 0 or pull_offset[m, n - 1] <= at
                    pull_offset[m, n] = at
                    pull_inverse[m, n] = inverse_ratio[q]
                    n_pulls[m] = n + 1
                    if lacks[m] > 0:
                        continue
                    if is_in_order and not is_pending[m]:
                        before = cumulated[m, at - 1]
                        if x[m] <= before:
                            is_pending[m] = True
                            continue
                        x[m] = before + (x[m] - before) * inverse_ratio[q]
                    else:
                        x[m], is_pending[m] = _replay(
                            m, threshold[r, m], begin[m], n_pulls, pull_offset, pull_inverse, cumulated
                        )
                    due[m] = _first_reach(x[m], m, cumulated, guide, guide_scale)
                    if due[m] <= last and not is_queued[m]:
                        queue[n_queued] = m
                        n_queued += 1
                        is_queued[m] = True
                for q in range(waiting_start[a], waiting_start[a + 1]):
                    m = waiting[q]
                    lacks[m] -= 1
                    if lacks[m] > 0 or is_over[m]:
                        continue
                    if place[m] >= 0:
                        at_work[place[m]] = 1.0
                        continue
                    begin[m] = now
                    x[m], is_pending[m] = _replay(
                        m, threshold[r, m], now, n_pulls, pull_offset, pull_inverse, cumulated
                    )
                    due[m] = _first_reach(x[m], m, cumulated, guide, guide_scale)
                    if due[m] <= last and not is_queued[m]:
                        queue[n_queued] = m
                        n_queued += 1
                        is_queued[m] = True


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
    if threshold is None:
        threshold = thresholds(streams.threshold[plan.open], streams.first_run, n_runs)
    offsets = np.empty((n_runs, len(plan.open)), dtype=np.int16)
    constant, marched = plan.constant, plan.marched
    most_pulls = int(np.bincount(constant.target, minlength=1).max(initial=0)) + 1
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
        plan.needs, plan.waiting_start, plan.waiting, plan.shut_start, plan.shut,
        tally.interval, tally.batch, tally.total, offsets,
    )  # fmt: skip
    out[:, plan.open] = np.where(offsets == NEVER, NEVER, offsets + program.as_of)
    return out
