"""How each trend came to where it stands: its course, and the past events that put most into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etia.report.document import Aside, Paragraph, Section, Table
from etia.report.numbers import count, is_nothing, number, places_of, signed, with_error
from etia.report.subject import each, largest
from etia.report.words import date_words, listed, quoted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from etia.report.album import Album
    from etia.report.document import Block
    from etia.report.subject import Subject

__all__ = ["cause_sentences", "causes", "course_sentence", "effect_words", "past_effects"]

MOST_TOLD = 3
_LEAST_TOLD = 0.01
"""effects smaller than this part of the largest are not told"""
MOST_ROWS = 8


def causes(subject: Subject, album: Album) -> Section:
    """A part a trend, those first that hypotheses and objectives ask about."""
    asked = subject.asked_trends()
    order = [*asked, *(name for name in subject.model.trends if name not in asked)]
    opening = (
        f"What follows is what each event has put into a trend by {date_words(subject.as_of)}. Its direct effect is "
        "what it did by itself; its total effect also counts the later events that would not have come, or would "
        "have been less likely, without it. The total effect of an event that made others likelier is an upper "
        "bound, since what it brought about might have come later by other ways."
    )
    parts = tuple(_part(subject, album, name, table=name in asked) for name in order)
    return Section("How the trends came to where they stand", (Paragraph(opening),), parts)


def _part(subject: Subject, album: Album, name: str, *, table: bool) -> Section:
    rows = subject.main("trend_projections", trend=name)
    effects = past_effects(subject, name)
    texts = [text for text in (course_sentence(subject, name, rows), *cause_sentences(subject, name, effects)) if text]
    known = rows[[date <= subject.as_of for date in rows["date"].astype(str)]] if len(rows) else rows
    figure: tuple[Block, ...] = ()
    if len(known) > 1:
        figure = album.figure(
            f"history_{name}",
            lambda: _figure(subject, name, known),
            caption=f"{subject.title(name)} up to {date_words(subject.as_of)}, with the events that have moved it "
            "most by themselves at any time; numbers are spelled out below the figure.",
            alt=f"Course of {subject.title(name)} with its events. {texts[0] if texts else ''}",
        )
    blocks: list[Block] = [Paragraph(" ".join(texts)), *figure]
    if table and len(effects):
        blocks.append(_table(subject, name, effects))
    remarks = [f"{d.at}: {d.note}" for d in subject.trend(name).history if d.note]
    if remarks:
        blocks.append(Aside("On the data: " + "; ".join(remarks) + "."))
    return Section(subject.title(name), tuple(blocks))


def past_effects(subject: Subject, trend: str) -> pd.DataFrame:
    """What past events have put into a trend by `as_of`, largest direct effect first; those without any left out."""
    rows = subject.main("impact_scores", trend=trend, date=subject.as_of)
    if rows.empty:
        return rows
    past = rows[rows["event"].isin(list(subject.past_events))]
    least = subject.step_of(trend) / 1000
    felt = past[(past["direct"].abs() > least) | (past["total"].abs() > least)]
    return largest(felt, "direct", len(felt))


def _figure(subject: Subject, name: str, rows: pd.DataFrame) -> Axes:
    from etia.figures import draw_fan

    trend, first = subject.trend(name), str(rows["date"].iloc[0])
    return draw_fan(
        rows,
        title=trend.title,
        unit=trend.unit or "",
        history=subject.history(name),
        events=_marked(subject, name, first),
        levels=trend.levels or None,
        bounds=trend.bounds,
        counted=f"past events of {first[:4]} or later that moved it by themselves at any time",
    )


def _marked(subject: Subject, trend: str, first: str) -> pd.DataFrame | None:
    """The past events that have moved the trend, with their largest direct effect at any date of the table."""
    import pandas as pd

    rows = subject.main("impact_scores", trend=trend)
    if rows.empty:
        return None
    past = rows[(rows["date"].astype(str) <= subject.as_of) & rows["event"].isin(list(subject.past_events))]
    peaks = past.assign(size=past["direct"].abs()).groupby("event", sort=False)["size"].max()
    found = [
        (str(event.date), event.title, event.level, float(peaks[name]))
        for name, event in subject.past_events.items()
        if peaks.get(name, 0.0) > 0 and str(event.date)[:4] >= first[:4]
    ]
    return pd.DataFrame(found, columns=["date", "title", "level", "effect"]) if found else None


def course_sentence(subject: Subject, name: str, rows: pd.DataFrame) -> str:
    """From where to where the trend has gone, with its highest and lowest point."""
    known = rows[[str(date) <= subject.as_of for date in rows["date"]]] if len(rows) else rows
    known = known[np.isfinite(known["p50"].to_numpy(dtype=float))] if len(known) else known
    if len(known) < 2:
        return ""
    first, last = known.iloc[0], known.iloc[-1]
    middle = known["p50"].to_numpy(dtype=float)
    low, high = known.iloc[int(middle.argmin())], known.iloc[int(middle.argmax())]
    begin, now = subject.amount(name, first["p50"]), subject.amount(name, last["p50"])
    levels = [subject.level(name, row["p50"]) for row in (first, last)]
    named = [f" ({quoted(level)})" if level else "" for level in levels]
    said = (
        f"From {begin}{named[0]} in {date_words(str(first['date']))} it has gone to {now}{named[1]} in "
        f"{date_words(str(last['date']))}"
    )
    width = float(last["p95"] - last["p5"])
    if width > 2 * subject.step_of(name):
        said += f" (90 % band {subject.value(name, last['p5'])} to {subject.value(name, last['p95'])})"
    beyond = [
        f"{word} at {subject.value(name, row['p50'])} in {date_words(str(row['date']))}"
        for word, row in (("lowest", low), ("highest", high))
        if min(abs(row["p50"] - first["p50"]), abs(row["p50"] - last["p50"])) > 2 * subject.step_of(name)
    ]
    return f"{said}; it stood {listed(beyond)}." if beyond else f"{said}."


def effect_words(subject: Subject, trend: str, value: float, se: float) -> str:
    """An effect with its error; one that is no larger than its error is said to be none that can be seen."""
    if is_nothing(value, se):
        return f"{_sized(subject, trend, value, se)}, which cannot be told apart from nothing"
    return _sized(subject, trend, value, se)


def _sized(subject: Subject, trend: str, value: float, se: float) -> str:
    least = subject.step_of(trend) / 10
    if np.isfinite(se) and se > 0:
        return with_error(value, se, sign=True, least=least)
    return _brief(subject, trend, value)


def _brief(subject: Subject, trend: str, value: float) -> str:
    """A change in two significant digits, but none finer than a tenth of what is worth stating of the trend."""
    finest = places_of(subject.step_of(trend) / 10)
    return signed(value, min(places_of(abs(value)) + 1, finest) if value else finest)


def cause_sentences(subject: Subject, name: str, effects: pd.DataFrame) -> list[str]:
    """The events that raised and those that lowered the trend most, directly; and where the total differs most."""
    if effects.empty:
        if subject.main("impact_scores").empty:
            return []
        return ["No past event of this study has moved it."]
    said = []
    least = subject.step_of(name) / 1000  # what reaches the trend through others alone neither raised nor lowered it
    told_at_all = [any(digit in _brief(subject, name, size) for digit in "123456789") for size in effects["direct"]]
    shows = (effects["direct"].abs() >= _LEAST_TOLD * effects["direct"].abs().max()) & np.array(told_at_all)
    for way, chosen in (
        ("raised", effects[effects["direct"] > least]),
        ("lowered", effects[effects["direct"] < -least]),
    ):
        best = largest(chosen[shows[chosen.index]], "direct", MOST_TOLD)
        told = [
            f"{quoted(subject.title(row.event))} ({date_words(str(subject.past_events[row.event].date))}, "
            f"{_brief(subject, name, row.direct)})"
            for row in each(best)
        ]
        none = f"none has {'visibly ' if len(chosen) else ''}{way} it"
        said.append(f"{way} most by {listed(told)}" if told else none)
    one = len(effects) == 1
    bear = f"{count(len(effects), 'past event').capitalize()} {'bears' if one else 'bear'} on it today"
    n_indirect = int((effects["direct"].abs() <= least).sum())
    through = ", through others alone" if one else f", {number(n_indirect)} of them through others alone"
    by = f"By {'itself' if one else 'themselves'}, in {subject.change_unit(name)}"
    lead = f"{bear}{through if n_indirect else ''}. {by}: {'; '.join(said)}."
    return [lead, *_indirect(subject, name, effects)]


def _indirect(subject: Subject, name: str, effects: pd.DataFrame) -> list[str]:
    """The event whose further consequences add most to what it did itself."""
    clear = effects[
        (effects["indirect"].abs() > 2 * effects["se"]) & (effects["indirect"].abs() > subject.step_of(name))
    ]
    if clear.empty:
        return []
    row = largest(clear, "indirect", 1).iloc[0]
    direct, total = (
        _brief(subject, name, float(row["direct"])),
        _sized(subject, name, float(row["total"]), float(row["se"])),
    )
    return [
        f"Farthest beyond itself reaches {quoted(subject.title(row['event']))}: {direct} directly, {total} with what "
        "it set going."
    ]


def _table(subject: Subject, name: str, effects: pd.DataFrame) -> Table:
    rows = tuple(
        (
            subject.title(row.event),
            date_words(str(subject.past_events[row.event].date)),
            _brief(subject, name, row.direct),
            _sized(subject, name, row.total, row.se),
        )
        for row in each(effects[:MOST_ROWS])
    )
    rest = len(effects) - len(rows)
    caption = f"Largest direct effects in {date_words(subject.as_of)}, in {subject.change_unit(name)}"
    caption += f"; {count(rest, 'smaller one')} in impact_scores.csv" if rest else ""
    return Table(("Event", "Date", "Direct", "Total"), rows, (False, False, True, True), caption)
