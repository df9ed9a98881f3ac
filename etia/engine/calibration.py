"""Which base rates give back what experts meant: joint calibration of marginal probability curves (method §3).

The unknowns are the λ0 of all marginal intervals. Simulated on stratified thresholds that stay the same from sweep to
sweep, an interval's probability is matched on expected occurrences Σ 1 − exp(−λ_b(t)) over the steps with b still to
come. A sweep moves every interval's rate by the ratio of wanted to found conditional hazard; sweeps are accelerated by
Anderson's mixing and fall back on plain, then damped ones. A base curve's rates have a closed form and are never moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from etia.engine.occurrences import base_rates, simulation
from etia.engine.program import OPEN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.engine.occurrences import Simulation
    from etia.engine.program import Curves, Program
    from etia.engine.streams import Streams

    Floats = NDArray[np.float64]
    Steps = NDArray[np.int16]

__all__ = ["BATCH", "Calibrated", "base_rates", "calibrate", "closed_form_rates"]

BATCH = 1000
"""runs stratified together; the batches' spread gives calibration's standard error"""

_MOST_SWEEPS = 60
_CLOSE, _CLOSE_A_DRAW = 0.02, 0.1
"""how near the simulated probabilities must come, over 1/√runs: far inside the Monte Carlo error (at most 0.5 of it)"""
_LARGEST_LOG_RATE = 12.0
"""ln of the largest rate tried: a step in which the event then fails to come has probability exp(−e^12)"""
_LARGEST_MOVE = 3.0
"""of ln of a rate in a sweep"""
_SATURATED = 2.5
"""ln of a rate so large that more of it tells only whether any rate is enough"""


@dataclass(frozen=True)
class Calibrated:
    """Base rates that give back the elicited curves, and how well. I intervals."""

    rate: Floats  # (I,) λ0 per step
    reached: Floats  # (I,) simulated cumulative probability at each point
    occurrence_covariance: (
        Floats  # (I, I) of the mean expected occurrences, from the batches' spread; 0 for base curves
    )
    is_met: NDArray[np.bool_]  # (I,) False where no base rate can reach the elicited value
    n_sweeps: int


def closed_form_rates(curves: Curves) -> Floats:
    """(I,) rates of the curves with nothing else at work: (Λ_i − Λ_{i−1})/n_i with Λ = −ln(1 − q) (method §3)."""
    cumulated = -np.log1p(-curves.probability)
    is_first = np.r_[True, curves.event[1:] != curves.event[:-1]] if len(curves.event) else np.zeros(0, dtype=bool)
    before = np.where(is_first, 0.0, np.r_[0.0, cumulated[:-1]] if len(cumulated) else cumulated)
    return np.asarray((cumulated - before) / (curves.by_step - curves.first_step + 1))


def _conditional_hazard(increments: Floats, is_first: NDArray[np.bool_]) -> Floats:
    """−ln(1 − h) of each interval, h = increment / probability that the event is still to come."""
    return _conditional_hazard_from(increments, _cumulated(increments, is_first) - increments)


def _conditional_hazard_from(increments: Floats, before: Floats) -> Floats:
    """The same, given the cumulated probability `before` each interval."""
    left = 1.0 - before
    h = np.divide(increments, left, out=np.ones_like(increments), where=left > 0)
    hazard: Floats = -np.log1p(-np.clip(h, 0.0, 1.0 - 1e-15))
    return hazard


def _before(cumulated: Floats, is_first: NDArray[np.bool_]) -> Floats:
    """The value at the point before, 0 at the first of an event."""
    return np.where(is_first, 0.0, np.r_[0.0, cumulated[:-1]])


def _cumulated(increments: Floats, is_first: NDArray[np.bool_]) -> Floats:
    total = np.cumsum(increments)
    start = np.maximum.accumulate(np.where(is_first, np.arange(len(increments)), 0))
    return total - (total - increments)[start]


def _anderson(points: list[Floats], moves: list[Floats]) -> Floats:
    """Next point of Anderson's mixing over the last few sweeps' points and moves."""
    differences = np.stack([later - earlier for earlier, later in pairwise(moves)], axis=1)
    steps = np.stack([later - earlier for earlier, later in pairwise(points)], axis=1)
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

    `program` is the reference model's (no scenario, no policy, reference lens); its `base_rate` is not read. `free`
    (I,) names the intervals to solve, all by default; the others keep the rates `held`. `start` (I,) is where the solve
    begins, the closed-form rates by default. Deterministic for the streams.
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
        nothing = np.zeros((n_intervals, n_intervals))
        return Calibrated(rate, curves.probability.copy(), nothing, np.ones(n_intervals, dtype=bool), 0)
    if start is not None:
        rate[solved] = start[solved]
    return _solve(simulation(program, curves, streams, n_runs, batch), curves, rate, solved)


def _solve(runs: Simulation, curves: Curves, rate: Floats, solved: NDArray[np.bool_]) -> Calibrated:
    is_first = np.r_[True, curves.event[1:] != curves.event[:-1]]
    elicited = curves.probability - _before(curves.probability, is_first)
    solved = solved & (elicited > 0)
    rate = np.where(curves.marginal & (elicited <= 0), 0.0, rate)
    log_rate = np.log(np.where(solved, rate, 1.0))
    points: list[Floats] = []
    moves: list[Floats] = []
    best, best_error = log_rate, np.inf
    n_runs = runs.n_runs
    tolerance = (_CLOSE if n_runs > BATCH else _CLOSE_A_DRAW) / np.sqrt(n_runs)
    damping = 1.0
    is_stuck = np.zeros(len(rate), dtype=bool)
    sweep, best_batches = 0, np.zeros((1, len(rate)))
    for sweep in range(1, _MOST_SWEEPS + 1):  # noqa: B007 - the last one is told
        batches = runs.expected_occurrences(np.where(solved, np.exp(log_rate), rate))
        found = batches.mean(axis=0)
        reached = _cumulated(found, is_first)
        # what no rate can reach must not hide how well all else is met, nor keep the sweeps from ending
        was_stuck, is_stuck = is_stuck, solved & (log_rate >= _LARGEST_LOG_RATE) & (reached < curves.probability)
        if (is_stuck != was_stuck).any():
            points, moves = [], []
        missed = np.abs(reached - curves.probability)[solved & ~is_stuck].max(initial=0.0)
        error = float(np.linalg.norm((reached - curves.probability)[solved]))
        if error < best_error or missed < tolerance:
            best, best_error, best_batches = log_rate, error, batches
        elif error > 3.0 * best_error:
            log_rate, points, moves, damping = best, [], [], damping * 0.5
        if missed < tolerance:
            break
        hazard = _conditional_hazard(found, is_first)
        # after a point that cannot be reached the next one is, from where the curve has come to
        base = _before(np.where(is_stuck, reached, curves.probability), is_first)
        wanted = _conditional_hazard_from(curves.probability - base, base)
        with np.errstate(divide="ignore"):
            move = np.where(solved & ~is_stuck, np.log(wanted) - np.log(np.maximum(hazard, 1e-12)), 0.0)
        climbing = (move > 0) & (log_rate > _SATURATED)
        move = damping * np.clip(move, -_LARGEST_MOVE, _LARGEST_MOVE)
        points, moves = [*points, log_rate][-6:], [*moves, move][-6:]
        onwards = np.where(is_stuck | climbing, log_rate + _LARGEST_MOVE, log_rate + move)
        mixed = _anderson(points, moves) if len(points) > 2 else onwards
        log_rate = np.clip(np.where(is_stuck | climbing, onwards, mixed), -60.0, _LARGEST_LOG_RATE)
    final = np.where(solved, np.exp(best), rate)
    batches = best_batches
    reached = np.array([_cumulated(row, is_first) for row in batches])
    spread = reached.std(axis=0, ddof=1) / np.sqrt(len(reached)) if len(reached) > 1 else np.zeros(len(rate))
    # as far as chance may lead off, at most 10 tolerances: a small probability that is 0 is not met
    chance = 2.5 * np.sqrt(curves.probability * (1.0 - curves.probability) / n_runs)
    slack = np.maximum(np.clip(chance, tolerance, 10 * tolerance), 4.5 * spread)
    is_met = ~solved | (np.abs(reached.mean(axis=0) - curves.probability) <= slack)
    return Calibrated(final, reached.mean(axis=0), _occurrence_covariance(batches, solved), is_met, sweep)


def _occurrence_covariance(batches: Floats, solved: NDArray[np.bool_]) -> Floats:
    """(I, I) covariance of the mean over batches: what calibration does not know of what it met."""
    n = batches.shape[1]
    if len(batches) < 2:
        return np.zeros((n, n))
    counted = np.where(solved, batches, 0.0)
    return np.atleast_2d(np.cov(counted, rowvar=False)) / len(batches)
