"""What all parts of the format share: closed classes, and a named type for each rule on a value."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainValidator, WithJsonSchema

from etia.calendar import Period
from etia.quantity import Kind, Quantity
from etia.schema.fault import wrong
from etia.schema.quantities import Size, duration, period, quantity, size
from etia.schema.written import number, one_of, text, truth

__all__ = [
    "Base",
    "Cost",
    "Date",
    "Duration",
    "Entity",
    "HalfLife",
    "Id",
    "Interval",
    "LagTime",
    "Level",
    "LevelValue",
    "ManyOrOne",
    "Names",
    "Noted",
    "Probability",
    "Ratio",
    "Real",
    "Size",
    "SizeValue",
    "Strength",
    "Text",
    "Titled",
    "Truth",
    "Weight",
    "either",
]

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class Base(BaseModel):
    """A part of the format: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, defer_build=True)


def _id(written: str) -> str:
    if not _ID.fullmatch(written):
        meant = re.sub(r"[^A-Za-z0-9_]+", "_", written).strip("_")
        hint = f"Did you mean {meant!r}?" if _ID.fullmatch(meant) else "Write for example 'new_strikes'."
        raise wrong("id", f"{written!r} is not an id: Latin letters, digits and _, a letter first", hint)
    return written


def _listed(raw: object) -> object:
    """A list stays; a single word in its place is a fault with the remedy."""
    if isinstance(raw, str):
        raise wrong("list", f"{str(raw)!r} where a list belongs", f"Write [{raw}].")
    return raw


def _one_in_a_list(raw: object) -> object:
    return [raw] if isinstance(raw, dict) else raw


def _non_negative(value: float) -> float:
    if value < 0:
        raise wrong("number", f"{value:g} is below 0", "Write 0 or more.")
    return value


def _half_life(raw: object) -> float:
    months = duration(raw)
    if months <= 0:
        raise wrong("duration", "a half-life of 0", "Write more than 0 months, or leave the key out: then it lasts.")
    return months


def _half_life_quantity(raw: object) -> Quantity:
    found = quantity(raw, Kind.DURATION)
    smallest = getattr(found, "value", getattr(found, "low", None))
    members = [member for _, member in getattr(found, "experts", ())]
    lows = [smallest, *(getattr(member, "value", getattr(member, "low", None)) for member in members)]
    if any(low == 0 for low in lows):
        raise wrong("duration", "a half-life of 0", "Write more than 0 months, or leave the key out: then it lasts.")
    return found


def _interval(raw: object) -> tuple[float, float]:
    if not isinstance(raw, (list, tuple)) or len(raw) != 2:
        raise wrong("interval", "is not an interval", "Write two numbers: [low, high].")
    low, high = number(raw[0]), number(raw[1])
    if low > high:
        raise wrong("order", f"{low:g}, {high:g} are not in order", f"Write [{high:g}, {low:g}].")
    return low, high


def either(*names: str) -> BeforeValidator:
    """A validator for a word that must be one of `names`."""
    return BeforeValidator(partial(one_of, names=names))


def _quantity_schema(item: dict[str, Any], what: str) -> dict[str, Any]:
    """The JSON Schema of a quantity whose single numbers are `item`."""
    simple: list[dict[str, Any]] = [
        item,
        {"type": "array", "items": item, "minItems": 3, "maxItems": 3},
        {
            "type": "object",
            "properties": dict.fromkeys(("p5", "p50", "p95"), item),
            "required": ["p5", "p50", "p95"],
            "additionalProperties": False,
        },
    ]
    experts = {
        "type": "object",
        "properties": {
            "experts": {"type": "object", "minProperties": 1, "additionalProperties": {"anyOf": simple}},
            "weights": {"anyOf": [{"type": "object"}, {"type": "array"}]},
            "pool": {"enum": ["linear", "odds"]},
        },
        "required": ["experts"],
        "additionalProperties": False,
    }
    return {"title": f"quantity: {what}", "anyOf": [*simple, experts]}


_DATE = {"anyOf": [{"type": "string", "pattern": r"^\d{4}(-(Q[1-4]|\d{2}(-\d{2})?))?$"}, {"type": "integer"}]}
_DURATION = {
    "anyOf": [{"type": "string", "pattern": r"^\d+(\.\d+)? *(month|quarter|year)s?$"}, {"type": "integer", "const": 0}]
}
_RATIO = {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": r"^[0-9.]+ */ *[0-9.]+$"}]}
_SIZE = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^[-+]?[0-9.]+ *%$"}]}
_PROBABILITY = {"type": "number", "minimum": 0, "exclusiveMaximum": 1}


def _quantity_of(kind: Kind) -> PlainValidator:
    return PlainValidator(partial(quantity, kind=kind))


Text = Annotated[str, BeforeValidator(text)]
"""text, not blank"""
Id = Annotated[str, BeforeValidator(text), AfterValidator(_id)]
"""Latin letters, digits and `_`, a letter first"""
Names = Annotated[tuple[Text, ...], BeforeValidator(_listed)]
"""a list of names"""
Real = Annotated[float, BeforeValidator(number)]
"""a finite number"""
Weight = Annotated[float, BeforeValidator(number), AfterValidator(_non_negative)]
"""a number, 0 or more"""
Truth = Annotated[bool, BeforeValidator(truth)]
"""true or false"""
Date = Annotated[Period, PlainValidator(period), WithJsonSchema(_DATE)]
"""2018-05-08, 2018-05, 2018-Q2 or 2018"""
Duration = Annotated[float, PlainValidator(_half_life), WithJsonSchema(_DURATION)]
"""a certain half-life, held in months"""
Probability = Annotated[
    Quantity, _quantity_of(Kind.PROBABILITY), WithJsonSchema(_quantity_schema(_PROBABILITY, "0 ≤ p < 1"))
]
Ratio = Annotated[Quantity, _quantity_of(Kind.RATE_RATIO), WithJsonSchema(_quantity_schema(_RATIO, "rate ratio > 0"))]
LagTime = Annotated[Quantity, _quantity_of(Kind.DURATION), WithJsonSchema(_quantity_schema(_DURATION, "a duration"))]
HalfLife = Annotated[
    Quantity, PlainValidator(_half_life_quantity), WithJsonSchema(_quantity_schema(_DURATION, "a half-life"))
]
Strength = Annotated[
    Quantity, _quantity_of(Kind.STRENGTH), WithJsonSchema(_quantity_schema({"type": "number"}, "a number"))
]
LevelValue = Annotated[
    Quantity, _quantity_of(Kind.SIZE), WithJsonSchema(_quantity_schema({"type": "number"}, "a trend's value"))
]
Cost = Annotated[
    Quantity,
    _quantity_of(Kind.POSITIVE),
    WithJsonSchema(_quantity_schema({"type": "number", "minimum": 0}, "0 or more")),
]
SizeValue = Annotated[Size, PlainValidator(size), WithJsonSchema(_quantity_schema(_SIZE, "a size, % on a log trend"))]
Interval = Annotated[
    tuple[float, float],
    PlainValidator(_interval),
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}),
]
Level = Annotated[Literal["macro", "meso"], either("macro", "meso")]
ManyOrOne = BeforeValidator(_one_in_a_list)
"""one mapping may stand where a list of them belongs"""


class Noted(Base):
    """What may say why it is as it is."""

    evidence: Names = ()
    """claims that it rests on, such as `s002.3`"""
    note: Text | None = None
    """the reason for a judgement"""


class Entity(Noted):
    """What may have a title."""

    title: Text | None = None
    """what it is, in words"""


class Titled(Noted):
    """What must have a title."""

    title: Text
    """what it is, in words"""
