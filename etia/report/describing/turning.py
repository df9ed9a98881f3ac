"""What the figures themselves say: breaks in measured trends at the dates of events."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from etia.report.document import Bullets, Paragraph, Section
from etia.report.numbers import count, percent, signed
from etia.report.words import capital, date_words, listed, quoted

if TYPE_CHECKING:
    import pandas as pd

    from etia.report.subject import Subject

__all__ = ["break_sentence", "turning_points"]

_VERDICTS = {
    "break": ("a break that stands out", "breaks that stand out"),
    "no sign": ("no sign of one", "no sign of one"),
    "not separable": (
        "a break that cannot be told from that of a neighbouring event",
        "breaks that cannot be told from those of neighbouring events",
    ),
    "too few data": ("too few data to say", "too few data to say"),
}  # fmt: skip


def turning_points(subject: Subject) -> Section | None:
    """How often the data show a break, and each that stands out; None where no trend is measured."""
    rows = subject.table("turning_points")
    if rows.empty:
        return None
    counts = Counter(str(verdict) for verdict in rows["verdict"])
    said = listed(f"{words[counts[v] != 1]} in {counts[v]}" for v, words in _VERDICTS.items() if counts[v])
    opening = (
        "For measured trends one can ask the data, whatever the study judges: is there a break at the date of the "
        "event, larger than breaks at dates at which nothing is known to have happened? Asked for "
        f"{count(len(rows), 'pair')} of event and trend, the answer is {said}."
    )
    found = rows[rows["verdict"] == "break"].sort_values("placebo_rank", kind="stable")
    if found.empty:
        return Section("Turning points in the data", (Paragraph(opening),))
    items = tuple(break_sentence(subject, row) for _, row in found.iterrows())
    caution = (
        "A break says that something changed then, not that the event was its cause; where two events fall together, "
        "it cannot choose between them."
    )
    return Section("Turning points in the data", (Paragraph(opening), Bullets(items), Paragraph(caution)))


def break_sentence(subject: Subject, row: pd.Series[Any]) -> str:
    """One break: where, how large with its interval, and how rare such a break is at other dates."""
    trend, event = str(row["trend"]), str(row["event"])
    own = subject.event(event)
    date = f" ({date_words(str(own.date))})" if own is not None and own.date is not None else ""
    unit = "per cent" if subject.trend(trend).scale == "log" else subject.change_unit(trend)
    places = 0 if unit == "per cent" else None
    size, low, high = (signed(float(row[key]), places) for key in ("size", "low", "high"))
    rank = float(row["placebo_rank"])
    return capital(
        f"{quoted(subject.title(event))}{date}: the level of {quoted(subject.title(trend))} breaks by {size} {unit} "
        f"({low} to {high}); of all dates, {percent(rank)} show one at least as clear."
    )
