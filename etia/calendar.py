"""When things happen: dates with their own precision, durations, and the steps of a model's calendar (method §1)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date as Day  # noqa: N812 - `date` is what an event has
from datetime import timedelta
from typing import Literal

__all__ = ["Calendar", "Period", "StepLength", "duration_months", "parse_period"]

StepLength = Literal["month", "quarter", "year"]
MONTHS_PER_STEP: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}

_PERIOD = re.compile(r"(\d{4})(?:-(?:Q([1-4])|(\d{2})(?:-(\d{2}))?))?")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(month|quarter|year)s?")


@dataclass(frozen=True, order=True)
class Period:
    """A date as written: its first and last day, and the precision that its writing gives.

    `first_month` and `last_month` count months since year 0 (year · 12 + month − 1).
    """

    first: Day
    last: Day
    precision: Literal["day", "month", "quarter", "year"]

    @property
    def first_month(self) -> int:
        return self.first.year * 12 + self.first.month - 1

    @property
    def last_month(self) -> int:
        return self.last.year * 12 + self.last.month - 1

    def __str__(self) -> str:
        if self.precision == "year":
            return f"{self.first.year:04d}"
        if self.precision == "quarter":
            return f"{self.first.year:04d}-Q{(self.first.month + 2) // 3}"
        return self.first.isoformat()[: 7 if self.precision == "month" else 10]


def _month_span(first_month: int, n_months: int) -> tuple[Day, Day]:
    year, month = divmod(first_month, 12)
    next_year, next_month = divmod(first_month + n_months, 12)
    return Day(year, month + 1, 1), Day(next_year, next_month + 1, 1) - timedelta(days=1)


def parse_period(text: str) -> Period:
    """The period that an ISO date names: `2018-05-08`, `2018-05`, `2018-Q2` or `2018`.

    Raises ValueError on anything else, a day that does not exist included.
    """
    found = _PERIOD.fullmatch(text.strip())
    if not found or not 1 <= int(found[1]) <= 9998:
        raise ValueError(f"{text!r} is not a date; write 2018-05-08, 2018-05, 2018-Q2 or 2018")
    year, quarter, month, day = (int(part) if part else 0 for part in found.groups())
    if day:
        try:
            exact = Day(year, month, day)
        except ValueError as error:
            raise ValueError(f"{text!r} is not a day of the calendar: {error}") from error
        return Period(exact, exact, "day")
    if quarter:
        return Period(*_month_span(year * 12 + 3 * (quarter - 1), 3), "quarter")
    if found[3]:
        if not 1 <= month <= 12:
            raise ValueError(f"{text!r} is not a date: there is no month {month}")
        return Period(*_month_span(year * 12 + month - 1, 1), "month")
    return Period(*_month_span(year * 12, 12), "year")


def duration_months(text: str) -> float:
    """The months of a duration as written: `18 months`, `2 quarters`, `1.5 years`.

    Raises ValueError where the text is no such duration.
    """
    found = _DURATION.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a duration; write for example '18 months', '2 quarters' or '1 year'")
    return float(found[1]) * MONTHS_PER_STEP[found[2]]


@dataclass(frozen=True)
class Calendar:
    """The steps 0 … n_steps − 1 of a model, from `start` to `end`, of which `as_of` is the last known one.

    Month numbers are those of `Period`. `start` and `end` are widened to whole steps.
    """

    step: StepLength
    origin: int
    """number of the step that holds `start`, counted in steps since year 0"""
    as_of: int
    """index of the step that holds `as_of`'s last day"""
    n_steps: int

    @classmethod
    def between(cls, start: Period, as_of: Period, end: Period, step: StepLength) -> Calendar:
        """The calendar from `start` to `end`. Raises ValueError unless start ≤ as_of ≤ end."""
        months = MONTHS_PER_STEP[step]
        origin, last = start.first_month // months, end.last_month // months
        present = as_of.last_month // months
        if not origin <= present <= last:
            raise ValueError(f"start {start} ≤ as_of {as_of} ≤ end {end} does not hold")
        return cls(step, origin, present - origin, last - origin + 1)

    @property
    def months_per_step(self) -> int:
        return MONTHS_PER_STEP[self.step]

    @property
    def steps_per_year(self) -> int:
        return 12 // self.months_per_step

    def first_step(self, period: Period) -> int:
        """Index of the first step that `period` covers; may lie outside 0 … n_steps − 1."""
        return period.first_month // self.months_per_step - self.origin

    def last_step(self, period: Period) -> int:
        """Index of the last step that `period` covers; may lie outside 0 … n_steps − 1."""
        return period.last_month // self.months_per_step - self.origin

    def middle_step(self, period: Period) -> int:
        """Index of the middle step of `period`, the earlier of two."""
        return (self.first_step(period) + self.last_step(period)) // 2

    def label(self, step_index: int) -> str:
        """The step as its date is written: `2018`, `2018-Q2` or `2018-05`."""
        year, part = divmod(self.origin + step_index, self.steps_per_year)
        if self.step == "year":
            return f"{year:04d}"
        return f"{year:04d}-Q{part + 1}" if self.step == "quarter" else f"{year:04d}-{part + 1:02d}"

    def labels(self) -> list[str]:
        """The labels of all steps, in order."""
        return [self.label(t) for t in range(self.n_steps)]

    def year(self, step_index: int) -> int:
        """The calendar year of a step."""
        return (self.origin + step_index) // self.steps_per_year

    def steps(self, months: float) -> float:
        """A duration in steps, not rounded."""
        return months / self.months_per_step

    def whole_steps(self, months: float) -> int:
        """A duration rounded to whole steps, halves up."""
        return math.floor(self.steps(months) + 0.5)

    def moved(self, as_of: Period) -> Calendar:
        """The same steps with another `as_of`. Raises ValueError where it lies outside them."""
        present = as_of.last_month // self.months_per_step - self.origin
        if not 0 <= present < self.n_steps:
            raise ValueError(f"as_of {as_of} lies outside {self.label(0)} … {self.label(self.n_steps - 1)}")
        return Calendar(self.step, self.origin, present, self.n_steps)
