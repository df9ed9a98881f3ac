"""From the merged nodes to a model: the schema first, then the checks across entities, all faults at once.

Where a part of the model is faulty the rest is validated and checked without it, so that one mistake hides no other.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from etia.files.findings import empty, from_fault, from_validation
from etia.schema.keys import SECTIONS
from etia.schema.model import Model

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from etia.errors import Finding
    from etia.files.places import Node
    from etia.schema.evidence import Card
    from etia.schema.fault import Path

__all__ = ["Outcome", "examine"]

_STAND_IN: dict[str, Any] = {
    "etia": 1,
    "title": "?",
    "calendar": {"start": 1, "as_of": 9997, "end": 9998, "step": "year"},
}
"""what keeps the rest checkable where a required part is missing or faulty"""

_PLACEHOLDERS: dict[str, Any] = {
    **dict.fromkeys(("title", "statement", "trend"), "?"),
    **dict.fromkeys(("rate_ratio", "strength", "scale", "cost"), 1),
    "level": "macro",
    "goal": "maximise",
}
"""what stands for an object's faulty values that it cannot do without, so that the rest of it is checked"""

_NAMES = frozenset(
    f"unknown-{kind}"
    for kind in (
        "actor",
        "claim",
        "domain",
        "event",
        "impact",
        "lens",
        "link",
        "mechanism",
        "policy",
        "scenario",
        "trend",
    )
)


@dataclass(frozen=True)
class Outcome:
    """What came of a model's nodes: the model where it is sound, and everything found."""

    model: Model | None
    findings: list[Finding]


def examine(
    root: Node,
    cards: Mapping[str, Card],
    *,
    claims: set[str] | None = None,
    scenarios: Iterable[str] = (),
    whole: bool = True,
    in_scenario: bool = False,
    base: tuple[Node, Model] | None = None,
) -> Outcome:
    """The model of these nodes and all that is wrong or odd about it.

    `whole` is false where a file could not be read: what lies in it may be missing elsewhere, so only what was read
    is judged, by itself. `base` is a sound model that these nodes overlie: what it has unchanged is not read again.
    """
    from etia.graph.checks import Subject, faults_of  # graph stands beside files on the ladder

    raw = root.raw() if base is None else _raw_over(root, *base)
    findings = _empties(root)
    model, wrongs = _validated(raw, root)
    findings += [finding for path, finding in wrongs if whole or len(path) > 0]
    partial = model if model is not None else _rest(raw, [path for path, _ in wrongs])
    if partial is None or not whole:
        return Outcome(None, findings)
    subject = Subject(
        model=partial,
        written={section: tuple(root.entries[section].entries) for section in SECTIONS if section in root.entries},
        cards=dict(cards),
        claims=frozenset(claims) if claims is not None else None,
        scenarios=tuple(scenarios),
        has_calendar=not any(path[:1] == ("calendar",) for path, _ in wrongs) and "calendar" in root.entries,
        in_scenario=in_scenario,
    )
    faults = list(faults_of(subject, is_whole=model is not None))
    wrong_paths = [path for path, _ in wrongs]
    nearly = None if model is not None else _nearly_whole(raw, wrong_paths)
    if nearly is not None:
        known = {(fault.path, fault.code) for fault in faults}
        further = faults_of(replace(subject, model=nearly), is_whole=False)
        codes = _standing_alone(wrong_paths)
        seen = {*known, *((path, code) for path in wrong_paths for code in codes)}
        faults += [fault for fault in further if fault.code in codes and (fault.path, fault.code) not in seen]
    findings += [from_fault(fault, root) for fault in faults]
    sound = model if not any(found.severity == "error" for found in findings) else None
    return Outcome(sound, findings)


def _raw_over(root: Node, base: Node, model: Model) -> dict[str, Any]:
    """What the schema is to read of nodes that overlie a sound model: its own entities where a node is unchanged."""
    raw: dict[str, Any] = {}
    for section, node in root.entries.items():
        below = base.entries.get(section)
        if section not in SECTIONS or below is None or not node.entries:
            raw[section] = node.raw()
            continue
        sound = getattr(model, section)
        raw[section] = {
            name: sound[name] if child is below.entries.get(name) and name in sound else child.raw()
            for name, child in node.entries.items()
        }
    return raw


def _empties(root: Node) -> list[Finding]:
    """Keys without a value: whether something was forgotten there cannot be known."""
    if not _has_empty(root):
        return []
    found: list[Finding] = []
    waiting: list[tuple[Path, Node]] = [((), root)]
    while waiting:
        path, node = waiting.pop()
        if node.value is None and path:
            found.append(from_fault(empty(path), root))
        waiting += [((*path, key), child) for key, child in node.entries.items()]
        waiting += [((*path, index), child) for index, child in enumerate(node.items)]
    return found


def _has_empty(root: Node) -> bool:
    """Whether any value is empty: seldom, so paths are made only then."""
    waiting = [root]
    while waiting:
        value = waiting.pop().value
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif value is None:
            return True
    return False


def _validated(raw: object, root: Node) -> tuple[Model | None, list[tuple[Path, Finding]]]:
    try:
        return Model.model_validate(raw), []
    except ValidationError as error:
        return None, from_validation(error, root)


def _nearly_whole(raw: Any, faulty: list[Path]) -> Model | None:
    """The model without its faulty values alone, if what is left is one: their objects can then be checked as well."""
    kept = deepcopy(raw)
    for path in faulty:
        node = kept
        for key in path[:-1]:
            node = node.get(key) if isinstance(node, dict) else None
        if path and isinstance(node, dict):
            _leave_out(node, path[-1])
    try:
        return Model.model_validate({**_STAND_IN, **kept})
    except ValidationError as error:
        return _rest(kept, [tuple(found["loc"]) for found in error.errors()])


def _leave_out(node: dict[Any, Any], key: Any) -> None:
    """Without the value, or with what stands for one that the object needs."""
    if key in _PLACEHOLDERS:
        node[key] = _PLACEHOLDERS[key]
    else:
        node.pop(key, None)


def _standing_alone(faulty: list[Path]) -> frozenset[str]:
    """Faults that cannot come of the values that were left out: unknown names, dates, percents."""
    unscaled = any(path[-1:] in {("scale",), ("bounds",)} for path in faulty)
    return _NAMES | {"calendar"} | (frozenset() if unscaled else {"percent-missing", "percent-misplaced"})


def _rest(raw: Any, faulty: list[Path]) -> Model | None:
    """The model without its faulty parts, if what is left is one."""
    kept = {key: dict(value) if key in SECTIONS and isinstance(value, dict) else value for key, value in raw.items()}
    for path in faulty:
        if len(path) > 1 and path[0] in SECTIONS and isinstance(kept.get(str(path[0])), dict):
            kept[str(path[0])].pop(path[1], None)
        elif path:
            kept.pop(str(path[0]), None)
    try:
        return Model.model_validate({**_STAND_IN, **kept})
    except ValidationError:
        return None
