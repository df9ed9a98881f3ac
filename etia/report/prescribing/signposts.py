"""What to watch, and what to do if it comes: the adaptive plan."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from etia.report.document import Paragraph, Section, Table
from etia.report.numbers import is_nothing, percent, plain, with_error
from etia.report.prescribing.portfolios import FINE
from etia.report.subject import each
from etia.report.words import capital, date_words, quoted

if TYPE_CHECKING:
    import pandas as pd

    from etia.report.prescribing.ranking import Ranking
    from etia.report.subject import Subject

__all__ = ["plan_sentences", "sign_words", "signposts", "switch_words"]

MOST_ROWS = 8
LEAST = 0.0005
"""the least worth that can be seen in the table"""
_CROSSING = re.compile(r"(.+?) >= (.+)")


def signposts(ranking: Ranking) -> Section | None:
    """The plan, what waiting costs, and the signposts worth most; None where none was looked at."""
    subject = ranking.subject
    rows = subject.table("signposts")
    if rows.empty:
        return None
    texts = plan_sentences(ranking, rows, subject.table("waiting"))
    useful = rows[(rows["value"] >= LEAST) & (rows["switch_to"].fillna("") != "")]
    table = (_table(ranking, useful[:MOST_ROWS]),) if len(useful) else ()
    return Section("What to watch: the plan", (*(Paragraph(text) for text in texts), *table))


def sign_words(subject: Subject, sign: str) -> str:
    """`a` as `“A” has come`, `k >= 85` as `“K” stands at 85 or above`, `k >= alliance` with the level's name."""
    crossing = _CROSSING.fullmatch(sign)
    if crossing is None:
        return f"{quoted(subject.title(sign))} has come"
    trend, threshold = crossing[1], crossing[2]
    levels = {name: rung for rung, name in subject.trend(trend).levels.items()} if trend in subject.model.trends else {}
    if threshold in levels:
        return (
            f"{quoted(subject.title(trend))} has reached {quoted(threshold)} "
            f"({subject.amount(trend, levels[threshold])})"
        )
    return f"{quoted(subject.title(trend))} stands at {subject.amount(trend, float(threshold))} or above"


def switch_words(ranking: Ranking, switch: str, by: str) -> str:
    """What a signpost calls for, as an `if` of the plan."""
    yes, _, no = switch.partition("; else ")
    if switch.startswith("else "):
        yes, no = "", switch.removeprefix("else ")
    told = []
    if yes:
        told.append(f"if so by {date_words(by)}, change to {ranking.called(yes)}")
    if no:
        told.append(f"if not{'' if yes else f' by {date_words(by)}'}, change to {ranking.called(no)}")
    return "; ".join(told)


def plan_sentences(ranking: Ranking, rows: pd.DataFrame, waiting: pd.DataFrame) -> list[str]:
    """What to begin with, what to watch and switch to, and whether to wait for it."""
    subject = ranking.subject
    begin = f"Begin with {ranking.called(str(ranking.best['portfolio']))}."
    given = rows[rows["switch_to"].fillna("") != ""]
    useful = given[[not is_nothing(v, s) for v, s in zip(given["value"], given["se"], strict=True)]]
    idea = (
        "A signpost is something that can be seen by a date and would change the choice if it were known before "
        "choosing. Its worth is what one would gain by choosing only then, knowing it."
    )
    if useful.empty:
        plan = (
            f"{begin} No signpost that was looked at would change the choice by more than the error: there is "
            "nothing to wait for."
        )
        return [idea, plan, *_waiting_sentences(waiting)]
    sign = useful.iloc[0]
    by, worth = str(sign["by"]), float(sign["value"])
    plan = (
        f"{begin} Then watch whether by {date_words(by)} {sign_words(subject, str(sign['signpost']))} "
        f"({percent(float(sign['probability']))}): {switch_words(ranking, str(sign['switch_to']), by)}. To know it "
        f"first would be worth {with_error(worth, float(sign['se']), least=FINE / 5)} of utility."
    )
    return [idea, plan, *_waiting_sentences(waiting, by, worth)]


def _waiting_sentences(waiting: pd.DataFrame, by: str = "", worth: float = 0.0) -> list[str]:
    if waiting.empty:
        return []
    chosen = waiting[waiting["by"].astype(str) == by]
    row = (chosen if len(chosen) else waiting).iloc[0]
    cost, se, date = float(row["cost"]), float(row["se"]), date_words(str(row["by"]))
    if is_nothing(cost, se):
        return [f"What waiting with all choices until {date} would cost cannot be told apart from nothing."]
    told = f"Waiting with all choices until {date} would cost {with_error(cost, se, least=FINE / 5)} of utility"
    if not by:
        return [told + "."]
    if cost >= worth:
        return [f"{told}, more than the knowledge is worth: do not wait, but keep the change of course open."]
    return [f"{told}, less than the knowledge is worth: what can be put off should be."]


def _table(ranking: Ranking, rows: pd.DataFrame) -> Table:
    subject = ranking.subject
    told = tuple(
        (
            capital(sign_words(subject, str(row.signpost))),
            date_words(str(row.by)),
            percent(float(row.probability)),
            with_error(float(row.value), float(row.se), least=FINE / 5) if row.se > 0 else plain(float(row.value), 3),
            capital(switch_words(ranking, str(row.switch_to), str(row.by))),
        )
        for row in each(rows)
    )
    heads = ("Signpost", "Seen by", "Probability", "Worth", "What it calls for")
    caption = (
        "Signposts by what it is worth to know them first; where the error is larger than the worth, it may be nothing"
    )
    return Table(heads, told, (False, False, True, True, False), caption)
