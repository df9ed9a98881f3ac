"""Changed worlds of one draw, made from its factual runs: only what a change reaches is run again (method §7).

In a run's factual world every prospective event has a course of rates λ_b(t), come or not. A past event gone, or an
event set to a date, multiplies these courses. From the first change on, thresholds are spent along the new courses,
step by step; where an event's step comes out otherwise than it was, its pulls are moved with it. Runs without a change
stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from etia.engine.fallout import Past, fallout, past_events
from etia.engine.program import NEVER, OPEN
from etia.engine.pulls import Pulls, log_hazards, pulls_among
from etia.engine.streams import thresholds, uniforms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.engine.program import Conditions, Program
    from etia.engine.streams import Streams

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]
    Steps = NDArray[np.int16]

__all__ = ["Ground", "Rerun", "World", "ground", "rerun"]


@dataclass(frozen=True)
class World:
    """A change of the factual world: past events taken out, other events set to a step or, with NEVER, ruled out."""

    removed: tuple[int, ...] = ()  # past events by index
    fixed: tuple[tuple[int, int], ...] = ()  # (event that is not past, step); copies are named one by one
    dates_kept: bool = False  # True: every other event keeps its factual step (method §7, transmission)

    def __bool__(self) -> bool:
        return bool(self.removed or self.fixed)


@dataclass(frozen=True)
class Ground:
    """The factual runs of one draw, laid out for reruns. R runs, M movers (events that are not past), H offsets.

    Offset i is step as_of + i, as in `plan`; H + 1 stands for an event that does not come.
    """

    program: Program
    past: Past
    uniform: Floats  # (R, n) numbers that decide whether past events stay
    fell: Bools  # (R, n) past events that are gone in the factual world (a scenario may remove some)
    mover: Ints  # (M,) event index
    place: Ints  # (N,) position among the movers; −1 for past events
    is_free: Bools  # (M,) chance decides when it comes; False where it is scheduled or set
    threshold: Floats  # (R, M)
    offset: Ints  # (R, M) factual offsets
    rate: Floats  # (R, H + 1, M) factual rates, as if the event had not come and no condition held it
    cumulated: Floats  # (R, H + 1, M) their sums
    pulls: Pulls
    gates: _Gates

    @property
    def n_offsets(self) -> int:
        """H: steps after `as_of`."""
        return int(self.rate.shape[1]) - 1


@dataclass(frozen=True)
class _Gates:
    """Conditions of the movers: by mover what it waits for and what shuts it off, by mover whom it holds or shuts."""

    needs_start: Ints  # (M + 1,)
    needs: Ints  # movers required
    shutter_start: Ints
    shutter: Ints  # movers that prevent it
    holds_start: Ints
    holds: Ints  # movers that wait for it
    shuts_start: Ints
    shuts: Ints  # movers that it prevents
    needs_past: Bools  # (M, n)
    shut_by_past: Bools  # (M, n)


@dataclass(frozen=True)
class Rerun:
    """What a changed world does to every run."""

    fell: Bools  # (R, n) past events gone
    pattern: Ints  # (R,) the same number where the same past events are gone
    offset: Ints  # (R, M) offsets of the movers


@njit(cache=True, nogil=True)
def _fill_rates(  # type: ignore[no-untyped-def]
    log_hazard, offset, by_age, surface_start, surface_target, surface, fell, past_inverse, rate, cumulated
):  # fmt: skip
    n_runs, n, n_movers = rate.shape
    is_shared = log_hazard.shape[0] == 1
    shared = np.exp(log_hazard[0])
    for r in range(n_runs):
        for i in range(n):
            for m in range(n_movers):
                rate[r, i, m] = shared[i, m] if is_shared else np.exp(log_hazard[r, i, m])
        for j in range(fell.shape[1]):
            if fell[r, j]:
                for i in range(n):
                    for m in range(n_movers):
                        rate[r, i, m] *= past_inverse[j, i, m]
        for a in range(n_movers):
            _pull(a, offset[r, a], False, by_age, surface_start, surface_target, surface, rate[r])
        for m in range(n_movers):
            cumulated[r, 0, m] = rate[r, 0, m]
        for i in range(1, n):
            for m in range(n_movers):
                cumulated[r, i, m] = cumulated[r, i - 1, m] + rate[r, i, m]


@njit(inline="always")
def _pull(a, o, is_undone, by_age, surface_start, surface_target, surface, rate):  # type: ignore[no-untyped-def]
    """Multiply what is to come of the rates by source a's pulls from offset o on; `by_age` is 1/K where undone."""
    n, n_movers = rate.shape
    for i in range(o + 1, n):
        for m in range(n_movers):
            rate[i, m] *= by_age[a, i - o, m]
    for q in range(surface_start[a], surface_start[a + 1]):
        m = surface_target[q]
        for i in range(o + 1, n):
            rate[i, m] *= 1.0 / surface[q, o, i] if is_undone else surface[q, o, i]


@njit(cache=True, nogil=True)
def _change_past(  # type: ignore[no-untyped-def]
    fell, was_fell, start, target, pair, course, first, by_mover, is_touched
):  # fmt: skip
    """Take the pulls of past events that are gone out of the courses from `first` on, and put those back that are back.

    Mover by mover, as a past event pulls on few; `by_mover` (M, H + 1) and `is_touched` (M,) are room to work in.
    """
    n, n_movers = course.shape
    is_touched[:] = False
    for j in range(len(fell)):
        if fell[j] == was_fell[j]:
            continue
        for x in range(start[j], start[j + 1]):
            m = target[x]
            own = by_mover[m]
            if not is_touched[m]:
                is_touched[m] = True
                for i in range(first, n):
                    own[i] = course[i, m]
            pull = pair[1 if fell[j] else 0, x]
            for i in range(first, n):
                own[i] *= pull[i]
    for m in range(n_movers):
        if is_touched[m]:
            for i in range(first, n):
                course[i, m] = by_mover[m, i]


@njit(cache=True, nogil=True, error_model="numpy")
def _rerun(  # type: ignore[no-untyped-def]
    threshold, offset, rate, cumulated, is_free, set_offset, fell, was_fell, past_acts, past_start, past_target,
    past_pair, needs_past, shut_by_past, by_age, by_age_inverse, surface_start, surface_target, surface,
    needs_start, needs, shutter_start, shutter, holds_start, holds, shuts_start, shuts, out,
):  # fmt: skip
    n_runs, n, n_movers = rate.shape
    n_past = fell.shape[1]
    absent = n
    has_past_gates = needs_past.any() or shut_by_past.any()
    course = np.empty((n, n_movers))  # rates in this world
    by_mover = np.empty((n_movers, n))
    is_touched = np.zeros(n_movers, np.bool_)
    spent = np.empty(n_movers)
    left = np.empty(n_movers)  # threshold; infinite where the event cannot come (any more)
    at_work = np.empty(n_movers)  # 1 where all requirements have come
    lacks = np.empty(n_movers, np.int64)
    is_factual_step = np.zeros(n + 1, np.bool_)
    is_blocked = np.zeros(n_movers, np.bool_)
    for r in range(n_runs):
        first = absent  # offset of the first change
        for m in range(n_movers):
            out[r, m] = offset[r, m]
            if set_offset[m] >= 0 and set_offset[m] != offset[r, m]:
                first = min(first, set_offset[m], offset[r, m])
        for j in range(n_past):
            if fell[r, j] != was_fell[r, j] and past_acts[j]:
                first = 1
        if first >= absent:
            continue
        if has_past_gates:
            is_blocked[:] = False
            for j in range(n_past):
                for m in range(n_movers):
                    is_blocked[m] |= (needs_past[m, j] and fell[r, j]) or (shut_by_past[m, j] and not fell[r, j])
        before = first - 1
        is_factual_step[:] = False
        for m in range(n_movers):
            is_factual_step[offset[r, m]] = True
            if set_offset[m] >= 0:
                is_factual_step[set_offset[m]] = True
            begin = 0
            lacks[m] = 0
            for x in range(needs_start[m], needs_start[m + 1]):
                at = offset[r, needs[x]]
                if at <= before:
                    begin = max(begin, at)
                else:
                    lacks[m] += 1
            at_work[m] = 1.0 if lacks[m] == 0 else 0.0
            spent[m] = cumulated[r, before, m] - cumulated[r, begin, m] if lacks[m] == 0 else 0.0
            left[m] = threshold[r, m]
            if not is_free[m] or set_offset[m] >= 0 or offset[r, m] <= before or is_blocked[m]:
                left[m] = np.inf
            for x in range(shutter_start[m], shutter_start[m + 1]):
                if offset[r, shutter[x]] <= before:
                    left[m] = np.inf
        for i in range(first, n):
            for m in range(n_movers):
                course[i, m] = rate[r, i, m]
        _change_past(
            fell[r], was_fell[r], past_start, past_target, past_pair, course, first, by_mover, is_touched
        )  # fmt: skip
        for i in range(first, n):
            n_hits = 0
            for m in range(n_movers):
                spent[m] += course[i, m] * at_work[m]
                n_hits += spent[m] >= left[m]
            if n_hits == 0 and not is_factual_step[i]:
                continue
            for a in range(n_movers):
                was = offset[r, a] == i
                if set_offset[a] >= 0:
                    comes = set_offset[a] == i
                elif is_free[a]:
                    comes = spent[a] >= left[a]
                else:
                    comes = was
                if comes:
                    out[r, a] = i
                    left[a] = np.inf
                    if not was:
                        _pull(a, i, False, by_age, surface_start, surface_target, surface, course)
                elif was:
                    if out[r, a] == i:
                        out[r, a] = absent
                    _pull(a, i, True, by_age_inverse, surface_start, surface_target, surface, course)
            for a in range(n_movers):
                if out[r, a] != i:
                    continue
                for x in range(holds_start[a], holds_start[a + 1]):
                    m = holds[x]
                    lacks[m] -= 1
                    if lacks[m] == 0:
                        at_work[m] = 1.0
                for x in range(shuts_start[a], shuts_start[a + 1]):
                    left[shuts[x]] = np.inf


def ground(program: Program, streams: Streams, steps: Steps) -> Ground:
    """Lay out the runs of one draw whose event steps are `steps` (R, N), sampled with these streams."""
    n_runs = len(steps)
    past = past_events(program)
    mover = np.flatnonzero(past.place < 0)
    place = np.full(program.n_events, -1, dtype=np.int64)
    place[mover] = np.arange(len(mover))
    absent = program.n_steps - program.as_of
    offset = np.where(steps[:, mover] == NEVER, absent, steps[:, mover].astype(np.int64) - program.as_of)
    fell = steps[:, past.event] == NEVER
    pulls = pulls_among(program, past, mover)
    rate = np.empty((n_runs, absent, len(mover)))
    cumulated = np.empty_like(rate)
    _fill_rates(
        log_hazards(program, mover, pulls.of_past, streams, n_runs), offset, pulls.by_age, pulls.surface_start,
        pulls.surface_target, pulls.surface, fell, pulls.past_inverse, rate, cumulated,
    )  # fmt: skip
    return Ground(
        program, past, uniforms(streams.past[past.event], streams.first_run, n_runs), fell, mover, place,
        program.fixed_step[mover] == OPEN, thresholds(streams.threshold[mover], streams.first_run, n_runs),
        offset, rate, cumulated, pulls, _gates(program, len(mover), past, place),
    )  # fmt: skip


def _gates(program: Program, n_movers: int, past: Past, place: Ints) -> _Gates:
    def grouped(by: list[int], what: list[int]) -> tuple[Ints, Ints]:
        order = np.argsort(np.array(by, dtype=np.int64), kind="stable")
        start = np.searchsorted(np.array(by, dtype=np.int64)[order], np.arange(n_movers + 1))
        return start.astype(np.int64), np.array(what, dtype=np.int64)[order]

    def pairs(conditions: Conditions) -> tuple[list[int], list[int], Bools]:
        with_past = np.zeros((n_movers, len(past.event)), dtype=bool)
        events, others = [], []
        for event, on in zip(conditions.event.tolist(), conditions.on.tolist(), strict=True):
            if place[event] < 0:
                continue
            if place[on] >= 0:
                events.append(int(place[event]))
                others.append(int(place[on]))
            else:
                with_past[place[event], past.place[on]] = True
        return events, others, with_past

    waiting, needed, needs_past = pairs(program.requires)
    shut, shutters, shut_by_past = pairs(program.prevented_by)
    return _Gates(
        *grouped(waiting, needed), *grouped(shut, shutters), *grouped(needed, waiting),
        *grouped(shutters, shut), needs_past, shut_by_past,
    )  # fmt: skip


def rerun(ground: Ground, world: World) -> Rerun:
    """All runs of the draw in a changed world, on the same random numbers."""
    program, g, p = ground.program, ground.gates, ground.pulls
    base = np.flatnonzero(program.removed) if len(program.removed) else np.zeros(0, dtype=np.int64)
    set_offset = np.full(len(ground.mover), -1, dtype=np.int64)
    for event, step in world.fixed:
        set_offset[ground.place[event]] = ground.n_offsets + 1 if step == NEVER else step - program.as_of
    removed = np.array(world.removed, dtype=np.int64)
    if world.dates_kept:
        fell = ground.fell.copy()
        fell[:, ground.past.place[removed]] = True
        offset = np.where(set_offset >= 0, set_offset, ground.offset)
        return Rerun(fell, _pattern(fell), offset)
    if len(removed):
        fell, pattern = fallout(ground.past, np.union1d(base, removed), ground.uniform)
    else:
        fell, pattern = ground.fell, _pattern(ground.fell)
    out = np.empty_like(ground.offset)
    _rerun(
        ground.threshold, ground.offset, ground.rate, ground.cumulated, ground.is_free, set_offset, fell, ground.fell,
        p.past_acts | g.needs_past.any(axis=0) | g.shut_by_past.any(axis=0), p.past_start, p.past_target, p.past_pair,
        g.needs_past, g.shut_by_past, p.by_age, p.by_age_inverse, p.surface_start, p.surface_target, p.surface,
        g.needs_start, g.needs, g.shutter_start, g.shutter, g.holds_start, g.holds, g.shuts_start, g.shuts, out,
    )  # fmt: skip
    return Rerun(fell, pattern, out)


def _pattern(fell: Bools) -> Ints:
    """(R,) number of each run's distinct row."""
    if not fell.any():
        return np.zeros(len(fell), dtype=np.int64)
    return np.unique(fell, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
