"""The turning-point test: a break at an event's date, how large, how sure, against placebo dates (method §9).

Two things must agree before a break is called, each at the stated false-alarm rate:

- **Placebo rank.** The same test is made at every other date of the series. A date chosen without regard to the series
  is among the foremost α of its dates with probability at most α, whatever the series' law: unit roots, heavy tails
  and slow turns meet every date alike. With fewer than 1/α dates the event must be the first of them, and stand out
  beyond their scatter.
- **F-test** of level and slope, with the errors' memory weighed by the data; the lengths of transition tried are paid
  for (Bonferroni). A series in which nothing happens at any date also has a foremost one.

Events near each other are then put into one regression: each must be seen beside the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from scipy.stats import f as fisher

from etia.learn.local_breaks import MEMORIES, Breaks, break_interval, breaks_at_all_dates, whitening, window_offsets

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["WINDOWS", "TurningPoint", "Verdict", "Window", "turning_points"]

Verdict = Literal["break", "no sign", "not separable", "too few data"]
Span = tuple[int, int]
"""index of the first and the last datum that an event's date covers"""


@dataclass(frozen=True)
class Window:
    """How much of a series is looked at around a date, counted in data."""

    reach: int
    """data on either side"""
    least: int
    """data needed on either side"""
    transitions: tuple[int, ...]
    """data set aside, from the last that the event's date covers on: none, that one, half a year"""
    per_year: int


WINDOWS: dict[str, Window] = {
    "month": Window(24, 12, (0, 1, 6), 12),
    "quarter": Window(20, 6, (0, 1, 2), 4),
    "year": Window(20, 4, (0, 1), 1),
}
"""by the data's precision; a response may be complete at once or take up to half a year"""

LEAST_DATES = 12
"""dates to compare, the event's own among them, below which nothing is said"""


@dataclass(frozen=True)
class TurningPoint:
    """What the data say of one event on one series, in the latent scale; slopes are per datum."""

    event: str
    verdict: Verdict
    size: float = math.nan
    low: float = math.nan
    high: float = math.nan
    slope: float = math.nan
    slope_low: float = math.nan
    slope_high: float = math.nan
    placebo_rank: float = math.nan
    """share of the dates compared, its own included, with a break at least as clear"""
    p_value: float = math.nan
    """of no break, by the F-test, transitions paid for"""
    n_dates: int = 0
    """dates compared, its own included"""
    transition: int = 0
    """data set aside from the event's first datum on"""
    before: int = -1
    """index of the last datum before the transition; -1 where there are too few data"""


def turning_points(
    latent: Floats,
    events: Mapping[str, Span],
    *,
    window: Window,
    alpha: float = 0.05,
    stated: Collection[str] | None = None,
) -> tuple[TurningPoint, ...]:
    """Test every event for a break of the series at its date.

    Parameters
    ----------
    latent
        shape (n,), the series in its latent scale, evenly spaced in time, NaN where missing
    events
        for each event the first and last datum that its date covers (the same one, where it is precise)
    window
        `WINDOWS` by the data's precision, or one of one's own
    alpha
        the false-alarm rate; the intervals cover 1 − alpha
    stated
        events that are held to move this series: a break of one of them is told apart from theirs alone, not from
        those of events that are held to have nothing to do with it; all where left out

    Returns
    -------
    tuple
        one result an event, in their order
    """
    scans = {width: _scan(latent, width, window) for width in {last - first for first, last in events.values()}}
    tests = {event: _alone(scans[last - first], first, window) for event, (first, last) in events.items()}
    alone = _ranked({event: test for event, test in tests.items() if test}, window, alpha)
    rivals = {name: test for name, test in alone.items() if test.p_value <= alpha}
    held = rivals if stated is None else {name: test for name, test in rivals.items() if name in stated}
    # events of one date share their interval
    places = {(test.date, test.breaks.gap): test for test in alone.values()}
    intervals = {
        place: break_interval(test.breaks, test.row, coverage=1 - alpha).tolist() for place, test in places.items()
    }
    return tuple(
        _judged(latent, event, alone[event], [*(held if event in held else rivals).values()], intervals, window, alpha)
        if event in alone
        else TurningPoint(event, "too few data")
        for event in events
    )


class _Scan(NamedTuple):
    """The test at every date of a series, for one width of the date."""

    by_gap: tuple[Breaks, ...]
    dates: NDArray[np.int64]  # those that every transition can be tried at
    p_values: Floats  # (gaps, dates)


def _scan(latent: Floats, width: int, window: Window) -> _Scan:
    by_gap = tuple(
        breaks_at_all_dates(latent, gap=width + extra, reach=window.reach, least=window.least)
        for extra in window.transitions
    )
    dates = by_gap[0].dates
    for breaks in by_gap[1:]:
        dates = np.intersect1d(dates, breaks.dates)
    p_values = np.stack([breaks.p_value[np.searchsorted(breaks.dates, dates)] for breaks in by_gap])
    return _Scan(by_gap, dates, p_values)


class _Alone(NamedTuple):
    """One event's test, as if it were the only one."""

    date: int
    scan: _Scan
    breaks: Breaks
    row: int  # of the event among the dates of `breaks`
    p_value: float
    placebo_rank: float = math.nan
    n_dates: int = 0
    scaled_p_value: float = math.nan
    """the F-test's, after the series' dates were scaled to the scatter that chance alone would give them"""

    def is_called(self, alpha: float) -> bool:
        """Both tests agree.

        With fewer than 1/alpha dates no rank is below alpha: the event must then be the first, and stand out from the
        other dates beyond their own scatter.
        """
        if self.n_dates * alpha < 1:
            return self.scaled_p_value <= alpha and self.placebo_rank <= 1 / self.n_dates + 1e-12
        return self.p_value <= alpha and self.placebo_rank <= alpha + 1e-12


def _alone(scan: _Scan, date: int, window: Window) -> _Alone | None:
    """The F-test of one event; None where it has too few data, or too few dates to compare with."""
    found = np.flatnonzero(scan.dates == date)
    if not len(found) or len(scan.dates) < LEAST_DATES:
        return None
    p_values = scan.p_values[:, int(found[0])]
    breaks = scan.by_gap[int(p_values.argmin())]
    p_value = min(1.0, float(p_values.min()) * len(window.transitions))
    return _Alone(date, scan, breaks, int(np.searchsorted(breaks.dates, date)), p_value)


def _ranked(tests: dict[str, _Alone], window: Window, alpha: float) -> dict[str, _Alone]:
    """Each event among its placebo dates, the clearest first: dates near a break already called are no placebos.

    An event's own neighbours stay. A clear break is seen at the dates around it too; without them, every one of these
    dates would come first among the rest, and a placebo that falls there by chance would be a false alarm.
    """
    ranked: dict[str, _Alone] = {}
    clearance = max(window.transitions)
    for event, test in sorted(tests.items(), key=lambda item: item[1].p_value):
        dates, smallest = test.scan.dates, test.scan.p_values.min(axis=0)
        called = [other.date for other in ranked.values() if other.is_called(alpha)]
        near = np.abs(np.subtract.outer(dates, called)).min(axis=1, initial=clearance + 1) <= clearance
        kept = ~near | (dates == test.date)
        if kept.sum() < max(20, len(dates) / 2):
            kept[:] = True
        scaled = _scaled_p_value(test, kept)
        if scaled <= alpha and alpha * kept.sum() < 1 + 2 * clearance:
            kept &= ~_same_break(test)
        rank = float((smallest[kept] <= smallest[dates == test.date]).mean())
        n_dates = int(kept.sum())
        ranked[event] = test._replace(placebo_rank=rank, n_dates=n_dates, scaled_p_value=scaled)
    return ranked


def _scaled_p_value(test: _Alone, kept: NDArray[np.bool_]) -> float:
    """The event's F-test, with F divided by what the median over dates exceeds the F-distribution's median by.

    A series that bends or wanders more than the errors' model says has large F at most of its dates; transitions are
    paid for as in the plain p-value.
    """
    freedom = float(test.breaks.freedom[test.row])
    smallest = np.clip(test.scan.p_values.min(axis=0), 1e-290, 1.0)
    f_values = fisher.isf(smallest, 2, freedom)
    scatter = max(1.0, float(np.median(f_values[kept])) / float(fisher.median(2, freedom)))
    own = f_values[test.scan.dates == test.date][0]
    return min(1.0, float(fisher.sf(own / scatter, 2, freedom)) * len(test.scan.by_gap))


def _same_break(test: _Alone) -> NDArray[np.bool_]:
    """Dates inside the event's own transition that see the same break.

    A response that begins at the datum after the event is a break at that datum too, and there with a datum more. A
    long series has room for a whole neighbourhood among its foremost dates; a short one has not: it passes these over.
    """
    gaps = np.array([breaks.gap for breaks in test.scan.by_gap])
    ends = test.scan.dates + gaps[test.scan.p_values.argmin(axis=0)]
    return np.asarray((test.scan.dates > test.date) & (ends <= test.date + test.breaks.gap))


def _judged(
    latent: Floats,
    event: str,
    own: _Alone,
    candidates: list[_Alone],
    intervals: Mapping[Span, list[list[float]]],
    window: Window,
    alpha: float,
) -> TurningPoint:
    verdict: Verdict = "no sign"
    if own.is_called(alpha):
        rivals = [test for test in candidates if test is not own and abs(test.date - own.date) <= window.reach]
        verdict = _beside(latent, own, sorted(rivals, key=lambda test: test.p_value), window, alpha)
    (low, slope_low), (size, slope), (high, slope_high) = intervals[own.date, own.breaks.gap]
    return TurningPoint(
        event=event,
        verdict=verdict,
        size=size,
        low=low,
        high=high,
        slope=slope,
        slope_low=slope_low,
        slope_high=slope_high,
        placebo_rank=own.placebo_rank,
        p_value=own.p_value,
        n_dates=own.n_dates,
        transition=own.breaks.gap,
        before=int(np.flatnonzero(np.isfinite(latent[: own.date]))[-1]),
    )


def _beside(latent: Floats, own: _Alone, rivals: list[_Alone], window: Window, alpha: float) -> Verdict:
    """What is left of a break when the other events of its window may break the series too.

    A break that is not seen beside a rival, while the rival is seen beside it, was the rival's; where neither is
    seen beside the other, the two cannot be told apart.
    """
    if not rivals:
        return "break"
    if any(rival.date == own.date for rival in rivals):
        return "not separable"
    p_own = _partial_p_value(latent, own, rivals, window)
    if p_own is not None and p_own <= alpha:
        return "break"
    for rival in rivals:
        rest = [own, *(test for test in rivals if test is not rival)]
        p_rival = _partial_p_value(latent, rival, rest, window)
        if p_own is not None and p_rival is not None and p_rival <= alpha:
            return "no sign"
    return "not separable"


def _columns(times: Floats, date: int, gap: int) -> Floats:
    after = (times >= date + gap).astype(np.float64)
    return np.column_stack([after, after * (times - date - gap)])


def _partial_p_value(latent: Floats, own: _Alone, others: list[_Alone], window: Window) -> float | None:
    """p-value of an event's level and slope break beside those of others; None where the data cannot tell."""
    offsets = np.array(window_offsets(np.isfinite(latent), own.date, own.breaks.gap, window.reach))
    times = offsets + own.date
    for test in others:
        times = times[(times < test.date) | (times >= test.date + test.breaks.gap)]
    blocks = [_columns(times.astype(np.float64), test.date, test.breaks.gap) for test in (own, *others)]
    trend = np.column_stack([np.ones(len(times)), times - own.date])
    design = np.column_stack([*blocks, trend]).astype(np.float64)
    freedom = len(times) - design.shape[1]
    if freedom < 2 or np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    p_values = [
        _f_test(latent[times], design, whitening(phi, blur, times.astype(np.float64))) for phi, blur in MEMORIES
    ]
    return float(own.breaks.weights @ np.array(p_values))


def _f_test(data: Floats, design: Floats, root: Floats) -> float:
    """p-value that the first two columns have no part."""
    white, seen = root @ design, root @ data
    full = seen - white @ np.linalg.lstsq(white, seen, rcond=None)[0]
    without = seen - white[:, 2:] @ np.linalg.lstsq(white[:, 2:], seen, rcond=None)[0]
    freedom = len(data) - design.shape[1]
    variance = max(float(full @ full) / freedom, 1e-300)
    return float(fisher.sf((without @ without - full @ full) / 2 / variance, 2, freedom))
