"""Values set from the command line: `PATH=VALUE`, keys joined by dots, list items by number, VALUE read as YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.errors import ModelError, UsageError
from etia.files.places import Node
from etia.files.reader import read_text
from etia.schema.fault import Path, did_you_mean, dotted
from etia.schema.keys import keys_at
from etia.schema.relation import normal_key

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["apply_overrides"]


def apply_overrides(root: Node, overrides: Iterable[str]) -> Node:
    """The nodes with each `PATH=VALUE` applied in order; an empty VALUE takes the key out.

    Raises UsageError where a path leads nowhere, ModelError where VALUE is no YAML.
    """
    for override in overrides:
        path_text, equals, value_text = override.partition("=")
        if not equals:
            raise UsageError(f"--set {override!r} is not PATH=VALUE; write for example events.a.probability.value=0.3")
        value, findings = read_text(value_text.strip(), f"--set {path_text.strip()}")
        if findings:
            raise ModelError(findings)
        root = _replaced(root, _located(root, path_text.strip()), value)
    return root


def _located(root: Node, text: str) -> Path:
    """The path that a text names: of a value that is written, or of a key that could be."""
    found = _walk(root, text.split("."), ())
    best = max(found, key=lambda attempt: len(attempt[0]))
    path, rest = best
    if not rest:
        return path
    allowed = keys_at(path)
    node = root.deepest(path)[0]
    if len(rest) == 1 and rest[0] in allowed and isinstance(node.value, dict):
        return (*path, rest[0])
    known = list(dict.fromkeys([*node.entries, *allowed, *map(str, range(len(node.items)))]))
    where = f"in '{dotted(path)}'" if path else "in the model"
    missing = ".".join(rest)
    if node.items and rest[0] in allowed:
        raise UsageError(
            f"--set: '{dotted(path)}' is a list of {len(node.items)}; write '{dotted(path)}.0.{missing}' for its first"
        )
    hint = did_you_mean(missing, known, what="known there")
    raise UsageError(f"--set: there is no '{missing}' {where}. {hint}".strip())


def _walk(node: Node, parts: list[str], path: Path) -> list[tuple[Path, list[str]]]:
    """Every way to read `parts` as keys that may themselves hold dots: how far it leads, and what is left."""
    attempts: list[tuple[Path, list[str]]] = [(path, parts)]
    for length in range(1, len(parts) + 1):
        written = ".".join(parts[:length])
        for key in dict.fromkeys((written, normal_key(written))):
            below = node.child(int(key)) if key.isdigit() and not node.entries.get(key) else node.child(key)
            if below is not None and below is not node:
                part: str | int = int(key) if isinstance(node.value, list) else key
                attempts += _walk(below, parts[length:], (*path, part))
                break
            if below is node:  # item 0 of a list that is written as its one mapping
                attempts += _walk(node, parts[length:], path)
                break
    return attempts


def _replaced(node: Node, path: Path, value: Node | None) -> Node:
    """The nodes with the value at `path` exchanged, everything else shared."""
    if not path:
        return value if value is not None else Node(None, node.place, node.key_place)
    head, rest = path[0], path[1:]
    below = node.child(head)
    if rest:
        assert below is not None
        changed: Node | None = _replaced(below, rest, value)
    else:
        changed = None if value is None or value.value is None else value
    if isinstance(node.value, list):
        items = [changed if index == head else item for index, item in enumerate(node.items)]
        return Node([item for item in items if item is not None], node.place, node.key_place)
    entries = dict(node.entries)
    if changed is None:
        entries.pop(str(head), None)
    else:
        entries[str(head)] = changed
    return Node(entries, node.place, node.key_place)
