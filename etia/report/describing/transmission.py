"""How the macro level reaches the trends: by itself, and through the policy that answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etia.report.document import Bullets, Paragraph, Section, Table
from etia.report.numbers import count, is_nothing, with_error
from etia.report.words import date_words, in_words, listed, quoted

if TYPE_CHECKING:
    import pandas as pd

    from etia.report.document import Block
    from etia.report.subject import Subject

__all__ = ["transmission", "transmission_sentence"]

_PARTS = ("macro_own", "macro_via_meso", "meso_own")


def transmission(subject: Subject) -> Section | None:
    """The three parts of what events have done, in words for the asked trends and in a table for all."""
    rows = subject.main("transmission", date=subject.as_of)
    if rows.empty or not (rows[list(_PARTS[:2])].abs() > 0).any(axis=None):
        return None
    opening = (
        "Events of the macro level reach a trend in two ways: by themselves, and through the meso events that they "
        "call forth. To tell these apart, the past is played through once without macro events but with every meso "
        "event kept at its date, and once with meso events falling out where macro events had brought them about. "
        "What all meso events did is told by a past without them, macro events at their dates; whoever called them "
        "forth, they count, so the part that came through them is in it."
    )
    told = [transmission_sentence(subject, rows[rows["trend"] == name].iloc[0]) for name in subject.asked_trends()
            if (rows["trend"] == name).any()]  # fmt: skip
    return Section(
        "From the system to policy: transmission between the levels",
        (Paragraph(opening), *_overall(subject, rows), Bullets(tuple(told)), _table(subject, rows)),
    )


def _overall(subject: Subject, rows: pd.DataFrame) -> tuple[Block, ...]:
    if len(rows) < 2:
        return ()
    sizes = rows[list(_PARTS)].abs()
    whole = sizes["macro_own"] + sizes["meso_own"]  # what came through meso events is in their own part
    share = float((sizes["macro_via_meso"] / whole).where(whole > 0).mean())
    first = sizes.idxmax(axis=1)
    counts = {part: int((first == part).sum()) for part in _PARTS}
    words = {
        "macro_own": "what macro events did by themselves",
        "macro_via_meso": "what macro events did through meso events",
        "meso_own": "what meso events did by themselves",
    }
    told = listed(f"{words[part]} in {counts[part]}" for part in _PARTS if counts[part])
    text = (
        f"Of {count(len(rows), 'trend')}, the largest part by {date_words(subject.as_of)} is {told}. On the mean "
        f"over the trends, {in_words(share)} of all that events did came from the macro level by way of the meso "
        "level."
    )
    return (Paragraph(text),)


def transmission_sentence(subject: Subject, row: pd.Series[Any]) -> str:
    """One trend's three parts."""
    trend, se = str(row["trend"]), float(row["se"])
    unit = subject.change_unit(trend)
    own, via, meso = (_sized(subject, trend, float(row[part]), se) for part in _PARTS)
    said = (
        f"{quoted(subject.title(trend))}: macro events by themselves {own} {unit}, through meso events {via}; all meso "
        f"events together {meso}."
    )
    if is_nothing(float(row["macro_via_meso"]), se):
        return said + " The part that goes through policy cannot be told apart from nothing."
    whole = float(row["macro_own"] + row["macro_via_meso"])
    same = row["macro_own"] * row["macro_via_meso"] > 0
    if same and whole:
        return (
            said + f" So {in_words(float(row['macro_via_meso']) / whole)} of what the system did here, it did "
            "through policy."
        )
    return said + " What the system did by itself and what it did through policy pull in opposite directions."


def _sized(subject: Subject, trend: str, value: float, se: float) -> str:
    return with_error(value, se, sign=True, least=subject.step_of(trend) / 10) if np.isfinite(value) else "unknown"


def _table(subject: Subject, rows: pd.DataFrame) -> Table:
    told = tuple(
        (
            subject.title(str(row["trend"])),
            subject.change_unit(str(row["trend"])),
            *(_sized(subject, str(row["trend"]), float(row[part]), float(row["se"])) for part in _PARTS),
        )
        for _, row in rows.iterrows()
    )
    heads = ("Trend", "In", "Macro, by itself", "Macro, through meso", "All meso")
    caption = (
        f"What events had done to each trend by {date_words(subject.as_of)}, by level; the error is the largest of "
        "the three"
    )
    return Table(heads, told, (False, False, True, True, True), caption)
