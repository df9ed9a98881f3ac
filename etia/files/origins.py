"""Where each value of a run's model was written: kept with the run, whose model is one merged document."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path as File

    from etia.files.places import Node

__all__ = ["FILE", "Origins", "as_origins", "origins_rows", "origins_text", "read_origins"]

FILE = "model.places.csv"
"""its name in a run's folder"""
_HEADER = ("path", "file", "line")

Origins = dict[str, str]
"""By path joined by dots, a scenario's behind `scenarios.NAME.`: `file:line`."""


def origins_rows(root: Node, scenarios: Mapping[str, Node]) -> list[tuple[str, str, int]]:
    """(path, file, line) of all values of a model, and of those that its scenarios set otherwise."""
    own = {path: place for path, *place in _places(root, "")}
    found = [(path, *place) for path, place in own.items()]
    for name, over in scenarios.items():
        found += [(f"scenarios.{name}.{path}", *place) for path, *place in _places(over, "") if own.get(path) != place]
    return found  # type: ignore[return-value]


def origins_text(root: Node, scenarios: Mapping[str, Node]) -> str:
    """The same as CSV."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([_HEADER, *origins_rows(root, scenarios)])
    return out.getvalue()


def as_origins(rows: Iterable[tuple[str, str, int]]) -> Origins:
    """The places by path."""
    return {path: f"{name}:{line}" for path, name, line in rows}


def _places(node: Node, path: str) -> Iterator[tuple[str, str, int]]:
    """Every entry's key, and list items that are mappings; a list of plain values stands as a whole."""
    below: Iterable[tuple[object, Node]] = node.entries.items() if node.entries else enumerate(node.items)
    for key, child in below:
        if node.entries or child.entries:
            here = f"{path}.{key}" if path else str(key)
            place = child.key_place if node.entries else child.place
            yield here, place.file, place.line
            yield from _places(child, here)


def read_origins(folder: File) -> Origins:
    """The places that were kept in a run's folder; none where it has no such file."""
    try:
        with (folder / FILE).open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))[1:]
    except OSError:
        return {}
    return as_origins((path, name, int(line)) for path, name, line in rows)
