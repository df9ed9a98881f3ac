"""Nodes laid together: the files of a folder, and a scenario over a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.files.places import Node
from etia.files.reader import finding_at
from etia.schema.keys import SECTIONS
from etia.schema.relation import normal_key

if TYPE_CHECKING:
    from etia.errors import Finding

__all__ = ["RELATION_SECTIONS", "merge_files", "normalised", "overlaid"]

RELATION_SECTIONS = ("links", "impacts", "couplings")
_FORMS = ({"experts", "weights", "pool"}, {"p5", "p50", "p95"})


def _renamed(node: Node, findings: list[Finding]) -> Node:
    """A map with each relation's key in its one spelling."""
    entries: dict[str, Node] = {}
    for key, value in node.entries.items():
        normal = normal_key(key)
        if normal in entries:
            findings.append(_twice(normal, value, entries[normal]))
        else:
            entries[normal] = value
    return Node(entries, node.place, node.key_place)


def normalised(root: Node) -> tuple[Node, list[Finding]]:
    """A file's root with relations under their one spelling, and empty sections left out."""
    findings: list[Finding] = []
    entries: dict[str, Node] = {}
    for key, value in root.entries.items():
        if key in SECTIONS and value.value is None:
            continue
        if key in RELATION_SECTIONS:
            value = _renamed(value, findings) if value.entries else value
        elif key == "policies":
            value = _normal_policies(value, findings)
        entries[key] = value
    return Node(entries, root.place, root.key_place), findings


def _normal_policies(policies: Node, findings: list[Finding]) -> Node:
    if not policies.entries:
        return policies
    renamed = {}
    for name, policy in policies.entries.items():
        parts = {
            key: _renamed(value, findings) if key in RELATION_SECTIONS and value.entries else value
            for key, value in policy.entries.items()
        }
        renamed[name] = Node(parts, policy.place, policy.key_place) if policy.entries else policy
    return Node(renamed, policies.place, policies.key_place)


def merge_files(roots: list[Node]) -> tuple[Node, list[Finding]]:
    """The roots of a folder's files as one: sections by id; what is defined twice is an error naming both places."""
    findings: list[Finding] = []
    merged: dict[str, Node] = {}
    for root in roots:
        for key, value in root.entries.items():
            first = merged.get(key)
            if first is None:
                merged[key] = Node(dict(value.entries), value.place, value.key_place) if value.entries else value
            elif key in SECTIONS and first.entries and value.entries:
                _add_entries(first.entries, value, findings)
            elif key != "etia" or first.value != value.value:
                findings.append(_twice(key, value, first))
    place = roots[0].place
    return Node(merged, place), findings


def _add_entries(merged: dict[str, Node], section: Node, findings: list[Finding]) -> None:
    for name, value in section.entries.items():
        if name in merged:
            findings.append(_twice(name, value, merged[name]))
        else:
            merged[name] = value


def _twice(name: str, node: Node, first: Node) -> Finding:
    message = f"'{name}' is defined twice; first at {first.key_place}"
    return finding_at(node.key_place, "defined-twice", message, "Keep one of them, or give one another name or label.")


def overlaid(base: Node, over: Node) -> Node:
    """`over` laid on `base` (method §10): maps merge key by key, lists and values replace, null takes a key out."""
    if not (isinstance(base.value, dict) and isinstance(over.value, dict)) or _other_form(base, over):
        return over
    entries = dict(base.entries)
    for key, value in over.entries.items():
        if value.value is None:
            entries.pop(key, None)
        elif key in entries:
            entries[key] = overlaid(entries[key], value)
        else:
            entries[key] = _without_nulls(value)
    return Node(entries, base.place, base.key_place)


def _without_nulls(node: Node) -> Node:
    if not isinstance(node.value, dict):
        return node
    kept = {key: _without_nulls(value) for key, value in node.entries.items() if value.value is not None}
    return Node(kept, node.place, node.key_place)


def _other_form(base: Node, over: Node) -> bool:
    """Whether two mappings are a quantity in two different forms: then the one replaces the other."""
    forms = [[bool(form & set(node.entries)) for form in _FORMS] for node in (base, over)]
    return any(forms[0]) and any(forms[1]) and forms[0] != forms[1]
