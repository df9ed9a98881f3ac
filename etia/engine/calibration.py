"""Which base rates give back what experts meant: joint calibration of marginal probability curves (method §3).

The unknowns are the λ0 of all marginal intervals. Simulated on stratified thresholds that stay the same from sweep to
sweep, an interval's probability is matched on expected occurrences Σ 1 − exp(−λ_b(t)) over the steps with b still to
come. A sweep moves every interval's rate by the ratio of wanted to found conditional hazard; sweeps are accelerated by
Anderson's mixing and fall back on plain, then damped ones; where links pull so strongly that sweeps do not settle,
Newton's method goes on from the best of them. A base curve's rates have a closed form and are never moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etia.engine.hazards import at_point_before, cumulated
from etia.engine.newton import newton
from etia.engine.occurrences import base_rates, simulation
from etia.engine.program import OPEN
from etia.engine.sweeps import Sought, sweeps

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

_CLOSE, _CLOSE_A_DRAW = 0.02, 0.1
"""how near the simulated probabilities must come, over 1/√runs: far inside the Monte Carlo error (at most 0.5 of it)"""
_LARGEST_LOG_RATE = 12.0
"""ln of the largest rate tried, all that may hold the event back taken off: it then fails to come in a step with
probability exp(−e^12)"""
_MOST_INHIBITION = 30.0
"""of ln of a rate, that the largest rate makes up for"""
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
    is_met: NDArray[np.bool_]  # (I,) False where what is reached misses the elicited value by more than chance
    is_bound: NDArray[np.bool_]  # (I,) True where no base rate can reach the elicited value, all others met or bound
    n_sweeps: int
    standard_error: Floats | None = None  # (I,) of `reached`, from the batches' spread; None where exact


def closed_form_rates(curves: Curves) -> Floats:
    """(I,) rates of the curves with nothing else at work: (Λ_i − Λ_{i−1})/n_i with Λ = −ln(1 − q) (method §3)."""
    cumulated = -np.log1p(-curves.probability)
    is_first = np.r_[True, curves.event[1:] != curves.event[:-1]] if len(curves.event) else np.zeros(0, dtype=bool)
    before = np.where(is_first, 0.0, np.r_[0.0, cumulated[:-1]] if len(cumulated) else cumulated)
    return np.asarray((cumulated - before) / (curves.by_step - curves.first_step + 1))


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
        is_met = np.ones(n_intervals, dtype=bool)
        return Calibrated(rate, curves.probability.copy(), nothing, is_met, ~is_met, 0)
    if start is not None:
        rate[solved] = start[solved]
    runs = simulation(program, curves, streams, n_runs, batch)
    return _solve(runs, curves, rate, solved, _inhibition(program)[curves.event])


def _inhibition(program: Program) -> Floats:
    """(N,) by how much ln of an event's rate may at most be held back by links and trends."""
    links, felt, trends, out = program.links, program.sensitivities, program.trends, np.zeros(program.n_events)
    np.add.at(out, links.target, -links.log_ratio.min(axis=1, initial=0.0))
    for event, trend, beta in zip(felt.event, felt.trend, felt.beta, strict=True):
        moved = np.abs(trends.response[:, trend]).max(axis=1, initial=0.0).sum()
        known = np.nan_to_num(np.abs(trends.known_deviation[trend, program.as_of :])).max(initial=0.0)
        out[event] += abs(beta) * (moved + known)
    return np.minimum(out, _MOST_INHIBITION)


def _solve(runs: Simulation, curves: Curves, rate: Floats, solved: NDArray[np.bool_], inhibition: Floats) -> Calibrated:
    is_first = np.r_[True, curves.event[1:] != curves.event[:-1]]
    elicited = curves.probability - at_point_before(curves.probability, is_first)
    solved = solved & (elicited > 0)
    rate = np.where(curves.marginal & (elicited <= 0), 0.0, rate)

    def simulate(log_rate: Floats) -> Floats:
        return runs.expected_occurrences(np.where(solved, np.exp(log_rate), rate))

    n_runs = runs.n_runs
    tolerance = (_CLOSE if n_runs > BATCH else _CLOSE_A_DRAW) / np.sqrt(n_runs)
    cap = _LARGEST_LOG_RATE + inhibition
    sought = Sought(simulate, curves.probability, is_first, solved, cap, tolerance)
    start = np.log(np.where(solved, rate, 1.0))
    log_rate, batches, n_sweeps = sweeps(sought, start, _SATURATED + inhibition)
    found = _found(sought, log_rate, batches, n_runs)
    for begin in (log_rate, start):
        if (found.is_met | found.is_bound).all():
            break
        point = newton(sought, begin)
        again = _found(sought, point.log_rate, point.batches, n_runs)
        if _farthest(again, curves) < _farthest(found, curves):
            found, log_rate, batches = again, point.log_rate, point.batches
    return Calibrated(
        np.where(solved, np.exp(log_rate), rate), found.reached, _occurrence_covariance(batches, solved),
        found.is_met, found.is_bound & ~found.is_met, n_sweeps, found.standard_error,
    )  # fmt: skip


@dataclass(frozen=True)
class _Found:
    """How near some rates come. I intervals."""

    reached: Floats
    standard_error: Floats
    is_met: NDArray[np.bool_]
    is_bound: NDArray[np.bool_]


def _found(sought: Sought, log_rate: Floats, batches: Floats, n_runs: int) -> _Found:
    each = np.array([cumulated(row, sought.is_first) for row in batches])
    reached, q = each.mean(axis=0), sought.probability
    spread = each.std(axis=0, ddof=1) / np.sqrt(len(each)) if len(each) > 1 else np.zeros(len(q))
    # as far as chance may lead off, at most 10 tolerances: a small probability that is 0 is not met
    chance = 2.5 * np.sqrt(q * (1.0 - q) / n_runs)
    slack = np.maximum(np.clip(chance, sought.tolerance, 10 * sought.tolerance), 4.5 * spread)
    is_met = ~sought.solved | (np.abs(reached - q) <= slack)
    is_bound = sought.solved & (log_rate >= sought.cap) & (reached < q)
    # only while all else is met is the largest probability one that can be reached
    return _Found(reached, spread, is_met, is_bound & (is_met | is_bound).all())


def _farthest(found: _Found, curves: Curves) -> float:
    return float(np.abs(found.reached - curves.probability)[~found.is_met & ~found.is_bound].max(initial=0.0))


def _occurrence_covariance(batches: Floats, solved: NDArray[np.bool_]) -> Floats:
    """(I, I) covariance of the mean over batches: what calibration does not know of what it met."""
    n = batches.shape[1]
    if len(batches) < 2:
        return np.zeros((n, n))
    counted = np.where(solved, batches, 0.0)
    return np.atleast_2d(np.cov(counted, rowvar=False)) / len(batches)
