"""`etia compare`: what differs between runs, or between the scenarios of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from etia.cli.asking import print_lines, records
from etia.cli.options import as_json, print_json, say, verb
from etia.cli.progress import busy

if TYPE_CHECKING:
    from etia.facade.comparison import Comparison

__all__ = ["command"]


@verb("compare")
@click.argument("runs", nargs=-1, required=True, metavar="RUN…")
@click.option("--md", is_flag=True, help="As Markdown tables.")
@click.option(
    "--top", default=12, show_default=True, type=click.IntRange(min=1), metavar="N", help="Rows shown of each part."
)
@click.option("--all", "whole", is_flag=True, help="Show every row.")
@click.option(
    "--table",
    "tables",
    multiple=True,
    metavar="NAME",
    help="Show a table's differing rows with paired errors, for which all is done again; repeatable.",
)
@as_json
def command(runs: tuple[str, ...], md: bool, top: int, whole: bool, tables: tuple[str, ...], as_json: bool) -> int:
    """Compare each RUN, a run folder, with the first; of a single one its scenarios with the reference."""
    from etia.facade import open_run
    from etia.facade.comparison import compare

    with busy("doing the runs again"):
        found = compare([open_run(run) for run in runs], tables=tables)
    if as_json:
        parts = {name: records(table) for name, table in found.parts.items()}
        print_json({"runs": list(runs), "paired": found.paired, **parts})
        return 0
    if not found.paired:
        say("the runs differ in seed, draws or runs: differences carry the errors of both sides")
    _print(found, None if whole else top, md=md)
    return 0


def _print(found: Comparison, most: int | None, *, md: bool) -> None:
    from etia.report.comparison_lines import comparison_lines

    print_lines(comparison_lines(found, most, md=md))
