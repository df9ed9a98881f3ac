"""The reviewer's table: each number of a model in a line, with its source, its reason and the place that set it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from etia.files.load import LoadedModel
    from etia.files.places import Node
    from etia.schema.evidence import Claim

__all__ = ["Reviewed", "as_markdown", "reviewed"]

_SECTIONS = ("events", "trends", "links", "impacts", "couplings", "stakes", "policies")
_WORDS = frozenset(
    {
        *("title", "note", "evidence", "mechanism", "level", "domains", "actors", "unit", "scale", "label"),
        *("fitted_on", "source", "target", "actor", "requires", "prevented_by", "excludes", "bounds", "levels"),
        *("fit", "method", "shape", "meaning", "repeats", "at_most"),
    }
)
"""keys that hold no judged or measured number of their own"""

_KINDS = {
    "foreseen": "what was foreseen",
    "probability": "probabilities",
    "sensitive_to": "sensitivities",
    "history": "data",
    "constructed": "starting levels",
    "baseline": "baselines",
}
"""parts of events and trends that are counted apart"""


@dataclass(frozen=True)
class Reviewed:
    """One line: what it is about, the numbers as written, the claims cited, the reason given, the place."""

    section: str
    what: str
    numbers: str
    claims: tuple[str, ...]
    reason: str
    place: str

    @property
    def basis(self) -> str:
        """`cited` where a claim bears it, `judgement` where only a reason does, `nothing` where neither."""
        return "cited" if self.claims else "judgement" if self.reason else "nothing"

    @property
    def kind(self) -> str:
        """What sort of number it is: a date, a probability, data, a link and so on."""
        if self.section not in {"events", "trends"}:
            return self.section
        part = self.what.partition(": ")[2].partition(" ")[0]
        own = "dates" if self.section == "events" else "trends"
        return _KINDS.get(part, own)


def reviewed(loaded: LoadedModel) -> list[Reviewed]:
    """Every number of the model, in model order; what belongs together (an impact's five parameters) in one line."""
    rows: list[Reviewed] = []
    for section in _SECTIONS:
        if section in loaded.root.entries:
            for name, node in loaded.root.entries[section].entries.items():
                rows += _lines(section, name, node, (), "")
    return rows


def _lines(section: str, what: str, node: Node, claims: tuple[str, ...], reason: str) -> Iterator[Reviewed]:
    """A line for a node's own plain numbers, then lines for the parts that cite or argue for themselves."""
    own_claims = _claims(node) or claims
    own_reason = _word(node, "note") or reason
    numbers: dict[str, object] = {}
    parts: list[tuple[str, Node, tuple[str, ...]]] = []
    for key, child in node.entries.items():
        if key in _WORDS:
            continue
        if key == "history" and child.items:
            plain = [item for item in child.items if not item.entries.keys() & {"evidence", "note"}]
            if plain:
                yield _series(section, f"{what}: {key}", plain, own_claims, own_reason)
            arguing = [item for item in child.items if item not in plain]
            parts += [(f"{what}: {key}", item, own_claims) for item in arguing]
        elif _stands_alone(key, child):
            # what an event's sources say of its coming does not bear what was thought of it before
            inherited = () if key == "foreseen" else own_claims
            parts += [(f"{what}: {key} {name}".rstrip(), part, inherited) for name, part in _each(child)]
        else:
            numbers[key] = child.resolved()
    if numbers:
        written = ", ".join(f"{key} {_written(value)}" for key, value in numbers.items())
        yield Reviewed(section, what, written, own_claims, own_reason, f"{node.place.file}:{node.place.line}")
    for name, part, inherited in parts:
        # a datum that cites for itself needs no reason, and its series has told it once
        datum = name.endswith(": history") and bool(_claims(part))
        yield from _lines(section, name, part, inherited, "" if datum else own_reason)


def _series(section: str, what: str, points: list[Node], claims: tuple[str, ...], reason: str) -> Reviewed:
    """One line for data that neither cite nor argue for themselves, which are as good as their series."""
    first, last = (point.entries["at"].resolved() for point in (points[0], points[-1]))
    count = f"{len(points)} value" if len(points) == 1 else f"{len(points)} values"
    span = str(first) if len(points) == 1 else f"{first} … {last}"
    place = points[0].place
    return Reviewed(section, what, f"{span}, {count}", claims, reason, f"{place.file}:{place.line}")


def _stands_alone(key: str, node: Node) -> bool:
    """Whether a child holds numbers that may cite for themselves: probability points, data, sensitivities, effects."""
    if key in {"probability", "foreseen", "constructed", "sensitive_to", "history"}:
        return bool(node.entries or any(item.entries for item in node.items))
    if key in {"events", "links", "impacts", "trends"}:
        return True
    return key == "baseline" and "points" in node.entries


def _each(node: Node) -> list[tuple[str, Node]]:
    if node.items:
        return [("", item) for item in node.items]
    if any(not child.entries and not child.items for child in node.entries.values()):
        return [("", node)]
    if "by" in node.entries or "at" in node.entries or "value" in node.entries:
        return [("", node)]
    return list(node.entries.items())


def _claims(node: Node) -> tuple[str, ...]:
    cited = node.entries.get("evidence")
    if cited is None:
        return ()
    return tuple(item.word or "" for item in cited.items) or ((cited.word,) if cited.word else ())


def _word(node: Node, key: str) -> str:
    found = node.entries.get(key)
    return " ".join((found.word or "").split()) if found is not None else ""


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False).replace('"', "")


def as_markdown(rows: list[Reviewed], claims: Mapping[str, Claim], title: str, command: str) -> str:
    """The table as Markdown, with its lines counted by kind and by what they rest on, and the claims cited, below."""
    lines = [f"# The numbers of: {title}", "", f"Made by `{command}`. {len(rows)} lines:", "", *_counts(rows), ""]
    for section in _SECTIONS:
        chosen = [row for row in rows if row.section == section]
        if not chosen:
            continue
        head = ["| what | numbers | source | reason | place |", "|---|---|---|---|---|"]
        lines += [f"## {section.capitalize()}", "", *head, *map(_line, chosen), ""]
    cited = sorted({name for row in rows for name in row.claims if name in claims}, key=_by_number)
    lines += ["## Claims cited", "", *(f"- **{name}** {claims[name].text}" for name in cited)]
    return "\n".join(lines) + "\n"


def _counts(rows: list[Reviewed]) -> list[str]:
    """Lines by kind, in the order in which the kinds first come, and by what they rest on."""
    lines = ["| kind | lines | cited | judgement | nothing |", "|---|---|---|---|---|"]
    for kind in dict.fromkeys(row.kind for row in rows):
        chosen = [row.basis for row in rows if row.kind == kind]
        told = (chosen.count(basis) for basis in ("cited", "judgement", "nothing"))
        lines.append(f"| {kind} | {len(chosen)} | {' | '.join(map(str, told))} |")
    return lines


def _line(row: Reviewed) -> str:
    cells = (row.what, row.numbers, ", ".join(row.claims) or "—", row.reason or "—", row.place)
    return f"| {' | '.join(map(_cell, cells))} |"


def _by_number(name: str) -> tuple[str, int]:
    source, _, number = name.rpartition(".")
    return source, int(number) if number.isdigit() else 0


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
