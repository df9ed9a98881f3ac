"""What the checks look at, and what they agree on: when an event is past, what a quantity's middle is."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from etia.quantity import Number, Pool, Quantiles, Range
from etia.schema.fault import Fault, Path

if TYPE_CHECKING:
    from etia.calendar import Calendar
    from etia.graph.checking.references import Reference
    from etia.quantity import Quantity
    from etia.schema.event import Event
    from etia.schema.evidence import Card
    from etia.schema.model import Model

__all__ = ["Subject", "found", "lowest", "middle", "values"]


@dataclass(frozen=True)
class Subject:
    """A model as far as its parts are sound."""

    model: Model
    """the parts that the schema accepts"""
    written: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """the ids of each section as written, faulty parts included"""
    cards: dict[str, Card] = field(default_factory=dict)
    """the source cards by id"""
    claims: frozenset[str] | None = None
    """the numbers of the claims written in the cards; None where the cards could not be read"""
    scenarios: tuple[str, ...] = ()
    """the names of the model's scenarios"""
    has_calendar: bool = True
    """whether the calendar is sound"""
    in_scenario: bool = False
    """whether a scenario lies over the model"""

    def ids(self, section: str) -> tuple[str, ...]:
        """The ids that a section has; a reference to a faulty part is no fault of its own."""
        written = self.written.get(section, ())
        return written or tuple(getattr(self.model, section))

    @cached_property
    def references(self) -> list[Reference]:
        """Every name in the model that stands for another part of it."""
        from etia.graph.checking.references import references  # it looks at subjects itself

        return list(references(self.model))

    @cached_property
    def timeline(self) -> Calendar | None:
        """The model's steps; None where its calendar is faulty."""
        if not self.has_calendar:
            return None
        try:
            return self.model.timeline
        except ValueError:
            return None

    def is_past(self, event: Event) -> bool:
        """Whether an event has occurred: dated at or before `as_of`, or in a period that `as_of` lies in."""
        steps = self.timeline
        return steps is not None and event.date is not None and steps.first_step(event.date) <= steps.as_of


def found(path: Path, message: str, hint: str = "", *, on_key: bool = False) -> Fault:
    """A fault whose code and severity are its check's."""
    return Fault(path, "", message, hint, on_key=on_key)


def values(quantity: Quantity) -> list[float]:
    """All numbers of a quantity."""
    if isinstance(quantity, Pool):
        return [value for _, member in quantity.experts for value in values(member)]
    if isinstance(quantity, Number):
        return [quantity.value]
    if isinstance(quantity, Range):
        return [quantity.low, quantity.best, quantity.high]
    return [quantity.p5, quantity.p50, quantity.p95]


def lowest(quantity: Quantity | None) -> float:
    """The lowest number of a quantity; 0 where there is none."""
    return min(values(quantity)) if quantity is not None else 0.0


def middle(quantity: Quantity) -> float:
    """The number, the best guess or the median; of a pool their weighted mean."""
    if isinstance(quantity, Pool):
        members = zip(quantity.experts, quantity.weights, strict=True)
        return sum(weight * middle(member) for (_, member), weight in members)
    if isinstance(quantity, Number):
        return quantity.value
    return quantity.p50 if isinstance(quantity, Quantiles) else quantity.best
