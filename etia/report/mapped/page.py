"""The page of the second layer, from its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etia.report.document import Aside, Bullets, Page, Section
from etia.report.learned import learned
from etia.report.mapped.events import event_sentences, events
from etia.report.mapped.scenarios import scenarios
from etia.report.mapped.trends import trends
from etia.report.mapped.uncertainty import orders, uncertainty
from etia.report.numbers import percent
from etia.report.opening import question, reading
from etia.report.words import date_words, likelihood, quoted

if TYPE_CHECKING:
    import pandas as pd

    from etia.report.album import Album
    from etia.report.subject import Subject

__all__ = ["page"]


def page(subject: Subject, album: Album) -> Page:
    """What may come."""
    sections = (
        _in_short(subject),
        reading(subject),
        events(subject, album),
        trends(subject, album),
        scenarios(subject, album),
        uncertainty(subject),
        learned(subject, album),
        orders(subject),
        _where(subject),
    )
    lead = question(subject)
    return Page("map", "Map: where things are most likely to go", lead, tuple(s for s in sections if s is not None))


def _in_short(subject: Subject) -> Section | None:
    """The likeliest events, and the asked trends in a line each."""
    items = []
    rows = subject.main("event_probabilities", date=subject.end)
    if len(rows):
        items += event_sentences(subject, rows)[:2]
    for name in subject.asked_trends():
        card = subject.main("trend_scores", trend=name)
        if len(card):
            items.append(_line(subject, name, card.iloc[0]))
    return Section("In short", (Bullets(tuple(items)),)) if items else None


def _line(subject: Subject, name: str, card: pd.Series[Any]) -> str:
    now, middle, rise = (float(card[key]) for key in ("now", "p50", "rise_probability"))
    level = subject.level(name, middle)
    named = f", {quoted(level)}" if level else ""
    then = f"{subject.amount(name, middle)}{named} (90 % band {subject.value(name, float(card['p5']))} to "
    then += f"{subject.value(name, float(card['p95']))})"
    rise_words = f"a rise is {likelihood(rise)} ({percent(rise)})"
    return f"{subject.title(name)}: {subject.value(name, now)} now, {then} in {date_words(subject.end)}; {rise_words}."


def _where(subject: Subject) -> Section:
    names = subject.present(
        "event_probabilities", "trend_projections", "trend_quantile_errors", "trend_scores", "level_probabilities",
        "drivers", "conditional_outcomes", "sensitivity", "histories",
    )  # fmt: skip
    text = f"The folder tables holds every number of this page, with its error and at every date: {names}."
    return Section("Where the numbers stand", (Aside(text),))
