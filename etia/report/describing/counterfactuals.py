"""Had it not happened: what each past event carried with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.report.document import Bullets, Paragraph, Section
from etia.report.numbers import count, percent
from etia.report.subject import each
from etia.report.words import listed, quoted

if TYPE_CHECKING:
    import pandas as pd

    from etia.report.subject import Subject

__all__ = ["counterfactuals", "fallout_sentences"]

MOST_EVENTS = 8
MOST_FALLEN = 4
LEAST = 0.05
"""parts of an event that are worth telling"""


def counterfactuals(subject: Subject) -> Section | None:
    """The events without which most else would have been in doubt; None where it was not asked."""
    rows = subject.main("attributable_fractions")
    if rows.empty:
        return None
    opening = (
        "Take one event out of the past. Of what it had made likelier, each event would have come anyway with some "
        "probability; the rest is the part that goes back to the event taken out, and falls with it, and so on "
        "through what that had made likelier or possible. Given here is how likely each later event would have been "
        "missing at its date; whether it would have come later is not asked."
    )
    told = fallout_sentences(subject, rows)
    if not told:
        return None
    return Section("Had it not happened", (Paragraph(opening), Bullets(tuple(told))))


def fallout_sentences(subject: Subject, rows: pd.DataFrame) -> list[str]:
    """By event: how many others go with it, and which most likely; those that carry most first."""
    felt = rows[rows["fraction"] >= LEAST]
    expected = felt.groupby("removed", sort=False)["fraction"].sum()
    said = []
    for cause in expected.sort_values(ascending=False, kind="stable").index[:MOST_EVENTS]:
        own = felt[felt["removed"] == cause].sort_values("fraction", ascending=False, kind="stable")
        told = [f"{quoted(subject.title(row.event))} ({percent(row.fraction)})" for row in each(own[:MOST_FALLEN])]
        more = len(own) - len(told)
        tail = f", and {count(more, 'other')} in smaller part" if more else ""
        said.append(f"Without {quoted(subject.title(cause))}, {_about(expected[cause])}: {listed(told)}{tail}.")
    return said


def _about(expected: float) -> str:
    if expected >= 1.5:
        return f"about {count(round(expected), 'later event')} would be missing"
    return (
        "about one later event would be missing"
        if expected >= 0.75
        else "more likely than not no other would be missing, but in doubt are"
    )
