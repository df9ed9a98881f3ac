"""Who moved the trends: events, baseline and noise; and of events which level, domain, actor and causal idea."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from etia.compile.scales import latent
from etia.report.document import Bullets, Paragraph, Section
from etia.report.numbers import MINUS, percent, with_error
from etia.report.subject import each, largest
from etia.report.words import date_words, in_words, listed, quoted

if TYPE_CHECKING:
    import pandas as pd

    from etia.report.subject import Subject

__all__ = ["share_sentence", "shares"]

MOST = 3
LEAST = 0.02
"""parts of all movement that are worth telling"""
_DUST = 1e-6
"""part of the largest size below which another is rounding"""
_WORDS = {"level": "by level", "domain": "by domain", "actor": "by actor", "mechanism": "by causal idea"}


def shares(subject: Subject) -> Section | None:
    """An additive split of each asked trend's movement up to now; None where the run has none."""
    rows = subject.main("shares", to=subject.as_of)
    if rows.empty or not subject.past_events:
        return None
    whole = (
        "A trend's whole movement, from its first value up to now, has three parts. Events: what they did to it. The "
        "baseline: the course that would have come without events. Noise: what is left, by which data, its own or "
        "those of a trend that acts on it, lie off the course of events and baseline. Parts are taken where effects "
        "add up, for a trend on a ratio scale among logarithms. Those of one direction are given in per cent of the "
        "movement; where one pulls against it, all are given as sizes in the trend's unit."
    )
    opening = (
        "Then all that events did to the trend is split among them; given are the largest parts, in per cent of all "
        "that they moved up and down, with a minus for what lowered it. An event that has several domains, actors or "
        "causal ideas counts in equal parts for each. In each part is counted what it did through other events, too, "
        "shared out evenly between those without which it would not have come about."
    )
    parts = [share_sentence(subject, trend, rows[rows["trend"] == trend]) for trend in subject.asked_trends()]
    told = tuple(part for part in parts if part)
    lead = (Paragraph(whole), *((Paragraph(opening),) if len(subject.past_events) > 1 else ()))
    return Section("Who moved the trends", (*lead, Bullets(told))) if told else None


def share_sentence(subject: Subject, trend: str, rows: pd.DataFrame) -> str:
    """One trend: its whole movement, and what events did of it, the largest parts of each kind."""
    if rows.empty:
        return ""
    first = rows["from"].astype(str).min()
    own = rows[rows["from"].astype(str) == first]
    said = _whole(subject, trend, first, own[own["by"] == "level"])
    among = _among_events(subject, own[~own["name"].astype(str).str.startswith("(")])
    told = [said, f"Of what events did: {'; '.join(among)}." if among and len(subject.past_events) > 1 else ""]
    span = f"from {date_words(first)} to {date_words(subject.as_of)}"
    return f"{quoted(subject.title(trend))}, {span}: {' '.join(text for text in told if text)}" if said else ""


class _Part(NamedTuple):
    """What made a part of a trend's movement, in the latent scale."""

    name: str
    size: float
    se: float


def _whole(subject: Subject, trend: str, first: str, rows: pd.DataFrame) -> str:
    """What events, baseline and noise made of the whole movement.

    Events' error is the sum of those of their levels, each event being of one: not less than that of their sum.
    """
    is_rest = rows["name"].astype(str).str.startswith("(")
    events = rows[~is_rest]
    parts = [_Part("events", float(events["total"].sum()), float(events["se"].sum()))]
    for name, words in (("(baseline)", "the baseline"), ("(noise)", "noise")):
        found = rows[rows["name"] == name]
        parts.append(_Part(words, float(found["total"].sum()), float(found["se"].sum())))
    moved = sum(part.size for part in parts)
    if not any(part.size for part in parts):
        return ""
    if all(abs(part.size) <= LEAST * abs(moved) for part in parts[1:]):
        return "events make all of its movement."
    if any(part.size * np.sign(moved) < -LEAST * abs(moved) for part in parts):
        return _sizes(subject, trend, first, parts)
    events_made, *others = (_made(part, moved) for part in parts)
    told = (f"events make {events_made}", *(f"{p.name} {made}" for p, made in zip(parts[1:], others, strict=True)))
    return f"of its whole movement {listed(told)}."


def _made(part: _Part, moved: float) -> str:
    """How much of the movement, in words and in per cent."""
    if abs(part.size) <= LEAST * abs(moved):
        return "next to nothing" if part.size else "nothing"
    share = part.size / moved
    return f"{in_words(share)}, {percent(share, part.se / abs(moved))}"


def _sizes(subject: Subject, trend: str, first: str, parts: list[_Part]) -> str:
    """Parts that pull against each other, in the trend's unit: latent ones times Δy / Δg(y) between the dates."""
    rows = subject.main("trend_projections", trend=trend).set_index("date")
    y = rows["p50"].reindex([first, subject.as_of]).to_numpy(dtype=float)
    g = latent(subject.trend(trend), y)
    slope = float((y[1] - y[0]) / (g[1] - g[0])) if g[1] != g[0] else float("nan")
    if np.isfinite(slope):
        unit, least = subject.change_unit(trend), subject.step_of(trend) / 10
    else:
        unit, least, slope = "the scale on which effects add up", 0.01, 1.0
    most = max(abs(part.size) for part in parts)
    told = []
    for part in parts:
        se = part.se if part.se > _DUST * most else 0.0
        size = with_error(part.size * slope, se * slope, sign=True, least=least)
        small = "next to nothing" if part.size else "nothing"
        told.append(f"{part.name} {size if abs(part.size) > _DUST * most else small}")
    return f"parts pull against each other; in {unit}, {listed(told)}."


def _among_events(subject: Subject, own: pd.DataFrame) -> list[str]:
    """By level, domain, actor and causal idea, the largest parts of what events did."""
    said = []
    for by, words in _WORDS.items():
        parts = own[own["by"] == by].rename(columns={"name": "part"})
        whole = float(parts["total"].abs().sum())
        best = largest(parts, "total", MOST) if whole > 0 else parts[:0]
        told = [
            f"{_name(subject, by, str(row.part))} {_share(row.total / whole, row.se / whole)}"
            for row in each(best)
            if abs(row.total) >= LEAST * whole
        ]
        if told:
            said.append(f"{words}, {listed(told)}")
    return said


def _name(subject: Subject, by: str, name: str) -> str:
    title = subject.title(name) if by in ("actor", "mechanism") else name
    return quoted(title) if by == "mechanism" else title


def _share(part: float, se: float) -> str:
    """A signed part of all that moved the trend: `+31 % (±2)`."""
    return ("+" if part > 0 else MINUS) + percent(abs(part), se)
