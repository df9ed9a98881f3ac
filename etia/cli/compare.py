"""`etia compare`: what differs between runs, or between the scenarios of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from etia.cli.asking import print_lines, records
from etia.cli.options import as_json, print_json, say, verb
from etia.cli.progress import busy

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["command"]


@verb("compare")
@click.argument("runs", nargs=-1, required=True, metavar="RUN…")
@click.option("--md", is_flag=True, help="As Markdown tables.")
@as_json
def command(runs: tuple[str, ...], md: bool, as_json: bool) -> int:
    """Compare each RUN, a run folder, with the first; of a single one its scenarios with the reference."""
    from etia.facade import open_run
    from etia.facade.comparison import compare

    with busy("doing the runs again"):
        found = compare([open_run(run) for run in runs])
    if as_json:
        tables = {name: records(table) for name, table in found.tables.items()}
        print_json({"runs": list(runs), "paired": found.paired, **tables})
        return 0
    if not found.paired:
        say("the runs differ in seed, draws or runs: differences carry the errors of both sides")
    for name, table in found.tables.items():
        if len(table):
            print_lines(["", f"{'## ' if md else ''}{name.capitalize()}", *([""] if md else []), *_lines(table, md=md)])
    return 0


def _lines(table: pd.DataFrame, *, md: bool) -> list[str]:
    rows = [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    head = [str(name) for name in table.columns]
    if md:
        return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)
    ]


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
