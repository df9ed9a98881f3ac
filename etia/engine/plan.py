"""A Program laid out for sampling: what is fixed is folded into hazards, what chance decides becomes pairs (method §3).

Time stands in offsets here: offset i is step as_of + i, from 0 (as_of itself) to H (the calendar's last step).
Sources are the events whose step differs from run to run: open ones first (0 … M−1), then loose past ones. A past event
is loose where a removed event could take it along (§7). All other events act through `hazard`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from etia.engine.grouped import BEYOND, Grouped, grouped, with_noughts
from etia.engine.program import NEVER, OPEN, Program
from etia.engine.responses import responses_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = [
    "BUCKETS",
    "BY_AGE",
    "BY_OFFSET",
    "ConstantPairs",
    "PastPulls",
    "Plan",
    "VaryingPulls",
    "events_feeling_noise",
    "fixed_deviation",
    "noise_felt",
    "prepare",
]

BUCKETS = 512
"""guide entries an event into its cumulated hazard: a look-up then takes a step at most, nearly always"""

BY_AGE, BY_OFFSET = -1, 0
"""strides of pulls that hang on the source's age, and of a loose past source, which comes at one offset if at all"""


@dataclass(frozen=True)
class ConstantPairs:
    """Pulls that keep one value from their lag on, grouped by source: pairs start[s] … start[s + 1] − 1. Q pairs."""

    start: Ints  # (sources + 1,)
    target: Ints  # (Q,) open event
    delay: Ints  # (Q,) age from which the pull acts
    inverse_ratio: Floats  # (Q,) 1/K


@dataclass(frozen=True)
class VaryingPulls:
    """Pulls on open events whose rate varies in other ways than by constant pulls. Q pairs, by target.

    K of a source that came at offset τ, at the target's offset t, is table[base + stride · τ + t]; 1 for t ≤ τ.
    """

    varies: NDArray[np.bool_]  # (M,) by ages, by trends, by noise or by policies: all its pulls stand here
    source: Ints  # (Q,)
    target: Ints  # (Q,) open event
    base: Ints  # (Q,)
    stride: Ints  # (Q,) BY_AGE or BY_OFFSET; where policies act, as long as a row of the table
    most: Floats  # (Q,) the largest K
    table: Floats
    ceiling: Floats  # as `table`: the largest K from an offset on, with the same τ


@dataclass(frozen=True)
class PastPulls:
    """How loose past events hold one another up: ln K of pairs at their dates (method §7). In order of dates."""

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
    guide: NDArray[np.uint16]  # (M, buckets) first offset at which `cumulated` reaches a bucket's lower end
    guide_scale: Floats  # (M,) buckets per unit of cumulated hazard
    constant: ConstantPairs
    varying: VaryingPulls
    needs: Ints  # (M,) number of sources that the event requires
    waiting_start: Ints  # (sources + 1,) open events that require a source, grouped by source
    waiting: Ints
    shut_start: Ints  # (sources + 1,) open events that a source prevents, grouped by source
    shut: Ints
    feels_noise: NDArray[np.bool_]  # (M,) True for events that are sensitive to a noisy trend; they always vary
    deviation: Floats  # (K, T) d of the trends from what is the same in every run

    def with_hazard(self, hazard: Floats) -> Plan:
        """The same plan with other hazards (M, H + 1)."""
        cumulated = np.cumsum(hazard, axis=1)
        guide, guide_scale = _guide(cumulated)
        return replace(self, hazard=hazard, cumulated=cumulated, guide=guide, guide_scale=guide_scale)

    @cached_property
    def grouped(self) -> Grouped:
        """All that acts on open events, by source and by target."""
        return grouped(self)

    @property
    def n_offsets(self) -> int:
        """H: steps after `as_of`."""
        return int(self.hazard.shape[1]) - 1

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
    moving = {trend: _events_moving(program, trend) for trend in set(sensitivities.trend.tolist())}
    for event, trend in zip(sensitivities.event.tolist(), sensitivities.trend.tolist(), strict=True):
        sources.append(moving[trend])
        targets.append(np.full(len(moving[trend]), event, dtype=np.int64))
    return np.concatenate(sources), np.concatenate(targets)


def _events_moving(program: Program, trend: int) -> Ints:
    """Events with a response of the trend, whatever the step at which they come."""
    moves, rows = program.trends.acts[:, trend], program.trends.response_row
    is_moving, switching = moves[rows[:, 0]], _varies(rows)
    is_moving[switching] = moves[rows[switching]].any(axis=1)
    return np.flatnonzero(is_moving)


def _varies(rows: NDArray[np.int32]) -> NDArray[np.bool_]:
    """(N,) events whose response depends on the step at which they come."""
    return np.asarray(np.any(rows != rows[:, :1], axis=1))


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
    gone = program.removed.copy()
    depth = np.zeros(n, dtype=np.int64)
    for _ in range(len(past)):  # what requires a removed event goes too, at any remove
        gone |= (required & gone).any(axis=1)
        depth = np.where(required.any(axis=1), 1 + np.where(required, depth, 0).max(axis=1), 0)
    ordered = past[np.lexsort((past, depth[past], step[past]))]  # within a step, what is required comes first
    loose = gone.copy()
    for event in ordered:
        loose[event] |= bool(np.any(loose & (required[event] | (log_ratio[event] != 0.0))))
    chosen = ordered[loose[ordered]].astype(np.int64)
    grid = np.ix_(chosen, chosen)
    return PastPulls(chosen, gone[chosen], required[grid], log_ratio[grid])


def fixed_deviation(program: Program, is_fixed: NDArray[np.bool_]) -> Floats:
    """(K, T) deviation that known noise, policies and the events in `is_fixed` cause at their steps."""
    trends = program.trends
    return trends.known_deviation + responses_at(
        program.fixed_step, is_fixed, trends.response_row, trends.response, trends.acts
    )


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
        as_of,
        step,
        is_fixed,
        position,
        links.source,
        links.target,
        links.log_ratio,
        scale,
        links.scale is not None,
        log_pull,
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


@njit(cache=True, nogil=True)
def _fill_guide(cumulated, out):  # type: ignore[no-untyped-def]
    for m in range(len(cumulated)):
        i = 0
        for bucket in range(BUCKETS):
            edge = cumulated[m, -1] * (bucket / BUCKETS) * (1.0 - 1e-12)
            while cumulated[m, i] < edge:
                i += 1
            out[m, bucket] = i


def _guide(cumulated: Floats) -> tuple[NDArray[np.uint16], Floats]:
    total = cumulated[:, -1]
    scale = np.divide(BUCKETS, total, out=np.zeros_like(total), where=total > 0)
    guide = np.empty((len(cumulated), BUCKETS), dtype=np.uint16)
    _fill_guide(cumulated, guide)
    return guide, scale


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
    varies = _varies(response_row)
    sensitivities = program.sensitivities
    for event, trend, beta in zip(sensitivities.event, sensitivities.trend, sensitivities.beta, strict=True):
        for felt in np.flatnonzero(targets == event):
            source = sources[felt]
            row = response_row[source, max(int(ends[felt]), 0)]
            pull[felt, 1:] += beta * response[row, trend, :-1]
            by_calendar[felt] |= bool(varies[source])
    return pull, by_calendar


def _calendar_pull(program: Program, source: int, target: int, tau: int) -> Floats:
    """(T,) ln K of a source that came at step `tau` on a target at each later step, policies' factors in it."""
    out = np.zeros(program.n_steps)
    later = np.arange(tau + 1, program.n_steps)
    links, trends, sensitivities = program.links, program.trends, program.sensitivities
    for link in np.flatnonzero((links.source == source) & (links.target == target)):
        pull = links.log_ratio[link, later - tau]
        out[later] += pull if links.scale is None else pull * links.scale[link, later]
    row = trends.response_row[source, tau]
    for s in np.flatnonzero(sensitivities.event == target):
        out[later] += sensitivities.beta[s] * trends.response[row, sensitivities.trend[s], later - tau - 1]
    return out


def _constant_from(pull: Floats) -> Ints:
    """(Q,) the age from which ln K stays at its last value, having been 0 before; −1 where it does not."""
    last = pull[:, -1:]
    is_last = pull == last
    delay = np.where(is_last.all(axis=1), 0, pull.shape[1] - np.argmin(is_last[:, ::-1], axis=1))
    before_is_zero = np.array([not pull[q, : delay[q]].any() for q in range(len(pull))], dtype=bool)
    return np.where(before_is_zero, delay, -1)


def _pulls(
    program: Program, opened: Ints, loose: Ints, feels_noise: NDArray[np.bool_]
) -> tuple[ConstantPairs, VaryingPulls]:
    n, n_open, as_of = program.n_events, len(opened), program.as_of
    sources = np.concatenate([opened, loose])
    position, targets = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    position[sources] = np.arange(len(sources))
    targets[opened] = np.arange(n_open)
    source, target = _links_between(program)
    acting = (position[source] >= 0) & (targets[target] >= 0) & (source != target)
    code = np.unique(source[acting] * n + target[acting])
    source, target = code // n, code % n
    ends = np.where(program.is_past()[source], program.fixed_step[source], program.n_steps - 1)
    pull, by_calendar = _pull_by_age(program, source, target, ends)
    pulls = pull.any(axis=1) | by_calendar
    source, target, pull, by_calendar = source[pulls], target[pulls], pull[pulls], by_calendar[pulls]
    delay = _constant_from(pull)
    varies = feels_noise[opened].copy()
    varies[targets[target[(delay < 0) | by_calendar]]] = True
    is_constant = ~varies[targets[target]]
    with np.errstate(over="ignore"):  # a K of nothing shuts the event off
        inverse = np.exp(-pull[is_constant, -1])
    start, columns = _grouped(
        position[source[is_constant]], len(sources), targets[target[is_constant]], delay[is_constant], inverse
    )
    own, late = np.flatnonzero(~is_constant & (position[source] < n_open)), np.flatnonzero(position[source] >= n_open)
    aging, acted, late = own[~by_calendar[own]], own[by_calendar[own]], late[~is_constant[late]]
    span = program.n_steps - as_of
    by_age = np.zeros((len(aging), 1, 2 * span))
    by_age[:, 0, span:] = pull[aging, :span]
    of_past = [_calendar_pull(program, source[q], target[q], int(program.fixed_step[source[q]])) for q in late]
    surface = [[_calendar_pull(program, source[q], target[q], as_of + i) for i in range(span)] for q in acted]
    varying = np.concatenate([aging, late, acted])
    base, stride, most, table, ceiling = _tables(
        by_age, np.array(of_past).reshape(len(late), 1, program.n_steps)[:, :, as_of:],
        np.array(surface).reshape(len(acted), span, program.n_steps)[:, :, as_of:],
    )  # fmt: skip
    order = np.argsort(targets[target[varying]], kind="stable")
    giver, taker = position[source[varying[order]]], targets[target[varying[order]]]
    return ConstantPairs(start, *columns), VaryingPulls(
        varies, giver, taker, base[order], stride[order], most[order], table, ceiling
    )


def _tables(by_age: Floats, of_past: Floats, surface: Floats) -> tuple[Ints, Ints, Floats, Floats, Floats]:
    """Base, stride and most of pairs, table and ceiling, from ln K (pairs, rows, columns) of three kinds of pairs."""
    base, stride, most = [], [], []
    table, ceiling, begin, span = [], [], 0, by_age.shape[2] // 2
    for log_pull, by in ((by_age, BY_AGE), (of_past, BY_OFFSET), (surface, span + BEYOND)):
        rows = np.exp(with_noughts(log_pull))
        n, size = len(rows), rows.shape[1] * rows.shape[2]
        base.append(np.arange(n) * size + begin + (span if by == BY_AGE else 0))
        stride.append(np.full(n, by))
        most.append(rows.reshape(n, size).max(axis=1))
        table.append(rows.ravel())
        ceiling.append(np.maximum.accumulate(rows[:, :, ::-1], axis=2)[:, :, ::-1].ravel())
        begin += rows.size
    return (
        np.concatenate(base), np.concatenate(stride), np.concatenate(most), np.concatenate(table),
        np.concatenate(ceiling),
    )  # fmt: skip


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
    feels_noise = events_feeling_noise(program)
    constant, varying = _pulls(program, opened, loose.event, feels_noise)
    position, targets = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    position[sources] = np.arange(len(sources))
    targets[opened] = np.arange(len(opened))
    waiting_start, waiting = _conditions(program.requires.event, program.requires.on, position, targets, len(sources))
    shut_start, shut = _conditions(program.prevented_by.event, program.prevented_by.on, position, targets, len(sources))
    return Plan(
        program, opened, loose, hazard, cumulated, guide, guide_scale, constant, varying,
        np.bincount(waiting, minlength=len(opened)).astype(np.int64), waiting_start, waiting, shut_start, shut,
        feels_noise[opened], deviation,
    )  # fmt: skip


def events_feeling_noise(program: Program) -> NDArray[np.bool_]:
    """(N,) True for events that are sensitive to a trend with random noise, its own or through couplings."""
    noise = program.trends.noise
    feels = np.zeros(program.n_events, dtype=bool)
    if noise is None:
        return feels
    reached = np.zeros(program.n_trends, dtype=bool)
    reached[noise.trend] = True
    for _ in range(program.n_trends):
        reached[noise.coupling_target[reached[noise.coupling_source]]] = True
    feels[program.sensitivities.event[reached[program.sensitivities.trend]]] = True
    return feels


def noise_felt(program: Program) -> NDArray[np.bool_]:
    """(K,) True for trends that an open event is sensitive to: whose noise the sampler needs."""
    felt = np.zeros(program.n_trends, dtype=bool)
    sensitivities = program.sensitivities
    felt[sensitivities.trend[program.fixed_step[sensitivities.event] == OPEN]] = True
    return felt
