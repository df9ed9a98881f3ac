"""When events come: one Exp(1) threshold an event and run, spent along its rate (method §3).

`rounds` goes from one occurrence to the next. Before, what is removed from the past takes along what hung on it (§7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from etia.engine.plan import noise_felt
from etia.engine.program import NEVER, OPEN
from etia.engine.propagation import noise_paths, noise_since
from etia.engine.rounds import spend
from etia.engine.streams import Streams, thresholds_by_event, uniforms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.engine.plan import Plan

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Steps = NDArray[np.int16]

__all__ = ["felt_factors", "noise_factors", "past_steps", "sample"]


_NEAR = 256
"""runs whose noise is made at once: so little memory is used again instead of being fetched anew"""


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

    An event stays with probability min(1, Π 1/K) over what fell out before it; one uniform an event and run serves all
    worlds.
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


def felt_factors(plan: Plan, streams: Streams, n_runs: int) -> Floats:
    """The same for runs from `streams.first_run` on, their noise made here, some runs at a time."""
    program, noise = plan.program, plan.program.trends.noise
    out = np.ones((n_runs, int(plan.feels_noise.sum()), plan.n_offsets + 1))
    if noise is None or not plan.feels_noise.any():
        return out[:1]
    for begin in range(0, n_runs, _NEAR):
        near = min(_NEAR, n_runs - begin)
        here = streams.starting_at(streams.first_run + begin)
        paths = noise_paths(noise, program.n_trends, here, near, noise_felt(program))
        out[begin : begin + near] = noise_factors(plan, noise_since(paths, program.as_of))
    return out


def sample(
    plan: Plan,
    streams: Streams,
    n_runs: int,
    *,
    noise: Floats | None = None,
    threshold: Floats | None = None,
    factors: Floats | None = None,
) -> Steps:
    """(n_runs, N) the step at which each event comes in each run, NEVER where it does not before the calendar's end.

    Runs are numbered from `streams.first_run`. `noise` as in `noise_factors`, whose result `factors` may be given
    instead. `threshold` (n_runs, M), the open events' Exp(1) thresholds, replaces those of the streams (stratified
    ones, or given ones in a test).
    """
    program, loose = plan.program, plan.loose.event
    past = past_steps(plan, streams, n_runs)
    out = np.empty((n_runs, program.n_events), dtype=np.int16)
    _repeat(np.where(program.fixed_step == OPEN, NEVER, program.fixed_step).astype(np.int16), out)
    if len(loose):
        out[:, loose] = past
    if not len(plan.open):
        return out
    loose_offset = np.where(past == NEVER, NEVER, past - program.as_of)
    by_event = (
        thresholds_by_event(streams.threshold[plan.open], streams.first_run, n_runs)
        if threshold is None
        else np.ascontiguousarray(threshold.T)
    )
    spend(plan, by_event, loose_offset, noise_factors(plan, noise) if factors is None else factors, out)
    return out


@njit(cache=True, nogil=True)
def _repeat(row, out):  # type: ignore[no-untyped-def]
    """The same row for every run."""
    for r in range(len(out)):
        for event in range(len(row)):
            out[r, event] = row[event]
