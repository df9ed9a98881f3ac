"""Tests, fits and backtests as lines for a terminal; words and verdicts stand in `judgement`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import pandas as pd

    from etia.learn.fit import TrendFit
    from etia.schema.model import Model

__all__ = ["aligned", "fit_lines", "turning_point_lines"]


def aligned(rows: list[list[str]], right: set[int] | None = None) -> list[str]:
    """Rows of cells as lines, columns aligned; those in `right` to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  "
        + "  ".join(
            cell.rjust(width) if right and i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def number(value: float, unit: str = "") -> str:
    """A size with its sign and three digits."""
    return f"{value:+.3g}{'%' if unit == '%' else ''}" if value == value else "-"


def _range(values: tuple[float, float, float], unit: str) -> str:
    low, middle, high = values
    return f"{number(middle, unit)} ({number(low, unit)} to {number(high, unit)})"


def fit_lines(fit: TrendFit, unit: str) -> list[str]:
    """One trend's sizes: elicited, after the data, how far they moved, and what the data contradict."""
    sizes_in = "" if unit == "%" else f", sizes in {unit}" if unit else ""
    head = f"{fit.trend}: baseline {fit.method}, {fit.n_data} data {fit.first} to {fit.last}{sizes_in}"
    rows = [["event", "parameter", "elicited", "after the data", "moved", ""]]
    for size in fit.sizes:
        remark = "CONTRADICTED" if size.contradicted else "" if size.is_informed else "nothing learned"
        ranges = [_range(size.prior, unit), _range(size.posterior, unit)]
        rows.append([size.event, size.parameter, *ranges, f"{size.moved:+.2f} sd", remark])
    return [head, *aligned(rows, {4})]


def turning_point_lines(breaks: pd.DataFrame, model: Model) -> list[str]:
    """The test of every event that the model gives an impact on the trend; of the others only where they break."""
    stated = {(impact.source, impact.target) for impact in model.impacts.values()}
    rows = [["event", "trend", "level", "slope a year", "rank", "verdict"]]
    shown = 0
    for row in breaks.to_dict("records"):
        is_stated = (row["event"], row["trend"]) in stated
        if not is_stated and row["verdict"] != "break":
            continue
        unit = "%" if model.trends[row["trend"]].scale == "log" else ""
        verdict = row["verdict"] if is_stated else f"{row['verdict']}, though no impact is stated"
        rows.append([row["event"], row["trend"], *_break_cells(row, unit), verdict])
        shown += 1
    if not shown:
        return ["Turning points: no past event with an impact lies within a measured trend's data."]
    return [
        "Turning points: breaks of level and slope at the events' dates, against all other dates of the series (5 %)",
        *aligned(rows, {4}),
    ]


def _break_cells(row: Mapping[Hashable, Any], unit: str) -> list[str]:
    if row["size"] != row["size"]:
        return ["-", "-", "-"]
    level = _range((row["low"], row["size"], row["high"]), unit)
    slope = _range((row["slope_low"], row["slope"], row["slope_high"]), unit)
    return [level, slope, f"{row['placebo_rank']:.2f}"]
