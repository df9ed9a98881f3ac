"""How often events are expected to come, interval by interval, for base rates that calibration tries (method §3).

Expected occurrences are Σ 1 − exp(−λ_b(t)) over the steps with b still to come, smooth in λ0 where mere counts would
jump. Thresholds and noise stay the same from sweep to sweep.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from etia.engine.lanes import unowned
from etia.engine.march import acting_pulls, count
from etia.engine.plan import Plan, prepare
from etia.engine.program import NEVER
from etia.engine.sampler import felt_factors, sample
from etia.engine.streams import Streams, stratified_thresholds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.engine.program import Curves, Program, Steps

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    _Grouped = tuple[Ints, Ints]

__all__ = ["Simulation", "base_rates", "simulation"]


def base_rates(curves: Curves, rate: Floats, n_events: int, n_steps: int) -> Floats:
    """(N, T) λ0 by event and calendar step, 0 where no interval is at work."""
    out = np.zeros((n_events, n_steps))
    for event, first, last, value in zip(curves.event, curves.first_step, curves.last_step, rate, strict=True):
        out[event, first : last + 1] = value
    return out


@njit(inline="always")
def _occurrence(rate):  # type: ignore[no-untyped-def]
    """1 − exp(−rate), by its series where that is exact to rounding."""
    if rate < 0.004:
        return rate * (1.0 - rate * (0.5 - rate * (1.0 / 6.0 - rate * (1.0 / 24.0 - rate / 120.0))))
    return -np.expm1(-rate)


@njit(cache=True, nogil=True)
def _changes(hazard, interval, out):  # type: ignore[no-untyped-def]
    """out[m, i]: the first offset after i with another hazard or interval; H + 1 for none."""
    last = hazard.shape[1] - 1
    for m in range(len(hazard)):
        out[m, last] = last + 1
        for i in range(last - 1, -1, -1):
            is_same = hazard[m, i] == hazard[m, i + 1] and interval[m, i] == interval[m, i + 1]
            out[m, i] = out[m, i + 1] if is_same else i + 1


@njit(cache=True, nogil=True)
def _count(  # type: ignore[no-untyped-def]
    steps, as_of, sources, hazard, interval, change, last_by, cause_start, cause, cause_delay, cause_ratio,
    need_start, need, stop_start, stop, out,
):  # fmt: skip
    """out[batch, interval] += Σ over runs and steps with an event still to come of 1 − exp(−λ), spell by spell."""
    n_runs = len(steps)
    batch = n_runs // out.shape[0]
    since = np.empty(len(cause) + 1, np.int64)
    factor = np.empty(len(cause) + 1)
    came = np.empty(len(sources), np.int64)
    for r in range(n_runs):
        for s in range(len(sources)):
            came[s] = np.int64(steps[r, sources[s]]) - as_of
        for m in range(len(last_by)):
            begin, end = 0, min(came[m], last_by[m])
            for c in range(need_start[m], need_start[m + 1]):
                begin = max(begin, came[need[c]])
            for c in range(stop_start[m], stop_start[m + 1]):
                end = min(end, came[stop[c]])
            n_causes = 0
            for c in range(cause_start[m], cause_start[m + 1]):
                since[n_causes] = came[cause[c]] + cause_delay[c]
                factor[n_causes] = cause_ratio[c]
                n_causes += since[n_causes] <= end
            i = begin + 1
            while i <= end:
                until = min(end + 1, change[m, i])
                rate = hazard[m, i]
                for c in range(n_causes):
                    if since[c] <= i:
                        rate *= factor[c]
                    else:
                        until = min(until, since[c])
                if rate > 0.0:
                    out[r // batch, interval[m, i]] += (until - i) * _occurrence(rate)
                i = until


@njit(cache=True, nogil=True, error_model="numpy")
def _count_varying(  # type: ignore[no-untyped-def]
    steps, as_of, sources, events, hazard, last_by, by_target, cause, base, stride, table, noise_row, factors,
    need_start, need, stop_start, stop, batch, address, out,
):  # fmt: skip
    """out[batch, m, i] += Σ over the batch's runs with event m of `events` still to come at offset i of 1 − exp(−λ)."""
    span, n_open = np.uint64(hazard.shape[1]), np.uint64(hazard.shape[0])
    flat, noise, total = unowned(hazard.ravel()), unowned(factors.ravel()), unowned(out.reshape(-1))
    table, address = unowned(table), unowned(address)
    now = np.empty((1, len(sources)), np.int16)
    came = now[0]
    for r in range(np.uint64(len(steps))):
        for s in range(len(sources)):
            came[s] = NEVER if steps[r, sources[s]] == NEVER else steps[r, sources[s]] - as_of
        for m in events:
            begin, end = 0, min(np.int64(came[m]), last_by[m])
            for c in range(need_start[m], need_start[m + np.uint64(1)]):
                begin = max(begin, np.int64(came[need[c]]))
            for c in range(stop_start[m], stop_start[m + np.uint64(1)]):
                end = min(end, np.int64(came[stop[c]]))
            if begin >= end:
                continue
            n, _ = acting_pulls(m, 0, now, end, by_target, cause, base, stride, address)
            feels = noise_row[m] >= 0
            factor_at = (r * np.uint64(factors.shape[1]) + np.uint64(noise_row[m])) * span if feels else np.uint64(0)
            count(
                np.uint64(begin + 1), np.uint64(end + 1), flat, m * span, table, address, n, feels, noise, factor_at,
                total, (np.uint64(r // batch) * n_open + m) * span,
            )  # fmt: skip


@dataclass(frozen=True)
class Simulation:
    """Everything of a calibration that stays the same from sweep to sweep. M open events, H offsets after `as_of`."""

    plan: Plan  # with a base rate of 1 wherever an interval is at work
    interval: Ints  # (M, H + 1) interval at work, −1 for none
    counted: Ints  # (M, H + 1) interval whose occurrences are counted there
    streams: Streams
    batch: int
    threshold: Floats
    factors: Floats

    @property
    def n_runs(self) -> int:
        return len(self.threshold)

    def expected_occurrences(self, rate: Floats) -> Floats:
        """(batches, I) mean expected occurrences of each interval's event within the interval."""
        at_work = np.where(self.interval >= 0, rate[self.interval], 0.0)
        plan = self.plan.with_hazard(self.plan.hazard * at_work)
        out = np.zeros((self.n_runs // self.batch, len(rate)))
        steps = sample(plan, self.streams, self.n_runs, threshold=self.threshold, factors=self.factors)
        is_counted = self.counted >= 0
        last_by = np.where(is_counted.any(axis=1), plan.n_offsets - np.argmax(is_counted[:, ::-1], axis=1), -1)
        sources = np.concatenate([plan.open, plan.loose.event])
        needs = _sources_by_target(plan.waiting_start, plan.waiting, len(plan.open))
        stops = _sources_by_target(plan.shut_start, plan.shut, len(plan.open))
        self._count_constant(plan, steps, sources, np.where(plan.varying.varies, -1, last_by), needs, stops, out)
        if plan.varying.varies.any():
            self._count_varying(plan, steps, sources, last_by, needs, stops, out)
        return out / self.batch

    def _count_constant(
        self, plan: Plan, steps: Steps, sources: Ints, last_by: Ints, needs: _Grouped, stops: _Grouped, out: Floats
    ) -> None:
        constant = plan.constant
        source = np.repeat(np.arange(plan.n_sources), np.diff(constant.start))
        order = np.argsort(constant.target, kind="stable")
        change = np.empty(plan.hazard.shape, dtype=np.int64)
        _changes(plan.hazard, self.counted, change)
        _count(
            steps, plan.program.as_of, sources, plan.hazard, self.counted, change, last_by,
            _starts(constant.target, len(plan.open)), source[order], constant.delay[order],
            1.0 / constant.inverse_ratio[order], *needs, *stops, out,
        )  # fmt: skip

    def _count_varying(
        self, plan: Plan, steps: Steps, sources: Ints, last_by: Ints, needs: _Grouped, stops: _Grouped, out: Floats
    ) -> None:
        own = plan.varying
        feels = plan.feels_noise & (len(self.factors) >= len(steps))
        found = np.zeros((len(out), *plan.hazard.shape))
        _count_varying(
            steps, plan.program.as_of, sources, np.flatnonzero(own.varies).astype(np.uint64), plan.hazard, last_by,
            _starts(own.target, len(plan.open)).astype(np.uint64), own.source.astype(np.uint64), own.base, own.stride,
            own.table, np.where(feels, np.cumsum(feels) - 1, -1), self.factors, *needs, *stops, self.batch,
            np.empty(len(own.source) + 1, dtype=np.uint64), found,
        )  # fmt: skip
        event, offset = np.nonzero((self.counted >= 0) & own.varies[:, None])
        interval = self.counted[event, offset]
        for batch, total in enumerate(found[:, event, offset]):
            out[batch] += np.bincount(interval, total, minlength=out.shape[1])


def _starts(group: Ints, n: int) -> Ints:
    return np.asarray(np.r_[0, np.cumsum(np.bincount(group, minlength=n))], dtype=np.int64)


def _sources_by_target(start: Ints, targets: Ints, n_open: int) -> _Grouped:
    """Sources of each target: start (M + 1,) and the sources, from targets grouped by source."""
    source = np.repeat(np.arange(len(start) - 1), np.diff(start))
    return _starts(targets, n_open), source[np.argsort(targets, kind="stable")]


def simulation(program: Program, curves: Curves, streams: Streams, n_runs: int, batch: int) -> Simulation:
    """Lay out a calibration's simulation: a plan without base rates, and stratified thresholds."""
    unit = base_rates(curves, np.ones(len(curves.event)), program.n_events, program.n_steps)[program.copy_of]
    plan = prepare(replace(program, base_rate=unit))
    n_open, as_of = len(plan.open), program.as_of
    interval = np.full((n_open, plan.n_offsets + 1), -1, dtype=np.int64)
    counted = interval.copy()
    for m, event in enumerate(plan.open):
        for i in np.flatnonzero(curves.event == program.copy_of[event]):
            interval[m, curves.first_step[i] - as_of : curves.last_step[i] - as_of + 1] = i
            if curves.marginal[i] and curves.event[i] == event:
                counted[m, curves.first_step[i] - as_of : curves.by_step[i] - as_of + 1] = i
    threshold = stratified_thresholds(streams.threshold[plan.open], streams.first_run, n_runs, batch)
    return Simulation(plan, interval, counted, streams, batch, threshold, felt_factors(plan, streams, n_runs))
