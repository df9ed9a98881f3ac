"""What differs between runs, in lines for the terminal or as Markdown: the largest differences, and how many more."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etia.facade.comparison import Comparison

__all__ = ["comparison_lines"]

WIDEST = 44
"""letters of a value that are shown"""
_CUT = ("before", "after")
"""columns in which whole parts of a model may stand"""
_HEADS = {
    "inputs": "Inputs",
    "events": "Events: probability by the horizon",
    "trends": "Trends: mean at the horizon",
    "hypotheses": "Hypotheses: probability",
    "scores": "Scores: what an event does to a trend, in all",
    "tables": "Tables: rows that differ",
}


def comparison_lines(found: Comparison, most: int | None, *, md: bool = False) -> list[str]:
    """The parts one after another, of each at most `most` rows (all: None), the largest differences first."""
    lines: list[str] = []
    for name, table in found.parts.items():
        head, looked_at = (_HEADS[name], table) if name in _HEADS else _by_number(name, table)
        differing = _differing(looked_at)
        lines += ["", f"## {head}" if md else head, *([""] if md else [])]
        if differing.empty:
            nothing_shared = table.empty and name in ("events", "trends", "hypotheses")
            lines.append(f"No {name} on both sides." if nothing_shared else "No difference.")
            continue
        lines += [*_counts(name, differing), *([""] if md and name == "inputs" else [])]
        shown = differing if most is None else differing[:most]
        lines += _table(shown.dropna(axis=1, how="all"), md=md)
        more = len(differing) - len(shown)
        if more:
            lines += [*([""] if md else []), f"… and {more:,} more: --all shows them, --json holds them"]
    return lines[1:]


def _differing(table: pd.DataFrame) -> pd.DataFrame:
    """The rows with a difference, the largest for its error first; inputs and tables in their order."""
    if "differing" in table:
        return table[table["differing"] > 0]
    if "difference" not in table or table.empty:
        return table
    size, error = (np.nan_to_num(table[column].abs().to_numpy(dtype=float)) for column in ("difference", "se"))
    # a difference without any chance in it comes before all others, one whose error is not known after them
    known = table["se"].notna().to_numpy()
    clear = np.where(known, size / np.where(error > 0, error, 1e-300), 1e-300 * size)
    kept = np.flatnonzero((size > 0) | table["difference"].isna().to_numpy())
    return table.iloc[kept[np.argsort(-clear[kept], kind="stable")]]


def _by_number(name: str, table: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """Differing rows of a table, a line for each number that differs; what all share is said in the head."""
    names = [column for column in table if not str(column).endswith(("_before", "_after", "_difference", "_se"))]
    alike = {column: set(table[column]) for column in names if column in ("run", "scenario", "lens")}
    shared = [column for column, values in alike.items() if len(values) == 1]
    parts = []
    for what in (str(column).removesuffix("_before") for column in table if str(column).endswith("_before")):
        before, after = table[f"{what}_before"], table[f"{what}_after"]
        missing = pd.Series(np.nan, index=table.index)
        part = table[[column for column in names if column not in shared]].assign(
            what=what,
            before=before.astype(object),
            after=after.astype(object),
            difference=table.get(f"{what}_difference", missing),
            se=table.get(f"{what}_difference_se", missing),
        )
        if what != "se":  # each side's own
            parts.append(part[(before != after) & ~(before.isna() & after.isna())])
    said = ", ".join(f"{column} {next(iter(alike[column]))}" for column in shared)
    return f"{name} ({said})" if said else name, pd.concat(parts, ignore_index=True) if parts else table


def _counts(name: str, table: pd.DataFrame) -> Iterator[str]:
    """How many inputs differ, by the chapter of the model."""
    if name == "inputs":
        chapters = Counter(str(path).partition(".")[0] for path in table["path"])
        n = len(table)
        told = ", ".join(f"{count} in {chapter}" for chapter, count in chapters.items())
        yield f"{n:,} value{'' if n == 1 else 's'} differ{'s' if n == 1 else ''}: {told}"


def _table(table: pd.DataFrame, *, md: bool) -> list[str]:
    head = [str(name) for name in table.columns]
    rows = [
        [_cell(value, whole=name not in _CUT) for name, value in zip(head, row, strict=True)]
        for row in table.itertuples(index=False)
    ]
    if md:
        return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)
    ]


def _cell(value: object, *, whole: bool) -> str:
    if value is None or value != value:
        return "–"
    if isinstance(value, (list, dict, bool)):
        text = _as_written(value)
    else:
        text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if whole or len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _as_written(value: object) -> str:
    """A value in the words of the format, in one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6)
    return text.removesuffix("\n").removesuffix("\n...")
