"""The run folder: all that a run leaves behind, whole or not at all.

It is written under a temporary name beside its place and renamed when it is whole, so that a killed run, a full disk or
Ctrl-C leave no half folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etia.compile.odd_draws import odd_draws
from etia.errors import UsageError
from etia.files.origins import FILE, origins_text
from etia.report.manifest import manifest, resolved_text

if TYPE_CHECKING:
    import pandas as pd

    from etia.facade import Run

__all__ = ["recognised", "save"]

RUNS = "runs"
_PAGES = "etia.report.pages"


def recognised(run: Run, folder: Path | None = None) -> Path | None:
    """The folder where the same run, made by the same program, lies already; None where there is none."""
    made = manifest(run, resolved_text(run))
    place = folder or Path(RUNS) / f"{run.model.name}-{made['digest'][:12]}"
    return place if _holds(place, made) else None


def _holds(place: Path, made: dict[str, Any]) -> bool:
    """Whether the run of this manifest lies there, made by the same program."""
    there = _manifest_in(place)
    return there is not None and all(there.get(key) == made[key] for key in ("digest", "code", "versions"))


def _manifest_in(folder: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def save(run: Run, folder: Path | None = None, *, force: bool = False, parquet: bool = False) -> Path:
    """Write the run folder and return its path; where the same run lies there already, only return it.

    Raises UsageError where `folder` holds another run and `force` is not given, or where it holds something else.
    """
    text = resolved_text(run)
    made = manifest(run, text)
    place = folder or Path(RUNS) / f"{run.model.name}-{made['digest'][:12]}"
    if _holds(place, made) and not (parquet and not any((place / "tables").glob("*.parquet"))):
        return place
    if folder is not None:
        _refuse_others(place, made["digest"], force=force)
    new = [above for above in (place.parent, *place.parent.parents) if not above.exists()]
    place.parent.mkdir(parents=True, exist_ok=True)
    _sweep(place)
    partial = place.parent / f".{place.name}.{os.getpid()}.part"
    try:
        partial.mkdir()
        _write(run, partial, text, made, parquet=parquet)
        _put(partial, place)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        for above in () if place.exists() else new:
            with contextlib.suppress(OSError):  # another run may have found it useful
                above.rmdir()
    return place


def _refuse_others(place: Path, digest: str, *, force: bool) -> None:
    if place.is_file():
        raise UsageError(f"'{place}' is a file; -o names a folder")
    if not place.is_dir() or not any(place.iterdir()):
        return
    there = _manifest_in(place)
    if there is None:
        raise UsageError(f"'{place}' holds something else than a run; name another folder")
    if there.get("digest") != digest and not force:
        raise UsageError(f"'{place}' holds another run; name another folder, or replace it with --force")


def _sweep(place: Path) -> None:
    """Take away what killed runs have left for this place."""
    for left in place.parent.glob(f".{place.name}.*.part"):
        owner = left.name.split(".")[-2]
        if owner.isdigit() and not _is_alive(int(owner)):
            shutil.rmtree(left, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _put(partial: Path, place: Path) -> None:
    """Rename the whole folder into its place; what lay there goes."""
    if not place.exists():
        partial.rename(place)
        return
    old = partial.with_name(f"{partial.name}.old.{os.getpid()}.part")
    place.rename(old)
    try:
        partial.rename(place)
    except OSError:
        old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _write(run: Run, partial: Path, text: str, made: dict[str, Any], *, parquet: bool) -> None:
    started = time.time()
    (partial / "model.resolved.yaml").write_text(text, encoding="utf-8", newline="\n")
    (partial / FILE).write_text(_origins(run), encoding="utf-8", newline="\n")
    (partial / "tables").mkdir()
    named = {layer: list(run.tables.layer(layer)) for layer in ("describe", "map", "prescribe", "learn")}
    for name, table in run.tables.items():
        _write_table(table, partial / "tables" / name, parquet=parquet)
    # last of all that is read again: its presence says that the tables are there
    times = {
        "made": datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds"),
        "seconds": round(time.time() - started, 3),
    }
    reached = {"draws": run.settled.request.draws, "runs": run.settled.request.runs}
    whole = {
        **made,
        "reached": reached,
        "tables": named,
        "remarks": [*run.settled.remarks, *odd_draws(run.study)],
        "command": sys.argv[1:],
        "times": times,
    }
    content = json.dumps(whole, ensure_ascii=False, indent=2) + "\n"
    (partial / "manifest.json").write_text(content, encoding="utf-8", newline="\n")
    if find_spec(_PAGES) is not None and not run.request.exact:  # an exact run has two tables and no story
        import_module(_PAGES).write(run, partial)


def _origins(run: Run) -> str:
    over = {name: model.scenario.root for name, model in run.scenarios.items() if model.scenario}
    return origins_text(run.model.loaded.root, over)


def _write_table(table: pd.DataFrame, stem: Path, *, parquet: bool) -> None:
    """A table as CSV: UTF-8, a header, floats as short as they can be read back exactly."""
    table.to_csv(stem.with_suffix(".csv"), index=False, encoding="utf-8", lineterminator="\n")
    if parquet:
        table.to_parquet(stem.with_suffix(".parquet"), index=False)
