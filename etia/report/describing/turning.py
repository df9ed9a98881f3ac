"""What the figures themselves say: breaks in measured trends at the dates of events."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from etia.learn.connected import chance_sentence, is_connected, rate_words
from etia.report.document import Bullets, Paragraph, Section
from etia.report.numbers import NARROW, count, percent, signed
from etia.report.words import capital, date_words, listed, quoted

if TYPE_CHECKING:
    import pandas as pd

    from etia.report.document import Block
    from etia.report.subject import Subject

__all__ = ["break_sentence", "turning_points"]

_LEVEL, _SLOPE = ("size", "low", "high"), ("slope", "slope_low", "slope_high")
_CAUTION = (
    "A break says that something changed then, not that the event was its cause; where two events fall together, it "
    "cannot choose between them."
)

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
    """How often the data show a break where the study states an impact, each that stands out, and all other pairs.

    None where no trend is measured.
    """
    rows = subject.table("turning_points")
    if rows.empty:
        return None
    rate = subject.run.request.false_alarm
    connected = is_connected(rows, subject.model)
    stated, rest = rows[connected], chance_sentence(rows[~connected], rate)
    blocks: list[Block] = [Paragraph(f"{_opening(stated, rate)} {rest}".rstrip())]
    found = stated[stated["verdict"] == "break"].sort_values("placebo_rank", kind="stable")
    if len(found):
        blocks += [
            Bullets(tuple(break_sentence(subject, row) for _, row in found.iterrows())),
            Paragraph(f"Intervals cover {_rate(1 - rate)}. {_CAUTION}"),
        ]
    return Section("Turning points in the data", tuple(blocks))


def _opening(stated: pd.DataFrame, rate: float) -> str:
    question = (
        f"For measured trends one can ask the data, at a false-alarm rate of {_rate(rate)}: is there a break "
        "at the date of the event, larger than breaks at dates at which nothing is known to have happened?"
    )
    if stated.empty:
        return f"{question} No past event that the study holds to move a measured trend lies within its data."
    counts = Counter(str(verdict) for verdict in stated["verdict"])
    said = listed(f"{words[counts[v] != 1]} in {counts[v]}" for v, words in _VERDICTS.items() if counts[v])
    pairs = f"{count(len(stated), 'pair')} of event and trend"
    return f"{question} Asked for {pairs} of which the study states an impact, the answer is {said}."


def _rate(rate: float) -> str:
    return rate_words(rate).replace(" ", NARROW)


def break_sentence(subject: Subject, row: pd.Series[Any]) -> str:
    """One break: where, how large with its interval, and how rare such a break is at other dates.

    What breaks is the level; its slope where only the slope's interval leaves out nothing, both where neither does.
    """
    trend, event = str(row["trend"]), str(row["event"])
    own = subject.event(event)
    date = f" ({date_words(str(own.date))})" if own is not None and own.date is not None else ""
    within = "within six months of " if float(row.get("transition", 0)) > 0 else ""
    rank = percent(float(row["placebo_rank"]))
    return capital(
        f"{within}{quoted(subject.title(event))}{date}: {_what_breaks(subject, trend, row)}; of all dates, {rank} "
        "show one at least as clear."
    )


def _what_breaks(subject: Subject, trend: str, row: pd.Series[Any]) -> str:
    level, slope = _is_clear(row, "low", "high"), _is_clear(row, "slope_low", "slope_high")
    of = f"of {quoted(subject.title(trend))}"
    change, bend = (_sized(subject, trend, row, names) for names in (_LEVEL, _SLOPE))
    if level:
        return f"the level {of} breaks by {change[0]} ({change[1]})"
    if slope:
        return f"the slope {of} breaks by {bend[0]} a year ({bend[1]})"
    return (
        f"level and slope {of} together break, the level by {change[0]} ({change[1]}), the slope by {bend[0]} a year "
        f"({bend[1]})"
    )


def _is_clear(row: pd.Series[Any], low: str, high: str) -> bool:
    """Whether an interval leaves out 0."""
    return float(row[low]) > 0 or float(row[high]) < 0


def _sized(subject: Subject, trend: str, row: pd.Series[Any], names: tuple[str, str, str]) -> tuple[str, str]:
    """A size with its unit, and its interval."""
    is_log = subject.trend(trend).scale == "log"
    unit, places = ("per cent", 0) if is_log else (subject.change_unit(trend), None)
    size, low, high = (signed(float(row[name]), places) for name in names)
    return f"{size} {unit}", f"{low} to {high}"
