"""Faults and pydantic's errors as findings: file, line, column, what was found, what to write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from etia.errors import Finding
from etia.schema.fault import Fault, Path, did_you_mean, dotted
from etia.schema.keys import describe_key, keys_at
from etia.schema.model import Model

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import BaseModel, ValidationError

    from etia.files.places import Node, Place

__all__ = ["empty", "from_fault", "from_validation", "in_order", "written_path"]

_SCENARIO_KEYS = ("extends", "lens", "happens")
_LISTS = {"tuple_type", "list_type"}
_MAPPINGS = {"dict_type", "model_type", "model_attributes_type"}


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Findings by place, each once."""
    once = dict.fromkeys(findings)
    return sorted(once, key=lambda found: (found.file, found.line, found.column, found.severity, found.code))


def from_fault(fault: Fault, root: Node) -> Finding:
    """The finding for a fault: at its value, its key, or the nearest thing above that was written."""
    node, depth = root.deepest(fault.path)
    whole = depth == len(fault.path)
    place = node.key_place if fault.on_key or not whole else node.place
    return _finding(
        place, fault.severity, fault.code, _worded(written_path(fault.path, root), fault.message), fault.hint
    )


def _finding(place: Place, severity: Literal["error", "warning"], code: str, message: str, hint: str) -> Finding:
    return Finding(place.file, place.line, place.column, severity, code, message, hint, place.excerpt)


def _worded(path: Path, message: str) -> str:
    return f"{dotted(path)}: {message}" if path else message


def written_path(path: Path, root: Node) -> Path:
    """A path without the item numbers that validation put in where one mapping stood for a list of them."""
    node: Node | None = root
    parts: list[str | int] = []
    for part in path:
        below = node.child(part) if node is not None else None
        if not (part == 0 and node is not None and below is node):
            parts.append(part)
        node = below
    return tuple(parts)


def from_validation(error: ValidationError, root: Node, schema: type[BaseModel] = Model) -> list[tuple[Path, Finding]]:
    """The findings for pydantic's errors, each with the path that it is about."""
    found = []
    for item in error.errors(include_url=False):
        fault = _fault(item, root, schema)
        found.append((fault.path, from_fault(fault, root)))
    return found


def _fault(item: Mapping[str, Any], root: Node, schema: type[BaseModel]) -> Fault:
    on_key = "[key]" in item["loc"]
    path: Path = tuple(part for part in item["loc"] if part != "[key]")
    kind = item["type"]
    if kind == "etia":
        context = item["ctx"]
        path = (*path, *context["at"])
        node, depth = root.deepest(path)
        if depth == len(path) and node.value is None:
            return empty(path)
        return Fault(
            path,
            context["code"],
            context["message"],
            context["hint"],
            on_key=on_key or context["code"] in {"unknown-key", "levels"},
        )
    if kind == "missing":
        return _missing(path, schema)
    if kind == "extra_forbidden":
        return _unknown_key(path, schema)
    node, depth = root.deepest(path)
    if depth == len(path) and node.value is None:
        return empty(path)
    return _wrong_form(path, kind, item["msg"])


def empty(path: Path) -> Fault:
    """The fault of a key without a value."""
    return Fault(path, "empty", "has no value", "Write one, or take the key out.", on_key=True)


def _missing(path: Path, schema: type[BaseModel]) -> Fault:
    key = str(path[-1])
    meaning = describe_key(path, schema)
    hint = f"Add {key}: {meaning}." if meaning else f"Add {key}: …"
    owner = "" if path[:-1] else "the model "
    return Fault(path[:-1], "missing", f"{owner}has no '{key}'", hint, on_key=True)


def _unknown_key(path: Path, schema: type[BaseModel]) -> Fault:
    key = str(path[-1])
    allowed = keys_at(path[:-1], schema)
    if len(path) == 1 and key in _SCENARIO_KEYS:
        hint = "This is a key of scenarios: they stand in a folder called scenarios."
    else:
        hint = did_you_mean(key, allowed, what="allowed", limit=20)
    return Fault(path, "unknown-key", f"unknown key '{key}'", hint, on_key=True)


def _wrong_form(path: Path, kind: str, message: str) -> Fault:
    if kind in _LISTS:
        return Fault(path, "list", "is not a list", "Write [a, b], or an item a line, each after '- '.")
    if kind in _MAPPINGS:
        return Fault(path, "mapping", "is not a mapping", "Write {key: value}, or an entry a line, indented.")
    return Fault(path, "value", message[0].lower() + message[1:], "")
