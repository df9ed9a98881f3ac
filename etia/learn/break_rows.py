"""Turning points as a reader meets them: dates found among the data, sizes in the trend's units, rows and words (§9).

A size in the latent scale is turned at the level before the event: on `linear` in trend units, on `log` in percent,
on `logit` in trend units (points) from the last datum before the transition. Slopes are per year, in the same units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

import pandas as pd

from etia.learn.turning_points import WINDOWS, TurningPoint, turning_points

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from etia.calendar import Period

    Floats = NDArray[np.float64]

__all__ = ["COLUMNS", "Series", "event_span", "say", "turning_point_rows", "turning_point_table"]

COLUMNS = [
    "event", "trend", "size", "low", "high", "slope", "slope_low", "slope_high", "placebo_rank", "verdict",
    "transition",
]  # fmt: skip
"""of the table turning_points; `transition` counts the data set aside from the event's first datum on"""
MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Series:
    """A measured trend's history, evenly spaced: NaN stands where a datum is missing."""

    trend: str
    latent: Floats  # (n,) in the latent scale
    first: Period
    """the period of the first datum; its precision is the data's"""
    scale: Literal["linear", "log", "logit"] = "linear"
    bounds: tuple[float, float] = (0.0, 1.0)
    """of a logit scale"""
    unit: str = ""

    @property
    def precision(self) -> str:
        return self.first.precision


def event_span(date: Period, series: Series) -> tuple[int, int]:
    """Index of the first and last datum whose period overlaps the event's date; may lie outside the series."""
    months = MONTHS[series.precision]
    origin = series.first.first_month // months
    return date.first_month // months - origin, date.last_month // months - origin


def _level(series: Series, latent: float) -> float:
    low, high = series.bounds
    return low + (high - low) / (1 + math.exp(-latent))


def _size(series: Series, size: float, before: float) -> float:
    """A latent size in the units that sizes are written in."""
    if series.scale == "log":
        return 100 * math.expm1(size)
    if series.scale == "logit":
        return _level(series, before + size) - _level(series, before)
    return size


def _slope(series: Series, slope: float, before: float, per_year: int) -> float:
    """A latent slope per datum as units a year: on `logit` the tangent at the level before."""
    if series.scale == "logit":
        low, high = series.bounds
        share = (_level(series, before) - low) / (high - low)
        return slope * per_year * (high - low) * share * (1 - share)
    return _size(series, slope * per_year, before)


def _in_units(found: TurningPoint, series: Series) -> dict[str, float]:
    before = float(series.latent[found.before]) if found.before >= 0 else math.nan
    per_year = 12 // MONTHS[series.precision]
    sizes = {name: _size(series, getattr(found, name), before) for name in ("size", "low", "high")}
    slopes = {
        name: _slope(series, getattr(found, name), before, per_year) for name in ("slope", "slope_low", "slope_high")
    }
    return sizes | slopes


def turning_point_table(
    series: Series, events: Mapping[str, Period], *, alpha: float = 0.05, stated: Collection[str] | None = None
) -> tuple[pd.DataFrame, tuple[TurningPoint, ...]]:
    """The turning-point test of every event on one series: the rows of table `turning_points`, and the full results.

    `stated` are the events that are held to move the series (see `turning_points`).

    Raises ValueError where the data are finer than months (no window is known for them).
    """
    if series.precision not in WINDOWS:
        raise ValueError(
            f"trend '{series.trend}': data by the {series.precision} have no window; give them by the month"
        )
    spans = {event: event_span(date, series) for event, date in events.items()}
    found = turning_points(series.latent, spans, window=WINDOWS[series.precision], alpha=alpha, stated=stated)
    return turning_point_rows(series, found), found


def turning_point_rows(series: Series, found: tuple[TurningPoint, ...]) -> pd.DataFrame:
    """Results as rows of table `turning_points`, in the trend's units (see the module's head)."""
    keep = {field.name for field in fields(TurningPoint)} & set(COLUMNS)
    rows = [
        {name: getattr(point, name) for name in keep} | _in_units(point, series) | {"trend": series.trend}
        for point in found
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def say(found: TurningPoint, series: Series) -> str:
    """One sentence on an event and a series, for reports."""
    head = f"{found.event} on {series.trend}: {found.verdict}"
    if found.verdict == "too few data":
        return f"{head}; the series has too few data on one side of the date, or too few other dates to compare with."
    units, unit = _in_units(found, series), "%" if series.scale == "log" else f" {series.unit}".rstrip()
    size = f"level {units['size']:+.3g}{unit} ({units['low']:+.3g} to {units['high']:+.3g})"
    slope = f"slope {units['slope']:+.3g}{unit} a year ({units['slope_low']:+.3g} to {units['slope_high']:+.3g})"
    rank = max(1, round(found.placebo_rank * found.n_dates))
    place = f"number {rank} of {found.n_dates} dates of the series by clearness, p = {found.p_value:.2g}"
    return f"{head}; {size}, {slope}; {place}."
