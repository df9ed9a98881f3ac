"""Whether the dates make sense, each against the calendar and against what it depends on (method §1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.graph.checking.subject import found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etia.calendar import Calendar, Period
    from etia.graph.checking.subject import Subject
    from etia.schema.fault import Fault, Path

__all__ = ["calendar_order", "date_outside", "foreseen_order", "happens", "not_after_as_of", "span_order"]


def calendar_order(subject: Subject) -> Iterator[Fault]:
    """Start ≤ as_of ≤ end."""
    if not subject.has_calendar:
        return
    dates = subject.model.calendar
    try:
        _ = subject.model.timeline
    except ValueError:
        late = "as_of" if dates.as_of.last < dates.start.first else "end"
        message = f"start {dates.start} ≤ as_of {dates.as_of} ≤ end {dates.end} does not hold"
        yield found(("calendar", late), message, "Put the three dates in order.")


def _dated(subject: Subject) -> Iterator[tuple[Path, Period]]:
    """Every date that must lie within the calendar."""
    model = subject.model
    for name, event in model.events.items():
        if event.date is not None:
            yield ("events", name, "date"), event.date
    for name, trend in model.trends.items():
        if trend.constructed is not None:
            yield ("trends", name, "constructed", "from"), trend.constructed.from_
    for section, keys in _CHECKED.items():
        for name, entity in getattr(model, section).items():
            for key in keys:
                date = getattr(entity, key if key != "from" else "from_")
                if date is not None:
                    yield (section, name, key), date


_CHECKED = {
    "hypotheses": ("by", "at"),
    "policies": ("from",),
    "objectives": ("at", "from", "until"),
    "tests": ("by", "at"),
}


def _span(steps: Calendar) -> str:
    return f"{steps.label(0)} … {steps.label(steps.n_steps - 1)}"


def date_outside(subject: Subject) -> Iterator[Fault]:
    """Dates outside the calendar."""
    steps = subject.timeline
    if steps is None:
        return
    for path, date in _dated(subject):
        if steps.last_step(date) < 0 or steps.first_step(date) >= steps.n_steps:
            message = f"{date} lies outside the calendar ({_span(steps)})"
            yield found(path, message, "Correct the date, or widen calendar.start or calendar.end.")


def not_after_as_of(subject: Subject) -> Iterator[Fault]:
    """What is still to come must be dated after `as_of`; what is fixed in the past, not."""
    steps = subject.timeline
    if steps is None:
        return
    now = steps.label(steps.as_of)
    for name, policy in subject.model.policies.items():
        if steps.first_step(policy.from_) <= steps.as_of:
            hint = "A policy is a choice still open: let it start later."
            yield found(("policies", name, "from"), f"{policy.from_} is not after as_of ({now})", hint)
    for name, hypothesis in subject.model.hypotheses.items():
        if hypothesis.by is not None and 0 <= steps.last_step(hypothesis.by) < steps.as_of:
            hint = "Write a later date, or `at:` for a date of the past."
            yield found(("hypotheses", name, "by"), f"{hypothesis.by} lies before as_of ({now})", hint)
    for name, trend in subject.model.trends.items():
        built = trend.constructed
        if built is not None and steps.as_of < steps.first_step(built.from_) < steps.n_steps:
            hint = "Its level is judged at a date of the past: write that date."
            yield found(("trends", name, "constructed", "from"), f"{built.from_} is after as_of ({now})", hint)


def span_order(subject: Subject) -> Iterator[Fault]:
    """`from` … `until` in order."""
    for section in ("policies", "objectives"):
        for name, entity in getattr(subject.model, section).items():
            first, last = entity.from_, entity.until
            if first is not None and last is not None and last.last < first.first:
                yield found((section, name, "until"), f"{last} lies before from ({first})", "Put the two in order.")


def foreseen_order(subject: Subject) -> Iterator[Fault]:
    """What was foreseen lay ahead when it was."""
    for name, event in subject.model.events.items():
        for index, view in enumerate(event.foreseen):
            if view.by.last <= view.as_of.last:
                path = ("events", name, "foreseen", index, "by")
                yield found(path, f"{view.by} is not after its as_of ({view.as_of})", "Write by when it was expected.")


def happens(subject: Subject) -> Iterator[Fault]:
    """`happens` stands in scenarios, for dates to come; of the past only `never` makes sense (method §10)."""
    steps = subject.timeline
    for name, event in subject.model.events.items():
        path = ("events", name, "happens")
        if event.happens is None:
            continue
        if not subject.in_scenario:
            hint = "Write date: for what has come or is scheduled, and happens: in a scenario."
            yield found(path, "`happens` belongs in a scenario", hint, on_key=True)
        elif steps is None or isinstance(event.happens, str):
            continue
        elif subject.is_past(event):
            hint = "Write never, to see the world without it."
            yield found(path, "the event has already come", hint)
        elif steps.first_step(event.happens) <= steps.as_of:
            message = f"{event.happens} is not after as_of ({steps.label(steps.as_of)})"
            yield found(path, message, "Write a later date, or never.")
        elif steps.first_step(event.happens) >= steps.n_steps:
            message = f"{event.happens} lies outside the calendar ({_span(steps)})"
            yield found(path, message, "Write an earlier date, or never.")
