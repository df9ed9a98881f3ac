"""Histories of trends from CSV files in the model's folder: `date,value` and, where wanted, `evidence` and `note`."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from etia.errors import Finding
from etia.files.places import Node, Place, Source
from etia.files.reader import LIMITS, finding_at
from etia.schema.fault import did_you_mean
from etia.schema.written import Plain

if TYPE_CHECKING:
    from pathlib import Path as File

__all__ = ["read_series"]

_COLUMNS = ("date", "value", "evidence", "note")
_KEYS = {"date": "at"}


def read_series(written: Node, folder: File) -> tuple[Node, list[Finding]]:
    """The data of the CSV file that `written` names, as the points of an inline history with places in that file.

    A file outside `folder`, missing, too large or without its columns is a finding at the place that names it.
    """
    name = written.word or ""
    content = _content(written, folder / name, folder)
    if isinstance(content, Finding):
        return Node([], written.place, written.key_place), [content]
    findings: list[Finding] = []
    return Node(_points(Source(name, content), findings), written.place, written.key_place), findings


def _content(written: Node, path: File, folder: File) -> str | Finding:
    name = written.word or ""
    if not path.resolve().is_relative_to(folder.resolve()):
        hint = "Copy it into the model's folder and name it from there."
        return finding_at(written.place, "outside", f"the data file {name!r} lies outside the model's folder", hint)
    try:
        if path.stat().st_size > LIMITS.file_bytes:
            return finding_at(
                written.place, "too-large", f"the data file {name!r} is larger than 16 MiB", "Shorten it."
            )
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        there = [str(file.relative_to(folder)) for file in sorted(folder.rglob("*.csv"))]
        hint = (
            did_you_mean(name, there, what="CSV files there") if there else "It is looked for from the model's folder."
        )
        return finding_at(written.place, "unreadable", f"there is no data file {name!r}", hint)
    except OSError as error:
        return finding_at(written.place, "unreadable", f"the data file {name!r} cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        return finding_at(written.place, "encoding", f"the data file {name!r} is not UTF-8", "Save it as UTF-8.")


def _points(source: Source, findings: list[Finding]) -> list[Node]:
    """The points of a table; the first line that is no comment is its header."""
    points: list[Node] = []
    header: list[str] | None = None
    for number, line in enumerate(source.lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = next(csv.reader([line]))
        if header is None:
            header = [cell.strip() for cell in cells]
            fault = _header_fault(header, Place(source, number, 1))
            if fault:
                findings.append(fault)
                return []
        elif len(cells) != len(header):
            message = f"{len(cells)} cells in a table of {len(header)} columns"
            hint = "Part cells with commas; write decimals with a point."
            findings.append(finding_at(Place(source, number, 1), "series", message, hint))
        else:
            points.append(_point(header, cells, source, number))
    if header is None:
        findings.append(finding_at(Place(source, 1, 1), "series", "the data file is empty", "Begin with date,value"))
    return points


def _header_fault(header: list[str], place: Place) -> Finding | None:
    unknown = [name for name in header if name not in _COLUMNS]
    if "date" not in header or "value" not in header or unknown or len(set(header)) < len(header):
        message = f"the header {','.join(header)!r} does not name the columns date and value"
        return finding_at(place, "series", message, "Begin with date,value (evidence and note may follow).")
    return None


def _point(header: list[str], cells: list[str], source: Source, number: int) -> Node:
    entries: dict[str, Node] = {}
    column = 1
    for name, cell in zip(header, cells, strict=True):
        place = Place(source, number, column + len(cell) - len(cell.lstrip()))
        column += len(cell) + 1
        written = cell.strip()
        if name == "evidence":
            claims = [Node(claim, place) for claim in written.split()]
            entries[name] = Node(claims, place)
        elif written or name in {"date", "value"}:
            entries[_KEYS.get(name, name)] = Node(Plain(written) if written else None, place)
    return Node(entries, Place(source, number, 1))
