"""Where in the analyst's files a value was written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from etia.schema.fault import Path, dotted
from etia.schema.written import Plain, core_value

__all__ = ["NOWHERE", "Node", "Place", "Places", "Source"]

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True)
class Source:
    """A text that was read: its name as findings give it, and its lines."""

    name: str
    text: str = field(repr=False)

    @cached_property
    def lines(self) -> list[str]:
        return _LINE_BREAK.split(self.text)

    def line(self, number: int) -> str:
        """The line with that number, counted from 1; '' where there is none."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


class Place(NamedTuple):
    """A position in a source, line and column counted from 1."""

    source: Source
    line: int
    column: int

    @property
    def file(self) -> str:
        return self.source.name

    @property
    def excerpt(self) -> str:
        return self.source.line(self.line)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Place(Source("<model>", ""), 1, 1)


class Node:
    """A value as written, with its place and that of its key.

    `value` is a dict of nodes, a list of nodes, `Plain` text, quoted text, or None for an empty value; what comes
    from Python may be a number or a truth value as well.
    """

    __slots__ = ("key_place", "place", "value")

    def __init__(self, value: object, place: Place, key_place: Place | None = None) -> None:
        self.value = value
        self.place = place
        self.key_place = key_place or place

    def __repr__(self) -> str:
        return f"Node({self.value!r} at {self.place})"

    @property
    def entries(self) -> dict[str, Node]:
        """The entries of a mapping; none where it is no mapping."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Node]:
        """The items of a list; none where it is no list."""
        return self.value if isinstance(self.value, list) else []

    @property
    def word(self) -> str | None:
        """The text of a scalar."""
        return str(self.value) if isinstance(self.value, str) else None

    def raw(self) -> object:
        """The value without places, scalars as written: what the schema reads."""
        if isinstance(self.value, dict):
            return {key: node.raw() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.raw() for node in self.value]
        return self.value

    def resolved(self) -> object:
        """The value without places, scalars by YAML's core schema: what is shown and stored."""
        if isinstance(self.value, dict):
            return {key: node.resolved() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.resolved() for node in self.value]
        return core_value(self.value) if isinstance(self.value, Plain) else self.value

    def child(self, part: str | int) -> Node | None:
        """The entry or item called `part`.

        Where one mapping stands for a list of them, item 0 is the mapping itself.
        """
        if isinstance(self.value, dict):
            found = self.value.get(str(part))
            return self if found is None and part == 0 else found
        if isinstance(self.value, list) and str(part).isdigit() and int(part) < len(self.value):
            item = self.value[int(part)]
            return item if isinstance(item, Node) else None
        return None

    def deepest(self, path: Path) -> tuple[Node, int]:
        """The node at the end of `path`, or the last on the way there, and how many parts led to it."""
        node = self
        for depth, part in enumerate(path):
            below = node.child(part)
            if below is None:
                return node, depth
            node = below
        return node, len(path)


class Places:
    """The place of every value, by its path: `places['events.a.probability']`."""

    def __init__(self, root: Node) -> None:
        self._root = root

    def node(self, path: str | Path) -> Node | None:
        """The node of a path, given in parts or joined by dots."""
        if isinstance(path, tuple):
            found, depth = self._root.deepest(path)
            return found if depth == len(path) else None
        return _descend(self._root, path.split("."))

    def get(self, path: str | Path) -> Place | None:
        """The place of a value; None where the files do not set it."""
        found = self.node(path)
        return found.place if found else None

    def __getitem__(self, path: str | Path) -> Place:
        found = self.get(path)
        if found is None:
            raise KeyError(path if isinstance(path, str) else dotted(path))
        return found

    def __contains__(self, path: str | Path) -> bool:
        return self.get(path) is not None


def _descend(node: Node, parts: list[str]) -> Node | None:
    """The node at the end of `parts`; a key may itself hold dots, so longer keys are tried too."""
    if not parts:
        return node
    for length in range(1, len(parts) + 1):
        below = node.child(".".join(parts[:length]))
        found = _descend(below, parts[length:]) if below is not None else None
        if found is not None:
            return found
    return None
