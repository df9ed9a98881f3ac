"""YAML text into nodes with places: libyaml's events under rules of our own.

Scalars are YAML 1.2's and stay as written; keys are unique; aliases are expanded under a budget; tags, several
documents in a file, other encodings than UTF-8, and what is too large or too deep are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from etia.errors import Finding
from etia.files.places import Node, Place, Source
from etia.files.syntax import syntax_finding
from etia.schema.written import Plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path as File

__all__ = ["LIMITS", "Faulty", "Limits", "finding_at", "read_file", "read_text"]


class Limits:
    """What a file may hold at most; generous for what people write, small for what machines can make of it."""

    file_bytes = 16 * 2**20
    nodes = 1_000_000
    depth = 40
    alias_nodes = 20_000
    """nodes that all aliases of a file may expand to together"""


LIMITS = Limits
_NULLS = {"", "~", "null", "Null", "NULL"}


class Faulty(Exception):  # noqa: N818 - a carrier within `files`, never seen outside
    """A text that could not be read at all; carries the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


def finding_at(place: Place, code: str, message: str, hint: str = "") -> Finding:
    """An error at a place."""
    return Finding(place.file, place.line, place.column, "error", code, message, hint, place.excerpt)


def read_file(path: File, name: str) -> tuple[Node | None, list[Finding]]:
    """The nodes of a file, called `name` in findings; None and the reason where it is no readable YAML."""
    empty = Place(Source(name, ""), 1, 1)
    try:
        if path.stat().st_size > LIMITS.file_bytes:
            limit = f"{LIMITS.file_bytes // 2**20} MiB"
            return None, [finding_at(empty, "too-large", f"the file is larger than {limit}", "Split it.")]
        content = path.read_bytes()
    except OSError as error:
        return None, [finding_at(empty, "unreadable", f"the file cannot be read: {error.strerror}")]
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [_encoding_finding(name, content, error)]
    return read_text(decoded, name)


def _encoding_finding(name: str, content: bytes, error: UnicodeDecodeError) -> Finding:
    before = content[: error.start]
    source = Source(name, content.decode("utf-8", "replace"))
    column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
    place = Place(source, before.count(b"\n") + 1, column)
    message = f"byte 0x{content[error.start]:02x} is not UTF-8"
    return finding_at(place, "encoding", message, "Save the file as UTF-8.")


def read_text(text: str, name: str) -> tuple[Node | None, list[Finding]]:
    """The nodes of a YAML text and the faults of its keys; None where it is no YAML. An empty text is empty."""
    source = Source(name, text)
    reading = _Reading(source)
    try:
        return reading.document(), reading.findings
    except Faulty as faulty:
        return None, [*reading.findings, faulty.finding]
    except yaml.YAMLError as error:
        return None, [*reading.findings, syntax_finding(error, source)]


class _Reading:
    """One pass over the events of a text."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.findings: list[Finding] = []
        self._anchors: dict[str, Node] = {}
        self._sizes: dict[str, int] = {}
        self._n_nodes = 0
        self._n_expanded = 0
        self._events: Iterator[Any] = yaml.parse(source.text, Loader=yaml.CSafeLoader)

    def document(self) -> Node | None:
        root: Node | None = None
        n_documents = 0
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                n_documents += 1
                if n_documents > 1:
                    raise self._fault(event, "documents", "a second document in one file", "Take the --- line away.")
            elif isinstance(event, (ScalarEvent, MappingStartEvent, SequenceStartEvent, AliasEvent)):
                root = self._node(event, 0)
        return root

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self.source, mark.line + 1, mark.column + 1)

    def _fault(self, event: Any, code: str, message: str, hint: str) -> Faulty:
        return Faulty(finding_at(self._place(event), code, message, hint))

    def _node(self, event: Any, depth: int) -> Node:
        self._within_limits(event, depth)
        if isinstance(event, ScalarEvent) and event.tag is None and event.anchor is None:  # by far the most
            return Node(self._scalar(event), self._place(event))
        if isinstance(event, AliasEvent):
            return self._alias(event)
        if event.tag is not None:
            raise self._fault(
                event, "tag", f"the tag {event.tag!r}", "Write the value without a tag; tags are not read."
            )
        before = self._n_nodes
        if isinstance(event, ScalarEvent):
            node = Node(self._scalar(event), self._place(event))
        elif isinstance(event, MappingStartEvent):
            node = Node({}, self._place(event))
            self._fill_mapping(node, depth)
        else:
            node = Node([], self._place(event))
            self._fill_list(node, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
            self._sizes[event.anchor] = self._n_nodes - before + 1
        return node

    def _within_limits(self, event: Any, depth: int) -> None:
        self._n_nodes += 1
        if self._n_nodes > LIMITS.nodes:
            raise self._fault(event, "too-large", f"more than {LIMITS.nodes:,} values in a file", "Split the file.")
        if depth > LIMITS.depth:
            raise self._fault(
                event, "too-deep", f"nested more than {LIMITS.depth} deep", "Nothing in a model is so deep."
            )

    def _alias(self, event: Any) -> Node:
        known = self._anchors.get(event.anchor)
        if known is None:
            hint = "Text that begins with * must stand in quotes."
            raise self._fault(event, "alias", f"*{event.anchor} names nothing that was marked with & before", hint)
        size = self._sizes[event.anchor]
        self._n_expanded += size
        self._n_nodes += size
        if self._n_expanded > LIMITS.alias_nodes:
            message = f"aliases expand to more than {LIMITS.alias_nodes:,} values"
            raise self._fault(event, "alias-bomb", message, "Write the values out.")
        # a node of its own, so that what is laid over the one use does not change the other
        return Node(known.value, known.place, self._place(event))

    def _scalar(self, event: Any) -> str | None:
        if event.style is not None and event.style != "":
            return str(event.value)
        return None if event.value in _NULLS else Plain(event.value)

    def _fill_list(self, node: Node, depth: int) -> None:
        for event in self._events:
            if isinstance(event, SequenceEndEvent):
                return
            node.items.append(self._node(event, depth + 1))

    def _fill_mapping(self, node: Node, depth: int) -> None:
        entries = node.entries
        for event in self._events:
            if isinstance(event, MappingEndEvent):
                return
            key_place = self._place(event)
            if not isinstance(event, ScalarEvent):
                raise self._fault(event, "key", "a key that is not a word", "Quote text that begins with [, {, * or &.")
            if event.tag is not None:
                raise self._fault(event, "tag", f"the tag {event.tag!r}", "Write the key without a tag.")
            key = str(event.value)
            value = self._node(next(self._events), depth + 1)
            first = entries.get(key)
            if first is not None:
                self.findings.append(_twice(key, key_place, first.key_place))
                continue
            entries[key] = Node(value.value, value.place, key_place)


def _twice(key: str, place: Place, first: Place) -> Finding:
    message = f"the key '{key}' stands twice; first in line {first.line}, column {first.column}"
    hint = "Keep one of them." if key != "<<" else "Merge keys (<<) are not read."
    return finding_at(place, "duplicate-key", message, hint)
