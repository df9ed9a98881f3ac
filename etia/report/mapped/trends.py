"""Where trends go: projections against the course without surprises, levels, and what drives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etia.report.dates import some_time_ago
from etia.report.document import Aside, Paragraph, Section, Table
from etia.report.numbers import is_nothing, percent, signed, with_error
from etia.report.subject import each, largest
from etia.report.words import date_words, in_words, likelihood, listed, quoted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from etia.report.album import Album
    from etia.report.document import Block
    from etia.report.subject import Subject

__all__ = ["driver_sentences", "level_sentence", "now_words", "projection_sentences", "trend_table", "trends"]

MOST_DRIVERS = 3


def trends(subject: Subject, album: Album) -> Section:
    """One part a trend, those first that hypotheses and objectives ask about."""
    cards = subject.main("trend_scores")
    title = "Where the trends go"
    if cards.empty:
        return Section(title, (Paragraph("This study follows no trend."),))
    asked = subject.asked_trends()
    order = [*asked, *(name for name in subject.model.trends if name not in asked)]
    parts = tuple(_part(subject, album, name) for name in order if (cards["trend"] == name).any())
    note: tuple[Block, ...] = ()
    if len(asked) < len(order):
        note = (Paragraph("The trends that the hypotheses and the objectives ask about stand first."),)
    return Section(title, (*note, trend_table(subject, cards)), parts)


def trend_table(subject: Subject, cards: pd.DataFrame) -> Table:
    """All trends in a row each: now, then, how likely to rise."""
    rows = []
    for row in each(cards):
        name = str(row.trend)
        band = f"{subject.value(name, row.p5)} to {subject.value(name, row.p95)}"
        rows.append(
            (
                subject.title(name),
                _unit(subject, name),
                subject.value(name, row.now),
                subject.value(name, row.p50),
                band,
                percent(row.rise_probability),
            )
        )
    end = date_words(subject.end)
    heads = ("Trend", "Counted in", date_words(subject.as_of), f"{end}, median", "90 % band", "Chance of a rise")
    return Table(heads, tuple(rows), (False, False, True, True, True, True), "All trends: now and at the last date")


def _unit(subject: Subject, name: str) -> str:
    trend = subject.trend(name)
    if subject.is_index(name) and trend.bounds:
        return f"points, {trend.bounds[0]:g} to {trend.bounds[1]:g}"
    return trend.unit or "points"


def _part(subject: Subject, album: Album, name: str) -> Section:
    rows = subject.main("trend_projections", trend=name)
    card = subject.main("trend_scores", trend=name)
    told = projection_sentences(subject, name, rows, card)
    figure = album.figure(
        f"projection_{name}",
        lambda: _figure(subject, name, rows),
        caption=_caption(subject, name),
        alt=f"Fan chart of {subject.title(name)}. {told[min(1, len(told) - 1)]}",
    )
    blocks: list[Block] = [Paragraph(" ".join(told)), *figure]
    levels = level_sentence(subject.main("level_probabilities", trend=name))
    drivers = driver_sentences(subject, name, subject.main("drivers", trend=name, date=subject.end))
    blocks += [Paragraph(text) for text in (levels, " ".join(drivers)) if text]
    if subject.trend(name).note:
        blocks.append(Aside(f"The study’s own remark: {subject.trend(name).note}"))
    return Section(subject.title(name), tuple(blocks))


def _caption(subject: Subject, name: str) -> str:
    text = (
        f"{subject.title(name)}: past course and projection. Shaded: the 50 and 90 % bands; dashed: the course without "
        "surprises."
    )
    history, step = subject.trend(name).history, subject.calendar.months_per_step
    if history and {"year": 12, "quarter": 3}.get(history[0].at.precision, 1) > step:
        text += " The data are coarser than the steps: bands are drawn at the dates of data, and straight between them."
    return text


def _figure(subject: Subject, name: str, rows: pd.DataFrame) -> Axes:
    from matplotlib.ticker import MaxNLocator

    from etia.figures import draw_fan

    trend = subject.trend(name)
    axes = draw_fan(
        rows,
        title=trend.title,
        unit=trend.unit or "",
        as_of=subject.as_of,
        history=subject.history(name),
        levels=trend.levels or None,
        bounds=trend.bounds,
        since=some_time_ago(subject.calendar),
    )
    axes.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=True))  # no half years
    return axes


def now_words(subject: Subject, name: str, value: float) -> str:
    """A value with its unit and the name of its level."""
    level = subject.level(name, value)
    return subject.amount(name, value) + (f" ({quoted(level)})" if level else "")


def projection_sentences(subject: Subject, name: str, rows: pd.DataFrame, card: pd.DataFrame) -> list[str]:
    """Now, then with its bands, against the course without surprises, and how likely a rise is."""
    if card.empty or rows.empty:
        return [f"There is no projection of {quoted(subject.title(name))}."]
    head, last = card.iloc[0], rows.iloc[-1]
    now, then = date_words(subject.as_of), date_words(str(last["date"]))
    said = [
        f"In {now} it stands at {now_words(subject, name, head['now'])}." if np.isfinite(head["now"]) else "",
        f"By {then} the median of the projections is {now_words(subject, name, last['p50'])}{_error(subject, name)}; "
        f"nine courses in ten end between {subject.value(name, last['p5'])} and {subject.value(name, last['p95'])}, "
        f"every other one between {subject.value(name, last['p25'])} and {subject.value(name, last['p75'])}.",
        _against_baseline(subject, name, last),
        _rise(subject, name, float(head["rise_probability"])),
        _split(head),
    ]
    return [sentence for sentence in said if sentence]


def _error(subject: Subject, name: str) -> str:
    """` (±1)` of the last median, where it is known."""
    rows = subject.main("trend_quantile_errors", trend=name, date=subject.end)
    error = 2 * float(rows["p50"].iloc[0]) if len(rows) else float("nan")
    if not np.isfinite(error) or error <= 0:
        return ""
    step = subject.step_of(name)
    return f" (±{subject.value(name, step * np.ceil(error / step))})"


def _against_baseline(subject: Subject, name: str, last: pd.Series[Any]) -> str:
    base, middle = float(last["baseline"]), float(last["p50"])
    if not np.isfinite(base):
        return ""
    there = subject.amount(name, base)
    near = abs(middle - base) < subject.step_of(name)
    if subject.trend(name).history:
        if near:
            return f"That is where its own course would have led without the events of this study ({there})."
        way = "above" if middle > base else "below"
        return (
            f"Left to its own course, without the events of this study, it would end at {there}: the median lies "
            f"{way} that."
        )
    if near:
        return f"Without any of the events it would stand at the same value ({there})."
    return f"Without any of the events, past and future, it would stand at {there}."


def _rise(subject: Subject, name: str, probability: float) -> str:
    if not np.isfinite(probability):
        return ""
    stands = "lies" if not subject.is_index(name) else "stands"
    return f"That it then {stands} higher than now is {likelihood(probability)} ({percent(probability)})."


def _split(head: pd.Series[Any]) -> str:
    judgement, chance = float(head["judgement_share"]), float(head["chance_share"])
    if not np.isfinite(judgement) or not np.isfinite(chance) or judgement + chance <= 0:
        return ""
    if judgement < 0.02:
        return "Its spread is that of chance; what the judgements leave open adds next to nothing."
    return (
        f"Of its spread, {in_words(judgement)} comes from what the judgements leave open ({percent(judgement)}), the "
        "rest from which events happen to come, and when."
    )


def level_sentence(rows: pd.DataFrame) -> str:
    """How likely each named level is at the last date, the likeliest first."""
    if rows.empty:
        return ""
    order = rows.sort_values("probability", ascending=False, kind="stable")
    kept = order[order["probability"] >= 0.05]
    said = [f"{quoted(row.level)} {percent(row.probability, row.se)}" for row in each(kept)]
    rest = len(rows) - len(kept)
    tail = "" if not rest else f"; {'the other level' if rest == 1 else 'every other level'} is below 5 %"
    return f"Its level in {date_words(str(rows['date'].iloc[0]))}: {listed(said)}{tail}."


def driver_sentences(subject: Subject, name: str, rows: pd.DataFrame) -> list[str]:
    """The events that raise and that lower the trend most at the last date, by what is to be expected of them."""
    if rows.empty:
        return []
    sure = rows[[not is_nothing(v, s) for v, s in zip(rows["expected"], rows["se"], strict=True)]]
    said = []
    for way, chosen in (("raised", sure[sure["expected"] > 0]), ("lowered", sure[sure["expected"] < 0])):
        held = [
            f"{quoted(subject.title(row.event))} ({_size(subject, name, row.expected, row.se)})"
            for row in each(largest(chosen, "expected", MOST_DRIVERS))
        ]
        said.append(f"{way} most by {listed(held)}" if held else f"{way} by none beyond the error")
    return [
        "Held against a world in which one event had not come, or could not come, its mean in "
        f"{date_words(subject.end)} is, in {subject.change_unit(name)}, {said[0]}; {said[1]}."
    ]


def _size(subject: Subject, name: str, value: float, se: float) -> str:
    least = subject.step_of(name) / 10
    return with_error(value, se, sign=True, least=least) if np.isfinite(se) and se > 0 else signed(value)
