"""Newton's method for base rates that sweeps of calibration do not find: links that pull very strongly (method §3).

The unknowns are x = ln λ0, the equations y(x) = ln of each interval's conditional hazard = y elicited. With nothing
else at work y moves one for one with x. On the same random numbers the Jacobian dy/dx is taken from differences wide
enough for single runs' jumps not to count and kept up to date by Broyden's rule; a step is damped until misses fall.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from etia.engine.hazards import at_point_before, conditional_hazard, conditional_hazard_from, cumulated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.engine.sweeps import Sought

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = ["Point", "newton"]

_MOST_JACOBIANS = 30
_MOST_STEPS = 6
"""on one Jacobian, kept up to date from step to step"""
_DIFFERENCE = 0.1
"""of ln λ0, for the Jacobian; halved where its step leads nowhere"""
_LARGEST_MOVE = 3.0
"""of ln λ0 in a step"""
_LEAST_STEP = 0.02
"""share of Newton's step below which it is given up"""
_RIDGES = (0.0, 0.01, 0.1, 1.0, 10.0)
"""added to the Jacobian's diagonal, one after the other where a step leads nowhere: towards a plain sweep's step"""
_FLAT, _ANSWERS = 0.01, 0.1
"""own derivative below which a rate climbs, and rise of ln of its hazard up to which it goes on, or to its cap"""
_LEAST_HAZARD = 1e-9


@dataclass(frozen=True)
class Point:
    """A vector of ln λ0 and what it leads to."""

    log_rate: Floats
    batches: Floats  # (batches, I) expected occurrences
    hazard: Floats  # (I,) ln of the conditional hazard found
    wanted: Floats  # (I,) ln of the one wanted
    at_work: Flags  # (I,) solved, and not at its cap with too little reached
    missed: float  # largest miss of a probability among these

    @property
    def lacking(self) -> Floats:
        return np.where(self.at_work, self.wanted - self.hazard, 0.0)


@dataclass
class _Search:
    sought: Sought
    best: Point
    here: Point = field(init=False)
    difference: float = _DIFFERENCE

    def __post_init__(self) -> None:
        self.here = self.best

    @property
    def is_done(self) -> bool:
        return self.best.missed < self.sought.tolerance

    def look(self, log_rate: Floats) -> Point:
        point = _point(self.sought, log_rate)
        if point.missed < self.best.missed or (point.missed < self.sought.tolerance and not self.is_done):
            self.best = point
        return point

    def jacobian(self) -> Floats:
        """(n, n) of the intervals at work."""
        here, own = self.here, np.flatnonzero(self.here.at_work)
        columns = []
        for i in own:
            log_rate = here.log_rate.copy()
            log_rate[i] += self.difference
            columns.append((_point(self.sought, log_rate).hazard - here.hazard)[own] / self.difference)
        return np.stack(columns, axis=1)

    def climb(self, jacobian: Floats) -> bool:
        """Raise rates that lack something but hardly answer, until they do or are at their caps; False for none."""
        here, own = self.here, np.flatnonzero(self.here.at_work)
        is_flat = (np.diag(jacobian) < _FLAT) & (here.lacking[own] > 0) & (here.log_rate[own] > 0)
        return self._raise(own[is_flat], here.hazard + _ANSWERS)

    def climb_where_most_is_lacking(self) -> bool:
        """Raise the rate that lacks most until it does not, or is at its cap; False where it is."""
        worst = int(np.argmax(self.here.lacking))
        return self.here.lacking[worst] > _ANSWERS and self._raise(np.array([worst]), self.here.wanted)

    def _raise(self, raised: NDArray[np.int64], enough: Floats) -> bool:
        raised = raised[self.here.log_rate[raised] < self.sought.cap[raised]]
        is_any = len(raised) > 0
        while len(raised):
            log_rate = self.here.log_rate.copy()
            log_rate[raised] = np.minimum(log_rate[raised] + _LARGEST_MOVE, self.sought.cap[raised])
            self.here = self.look(log_rate)
            raised = raised[(self.here.hazard < enough)[raised] & (log_rate < self.sought.cap)[raised]]
        return is_any

    def step(self, jacobian: Floats, ridge: float) -> Point | None:
        """The next point, damped until the misses fall; None where they do not."""
        here, own = self.here, np.flatnonzero(self.here.at_work)
        move = np.linalg.lstsq(jacobian + ridge * np.eye(len(own)), here.lacking[own], rcond=1e-10)[0]
        move *= min(1.0, _LARGEST_MOVE / max(np.abs(move).max(), 1e-300))
        before, share = self._miss(here, own), 1.0
        while share > _LEAST_STEP:
            log_rate = here.log_rate.copy()
            log_rate[own] = np.clip(log_rate[own] + share * move, -60.0, self.sought.cap[own])
            point = self.look(log_rate)
            if self._miss(point, own) < (1.0 - 0.2 * share) * before or self.is_done:
                return point
            share *= 0.5
        return None

    def _miss(self, point: Point, counted: NDArray[np.int64]) -> float:
        """Length of what is lacking, each hazard weighing as its elicited increment does by chance."""
        elicited = self.sought.probability
        weight = np.sqrt(np.maximum(elicited - at_point_before(elicited, self.sought.is_first), 0.0))
        return float(np.linalg.norm((weight * (point.wanted - point.hazard))[counted]))


def _point(sought: Sought, log_rate: Floats) -> Point:
    batches = sought.simulate(log_rate)
    found = batches.mean(axis=0)
    reached = cumulated(found, sought.is_first)
    is_stuck = sought.solved & (log_rate >= sought.cap) & (reached < sought.probability)
    at_work = sought.solved & ~is_stuck
    base = at_point_before(np.where(is_stuck, reached, sought.probability), sought.is_first)
    wanted = np.maximum(conditional_hazard_from(sought.probability - base, base), _LEAST_HAZARD)
    hazard = np.maximum(conditional_hazard(found, sought.is_first), _LEAST_HAZARD)
    missed = float(np.abs(reached - sought.probability)[at_work].max(initial=0.0))
    return Point(log_rate, batches, np.log(hazard), np.log(wanted), at_work, missed)


def newton(sought: Sought, start: Floats) -> Point:
    """The point nearest to all that is wanted, from `start` (I,) of ln λ0 on: within the tolerance where there is one.

    On finitely many runs what is reached jumps where a run's event changes its step, so that nothing may come within
    the tolerance; the nearest point found is returned then.
    """
    search = _Search(sought, _point(sought, start))
    ridge = 0
    for _ in range(_MOST_JACOBIANS):
        if search.is_done or not search.here.at_work.any():
            break
        has_moved = _follow(search, _RIDGES[ridge])
        if not has_moved and ridge + 1 == len(_RIDGES):
            if not search.climb_where_most_is_lacking():
                break
            ridge, search.difference = 0, _DIFFERENCE
            continue
        ridge = max(ridge - 1, 0) if has_moved else ridge + 1
        search.difference *= 1.0 if has_moved else 0.5
    return search.best


def _follow(search: _Search, ridge: float) -> bool:
    """Steps on one Jacobian while they lead on well; False where not even the first does."""
    jacobian, has_moved = search.jacobian(), False
    if search.climb(jacobian):
        return True
    for _ in range(_MOST_STEPS):
        before = search.here
        point = search.step(jacobian, ridge)
        if point is None:
            break
        search.here, has_moved = point, True
        own = before.at_work
        moved, answered = (point.log_rate - before.log_rate)[own], (point.hazard - before.hazard)[own]
        is_slow = np.linalg.norm(point.lacking) > 0.5 * np.linalg.norm(before.lacking)
        if search.is_done or is_slow or (point.at_work != own).any() or not moved.any():
            break
        jacobian = jacobian + np.outer(answered - jacobian @ moved, moved) / (moved @ moved)
    return has_moved
