"""Dates and durations of a drafted model, as they are written in YAML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["Clock"]

PARTS = {"year": 1, "quarter": 4, "month": 12}


@dataclass(frozen=True)
class Clock:
    """Steps 0 … n_steps − 1 of which `as_of` is the last known; step 0 is `origin` steps after year 0."""

    step: str
    origin: int
    as_of: int
    n_steps: int

    @classmethod
    def draw(cls, rng: Generator, n_future: int) -> Clock:
        step = str(rng.choice(["year", "quarter", "month"]))
        parts = PARTS[step]
        as_of = int(rng.integers(2, 6 if step == "year" else 15))
        return cls(step, 2012 * parts + int(rng.integers(0, 3 * parts)), as_of, as_of + n_future + 1)

    @property
    def n_future(self) -> int:
        return self.n_steps - 1 - self.as_of

    def date(self, index: int) -> int | str:
        """The step as it is written; a year is a plain number."""
        year, part = divmod(self.origin + index, PARTS[self.step])
        if self.step == "year":
            return year
        return f"{year}-Q{part + 1}" if self.step == "quarter" else f"{year}-{part + 1:02d}"

    def day(self, index: int) -> str:
        """A day within the step."""
        year, part = divmod(self.origin + index, PARTS[self.step])
        return f"{year}-{part * 12 // PARTS[self.step] + 1:02d}-17"

    def coarse_dates(self, first: int, last: int) -> list[tuple[int | str, int, int]]:
        """Dates coarser than the step that lie within the steps first … last: (date, its first step, its last step)."""
        sizes = {"year": [], "quarter": [4], "month": [3, 12]}[self.step]
        return [
            (self._coarse(index, size), index, index + size - 1)
            for size in sizes
            for index in self._begins(size, first, last)
        ]

    def periods(self, size: int, first: int, last: int) -> list[int | str]:
        """The dates, coarser than the step, of the periods of `size` steps that lie within the steps first … last."""
        return [self._coarse(index, size) for index in self._begins(size, first, last)]

    def _begins(self, size: int, first: int, last: int) -> list[int]:
        return [index for index in range(first, last - size + 2) if (self.origin + index) % size == 0]

    def _coarse(self, index: int, size: int) -> int | str:
        year, part = divmod(self.origin + index, PARTS[self.step])
        return year if size == PARTS[self.step] else f"{year}-Q{part // 3 + 1}"

    def duration(self, steps: float) -> str:
        """A number of steps as a duration, in the step's own unit."""
        return f"{steps:g} {self.step}{'' if steps == 1 else 's'}"
