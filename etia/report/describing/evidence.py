"""What the results rest on: claims, data, judgement alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etia.report.document import Bullets, Paragraph, Section, Table
from etia.report.judgements import relation_words, written_words
from etia.report.numbers import count, percent
from etia.report.subject import each
from etia.report.words import capital, date_words, in_words, quoted

if TYPE_CHECKING:
    import pandas as pd

    from etia.report.document import Block
    from etia.report.subject import Subject

__all__ = ["evidence", "evidence_sentences"]


def evidence(subject: Subject) -> Section:
    """Shares of each trend's movement by what it rests on, and the most influential numbers that cite nothing."""
    rows = subject.main("evidence")
    known = rows[np.isfinite(rows["evidence"].to_numpy(dtype=float))] if len(rows) else rows
    blocks: list[Block] = [Paragraph(text) for text in _counts(subject)]
    if len(known):
        blocks += [*map(Paragraph, evidence_sentences(subject, known)), _table(subject, known)]
    return Section("What it all rests on", tuple(blocks), _uncited(subject))


def _counts(subject: Subject) -> list[str]:
    model = subject.model
    relations = [*model.links.values(), *model.impacts.values(), *model.couplings.values()]
    cited = sum(bool(relation.evidence) for relation in relations)
    fitted = sum(bool(relation.fitted_on) for relation in relations)
    n_claims, n_cards = len(subject.claims), len(subject.run.model.seeds)
    sources = (
        f"The study draws on {count(n_claims, 'claim')} from {count(n_cards, 'source')}. "
        if n_cards
        else "The study names no sources. "
    )
    data = f", {fitted} were fitted to data" if fitted else ""
    if not relations:
        return [f"{sources}It states no relations between events and trends."]
    cite = (
        "none cites a claim"
        if cited == 0
        else "all cite a claim"
        if cited == len(relations)
        else f"{cited} cite a claim"
    )
    rest = (
        "; for the others the size is a judgement, with its reason noted in the model" if cited < len(relations) else ""
    )
    caution = (
        " A claim mostly bears on the direction of an effect and its order of size; the number itself is a judgement "
        "all the same."
    )
    told = f"{sources}Of its {count(len(relations), 'relation')} between events and trends, {cite}{data}{rest}."
    return [told + caution if cited else told.replace("for the others the size", "every size")]


def evidence_sentences(subject: Subject, rows: pd.DataFrame) -> list[str]:
    """On the mean over trends, and the trends at both ends."""
    mean = rows[["evidence", "data", "judgement"]].mean()
    order = rows.sort_values("judgement", ascending=False, kind="stable")
    most, least = order.iloc[0], order.iloc[-1]
    data = f", {in_words(float(mean['data']))} on fitted data" if mean["data"] >= 0.02 else ""
    said = [
        f"Of all that events do to the values of trends in {_when(rows)}, on the mean "
        f"{in_words(float(mean['evidence']))} rests on relations that cite a claim "
        f"({percent(float(mean['evidence']))}){data}, and {in_words(float(mean['judgement']))} on "
        f"judgement alone ({percent(float(mean['judgement']))})."
    ]
    said.append("Counted are relations of events alone, not the baselines of trends nor what data hold besides.")
    ends = [percent(float(row["judgement"])) for row in (most, least)]
    if ends[0] != ends[1]:
        said.append(
            f"Most on judgement rests {quoted(subject.title(str(most['trend'])))} ({ends[0]}), least "
            f"{quoted(subject.title(str(least['trend'])))} ({ends[1]})."
        )
    return [" ".join(said)]


def _when(rows: pd.DataFrame) -> str:
    return date_words(str(rows["date"].iloc[0]))


def _table(subject: Subject, rows: pd.DataFrame) -> Table:
    told = tuple(
        (subject.title(str(row.trend)), percent(row.evidence), percent(row.data), percent(row.judgement))
        for row in each(rows)
    )
    caption = f"What the effects of events on each trend in {_when(rows)} rest on"
    return Table(("Trend", "A claim", "Fitted data", "Judgement alone"), told, (False, True, True, True), caption)


def _uncited(subject: Subject) -> tuple[Section, ...]:
    rows = subject.main("uncited")
    if rows.empty:
        return ()
    items = tuple(_item(subject, str(row.number), str(row.trend), getattr(row, "share", np.nan)) for row in each(rows))
    title = (
        f"The {count(len(items), 'number')} that matter most and cite nothing"
        if len(items) > 1
        else "The number that matters most and cites nothing"
    )
    lead = Paragraph(
        "Who doubts the results should doubt these first; each has its reason noted in the model, none has a source. "
        f"Per cents are of all that events do to a trend's value in {date_words(subject.end)}; numbers of its baseline "
        "are not among them."
    )
    return (Section(title, (lead, Bullets(items, numbered=True))),)


def _item(subject: Subject, number: str, trend: str, part: float) -> str:
    is_direct = f"-> {trend}" in number
    written = written_words(subject.model, number)
    told = [f"written {written}"] if written else []
    if np.isfinite(part):
        told.append(f"{percent(part)} of what events do there")
    felt = "" if is_direct else f"; felt most in {quoted(subject.title(trend))}"
    added = f" ({'; '.join(told)})" if told else ""
    return f"{capital(relation_words(subject, number))}{felt}{added}."
