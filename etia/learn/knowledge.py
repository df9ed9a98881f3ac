"""A model as it would have stood at a past date: only data and events known by then (method §9).

What is later is cut off, not merely passed over, so that nothing further on can look at it:

* Data after the origin, and points of an expert's baseline that lie after it (they were written with hindsight), go.
* An event known by then stays. A later one comes at its date in the variant `known-events` (this tests the impacts); in
  the variant `forecast` it is prospective with what was `foreseen` (the latest statements made by then), else with its
  own `probability`, else it is left out: nobody could have known of it.
* An event that has no date by now is in a forecast only where it was foreseen: its own probability speaks of the time
  after `as_of`.

What no code can take back: sizes, lags and lenses were judged by people who had seen the whole series.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from etia.errors import EtiaError
from etia.quantity import Number
from etia.schema.event import Point
from etia.schema.model import Model
from etia.schema.trend import Constructed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from etia.calendar import Period
    from etia.schema.event import Event, Foreseen
    from etia.schema.trend import Trend

__all__ = [
    "FORECAST",
    "KNOWN_EVENTS",
    "LeakError",
    "Variant",
    "at_origin",
    "check_no_leak",
    "fitted_relations",
    "relevant",
    "stated_points",
]

Variant = Literal["known-events", "forecast"]
KNOWN_EVENTS: Variant = "known-events"
FORECAST: Variant = "forecast"
LEAST_DATA = 8
"""data up to an origin, within the baseline's fit window, below which a trend is not forecast there"""


class LeakError(EtiaError):
    """A forecast at a past origin that knew of something later."""


def is_known(date: Period | None, origin: Period) -> bool:
    """Whether what is dated so had happened by the end of the origin."""
    return date is not None and date.last_month <= origin.last_month


def at_origin(
    model: Model,
    origin: Period,
    variant: Variant,
    *,
    until: Period,
    trends: Collection[str],
    as_base: Collection[str] = (),
) -> Model:
    """The model as it would have stood at `origin`, its calendar ending with `until`.

    Parameters
    ----------
    trends
        measured trends that have enough data by then; any other measured one counts without data and noise
    as_base
        events whose stated probability is taken as that with nothing else at work, because what they require leaves
        no way to meet it
    """
    events = {}
    for name, event in model.events.items():
        found = _event(event, origin, variant, model, name in as_base)
        if found is not None:
            events[name] = found
    kept = {name: _with_known_conditions(event, events) for name, event in events.items()}
    calendar = model.calendar.model_copy(update={"as_of": origin, "end": until})
    return _changed(
        model,
        calendar=calendar,
        events=kept,
        links={key: link for key, link in model.links.items() if link.source in kept and link.target in kept},
        impacts={key: impact for key, impact in model.impacts.items() if impact.source in kept},
        trends={name: _trend(trend, origin, name in trends, model) for name, trend in model.trends.items()},
        policies={}, objectives={}, hypotheses={}, tests={}, budget=None, stakes={},
    )  # fmt: skip


def _changed(model: Model, **parts: object) -> Model:
    """The model with other parts; built anew, for a copy would keep what was computed of the old one."""
    whole = {name: parts.get(name, getattr(model, name)) for name in type(model).model_fields}
    return Model.model_construct(**whole)  # type: ignore[arg-type]


def _event(event: Event, origin: Period, variant: Variant, model: Model, as_base: bool) -> Event | None:
    """The event as it stood then; None where it has no place in the variant."""
    if is_known(event.date, origin):
        return event.model_copy(update={"foreseen": (), "probability": (), "repeats": 1})
    if variant == KNOWN_EVENTS:
        came = event.date is not None and model.timeline.first_step(event.date) <= model.timeline.as_of
        return event.model_copy(update={"foreseen": (), "probability": (), "repeats": 1}) if came else None
    points = stated_points(event, origin)
    if not points:
        return None
    if as_base:
        points = (points[0].model_copy(update={"meaning": "base"}), *points[1:])
    return event.model_copy(update={"date": None, "foreseen": (), "probability": points, "repeats": 1})


def stated_points(event: Event, origin: Period) -> tuple[Point, ...]:
    """The probability curve that was stated for an event still to come at `origin`; empty where there is none.

    The statements of the latest date at or before the origin that speak of a time after it; else, for an event with a
    date, its own `probability` from the origin on.
    """
    made = [f for f in event.foreseen if is_known(f.as_of, origin) and not is_known(f.by, origin)]
    if made:
        latest = max(f.as_of.last_month for f in made)
        return tuple(_point(f) for f in sorted(made, key=lambda f: f.by.last_month) if f.as_of.last_month == latest)
    if event.date is None:
        return ()
    ahead = tuple(point for point in event.probability if not is_known(point.by, origin))
    if not ahead or is_known(ahead[-1].until, origin):
        return ()
    first = event.probability[0]
    return (ahead[0].model_copy(update={"from_": first.from_, "meaning": first.meaning}), *ahead[1:])


def _point(foreseen: Foreseen) -> Point:
    return Point.model_construct(
        by=foreseen.by, value=foreseen.value, from_=None, until=None, meaning=None, evidence=(), note=None
    )


def _with_known_conditions(event: Event, events: Collection[str]) -> Event:
    """Without conditions on events that are not in this model."""
    return event.model_copy(
        update={
            "requires": tuple(name for name in event.requires if name in events),
            "prevented_by": tuple(name for name in event.prevented_by if name in events),
        }
    )


def _trend(trend: Trend, origin: Period, is_measured: bool, model: Model) -> Trend:
    if not trend.history:
        return trend
    if not is_measured:
        # what it passes on are its events' effects; its level is never asked for
        level = 1.0 if trend.bounds is None else sum(trend.bounds) / 2
        start = Constructed.model_construct(
            from_=model.calendar.start, value=Number(level), drift=Number(0.0), evidence=(), note=None
        )
        return trend.model_copy(update={"history": (), "baseline": None, "constructed": start})
    history = tuple(datum for datum in trend.history if is_known(datum.at, origin))
    baseline = trend.baseline
    if baseline is not None and baseline.points:
        points = tuple(point for point in baseline.points if is_known(point.at, origin)) or baseline.points[:1]
        baseline = baseline.model_copy(update={"points": points})
    return trend.model_copy(update={"history": history, "baseline": baseline})


def relevant(model: Model, trends: Iterable[str], events: Iterable[str] = ()) -> Model:
    """The part of a model that can bear on these trends and events; what is left out never reaches them."""
    wanted_trends, wanted_events = set(trends), set(events)
    before = -1
    while before != len(wanted_trends) + len(wanted_events):
        before = len(wanted_trends) + len(wanted_events)
        wanted_events |= {impact.source for impact in model.impacts.values() if impact.target in wanted_trends}
        wanted_events |= {link.source for link in model.links.values() if link.target in wanted_events}
        wanted_trends |= {coupling.source for coupling in model.couplings.values() if coupling.target in wanted_trends}
        for name in list(wanted_events & set(model.events)):
            event = model.events[name]
            wanted_events |= {*event.requires, *event.prevented_by}
            wanted_trends |= set(event.sensitive_to)
    return _changed(
        model,
        events={name: event for name, event in model.events.items() if name in wanted_events},
        trends={name: trend for name, trend in model.trends.items() if name in wanted_trends},
        links={key: link for key, link in model.links.items() if link.target in wanted_events},
        impacts={
            key: impact
            for key, impact in model.impacts.items()
            if impact.target in wanted_trends and impact.source in wanted_events
        },
        couplings={key: coupling for key, coupling in model.couplings.items() if coupling.target in wanted_trends},
    )


def check_no_leak(model: Model, origin: Period, variant: Variant) -> None:
    """Raise LeakError where a model that stands for `origin` holds a datum, a date or a statement from later."""
    found = []
    if model.calendar.as_of.last_month != origin.last_month:
        found.append(f"its present is {model.calendar.as_of}")
    for name, trend in model.trends.items():
        found += [f"datum {d.at} of '{name}'" for d in trend.history if not is_known(d.at, origin)]
        points = trend.baseline.points if trend.baseline else ()
        found += [f"baseline point {p.at} of '{name}'" for p in points[1:] if not is_known(p.at, origin)]
    for name, event in model.events.items():
        if variant == FORECAST and event.date is not None and not is_known(event.date, origin):
            found.append(f"date {event.date} of event '{name}'")
        found += [f"what was thought of '{name}' at {f.as_of}" for f in event.foreseen if not is_known(f.as_of, origin)]
    if found:
        raise LeakError(f"a {variant} backtest at {origin} knows what came later: {'; '.join(found[:5])}")


def fitted_relations(model: Model, trends: Collection[str]) -> list[str]:
    """Impacts and couplings whose numbers were fitted on the data of these trends: a backtest of them is no test."""
    whole = {**model.impacts, **model.couplings, **model.links}
    return [key for key, relation in whole.items() if set(relation.fitted_on) & set(trends)]
