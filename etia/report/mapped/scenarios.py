"""The scenarios side by side: their stories, and what each changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etia.report.document import Entry, Paragraph, Section, Table
from etia.report.numbers import count, percent
from etia.report.subject import REFERENCE
from etia.report.words import date_words, ended, listed, quoted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from etia.report.album import Album
    from etia.report.document import Block
    from etia.report.subject import Subject

__all__ = ["difference_sentence", "scenario_trends", "scenarios"]

MOST_TOLD = 3


def scenarios(subject: Subject, album: Album) -> Section | None:
    """Each scenario's story and what it does to trends and events; None where there are none."""
    names = [name for name in subject.scenarios if name != REFERENCE]
    cards = subject.table("trend_scores")
    if not names or cards.empty:
        return None
    opening = (
        f"{count(len(names), 'scenario').capitalize()} {'is' if len(names) == 1 else 'are'} set against the model as "
        "it stands. A scenario fixes some events or changes some numbers; all else follows from the same model, on "
        "the same random numbers, so that differences between columns are not those of luck."
    )
    stories = [_story(subject, name) for name in names]
    blocks: list[Block] = [Paragraph(opening), *stories, scenario_trends(subject), *_event_table(subject)]
    told = [difference_sentence(subject, trend) for trend in subject.asked_trends()]
    parts = tuple(
        Section(subject.title(trend), (Paragraph(text), *_picture(subject, album, trend)))
        for trend, text in zip(subject.asked_trends(), told, strict=True)
        if text
    )
    return Section("Scenarios side by side", tuple(blocks), parts)


def _story(subject: Subject, name: str) -> Entry:
    own = subject.run.scenarios[name].scenario
    told = ended(own.note) if own and own.note else "No story is told of it."
    lens, chosen = subject.scenario_lens(name), own.policies if own else ()
    if lens != subject.lens:
        told += f" It is seen through the lens {quoted(subject.title(lens))}."
    if chosen:
        told += f" In force: {listed(quoted(subject.title(policy)) for policy in chosen)}."
    return Entry(ended(subject.scenarios[name]), told)


def _final(subject: Subject, trend: str) -> pd.DataFrame:
    """A row a scenario: the trend at the last date."""
    rows = subject.rows("trend_projections", trend=trend, date=subject.end)
    return rows.drop_duplicates("scenario").set_index("scenario") if len(rows) else rows


def scenario_trends(subject: Subject) -> Table:
    """Median and 90 % band of each asked trend at the last date, a column a scenario."""
    names = list(subject.scenarios)
    rows = []
    for trend in subject.asked_trends():
        final = _final(subject, trend)
        cells = [
            f"{subject.value(trend, final['p50'][name])} "
            f"({subject.value(trend, final['p5'][name])}–{subject.value(trend, final['p95'][name])})"
            if name in final.index
            else "–"
            for name in names
        ]
        rows.append((subject.title(trend), *cells))
    # a row a scenario reads better than a column: there are more scenarios than a page is wide
    turned = tuple((subject.scenarios[name], *(row[i + 1] for row in rows)) for i, name in enumerate(names))
    heads = ("Scenario", *(row[0] for row in rows))
    caption = f"Median in {date_words(subject.end)}, and in brackets the 90 % band"
    return Table(heads, turned, (False, *(True for _ in rows)), caption)


def _event_table(subject: Subject) -> tuple[Block, ...]:
    rows = subject.rows("event_probabilities", date=subject.end)
    if rows.empty:
        return ()
    names = list(subject.scenarios)
    by = {
        name: rows[rows["scenario"] == name].drop_duplicates("event").set_index("event")["probability"]
        for name in names
    }
    events = [e for e in dict.fromkeys(rows["event"]) if _varies([by[n].get(e, np.nan) for n in names])]
    if not events:
        return (Paragraph("No scenario changes the probability of any event by five points or more."),)
    table = tuple(
        (subject.title(event), *(percent(by[name][event]) if event in by[name].index else "–" for name in names))
        for event in events
    )
    heads = ("Event", *subject.scenarios.values())
    caption = f"Probability by {date_words(subject.end)}; left out are events that no scenario moves by five points"
    return (Table(heads, table, (False, *(True for _ in names)), caption),)


def _varies(probabilities: list[float]) -> bool:
    known = [p for p in probabilities if np.isfinite(p)]
    return bool(known) and max(known) - min(known) >= 0.05


def difference_sentence(subject: Subject, trend: str) -> str:
    """Which scenarios raise and which lower a trend's median most, and which hardly move it."""
    final = _final(subject, trend)
    if REFERENCE not in final.index or len(final) < 2:
        return ""
    own = float(final["p50"][REFERENCE])
    moves = (final["p50"].drop(REFERENCE) - own).sort_values(ascending=False, kind="stable")
    step = max(subject.step_of(trend), 1e-12)
    up = [name for name in moves.index if moves[name] > step][:MOST_TOLD]
    down = [name for name in moves.index[::-1] if moves[name] < -step][:MOST_TOLD]
    still = [name for name in moves.index if abs(moves[name]) <= step]
    said = []
    for names, word in ((up, "highest"), (down, "lowest")):
        if names:
            told = [f"{quoted(subject.scenarios[n])} ({subject.change(trend, moves[n])})" for n in names]
            said.append(f"{word} under {listed(told)}")
    lead = f"As the model stands, the median in {date_words(subject.end)} is {subject.amount(trend, own)}"
    if not said:
        return f"{lead}, and no scenario moves it by more than can be seen."
    tail = f" Hardly moved by {listed(quoted(subject.scenarios[n]) for n in still)}." if still else ""
    return f"{lead}. It is {'; '.join(said)}.{tail}{_error(subject, trend)}"


def _error(subject: Subject, trend: str) -> str:
    """The largest error of the medians, as a sentence; nothing where it is not known."""
    rows = subject.rows("trend_quantile_errors", trend=trend, date=subject.end)
    error = 2 * float(rows["p50"].max()) if len(rows) else float("nan")
    if not np.isfinite(error) or error <= 0:
        return ""
    step = subject.step_of(trend)
    told = subject.value(trend, step * np.ceil(error / step))
    return f" No median is off by more than about ±{told}, differences by less."


def _picture(subject: Subject, album: Album, trend: str) -> tuple[Block, ...]:
    from etia.report.dates import some_time_ago

    told = subject.trend(trend)
    rows = subject.rows("trend_projections", trend=trend)

    def draw() -> Axes:
        from etia.figures import draw_scenarios

        return draw_scenarios(
            rows,
            title=told.title,
            unit=told.unit or "",
            reference=REFERENCE,
            titles=subject.scenarios,
            as_of=subject.as_of,
            since=some_time_ago(subject.calendar),
            levels=told.levels or None,
            bounds=told.bounds,
            history=subject.history(trend),
        )

    return album.figure(
        f"scenarios_{trend}",
        draw,
        caption=f"{told.title} under each scenario; dotted: the median of the model as it stands.",
        alt=f"Fan charts of {told.title} under each scenario.",
    )
