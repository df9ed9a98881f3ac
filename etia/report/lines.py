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
    """Lines of a table, the first column to the left, the others to the right; none without rows."""
    body = [list(row) for row in rows]
    if not body:
        return []
    widths = [max(len(row[i]) for row in [list(head), *body]) for i in range(len(head))]

    def line(row: Sequence[str]) -> str:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        return "  " + "  ".join(cells).rstrip()

    return ["", title, line(head), *map(line, body)]


def short(title: str, most: int = 60) -> str:
    """The title, cut to so many letters."""
    return title if len(title) <= most else title[: most - 1].rstrip() + "…"
