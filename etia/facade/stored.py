"""Saved runs: opened again from their folder, tables as they were written, all else done again on demand."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etia.errors import UsageError
from etia.facade.model import Model
from etia.facade.running import Request, Run
from etia.files.resolved import read_resolved

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

__all__ = ["open_run", "read_manifest", "read_tables"]

_TEXT = ("date", "horizon", "by", "central", "from", "to", "origin", "known", "sequence")
"""columns that hold words though they may look like numbers"""


def read_manifest(folder: Path) -> dict[str, Any]:
    """What the run was made from. Raises UsageError where `folder` is no run folder."""
    try:
        found: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"'{folder}' is no run folder: it has no manifest.json that can be read") from error
    return found


def open_run(folder: str | Path, *, jobs: int | None = None) -> Run:
    """The run that was saved in a folder. Raises UsageError where there is none."""
    place = Path(folder)
    manifest = read_manifest(place)
    loaded, scenarios = read_resolved(place / "model.resolved.yaml", manifest["model"]["name"])
    asked = dict(manifest["options"])
    asked.pop("scenarios")
    policies = asked.pop("policies")
    # how far a run went on is known by now
    asked.update(manifest["reached"], until_se=None)
    request = Request(policies=None if policies is None else tuple(policies), **asked)
    under = {name: Model(loaded, scenario) for name, scenario in scenarios.items()}
    return Run(Model(loaded), under, request, jobs or os.cpu_count() or 1, place)


def read_tables(folder: Path, layer: str) -> dict[str, pd.DataFrame]:
    """A layer's tables as they were written."""
    return {name: _read(folder / "tables" / f"{name}.csv") for name in read_manifest(folder)["tables"].get(layer, [])}


def _read(path: Path) -> pd.DataFrame:
    """A table; floats as they were, to the last bit."""
    import pandas as pd

    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    columns = zip(*rows, strict=True) if rows else [()] * len(header)
    return pd.DataFrame(
        {name: _column(cells, is_text=name in _TEXT) for name, cells in zip(header, columns, strict=True)}
    )


def _column(cells: Sequence[str], *, is_text: bool) -> list[Any]:
    """Numbers where all cells are, else words; empty cells are missing."""
    if not is_text:
        for kind in (int, float):
            try:
                return [kind(cell) if cell or kind is int else float("nan") for cell in cells]
            except ValueError:
                continue
    return [cell or None for cell in cells]
