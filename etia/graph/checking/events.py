"""Whether every event can come as it is said to: its curve, what it requires, what prevents it (method §3)."""

from __future__ import annotations

import itertools
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from etia.graph.checking.subject import found, middle, values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etia.calendar import Calendar
    from etia.graph.checking.subject import Subject
    from etia.schema.event import Event
    from etia.schema.fault import Fault

__all__ = [
    "curve_keys",
    "curve_order",
    "never_possible",
    "no_date_or_probability",
    "point_not_ahead",
    "repeats_past",
    "requires_and_prevented",
    "requires_circle",
    "requires_later",
]


def no_date_or_probability(subject: Subject) -> Iterator[Fault]:
    """An event is dated, scheduled or probable."""
    for name, event in subject.model.events.items():
        if event.date is None and not event.probability and event.happens is None:
            hint = "Add date: if it has come or is scheduled, probability: {by: 2030-12, value: 0.3} if it may come."
            yield found(("events", name), "has neither date nor probability", hint, on_key=True)


def curve_keys(subject: Subject) -> Iterator[Fault]:
    """`from` and `meaning` stand on the first point, `until` on the last."""
    for name, event in subject.model.events.items():
        last = len(event.probability) - 1
        for index, point in enumerate(event.probability):
            path = ("events", name, "probability", index)
            for key, value, allowed in (
                ("from", point.from_, 0),
                ("meaning", point.meaning, 0),
                ("until", point.until, last),
            ):
                if value is not None and index != allowed:
                    place = "first" if allowed == 0 else "last"
                    yield found((*path, key), f"`{key}` is not on the {place} point", "Move it there.", on_key=True)


def curve_order(subject: Subject) -> Iterator[Fault]:
    """A curve's dates go on, and its probabilities never fall."""
    for name, event in subject.model.events.items():
        points = event.probability
        for index, (before, point) in enumerate(itertools.pairwise(points), 1):
            path = ("events", name, "probability", index)
            if point.by.last <= before.by.last:
                yield found(
                    (*path, "by"), f"{point.by} is not after the point before ({before.by})", "Order the points."
                )
            elif subject.timeline and subject.timeline.last_step(point.by) == subject.timeline.last_step(before.by):
                step = subject.timeline.label(subject.timeline.last_step(point.by))
                message = f"{point.by} lies in the step of the point before ({before.by}): {step}"
                yield found((*path, "by"), message, "Keep one of the two, or choose a finer calendar.step.")
            if middle(point.value) < middle(before.value):
                message = f"{middle(point.value):g} is less than {middle(before.value):g} at the point before"
                hint = "The curve is cumulative: the probability that it has come by then never falls."
                yield found((*path, "value"), message, hint)
        if points and points[-1].until is not None and points[-1].until.last < points[-1].by.last:
            last, by = points[-1].until, points[-1].by
            fault = f"{last} lies before by ({by})"
            yield found(("events", name, "probability", len(points) - 1, "until"), fault, "Write a later date.")


def point_not_ahead(subject: Subject) -> Iterator[Fault]:
    """A point must lie after `as_of`, and after `from`."""
    steps = subject.timeline
    if steps is None:
        return
    for name, event in subject.model.events.items():
        if subject.is_past(event) or not event.probability:
            continue
        start = event.probability[0].from_
        for index, point in enumerate(event.probability):
            path = ("events", name, "probability", index, "by")
            if steps.last_step(point.by) <= steps.as_of:
                message = f"{point.by} is not after as_of ({steps.label(steps.as_of)})"
                yield found(path, message, "A probability is of what is to come; write date: for what has come.")
            elif start is not None and steps.last_step(point.by) < steps.first_step(start):
                yield found(path, f"{point.by} is not after from ({start})", "Write a later date.")


def _first_steps(subject: Subject, steps: Calendar) -> dict[str, tuple[int, int]]:
    """First and last step that each past event may have come in."""
    return {
        name: (steps.first_step(event.date), min(steps.last_step(event.date), steps.as_of))
        for name, event in subject.model.events.items()
        if event.date is not None and subject.is_past(event)
    }


def requires_circle(subject: Subject) -> Iterator[Fault]:
    """Events that require each other in a circle never come."""
    events = subject.model.events
    graph = {name: [other for other in event.requires if other in events] for name, event in events.items()}
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle = list(reversed(error.args[1]))
            name = circle[0]
            index = events[name].requires.index(circle[1])
            message = f"events that require each other in a circle: {' requires '.join(circle)}"
            yield found(("events", name, "requires", index), message, "Take one of the requirements away.")
            graph[name] = [other for other in graph[name] if other != circle[1]]
            continue
        return


def requires_and_prevented(subject: Subject) -> Iterator[Fault]:
    """What an event requires cannot be what prevents it."""
    for name, event in subject.model.events.items():
        for index, other in enumerate(event.prevented_by):
            path = ("events", name, "prevented_by", index)
            if other in event.requires:
                yield found(path, f"'{other}' is required and prevents it", "Take one of the two away.")
            elif other == name:
                yield found(path, "an event that prevents itself", "Write repeats: 1, or take it away.")


def requires_later(subject: Subject) -> Iterator[Fault]:
    """A past event cannot require what had not come before it, nor be prevented by what had."""
    steps = subject.timeline
    if steps is None:
        return
    past = _first_steps(subject, steps)
    events = subject.model.events
    for name, (_, latest) in past.items():
        for index, other in enumerate(events[name].requires):
            if other in events and (other not in past or past[other][0] >= latest) and other != name:
                when = f"comes at {events[other].date}" if events[other].date else "has not come yet"
                message = f"it came at {events[name].date}, but '{other}' {when}"
                yield found(("events", name, "requires", index), message, "Correct a date, or drop the requirement.")
        for index, other in enumerate(events[name].prevented_by):
            if other in past and past[other][1] < past[name][0]:
                message = f"it came at {events[name].date}, although '{other}' had at {events[other].date}"
                yield found(("events", name, "prevented_by", index), message, "Write a link with a rate ratio below 1.")


def _can_come(event: Event) -> bool:
    if event.happens == "never":
        return False
    if event.date is not None or event.happens is not None:
        return True
    return any(max(values(point.value)) > 0 for point in event.probability)


def never_possible(subject: Subject) -> Iterator[Fault]:
    """Events that can never come: prevented already, or requiring what never comes."""
    events = subject.model.events
    for name, event in events.items():
        if subject.is_past(event) or event.happens is not None:
            continue
        for index, other in enumerate(event.requires):
            if other in events and not _can_come(events[other]):
                path = ("events", name, "requires", index)
                yield found(path, f"it requires '{other}', which never comes", "Give that a probability above 0.")
        for index, other in enumerate(event.prevented_by):
            if other in events and subject.is_past(events[other]) and events[other].happens != "never":
                path = ("events", name, "prevented_by", index)
                yield found(path, f"it can never come: '{other}' has come already", "Take the event or this line away.")


def repeats_past(subject: Subject) -> Iterator[Fault]:
    """Only what is to come can come again."""
    for name, event in subject.model.events.items():
        if event.repeats > 1 and not event.probability:
            hint = "Write each time as an event of its own, or give it a probability."
            yield found(("events", name, "repeats"), "`repeats` does nothing for an event without a probability", hint)
