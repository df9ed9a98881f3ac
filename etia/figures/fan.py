"""Where a trend may go: its past, its surprise-free course, and the bands of what the model projects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation

from etia.figures.dates import decimal_years, first_moment, name_as_of
from etia.figures.labels import disc, key, key_height, stack, wrap
from etia.figures.style import BLUE, FAINT, GREY, INK, SMALL, figure_of, level_colour, new_axes, styled

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

__all__ = ["at_dates_of_data", "bands", "broken_at_gaps", "draw_fan", "rungs", "sensible_limits"]

WIDTH, HEIGHT = 9.0, 4.8
WIDEST = 4.0
"""a 90 % band may take so many times the height of all else before it is cut"""


@styled
def draw_fan(
    projections: pd.DataFrame,
    *,
    title: str,
    unit: str = "",
    as_of: Any = None,
    history: pd.DataFrame | None = None,
    events: pd.DataFrame | None = None,
    levels: Mapping[float, str] | None = None,
    bounds: tuple[float, float] | None = None,
    since: Any = None,
    most: int = 12,
    counted: str = "events",
    axes: Axes | None = None,
) -> Axes:
    """Draw one trend over time: median, 50 and 90 % bands and baseline, with data, events and named levels.

    Parameters
    ----------
    projections
        Rows of one trend, scenario and lens of the table `trend_projections`: `date`, `baseline`, `mean`, `p5`, `p25`,
        `p50`, `p75`, `p95`. Values and rows may be missing: lines break where they are.
    unit
        What the trend is counted in; stands on the axis.
    history
        Data: `date`, `value`.
    events
        Turning points to mark: `date`, `title`, and where known `level` and `effect`. With more than `most`, those
        with the largest absolute effect are kept (else the latest), and the figure says so.
    levels
        Named rungs by their lowest value.
    bounds
        The lowest and highest value that the trend can have.
    since
        First date shown; all where left out.
    counted
        What all of `events` are, for the line that says how many of them are kept.
    """
    table = broken_at_gaps(projections.assign(year=decimal_years(projections["date"])))
    if history is not None:
        table = at_dates_of_data(table, history)
    if since is not None:
        table = table[table["year"] >= first_moment(since)]
        history = history[decimal_years(history["date"]) >= first_moment(since)] if history is not None else None
    marked, cut = _chosen(events, most, since, counted)
    texts = [f"{str(row['date'])[:10]}  {row['title']}" for _, row in marked.iterrows()] if marked is not None else []
    if not texts:
        plot = new_axes(axes, WIDTH, HEIGHT)
        host = plot
    else:
        host, plot, below = _with_room_below(axes, texts, cut, 1.25 if levels else 0.0)
    _draw(plot, table, history)
    plot.set_xlim(*_time_limits(table, history, since))
    plot.xaxis.set_major_locator(MaxNLocator(integer=True))
    beyond = sensible_limits(plot, table, history, bounds, levels)
    if marked is not None and texts:
        tints = [level_colour(level) for level in marked["level"]] if "level" in marked else [GREY] * len(marked)
        _mark_events(plot, decimal_years(marked["date"]), tints)
        key(below, texts, tints, [False] * len(texts), n_columns=2)
        if cut:
            ground = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}  # it goes on beyond the first column
            below.text(0, 0, cut, fontsize=SMALL, color=GREY, va="bottom", bbox=ground)
    if as_of is not None:
        name_as_of(plot, as_of)
    if levels:
        rungs(plot, levels)
    else:
        plot.grid(axis="y")
    plot.set_title(title, pad=24)
    plot.set_ylabel(unit or "value")
    _legend(plot, table, history, beyond)
    return host


def _chosen(events: pd.DataFrame | None, most: int, since: Any, counted: str) -> tuple[pd.DataFrame | None, str]:
    if events is None or events.empty:
        return None, ""
    table = events.assign(_year=decimal_years(events["date"]))
    if since is not None:
        table = table[table["_year"] >= first_moment(since)]
    cut = ""
    if len(table) > most:
        by_effect = "effect" in table and table["effect"].notna().any()
        kept = table["effect"].abs() if by_effect else table["_year"]
        cut = f"The {most} {'with the largest effect' if by_effect else 'that came last'} of {len(table)} {counted}."
        table = table.loc[kept.sort_values(ascending=False, kind="stable").index[:most]]
    return table.sort_values("_year", kind="stable").drop(columns="_year"), cut


def _with_room_below(axes: Axes | None, texts: list[str], cut: str, right: float) -> tuple[Axes, Axes, Axes]:
    below = key_height(texts, WIDTH - 0.5, 2) + (0.2 if cut else 0.0)
    total = HEIGHT + below - 0.3
    host = new_axes(axes, WIDTH, total + 0.3, whole=True)
    host.set_axis_off()
    left, top, bottom = 0.75 / (WIDTH - 0.5), 0.55 / total, (below + 0.45) / total
    plot = host.inset_axes((left, bottom, 1 - left - 0.01 - right / (WIDTH - 0.5), 1 - bottom - top))
    return host, plot, host.inset_axes((0, 0, 1, below / total))


def bands(axes: Axes, table: pd.DataFrame, tint: str, *, label: bool = False) -> None:
    """The 90 and 50 % bands and the median of a table with `year`; where all quantiles agree only the line shows."""
    year = table["year"].to_numpy(dtype=float)
    quantiles = {name: table[name].to_numpy(dtype=float) for name in ("p5", "p25", "p50", "p75", "p95")}
    axes.fill_between(year, quantiles["p5"], quantiles["p95"], color=tint, alpha=0.16, linewidth=0, zorder=1)
    axes.fill_between(year, quantiles["p25"], quantiles["p75"], color=tint, alpha=0.30, linewidth=0, zorder=1.1)
    axes.plot(year, quantiles["p50"], color=tint, zorder=3, label="median" if label else None)


def broken_at_gaps(table: pd.DataFrame) -> pd.DataFrame:
    """The table, its rows in order of `year`, with a row without values wherever one or more steps have none."""
    years = table["year"].to_numpy(dtype=float)
    apart = np.diff(np.unique(years))
    if not len(apart):
        return table
    gaps = np.flatnonzero(np.diff(years) > 1.5 * apart.min())  # months are not of equal length
    order = np.insert(np.arange(len(table)), gaps + 1, -1)
    broken = table.reset_index(drop=True).reindex(order).reset_index(drop=True)
    broken.loc[order < 0, "year"] = (years[gaps] + years[gaps + 1]) / 2
    return broken


def at_dates_of_data(table: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """The table with bands as at its data's own dates, and straight between them, where data are coarser than steps.

    Between two such dates values are interpolated, so their bands are narrower there: true of the interpolation, but
    not of what is counted by the year. Kept as they are: all rows up to the last datum, and the last row.
    """
    years = decimal_years(history["date"])
    rows = table["year"].to_numpy(dtype=float)
    if len(years) < 2 or len(rows) < 2:
        return table
    period, step = np.diff(np.unique(years)).min(), np.diff(np.unique(rows)).min()
    later = rows > years.max() + step / 2
    if period < 1.5 * step or not later.any():
        return table
    dates = np.arange(years.max(), rows.max(), period)
    own = np.searchsorted(rows, dates, side="right") - 1  # a period's middle step, the earlier of two
    order = np.union1d(np.flatnonzero(~later), [*own[own >= 0], len(rows) - 1])
    straight = {
        name: np.interp(rows, rows[order], table[name].to_numpy(dtype=float)[order])
        for name in ("p5", "p25", "p75", "p95")
    }
    return table.assign(**{name: np.where(later, found, table[name]) for name, found in straight.items()})


def _draw(axes: Axes, table: pd.DataFrame, history: pd.DataFrame | None) -> None:
    bands(axes, table, BLUE)
    axes.plot(table["year"], table["baseline"], color=GREY, linewidth=1.3, linestyle=(0, (5, 3)), zorder=2)
    if history is not None and len(history):
        size = 4.5 if len(history) <= 60 else 2.0
        years, values = decimal_years(history["date"]), history["value"].to_numpy(dtype=float)
        axes.plot(years, values, "o", color=INK, markersize=size, markeredgewidth=0, zorder=4)


def _time_limits(table: pd.DataFrame, history: pd.DataFrame | None, since: Any) -> tuple[float, float]:
    years = table["year"].to_numpy(dtype=float)[table["p50"].notna().to_numpy()]
    ends = [years.min(), years.max()] if len(years) else [2000.0, 2001.0]
    if history is not None and len(history) and since is None:
        ends[0] = min(ends[0], decimal_years(history["date"]).min())
    margin = 0.012 * (ends[1] - ends[0])
    return float(ends[0] - margin), float(ends[1] + margin)


def _span(values: NDArray[np.float64]) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)


def sensible_limits(
    axes: Axes,
    table: pd.DataFrame,
    history: pd.DataFrame | None,
    bounds: tuple[float, float] | None,
    levels: Mapping[float, str] | None = None,
) -> tuple[float, ...]:
    """Limits that show the bands whole, unless a tail so long makes all else flat: how far the cut ones go on."""
    narrow = [table[name].to_numpy(dtype=float) for name in ("p25", "p50", "p75", "baseline")]
    if history is not None and len(history):
        narrow.append(history["value"].to_numpy(dtype=float))
    core = _span(np.concatenate(narrow))
    whole = _span(np.concatenate([*narrow, *(table[name].to_numpy(dtype=float) for name in ("p5", "p95"))]))
    room = max(core[1] - core[0], 1e-12) * (WIDEST - 1) / 2
    low, high = max(whole[0], core[0] - room), min(whole[1], core[1] + room)
    if levels:  # the rung below and the rung above lend the values their meaning
        low = max((value for value in levels if value <= low), default=low)
        high = min((value for value in levels if value >= high), default=high)
    margin = 0.06 * (high - low) or 1.0
    limits = [low - margin, high + margin]
    if min(whole[0], core[0]) >= 0 and limits[0] < 0:
        limits[0] = 0.0 if bounds is None else limits[0]
    if bounds is not None:
        limits = [
            max(limits[0], bounds[0] - 0.01 * (bounds[1] - bounds[0])),
            min(limits[1], bounds[1] + 0.01 * (bounds[1] - bounds[0])),
        ]
    axes.set_ylim(*limits)
    ends = ((whole[0], whole[0] < limits[0] - margin), (whole[1], whole[1] > limits[1]))
    return tuple(end for end, is_cut in ends if is_cut)


def rungs(axes: Axes, levels: Mapping[float, str], *, named: bool = True) -> None:
    """Named levels as thin lines, each named at its right end."""
    low, high = axes.get_ylim()
    for value, name in levels.items():
        if low <= value <= high:
            axes.axhline(value, color=FAINT, linewidth=1.0, zorder=0.3)
            if not named:
                continue
            axes.annotate(
                "\n".join(wrap(name, 1.15)),
                (1, value),
                xycoords=("axes fraction", "data"),
                xytext=(5, 0),
                textcoords="offset points",
                fontsize=SMALL,
                color=GREY,
                style="italic",
                va="center",
                annotation_clip=False,
            )


def _mark_events(axes: Axes, years: NDArray[np.float64], tints: list[str]) -> None:
    left, right = axes.get_xlim()
    rows = stack(years, (right - left) * 0.024)
    low, high = axes.get_ylim()
    strip = (13 * (max(rows) + 1) + 6) / 72 / (HEIGHT - 1)
    axes.set_ylim(low, high + (high - low) * strip / (1 - strip))
    for number, (year, row, tint) in enumerate(zip(years, rows, tints, strict=True), 1):
        axes.axvline(year, color=tint, linewidth=0.6, alpha=0.45, zorder=0.6)
        below = ScaledTranslation(0, -(9 + 13 * row) / 72, figure_of(axes).dpi_scale_trans)
        place = axes.get_xaxis_transform() + below
        disc(axes, year, 1, number, tint, size=11.5, edge="white", letters=7, transform=place, zorder=7)


def _legend(axes: Axes, table: pd.DataFrame, history: pd.DataFrame | None, beyond: tuple[float, ...]) -> None:
    """What the lines and bands are; of a band that is cut, how far it goes on."""
    handles: list[Any] = [Line2D([], [], color=BLUE, label="median")]
    if not np.allclose(table["p5"].to_numpy(float), table["p95"].to_numpy(float), equal_nan=True):
        cut = f" (goes on to {' and '.join(f'{end:,.3g}' for end in beyond)})".replace("-", "−") if beyond else ""
        handles.append(Patch(color=BLUE, alpha=0.42, label="50 % band"))
        handles.append(Patch(color=BLUE, alpha=0.16, label=f"90 % band{cut}"))
    handles.append(Line2D([], [], color=GREY, linewidth=1.3, linestyle=(0, (5, 3)), label="baseline (no surprises)"))
    if history is not None and len(history):
        handles.append(Line2D([], [], marker="o", linestyle="", markersize=4.5, color=INK, label="data"))
    axes.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=len(handles),
        columnspacing=1.2,
        borderaxespad=0.2,
    )
