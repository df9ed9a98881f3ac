"""Who moved the trends: by event, level, domain, actor and causal idea."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etia.report.document import Bullets, Paragraph, Section
from etia.report.numbers import signed, with_error
from etia.report.subject import each, largest
from etia.report.words import capital, date_words, listed, quoted

if TYPE_CHECKING:
    import pandas as pd

    from etia.report.subject import Subject

__all__ = ["share_sentence", "shares"]

MOST = 4
_WORDS = {"level": "by level", "domain": "by domain", "actor": "by actor", "mechanism": "by causal idea"}


def shares(subject: Subject) -> Section | None:
    """An additive split of each asked trend's movement up to now; None where the run has none."""
    rows = subject.main("shares", to=subject.as_of)
    if rows.empty:
        return None
    opening = (
        "Here the whole movement of a trend is split, so that the parts add up to it. An event that has "
        "several domains, "
        "actors or causal ideas counts in equal parts for each. In each part is counted what it did "
        "through other events, "
        "too, shared out evenly between those without which it would not have come about."
    )
    parts = [share_sentence(subject, trend, rows[rows["trend"] == trend]) for trend in subject.asked_trends()]
    told = tuple(part for part in parts if part)
    return Section("Who moved the trends", (Paragraph(opening), Bullets(told))) if told else None


def share_sentence(subject: Subject, trend: str, rows: pd.DataFrame) -> str:
    """One trend: its movement by level, domain, actor and causal idea, the largest parts of each."""
    if rows.empty:
        return ""
    first = rows["from"].astype(str).min()
    own = rows[rows["from"].astype(str) == first]
    said = []
    for by, words in _WORDS.items():
        parts = own[(own["by"] == by) & ~own["name"].astype(str).str.startswith("(")]
        best = largest(parts, "total", MOST)
        best = best[best["total"].abs() > subject.step_of(trend) / 10]
        if len(best):
            told = [f"{_name(subject, by, str(row.name_))} {_sized(subject, trend, row.total, row.se)}"
                    for row in each(best.rename(columns={"name": "name_"}))]  # fmt: skip
            said.append(f"{words}, {listed(told)}")
    span = f"from {date_words(first)} to {date_words(subject.as_of)}"
    return (
        f"{capital(quoted(subject.title(trend)))}, {span}, in {subject.change_unit(trend)}: {'; '.join(said)}."
        if said
        else ""
    )


def _name(subject: Subject, by: str, name: str) -> str:
    if by in ("actor", "mechanism"):
        title = subject.title(name)
        return quoted(title) if by == "mechanism" else title
    return name


def _sized(subject: Subject, trend: str, value: float, se: float) -> str:
    if np.isfinite(se) and se > 0:
        return with_error(value, se, sign=True, least=subject.step_of(trend) / 10)
    return signed(value, digits=2)
