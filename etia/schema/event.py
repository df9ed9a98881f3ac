"""Events: turning points, dated or still to come (method §3)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic.json_schema import SkipJsonSchema

from etia.calendar import Period
from etia.schema.base import (
    Date,
    Id,
    Level,
    ManyOrOne,
    Names,
    Noted,
    Probability,
    Ratio,
    SizeValue,
    Text,
    Titled,
    either,
)
from etia.schema.fault import wrong
from etia.schema.quantities import period
from etia.schema.written import number

__all__ = ["Event", "Foreseen", "Point", "Sensitivity"]


def _happens(raw: object) -> Period | str:
    if isinstance(raw, str) and raw == "never":
        return "never"
    return period(raw)


def _times(raw: object) -> int:
    value = number(raw)
    if value < 1 or value != int(value):
        raise wrong("repeats", f"{value:g} is not a number of times", "Write a whole number, 1 or more.")
    return int(value)


class Point(Noted):
    """A point of a cumulative probability curve."""

    by: Date
    """the event has come by the end of this date …"""
    value: Probability
    """… with this probability"""
    from_: Annotated[Date | None, Field(alias="from")] = None
    """on the first point: the event cannot come before; `as_of` where left out"""
    until: Date | None = None
    """on the last point: the event cannot come after"""
    meaning: Annotated[Literal["marginal", "base"], either("marginal", "base")] | None = None
    """on the first point: `marginal`, all that the model knows considered, or `base`, with nothing else at work"""


class Foreseen(Noted):
    """What was thought at a past date: used by backtests whose origin lies at or after it."""

    as_of: Date
    """when it was thought"""
    by: Date
    """by when the event was to have come"""
    value: Probability
    """with which probability"""


class Sensitivity(Noted):
    """How an event's rate answers to a trend."""

    per: SizeValue
    """a deviation of the trend from its baseline, written as a size: `10`, or `+10%` on a log trend …"""
    rate_ratio: Ratio
    """… multiplies the rate by this"""
    mechanism: Text | None = None
    """the causal idea behind it"""


class Event(Titled):
    """A turning point: past, scheduled or with a probability."""

    date: Date | None = None
    """when it came, or is to come"""
    level: Level
    """macro: change in the system; meso: policymaking in response"""
    domains: Names = ()
    """the domains that it belongs to"""
    actors: Names = ()
    """who acts in it"""
    foreseen: Annotated[tuple[Foreseen, ...], ManyOrOne] = ()
    """what was thought of it before it came"""
    probability: Annotated[tuple[Point, ...], ManyOrOne] = ()
    """its cumulative probability curve: one point or a list of them"""
    requires: Names = ()
    """events that must all have occurred before"""
    prevented_by: Names = ()
    """events any of which rules it out"""
    sensitive_to: dict[Id, Sensitivity] = Field(default_factory=dict)
    """by trend: how its rate answers to it"""
    repeats: Annotated[int, BeforeValidator(_times)] = 1
    """how often it may come in all"""
    happens: SkipJsonSchema[Annotated[Period | Literal["never"], BeforeValidator(_happens)] | None] = None
    """in a scenario only: the date at which it comes whatever its rate, or never"""
