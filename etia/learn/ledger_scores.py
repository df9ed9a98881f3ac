"""The ledger's forecasts against what came: scores, over time and by model version, and calibration (method §9).

Only forecasts that were recorded before their date was over, and before the event can have come (by the first day of
the date that it was resolved with), are scored as forecasts (`ahead`); the others are listed and left out of every
mean. An event's forecasts at many dates, and one forecast run after run, are not independent: the counts are counts of
forecasts, not of independent tests. Intervals of calibration therefore count each event once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from etia.calendar import Period, parse_period
from etia.learn import scores
from etia.learn.ledger import Ledger, Resolution, forecast_entries, is_middle, resolutions

if TYPE_CHECKING:
    from etia.learn.chain import Entry

__all__ = ["LedgerScores", "score"]

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
EVENT_COLUMNS = [
    "model", "version", "scenario", "lens", "event", "as_of", "recorded", "by", "probability", "occurred", "ahead",
    "brier", "log_score",
]  # fmt: skip
TREND_COLUMNS = [
    "model", "version", "scenario", "lens", "trend", "as_of", "recorded", "date", "p5", "p25", "p50", "p75", "p95",
    "value", "ahead", "crps", "pit", "cover50", "cover90",
]  # fmt: skip
VERSION = ["model", "version", "scenario", "lens"]


class LedgerScores(NamedTuple):
    """Everything that can be said of the resolved forecasts."""

    events: pd.DataFrame
    """a row a resolved event forecast"""
    trends: pd.DataFrame
    """a row a resolved trend forecast"""
    versions: pd.DataFrame
    """means by model, version, scenario and lens: n_events, brier, log_score, n_trends, crps, cover50, cover90"""
    over_time: pd.DataFrame
    """the same means by the year that the forecasts speak of"""
    reliability: pd.DataFrame
    """bands of probability: how often what was given it came true; its intervals count each event once"""
    n_open: int
    """forecasts that are not resolved yet"""

    @property
    def n_late(self) -> int:
        """Resolved forecasts that were recorded when their date was over or the event had come."""
        return int((~self.events["ahead"].astype(bool)).sum() + (~self.trends["ahead"].astype(bool)).sum())


def score(ledger: Ledger, *, model: str | None = None, floor: float = 0.0) -> LedgerScores:
    """Score all resolved forecasts, of one model where it is named; the whole file is verified first.

    `floor` is the least probability that the log score counts with (stated by the caller; 0: a miss at probability 0
    costs without end).
    """
    entries = ledger.chain.entries()
    what_came = list(resolutions(entries).values())
    forecasts = [entry for entry in forecast_entries(entries) if model in (None, entry.body["model"])]
    events = _event_scores(_event_rows(forecasts, what_came), floor)
    trends = _trend_scores(_trend_rows(forecasts, what_came))
    n_rows = sum(len(entry.body["events"]) + len(entry.body["trends"]) for entry in forecasts)
    good, measured = events[events["ahead"].astype(bool)], trends[trends["ahead"].astype(bool)]
    return LedgerScores(
        events,
        trends,
        _means(good, measured, VERSION),
        _means(
            good.assign(year=good["by"].str[:4]), measured.assign(year=measured["date"].str[:4]), [*VERSION, "year"]
        ),
        scores.reliability(
            good["probability"], good["occurred"], events=(good["model"] + " " + good["event"]).tolist()
        ),
        n_rows - len(events) - len(trends),
    )


def _head(entry: Entry, row: dict[str, Any], date: Period) -> dict[str, Any]:
    body = entry.body
    known = {"model": body["model"], "version": body["version"], "as_of": body["as_of"]}
    return known | row | {"recorded": entry.recorded.isoformat(), "ahead": entry.recorded.date() <= date.last}


def _event_rows(forecasts: list[Entry], what_came: list[Resolution]) -> list[dict[str, Any]]:
    rows = []
    for entry in forecasts:
        mine = [known for known in what_came if known.model == entry.body["model"] and known.kind == "event"]
        for row in entry.body["events"]:
            by = parse_period(row["by"])
            own = [known for known in mine if known.subject == row["event"]]
            occurred = _occurred(by, own)
            if occurred is not None:
                head = _head(entry, row, by)
                # of a date known by its year or month only the first day: it may have come as early as that
                came = [parse_period(one.date).first for one in own if one.value]
                is_ahead = head["ahead"] and not any(day < entry.recorded.date() for day in came)
                rows.append(head | {"occurred": occurred, "ahead": is_ahead})
    return rows


def _occurred(by: Period, known: list[Resolution]) -> int | None:
    """1 or 0 where the latest resolution that settles it says so, None where it is open.

    An event that occurred within a period that reaches over the end of `by` leaves it open: the source is too coarse.
    """
    for resolution in reversed(known):
        period = parse_period(resolution.date)
        if resolution.value:
            if period.last <= by.last:
                return 1
            return 0 if period.first > by.last else None
        if period.last >= by.last:
            return 0
    return None


def _trend_rows(forecasts: list[Entry], what_came: list[Resolution]) -> list[dict[str, Any]]:
    values = {(known.model, known.subject, parse_period(known.date)): known.value for known in what_came}
    rows = []
    for entry in forecasts:
        for row in entry.body["trends"]:
            date = parse_period(row["date"])
            value = _value_at(values, entry.body["model"], row["trend"], date)
            if value is not None:
                rows.append(_head(entry, row, date) | {"value": value})
    return rows


def _value_at(
    values: dict[tuple[str, str, Period], float | bool], model: str, trend: str, date: Period
) -> float | bool | None:
    """The value of the step, or of a coarser period whose middle step it is (the earlier of two; method §4)."""
    exact = values.get((model, trend, date))
    if exact is not None:
        return exact
    for (name, subject, period), value in values.items():
        if (name, subject) == (model, trend) and is_middle(date, period):
            return value
    return None


def _event_scores(rows: list[dict[str, Any]], floor: float) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=[name for name in EVENT_COLUMNS if name not in ("brier", "log_score")])
    probability, occurred = (table[name].to_numpy(dtype=float) for name in ("probability", "occurred"))
    table["brier"] = scores.brier(probability, occurred)
    table["log_score"] = scores.log_score_event(probability, occurred, floor=floor)
    return table[EVENT_COLUMNS]


def _trend_scores(rows: list[dict[str, Any]]) -> pd.DataFrame:
    late = ("crps", "pit", "cover50", "cover90")
    table = pd.DataFrame(rows, columns=[name for name in TREND_COLUMNS if name not in late])
    quantiles, value = (
        table[["p5", "p25", "p50", "p75", "p95"]].to_numpy(dtype=float),
        table["value"].to_numpy(dtype=float),
    )
    table["crps"] = scores.crps_quantiles(quantiles, LEVELS, value)
    # the middle of the cell: no chance is added to what is printed
    table["pit"] = scores.pit_quantiles(quantiles, LEVELS, value, np.full(len(table), 0.5))
    table["cover50"] = scores.covered(quantiles[:, 1], quantiles[:, 3], value)
    table["cover90"] = scores.covered(quantiles[:, 0], quantiles[:, 4], value)
    return table[TREND_COLUMNS]


def _means(events: pd.DataFrame, trends: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Means by group, in the order in which the groups first come; a CRPS is in each trend's own unit."""
    first = events.groupby(by, sort=False).agg(
        n_events=("brier", "size"), brier=("brier", "mean"), log_score=("log_score", "mean")
    )
    second = trends.groupby([*by, "trend"], sort=False).agg(
        n_trends=("crps", "size"), crps=("crps", "mean"), cover50=("cover50", "mean"), cover90=("cover90", "mean")
    )
    first["trend"] = ""
    parts = [part.reset_index() for part in (first, second) if len(part)]
    names = [*by, "trend", "n_events", "brier", "log_score", "n_trends", "crps", "cover50", "cover90"]
    return pd.concat(parts).reindex(columns=names).reset_index(drop=True) if parts else pd.DataFrame(columns=names)
