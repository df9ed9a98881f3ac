"""Changed worlds of one draw, made from its factual runs: only what a change reaches is run again (method §7).

In a run's factual world every prospective event has a course of rates λ_b(t), come or not. A change, be it a past event
gone or an event set to a date, multiplies the rates of the events that it acts on; such an event's threshold is then
spent along the new course. Where its step changes, that is a change of its own from then on. Changes are taken in
order of time, so that each event's step is settled when it is reached. All other events keep their factual steps.
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
    rate: Floats  # (R, M, H + 1) factual rates, as if the event had not come and no condition held it
    cumulated: Floats  # (R, M, H + 1) their sums
    pulls: Pulls
    gates: _Gates

    @property
    def n_runs(self) -> int:
        return len(self.offset)


@dataclass(frozen=True)
class _Gates:
    """Conditions of the movers: by mover what it waits for and what shuts it off, by mover whom it holds or shuts."""

    needs_start: Ints  # (M + 1,)
    needs: Ints  # movers required
    shutter_start: Ints
    shutter: Ints  # movers that prevent it
    holds_start: Ints
    holds: Ints  # movers that wait for it, or that it prevents
    needs_past: Bools  # (M, n)
    shut_by_past: Bools  # (M, n)


@dataclass(frozen=True)
class Rerun:
    """What a changed world does to every run."""

    fell: Bools  # (R, n) past events gone
    pattern: Ints  # (R,) the same number where the same past events are gone
    offset: Ints  # (R, M) offsets of the movers


@njit(inline="always")
def _ratio(q, o, i, surface_row, by_age, surface):  # type: ignore[no-untyped-def]
    """K of pair q at offset i, its source having come at offset o."""
    if surface_row[q] < 0:
        return by_age[q, i - o]
    return surface[surface_row[q], o, i]


@njit(cache=True, nogil=True)
def _fill_rates(  # type: ignore[no-untyped-def]
    log_hazard, offset, start, target, surface_row, by_age, surface, fell, past_acts, past_inverse, rate, cumulated,
):  # fmt: skip
    n_runs, n_movers, n = rate.shape
    is_shared = log_hazard.shape[0] == 1
    for r in range(n_runs):
        if is_shared and r > 0:
            for m in range(n_movers):
                for i in range(n):
                    rate[r, m, i] = cumulated[0, m, i]
        else:
            for m in range(n_movers):
                for i in range(n):
                    rate[r, m, i] = np.exp(log_hazard[r, m, i])
        if is_shared and r == 0:
            cumulated[0] = rate[0]
    for r in range(n_runs):
        for j in range(fell.shape[1]):
            if fell[r, j]:
                for m in range(n_movers):
                    if past_acts[j, m]:
                        for i in range(n):
                            rate[r, m, i] *= past_inverse[j, m, i]
        for a in range(n_movers):
            o = offset[r, a]
            for q in range(start[a], start[a + 1]):
                m = target[q]
                for i in range(o + 1, n):
                    rate[r, m, i] *= _ratio(q, o, i, surface_row, by_age, surface)
        for m in range(n_movers):
            total = 0.0
            for i in range(n):
                total += rate[r, m, i]
                cumulated[r, m, i] = total


@njit(inline="always")
def _predict(  # type: ignore[no-untyped-def]
    m, since, is_blocked, was_touched, threshold, rate, cumulated, factor, spent,
    needs_start, needs, shutter_start, shutter, applied,
):  # fmt: skip
    """Offset at which mover m comes, all that happens up to `since` being settled and m not having come by then."""
    absent = rate.shape[1]
    if is_blocked:
        return absent
    begin = 0
    for x in range(needs_start[m], needs_start[m + 1]):
        begin = max(begin, applied[needs[x]])
    end = absent - 1
    for x in range(shutter_start[m], shutter_start[m + 1]):
        end = min(end, applied[shutter[x]])
    if begin >= end or since >= end:
        return absent
    total = 0.0
    first = begin + 1
    if begin < since:
        total = spent[m, since] if was_touched else cumulated[m, since] - cumulated[m, begin]
        first = since + 1
    else:
        spent[m, begin] = 0.0
    for i in range(first, end + 1):
        total += rate[m, i] * factor[m, i]
        spent[m, i] = total
        if total >= threshold[m]:
            return i
    return absent


@njit(cache=True, nogil=True, error_model="numpy")
def _rerun(  # type: ignore[no-untyped-def]
    threshold, offset, rate, cumulated, is_free, set_offset, fell, was_fell, past_acts, past_inverse,
    needs_past, shut_by_past, start, target, surface_row, by_age, surface,
    needs_start, needs, shutter_start, shutter, holds_start, holds, out,
):  # fmt: skip
    n_runs, n_movers, n = rate.shape
    n_past = fell.shape[1]
    absent = n
    factor = np.empty((n_movers, n))
    spent = np.empty((n_movers, n))
    predicted = np.empty(n_movers, np.int64)
    applied = np.empty(n_movers, np.int64)
    is_touched = np.empty(n_movers, np.bool_)
    is_blocked = np.empty(n_movers, np.bool_)
    touched = np.empty(n_movers, np.int64)
    is_due = np.zeros(n_movers, np.bool_)
    for r in range(n_runs):
        n_touched = 0
        for m in range(n_movers):
            applied[m] = offset[r, m]
            predicted[m] = offset[r, m]
            is_touched[m] = False
            is_blocked[m] = False
            if set_offset[m] >= 0:
                predicted[m] = set_offset[m]
                is_touched[m] = True
                touched[n_touched] = m
                n_touched += 1
        for j in range(n_past):
            if shut_by_past.shape[1] > 0:
                for m in range(n_movers):
                    is_blocked[m] |= (needs_past[m, j] and fell[r, j]) or (shut_by_past[m, j] and not fell[r, j])
            if fell[r, j] == was_fell[r, j]:
                continue
            for m in range(n_movers):
                if not is_free[m] or set_offset[m] >= 0:
                    continue
                if not (past_acts[j, m] or needs_past[m, j] or shut_by_past[m, j]):
                    continue
                if not is_touched[m]:
                    is_touched[m] = True
                    touched[n_touched] = m
                    n_touched += 1
                    for i in range(n):
                        factor[m, i] = 1.0
                if past_acts[j, m]:
                    if fell[r, j]:
                        for i in range(n):
                            factor[m, i] *= past_inverse[j, m, i]
                    else:
                        for i in range(n):
                            factor[m, i] /= past_inverse[j, m, i]
        for x in range(n_touched):
            m = touched[x]
            if set_offset[m] < 0:
                predicted[m] = _predict(
                    m, 0, is_blocked[m], True, threshold[r], rate[r], cumulated[r], factor, spent,
                    needs_start, needs, shutter_start, shutter, applied,
                )  # fmt: skip
        while True:
            now, a = absent, -1
            for x in range(n_touched):
                m = touched[x]
                if predicted[m] != applied[m]:
                    at = min(predicted[m], applied[m])
                    if at < now:
                        now, a = at, m
            if a < 0:
                break
            before = applied[a]
            after = predicted[a] if predicted[a] < before else absent
            applied[a] = after
            for q in range(start[a], start[a + 1]):
                m = target[q]
                if not is_free[m] or set_offset[m] >= 0 or predicted[m] <= now:
                    continue
                is_due[m] = True
                if not is_touched[m]:
                    for i in range(n):
                        factor[m, i] = 1.0
                for i in range(after + 1, n):
                    factor[m, i] *= _ratio(q, after, i, surface_row, by_age, surface)
                for i in range(before + 1, n):
                    factor[m, i] /= _ratio(q, before, i, surface_row, by_age, surface)
                predicted[m] = _predict(
                    m, now, is_blocked[m], is_touched[m], threshold[r], rate[r], cumulated[r], factor, spent,
                    needs_start, needs, shutter_start, shutter, applied,
                )  # fmt: skip
                if not is_touched[m]:
                    is_touched[m] = True
                    touched[n_touched] = m
                    n_touched += 1
            for x in range(holds_start[a], holds_start[a + 1]):
                m = holds[x]
                if is_due[m] or not is_free[m] or set_offset[m] >= 0 or predicted[m] <= now:
                    continue
                if not is_touched[m]:
                    for i in range(n):
                        factor[m, i] = 1.0
                predicted[m] = _predict(
                    m, now, is_blocked[m], is_touched[m], threshold[r], rate[r], cumulated[r], factor, spent,
                    needs_start, needs, shutter_start, shutter, applied,
                )  # fmt: skip
                if not is_touched[m]:
                    is_touched[m] = True
                    touched[n_touched] = m
                    n_touched += 1
            for q in range(start[a], start[a + 1]):
                is_due[target[q]] = False
        for m in range(n_movers):
            out[r, m] = applied[m]


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
    rate = np.empty((n_runs, len(mover), absent))
    cumulated = np.empty_like(rate)
    _fill_rates(
        log_hazards(program, mover, pulls.of_past, streams, n_runs), offset, pulls.start, pulls.target,
        pulls.surface_row, pulls.by_age, pulls.surface, fell, pulls.past_acts, pulls.past_inverse, rate, cumulated,
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
        *grouped(waiting, needed), *grouped(shut, shutters), *grouped(needed + shutters, waiting + shut),
        needs_past, shut_by_past,
    )  # fmt: skip


def rerun(ground: Ground, world: World) -> Rerun:
    """All runs of the draw in a changed world, on the same random numbers."""
    program, g, p = ground.program, ground.gates, ground.pulls
    base = np.flatnonzero(program.removed) if len(program.removed) else np.zeros(0, dtype=np.int64)
    set_offset = np.full(len(ground.mover), -1, dtype=np.int64)
    for event, step in world.fixed:
        set_offset[ground.place[event]] = ground.rate.shape[2] if step == NEVER else step - program.as_of
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
        p.past_acts, p.past_inverse, g.needs_past, g.shut_by_past,
        p.start, p.target, p.surface_row, p.by_age, p.surface,
        g.needs_start, g.needs, g.shutter_start, g.shutter, g.holds_start, g.holds, out,
    )  # fmt: skip
    return Rerun(fell, pattern, out)


def _pattern(fell: Bools) -> Ints:
    """(R,) number of each run's distinct row."""
    if not fell.any():
        return np.zeros(len(fell), dtype=np.int64)
    return np.unique(fell, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
