"""Who drives and who depends: the plane of influence and dependence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etia.figures.labels import place_labels, wrap
from etia.figures.style import BLUE, GREY, SMALL, new_axes, styled

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["draw_influence"]


@styled
def draw_influence(
    table: pd.DataFrame,
    *,
    titles: Mapping[str, str] | None = None,
    indirect: bool = False,
    most: int = 20,
    title: str | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Draw the nodes of `structure.influence_dependence` in their four quadrants and name the outstanding ones.

    Parameters
    ----------
    table
        By node: `influence`, `dependence` (or the indirect ones).
    most
        Nodes named: those farthest from the means' crossing, in standard deviations; the others are dots.
    """
    prefix = "indirect_" if indirect else ""
    x, y = (table[prefix + name] for name in ("dependence", "influence"))
    axes = new_axes(axes, 9.5, 6.5)
    axes.axvline(x.mean(), color=GREY, linewidth=0.9)
    axes.axhline(y.mean(), color=GREY, linewidth=0.9)
    far = ((x - x.mean()) / (x.std() or 1)) ** 2 + ((y - y.mean()) / (y.std() or 1)) ** 2
    named = far.sort_values(ascending=False, kind="stable").index[:most]
    others = table.index.difference(named)
    axes.plot(x[others], y[others], "o", color="#a9a9a9", markersize=4.5)
    axes.plot(x[named], y[named], "o", color=BLUE, markersize=6)
    axes.margins(0.1, 0.12)
    axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
    corners = {
        "determinant": (0.01, 0.99),
        "relay": (0.99, 0.99),
        "autonomous": (0.01, 0.01),
        "dependent": (0.99, 0.01),
    }
    for word, (cx, cy) in corners.items():
        axes.text(
            cx,
            cy,
            word,
            transform=axes.transAxes,
            ha="left" if cx < 0.5 else "right",
            va="bottom" if cy < 0.5 else "top",
            fontsize=11,
            color="#9a9a9a",
            style="italic",
        )
    kind = "along chains" if indirect else "direct"
    axes.set_xlabel(f"dependence, {kind} (sum of what acts on it)")
    axes.set_ylabel(f"influence, {kind} (sum of what it acts on)")
    axes.set_title(title or f"Influence and dependence, {kind}")
    names = ["\n".join(wrap((titles or {}).get(str(node), str(node)), 1.7, most=2)) for node in named]
    rest = np.column_stack([x[others], y[others]])
    place_labels(axes, x[named].tolist(), y[named].tolist(), names, others=rest, size=SMALL)
    return axes
