"""How much every event pulls on every prospective one: K among movers, and of the past on them (method §3).

Movers are the events that are not past: open ones and those with a set date. Offset i is step as_of + i.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from etia.engine.propagation import noise_paths

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.engine.fallout import Past
    from etia.engine.program import Program
    from etia.engine.streams import Streams

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

__all__ = ["Pulls", "log_hazards", "pulls_among"]


@dataclass(frozen=True)
class Pulls:
    """Rate ratios K between the events of one draw. M movers, n past events, H offsets."""

    by_age: Floats  # (M, H + 1, M) K by source, age and target; 1 for the pairs of `surface`
    by_age_inverse: Floats  # 1/K
    surface_start: Ints  # (M + 1,) pairs on which policies act, grouped by source
    surface_target: Ints  # (Q,)
    surface: Floats  # (Q, H + 1, H + 1) K by source offset and target offset
    of_past: Floats  # (H + 1, M) Σ ln K of the whole past by offset
    past_acts: Bools  # (n,) past events that act on some mover
    past_factor: Floats  # (n, H + 1, M) K of each
    past_inverse: Floats  # (n, H + 1, M) 1/K
    past_start: Ints  # (n + 1,) the same by pairs that are not 1 throughout, grouped by past event
    past_target: Ints  # (B,)
    past_pair: Floats  # (2, B, H + 1) K and 1/K


def pulls_among(program: Program, past: Past, mover: Ints) -> Pulls:
    """All pulls on the movers of a Program."""
    of_past = _past_pulls(program, past, mover)
    acts = np.asarray(of_past.any(axis=(1, 2)))
    factor = np.ones_like(of_past)
    factor[acts] = np.exp(of_past[acts])
    by_age, source, target = _pairs(program, mover)
    start = np.searchsorted(source, np.arange(len(mover) + 1)).astype(np.int64)
    surfaces = [_surface(program, int(mover[a]), int(mover[m])) for a, m in zip(source, target, strict=True)]
    span = program.n_steps - program.as_of
    surface = np.array(surfaces).reshape(len(surfaces), span, span)
    ratio = np.exp(by_age)
    inverse = 1.0 / factor
    giver, taker = np.nonzero(of_past.any(axis=1))
    return Pulls(
        ratio, 1.0 / ratio, start, target, surface, of_past.sum(axis=0), acts, factor, inverse,
        np.searchsorted(giver, np.arange(len(past.event) + 1)).astype(np.int64), taker.astype(np.int64),
        np.stack([factor[giver, :, taker], inverse[giver, :, taker]]),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _fill_past_pulls(  # type: ignore[no-untyped-def]
    as_of, step, source, target, link, log_ratio, scale, has_scale, event, trend, beta, row, response, out
):
    n_steps = log_ratio.shape[1]
    for x in range(len(link)):
        j, m, at = source[x], target[x], link[x]
        for t in range(as_of + 1, n_steps):
            pull = log_ratio[at, t - step[j]]
            out[j, t - as_of, m] += pull * scale[at, t] if has_scale else pull
    n_steps = response.shape[2]
    for s in range(len(event)):
        for j in range(len(step)):
            course = response[row[j], trend[s]]
            for t in range(as_of + 1, n_steps):
                out[j, t - as_of, event[s]] += beta[s] * course[t - 1 - step[j]]


def _past_pulls(program: Program, past: Past, mover: Ints) -> Floats:
    """(n, H + 1, M) ln K of past events on movers by offset, policies' factors in it."""
    links, felt, place = program.links, program.sensitivities, _places(program, mover)
    out = np.zeros((len(past.event), program.n_steps - program.as_of, len(mover)))
    between = np.flatnonzero((past.place[links.source] >= 0) & (place[links.target] >= 0))
    chosen = np.flatnonzero(place[felt.event] >= 0)
    _fill_past_pulls(
        program.as_of, past.step, past.place[links.source[between]], place[links.target[between]], between,
        links.log_ratio, np.zeros((0, 0)) if links.scale is None else links.scale, links.scale is not None,
        place[felt.event[chosen]], felt.trend[chosen], felt.beta[chosen],
        program.trends.response_row[past.event, past.step], program.trends.response, out,
    )  # fmt: skip
    return out


def _places(program: Program, mover: Ints) -> Ints:
    place = np.full(program.n_events, -1, dtype=np.int64)
    place[mover] = np.arange(len(mover))
    return place


def _pairs(program: Program, mover: Ints) -> tuple[Floats, Ints, Ints]:
    """(M, H + 1, M) ln K by source, age and target; source and target of the pairs that need a surface instead."""
    n_movers, place = len(mover), _places(program, mover)
    links, felt, trends = program.links, program.sensitivities, program.trends
    span = program.n_steps - program.as_of
    out = np.zeros((n_movers, span, n_movers))
    is_by_calendar = np.zeros((n_movers, n_movers), dtype=bool)
    for link in np.flatnonzero((place[links.source] >= 0) & (place[links.target] >= 0)):
        a, m = place[links.source[link]], place[links.target[link]]
        out[a, :, m] += links.log_ratio[link, :span]
        is_by_calendar[a, m] |= links.scale is not None and bool(np.any(links.scale[link] != 1.0))
    rows = trends.response_row[mover][:, program.as_of + 1 :]
    last_row = rows[:, -1] if rows.shape[1] else np.zeros(n_movers, dtype=np.int64)
    varies = np.any(rows != last_row[:, None], axis=1)
    for event, trend, beta in zip(felt.event, felt.trend, felt.beta, strict=True):
        m = place[event]
        if m >= 0 and span > 1:
            out[:, 1:, m] += beta * trends.response[last_row, trend, : span - 1]
            is_by_calendar[:, m] |= varies & trends.acts[rows, trend].any(axis=1)
    source, target = np.nonzero(is_by_calendar)
    out[source, :, target] = 0.0
    return out, source.astype(np.int64), target.astype(np.int64)


def _surface(program: Program, source: int, target: int) -> Floats:
    """(H + 1, H + 1) K by source offset and target offset, where policies act on the pair."""
    as_of, n_steps = program.as_of, program.n_steps
    links, trends, felt = program.links, program.trends, program.sensitivities
    between = np.flatnonzero((links.source == source) & (links.target == target))
    out = np.zeros((n_steps - as_of, n_steps - as_of))
    for tau in range(as_of + 1, n_steps):
        later = np.arange(tau + 1, n_steps)
        for link in between:
            pull = links.log_ratio[link, later - tau]
            out[tau - as_of, later - as_of] += pull if links.scale is None else pull * links.scale[link, later]
        row = trends.response_row[source, tau]
        for s in np.flatnonzero(felt.event == target):
            out[tau - as_of, later - as_of] += felt.beta[s] * trends.response[row, felt.trend[s], later - tau - 1]
    return np.exp(out)


def log_hazards(program: Program, mover: Ints, of_past: Floats, streams: Streams, n_runs: int) -> Floats:
    """(R or 1, H + 1, M) ln of the movers' rates, the whole past at work and no mover; R where noise is felt.

    ln λ0 + Σ_past ln K + Σ_j β_j · (known deviation_j + random noise_j)(t − 1).
    """
    as_of, felt, place = program.as_of, program.sensitivities, _places(program, mover)
    with np.errstate(divide="ignore"):
        out = np.log(program.base_rate[mover, as_of:]).T[None] + of_past[None]
    out[:, 0] = -np.inf
    chosen = np.flatnonzero(place[felt.event] >= 0)
    for s in chosen:
        out[0, 1:, place[felt.event[s]]] += felt.beta[s] * program.trends.known_deviation[felt.trend[s], as_of:-1]
    wanted = np.zeros(program.n_trends, dtype=bool)
    wanted[felt.trend[chosen]] = True
    found = noise_paths(program.trends.noise, program.n_trends, streams, n_runs, wanted) if len(chosen) else None
    if found is None:
        return np.ascontiguousarray(out)
    first, noise = found
    out = np.repeat(out, n_runs, axis=0)
    begin = max(first, as_of)  # step whose noise is felt in the step after it
    for s in chosen:
        out[:, begin - as_of + 1 :, place[felt.event[s]]] += felt.beta[s] * noise[:, felt.trend[s], begin - first : -1]
    return out
