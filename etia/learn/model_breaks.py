"""Turning points of a model: every past event tested on every measured trend, and breaks that no event has (§9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from etia.learn.break_rows import COLUMNS, turning_point_rows, turning_point_table
from etia.learn.candidates import candidate_breaks, candidates_beside_events
from etia.learn.model_series import Measured, measured_trends, past_dates
from etia.learn.turning_points import WINDOWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etia.calendar import Period
    from etia.learn.turning_points import TurningPoint
    from etia.schema.model import Model

__all__ = ["CANDIDATE_COLUMNS", "break_tables", "candidate_table", "model_turning_points"]

CANDIDATE_COLUMNS = ["trend", "date", "events", "near"]
"""of the table candidate_breaks: the first datum after each break, the events near it that the model gives an impact on
the trend, and those near it that are not held to act on it (empty: none)"""


def model_turning_points(model: Model, *, alpha: float = 0.05) -> pd.DataFrame:
    """Table `turning_points`: past events by measured trend, in model order of the events.

    Only events whose date lies within a trend's data are listed for it. `alpha` is the false-alarm rate of one test;
    the intervals cover 1 − alpha. Events with an impact on the trend are told apart from one another; an event
    without one is told apart from all.
    """
    dates = past_dates(model)
    found = [_tested(measured, dates, _stated(model, measured.name), alpha)[0] for measured in measured_trends(model)]
    return _in_model_order(found, list(dates))


def _stated(model: Model, trend: str) -> set[str]:
    """Events that the model gives an impact on a trend."""
    return {impact.source for impact in model.impacts.values() if impact.target == trend}


def _tested(
    measured: Measured, dates: Mapping[str, Period], stated: set[str], alpha: float
) -> tuple[pd.DataFrame, tuple[TurningPoint, ...]]:
    last = len(measured.series.latent) - 1
    inside = {name: date for name, date in dates.items() if _overlaps(measured.span(date), last)}
    if not inside:
        return turning_point_rows(measured.series, ()), ()
    return turning_point_table(measured.series, inside, alpha=alpha, stated=stated & set(inside))


def _overlaps(span: tuple[int, int], last: int) -> bool:
    return span[1] > 0 and span[0] <= last


def _in_model_order(tables: list[pd.DataFrame], events: list[str]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    if not filled:
        return pd.DataFrame(columns=COLUMNS)
    whole = pd.concat(filled, ignore_index=True)
    place = {name: number for number, name in enumerate(events)}
    order = whole["event"].map(place).sort_values(kind="stable").index
    return whole.loc[order].reset_index(drop=True)


def candidate_table(model: Model) -> pd.DataFrame:
    """Table `candidate_breaks`: where each measured trend seems to break when no date is given.

    Candidates only: no false-alarm rate is claimed. A break with an empty list of events is one that the model does
    not explain, though others may lie near it in time.
    """
    dates = past_dates(model)
    found = [_candidates(measured, dates, _stated(model, measured.name)) for measured in measured_trends(model)]
    filled = [table for table in found if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=CANDIDATE_COLUMNS)


def _candidates(measured: Measured, dates: Mapping[str, Period], stated: set[str]) -> pd.DataFrame:
    window = WINDOWS[measured.series.precision]
    breaks = candidate_breaks(measured.series.latent, least=window.least)
    labels = [measured.label(at) for at in range(len(measured.series.latent))]
    spans = {name: measured.span(date) for name, date in dates.items()}
    acting = {name: span for name, span in spans.items() if name in stated}
    others = {name: span for name, span in spans.items() if name not in stated}
    found, near = (
        candidates_beside_events(breaks, some, labels, tolerance=max(window.transitions)) for some in (acting, others)
    )
    found.insert(0, "trend", measured.name)
    return found.assign(near=near["events"])


def break_tables(model: Model, *, alpha: float = 0.05) -> dict[str, pd.DataFrame]:
    """The tables of a plain run: `turning_points` and `candidate_breaks`."""
    return {"turning_points": model_turning_points(model, alpha=alpha), "candidate_breaks": candidate_table(model)}
