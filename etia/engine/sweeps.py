"""Sweeps of calibration: every rate moves by the ratio of wanted to found conditional hazard, all at once (method §3).

With nothing else at work one sweep is enough. Anderson's mixing over the last few makes them settle sooner; where they
lead away they start again from the best one, damped.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from etia.engine.hazards import at_point_before, conditional_hazard, conditional_hazard_from, cumulated

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = ["Sought", "sweeps"]

_MOST_SWEEPS = 60
_LARGEST_MOVE = 3.0
"""of ln of a rate in a sweep"""


@dataclass(frozen=True)
class Sought:
    """What base rates are sought for. I intervals."""

    simulate: Callable[[Floats], Floats]  # (I,) ln λ0 -> (batches, I) expected occurrences
    probability: Floats  # (I,) elicited, cumulative
    is_first: Flags  # (I,) first interval of an event
    solved: Flags  # (I,) intervals to solve
    cap: Floats  # (I,) largest ln λ0 tried
    tolerance: float  # largest miss of a probability that counts as met


def _anderson(points: list[Floats], moves: list[Floats]) -> Floats:
    """Next point of Anderson's mixing over the last few sweeps' points and moves."""
    differences = np.stack([later - earlier for earlier, later in pairwise(moves)], axis=1)
    steps = np.stack([later - earlier for earlier, later in pairwise(points)], axis=1)
    mix, *_ = np.linalg.lstsq(differences, moves[-1], rcond=1e-8)
    return points[-1] + moves[-1] - (steps + differences) @ mix


def sweeps(sought: Sought, log_rate: Floats, saturated: Floats) -> tuple[Floats, Floats, int]:
    """Of the best sweep ln λ0 and the batches' expected occurrences; and how many sweeps were made."""
    elicited, solved, is_first, cap = sought.probability, sought.solved, sought.is_first, sought.cap
    points: list[Floats] = []
    moves: list[Floats] = []
    best, best_error, best_batches = log_rate, np.inf, np.zeros((1, len(log_rate)))
    damping, is_stuck = 1.0, np.zeros(len(log_rate), dtype=bool)
    for sweep in range(1, _MOST_SWEEPS + 1):  # noqa: B007 - the last one is told
        batches = sought.simulate(log_rate)
        found = batches.mean(axis=0)
        reached = cumulated(found, is_first)
        # what no rate can reach must not hide how well all else is met, nor keep the sweeps from ending
        was_stuck, is_stuck = is_stuck, solved & (log_rate >= cap) & (reached < elicited)
        if (is_stuck != was_stuck).any():
            points, moves = [], []
        missed = np.abs(reached - elicited)[solved & ~is_stuck].max(initial=0.0)
        error = float(np.linalg.norm((reached - elicited)[solved]))
        if error < best_error or missed < sought.tolerance:
            best, best_error, best_batches = log_rate, error, batches
        elif error > 3.0 * best_error:
            log_rate, points, moves, damping = best, [], [], damping * 0.5
        if missed < sought.tolerance:
            break
        hazard = conditional_hazard(found, is_first)
        # after a point that cannot be reached the next one is, from where the curve has come to
        base = at_point_before(np.where(is_stuck, reached, elicited), is_first)
        wanted = conditional_hazard_from(elicited - base, base)
        with np.errstate(divide="ignore"):
            move = np.where(solved & ~is_stuck, np.log(wanted) - np.log(np.maximum(hazard, 1e-12)), 0.0)
        climbing = (move > 0) & (log_rate > saturated)
        move = damping * np.clip(move, -_LARGEST_MOVE, _LARGEST_MOVE)
        points, moves = [*points, log_rate][-6:], [*moves, move][-6:]
        onwards = np.where(is_stuck | climbing, log_rate + _LARGEST_MOVE, log_rate + move)
        mixed = _anderson(points, moves) if len(points) > 2 else onwards
        log_rate = np.clip(np.where(is_stuck | climbing, onwards, mixed), -60.0, cap)
    return best, best_batches, sweep
