"""How likely each event is to have come by when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

from etia.figures.dates import decimal_years
from etia.figures.labels import end_labels, wrap
from etia.figures.panels import panels
from etia.figures.style import BLUE, SMALL, colours, level_colour, new_axes, styled

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["draw_probabilities"]

MOST_LINES = 8
"""More events than this get a panel each."""


@styled
def draw_probabilities(
    table: pd.DataFrame,
    *,
    titles: Mapping[str, str] | None = None,
    levels: Mapping[str, str] | None = None,
    title: str = "Probability that the event has come",
    axes: Axes | None = None,
) -> Axes:
    """Draw each event's probability to have come by each date: named lines, or a panel each where there are many.

    Parameters
    ----------
    table
        Rows of one scenario and lens of the table `event_probabilities`: `event`, `date`, `probability` and, if there,
        `se`, drawn as a band of two standard errors where it can be seen.
    titles, levels
        By event; the id stands where a title is missing, a level colours its panel.
    """
    rows = table.assign(year=decimal_years(table["date"]))
    events = list(dict.fromkeys(rows["event"]))
    names = {event: (titles or {}).get(event, event) for event in events}
    curves = {event: rows[rows["event"] == event].sort_values("year") for event in events}
    if len(events) > MOST_LINES:
        return _small_multiples(curves, names, levels or {}, title, axes)
    return _lines(curves, names, title, axes)


def _curve(axes: Axes, curve: pd.DataFrame, tint: str) -> None:
    year, p = curve["year"].to_numpy(dtype=float), curve["probability"].to_numpy(dtype=float)
    axes.plot(year, p, color=tint)
    if "se" in curve:
        se = np.nan_to_num(curve["se"].to_numpy(dtype=float))
        axes.fill_between(
            year, np.maximum(p - 2 * se, 0), np.minimum(p + 2 * se, 1), color=tint, alpha=0.2, linewidth=0
        )


def _percent_axis(axes: Axes) -> None:
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.grid(axis="y")


def _lines(curves: Mapping[str, pd.DataFrame], names: Mapping[str, str], title: str, axes: Axes | None) -> Axes:
    axes = new_axes(axes, 9.5, 4.8)
    tints = colours(curves)
    for event, curve in curves.items():
        _curve(axes, curve, tints[event])
    _percent_axis(axes)
    axes.set_ylabel("has come by then")
    axes.set_title(title)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    ends: list[Any] = [curve.iloc[-1] for curve in curves.values()]
    last = max((float(end["year"]) for end in ends), default=1.0)
    axes.margins(x=0.01)
    texts = []
    for event, end in zip(curves, ends, strict=True):
        chance = f"{100 * end['probability']:.0f}\N{NO-BREAK SPACE}%"
        texts.append("\n".join(wrap(f"{chance} {names[event]}", 2.4, most=2)))
    end_labels(axes, last, [float(end["probability"]) for end in ends], texts, list(tints.values()))
    return axes


def _small_multiples(
    curves: Mapping[str, pd.DataFrame],
    names: Mapping[str, str],
    levels: Mapping[str, str],
    title: str,
    axes: Axes | None,
) -> Axes:
    host, parts = panels(axes, len(curves), title=title, row_height=1.95, between=0.3)
    for i, (part, (event, curve)) in enumerate(zip(parts, curves.items(), strict=True)):
        tint = level_colour(levels[event]) if event in levels else BLUE
        _curve(part, curve, tint)
        _percent_axis(part)
        part.set_yticks([0, 0.5, 1])
        if i % 4:
            part.set_yticklabels([])
        part.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
        part.tick_params(labelsize=SMALL)
        part.set_title("\n".join(wrap(names[event], 2.35, most=2)), fontsize=SMALL + 0.5, fontweight="normal", pad=4)
        end = curve.iloc[-1]
        low = end["probability"] < 0.75
        part.annotate(
            f"{100 * end['probability']:.0f} %",
            (float(end["year"]), float(end["probability"])),
            xytext=(0, 4 if low else -5),
            textcoords="offset points",
            ha="right",
            va="bottom" if low else "top",
            fontsize=SMALL + 0.5,
            fontweight="bold",
            color=tint,
        )
    return host
