"""Who agrees with whom: actors' positions on contested questions, pair by pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etia.figures.labels import signed, wrap
from etia.figures.style import INK, SMALL, new_axes, styled

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["draw_convergence"]


@styled
def draw_convergence(
    table: pd.DataFrame,
    *,
    titles: Mapping[str, str] | None = None,
    title: str = "Convergence (blue) and divergence (red) of actors",
    axes: Axes | None = None,
) -> Axes:
    """Draw agreement less conflict of each pair of actors, its two parts written in the cell.

    Parameters
    ----------
    table
        Of the table `convergence`: `actor`, `other`, `agreement`, `conflict`. Several rows of a pair (by domain
        or level) add up: pass those that are meant.
    titles
        What the actors are called, by id.
    """
    actors = list(dict.fromkeys([*table["actor"], *table["other"]]))
    place = {actor: i for i, actor in enumerate(actors)}
    n = len(actors)
    sums = np.full((2, n, n), np.nan)
    for actor, other, *parts in table[["actor", "other", "agreement", "conflict"]].itertuples(index=False):
        row, column = sorted((place[actor], place[other]), reverse=True)
        if row != column:
            sums[:, row, column] = np.nan_to_num(sums[:, row, column]) + np.array(parts, dtype=float)
    net = sums[0] - sums[1]
    axes = new_axes(axes, 2.8 + 0.9 * n, 1.6 + 0.62 * n)
    top = np.nanmax(np.abs(net)) if np.isfinite(net).any() else 1.0
    shown = axes.imshow(net[1:, :-1], cmap="RdBu", vmin=-(top or 1.0), vmax=top or 1.0, aspect="auto")
    for row, column in zip(*np.nonzero(np.isfinite(net)), strict=True):
        dark = abs(net[row, column]) > 0.55 * top
        axes.text(
            column,
            row - 1,
            f"{signed(net[row, column], 2)}\n({sums[0, row, column]:.2g} − {sums[1, row, column]:.2g})",
            ha="center",
            va="center",
            fontsize=SMALL,
            color="white" if dark else INK,
            linespacing=1.15,
        )
    names = ["\n".join(wrap((titles or {}).get(actor, actor), 1.15, size=8.5, most=3)) for actor in actors]
    axes.set_xticks(range(n - 1), names[:-1])
    axes.set_yticks(range(n - 1), names[1:])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(title)
    axes.set_xlabel("agreement less conflict; the two in brackets", fontsize=SMALL + 0.5)
    bar = axes.figure.colorbar(shown, ax=axes, fraction=0.04, pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=SMALL)
    return axes
