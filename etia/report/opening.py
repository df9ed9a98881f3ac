"""How a page begins: the question, and how its numbers are to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.compile.odd_draws import odd_draws
from etia.report.document import Bullets, Paragraph, Section
from etia.report.numbers import count
from etia.report.words import LIKELIHOODS, date_words, ended, listed, quoted

if TYPE_CHECKING:
    from etia.report.document import Block
    from etia.report.subject import Subject

__all__ = ["question", "reading"]


def question(subject: Subject) -> tuple[Block, ...]:
    """What is asked, and up to when things are known."""
    model = subject.model
    asked = [Paragraph(ended(model.question))] if model.question else []
    n_past, n_open = len(subject.past_events), len(subject.open_events)
    known = f"Known is what had happened by the end of {date_words(subject.as_of)}: {count(n_past, 'dated event')}. "
    ahead = f"{count(n_open, 'event')} may or may not come by {date_words(subject.end)}."
    size = f"{count(len(model.trends), 'trend')} {'is' if len(model.trends) == 1 else 'are'} followed from "
    span = f"{date_words(subject.calendar.label(0))} on."
    return (*asked, Paragraph(known + ahead[:1].upper() + ahead[1:] + " " + size[:1].upper() + size[1:] + span))


def reading(subject: Subject, *extra: str) -> Section:
    """What the words for likelihoods, the figure after ± and the bands mean."""
    items = [f"{_simulation(subject)} The figure after ± is the error of that counting, two standard errors: repeated "
             "with other random numbers, nineteen in twenty results would lie no farther off. It says "
"nothing of whether "
             "the judgements are right.",
             *odd_draws(subject.run.study, lambda name: quoted(subject.title(name))),
             f"Words for probabilities are used in one way throughout: {_scale()}.",
             "A band of 90 % holds nine of ten simulated courses, a band of 50 % every other one; the median lies in "
             "the middle, half of all courses above and half below."]  # fmt: skip
    return Section("How to read the numbers", (Bullets((*items, *extra)),))


def _simulation(subject: Subject) -> str:
    asked = subject.run.settled.request
    if asked.exact:
        return "All courses that events may take were enumerated, so probabilities are exact."
    if asked.central:
        told = f"Every judgement is held at its central value, and the future is played through {asked.runs:,} times."
        if any(trend.history for trend in subject.model.trends.values()):
            told += " So are baselines fitted to data: bands leave out what the data leave open about them."
        return told
    total = asked.draws * asked.runs
    return (
        f"Every judgement is a range. {asked.draws:,} sets of values are drawn from these ranges, and with each the "
        f"future is played through {asked.runs:,} times, {total:,} times in all; a probability is the share of these "
        "in which something happens."
    )


def _scale() -> str:
    parts, below = [], 0.0
    for limit, word in LIKELIHOODS:
        top = min(limit, 1.0)
        if below == 0.0:
            said = f"below {100 * top:.0f} %"
        elif top == 1.0:
            said = f"{100 * below:.0f} % and more"
        else:
            said = f"{100 * below:.0f}–{100 * top:.0f} %"
        parts.append(f"{word} ({said})")
        below = limit
    return listed(parts)
