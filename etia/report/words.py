"""Words for what numbers say: how likely, how large, in which direction, when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.calendar import parse_period
from etia.report.numbers import NARROW, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "LIKELIHOODS",
    "capital",
    "chance",
    "date_words",
    "ended",
    "in_words",
    "likelihood",
    "listed",
    "quoted",
]

LIKELIHOODS: tuple[tuple[float, str], ...] = (
    (0.01, "all but ruled out"),
    (0.10, "very unlikely"),
    (0.33, "unlikely"),
    (0.45, "less likely than not"),
    (0.55, "about as likely as not"),
    (0.67, "more likely than not"),
    (0.90, "likely"),
    (0.99, "very likely"),
    (1.01, "all but certain"),
)
"""each word and the probability below which it is used"""

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_QUARTERS = ("first", "second", "third", "fourth")


def likelihood(probability: float) -> str:
    """How likely, in words."""
    return next(word for below, word in LIKELIHOODS if probability < below or below > 1)


def chance(probability: float, se: float | None = None) -> str:
    """`unlikely, 31 % (±1)`."""
    return f"{likelihood(probability)}, {percent(probability, se)}"


def date_words(date: str) -> str:
    """A date as precise as it is written: `8 May 2018`, `May 2018`, `the second quarter of 2018`, `2018`."""
    try:
        period = parse_period(str(date))
    except ValueError:
        return str(date)
    day = period.first
    if period.precision == "day":
        return f"{day.day}{NARROW}{_MONTHS[day.month - 1]} {day.year}"
    if period.precision == "month":
        return f"{_MONTHS[day.month - 1]} {day.year}"
    if period.precision == "quarter":
        return f"the {_QUARTERS[(day.month - 1) // 3]} quarter of {day.year}"
    return f"{day.year}"


def listed(items: Iterable[str], last: str = "and") -> str:
    """`a, b and c`; with semicolons where the items hold commas."""
    found = [item for item in items if item]
    if len(found) < 3:
        return f" {last} ".join(found)
    mark = "; " if any("," in item for item in found) else ", "
    joint = f"; {last} " if mark == "; " else f" {last} "
    return mark.join(found[:-1]) + joint + found[-1]


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def quoted(text: str) -> str:
    """A title set off from the sentence around it."""
    return f"“{text}”"


def ended(text: str) -> str:
    """The text with a full stop."""
    stripped = text.strip()
    return stripped if stripped.endswith((".", "!", "?", "”", "…")) else f"{stripped}."


def in_words(part: float) -> str:
    """A share in rough words: `about a third`."""
    rungs: Sequence[tuple[float, str]] = (
        (0.02, "next to nothing"),
        (0.075, "about a twentieth"),
        (0.15, "about a tenth"),
        (0.225, "about a fifth"),
        (0.29, "about a quarter"),
        (0.37, "about a third"),
        (0.45, "about two fifths"),
        (0.55, "about half"),
        (0.63, "about three fifths"),
        (0.71, "about two thirds"),
        (0.78, "about three quarters"),
        (0.86, "about four fifths"),
        (0.95, "about nine tenths"),
        (2.0, "nearly all"),
    )
    return next((word for below, word in rungs if part < below), "more than all")
