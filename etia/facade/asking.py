"""What is asked of several runs, or of what is kept besides them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.facade.running import Run
from etia.facade.stored import open_run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from etia.facade.comparison import Comparison
    from etia.learn.ledger import Ledger

__all__ = ["compare", "ledger"]


def compare(*runs: Run | str | Path, tables: Iterable[str] = ()) -> Comparison:
    """What differs between runs, or run folders, and the first; of a single one, its scenarios and the reference.

    `tables` names those whose differing rows are wanted. Raises UsageError where there is nothing to compare, or for a
    table that no run has.
    """
    from etia.facade.comparison import compare

    return compare([run if isinstance(run, Run) else open_run(run) for run in runs], tables=tables)


def ledger(path: str | Path = "ledger.sqlite") -> Ledger:
    """The ledger of dated forecasts in a file, made where there is none: `add_run`, `resolve`, `score`, `verify`."""
    from etia.learn.ledger import Ledger

    return Ledger(path)
