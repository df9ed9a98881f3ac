"""How a number came about: from the baseline, step by step, to what it is."""

from __future__ import annotations

from math import floor, isfinite, log10
from typing import TYPE_CHECKING

import numpy as np

from etia.figures.labels import heading, wrap_ends
from etia.figures.style import BLUE, FAINT, GREY, INK, ORANGE, SMALL, new_axes, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

__all__ = ["draw_waterfall"]

TOTAL = "#55606b"


@styled
def draw_waterfall(
    table: pd.DataFrame,
    *,
    start: float,
    title: str,
    unit: str = "",
    start_label: str = "baseline",
    end_label: str = "value",
    most: int = 12,
    axes: Axes | None = None,
) -> Axes:
    """Draw an additive account: what was there, what each term added or took, and what results.

    Parameters
    ----------
    table
        In the order of the account: `name` and `contribution`, in the unit of `start`; they sum to the result.
    start
        Where the account begins.
    most
        Terms drawn by themselves, those with the largest absolute contribution; the others are one bar, counted.
    """
    names, sizes = _terms(table, most)
    labels, n_lines = _labels([start_label, *names, end_label])
    axes = new_axes(axes, 9.5, 1.4 + max(0.36, 0.16 * n_lines + 0.04) * len(labels))
    places = _places(sizes)
    ends = start + np.cumsum([0.0, *sizes])
    result = float(ends[-1])
    low, high = min(ends.min(), 0.0 if _near_zero(ends) else ends.min()), ends.max()
    span = (high - low) or 1.0
    ground = low - (0.0 if low == 0 else 0.06 * span)
    has_zero = ground <= 0 <= high
    for place, value in ((0, start), (len(names) + 1, result)):
        _draw_total(axes, place, value, has_zero)
        right = max(value, 0.0) if has_zero else value
        axes.text(
            right + 0.012 * span, place, _written(value, places), va="center", fontsize=SMALL + 0.5, fontweight="bold"
        )
    for place, size in enumerate(sizes, 1):
        before, after = float(ends[place - 1]), float(ends[place])
        axes.barh(place, size, 0.68, left=before, color=BLUE if size >= 0 else ORANGE)
        axes.plot([before] * 2, [place - 0.66, place + 0.34], color=GREY, linewidth=0.7)
        right = max(before, after)
        axes.text(right + 0.01 * span, place, _written(size, places, sign="+"), va="center", fontsize=SMALL + 0.5)
    axes.plot([result] * 2, [len(names) + 0.34, len(names) + 1], color=GREY, linewidth=0.7)
    axes.set_xlim(ground, high + 0.12 * span)
    axes.set_ylim(len(names) + 1.6, -0.6)
    axes.set_yticks(range(len(labels)), labels)
    for place in (0, -1):
        axes.get_yticklabels()[place].set_fontweight("bold")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_color(FAINT)
    axes.grid(axis="x")
    axes.set_title(heading(title, 6.0))
    remark = "" if has_zero else "; the axis does not show 0"
    axes.set_xlabel(f"{unit or 'value'}{remark}", color=INK)
    return axes


def _draw_total(axes: Axes, place: int, value: float, has_zero: bool) -> None:
    """Where the account begins or ends: a bar from 0; where 0 is not shown a mark, which has no length to misread."""
    if has_zero:
        axes.barh(place, value, 0.68, color=TOTAL)
    else:
        axes.plot([value] * 2, [place - 0.34, place + 0.34], color=TOTAL, linewidth=5, solid_capstyle="butt", zorder=3)


def _terms(table: pd.DataFrame, most: int) -> tuple[list[str], list[float]]:
    if len(table) <= most:
        return [str(name) for name in table["name"]], [float(size) for size in table["contribution"]]
    largest = set(table["contribution"].abs().sort_values(ascending=False, kind="stable").index[: most - 1])
    kept = table[[index in largest for index in table.index]]
    rest = table["contribution"].sum() - kept["contribution"].sum()
    n_rest = len(table) - len(kept)
    return [*map(str, kept["name"]), f"the other {n_rest} terms"], [*map(float, kept["contribution"]), float(rest)]


def _labels(names: list[str]) -> tuple[list[str], int]:
    """The names in two lines, or in as many as it takes to tell different ones apart; and how many the longest has."""
    for most in range(2, 9):
        lines = [wrap_ends(name, 3.1, size=9, most=most) for name in names]
        labels = ["\n".join(own) for own in lines]
        if len(set(labels)) >= len(set(names)):
            break
    return labels, max(map(len, lines))


def _places(sizes: list[float]) -> int:
    """Decimal places of all bars: two digits of the smallest, unless that gives the largest more than four."""
    found = [floor(log10(abs(size))) for size in sizes if size and isfinite(size)]
    return max(min(1 - min(found), 3 - max(found)), 0) if found else 2


def _written(value: float, places: int, sign: str = "") -> str:
    return f"{value:{sign},.{places}f}".replace("-", "−")


def _near_zero(ends: NDArray[np.float64]) -> bool:
    """Whether showing 0 costs little: the least value is no farther from it than the account is wide."""
    return bool(0 <= ends.min() <= 1.5 * (ends.max() - ends.min()))
