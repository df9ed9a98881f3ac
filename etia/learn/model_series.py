"""The measured trends of a model as evenly spaced series: what tests, fits and backtests look at (method §4, §9).

Values stand in the latent scale, by the period of the data (or the step, where data are finer), from the first datum
up to `as_of`; what is missing is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etia.calendar import Calendar, parse_period
from etia.compile.measured import measured_series
from etia.learn.break_rows import Series, event_span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.calendar import Period
    from etia.compile.measured import Series as PeriodSeries
    from etia.schema.model import Model

__all__ = ["Measured", "baseline_methods", "measured_trends", "past_dates"]

PRECISIONS = {1: "month", 3: "quarter", 12: "year"}


@dataclass(frozen=True)
class Measured:
    """One measured trend: its series, and where its periods lie on the model's calendar."""

    series: Series
    index: int
    """of the trend in the model"""
    middle: NDArray[np.int64]
    """(n,) the step at which each period's value stands"""
    last_month: NDArray[np.int64]
    """(n,) the last month of each period, counted as `Period` does"""
    fit_window: NDArray[np.bool_]
    """(n,) periods that the baseline is fitted to"""

    @property
    def name(self) -> str:
        return self.series.trend

    @property
    def months(self) -> int:
        """Months a period."""
        return {name: months for months, name in PRECISIONS.items()}[self.series.precision]

    @property
    def per_year(self) -> int:
        return 12 // self.months

    def label(self, at: int) -> str:
        """The date of a period, as written."""
        return str(_period(int(self.last_month[at]) // self.months, self.months))

    def span(self, date: Period) -> tuple[int, int]:
        """The first and last period that a date covers; may lie outside the series."""
        return event_span(date, self.series)


def measured_trends(model: Model) -> list[Measured]:
    """All trends with data up to `as_of`, in model order. Raises SeriesError where a history has none by then."""
    return [_measured(model, found) for found in measured_series(model)]


def _measured(model: Model, found: PeriodSeries) -> Measured:
    calendar, trend = model.timeline, model.trends[found.name]
    months, n = 12 // found.periods_per_year, len(found.values)
    first = (calendar.origin + int(found.middle[0])) * calendar.months_per_step // months
    series = Series(
        found.name, found.values, _period(first, months), trend.scale, trend.bounds or (0.0, 1.0), trend.unit or ""
    )
    last_month = (first + np.arange(n) + 1) * months - 1
    return Measured(series, found.trend, _middle(calendar, first, months, n), last_month, found.fit_window)


def _middle(calendar: Calendar, first: int, months: int, n: int) -> NDArray[np.int64]:
    """The middle step of n periods from number `first` on, the earlier of two."""
    begin = (first + np.arange(n)) * months // calendar.months_per_step - calendar.origin
    return np.asarray(begin + (months // calendar.months_per_step - 1) // 2, dtype=np.int64)


def _period(number: int, months: int) -> Period:
    """The period with this number, counted in periods since year 0."""
    year, month = divmod(number * months, 12)
    if months == 12:
        return parse_period(f"{year:04d}")
    return parse_period(f"{year:04d}-Q{month // 3 + 1}" if months == 3 else f"{year:04d}-{month + 1:02d}")


def baseline_methods(model: Model) -> dict[str, str]:
    """The method of every measured trend's baseline, in model order."""
    return {
        name: trend.baseline.method if trend.baseline else "constant"
        for name, trend in model.trends.items()
        if trend.history
    }


def past_dates(model: Model) -> dict[str, Period]:
    """The date of every event that has occurred, in model order."""
    calendar = model.timeline
    return {
        name: event.date
        for name, event in model.events.items()
        if event.date is not None and calendar.first_step(event.date) <= calendar.as_of and event.happens != "never"
    }
