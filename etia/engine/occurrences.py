"""How often events are expected to come, interval by interval, for base rates that calibration tries (method §3).

Expected occurrences are Σ 1 − exp(−λ_b(t)) over the steps with b still to come, smooth in λ0 where mere counts would
jump. Thresholds and noise stay the same from sweep to sweep.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from etia.engine.march import Counted
from etia.engine.plan import Plan, prepare
from etia.engine.sampler import felt_factors, sample
from etia.engine.streams import Streams, stratified_thresholds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.engine.program import Curves, Program

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

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
        if len(plan.marched.event):
            self._march(plan, out)
        else:
            self._spend(plan, out)
        return out / self.batch

    def _march(self, plan: Plan, out: Floats) -> None:
        tally = Counted(self.batch, np.zeros((len(out), *plan.marched.by_age.shape[1:])))
        sample(plan, self.streams, self.n_runs, threshold=self.threshold, factors=self.factors, counted=tally)
        event, offset = np.nonzero(self.counted >= 0)
        interval = self.counted[event, offset]
        for batch, total in enumerate(tally.total[:, offset, event]):
            out[batch] = np.bincount(interval, total, minlength=out.shape[1])

    def _spend(self, plan: Plan, out: Floats) -> None:
        steps = sample(plan, self.streams, self.n_runs, threshold=self.threshold)
        constant, n_open = plan.constant, len(plan.open)
        source = np.repeat(np.arange(plan.n_sources), np.diff(constant.start))
        order = np.argsort(constant.target, kind="stable")
        change = np.empty(plan.hazard.shape, dtype=np.int64)
        _changes(plan.hazard, self.counted, change)
        is_counted = self.counted >= 0
        last_by = np.where(is_counted.any(axis=1), plan.n_offsets - np.argmax(is_counted[:, ::-1], axis=1), -1)
        _count(
            steps, plan.program.as_of, np.concatenate([plan.open, plan.loose.event]), plan.hazard, self.counted, change,
            last_by, _starts(constant.target, n_open), source[order], constant.delay[order],
            1.0 / constant.inverse_ratio[order],
            *_sources_by_target(plan.waiting_start, plan.waiting, n_open),
            *_sources_by_target(plan.shut_start, plan.shut, n_open), out,
        )  # fmt: skip


def _starts(group: Ints, n: int) -> Ints:
    return np.r_[0, np.cumsum(np.bincount(group, minlength=n))].astype(np.int64)


def _sources_by_target(start: Ints, targets: Ints, n_open: int) -> tuple[Ints, Ints]:
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
