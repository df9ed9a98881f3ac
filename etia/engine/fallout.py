"""What of the past goes when some of it is taken out: attributable fractions, run by run (method §7).

Another past event B stays, at its date, with probability min(1, Π 1/K_aB(τ_B − τ_a)) over the events a before it that
are gone from this world; what requires a removed event goes too. One uniform number an event and run serves all worlds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.engine.program import Program

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

__all__ = ["Past", "fallout", "past_events"]


@dataclass(frozen=True)
class Past:
    """The past events of one draw in order of dates, and how they hold one another up. n events, E pairs."""

    event: Ints  # (n,) event index
    step: Ints  # (n,)
    place: Ints  # (N,) position in this order; −1 for events that are not past
    start: Ints  # (n + 1,) pairs of the i-th event: start[i] … start[i + 1] − 1
    cause: Ints  # (E,) position of the other event
    log_ratio: Floats  # (E,) ln K of the other on it at their dates; 0 where it is only required
    required: Bools  # (E,) the event requires the other


def past_events(program: Program) -> Past:
    """The past of a Program: its events by date; within a step what is required stands before what requires it."""
    past = np.flatnonzero(program.is_past() | _removed(program))
    step = program.fixed_step[past].astype(np.int64)
    requires = np.isin(program.requires.event, past) & np.isin(program.requires.on, past)
    pairs = list(zip(program.requires.event[requires].tolist(), program.requires.on[requires].tolist(), strict=True))
    depth = np.zeros(program.n_events, dtype=np.int64)
    for _ in pairs:
        for event, on in pairs:
            if program.fixed_step[event] == program.fixed_step[on]:
                depth[event] = max(depth[event], min(depth[on] + 1, len(pairs)))
    order = np.lexsort((past, depth[past], step))
    event, step = past[order].astype(np.int64), step[order]
    place = np.full(program.n_events, -1, dtype=np.int64)
    place[event] = np.arange(len(event))
    support = _support(program, event, step)
    required = np.zeros(support.shape, dtype=bool)
    for one, on in pairs:
        required[place[one], place[on]] = True
    target, cause = np.nonzero((support != 0.0) | required)
    start = np.searchsorted(target, np.arange(len(event) + 1)).astype(np.int64)
    return Past(event, step, place, start, cause.astype(np.int64), support[target, cause], required[target, cause])


def _removed(program: Program) -> Bools:
    return program.removed if len(program.removed) else np.zeros(program.n_events, dtype=bool)


def _support(program: Program, event: Ints, step: Ints) -> Floats:
    """(n, n) [i, j]: ln K of j on i at age τ_i − τ_j; 0 where j is not earlier."""
    n = len(event)
    place = np.full(program.n_events, -1, dtype=np.int64)
    place[event] = np.arange(n)
    out = np.zeros((n, n))
    links, sensitivities, trends = program.links, program.sensitivities, program.trends
    i, j = place[links.target], place[links.source]
    age = np.where((i >= 0) & (j >= 0), program.fixed_step[links.target] - program.fixed_step[links.source], 0)
    picked = np.flatnonzero(age > 0)
    np.add.at(out, (i[picked], j[picked]), links.log_ratio[picked, age[picked]])
    for target, trend, beta in zip(sensitivities.event, sensitivities.trend, sensitivities.beta, strict=True):
        i_target = place[target]
        if i_target < 0:
            continue
        earlier = np.flatnonzero(step < step[i_target])
        rows = trends.response_row[event[earlier], step[earlier]]
        out[i_target, earlier] += beta * trends.response[rows, trend, step[i_target] - step[earlier] - 1]
    return out


@njit(cache=True, nogil=True)
def _fallout(start, cause, log_ratio, required, is_removed, uniform, key, fell, pattern):  # type: ignore[no-untyped-def]
    n_runs, n = uniform.shape
    gone = is_removed.copy()
    for _ in range(n):
        more = False
        for i in range(n):
            if not gone[i]:
                for e in range(start[i], start[i + 1]):
                    if required[e] and gone[cause[e]]:
                        gone[i] = True
                        more = True
        if not more:
            break
    is_loose = gone.copy()
    loose = np.empty(n, np.int64)
    n_loose = 0
    for i in range(n):
        for e in range(start[i], start[i + 1]):
            is_loose[i] |= is_loose[cause[e]]
        if is_loose[i]:
            loose[n_loose] = i
            n_loose += 1
    for r in range(n_runs):
        pattern[r] = 0
        for i in range(n):
            fell[r, i] = False
        for at in range(n_loose):
            i = loose[at]
            falls = gone[i]
            support = 0.0
            if not falls:
                for e in range(start[i], start[i + 1]):
                    if fell[r, cause[e]]:
                        falls |= required[e]
                        support += log_ratio[e]
                falls |= support > 0.0 and uniform[r, i] >= np.exp(-support)
            if falls:
                fell[r, i] = True
                pattern[r] ^= key[i]


def fallout(past: Past, removed: Ints, uniform: Floats) -> tuple[Bools, Ints]:
    """Which past events are gone once these (by event index) are removed, run by run.

    `uniform` (runs, n) are the past events' numbers in the order of `past`. Returns (runs, n) True where gone, and
    (runs,) a number that runs share where the same events are gone.
    """
    is_removed = np.zeros(len(past.event), dtype=bool)
    is_removed[past.place[removed]] = True
    fell = np.empty(uniform.shape, dtype=bool)
    pattern = np.empty(len(uniform), dtype=np.int64)
    key = (np.arange(1, len(past.event) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)).view(np.int64)
    key = key ^ (key >> 29) * np.int64(0x3F4A7C15BF58476D)
    _fallout(past.start, past.cause, past.log_ratio, past.required, is_removed, uniform, key, fell, pattern)
    return fell, pattern
