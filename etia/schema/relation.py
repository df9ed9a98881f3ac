"""Relations: links between events, impacts of events on trends, couplings between trends (method §3, §4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator
from pydantic.json_schema import SkipJsonSchema

from etia.schema.base import Entity, HalfLife, LagTime, Names, Ratio, SizeValue, Strength, Text, either
from etia.schema.fault import wrong

__all__ = ["Coupling", "DirectImpact", "Impact", "Link", "RelationKey", "Relations", "normal_key", "parse_key"]

_KEY = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*->\s*([A-Za-z][A-Za-z0-9_]*)\s*(?:\(\s*([^()]*?)\s*\))?\s*")
_FILLED = ("source", "target", "label")


def parse_key(written: str) -> tuple[str, str, str] | None:
    """Source, target and label ('' where there is none) of `a -> b (label)`; None where it is no such key."""
    found = _KEY.fullmatch(written)
    return (found[1], found[2], found[3] or "") if found else None


def normal_key(written: str) -> str:
    """The one spelling of a relation's key; what is no such key stays as it is."""
    parts = parse_key(written)
    if parts is None:
        return written
    source, target, label = parts
    return f"{source} -> {target} ({label})" if label else f"{source} -> {target}"


def _key(written: str) -> str:
    if parse_key(written) is None:
        raise wrong(
            "relation-key",
            f"{written!r} is not a relation",
            "Write a -> b, or a -> b (label), with the ids of what it leads from and to.",
        )
    return normal_key(written)


def _fill_ends(raw: object) -> object:
    """The map with each relation's ends put in from its key."""
    if not isinstance(raw, Mapping):
        return raw
    return {normal_key(str(key)): _with_ends(str(key), value) for key, value in raw.items()}


def _with_ends(key: str, value: object) -> object:
    parts = parse_key(key) or ("", "", "")
    if not isinstance(value, Mapping) or any(name in value for name in _FILLED):
        return value
    return {**value, **dict(zip(_FILLED, parts, strict=True))}


class Relation(Entity):
    """What leads from one thing of the model to another; its ends and label stand in its key."""

    source: SkipJsonSchema[str]
    """where it leads from; from the key"""
    target: SkipJsonSchema[str]
    """where it leads to; from the key"""
    label: SkipJsonSchema[str] = ""
    """tells parallel relations apart; from the key"""
    mechanism: Text | None = None
    """the causal idea behind it"""
    fitted_on: Names = ()
    """the trends whose data its numbers were fitted to"""


class Link(Relation):
    """An event makes another likelier or less likely."""

    rate_ratio: Ratio
    """factor on the target's rate"""
    lag: LagTime | None = None
    """time until it acts; at least one step"""
    half_life: HalfLife | None = None
    """time in which its pull halves; lasting where left out"""


class _Course(Entity):
    """The course of an impact over time: Gordon's five parameters, or a short form."""

    shape: Annotated[Literal["step", "ramp", "pulse"], either("step", "ramp", "pulse")] | None = None
    """short form: step (starts, lasting), ramp (starts, peaks, lasting), pulse (starts, peaks, settles, peak)"""
    starts: LagTime | None = None
    """time to the first impact; 0 where left out"""
    peaks: LagTime | None = None
    """time to the largest impact; as `starts` where left out"""
    settles: LagTime | None = None
    """time to the steady state; as `peaks` where left out"""
    peak: SizeValue | None = None
    """the largest impact; as `lasting` where left out"""
    lasting: SizeValue | None = None
    """the impact that remains; 0 where left out"""
    fades: HalfLife | None = None
    """half-life of what is left after `settles`; lasting where left out"""
    mechanism: Text | None = None
    """the causal idea behind it"""


class DirectImpact(_Course):
    """What a policy does to a trend by itself, as an event at its `from` would."""


class Impact(_Course, Relation):
    """An event moves a trend."""


class Coupling(Relation):
    """A trend's deviation from its baseline moves another trend."""

    strength: Strength
    """latent deviation of the target per latent deviation of the source"""
    lag: LagTime | None = None
    """time until it acts; at least one step"""


_R = TypeVar("_R")
RelationKey = Annotated[str, AfterValidator(_key)]
"""`a -> b` or `a -> b (label)`"""
Relations = Annotated[dict[RelationKey, _R], BeforeValidator(_fill_ends)]
"""relations by their keys"""
