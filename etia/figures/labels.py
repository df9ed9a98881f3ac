"""Words in figures that do not run into each other: measured, wrapped, spread and stacked."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from etia.figures.style import FAINT, INK, SMALL, figure_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.transforms import Transform
    from numpy.typing import NDArray

__all__ = [
    "disc",
    "end_labels",
    "heading",
    "key",
    "key_height",
    "legend_columns",
    "shares",
    "signed",
    "spread",
    "stack",
    "text_width",
    "wrap",
    "wrap_ends",
]


_DPI = 100.0
"""resolution at which lines are measured; their width in inches hardly depends on it"""


def text_width(text: str, size: float = SMALL, weight: str = "normal") -> float:
    """Inches that a line of text takes in this size (points)."""
    words = text.split(" ")
    gap = _measured("n n", size, weight) - 2 * _measured("n", size, weight)
    return sum(_measured(word, size, weight) for word in words if word) + gap * (len(words) - 1)


@cache
def _measured(word: str, size: float, weight: str) -> float:
    """Inches of a word; measured once, for lines are tried many times, and a report has many figures."""
    renderer = FigureCanvasAgg(Figure(dpi=_DPI)).get_renderer()  # type: ignore[no-untyped-call]
    properties = FontProperties(family=["DejaVu Sans"], size=size, weight=weight)
    width, _, _ = renderer.get_text_width_height_descent(word, properties, False)
    return float(width) / _DPI


def wrap(text: str, width: float, size: float = SMALL, most: int = 3) -> list[str]:
    """The text in lines of at most `width` inches; what does not fit into `most` lines ends in an ellipsis."""
    lines: list[str] = []
    words = text.split(" ")  # a no-break space holds
    while words:
        line = words.pop(0)
        while words and text_width(f"{line} {words[0]}", size) <= width:
            line = f"{line} {words.pop(0)}"
        if text_width(line, size) > width:
            line = _shortened(line, width, size)
        lines.append(line)
    if len(lines) > most:
        lines = [*lines[: most - 1], _shortened(f"{lines[most - 1]} {lines[most]}", width, size)]
    return lines or [""]


def wrap_ends(text: str, width: float, size: float = SMALL, most: int = 2) -> list[str]:
    """The text in at most `most` (2 or more) lines of `width` inches; what does not fit is left out of its middle."""
    lines = wrap(text, width, size, most=len(text) + 1)
    if len(lines) <= most:
        return lines
    head, words, tail = lines[: most - 1], text.split(" "), ""
    while words and text_width(f"… {words[-1]} {tail}".rstrip(), size) <= width:
        tail = f"{words.pop()} {tail}".rstrip()
    return [*head, f"… {tail}" if tail else _shortened(lines[-1], width, size)]


def _shortened(text: str, width: float, size: float) -> str:
    while len(text) > 1 and text_width(text + "…", size) > width:
        text = text[:-1].rstrip(" ,;:")
    return text + "…"


def heading(text: str, width: float) -> str:
    """A title in lines of at most `width` inches."""
    return "\n".join(wrap(text, width / 1.12, size=12))  # bold type is about an eighth wider


def legend_columns(labels: Sequence[str], width: float, size: float = 9.0) -> int:
    """How many columns of a legend fit into `width` inches."""
    widest = max((text_width(label, size) for label in labels), default=1.0) + 0.55
    return max(1, min(len(labels), int(width / widest)))


def signed(value: float, digits: int = 3) -> str:
    """A number with its sign, in few digits; the minus as wide as the plus."""
    return f"{value:+.{digits}g}".replace("-", "−")


def spread(positions: Sequence[float] | NDArray[np.float64], gap: float) -> NDArray[np.float64]:
    """The positions moved as little as need be so that no two are nearer than `gap`, their order kept."""
    wanted = np.asarray(positions, dtype=float)
    order = np.argsort(wanted, kind="stable")
    groups: list[list[float]] = []  # each: sum of wanted starts, members, first position
    for value in wanted[order]:
        groups.append([value, 1.0, value])
        while len(groups) > 1 and groups[-2][2] + groups[-2][1] * gap > groups[-1][2]:
            total, members, _ = groups.pop()
            before = groups[-1]
            before[0] += total - members * before[1] * gap
            before[1] += members
            before[2] = before[0] / before[1]
    placed = [start + i * gap for _, members, start in groups for i in range(int(members))]
    moved = np.empty_like(wanted)
    moved[order] = placed
    return moved


def stack(positions: Sequence[float] | NDArray[np.float64], width: float) -> list[int]:
    """For each position, in order, the lowest row in which nothing lies nearer than `width`."""
    last: list[float] = []
    rows = [0] * len(positions)
    for i in np.argsort(np.asarray(positions), kind="stable"):
        place = float(positions[i])
        row = next((r for r, end in enumerate(last) if place - end >= width), len(last))
        if row == len(last):
            last.append(place)
        last[row] = place
        rows[int(i)] = row
    return rows


def end_labels(axes: Axes, x: float, ys: Sequence[float], texts: Sequence[str], tints: Sequence[str]) -> None:
    """Name lines at their right ends, spread so that they can be read, with a thin leader where one was moved."""
    low, high = axes.get_ylim()
    height = axes.get_position().height * figure_of(axes).get_size_inches()[1]
    lines = [text.count("\n") + 1 for text in texts]
    gap = (high - low) * (SMALL * 1.3 * max(lines, default=1) / 72) / max(height, 0.5)
    placed = spread(ys, gap)
    placed += min(0.0, high - placed.max(initial=high)) if len(placed) else 0.0
    for y, at, text, tint in zip(ys, placed, texts, tints, strict=True):
        axes.annotate(
            text,
            (x, y),
            xytext=(14, (at - y) / (high - low) * height * 72),
            textcoords="offset points",
            va="center",
            fontsize=SMALL,
            color=tint,
            annotation_clip=False,
            linespacing=1.05,
            arrowprops={
                "arrowstyle": "-",
                "color": tint,
                "linewidth": 0.6,
                "shrinkA": 1,
                "shrinkB": 1,
                "relpos": (0, 0.5),
            },
        )


LINE = SMALL * 1.32 / 72
"""inches between two lines of a key"""
MARK = 0.30
"""inches that a key's number takes"""


def disc(
    axes: Axes,
    x: float,
    y: float,
    number: int,
    tint: str,
    *,
    size: float,
    zorder: float,
    edge: str | None = None,
    hollow: bool = False,
    drop: float = 0.0,
    letters: float | None = None,
    transform: Transform | None = None,
) -> None:
    """A numbered disc, `size` points across, that a key below spells out; `hollow` for what has not come.

    The number stands `drop` data units below the middle and is `letters` points high, by default as fits its digits.
    """
    where, face = transform or axes.transData, "white" if hollow else tint
    axes.plot(
        x, y, "o", markersize=size, markerfacecolor=face, markeredgecolor=edge or tint, zorder=zorder, transform=where
    )
    axes.text(
        x,
        y - drop,
        str(number),
        ha="center",
        va="center_baseline",
        fontsize=letters or (7.5 if number < 100 else 6.2),
        fontweight="bold",
        color=INK if hollow else "white",
        zorder=zorder + 1,
        transform=where,
    )


def _columns(entries: list[list[str]], n_columns: int) -> list[list[int]]:
    """The entries' indices in columns of about equal lines, read downwards."""
    total = sum(len(lines) for lines in entries)
    columns: list[list[int]] = [[]]
    used = seen = 0
    for i, lines in enumerate(entries):
        full = used and seen + len(lines) / 2 > total * len(columns) / n_columns
        if full and len(columns) < n_columns:
            columns.append([])
            used = 0
        columns[-1].append(i)
        used += len(lines)
        seen += len(lines)
    return columns


def _wrapped(texts: Sequence[str], width: float, n_columns: int, most: int) -> list[list[str]]:
    return [wrap(text, width / n_columns - MARK - 0.15, most=most) for text in texts]


def key_height(texts: Sequence[str], width: float, n_columns: int, most: int = 2) -> float:
    """Inches that a key of these texts takes when it is `width` inches wide."""
    entries = _wrapped(texts, width, n_columns, most)
    columns = _columns(entries, n_columns)
    return LINE * (1 + max((sum(len(entries[i]) for i in column) for column in columns), default=0))


def key(
    axes: Axes,
    texts: Sequence[str],
    tints: Sequence[str],
    hollow: Sequence[bool],
    *,
    numbers: Sequence[int] | None = None,
    n_columns: int = 3,
    most: int = 2,
) -> None:
    """Fill the axes with what the numbers (1, 2, … where left out) stand for, in columns read downwards."""
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    box = axes.get_window_extent()
    width, height = box.width / figure_of(axes).dpi, box.height / figure_of(axes).dpi
    entries = _wrapped(texts, width, n_columns, most)
    for c, column in enumerate(_columns(entries, n_columns)):
        top = height - LINE * 0.75
        for i in column:
            x, y = c / n_columns, top / height
            axes.text(
                x + (MARK - 0.09) / width,
                y,
                str(numbers[i] if numbers is not None else i + 1),
                ha="right",
                va="baseline",
                fontsize=SMALL,
                fontweight="normal" if hollow[i] else "bold",
                color=tints[i],
            )
            for n, line in enumerate(entries[i]):
                axes.text(x + MARK / width, y - n * LINE / height, line, va="baseline", fontsize=SMALL)
            top -= LINE * len(entries[i])
        if c:
            axes.axvline(c / n_columns, color=FAINT, linewidth=0.6)


def shares(weights: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Line widths from strengths: in proportion to the largest, none too thin to be seen."""
    values = np.abs(np.asarray(weights, dtype=float))
    top = values.max(initial=0.0)
    return np.asarray(0.6 + 2.6 * (values / top if top > 0 else values))
