"""Events as the engine sees them: copies, steps, probability curves and conditions (method §1, §3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etia.engine.program import NEVER, OPEN, Conditions, Curves
from etia.quantity import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etia.calendar import Calendar
    from etia.compile.judgements import Judgements
    from etia.schema.event import Event
    from etia.schema.model import Model

__all__ = ["EventIndex", "conditions", "curves", "event_steps", "is_scheduled_or_past"]


@dataclass(frozen=True)
class EventIndex:
    """Names of the engine's events, a repeating event's copies b#2 … right after it.

    In the order of their names, so that no sum over events depends on the order in which the model is written (§8).
    """

    names: tuple[str, ...]
    copy_of: NDArray[np.int32]  # (N,) index of the first of its copies
    place: dict[str, int]  # index by name

    @classmethod
    def of(cls, model: Model) -> EventIndex:
        """The index of a model's events."""
        names: list[str] = []
        copy_of: list[int] = []
        for name, event in sorted(model.events.items()):
            first = len(names)
            names += [name, *(f"{name}#{i}" for i in range(2, event.repeats + 1))]
            copy_of += [first] * event.repeats
        return cls(tuple(names), np.array(copy_of, dtype=np.int32), {name: i for i, name in enumerate(names)})

    def copies(self, name: str) -> list[int]:
        """Indices of an event and its copies, in order."""
        return np.flatnonzero(self.copy_of == self.place[name]).tolist()

    def __len__(self) -> int:
        return len(self.names)


def is_scheduled_or_past(event: Event, calendar: Calendar) -> bool:
    """Whether the event comes at its date: a past one, or one after `as_of` without a probability."""
    if event.date is None:
        return False
    return calendar.first_step(event.date) <= calendar.as_of or not event.probability


def _date_span(event: Event, calendar: Calendar) -> tuple[int, int]:
    assert event.date is not None
    first, last = max(calendar.first_step(event.date), 0), calendar.last_step(event.date)
    return first, min(last, calendar.as_of if first <= calendar.as_of else calendar.n_steps - 1)


def event_steps(model: Model, index: EventIndex, judgements: Judgements) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """(P, N) the step of each event with a date, OPEN or NEVER; (N,) the past events that a scenario removes."""
    calendar = model.timeline
    steps = np.full((judgements.n_draws, len(index)), OPEN, dtype=np.int32)
    removed = np.zeros(len(index), dtype=bool)
    for name, event in model.events.items():
        place, copies = index.place[name], index.copies(name)
        if is_scheduled_or_past(event, calendar):
            first, last = _date_span(event, calendar)
            steps[:, place] = judgements.picks(f"events.{name}.date", first, last, (first + last) // 2)
            steps[:, copies[1:]] = OPEN if event.probability else NEVER
            removed[place] = event.happens == "never" and first <= calendar.as_of
        if event.happens == "never" and not removed[place]:
            steps[:, copies] = NEVER
        elif event.happens is not None and event.happens != "never":
            first = max(calendar.first_step(event.happens), calendar.as_of + 1)
            last = min(calendar.last_step(event.happens), calendar.n_steps - 1)
            steps[:, place] = judgements.picks(f"events.{name}.happens", first, last, (first + last) // 2)
    return steps, removed


@dataclass(frozen=True)
class CurveDraws:
    """Curves with their probabilities in every draw, and the events' names for messages."""

    curves: Curves  # probabilities of draw 0
    probability: NDArray[np.float64]  # (P, I)

    def draw(self, p: int) -> Curves:
        """The curves of one draw."""
        c = self.curves
        return Curves(c.event, c.first_step, c.last_step, c.by_step, self.probability[p], c.marginal)


def curves(model: Model, index: EventIndex, judgements: Judgements) -> CurveDraws:
    """The probability curves of all prospective events and their copies, cut into intervals."""
    calendar = model.timeline
    rows: list[tuple[int, int, int, int, bool]] = []
    columns: list[NDArray[np.float64]] = []
    for name, event in sorted(model.events.items()):
        if not event.probability or (is_scheduled_or_past(event, calendar) and event.repeats == 1):
            continue
        spans, q = _curve(name, event, calendar, judgements)
        is_marginal = (event.probability[0].meaning or "marginal") == "marginal"
        rows += [(index.place[name], *span, is_marginal) for span in spans]
        columns += list(q.T)
    table = np.array([row[:4] for row in rows], dtype=np.int32).reshape(len(rows), 4).T
    probability = np.array(columns).reshape(len(rows), judgements.n_draws).T
    marginal = np.array([row[4] for row in rows], dtype=bool)
    first_draw = probability[0] if len(rows) else np.zeros(0)
    return CurveDraws(
        Curves(table[0], table[1], table[2], table[3], first_draw, marginal), np.ascontiguousarray(probability)
    )


def _curve(
    name: str, event: Event, calendar: Calendar, judgements: Judgements
) -> tuple[list[tuple[int, int, int]], NDArray[np.float64]]:
    """Spans (first, last, by) and (P, points) cumulative probabilities of one event's curve within the calendar."""
    end = calendar.n_steps - 1
    path = f"events.{name}.probability"
    several = len(event.probability) > 1
    drawn = [
        judgements.values(
            f"{path}.{i}.value" if several else f"{path}.value", point.value, Kind.PROBABILITY, shared=path
        )
        for i, point in enumerate(event.probability)
    ]
    q = np.maximum.accumulate(np.array(drawn), axis=0)
    start = event.probability[0].from_
    first = calendar.as_of + 1 if start is None else max(calendar.first_step(start), calendar.as_of + 1)
    until = event.probability[-1].until
    closes = end if until is None else min(calendar.last_step(until), end)
    spans: list[tuple[int, int, int]] = []
    kept: list[NDArray[np.float64]] = []
    elicited, hazard = np.zeros(judgements.n_draws), np.zeros(judgements.n_draws)
    for i, point in enumerate(event.probability):
        by = calendar.last_step(point.by)
        before, elicited = elicited, -np.log1p(-q[i])
        if by < first:  # only of a past event that repeats: its copies follow what is left of the curve
            continue
        if first > end:
            break
        begin = first if spans or i == 0 else calendar.last_step(event.probability[i - 1].by) + 1
        hazard = hazard + (elicited - before) * ((min(by, end) - first + 1) / (by - begin + 1))
        is_last = i == len(event.probability) - 1 or by >= end
        spans.append((first, closes if is_last else by, min(by, end)))
        kept.append(-np.expm1(-hazard))
        if is_last:
            break
        first = by + 1
    return spans, np.array(kept).reshape(len(kept), judgements.n_draws).T


def conditions(model: Model, index: EventIndex) -> tuple[Conditions, Conditions]:
    """`requires` and `prevented_by` as pairs; a copy also requires the one before."""
    requires: list[tuple[int, int]] = []
    prevented: list[tuple[int, int]] = []
    for name, event in sorted(model.events.items()):
        copies = index.copies(name)
        for place in copies:
            requires += [(place, index.place[on]) for on in event.requires]
            prevented += [(place, index.place[on]) for on in event.prevented_by]
        requires += list(zip(copies[1:], copies[:-1], strict=True))
    return _pairs(requires), _pairs(prevented)


def _pairs(pairs: Sequence[tuple[int, int]]) -> Conditions:
    table = np.array(pairs, dtype=np.int32).reshape(len(pairs), 2)
    return Conditions(np.ascontiguousarray(table[:, 0]), np.ascontiguousarray(table[:, 1]))
