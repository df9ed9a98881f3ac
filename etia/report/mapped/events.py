"""What may happen by when, and what follows where it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etia.report.dates import milestones
from etia.report.document import Paragraph, Section, Table
from etia.report.numbers import count, is_nothing, percent, points
from etia.report.subject import each
from etia.report.words import date_words, listed, quoted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from etia.report.album import Album
    from etia.report.document import Block
    from etia.report.subject import Subject

__all__ = ["conditions", "event_sentences", "events"]

MOST_NAMED = 4
MOST_PAIRS = 6


def events(subject: Subject, album: Album) -> Section:
    """How likely each event is to have come by when."""
    rows = subject.main("event_probabilities")
    title = "What may happen"
    if rows.empty:
        return Section(title, (Paragraph("No event of this study lies in the future."),))
    end = rows[rows["date"] == rows["date"].iloc[-1]]
    names = list(dict.fromkeys(rows["event"]))
    figure = album.figure(
        "event_probabilities",
        lambda: _figure(subject, rows, names),
        caption="Probability that each event has come by then. Blue: macro level; green: meso level; where a "
        "band shows, "
        "it is two standard errors wide on either side.",
        alt=f"Curves of the probability of {count(len(names), 'event')} over time; the table below has the figures.",
    )
    blocks: list[Block] = [*(Paragraph(text) for text in event_sentences(subject, end)), *figure, _table(subject, rows)]
    told = conditions(subject, subject.main("conditional_outcomes"))
    parts = (Section("If one thing comes, what of the others?", told),) if told else ()
    return Section(title, tuple(blocks), parts)


def _figure(subject: Subject, rows: pd.DataFrame, names: list[str]) -> Axes:
    from etia.figures import draw_probabilities

    levels = {name: event.level for name in names if (event := subject.event(name)) is not None}
    return draw_probabilities(rows, titles=subject.titles(names), levels=levels)


def event_sentences(subject: Subject, end: pd.DataFrame) -> list[str]:
    """The likeliest and the least likely events by the last date."""
    order = end.sort_values("probability", ascending=False, kind="stable")
    by = date_words(str(end["date"].iloc[0]))
    said = [f"{quoted(subject.title(row.event))} ({percent(row.probability, row.se)})" for row in each(order)]
    if len(said) <= 2 * MOST_NAMED:
        return [f"By {by}, from the likeliest to the least likely: {listed(said)}."]
    expected = float(end["probability"].sum())
    return [
        f"Likeliest to have come by {by} are {listed(said[:MOST_NAMED])}.",
        f"Least likely are {listed(said[-MOST_NAMED:])}.",
        f"Of the {count(len(end), 'event')}, about {expected:.0f} are to be expected by then; which ones, nobody "
        "knows.",
    ]


def _table(subject: Subject, rows: pd.DataFrame) -> Table:
    dates = [date for date in milestones(subject.calendar) if (rows["date"] == date).any()]
    found = []
    for name in dict.fromkeys(rows["event"]):
        own = rows[rows["event"] == name].set_index("date")
        event = subject.event(name)
        told = [percent(own["probability"][date], own["se"][date]) for date in dates]
        found.append((subject.title(name), event.level if event else "", *told))
    heads = ("Event", "Level", *(f"By {date_words(date)}" for date in dates))
    return Table(heads, tuple(found), (False, False, *(True for _ in dates)), "Probability that the event has come")


def conditions(subject: Subject, rows: pd.DataFrame) -> tuple[Block, ...]:
    """The pairs of events in which one tells most of the other."""
    if rows.empty:
        return ()
    by = date_words(str(rows["date"].iloc[0]))
    events = rows[rows["kind"] == "event"]
    wide = events.pivot_table(index=["event", "outcome"], columns="comes", values=["value", "se"], sort=False)
    if wide.empty or not {"yes", "no"} <= set(wide["value"].columns):
        return ()
    shift = wide["value"]["yes"] - wide["value"]["no"]
    se = np.hypot(wide["se"]["yes"], wide["se"]["no"])
    needed = {
        (source, name)
        for name, event in subject.model.events.items()
        for source in (*event.requires, *event.prevented_by)
    }
    known = needed | {(b, a) for a, b in needed}
    ranked = [
        pair for pair in shift.abs().sort_values(ascending=False, kind="stable").index
        if pair not in known and not is_nothing(float(shift[pair]), float(se[pair]))
    ]  # fmt: skip
    chosen: list[tuple[str, str]] = []
    for a, b in ranked:
        if (b, a) not in chosen:
            chosen.append((a, b))
        if len(chosen) == MOST_PAIRS:
            break
    if not chosen:
        none = "No event tells much of another: whether one comes shifts no other's probability beyond the error."
        return (Paragraph(none),)
    lead = (
        "Events hang together, by what one does to another and by what they have in common. Where one comes, the "
        "odds of others shift; these pairs shift most, beyond those of which one is the condition of the other."
    )
    told = tuple(_pair(subject, wide, pair, float(shift[pair]), float(se[pair])) for pair in chosen)
    heads = ("Event", "Other event", "Where the first comes", "Where it does not", "Difference")
    return (
        Paragraph(lead),
        Table(heads, told, (False, False, True, True, True), f"Probability of the other event by {by}"),
    )


def _pair(subject: Subject, wide: pd.DataFrame, pair: tuple[str, str], shift: float, se: float) -> tuple[str, ...]:
    values = [percent(float(wide["value"][comes][pair]), float(wide["se"][comes][pair])) for comes in ("yes", "no")]
    return (subject.title(pair[0]), subject.title(pair[1]), *values, points(shift, se))
