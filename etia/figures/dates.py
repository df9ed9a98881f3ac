"""Where a date stands on a time axis: decimal years."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from etia.calendar import parse_period

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

__all__ = ["decimal_year", "decimal_years", "first_moment", "name_as_of"]


def decimal_year(date: Any) -> float:
    """The year and its part: of `2018-05`, `2018-Q2`, `2018` the middle of the period, of a day that day.

    Datetimes, days and numbers (decimal years already) will do as well.
    """
    if isinstance(date, str):
        period = parse_period(date)
        return (_of_day(period.first) + _of_day(period.last) + 1 / 365.25) / 2
    if hasattr(date, "year"):
        return _of_day(dt.date(date.year, date.month, date.day))
    if isinstance(date, np.datetime64):
        return decimal_year(date.astype("datetime64[D]").astype(object))
    return float(date)


def first_moment(date: Any) -> float:
    """Where the first day of a date stands."""
    return _of_day(parse_period(date).first) if isinstance(date, str) else decimal_year(date)


def _of_day(day: dt.date) -> float:
    start = dt.date(day.year, 1, 1)
    return day.year + (day - start).days / (dt.date(day.year + 1, 1, 1) - start).days


def decimal_years(dates: Iterable[Any]) -> NDArray[np.float64]:
    """`decimal_year` of each."""
    return np.array([decimal_year(date) for date in dates], dtype=float)


def name_as_of(axes: Axes, as_of: Any, *, inside: bool = True) -> None:
    """Mark where knowledge ends: a dotted line with its date, and a faint ground on what is still to come."""
    x = decimal_year(as_of)
    left, right = axes.get_xlim()
    if not left < x < right:
        return
    axes.axvspan(x, right, color="#f4f4f4", zorder=-5, linewidth=0)
    axes.axvline(x, color="#6b6b6b", linewidth=0.9, linestyle=(0, (1, 2)), zorder=0.5)
    near_end = x > left + 0.85 * (right - left)
    axes.annotate(
        f"as of {as_of}",
        (x, 1.0),
        xytext=(-3 if near_end and inside else 3, -3 if inside else 2),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        fontsize=8.5,
        color="#6b6b6b",
        va="top" if inside else "bottom",
        ha="right" if near_end and inside else "left",
        annotation_clip=False,
        zorder=5,
    )
