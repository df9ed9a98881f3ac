"""When prospective events come: their probability by the end of each step (method §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from etia.compile.events import is_scheduled_or_past
from etia.compile.standard_errors import mean_and_errors, standard_error

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from etia.compile.study import Case

    Floats = NDArray[np.float64]

__all__ = ["COLUMNS", "EventCourse", "event_courses", "event_probabilities", "occurrence", "prospective_events"]

COLUMNS = ["scenario", "lens", "event", "date", "probability", "se"]


class EventCourse(NamedTuple):
    """An event at the steps after `as_of`."""

    probability: Floats  # (S,) by the end of each step
    se: Floats  # (S,) standard errors
    calibration: Floats  # (S,) the part of them that is calibration's alone, in the central model


def prospective_events(case: Case) -> list[str]:
    """All events that are not dated at or before `as_of`, in model order; copies are not events of their own."""
    calendar = case.calendar
    return [
        name
        for name, event in case.model.events.items()
        if not (is_scheduled_or_past(event, calendar) and calendar.first_step(event.date) <= calendar.as_of)  # type: ignore[arg-type]
    ]


def occurrence(case: Case, event: str, first: int, last: int) -> NDArray[np.bool_]:
    """(P · R, steps first … last) whether the event has come by the end of the step."""
    steps = case.outcomes.steps[:, case.compiled.index.place[event]]
    come: NDArray[np.bool_] = steps[:, None] <= np.arange(first, last + 1)
    return come


def event_courses(case: Case) -> dict[str, EventCourse]:
    """Every prospective event at every step after `as_of`, by name; none where no step follows."""
    first, last = case.calendar.as_of + 1, case.calendar.n_steps - 1
    return {event: _course(case, event, first, last) for event in (prospective_events(case) if first <= last else [])}


def _course(case: Case, event: str, first: int, last: int) -> EventCourse:
    settings = case.study.settings
    if settings.central:
        return EventCourse(*mean_and_errors(case, occurrence(case, event, first, last)))
    # counts by draw and step: all that the error over draws needs, at a fraction of the memory
    steps = case.outcomes.steps[:, case.compiled.index.place[event]].astype(np.int64)
    place = np.clip(steps - first, 0, last - first + 1).reshape(settings.n_draws, -1)
    n_places = last - first + 2
    flat = (place + n_places * np.arange(settings.n_draws)[:, None]).ravel()
    counts = np.bincount(flat, minlength=n_places * settings.n_draws).reshape(settings.n_draws, n_places)
    shares = np.cumsum(counts[:, :-1], axis=1) / place.shape[1]
    return EventCourse(shares.mean(axis=0), standard_error(shares, len(shares)), np.zeros(len(shares[0])))


def event_probabilities(cases: Iterable[Case]) -> pd.DataFrame:
    """The table `event_probabilities`: every prospective event at every step after `as_of`."""
    parts = []
    for case in cases:
        labels = case.calendar.labels()[case.calendar.as_of + 1 :]
        for event, course in event_courses(case).items():
            values = (case.scenario, case.lens, event, labels, course.probability, course.se)
            parts.append(pd.DataFrame(dict(zip(COLUMNS, values, strict=True))))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
