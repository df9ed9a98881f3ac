"""From the command line's options to a run, and from a run's tables to JSON."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from etia.cli.options import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from etia.cli.options import RunOptions
    from etia.facade import Run

__all__ = ["asked_run", "print_lines", "records", "save_if_asked"]


def asked_run(model: str, options: RunOptions, **more: Any) -> Run:
    """The run that the options ask for; warnings about the model go to standard error."""
    from etia.facade import load, run

    loaded = load(model, overrides=options.overrides, as_of=options.as_of)
    if loaded.warnings and not options.as_json:
        n = len(loaded.warnings)
        say(f"{n} warning{'' if n == 1 else 's'} about the model; see `etia check {model}`")
    return run(
        loaded,
        scenarios=options.scenarios,
        lens=options.lens,
        policies=options.policies or None,
        draws=options.draws or 200,
        runs=options.runs,
        seed=options.seed,
        jobs=options.jobs,
        central=options.central,
        **more,
    )


def save_if_asked(run: Run, options: RunOptions) -> None:
    """Write the run folder where `-o` names one."""
    if options.output:
        say(f"saved in {run.save(options.output, force=options.force)}")


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as objects; what is missing is null."""
    columns = {str(name): [_plain(value) for value in table[name].tolist()] for name in table.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))) else value


def print_lines(lines: Iterable[str]) -> None:
    """Lines on standard output."""
    sys.stdout.write("\n".join(lines) + "\n")
