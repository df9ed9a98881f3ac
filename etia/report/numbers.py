"""Numbers in prose: as many digits as their error lets stand, and no more.

What follows ± is two standard errors of the simulation: repeated with other random numbers, it would give a number no
farther off in about nineteen cases of twenty.
"""

from __future__ import annotations

import math

__all__ = [
    "MINUS",
    "NARROW",
    "count",
    "is_nothing",
    "number",
    "percent",
    "places_of",
    "plain",
    "points",
    "share",
    "signed",
    "with_error",
]

NARROW = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
ERRORS = 2.0
"""standard errors that are stated"""
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def places_of(resolution: float) -> int:
    """Decimal places at which a step of this size can be seen; negative for tens and hundreds."""
    if not math.isfinite(resolution) or resolution <= 0:
        return 0
    return -math.floor(math.log10(resolution) + 1e-9)


def plain(value: float, places: int | None = None, *, digits: int = 3) -> str:
    """A number to so many decimal places, or where left out to so many significant digits."""
    if not math.isfinite(value):
        return "unknown"
    if places is None:
        places = digits - 1 + places_of(abs(value)) if value else 0
        places = min(places, 6)
        if places > 0 and abs(value) >= 1:
            places = max(places, 0)
    rounded = round(value, places)
    text = f"{abs(rounded):,.{max(places, 0)}f}"
    return (MINUS if rounded < 0 else "") + text


def signed(value: float, places: int | None = None, *, digits: int = 3) -> str:
    """A change: the number with its sign."""
    text = plain(value, places, digits=digits)
    return text if text.startswith(MINUS) or not text.strip("0.,") else f"+{text}"


def is_nothing(value: float, se: float) -> bool:
    """Whether a number cannot be told apart from nothing: it is no larger than two standard errors."""
    return math.isfinite(se) and abs(value) <= ERRORS * se


def with_error(value: float, se: float, *, sign: bool = False, least: float = 0.0) -> str:
    """`4.62 (±0.03)`: as many digits as the error lets stand; `least` is the finest step that is worth showing."""
    write = signed if sign else plain
    if not math.isfinite(se) or se <= 0:
        return write(value, places_of(least) if least > 0 else None)
    places = places_of(max(ERRORS * se, least))
    error = math.ceil(round(ERRORS * se * 10.0**places, 6)) / 10.0**places
    return f"{write(value, places)} (±{plain(error, places)})"


def percent(probability: float, se: float | None = None) -> str:
    """`31 % (±1)`; what is near nothing or near certain is said so."""
    if not math.isfinite(probability):
        return "unknown"
    value = 100.0 * probability
    if value < 0.5:
        return f"less than 1{NARROW}%" if value > 0 else f"0{NARROW}%"
    if value > 99.5:
        return f"more than 99{NARROW}%" if value < 100 else f"100{NARROW}%"
    text = f"{value:.0f}{NARROW}%"
    if se is None or not math.isfinite(se) or se <= 0:
        return text
    return f"{text} (±{max(math.ceil(round(100.0 * ERRORS * se, 6)), 1)})"


def share(part: float) -> str:
    """A part of a whole in per cent, without an error."""
    return percent(part) if part >= 0 else f"{MINUS}{percent(-part)}"


def points(change: float, se: float | None = None) -> str:
    """A change of a probability, in percentage points: `+12 points (±1)`."""
    value = 100.0 * change
    word = "point" if abs(round(value)) == 1 else "points"
    text = f"{signed(value, 0)} {word}"
    if se is None or not math.isfinite(se) or se <= 0:
        return text
    return f"{text} (±{max(math.ceil(round(100.0 * ERRORS * se, 6)), 1)})"


def number(n: int) -> str:
    """A count by itself: in words up to twelve, `none` for nothing."""
    return "none" if n == 0 else _SMALL[n] if n < len(_SMALL) else f"{n:,}"


def count(n: int, noun: str, plural: str | None = None) -> str:
    """`three events`, `one event`, `no events`, `64 events`."""
    word = _SMALL[n] if 0 <= n < len(_SMALL) else f"{n:,}"
    return f"{word} {noun if n == 1 else plural or noun + 's'}"
