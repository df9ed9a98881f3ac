"""Several small plots that share one place, one title and their axes."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from etia.figures.style import new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["panels"]


def panels(
    axes: Axes | None,
    n: int,
    *,
    title: str,
    most_columns: int = 4,
    width: float = 11.0,
    row_height: float = 2.6,
    legend: bool = False,
    left: float = 0.65,
    right: float = 0.1,
    between: float = 0.45,
    head: float = 0.5,
) -> tuple[Axes, list[Axes]]:
    """The place that holds n plots, and the plots row by row; lengths in inches.

    `head` is the room above each plot for its own title; `left` and `right` that beside the outer columns for labels,
    `between` that between two columns. `legend` leaves a line of room below the title.
    """
    n_columns = min(n, most_columns)
    n_rows = ceil(n / n_columns)
    top = 0.3 + (0.3 if legend else 0.0)
    height = top + n_rows * row_height
    host = new_axes(axes, width + 0.5, height + 0.3, whole=True)
    host.set_axis_off()
    host.text(0, 1, title, transform=host.transAxes, fontsize=12, fontweight="bold", va="top")
    across = (width - left - right - between * (n_columns - 1)) / n_columns
    parts = []
    for row, column in np.ndindex(n_rows, n_columns):
        if row * n_columns + column < n:
            x = left + column * (across + between)
            y = height - top - (row + 1) * row_height + 0.35
            box = (x / width, y / height, across / width, (row_height - 0.35 - head) / height)
            parts.append(host.inset_axes(box))
    return host, parts
