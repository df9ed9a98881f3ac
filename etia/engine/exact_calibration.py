"""Base rates that give back every elicited probability exactly, by enumeration (method §3, calibration)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etia.engine.exact import enumerate_histories
from etia.engine.exact_outcomes import event_probabilities

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from etia.engine.program import Curves, Floats, Program

__all__ = ["RATE_CEILING", "ExactCalibration", "Shortfall", "calibrate", "closed_form_rates"]

RATE_CEILING = 1e12
"""largest base rate per step tried: an event that may come then comes at once, whatever inhibits it"""

TOLERANCE = 1e-12
"""largest miss of an elicited probability that counts as met"""

_RATE_FLOOR = 1e-15
_MAX_SWEEPS = 200


@dataclass(frozen=True)
class Shortfall:
    """An elicited point that no base rate can meet."""

    interval: int  # index among the curves' intervals
    reachable: float  # largest probability by that point's step, with all else as calibrated


@dataclass(frozen=True)
class ExactCalibration:
    """Base rates λ0 of all intervals, and what they could not meet. I intervals."""

    rates: Floats  # (I,) per step
    reached: Floats  # (I,) P(event by the interval's `by_step`) under these rates
    shortfalls: tuple[Shortfall, ...]
    n_sweeps: int = 0  # solves in turn; 0 where the joint solve was enough


def closed_form_rates(curves: Curves) -> Floats:
    """(I,) rates (Λ_i − Λ_{i−1}) / n_i with Λ = −ln(1 − q): right where nothing else is at work (method §3)."""
    cumulated = -np.log1p(-curves.probability)
    before = np.where(_follows(curves), np.roll(cumulated, 1), 0.0)
    rates: Floats = (cumulated - before) / (curves.by_step - curves.first_step + 1)
    return rates


def _follows(curves: Curves) -> NDArray[np.bool_]:
    """(I,) True where the interval before is of the same event."""
    follows: NDArray[np.bool_] = np.diff(curves.event, prepend=-1) == 0
    return follows


def calibrate(
    program_of_rates: Callable[[Floats], Program],
    curves: Curves,
    *,
    free: NDArray[np.bool_] | None = None,
    held: Floats | None = None,
) -> ExactCalibration:
    """Solve the marginal intervals' base rates jointly so that every elicited q is met to 1e-12.

    Parameters
    ----------
    program_of_rates
        The reference program for given base rates (I,) of all intervals.
    curves
        The elicited points.
    free
        (I,) The intervals to solve among the marginal ones; all of them where left out.
    held
        (I,) Rates of the intervals that are not solved; the closed form where left out, which is right for base ones.

    Returns
    -------
    The rates; where a point is out of reach, the nearest reachable probability is met and a shortfall names it.
    """
    problem = _Problem(program_of_rates, curves, curves.marginal if free is None else curves.marginal & free)
    closed_form = closed_form_rates(curves)
    rates = closed_form if held is None else np.where(problem.is_free, closed_form, held)
    solved, n_sweeps = _solve_jointly(problem, rates), 0
    if solved is None:
        solved, n_sweeps = _solve_in_turn(problem, rates)
    reached = problem.reached(solved)
    short = np.flatnonzero(problem.is_free & (reached < curves.probability - 1e3 * TOLERANCE)).tolist()
    return ExactCalibration(solved, reached, tuple(Shortfall(i, float(reached[i])) for i in short), n_sweeps)


@dataclass(frozen=True)
class _Problem:
    program_of_rates: Callable[[Floats], Program]
    curves: Curves
    is_free: NDArray[np.bool_]  # (I,) intervals to solve

    def reached(self, rates: Floats) -> Floats:
        """(I,) P(event by `by_step`) under these base rates."""
        program = self.program_of_rates(rates)
        last_step = int(self.curves.by_step.max(initial=program.as_of))
        by_step = event_probabilities(enumerate_histories(program, last_step=last_step), program.n_steps)
        probability: Floats = by_step[self.curves.event, self.curves.by_step]
        return probability

    def misses(self, rates: Floats) -> Floats:
        """(I,) probability reached less elicited; 0 for what is not solved."""
        return np.where(self.is_free, self.reached(rates) - self.curves.probability, 0.0)


def _solve_jointly(problem: _Problem, start: Floats) -> Floats | None:
    """All rates at once, by Powell's hybrid method on ln λ0; None where that does not meet every point."""
    from scipy.optimize import root

    free = problem.is_free & (start > 0)  # a curve that stays level has the rate 0, which has no logarithm

    def rates_of(log_rates: Floats) -> Floats:
        rates = start.copy()
        rates[free] = np.exp(np.clip(log_rates, np.log(_RATE_FLOOR), np.log(RATE_CEILING)))
        return rates

    if not free.any():
        rates = start
    else:
        rates = _closer_start(problem, start, free)
        found = root(lambda x: problem.misses(rates_of(x))[free], np.log(rates[free]), method="hybr", tol=1e-15)
        rates = rates_of(found.x)
    return rates if np.abs(problem.misses(rates)).max(initial=0.0) <= TOLERANCE else None


def _closer_start(problem: _Problem, rates: Floats, free: NDArray[np.bool_]) -> Floats:
    """A few rounds of λ0 · (elicited rise of Λ / rise reached), for a start from which the joint solve is quick."""
    target = closed_form_rates(problem.curves)
    for _ in range(3):
        reached = np.clip(problem.reached(rates), 0.0, 1 - 1e-9)
        cumulated = -np.log1p(-reached)
        before = np.where(_follows(problem.curves), np.roll(cumulated, 1), 0.0)
        rise = (cumulated - before) / (problem.curves.by_step - problem.curves.first_step + 1)
        factor = np.divide(target, rise, out=np.full(len(rates), 8.0), where=rise > 0)
        rates = np.where(free, rates * np.clip(factor, 1 / 8, 8.0), rates)
    return rates


def _solve_in_turn(problem: _Problem, start: Floats) -> tuple[Floats, int]:
    """Rates one after the other until none moves, and in how many rounds.

    Each miss rises strictly with its own rate (method §3).
    """
    intervals = np.flatnonzero(problem.is_free).tolist()
    rates = start.copy()
    for n_sweeps in range(1, _MAX_SWEEPS + 1):  # noqa: B007 - the last one is told
        before = rates.copy()
        for interval in intervals:
            rates[interval] = _solve_one(problem, rates, interval)
        if np.allclose(rates, before, rtol=1e-12, atol=0.0):
            break
    return rates, n_sweeps


def _solve_one(problem: _Problem, rates: Floats, interval: int) -> float:
    """The interval's own rate that meets its point, all others held; the ceiling where none does, 0 where all do."""
    from scipy.optimize import brentq

    def miss(rate: float) -> float:
        tried = rates.copy()
        tried[interval] = rate
        return float(problem.misses(tried)[interval])

    if miss(RATE_CEILING) <= 0:
        return RATE_CEILING
    if miss(_RATE_FLOOR) >= -TOLERANCE / 10:
        return 0.0
    log_rate = brentq(lambda x: miss(float(np.exp(x))), np.log(_RATE_FLOOR), np.log(RATE_CEILING), xtol=1e-14)
    return float(np.exp(log_rate))
