"""What is judgement, what is chance, and which judgements matter; in which order events are likely to come."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from etia.report.document import Bullets, Entry, Paragraph, Section, Table
from etia.report.judgements import judgement_words
from etia.report.numbers import percent
from etia.report.subject import each
from etia.report.words import in_words, listed, quoted

if TYPE_CHECKING:
    import pandas as pd

    from etia.report.document import Block
    from etia.report.subject import Subject

__all__ = ["orders", "sequence_words", "uncertainty"]

MOST_JUDGEMENTS = 3
MOST_ORDERS = 8


def uncertainty(subject: Subject) -> Section:
    """The split of every trend's spread, and the judgements that move it most."""
    cards = subject.main("trend_scores")
    title = "What is open: judgement and chance"
    if cards.empty or not (cards["judgement_share"] + cards["chance_share"] > 0).any():
        return Section(
            title, (Paragraph("With every judgement held at its central value, all spread is that of chance."),)
        )
    known = cards[np.isfinite(cards["judgement_share"])]
    order = known.sort_values("judgement_share", ascending=False, kind="stable")
    mean = float(known["judgement_share"].mean())
    told = (
        f"The spread at the last date has two causes: the ranges of the judgements{_fits(subject)}, which more "
        f"research might narrow, and chance, which it could not. On the mean over the trends, {in_words(mean)} of it "
        f"is judgement ({percent(mean)})."
    )
    if len(order) > 1:
        told += (
            f" It is most for {quoted(subject.title(str(order['trend'].iloc[0])))} "
            f"({percent(float(order['judgement_share'].iloc[0]))}), least for "
            f"{quoted(subject.title(str(order['trend'].iloc[-1])))} "
            f"({percent(float(order['judgement_share'].iloc[-1]))})."
        )
    return Section(title, (Paragraph(told), _table(subject, known), *_judgements(subject)))


def _fits(subject: Subject) -> str:
    """Where trends are measured, judgement holds what their data leave open."""
    measured = any(trend.history for trend in subject.model.trends.values())
    return ", with what data leave open about the baselines fitted to them" if measured else ""


def _table(subject: Subject, cards: pd.DataFrame) -> Table:
    rows = tuple(
        (subject.title(str(row.trend)), percent(row.judgement_share), percent(row.chance_share)) for row in each(cards)
    )
    caption = "The spread of each trend at the last date, by its cause"
    return Table(("Trend", "Judgement", "Chance"), rows, (False, True, True), caption)


def _judgements(subject: Subject) -> tuple[Block, ...]:
    rows = subject.main("sensitivity")
    if rows.empty:
        return ()
    found: list[Block] = []
    silent = []
    for trend in subject.asked_trends():
        own = rows[rows["trend"] == trend]
        clear = own[own["index"] > _threshold(len(own)) * own["se"]].sort_values(
            "index", ascending=False, kind="stable"
        )
        clear = clear[clear["index"] >= 0.01][:MOST_JUDGEMENTS]
        if clear.empty:
            silent.append(trend)
            continue
        said = [
            f"{judgement_words(subject, str(row.parameter))} ({percent(row.index_share, row.se)})"
            for row in each(clear.rename(columns={"index": "index_share"}))
        ]
        found.append(Entry(f"{subject.title(trend)}:", f"{listed(said)}."))
    opening = Paragraph(
        "Which single judgement, if it were known, would take away most of a trend’s spread? In brackets the part of "
        "the whole spread that would go. Many judgements were looked at, and some stand out by luck: named are only "
        "those that stand out further than that."
    )
    if silent:
        names = listed(quoted(subject.title(trend)) for trend in silent)
        found.append(Paragraph(f"For {names} no single judgement stands out from the error."))
    return (opening, *found)


def _threshold(n_looked_at: int) -> float:
    """Standard errors that the largest of so many idle judgements stays below in 19 of 20 cases (Bonferroni)."""
    return NormalDist().inv_cdf(1 - 0.05 / max(n_looked_at, 2))


def sequence_words(subject: Subject, sequence: str) -> str:
    """`a > b + c > …` as `first “A”; then “B” and “C” in the same month; then others`."""
    if sequence == "none":
        return "none of the events comes"
    open_end = sequence.endswith(" > …")
    steps = sequence.removesuffix(" > …").split(" > ")
    same = {1: "month", 3: "quarter", 12: "year"}.get(subject.calendar.months_per_step, "step")
    told = []
    for step in steps:
        names = [quoted(subject.title(name)) for name in step.split(" + ")]
        told.append(listed(names) + (f" in the same {same}" if len(names) > 1 else ""))
    if len(told) == 1 and not open_end:
        return f"{told[0]}, and nothing more"
    return "first " + "; then ".join(told) + ("; then others" if open_end else "; nothing more")


def orders(subject: Subject) -> Section | None:
    """The likeliest orders in which events come; None where there is none to tell."""
    rows = subject.main("histories")
    if rows.empty:
        return None
    shown = rows.sort_values("rank", kind="stable")[:MOST_ORDERS]
    items = tuple(f"{sequence_words(subject, str(row.sequence))}: {percent(row.probability)}" for row in each(shown))
    total = percent(float(shown["probability"].sum()))
    begins = shown["sequence"].astype(str).str.endswith("…").any()
    lead = (
        "So many events may come in so many orders that no whole order is probable; told is how the future begins."
        if begins
        else "The orders in which events are likeliest to come."
    )
    only = "This one order has" if len(items) == 1 else "Together these have"
    tail = Paragraph(f"{only} a probability of {total}.")
    return Section("In which order", (Paragraph(lead), Bullets(items, numbered=True), tail))
