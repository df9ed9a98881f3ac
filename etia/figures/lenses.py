"""What each theory expects: the hypotheses' probabilities under every lens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import PercentFormatter

from etia.figures.labels import heading, legend_columns, wrap
from etia.figures.style import FAINT, colours, new_axes, styled

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["draw_lenses"]


@styled
def draw_lenses(
    table: pd.DataFrame,
    *,
    titles: Mapping[str, str] | None = None,
    lens_titles: Mapping[str, str] | None = None,
    title: str = "Probability of each hypothesis under each lens",
    axes: Axes | None = None,
) -> Axes:
    """Draw a dot for each hypothesis and lens, with what is left of it without its mechanisms.

    Parameters
    ----------
    table
        Rows of the table `hypotheses`: `lens`, `hypothesis`, `probability`; if there `se` (or `low`, `high`), drawn as
        a whisker of two standard errors, and `without_mechanisms`, drawn as a hollow dot.
    titles, lens_titles
        Statements of the hypotheses and titles of the lenses, by id.
    """
    hypotheses, lenses = list(dict.fromkeys(table["hypothesis"])), list(dict.fromkeys(table["lens"]))
    step = 0.3
    axes = new_axes(axes, 9.5, 1.5 + sum(max(0.62, step * len(lenses) + 0.25) for _ in hypotheses))
    tints = colours(lenses)
    block = max(1.0, len(lenses) * 0.5)
    for h, hypothesis in enumerate(hypotheses):
        for lens_index, lens in enumerate(lenses):
            y = h * block + (lens_index - (len(lenses) - 1) / 2) * block * 0.72 / max(len(lenses), 1)
            rows = table[(table["hypothesis"] == hypothesis) & (table["lens"] == lens)]
            for _, row in rows.iterrows():
                _dot(axes, row, y, tints[lens])
        if h:
            axes.axhline((h - 0.5) * block, color=FAINT, linewidth=0.8)
    names = [(titles or {}).get(h, h) for h in hypotheses]
    axes.set_yticks([h * block for h in range(len(names))], ["\n".join(wrap(n, 3.0, size=9, most=4)) for n in names])
    axes.set_ylim((len(hypotheses) - 0.5) * block, -0.5 * block)
    axes.set_xlim(-0.01, 1.1)
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    axes.set_xlabel("probability; whiskers: two standard errors")
    labels = [(lens_titles or {}).get(lens, lens) for lens in lenses]
    for lens, label in zip(lenses, labels, strict=True):
        axes.plot([], [], "o", color=tints[lens], label=label)
    if "without_mechanisms" in table and table["without_mechanisms"].notna().any():
        labels.append("without its mechanisms")
        axes.plot([], [], "o", markerfacecolor="white", color="#6b6b6b", label=labels[-1])
    columns = legend_columns(labels, 5.4)
    axes.set_title(heading(title, 5.6), pad=8 + 15 * -(-len(labels) // columns))
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, borderaxespad=0.2, columnspacing=1.2, handletextpad=0.2
    )
    return axes


def _percent(p: float) -> str:
    """In whole per cent; what is near nothing or near certain is not rounded to it."""
    return "<1 %" if 0 < p < 0.005 else ">99 %" if 0.995 < p < 1 else f"{100 * p:.0f} %"


def _dot(axes: Axes, row: pd.Series[Any], y: float, tint: str) -> None:
    p = float(row["probability"])
    low, high = (float(row.get(name, np.nan)) for name in ("low", "high"))
    if not np.isfinite(low) and np.isfinite(row.get("se", np.nan)):
        low, high = max(p - 2 * row["se"], 0), min(p + 2 * row["se"], 1)
    without = float(row.get("without_mechanisms", np.nan))
    if np.isfinite(without):
        axes.plot([without, p], [y, y], color=tint, linewidth=1.0, alpha=0.5, zorder=1)
        axes.plot(without, y, "o", markersize=6.5, markerfacecolor="white", markeredgecolor=tint, zorder=3)
    if np.isfinite(low):
        axes.plot([low, high], [y, y], color=tint, linewidth=2.4, solid_capstyle="butt", zorder=2)
    axes.plot(p, y, "o", markersize=7.5, color=tint, zorder=4)
    axes.annotate(
        _percent(p),
        (max(p, high if np.isfinite(high) else p, without if np.isfinite(without) else p), y),
        xytext=(7, 0),
        textcoords="offset points",
        va="center",
        ha="left",
        fontsize=8.5,
        color=tint,
        fontweight="bold",
    )
