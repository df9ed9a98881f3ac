"""Whether forecasts were as sure as they should have been: PIT histogram and reliability."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import PercentFormatter

from etia.figures.style import BLUE, GREY, SMALL, new_axes, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

__all__ = ["draw_pit", "draw_reliability"]


@styled
def draw_pit(
    values: ArrayLike,
    *,
    n_bins: int = 10,
    title: str = "Where outcomes fell in their forecasts",
    axes: Axes | None = None,
) -> Axes:
    """Draw the probability integral transforms of what came: level where forecasts are calibrated.

    Heaped at both ends: too narrow; heaped in the middle: too wide. The ground shows where 90 % of the bars of a
    calibrated forecast would end.
    """
    from scipy.stats import binom

    pit = np.asarray(values, dtype=float)
    axes = new_axes(axes, 6.4, 4.0)
    counts, edges = np.histogram(pit, bins=n_bins, range=(0, 1))
    low, high = (binom.ppf(q, len(pit), 1 / n_bins) for q in (0.05, 0.95))
    label = "90 % of bars if calibrated"
    axes.axhspan(low - 0.5, high + 0.5, color="#e6e6e6", zorder=0, linewidth=0, label=label)
    axes.bar(edges[:-1], counts, 1 / n_bins, align="edge", color=BLUE, alpha=0.85, edgecolor="white", zorder=2)
    axes.axhline(len(pit) / n_bins, color=GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=3, label="even")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, max(float(counts.max(initial=1)), high + 0.5) * 1.1)
    axes.set_xlabel("share of the forecast that lay below the outcome")
    axes.set_ylabel(f"outcomes (of {len(pit)})")
    axes.set_title(title, pad=22)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    return axes


@styled
def draw_reliability(
    table: pd.DataFrame, *, title: str = "Stated probability and what came", axes: Axes | None = None
) -> Axes:
    """Draw how often events came that were given a probability, band by band, against the diagonal.

    Parameters
    ----------
    table
        `mean_probability`, `frequency`, `n`, and if there `frequency_low`, `frequency_high` (whiskers).
    """
    axes = new_axes(axes, 5.4, 5.0)
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=(0, (4, 3)), label="as stated")
    p, f = table["mean_probability"].to_numpy(dtype=float), table["frequency"].to_numpy(dtype=float)
    if "frequency_low" in table:
        low, high = (table[f"frequency_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
        axes.vlines(p, low, high, color=BLUE, linewidth=1.4, alpha=0.6, label="90 % interval")
    axes.plot(p, f, "o", color=BLUE, markersize=7, label="came true")
    for x, y, n in zip(p, f, table["n"], strict=True):
        right = x < 0.9
        axes.annotate(
            f"{int(n)}",
            (x, y),
            xytext=(7 if right else -7, 0),
            textcoords="offset points",
            fontsize=SMALL,
            va="center",
            ha="left" if right else "right",
            color=GREY,
        )
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.set_xlabel("stated probability")
    axes.set_ylabel("share that came (figures: number of forecasts)")
    axes.grid()
    axes.set_title(title, pad=22)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2, columnspacing=1)
    return axes
