"""The theory behind a study: actors, mechanisms, lenses, hypotheses and stakes (method §5)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from etia.schema.base import Date, Duration, Entity, Id, Level, Names, Real, Text, Titled, Truth, Weight, either
from etia.schema.fault import wrong
from etia.schema.written import Plain, number, plain_number, text

__all__ = ["Actor", "Hypothesis", "Lens", "Mechanism", "Stake", "Threshold"]


def _threshold(raw: object) -> float | str:
    if isinstance(raw, str) and not (isinstance(raw, Plain) and plain_number(raw) is not None):
        return text(raw)
    return number(raw)


def _position(raw: object) -> float:
    value = number(raw)
    if not -3 <= value <= 3:
        raise wrong("position", f"{value:g} is not a position (-3 against … 3 for)", "Write a number from -3 to 3.")
    return value


def _salience(raw: object) -> float:
    value = number(raw)
    if not 0 <= value <= 3:
        raise wrong("salience", f"{value:g} is not a salience (0 … 3)", "Write a number from 0 to 3.")
    return value


Threshold = Annotated[float | str, BeforeValidator(_threshold)]
"""a value of the trend or the name of one of its levels"""


class Actor(Titled):
    """Who acts: a state, an organisation, a firm."""


class Mechanism(Titled):
    """A causal idea of the theory."""

    sign: Annotated[Literal["+", "-"], either("+", "-")] | None = None
    """the sign that its relations should have, where it has one"""


class Lens(Entity):
    """A theory as weights on mechanisms."""

    reference: Truth = False
    """whether it is the one under which the model is calibrated; exactly one lens is"""
    weights: dict[Id, Weight] = Field(default_factory=dict)
    """by mechanism: raises rate ratios to this power, scales sizes and strengths; 1 where left out"""
    half_lives: dict[Id, Duration] = Field(default_factory=dict)
    """by mechanism: the half-life of its links and impacts under this lens"""


class Hypothesis(Entity):
    """What should be seen if a claim of the theory holds."""

    statement: Text
    """the hypothesis in a sentence"""
    trend: Text
    """the trend in which it is seen"""
    at_least: Threshold | None = None
    """reached where the trend is at or above this value or level"""
    at_most: Threshold | None = None
    """reached where the trend is at or below this value or level"""
    by: Date | None = None
    """reached in some step from `as_of` up to then"""
    at: Date | None = None
    """reached in that step"""
    carried_by: Names = ()
    """the mechanisms that should bring it about"""


class Stake(Titled):
    """A contested question, and where actors stand on it."""

    domains: Names = ()
    """the domains that it belongs to"""
    level: Level | None = None
    """macro or meso"""
    positions: dict[Id, Annotated[Real, BeforeValidator(_position)]] = Field(default_factory=dict)
    """by actor: -3 against … 3 for"""
    salience: dict[Id, Annotated[Real, BeforeValidator(_salience)]] = Field(default_factory=dict)
    """by actor: how much it matters to it, 0 … 3"""
