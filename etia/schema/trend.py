"""Trends: what events move, measured or constructed (method §4)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from etia.calendar import Period
from etia.quantity import Kind, Number, Quantity
from etia.schema.base import (
    Base,
    Date,
    Interval,
    Level,
    LevelValue,
    ManyOrOne,
    Names,
    Noted,
    Real,
    Text,
    Titled,
    either,
)
from etia.schema.fault import wrong
from etia.schema.quantities import is_percent, period, quantity
from etia.schema.written import Plain, number, text

__all__ = ["Baseline", "BaselinePoint", "Constructed", "Datum", "Trend"]


class Datum(Base):
    """A value that was measured."""

    at: Date
    """the period that it is of; its precision is the data's"""
    value: Real
    """the value, in the trend's unit"""
    evidence: Names = ()
    """claims that it rests on"""
    note: Text | None = None
    """a remark on the value"""


class BaselinePoint(Noted):
    """A point of the experts' surprise-free course."""

    at: Date
    """when"""
    value: LevelValue
    """the value without surprises"""


_METHODS = ("constant", "linear", "damped", "ets", "points")


def _span(raw: object) -> tuple[Period, Period]:
    if not isinstance(raw, (list, tuple)) or len(raw) != 2:
        raise wrong("interval", "is not a span of dates", "Write two dates: [2005, 2025].")
    first, last = period(raw[0]), period(raw[1])
    if first.first > last.last:
        raise wrong("order", f"{first} lies after {last}", f"Write [{last}, {first}].")
    return first, last


class Baseline(Noted):
    """The surprise-free course of a measured trend."""

    method: Annotated[Literal["constant", "linear", "damped", "ets", "points"], either(*_METHODS)] = "constant"
    """how it is fitted: constant, linear, damped, ets, or the experts' points"""
    fit: (
        Annotated[
            tuple[Period, Period],
            PlainValidator(_span),
            WithJsonSchema({"type": "array", "minItems": 2, "maxItems": 2}),
        ]
        | None
    ) = None
    """first and last date of the data used; all where left out"""
    points: Annotated[tuple[BaselinePoint, ...], ManyOrOne] = ()
    """for method points: the course, latent-linear between them, level beyond"""


def _drift(raw: object) -> Quantity:
    return quantity(raw, Kind.PERCENT if is_percent(raw) else Kind.SIZE)


class Constructed(Noted):
    """The level of a trend without data, at a date, as judged."""

    from_: Annotated[Date, Field(alias="from")]
    """when it has that level, before that step's events"""
    value: LevelValue
    """the level, in the trend's unit"""
    drift: Annotated[Quantity, PlainValidator(_drift), WithJsonSchema({})] = Number(0.0)
    """how much it changes in a year by itself, as a size (percent on a log trend)"""


def _levels(raw: object) -> dict[float, str]:
    if not isinstance(raw, dict):
        raise wrong("mapping", "levels are not a mapping", "Write {0: rival, 50: partner}.")
    found: dict[float, str] = {}
    for key, name in raw.items():
        value = number(Plain(key) if isinstance(key, str) else key)
        if value in found:
            raise wrong("levels", f"two levels at {value:g}", "Give each level its own value.", (key,))
        if name in found.values():
            raise wrong("levels", f"two levels called '{name}'", "Give each level its own name.", (key,))
        found[value] = text(name)
    return dict(sorted(found.items()))


def _no_series_left(raw: object) -> object:
    """A file's name is exchanged for its data by the reader; where one arrives here, no reader did."""
    if isinstance(raw, str):
        raise wrong("series", f"the data file {str(raw)!r} was not read", "Load the model from its folder.")
    return [raw] if isinstance(raw, dict) else raw


class Trend(Titled):
    """A quantity over time that events move."""

    unit: Text | None = None
    """what it is counted in"""
    level: Level | None = None
    """macro or meso"""
    domains: Names = ()
    """the domains that it belongs to"""
    actors: Names = ()
    """whom it is about"""
    scale: Annotated[Literal["linear", "log", "logit"], either("linear", "log", "logit")] = "linear"
    """the latent scale in which effects add up: linear, log (values > 0) or logit (within bounds)"""
    bounds: Interval | None = None
    """lowest and highest value of a logit trend"""
    history: Annotated[tuple[Datum, ...], BeforeValidator(_no_series_left)] = ()
    """measured values: a CSV file with the columns date,value, or points written here"""
    baseline: Baseline | None = None
    """the surprise-free course of a measured trend; constant where left out"""
    levels: Annotated[dict[float, str], PlainValidator(_levels), WithJsonSchema({"type": "object"})] = Field(
        default_factory=dict
    )
    """named rungs by their lowest value, such as {0: rival, 50: partner}"""
    constructed: Constructed | None = None
    """for a trend without data: its level at a date"""

    @model_validator(mode="before")
    @classmethod
    def _drift_as_the_scale_asks(cls, raw: Any) -> Any:
        """A drift is in percent on a log trend and only there; what it is in is not kept, so it is seen to here."""
        built = raw.get("constructed") if isinstance(raw, dict) else None
        if not isinstance(built, dict) or not isinstance(built.get("drift"), (str, int, float, list, dict)):
            return raw
        try:
            percent = is_percent(built["drift"])
        except PydanticCustomError:
            return raw
        on_log = raw.get("scale") == "log"
        at = ("constructed", "drift")
        if on_log and percent is False:
            raise wrong("percent-missing", "a size on a log trend without its percent sign", "Write it as +2%.", at)
        if percent and not on_log:
            raise wrong("percent-misplaced", "a percent on a trend that is not log", "Write it in trend units.", at)
        return raw
