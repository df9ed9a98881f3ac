"""What happened when, and what may come: events in lanes by level, numbered, with a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D

from etia.figures.dates import decimal_year, decimal_years, name_as_of
from etia.figures.labels import disc, key, key_height, stack
from etia.figures.style import FAINT, GREY, SMALL, domain_colours, level_colour, new_axes, styled

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["draw_timeline"]

WIDTH = 12.0
ROW = 0.235
"""inches between two rows of numbers"""


@styled
def draw_timeline(
    events: pd.DataFrame, *, as_of: Any = None, title: str = "Events by level", axes: Axes | None = None
) -> Axes:
    """Draw events in time, macro above and meso below; each number is spelled out in the key.

    Parameters
    ----------
    events
        `id`, `title`, `date` (ISO text, a datetime or a decimal year), `level`, `domain` (of several the first:
        it colours the mark) and `probability`: of a prospective event that it comes at all by the end, NaN
        for what has happened. A prospective event stands at its central date, hollow. Read with 60 and more.
    as_of
        Where knowledge ends; what lies after it has a faint ground.
    axes
        Axes that lend their place: the lanes and the key are drawn inside. A new figure is as high as it needs to be.
    """
    table = events.assign(year=decimal_years(events["date"])).sort_values("year", kind="stable").reset_index(drop=True)
    tints = domain_colours(sorted(map(str, table["domain"].dropna())))
    lanes_of = [level for level in dict.fromkeys(["macro", "meso", *table["level"]]) if (table["level"] == level).any()]
    years = table["year"].to_numpy()
    left, right = _limits(years, as_of)
    gap = (right - left) * 0.225 / (WIDTH - 1.3)
    rows = {level: stack(years[table["level"] == level], gap) for level in lanes_of}
    texts = [_entry(row) for _, row in table.iterrows()]
    lane_heights = [ROW * (max(rows[level], default=0) + 1) + 0.25 for level in lanes_of]
    lanes_height = sum(lane_heights) + 0.75
    n_columns = 3 if len(table) > 8 else 2
    below = key_height(texts, WIDTH - 0.5, n_columns)
    host = new_axes(axes, WIDTH, lanes_height + below + 0.75, whole=True)
    host.set_axis_off()
    total = lanes_height + below + 0.45
    lanes = host.inset_axes((0.055, (below + 0.35) / total, 0.94, (lanes_height - 0.35) / total))
    legend = host.inset_axes((0, 0, 1, below / total))
    lanes.set_xlim(left, right)
    _draw_lanes(lanes, table, lanes_of, rows, lane_heights, tints)
    if as_of is not None:
        name_as_of(lanes, as_of, inside=False)
    marks = [Line2D([], [], marker="o", linestyle="", color=tint, label=domain) for domain, tint in tints.items()]
    if table["probability"].notna().any():
        label = "hollow: still to come (chance by the end)"
        marks.append(Line2D([], [], marker="o", linestyle="", markerfacecolor="white", color=GREY, label=label))
    above = 1 + (0.27 if as_of is not None else 0.08) / (lanes_height - 0.35)
    lanes.legend(handles=marks, loc="lower right", bbox_to_anchor=(1, above), ncols=len(marks), borderaxespad=0)
    lanes.set_title(title, pad=22 if as_of is not None else 8)
    key(
        legend,
        texts,
        [tints.get(str(d), GREY) for d in table["domain"]],
        table["probability"].notna().tolist(),
        n_columns=n_columns,
    )
    return host


def _limits(years: np.ndarray[Any, np.dtype[np.float64]], as_of: Any) -> tuple[float, float]:
    every = [*years, *([decimal_year(as_of)] if as_of is not None else [])] or [2000.0, 2001.0]
    low, high = min(every), max(every)
    margin = max(0.02 * (high - low), 0.4)
    return low - margin, high + margin


def _entry(row: pd.Series[Any]) -> str:
    date = row["date"]
    when = str(date)[:10] if not isinstance(date, (int, float)) else f"{date:.0f}"
    chance = row["probability"]
    return f"{when}  {row['title']}" + (f" ({100 * chance:.0f}\N{NO-BREAK SPACE}%)" if chance == chance else "")


def _draw_lanes(
    axes: Axes,
    table: pd.DataFrame,
    lanes_of: list[str],
    rows: dict[str, list[int]],
    heights: list[float],
    tints: dict[str, str],
) -> None:
    """The first lane stacks upwards from the middle line, the others downwards, one below the other."""
    up = heights[0]
    axes.set_ylim(-sum(heights[1:]) - 0.05, up + 0.05)
    offset = 0.0
    for lane, level in enumerate(lanes_of):
        base, way = (0.0, 1) if lane == 0 else (-offset, -1)
        axes.axhline(base, color=FAINT if lane > 1 else GREY, linewidth=0.8, zorder=0.4)
        chosen = table[table["level"] == level]
        for (index, row), place in zip(chosen.iterrows(), rows[level], strict=True):
            y = base + way * (ROW * (place + 1) - 0.02)
            tint = tints.get(str(row["domain"]), GREY)
            open_ = row["probability"] == row["probability"]
            axes.plot([row["year"]] * 2, [base, y], color=FAINT, linewidth=0.7, zorder=1)
            number = int(index) + 1  # type: ignore[call-overload]
            disc(axes, row["year"], y, number, tint, size=14.5, hollow=open_, drop=0.004, zorder=2)
        axes.text(
            -0.012,
            base + way * heights[lane] / 2,
            level,
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="center",
            rotation=90,
            fontsize=11,
            fontweight="bold",
            color=level_colour(level),
        )
        if lane:
            offset += heights[lane]
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="x", labelsize=SMALL + 1)
    axes.xaxis.set_major_locator(_year_locator(axes))
    axes.xaxis.set_major_formatter("{x:.0f}")


def _year_locator(axes: Axes) -> Any:
    from matplotlib.ticker import MaxNLocator

    low, high = axes.get_xlim()
    return MaxNLocator(nbins=14 if high - low > 14 else max(int(high - low), 1), integer=True, steps=[1, 2, 5, 10])
