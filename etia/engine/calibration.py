"""Which base rates give back what experts meant: joint calibration of marginal probability curves (method §3).

The unknowns are the λ0 of all marginal intervals. Simulated on stratified thresholds that stay the same from sweep to
sweep, an interval's probability is matched on expected occurrences Σ 1 − exp(−λ_b(t)) over the steps with b still to come.
A sweep moves every interval's rate by the ratio of wanted to found conditional hazard; sweeps are accelerated by Anderson's
mixing and fall back on plain, then damped ones. A base curve's rates have a closed form and are never moved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from etia.engine.plan import prepare
from etia.engine.program import OPEN, Curves, Program
from etia.engine.propagation import noise_paths
from etia.engine.sampler import noise_factors, past_steps, sample
from etia.engine.streams import Streams, stratified_thresholds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Steps = NDArray[np.int16]

__all__ = ["BATCH", "Calibrated", "base_rates", "calibrate", "closed_form_rates"]

BATCH = 1000
"""runs stratified together; the batches' spread gives calibration's standard error"""

_MOST_SWEEPS = 60
_LARGEST_LOG_RATE = 12.0
"""ln of the largest rate tried: a step in which the event then fails to come has probability exp(−e^12)"""


@dataclass(frozen=True)
class Calibrated:
    """Base rates that give back the elicited curves, and how well. I intervals."""

    rate: Floats  # (I,) λ0 per step
    reached: Floats  # (I,) simulated cumulative probability at each point
    log_rate_covariance: Floats  # (I, I) of ln λ0, from the batches' spread; zero for base curves
    is_met: NDArray[np.bool_]  # (I,) False where no base rate can reach the elicited value
    n_sweeps: int


def closed_form_rates(curves: Curves) -> Floats:
    """(I,) rates of the curves with nothing else at work: (Λ_i − Λ_{i−1})/n_i with Λ = −ln(1 − q) (method §3)."""
    cumulated = -np.log1p(-curves.probability)
    is_first = np.r_[True, curves.event[1:] != curves.event[:-1]] if len(curves.event) else np.zeros(0, dtype=bool)
    before = np.where(is_first, 0.0, np.r_[0.0, cumulated[:-1]] if len(cumulated) else cumulated)
    return (cumulated - before) / (curves.by_step - curves.first_step + 1)


def base_rates(curves: Curves, rate: Floats, n_events: int, n_steps: int) -> Floats:
    """(N, T) λ0 by event and calendar step, 0 where no interval is at work."""
    out = np.zeros((n_events, n_steps))
    for event, first, last, value in zip(curves.event, curves.first_step, curves.last_step, rate, strict=True):
        out[event, first : last + 1] = value
    return out


@njit(cache=True, nogil=True)
def _count_occurrences(  # type: ignore[no-untyped-def]
    steps, as_of, hazard, interval, last_by, pair_start, by_target, pair_source, kind, row, delay, inverse_ratio,
    table, surface, needs, need_start, need_source, stop_start, stop_source, noise_row, factors, out,
):  # fmt: skip
    """out[batch, interval] += Σ over runs and steps with the event still to come of 1 − exp(−λ)."""
    n_runs, n_sources = steps.shape
    n_open = len(last_by)
    batch = n_runs // out.shape[0]
    for r in range(n_runs):
        for m in range(n_open):
            if last_by[m] < 0:
                continue
            begin = 0
            lacking = False
            for c in range(need_start[m], need_start[m + 1]):
                offset = steps[r, need_source[c]] - as_of
                lacking |= offset > last_by[m]
                begin = max(begin, offset)
            if lacking:
                continue
            end = min(steps[r, m] - as_of, last_by[m])
            for c in range(stop_start[m], stop_start[m + 1]):
                end = min(end, steps[r, stop_source[c]] - as_of)
            previous = 0.0
            probability = 0.0
            for i in range(begin + 1, end + 1):
                rate = hazard[m, i]
                if rate == 0.0:
                    continue
                for place in range(pair_start[m], pair_start[m + 1]):
                    q = by_target[place]
                    offset = steps[r, pair_source[q]] - as_of
                    if offset >= i:
                        continue
                    if kind[q] == 0:
                        if i - offset >= delay[q]:
                            rate /= inverse_ratio[q]
                    elif kind[q] == 1:
                        rate *= table[row[q], i - offset]
                    else:
                        rate *= surface[row[q], max(offset, 0), i]
                if noise_row[m] >= 0:
                    rate *= factors[r, noise_row[m], i]
                if rate != previous:
                    previous = rate
                    probability = -np.expm1(-rate)
                out[r // batch, interval[m, i]] += probability


@dataclass(frozen=True)
class _Simulation:
    """Everything of a calibration that stays the same from sweep to sweep."""

    program: Program
    curves: Curves
    streams: Streams
    n_runs: int
    batch: int
    threshold: Floats
    noise: Floats | None

    def expected_occurrences(self, rate: Floats) -> Floats:
        """(batches, I) mean expected occurrences of each interval's event within the interval."""
        program = replace(self.program, base_rate=self._with_rates(rate))
        plan = prepare(program)
        steps = sample(plan, self.streams, self.n_runs, noise=self.noise, threshold=self.threshold)
        n_open, span = len(plan.open), plan.n_offsets + 1
        interval = np.zeros((n_open, span), dtype=np.int64)
        last_by = np.full(n_open, -1, dtype=np.int64)
        position = np.full(program.n_events, -1, dtype=np.int64)
        position[plan.open] = np.arange(n_open)
        curves = self.curves
        for i in np.flatnonzero(curves.marginal & (position[curves.event] >= 0)):
            m = position[curves.event[i]]
            interval[m, curves.first_step[i] - program.as_of : curves.by_step[i] - program.as_of + 1] = i
            last_by[m] = max(last_by[m], curves.by_step[i] - program.as_of)
        n_sources = plan.n_sources
        source = np.repeat(np.arange(n_sources), np.diff(plan.pairs.start))
        by_target = np.argsort(plan.pairs.target, kind="stable")
        pair_start = np.r_[0, np.cumsum(np.bincount(plan.pairs.target, minlength=n_open))]
        need_start, need_source = _by_target(plan.waiting_start, plan.waiting, n_open)
        stop_start, stop_source = _by_target(plan.shut_start, plan.shut, n_open)
        sources = np.concatenate([plan.open, plan.loose.event])
        out = np.zeros((self.n_runs // self.batch, len(rate)))
        pairs = plan.pairs
        _count_occurrences(
            steps[:, sources].astype(np.int64), program.as_of, plan.hazard, interval, last_by, pair_start, by_target, source,
            pairs.kind, pairs.row, pairs.delay, pairs.inverse_ratio, pairs.table, pairs.surface,
            plan.needs, need_start, need_source, stop_start, stop_source,
            plan.noise_row, noise_factors(plan, self.noise), out,
        )  # fmt: skip
        return out / self.batch

    def _with_rates(self, rate: Floats) -> Floats:
        return base_rates(self.curves, rate, self.program.n_events, self.program.n_steps)[self.program.copy_of]


def _by_target(start: NDArray[np.int64], targets: NDArray[np.int64], n_open: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    source = np.repeat(np.arange(len(start) - 1), np.diff(start))
    order = np.argsort(targets, kind="stable")
    return np.r_[0, np.cumsum(np.bincount(targets, minlength=n_open))].astype(np.int64), source[order]


def _conditional_hazard(increments: Floats, is_first: NDArray[np.bool_]) -> Floats:
    """−ln(1 − h) of each interval, h = increment / probability that the event is still to come."""
    cumulated = _cumulated(increments, is_first)
    left = 1.0 - (cumulated - increments)
    h = np.divide(increments, left, out=np.ones_like(increments), where=left > 0)
    return -np.log1p(-np.clip(h, 0.0, 1.0 - 1e-15))


def _cumulated(increments: Floats, is_first: NDArray[np.bool_]) -> Floats:
    total = np.cumsum(increments)
    start = np.maximum.accumulate(np.where(is_first, np.arange(len(increments)), 0))
    return total - (total - increments)[start]


def _anderson(points: list[Floats], moves: list[Floats]) -> Floats:
    """Next point of Anderson's mixing over the last few sweeps' points and moves."""
    differences = np.stack([later - earlier for earlier, later in zip(moves, moves[1:], strict=False)], axis=1)
    steps = np.stack([later - earlier for earlier, later in zip(points, points[1:], strict=False)], axis=1)
    mix, *_ = np.linalg.lstsq(differences, moves[-1], rcond=1e-8)
    return points[-1] + moves[-1] - (steps + differences) @ mix


def calibrate(
    program: Program,
    curves: Curves,
    streams: Streams,
    n_runs: int,
    *,
    held: Floats | None = None,
    free: NDArray[np.bool_] | None = None,
    start: Floats | None = None,
) -> Calibrated:
    """Base rates with which the program's world gives back every elicited marginal probability (method §3).

    `program` is the reference model's (no scenario, no policy, reference lens); its `base_rate` is not read. `free` (I,)
    names the intervals to solve, all by default; the others keep the rates `held`. `start` (I,) is where the solve begins,
    the closed-form rates by default. Deterministic for the streams.
    """
    batch = BATCH if n_runs >= BATCH else n_runs
    n_runs -= n_runs % batch
    rate = closed_form_rates(curves) if held is None else held.copy()
    solved = curves.marginal & (program.fixed_step[curves.event] == OPEN) & (curves.probability >= 0)
    if free is not None:
        rate[free] = closed_form_rates(curves)[free]
        solved &= free
    n_intervals = len(rate)
    if not solved.any():
        return Calibrated(rate, curves.probability.copy(), np.zeros((n_intervals, n_intervals)), np.ones(n_intervals, dtype=bool), 0)
    opened = np.flatnonzero(program.fixed_step == OPEN)
    threshold = stratified_thresholds(streams.threshold[opened], streams.first_run, n_runs, batch)
    paths = noise_paths(program.trends.noise, program.n_trends, streams, n_runs)
    noise = None if paths is None else paths[1][:, :, program.as_of - paths[0] :]
    if start is not None:
        rate[solved] = start[solved]
    return _solve(_Simulation(program, curves, streams, n_runs, batch, threshold, noise), rate, solved)


def _solve(simulation: _Simulation, rate: Floats, solved: NDArray[np.bool_]) -> Calibrated:
    curves = simulation.curves
    is_first = np.r_[True, curves.event[1:] != curves.event[:-1]]
    elicited = curves.probability - np.where(is_first, 0.0, np.r_[0.0, curves.probability[:-1]])
    wanted = _conditional_hazard(elicited, is_first)
    solved = solved & (elicited > 0)
    rate = np.where(curves.marginal & (elicited <= 0), 0.0, rate)
    log_rate = np.log(np.where(solved, rate, 1.0))
    points: list[Floats] = []
    moves: list[Floats] = []
    best, best_error = log_rate, np.inf
    tolerance = 0.02 / np.sqrt(simulation.n_runs)
    damping = 1.0
    sweep = 0
    for sweep in range(1, _MOST_SWEEPS + 1):
        found = simulation.expected_occurrences(np.where(solved, np.exp(log_rate), rate)).mean(axis=0)
        error = np.abs(_cumulated(found - elicited, is_first))[solved].max()
        if error < best_error:
            best, best_error = log_rate, error
        elif error > 3.0 * best_error:
            log_rate, points, moves, damping = best, [], [], damping * 0.5
        if best_error < tolerance:
            break
        hazard = _conditional_hazard(found, is_first)
        with np.errstate(divide="ignore"):
            move = np.where(solved, np.log(wanted) - np.log(np.maximum(hazard, 1e-12)), 0.0)
        move = damping * np.clip(move, -3.0, 3.0)
        points, moves = [*points, log_rate][-6:], [*moves, move][-6:]
        log_rate = _anderson(points, moves) if len(points) > 2 else log_rate + move
        log_rate = np.clip(log_rate, -60.0, _LARGEST_LOG_RATE)
    final = np.where(solved, np.exp(best), rate)
    batches = simulation.expected_occurrences(final)
    reached = np.array([_cumulated(row, is_first) for row in batches])
    spread = reached.std(axis=0, ddof=1) / np.sqrt(len(reached)) if len(reached) > 1 else np.zeros(len(rate))
    slack = np.maximum(10 * tolerance, 4.5 * spread)
    is_met = ~solved | (np.abs(reached.mean(axis=0) - curves.probability) <= slack)
    return Calibrated(final, reached.mean(axis=0), _log_rate_covariance(batches, wanted, is_first, solved), is_met, sweep)


def _log_rate_covariance(batches: Floats, wanted: Floats, is_first: NDArray[np.bool_], solved: NDArray[np.bool_]) -> Floats:
    """(I, I) covariance of ln λ0: that of the batches' ln hazards, over the number of batches.

    To first order an interval's ln hazard moves one to one with its own ln λ0, so the error of the former is passed on.
    """
    n = len(wanted)
    if len(batches) < 2:
        return np.zeros((n, n))
    hazards = np.array([_conditional_hazard(row, is_first) for row in batches])
    relative = np.where(solved, hazards / np.where(wanted > 0, wanted, 1.0) - 1.0, 0.0)
    return np.atleast_2d(np.cov(relative, rowvar=False)) / len(batches)
