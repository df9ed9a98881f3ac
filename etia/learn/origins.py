"""From which past dates forecasts are made, and how far ahead (method §9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etia.calendar import Period, parse_period
from etia.errors import UsageError
from etia.learn.knowledge import LEAST_DATA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etia.calendar import Calendar
    from etia.learn.model_series import Measured

__all__ = ["HORIZONS", "MOST_ORIGINS", "chosen_origins", "default_origins", "last_known", "targets"]

HORIZONS = {1: (1, 3, 6, 12, 24), 3: (1, 2, 4, 8), 12: (1, 2, 3, 5)}
"""by the months of a datum: how many data ahead are scored"""
MOST_ORIGINS = 20
ENOUGH = 12
"""origins that a spacing should give; else the next closer one is taken"""
SPACINGS = (12, 6, 3, 1)
"""months between origins, the widest first"""


def last_known(measured: Measured, origin: Period) -> int:
    """Index of the last period that had ended by the origin; −1 where none had."""
    return int(np.searchsorted(measured.last_month, origin.last_month, side="right")) - 1


def is_usable(measured: Measured, origin: Period) -> bool:
    """Whether there are enough data by then, and one to score after it."""
    last = last_known(measured, origin)
    known = np.isfinite(measured.series.latent[: last + 1]) & measured.fit_window[: last + 1]
    return bool(known.sum() >= LEAST_DATA and targets(measured, origin))


def targets(measured: Measured, origin: Period) -> dict[int, int]:
    """By horizon (in data after the origin) the index of the datum to score; missing data are left out."""
    last, latent = last_known(measured, origin), measured.series.latent
    ahead = {h: last + h for h in HORIZONS[measured.months]}
    return {h: at for h, at in ahead.items() if at < len(latent) and np.isfinite(latent[at])}


def default_origins(calendar: Calendar, series: Sequence[Measured]) -> list[Period]:
    """The last ends of years at which any trend can be scored, twenty at most; closer dates where these are few."""
    found: list[Period] = []
    for spacing in SPACINGS:
        if spacing < calendar.months_per_step:
            break
        found = [origin for origin in _ends(calendar, spacing) if any(is_usable(one, origin) for one in series)]
        if len(found) >= ENOUGH:
            break
    return found[-MOST_ORIGINS:]


def _ends(calendar: Calendar, spacing: int) -> list[Period]:
    """The steps up to `as_of` that end a span of `spacing` months of the year."""
    months = calendar.months_per_step
    steps = range(calendar.as_of)
    return [
        parse_period(calendar.label(step)) for step in steps if ((calendar.origin + step + 1) * months) % spacing == 0
    ]


def chosen_origins(calendar: Calendar, series: Sequence[Measured], wanted: Sequence[str]) -> list[Period]:
    """The origins that are asked for, in order of time. Raises UsageError for one at which nothing can be scored."""
    found = []
    for text in wanted:
        try:
            origin = parse_period(text)
        except ValueError as error:
            raise UsageError(f"--origins: {error}") from error
        step = calendar.last_step(origin)
        if not 0 <= step < calendar.as_of:
            first, last = calendar.label(0), calendar.label(calendar.as_of - 1)
            raise UsageError(f"--origins: {text} must lie before as_of, in {first} … {last}")
        if not any(is_usable(one, origin) for one in series):
            raise UsageError(
                f"--origins: at {text} no measured trend has {LEAST_DATA} data behind it and one to score ahead"
            )
        found.append(parse_period(calendar.label(step)))
    return sorted(set(found), key=lambda origin: origin.last_month)


def spacing_months(origins: Sequence[Period]) -> int:
    """The usual distance between neighbouring origins."""
    months = sorted(origin.last_month for origin in origins)
    return int(np.median(np.diff(months))) if len(months) > 1 else 12
