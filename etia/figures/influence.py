"""Who drives and who depends: the plane of influence and dependence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D

from etia.figures.labels import disc, key, key_height
from etia.figures.style import BLUE, FAINT, GREY, new_axes, styled

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["draw_influence"]

WIDTH, ACROSS, DEEP = 12.0, 10.6, 5.4
"""inches of the figure, and of the plane"""
MARK = 0.21
"""inches between the centres of two marks that do not touch"""
EDGE = 0.42
"""inches that marks keep from the plane's edges"""
TREND = "#009E73"
QUADRANTS = {
    "determinant": ("drives, is little driven", 0.0, 1.0),
    "relay": ("drives and is driven", 1.0, 1.0),
    "autonomous": ("apart from the rest", 0.0, 0.0),
    "dependent": ("is driven, drives little", 1.0, 0.0),
}
"""each quadrant in plain words, and its corner"""


@styled
def draw_influence(
    table: pd.DataFrame,
    *,
    titles: Mapping[str, str] | None = None,
    indirect: bool = False,
    most: int = 24,
    title: str | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Draw the nodes of `structure.influence_dependence` in their four quadrants and name the outstanding ones.

    Both scales are drawn by the square root, for most nodes stand near nothing and a few far out. Marks that would
    cover each other are moved apart, with a thin line to where they belong.

    Parameters
    ----------
    table
        By node: `influence`, `dependence` (or the indirect ones); with `kind`, events and trends differ in colour.
    most
        Nodes numbered and named below: those farthest from the means' crossing, in standard deviations; the others
        are dots.
    """
    prefix = "indirect_" if indirect else ""
    x, y = (table[prefix + name].to_numpy(dtype=float) for name in ("dependence", "influence"))
    named = _outstanding(x, y, most)
    texts = [(titles or {}).get(str(node), str(node)) for node in table.index[named]]
    n_columns = 3 if len(named) > 8 else 2
    below = key_height(texts, WIDTH - 0.5, n_columns)
    total = DEEP + below + 1.0
    host = new_axes(axes, WIDTH, total + 0.3, whole=True)
    host.set_axis_off()
    plane = host.inset_axes((0.065, (below + 0.6) / total, ACROSS / (WIDTH - 0.5), DEEP / total))
    plane.set(xlim=(0, ACROSS), ylim=(0, DEEP))
    places = np.column_stack([_scaled(x, ACROSS), _scaled(y, DEEP)])
    _name_axes(plane, x, y, "along chains" if indirect else "direct")
    tints = _tints(table)
    _draw_nodes(plane, places, named, tints)
    kinds = {} if "kind" not in table else {"events": BLUE, "trends": TREND}
    marks = [Line2D([], [], marker="o", linestyle="", color=tint, label=kind) for kind, tint in kinds.items()]
    if marks:
        plane.legend(handles=marks, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0.2)
    how = "along chains" if indirect else "direct relations"
    plane.set_title(title or f"Influence and dependence, {how}", pad=8)
    key(
        host.inset_axes((0, 0, 1, below / total)),
        texts,
        [tints[i] for i in named],
        [False] * len(named),
        n_columns=n_columns,
    )
    return host


def _outstanding(x: Floats, y: Floats, most: int) -> list[int]:
    """Places of the nodes to name, the most influential first."""
    far = sum(((v - v.mean()) / (v.std() or 1)) ** 2 for v in (x, y))
    chosen = np.argsort(-np.asarray(far), kind="stable")[:most]
    return sorted(chosen.tolist(), key=lambda i: (-y[i], -x[i]))


def _scaled(values: Floats, length: float) -> Floats:
    """Inches along an axis, by the square root."""
    top = values.max(initial=0.0)
    return np.asarray(EDGE + (length - 2 * EDGE) * np.sqrt(np.maximum(values, 0) / (top if top > 0 else 1.0)))


def _tints(table: pd.DataFrame) -> list[str]:
    kinds = table["kind"] if "kind" in table else ["event"] * len(table)
    return [TREND if kind == "trend" else BLUE for kind in kinds]


def _draw_nodes(axes: Axes, places: Floats, named: list[int], tints: list[str]) -> None:
    others = [i for i in range(len(places)) if i not in set(named)]
    for i in others:
        axes.plot(*places[i], "o", color=tints[i], alpha=0.35, markersize=5, markeredgewidth=0, zorder=2)
    for number, (i, (mx, my)) in enumerate(zip(named, _apart(places[named]), strict=True), 1):
        axes.plot([places[i][0], mx], [places[i][1], my], color=GREY, linewidth=0.6, zorder=1.5)
        disc(axes, mx, my, number, tints[i], size=14, drop=0.005, letters=7.5, zorder=4)


def _apart(places: Floats) -> Floats:
    """The places moved until no two marks touch, each pair by as little as need be."""
    moved = np.array(places, dtype=float)
    for _ in range(200):
        still = True
        for i in range(len(moved)):
            for j in range(i + 1, len(moved)):
                gap = moved[j] - moved[i]
                distance = float(np.hypot(*gap))
                if distance < MARK - 1e-6:
                    way = gap / distance if distance > 1e-9 else np.array([0.0, -1.0])
                    moved[i] -= way * (MARK - distance) / 2
                    moved[j] += way * (MARK - distance) / 2
                    still = False
        np.clip(moved, MARK / 2, [ACROSS - MARK / 2, DEEP - MARK / 2], out=moved)
        if still:
            break
    return moved


def _name_axes(axes: Axes, x: Floats, y: Floats, kind: str) -> None:
    """Ticks in the measure's own numbers, the means, and what each quadrant is called."""
    from matplotlib.ticker import MaxNLocator

    for values, length, where in ((x, ACROSS, axes.xaxis), (y, DEEP, axes.yaxis)):
        top = float(values.max(initial=0.0)) or 1.0
        ticks = [t for t in MaxNLocator(nbins=8).tick_values(0, top) if 0 <= t <= top]
        where.set_ticks(
            [EDGE + (length - 2 * EDGE) * float(np.sqrt(t / top)) for t in ticks], [f"{t:g}" for t in ticks]
        )
    mx, my = (float(_scaled(np.array([v.mean(), v.max(initial=0.0)]), n)[0]) for v, n in ((x, ACROSS), (y, DEEP)))
    axes.axvline(mx, color=FAINT, linewidth=1.2, zorder=0.5)
    axes.axhline(my, color=FAINT, linewidth=1.2, zorder=0.5)
    for word, (said, cx, cy) in QUADRANTS.items():
        axes.annotate(
            f"{word}: {said}",
            (cx, cy),
            xycoords="axes fraction",
            xytext=(4 - 8 * cx, 3 - 6 * cy),
            textcoords="offset points",
            ha="right" if cx else "left",
            va="top" if cy else "bottom",
            fontsize=9.5,
            color="#8a8a8a",
            style="italic",
        )
    axes.set_xlabel(f"dependence, {kind}: sum of what acts on it (lines: means)")
    axes.set_ylabel(f"influence, {kind}: sum of what it acts on")
