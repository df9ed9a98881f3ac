"""A Program laid out for sampling: what is fixed is folded into hazards, what chance decides becomes pairs (method §3).

Time stands in offsets here: offset i is step as_of + i, from 0 (as_of itself) to H (the calendar's last step).
Sources are the events whose step differs from run to run: open ones first (0 … M−1), then loose past ones. A past event
is loose where a removed event could take it along (§7). All other events act through `hazard`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from etia.engine.program import NEVER, OPEN, Program
from etia.engine.responses import responses_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["CONSTANT", "SURFACE", "TABLE", "Pairs", "PastPulls", "Plan", "fixed_deviation", "prepare"]

CONSTANT, TABLE, SURFACE = 0, 1, 2
"""how a pair's rate ratio varies: one value from the lag on; by age; by source offset and target offset"""

_BUCKETS = 64
"""guide entries an event into its cumulated hazard: a look-up then takes about two steps whatever the calendar's length"""


@dataclass(frozen=True)
class Pairs:
    """Rate ratios K of sources on open events, grouped by source: pairs start[s] … start[s + 1] − 1. Q pairs."""

    start: Ints  # (sources + 1,)
    target: Ints  # (Q,) open event
    kind: Ints  # (Q,) CONSTANT, TABLE or SURFACE
    delay: Ints  # (Q,) age from which a CONSTANT pair acts
    inverse_ratio: Floats  # (Q,) 1/K of a CONSTANT pair
    row: Ints  # (Q,) row of `table` or `surface`
    table: Floats  # (rows, T) K by age
    surface: Floats  # (rows, H + 1, H + 1) K by source offset (0 for past ones) and target offset


@dataclass(frozen=True)
class PastPulls:
    """How loose past events hold one another up: ln K of pairs of them at their dates (method §7). In order of dates."""

    event: Ints  # (L,) event index, in order of dates
    is_removed: NDArray[np.bool_]  # (L,)
    required: NDArray[np.bool_]  # (L, L) [i, j]: i requires j
    log_ratio: Floats  # (L, L) [i, j]: ln K of j on i at age τ_i − τ_j; 0 where j is not earlier


@dataclass(frozen=True)
class Plan:
    """All that the sampler reads. M open events, H offsets after `as_of`."""

    program: Program
    open: Ints  # (M,) event index of each open event
    loose: PastPulls
    hazard: Floats  # (M, H + 1) rate by offset without any source's pull; 0 while a fixed condition shuts it
    cumulated: Floats  # (M, H + 1) sum of `hazard` up to and with an offset
    guide: Ints  # (M, buckets) first offset at which `cumulated` reaches a bucket's lower end
    guide_scale: Floats  # (M,) buckets per unit of cumulated hazard
    is_marched: NDArray[np.bool_]  # (M,) True where some rate ratio varies from step to step
    pairs: Pairs
    needs: Ints  # (M,) number of sources that the event requires
    waiting_start: Ints  # (sources + 1,) open events that require a source, grouped by source
    waiting: Ints
    shut_start: Ints  # (sources + 1,) open events that a source prevents, grouped by source
    shut: Ints
    noise_row: Ints  # (M,) row of the noise factors for an event that feels noisy trends; −1 for none
    deviation: Floats  # (K, T) d of the trends from what is the same in every run

    @property
    def n_offsets(self) -> int:
        """H: steps after `as_of`."""
        return self.hazard.shape[1] - 1

    @property
    def n_sources(self) -> int:
        return len(self.open) + len(self.loose.event)


def _grouped(source: Ints, n_sources: int, *columns: NDArray) -> tuple[Ints, list[NDArray]]:  # type: ignore[type-arg]
    order = np.argsort(source, kind="stable")
    start = np.zeros(n_sources + 1, dtype=np.int64)
    np.add.at(start, source + 1, 1)
    return np.cumsum(start), [column[order] for column in columns]


def _links_between(program: Program) -> tuple[Ints, Ints]:
    """Ends of all event → event relations: links, and responses of trends that an event is sensitive to."""
    links, sensitivities = program.links, program.sensitivities
    sources, targets = [links.source.astype(np.int64)], [links.target.astype(np.int64)]
    for event, trend in zip(sensitivities.event, sensitivities.trend, strict=True):
        rows = np.flatnonzero(np.any(program.trends.response[:, trend, :], axis=1))
        acting = np.flatnonzero(np.isin(program.trends.response_row, rows).any(axis=1))
        sources.append(acting)
        targets.append(np.full(len(acting), event, dtype=np.int64))
    return np.concatenate(sources), np.concatenate(targets)


def _loose(program: Program) -> PastPulls:
    """Past events that a removed one could take along, with their mutual pulls."""
    n = program.n_events
    step = program.fixed_step
    if not program.removed.any():
        none = np.zeros((0, 0))
        empty = np.zeros(0, dtype=np.int64)
        return PastPulls(empty, np.zeros(0, dtype=bool), none.astype(bool), none)
    past = np.flatnonzero(program.is_past() | program.removed)
    log_ratio, required = np.zeros((n, n)), np.zeros((n, n), dtype=bool)
    required[program.requires.event, program.requires.on] = True
    links, sensitivities, response = program.links, program.sensitivities, program.trends.response
    age = step[links.target] - step[links.source]
    both = np.isin(links.source, past) & np.isin(links.target, past) & (age > 0)
    picked = np.flatnonzero(both)
    np.add.at(log_ratio, (links.target[picked], links.source[picked]), links.log_ratio[picked, age[picked]])
    for event, trend, beta in zip(sensitivities.event, sensitivities.trend, sensitivities.beta, strict=True):
        if step[event] < 0 or step[event] > program.as_of:
            continue
        earlier = past[step[past] < step[event]]
        rows = program.trends.response_row[earlier, step[earlier]]
        log_ratio[event, earlier] += beta * response[rows, trend, step[event] - step[earlier] - 1]
    ordered = past[np.lexsort((past, step[past]))]
    loose = program.removed.copy()
    for event in ordered:
        loose[event] |= bool(np.any(loose & (required[event] | (log_ratio[event] != 0.0))))
    chosen = ordered[loose[ordered]].astype(np.int64)
    grid = np.ix_(chosen, chosen)
    return PastPulls(chosen, program.removed[chosen], required[grid], log_ratio[grid])


def fixed_deviation(program: Program, is_fixed: NDArray[np.bool_]) -> Floats:
    """(K, T) deviation that known noise, policies and the events in `is_fixed` cause at their steps."""
    trends = program.trends
    return trends.known_deviation + responses_at(program.fixed_step, is_fixed, trends.response_row, trends.response)


@njit(cache=True, nogil=True)
def _add_link_pulls(as_of, step, is_fixed, position, source, target, log_ratio, scale, has_scale, out):  # type: ignore[no-untyped-def]
    n_steps = log_ratio.shape[1]
    for i in range(len(source)):
        m = position[target[i]]
        tau = step[source[i]]
        if m < 0 or not is_fixed[source[i]] or tau >= n_steps:
            continue
        for t in range(max(tau, as_of) + 1, n_steps):
            pull = log_ratio[i, t - tau]
            out[m, t - as_of] += pull * scale[i, t] if has_scale else pull


def _hazard(program: Program, opened: Ints, is_fixed: NDArray[np.bool_], deviation: Floats) -> Floats:
    as_of, step = program.as_of, program.fixed_step
    log_pull = np.zeros((len(opened), program.n_steps - as_of))
    position = np.full(program.n_events, -1, dtype=np.int64)
    position[opened] = np.arange(len(opened))
    links = program.links
    scale = links.scale if links.scale is not None else np.zeros((0, 0))
    _add_link_pulls(
        as_of, step, is_fixed, position, links.source, links.target, links.log_ratio, scale, links.scale is not None, log_pull
    )
    sensitivities = program.sensitivities
    for event, trend, beta in zip(sensitivities.event, sensitivities.trend, sensitivities.beta, strict=True):
        if position[event] >= 0:
            log_pull[position[event], 1:] += beta * deviation[trend, as_of:-1]
    hazard = program.base_rate[opened, as_of:] * np.exp(log_pull)
    hazard[:, 0] = 0.0
    offsets = np.arange(hazard.shape[1])
    for pairs, opens_after in ((program.requires, True), (program.prevented_by, False)):
        for event, on in zip(pairs.event, pairs.on, strict=True):
            if position[event] >= 0 and is_fixed[on]:
                after = offsets > step[on] - as_of
                hazard[position[event], ~after if opens_after else after] = 0.0
    return hazard


def _guide(cumulated: Floats) -> tuple[Ints, Floats]:
    total = cumulated[:, -1]
    scale = np.divide(_BUCKETS, total, out=np.zeros_like(total), where=total > 0)
    edges = np.arange(_BUCKETS) / _BUCKETS
    guide = np.array([np.searchsorted(row, edges * row[-1] * (1.0 - 1e-12)) for row in cumulated], dtype=np.int64)
    return guide.reshape(len(cumulated), _BUCKETS), scale


def _pull_by_age(program: Program, sources: Ints, targets: Ints, ends: Ints) -> tuple[Floats, NDArray[np.bool_]]:
    """(Q, T) ln K by age of each distinct pair, and (Q,) whether policies make it vary with the calendar too."""
    n, n_steps = program.n_events, program.n_steps
    code = sources * n + targets
    pull = np.zeros((len(code), n_steps))
    by_calendar = np.zeros(len(code), dtype=bool)
    place = {int(c): q for q, c in enumerate(code)}
    links = program.links
    for i in np.flatnonzero(np.isin(links.source * np.int64(n) + links.target, code)):
        q = place[int(links.source[i]) * n + int(links.target[i])]
        pull[q] += links.log_ratio[i]
        if links.scale is not None and np.any(links.scale[i] != 1.0):
            by_calendar[q] = True
    response_row, response = program.trends.response_row, program.trends.response
    varies = np.any(response_row != response_row[:, :1], axis=1)
    sensitivities = program.sensitivities
    for event, trend, beta in zip(sensitivities.event, sensitivities.trend, sensitivities.beta, strict=True):
        for q in np.flatnonzero(targets == event):
            source = sources[q]
            row = response_row[source, max(int(ends[q]), 0)]
            pull[q, 1:] += beta * response[row, trend, :-1]
            by_calendar[q] |= bool(varies[source])
    return pull, by_calendar


def _surface(program: Program, source: int, target: int, past_step: int) -> Floats:
    """(H + 1, H + 1) K by source offset and target offset, where policies act on the pair."""
    as_of, n_steps = program.as_of, program.n_steps
    span = n_steps - as_of
    out = np.zeros((span, span))
    links, trends = program.links, program.trends
    chosen = np.flatnonzero((links.source == source) & (links.target == target))
    sensitivities = program.sensitivities
    felt = np.flatnonzero(sensitivities.event == target)
    for i in range(span):
        tau = as_of + i if i or past_step < 0 else past_step
        later = np.arange(max(tau, as_of) + 1, n_steps)
        for link in chosen:
            pull = links.log_ratio[link, later - tau]
            out[i, later - as_of] += pull * links.scale[link, later] if links.scale is not None else pull
        row = trends.response_row[source, tau]
        for s in felt:
            out[i, later - as_of] += sensitivities.beta[s] * trends.response[row, sensitivities.trend[s], later - tau - 1]
    return np.exp(out)


def _constant_from(pull: Floats) -> Ints:
    """(Q,) the age from which ln K stays at its last value, having been 0 before; −1 where it does not."""
    last = pull[:, -1:]
    is_last = pull == last
    is_zero = pull == 0.0
    delay = np.where(is_last.all(axis=1), 0, pull.shape[1] - np.argmin(is_last[:, ::-1], axis=1))
    before_is_zero = np.array([is_zero[q, : delay[q]].all() for q in range(len(pull))], dtype=bool)
    return np.where(before_is_zero, delay, -1)


def _pairs(program: Program, sources: Ints, is_target: NDArray[np.bool_], feels_noise: NDArray[np.bool_]) -> tuple[Pairs, NDArray[np.bool_]]:
    n, n_open_steps = program.n_events, program.n_steps - program.as_of
    position = np.full(n, -1, dtype=np.int64)
    position[sources] = np.arange(len(sources))
    source, target = _links_between(program)
    acting = (position[source] >= 0) & is_target[target]
    code = np.unique(source[acting] * n + target[acting])
    source, target = code // n, code % n
    ends = np.where(program.is_past()[source], program.fixed_step[source], program.n_steps - 1)
    pull, by_calendar = _pull_by_age(program, source, target, ends)
    delay = _constant_from(pull)
    is_constant = (delay >= 0) & ~by_calendar
    is_marched = feels_noise.copy()
    is_marched[target[~is_constant]] = True
    kind = np.where(by_calendar, SURFACE, np.where(is_marched[target], TABLE, CONSTANT))
    row = np.zeros(len(code), dtype=np.int64)
    row[kind == TABLE] = np.arange(np.count_nonzero(kind == TABLE))
    row[kind == SURFACE] = np.arange(np.count_nonzero(kind == SURFACE))
    surfaces = [
        _surface(program, source[q], target[q], program.fixed_step[source[q]] if program.is_past()[source[q]] else OPEN)
        for q in np.flatnonzero(kind == SURFACE)
    ]
    surface = np.array(surfaces).reshape(len(surfaces), n_open_steps if surfaces else 0, n_open_steps if surfaces else 0)
    targets = np.cumsum(is_target) - 1
    start, columns = _grouped(
        position[source], len(sources), targets[target], kind, delay, np.exp(-pull[:, -1]), row
    )
    return Pairs(start, *columns, table=np.exp(pull[kind == TABLE]), surface=surface), is_marched  # type: ignore[arg-type]


def _conditions(event: NDArray, on: NDArray, position: Ints, targets: Ints, n_sources: int) -> tuple[Ints, Ints]:  # type: ignore[type-arg]
    pairs = np.unique(np.stack([event, on], axis=1), axis=0) if len(event) else np.zeros((0, 2), dtype=np.int64)
    chosen = (targets[pairs[:, 0]] >= 0) & (position[pairs[:, 1]] >= 0)
    start, (waiting,) = _grouped(position[pairs[chosen, 1]], n_sources, targets[pairs[chosen, 0]])
    return start, waiting


def prepare(program: Program) -> Plan:
    """Lay a Program out for sampling; done once for all its runs."""
    n = program.n_events
    opened = np.flatnonzero(program.fixed_step == OPEN).astype(np.int64)
    loose = _loose(program)
    sources = np.concatenate([opened, loose.event])
    is_fixed = np.ones(n, dtype=bool)
    is_fixed[sources] = False
    deviation = fixed_deviation(program, is_fixed & (program.fixed_step != NEVER))
    hazard = _hazard(program, opened, is_fixed, deviation)
    cumulated = np.cumsum(hazard, axis=1)
    guide, guide_scale = _guide(cumulated)
    is_target = np.zeros(n, dtype=bool)
    is_target[opened] = True
    noisy = reached_by_noise(program)
    feels_noise = np.zeros(n, dtype=bool)
    feels_noise[program.sensitivities.event[np.isin(program.sensitivities.trend, noisy)]] = True
    pairs, is_marched = _pairs(program, sources, is_target, feels_noise & is_target)
    position, targets = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    position[sources] = np.arange(len(sources))
    targets[opened] = np.arange(len(opened))
    waiting_start, waiting = _conditions(program.requires.event, program.requires.on, position, targets, len(sources))
    shut_start, shut = _conditions(program.prevented_by.event, program.prevented_by.on, position, targets, len(sources))
    rows = np.full(len(opened), -1, dtype=np.int64)
    rows[feels_noise[opened]] = np.arange(np.count_nonzero(feels_noise[opened]))
    return Plan(
        program, opened, loose, hazard, cumulated, guide, guide_scale, is_marched[opened], pairs,
        np.bincount(waiting, minlength=len(opened)).astype(np.int64), waiting_start, waiting, shut_start, shut, rows, deviation,
    )  # fmt: skip


def reached_by_noise(program: Program) -> NDArray[np.int64]:
    """Indices of the trends with random noise of their own or through couplings."""
    noise = program.trends.noise
    if noise is None:
        return np.zeros(0, dtype=np.int64)
    reached = np.zeros(program.n_trends, dtype=bool)
    reached[noise.trend] = True
    for _ in range(program.n_trends):
        reached[noise.coupling_target[reached[noise.coupling_source]]] = True
    return np.flatnonzero(reached)
