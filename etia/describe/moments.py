"""Means with standard errors, gathered a block of runs at a time (method §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["ROUNDING", "Moments", "Part", "part_of", "stacked_parts"]


ROUNDING = 1e-13
"""the part of a mean below which its error is rounding: the value is the same in all units"""


class Part(NamedTuple):
    """What a block of one draw's runs adds."""

    draw: int
    n: int  # runs
    mean: Floats  # (...)
    squares: Floats  # (...) sum over runs of squares about the mean
    answer: Floats | None = (
        None  # (L, ...) mean over runs of the values times scores of what was calibrated, where asked
    )


def part_of(draw: int, values: Floats, scores: Floats | None = None) -> Part:
    """The part of values (runs, ...), with their mean's answer to what has `scores` (runs, L) where these are given."""
    mean = values.mean(axis=0)
    deviation = values - mean
    answer = None
    if scores is not None:
        answer = np.tensordot(scores - scores.mean(axis=0), deviation, axes=(0, 0)) / len(values)
    return Part(draw, len(values), mean, (deviation**2).sum(axis=0), answer)


def stacked_parts(parts: Sequence[Part], axis: int) -> Part:
    """Parts of the same runs as one, stacked along a new axis of what they measure."""
    answers = [part.answer for part in parts if part.answer is not None]
    return Part(
        parts[0].draw,
        parts[0].n,
        np.stack([part.mean for part in parts], axis),
        np.stack([part.squares for part in parts], axis),
        np.stack(answers, axis + 1) if answers else None,
    )


def _joined(one: Part, other: Part) -> Part:
    """Two sets of runs as one (Chan, Golub and LeVeque, 1979)."""
    n = one.n + other.n
    delta = other.mean - one.mean
    squares = one.squares + other.squares + delta**2 * (one.n * other.n / n)
    answer = None
    if one.answer is not None and other.answer is not None:
        answer = one.answer + (other.answer - one.answer) * (other.n / n)
    return Part(other.draw, n, one.mean + delta * (other.n / n), squares, answer)


class Moments:
    """A mean over all runs and its standard error, from parts that come draw by draw.

    The independent units are draws, each its runs' mean, where there are two or more; else the runs of the one draw.
    """

    def __init__(self, shape: tuple[int, ...], *, by_draw: bool) -> None:
        self._shape = shape
        self._by_draw = by_draw
        self._settled: Part | None = None
        self._open: Part | None = None  # the draw that is not complete yet

    def add(self, part: Part) -> None:
        """Take in a part; those of a draw come one after the other."""
        if self._open is not None and (not self._by_draw or self._open.draw == part.draw):
            self._open = _joined(self._open, part)
            return
        self._settled = self._with_open()
        self._open = part

    def _with_open(self) -> Part | None:
        """All units so far."""
        if self._open is None:
            return self._settled
        unit = self._open
        if self._by_draw:
            unit = Part(unit.draw, 1, unit.mean, np.zeros(self._shape), unit.answer)
        return unit if self._settled is None else _joined(self._settled, unit)

    @property
    def mean(self) -> Floats:
        """(...) mean over all runs; every draw has as many."""
        units = self._with_open()
        return np.full(self._shape, np.nan) if units is None else units.mean

    @property
    def answer(self) -> Floats | None:
        """(L, ...) how the mean answers to what was calibrated, where the parts say."""
        units = self._with_open()
        return None if units is None else units.answer

    def error_with_calibration(self) -> Floats:
        """(...) standard error of the mean, calibration's part included where the parts say how they answer to it."""
        error, answer = self.error(), self.answer
        return error if answer is None else np.sqrt(error**2 + (answer**2).sum(axis=0))

    @property
    def n_units(self) -> int:
        """How many independent units there are."""
        units = self._with_open()
        return 0 if units is None else units.n

    def variance(self) -> Floats:
        """(...) variance of the units; nan with a single one."""
        units = self._with_open()
        if units is None or units.n < 2:
            return np.full(self._shape, np.nan)
        out: Floats = units.squares / (units.n - 1)
        return out

    def error(self) -> Floats:
        """(...) standard error of the mean; nan with a single unit."""
        error = np.sqrt(self.variance() / max(self.n_units, 1))
        return np.where(error <= ROUNDING * np.abs(self.mean), 0.0, error)
