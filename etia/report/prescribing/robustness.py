"""Whether the choice holds under other theories and other courses of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.report.document import Bullets, Paragraph, Section, Table
from etia.report.numbers import count, is_nothing, with_error
from etia.report.prescribing.portfolios import FINE
from etia.report.prescribing.ranking import ALL
from etia.report.subject import each
from etia.report.words import capital, listed, quoted

if TYPE_CHECKING:
    import pandas as pd

    from etia.report.document import Block
    from etia.report.prescribing.ranking import Ranking
    from etia.report.subject import Subject

__all__ = ["reversal_sentences", "robustness"]

MOST_TURNED = 10


def robustness(ranking: Ranking) -> Section | None:
    """The best portfolio's gain in every world, and where another would be better; None with a single world."""
    subject = ranking.subject
    rows = subject.table("policy_gains")
    if rows.empty:
        return None
    worlds = rows[(rows["scenario"] != ALL)][["scenario", "lens"]].drop_duplicates()
    if len(worlds) < 2:
        return None
    best = str(ranking.best["portfolio"])
    blocks: list[Block] = [Paragraph(text) for text in _opening(ranking, rows, worlds, best)]
    blocks.append(_grid(subject, rows, best))
    told = reversal_sentences(ranking, len(worlds))
    blocks.append(Paragraph(told[0]))
    if told[1:]:
        blocks.append(Bullets(tuple(told[1:])))
    return Section("Does the choice hold?", tuple(blocks))


def _opening(ranking: Ranking, rows: pd.DataFrame, worlds: pd.DataFrame, best: str) -> list[str]:
    n_scenarios, n_lenses = worlds["scenario"].nunique(), worlds["lens"].nunique()
    own = rows[(rows["portfolio"] == best) & (rows["scenario"] != ALL)]
    clear = [not is_nothing(g, s) and g > 0 for g, s in zip(own["gain"], own["se"], strict=True)]
    courses = "the model as it stands" if n_scenarios == 1 else f"{count(n_scenarios, 'course')} of events"
    said = (
        f"{capital(ranking.short(best))} is held against {courses} under {count(n_lenses, 'lens', 'lenses')}, "
        f"{count(len(worlds), 'world')} in all. "
    )
    if all(clear):
        return [said + "In every one it does better than no policy."]
    return [
        said + f"In {sum(clear)} of them it does better than no policy beyond the error, in "
        f"{len(clear) - sum(clear)} it does not."
    ]


def _grid(subject: Subject, rows: pd.DataFrame, best: str) -> Table:
    own = rows[(rows["portfolio"] == best) & (rows["scenario"] != ALL)]
    lenses = list(dict.fromkeys(own["lens"]))
    by = {
        (str(r.scenario), str(r.lens)): with_error(float(r.gain), float(r.se), sign=True, least=FINE) for r in each(own)
    }
    table = tuple(
        (subject.scenarios.get(name, name), *(by.get((name, lens), "–") for lens in lenses))
        for name in dict.fromkeys(map(str, own["scenario"]))
    )
    caption = "What the best portfolio brings over no policy, by course of events and lens"
    return Table(("Course of events", *map(subject.title, lenses)), table, (False, *(True for _ in lenses)), caption)


def reversal_sentences(ranking: Ranking, n_worlds: int) -> list[str]:
    """Where another portfolio would be better, beyond the error first."""
    subject = ranking.subject
    rows = subject.table("policy_reversals")
    if rows.empty:
        return ["No course of events and no lens that was compared turns the choice."]
    sure = rows[[not is_nothing(a, s) for a, s in zip(rows["advantage"], rows["se"], strict=True)]]
    slight = len(rows) - len(sure)
    if sure.empty:
        there = "In one world" if slight == 1 else f"In {slight} of {n_worlds} worlds"
        return [
            f"{there} another portfolio comes out ahead, but by no more than the error: nothing here turns the choice."
        ]
    said = [
        f"In {len(sure)} of {n_worlds} worlds another portfolio would be better beyond the error"
        + (f", in {slight} more by less than that." if slight else ".")
    ]
    by_size = sure.sort_values("advantage", ascending=False, kind="stable")
    for other in dict.fromkeys(by_size["best"].astype(str)):
        own = by_size[by_size["best"] == other]
        where = [
            f"{quoted(subject.scenarios.get(str(r.scenario), str(r.scenario)))} under "
            f"{quoted(subject.title(str(r.lens)))} "
            f"({with_error(float(r.advantage), float(r.se), sign=True, least=FINE)})"
            for r in each(own[:3])
        ]
        more = len(own) - len(where)
        tail = f", and {count(more, 'other world')}" if more else ""
        said.append(f"{capital(ranking.called(other))}: in {listed(where)}{tail}.")
    left = len(said) - 1 - MOST_TURNED
    if left > 0:
        return [
            *said[: MOST_TURNED + 1],
            f"{count(left, 'other portfolio').capitalize()} in the table policy_reversals.",
        ]
    return said
