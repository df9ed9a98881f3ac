"""Policies, the objectives that they serve, and the budget (method §11)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from etia.quantity import Number
from etia.schema.base import (
    Base,
    Cost,
    Date,
    Entity,
    Id,
    Names,
    Noted,
    Ratio,
    Real,
    Text,
    Titled,
    Truth,
    Weight,
    either,
)
from etia.schema.relation import DirectImpact, RelationKey, normal_key

__all__ = ["Budget", "EventEffect", "Objective", "Policy", "ScaleEffect"]


class EventEffect(Noted):
    """What an active policy does to an event's rate."""

    rate_ratio: Ratio
    """factor on the event's rate"""
    mechanism: Text | None = None
    """the causal idea behind it"""


class ScaleEffect(Noted):
    """What an active policy does to a link or an impact."""

    scale: Cost
    """factor on the impact's latent size, exponent on the link's rate ratio"""
    mechanism: Text | None = None
    """the causal idea behind it"""


def _normal_keys(raw: Any) -> Any:
    return {normal_key(str(key)): value for key, value in raw.items()} if isinstance(raw, dict) else raw


Scaled = Annotated[dict[RelationKey, ScaleEffect], BeforeValidator(_normal_keys)]


class Policy(Titled):
    """A strategy that an actor may choose."""

    actor: Text | None = None
    """who may choose it"""
    cost: Cost = Number(0.0)
    """what it costs, in the budget's unit"""
    from_: Annotated[Date, Field(alias="from")]
    """its first step; after `as_of`"""
    until: Date | None = None
    """its last step; `end` where left out"""
    excludes: Names = ()
    """policies that cannot go with it"""
    requires: Names = ()
    """policies that it needs"""
    events: dict[Id, EventEffect] = Field(default_factory=dict)
    """by event: a factor on its rate"""
    links: Scaled = Field(default_factory=dict)
    """by link: its rate ratio to this power"""
    impacts: Scaled = Field(default_factory=dict)
    """by impact: its size times this"""
    trends: dict[Id, DirectImpact] = Field(default_factory=dict)
    """by trend: a direct impact"""


class Budget(Base):
    """What all policies of a portfolio may cost together."""

    value: Weight
    """the most that may be spent"""
    unit: Text | None = None
    """the unit of all costs"""


class Objective(Entity):
    """What policies are to achieve."""

    trend: Text | None = None
    """the trend that it is about; the objective's id where left out"""
    goal: Annotated[Literal["maximise", "minimise", "reach"], either("maximise", "minimise", "reach")]
    """maximise, minimise or reach a target"""
    target: Real | None = None
    """for reach: the value to be at or above"""
    at_most: Truth = False
    """for reach: at or below the target instead"""
    at: Date | None = None
    """the date that counts"""
    from_: Annotated[Date | None, Field(alias="from")] = None
    """first step of an average, in place of `at`"""
    until: Date | None = None
    """last step of an average, in place of `at`"""
    weight: Weight = 1.0
    """its weight among the objectives"""
