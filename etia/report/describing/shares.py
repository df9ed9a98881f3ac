"""Who moved the trends: by event, level, domain, actor and causal idea."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.report.document import Bullets, Paragraph, Section
from etia.report.numbers import MINUS, percent
from etia.report.subject import each, largest
from etia.report.words import date_words, listed, quoted

if TYPE_CHECKING:
    import pandas as pd

    from etia.report.subject import Subject

__all__ = ["share_sentence", "shares"]

MOST = 3
LEAST = 0.02
"""parts of all movement that are worth telling"""
_WORDS = {"level": "by level", "domain": "by domain", "actor": "by actor", "mechanism": "by causal idea"}


def shares(subject: Subject) -> Section | None:
    """An additive split of each asked trend's movement up to now; None where the run has none."""
    rows = subject.main("shares", to=subject.as_of)
    if rows.empty or len(subject.past_events) < 2:
        return None
    opening = (
        "Here all that events did to a trend is split among them; given are the largest parts, in per cent of all "
        "movement up and down, with a minus for what lowered it. An event that has several domains, actors or causal "
        "ideas counts in equal parts for each. In each part is counted what it did through other events, too, shared "
        "out evenly between those without which it would not have come about."
    )
    parts = [share_sentence(subject, trend, rows[rows["trend"] == trend]) for trend in subject.asked_trends()]
    told = tuple(part for part in parts if part)
    return Section("Who moved the trends", (Paragraph(opening), Bullets(told))) if told else None


def share_sentence(subject: Subject, trend: str, rows: pd.DataFrame) -> str:
    """One trend: its movement by level, domain, actor and causal idea, the largest parts of each."""
    if rows.empty:
        return ""
    first = rows["from"].astype(str).min()
    own = rows[(rows["from"].astype(str) == first) & ~rows["name"].astype(str).str.startswith("(")]
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
    span = f"from {date_words(first)} to {date_words(subject.as_of)}"
    return f"{quoted(subject.title(trend))}, {span}: {'; '.join(said)}." if said else ""


def _name(subject: Subject, by: str, name: str) -> str:
    title = subject.title(name) if by in ("actor", "mechanism") else name
    return quoted(title) if by == "mechanism" else title


def _share(part: float, se: float) -> str:
    """A signed part of all that moved the trend: `+31 % (±2)`."""
    return ("+" if part > 0 else MINUS) + percent(abs(part), se)
