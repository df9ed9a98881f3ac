"""The dates at which a report stops to look."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etia.calendar import Calendar

__all__ = ["milestones", "some_time_ago"]


def milestones(calendar: Calendar) -> list[str]:
    """The end of the next year, of one half way, and the last step; fewer where the future is short."""
    now, last = calendar.year(calendar.as_of), calendar.year(calendar.n_steps - 1)
    years = sorted({now + 1, now + (last - now + 1) // 2, last})
    ends = {}
    for step in range(calendar.as_of + 1, calendar.n_steps):
        ends[calendar.year(step)] = calendar.label(step)
    return list(dict.fromkeys(ends[year] for year in years if year in ends))


def some_time_ago(calendar: Calendar) -> str:
    """From when a figure of the future begins: as long before the present as the future is long."""
    first = max(2 * calendar.as_of - calendar.n_steps + 1, 0)
    return calendar.label(first)
