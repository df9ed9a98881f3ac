"""One object of a model as resolved: every value with what it means and the place that set it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from etia.calendar import Calendar, Period
from etia.errors import UsageError
from etia.quantity import Kind, Number, Pool, Quantiles, Range
from etia.schema.fault import Path, did_you_mean, dotted
from etia.schema.keys import SECTIONS
from etia.schema.quantities import Size
from etia.schema.relation import normal_key

if TYPE_CHECKING:
    from etia.files.places import Node
    from etia.schema.evidence import Claim
    from etia.schema.model import Model

__all__ = ["Shown", "find_object", "shown"]

_KINDS = {
    "rate_ratio": Kind.RATE_RATIO,
    "lag": Kind.DURATION,
    "half_life": Kind.DURATION,
    "starts": Kind.DURATION,
    "peaks": Kind.DURATION,
    "settles": Kind.DURATION,
    "fades": Kind.DURATION,
    "strength": Kind.STRENGTH,
    "cost": Kind.POSITIVE,
    "scale": Kind.POSITIVE,
}


@dataclass(frozen=True)
class Shown:
    """A value of an object."""

    path: Path
    """where in the model it stands"""
    written: Any
    """as written, by YAML's rules"""
    meaning: str
    """what it stands for: the step of a date, the middle of a quantity, the text of a claim; '' if nothing more"""
    place: str
    """file and line that set it"""


def find_object(root: Node, name: str) -> Path:
    """The path of an object given by its id, its relation key, its section, or its whole path.

    Raises UsageError where there is none, or several of that name.
    """
    if name in root.entries:
        return (name,)
    wanted = normal_key(name)
    found: list[Path] = [
        (section, wanted) for section in SECTIONS if section in root.entries and wanted in root.entries[section].entries
    ]
    section, _, rest = name.partition(".")
    if section in root.entries and normal_key(rest) in root.entries[section].entries:
        found.append((section, normal_key(rest)))
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"'{name}' is {' and '.join(map(dotted, found))}: name one of these")
    known = [entry for section in SECTIONS if section in root.entries for entry in root.entries[section].entries]
    raise UsageError(f"there is no '{name}' in the model. {did_you_mean(name, known, what='ids')}")


def shown(root: Node, model: Model, claims: Mapping[str, Claim], path: Path) -> list[Shown]:
    """Every value below a path, in order of writing."""
    node, depth = root.deepest(path)
    assert depth == len(path)
    value: object = model
    for part in path:
        value = _below(value, part)
    reading = _Showing(model.timeline, claims)
    reading.walk(node, value, path)
    return reading.rows


def _below(value: object, part: str | int) -> object:
    """The schema's value under a part of a path; None where it holds no such thing."""
    if isinstance(value, BaseModel):
        return getattr(value, f"{part}_" if part == "from" else str(part), None)
    if isinstance(value, Mapping):
        return value.get(part)
    if isinstance(value, tuple) and isinstance(part, int) and part < len(value):
        return value[part]
    if isinstance(value, tuple) and len(value) == 1 and isinstance(part, str):
        return _below(value[0], part)
    return None


class _Showing:
    """A walk over nodes and the schema's values side by side."""

    def __init__(self, steps: Calendar, claims: Mapping[str, Claim]) -> None:
        self.rows: list[Shown] = []
        self._steps = steps
        self._claims = claims

    def walk(self, node: Node, value: object, path: Path) -> None:
        if path and path[-1] == "evidence":
            for index, item in enumerate(node.items):
                claim = self._claims.get(item.word or "")
                self._add(item, claim.text if claim else "", (*path, index))
        elif isinstance(value, (Number, Range, Quantiles, Pool, Size)) or not (node.entries or node.items):
            self._add(node, self._meaning(value, path), path)
        elif node.items and not any(item.entries or item.items for item in node.items):
            self._add(node, "", path)
        else:
            children = node.entries.items() if node.entries else enumerate(node.items)
            for key, child in children:
                self.walk(child, _below(value, key), (*path, key))

    def _add(self, node: Node, meaning: str, path: Path) -> None:
        self.rows.append(Shown(path, node.resolved(), meaning, f"{node.place.file}:{node.place.line}"))

    def _meaning(self, value: object, path: Path) -> str:
        if isinstance(value, Period):
            return self._dated(value)
        if isinstance(value, Size):
            unit = "%" if value.percent else ""
            return self._central(value.quantity, Kind.PERCENT if value.percent else Kind.SIZE, unit)
        if isinstance(value, (Number, Range, Quantiles, Pool)):
            kind = _KINDS.get(
                str(path[-1]), Kind.PROBABILITY if "probability" in path or "foreseen" in path else Kind.SIZE
            )
            return self._central(value, kind, " months" if kind is Kind.DURATION else "")
        return ""

    def _dated(self, date: Period) -> str:
        steps = self._steps
        first, last = steps.first_step(date), steps.last_step(date)
        when = "past" if first <= steps.as_of else "to come"
        if last < 0 or first >= steps.n_steps:
            return ""
        span = steps.label(max(first, 0))
        return (
            f"step {span}, {when}"
            if first == last
            else f"steps {span} … {steps.label(min(last, steps.n_steps - 1))}, {when}"
        )

    @staticmethod
    def _central(value: Number | Range | Quantiles | Pool, kind: Kind, unit: str) -> str:
        if isinstance(value, Number):
            return "" if not unit or unit == "%" else f"{value.value:g}{unit}"
        from etia.distributions import distribution  # scipy is needed only where a range is shown

        sign = "+" if unit == "%" else ""
        return f"central {distribution(value, kind).central():{sign}.3g}{unit}"
