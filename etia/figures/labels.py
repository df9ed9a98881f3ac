"""Words in figures that do not run into each other: measured, wrapped, spread and stacked."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from etia.figures.style import FAINT, GREY, INK, SMALL, figure_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

__all__ = [
    "end_labels",
    "heading",
    "key",
    "key_height",
    "legend_columns",
    "place_labels",
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


def place_labels(
    axes: Axes,
    xs: Sequence[float],
    ys: Sequence[float],
    texts: Sequence[str],
    *,
    others: NDArray[np.float64] | None = None,
    size: float = SMALL,
) -> None:
    """Name points, each on the side where its name meets neither another name nor a point; farther out if need be.

    `others`: points without a name that are to stay free, shape (n, 2).
    """
    figure = figure_of(axes)
    figure.draw_without_rendering()
    pixels = axes.transData.transform(np.column_stack([xs, ys]))
    scale = figure.dpi / 72
    free = axes.transData.transform(others) if others is not None and len(others) else np.empty((0, 2))
    taken = [(x - 5 * scale, y - 5 * scale, x + 5 * scale, y + 5 * scale) for x, y in (*pixels, *free)]
    frame = axes.get_window_extent()
    for (px, py), x, y, text in zip(pixels, xs, ys, texts, strict=True):
        lines = text.split("\n")
        width = max(text_width(line, size) for line in lines) * figure.dpi
        height = len(lines) * size * 1.25 * scale
        box, (dx, dy) = _free_place(px, py, width, height, scale, taken, (frame.x0, frame.y0, frame.x1, frame.y1))
        taken.append(box)
        far = max(abs(dx), abs(dy)) > 7
        axes.annotate(
            text,
            (x, y),
            xytext=((box[0] - px) / scale, ((box[1] + box[3]) / 2 - py) / scale),
            textcoords="offset points",
            fontsize=size,
            va="center",
            ha="left",
            color=INK,
            linespacing=1.1,
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.5} if far else None,
        )


Box = tuple[float, float, float, float]


def _free_place(
    px: float, py: float, width: float, height: float, scale: float, taken: list[Box], frame: Box
) -> tuple[Box, tuple[float, float]]:
    best: tuple[float, Box, tuple[float, float]] | None = None
    for reach in (7, 14, 24, 36, 50, 66):
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)):
            cx = px + dx * (reach * scale + width / 2)
            cy = py + dy * (reach * scale + height / 2)
            box = (cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2)
            outside = max(0, frame[0] - box[0]) + max(0, box[2] - frame[2]) + max(0, frame[1] - box[1])
            outside += max(0, box[3] - frame[3])
            cost = sum(_common(box, other) for other in taken) + outside * height
            if best is None or cost < best[0]:
                best = (cost, box, (dx * reach, dy * reach))
            if cost == 0:
                return box, (dx * reach, dy * reach)
    assert best is not None
    return best[1], best[2]


def _common(a: Box, b: Box) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


LINE = SMALL * 1.32 / 72
"""inches between two lines of a key"""
MARK = 0.30
"""inches that a key's number takes"""


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


def shares(weights: Sequence[float]) -> NDArray[np.float64]:
    """Line widths from strengths: in proportion to the largest, none too thin to be seen."""
    values = np.abs(np.asarray(weights, dtype=float))
    top = values.max(initial=0.0)
    return np.asarray(0.6 + 2.6 * (values / top if top > 0 else values))
