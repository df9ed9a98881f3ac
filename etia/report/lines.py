"""Tables on a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from etia.facade import Run

__all__ = ["rows_of", "short", "table_lines"]


def rows_of(run: Run, layer: str, table: str, scenario: str) -> pd.DataFrame:
    """A table's rows of one scenario; none where the table is missing."""
    found = run.tables.layer(layer).get(table)
    return pd.DataFrame() if found is None or found.empty else found[found["scenario"] == scenario]


def table_lines(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table, the first column to the left, the others to the right; none without rows.

    A column that says nothing in any row is left out.
    """
    names, *others = zip(head, *rows, strict=True)
    if len(names) == 1:
        return []
    told = [names, *(cells for cells in others if set(cells[1:]) - {"", "unknown"})]
    widths = [max(map(len, cells)) for cells in told]

    def line(row: Sequence[str]) -> str:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        return "  " + "  ".join(cells).rstrip()

    return ["", title, *map(line, zip(*told, strict=True))]


def short(title: str, most: int = 60) -> str:
    """The title, cut to so many letters."""
    return title if len(title) <= most else title[: most - 1].rstrip() + "…"
