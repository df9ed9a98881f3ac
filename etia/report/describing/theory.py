"""The theories side by side, and what becomes of each hypothesis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etia.report.document import Bullets, Entry, Paragraph, Quote, Section, Table
from etia.report.numbers import count, percent, points
from etia.report.subject import REFERENCE
from etia.report.words import chance, date_words, ended, listed, quoted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from etia.report.album import Album
    from etia.report.document import Block
    from etia.report.subject import Subject
    from etia.schema.theory import Hypothesis

__all__ = ["hypotheses", "hypothesis_sentences", "lenses", "test_words"]

MOST_QUOTED = 3
RATIO = 1.1
"""of two values on a log scale, beyond which they differ"""
_NOTHING = 0.005
"""a probability below which it is written as 0 %, or as less than 1 %"""
_STANCES = (("supports", "For it"), ("contradicts", "Against it"), ("qualifies", "Qualifying it"))


def lenses(subject: Subject) -> Section | None:
    """The same facts under each lens: what it holds, and where the trends end under it; None with a single lens."""
    model = subject.model
    if len(model.lenses) < 2:
        return None
    opening = (
        f"The study is read through {count(len(model.lenses), 'lens', 'lenses')}: each is a theory that says how "
        "much weight each causal idea has. Events, dates and judgements stay the same, and so do random numbers, so "
        "that what differs is the theory."
    )
    entries = []
    for name, lens in model.lenses.items():
        mark = " (the one under which the judgements were made)" if name == model.reference_lens else ""
        entries.append(Entry(f"{subject.title(name)}{mark}.", ended(lens.note or _weights(subject, name))))
    cards = subject.rows("trend_scores", scenario=REFERENCE)
    if cards.empty or cards["lens"].nunique() < 2:
        return Section("The theories side by side", (Paragraph(opening), *entries))
    told = [text for trend in subject.asked_trends() if (text := _spread(subject, trend, cards))]
    blocks = (Paragraph(opening), *entries, _table(subject, cards), *((Bullets(tuple(told)),) if told else ()))
    return Section("The theories side by side", blocks)


def _weights(subject: Subject, name: str) -> str:
    own = subject.model.lenses[name].weights
    strong = [quoted(subject.title(m)) for m, w in own.items() if w > 1]
    weak = [quoted(subject.title(m)) for m, w in own.items() if w < 1]
    said = [f"more weight to {listed(strong)}" if strong else "", f"less to {listed(weak)}" if weak else ""]
    return f"It gives {listed(said)}" if any(said) else "All causal ideas have the weight with which they were written"


def _table(subject: Subject, cards: pd.DataFrame) -> Table:
    names = list(dict.fromkeys(cards["lens"]))
    rows = []
    for trend in subject.asked_trends():
        own = cards[cards["trend"] == trend].set_index("lens")
        cells = [
            f"{subject.value(trend, own['p50'][lens])} "
            f"({subject.value(trend, own['p5'][lens])}–{subject.value(trend, own['p95'][lens])})"
            if lens in own.index else "–" for lens in names
        ]  # fmt: skip
        rows.append((subject.title(trend), *cells))
    caption = f"Median in {date_words(subject.end)} under each lens, in brackets the 90 % band; the model as it stands"
    return Table(("Trend", *map(subject.title, names)), tuple(rows), (False, *(True for _ in names)), caption)


def _spread(subject: Subject, trend: str, cards: pd.DataFrame) -> str:
    rows = cards[cards["trend"] == trend].set_index("lens")
    own, band = rows["p50"], float((rows["p95"] - rows["p5"]).mean())
    if len(own) < 2 or not np.isfinite(own.to_numpy(dtype=float)).all():
        return ""
    low, high = str(own.idxmin()), str(own.idxmax())
    if _is_about_the_same(subject, trend, (float(own[low]), float(own[high])), band):
        return f"{quoted(subject.title(trend))} ends at about the same value under all lenses."
    return (
        f"{quoted(subject.title(trend))} ends highest under {quoted(subject.title(high))} "
        f"({subject.amount(trend, own[high])}), lowest under {quoted(subject.title(low))} "
        f"({subject.amount(trend, own[low])})."
    )


def _is_about_the_same(subject: Subject, trend: str, ends: tuple[float, float], band: float) -> bool:
    """Whether lenses differ by no more than is worth stating: on a log scale by a tenth, else by a tenth of the band.

    A band on a log scale reaches far up: a tenth of its width in the trend's own unit may be much of the median.
    """
    low, high = ends
    if subject.trend(trend).scale == "log":
        return low > 0 and high <= RATIO * low
    return high - low <= max(2 * subject.step_of(trend), 0.1 * band)


def hypotheses(subject: Subject, album: Album) -> Section | None:
    """A part a hypothesis: probability by lens, what carries it, claims for and against; None where there are none."""
    if not subject.model.hypotheses:
        return None
    rows = subject.rows("hypotheses", scenario=REFERENCE)
    parts = tuple(_part(subject, name, own, rows) for name, own in subject.model.hypotheses.items())
    opening = (
        "Each hypothesis is tied to something that can be seen, so that it can fail. Its probability is a result of "
        "the study and not one of its assumptions. What is left of it when the causal ideas that should carry it are "
        "switched off says how much it owes to them."
    )
    if rows.empty:
        return Section("The hypotheses", (Paragraph(opening),), parts)
    figure = album.figure(
        "hypotheses",
        lambda: _figure(subject, rows),
        caption="Probability of each hypothesis under each lens; hollow: what is left of it without the causal "
        "ideas that "
        "should carry it. Whiskers: two standard errors.",
        alt="Probabilities of the hypotheses under each lens. "
        + " ".join(hypothesis_sentences(subject, name, rows)[0] for name in subject.model.hypotheses),
    )
    return Section("The hypotheses", (Paragraph(opening), *figure), parts)


def _figure(subject: Subject, rows: pd.DataFrame) -> Axes:
    from etia.figures import draw_lenses

    titles = {name: own.statement for name, own in subject.model.hypotheses.items()}
    return draw_lenses(rows, titles=titles, lens_titles=subject.titles(dict.fromkeys(rows["lens"])))


def test_words(subject: Subject, own: Hypothesis) -> str:
    """What must be seen for the hypothesis to hold."""
    bounds = []
    for threshold, way in ((own.at_least, "at or above"), (own.at_most, "at or below")):
        if threshold is not None:
            bounds.append(f"{way} {_threshold(subject, own.trend, threshold)}")
    if own.at is not None:
        when = f"in {date_words(str(own.at))}"
    else:
        when = (
            f"at some time up to {date_words(str(own.by))}"
            if own.by is not None
            else f"at some time up to {date_words(subject.end)}"
        )
    return f"It holds if {quoted(subject.title(own.trend))} stands {listed(bounds)} {when}."


def _threshold(subject: Subject, trend: str, threshold: float | str) -> str:
    if isinstance(threshold, str):
        value = next((rung for rung, name in subject.trend(trend).levels.items() if name == threshold), float("nan"))
        return f"{subject.amount(trend, value)}, the level {quoted(threshold)}"
    return subject.amount(trend, threshold)


def _part(subject: Subject, name: str, own: Hypothesis, rows: pd.DataFrame) -> Section:
    carried = listed(quoted(subject.title(mechanism)) for mechanism in own.carried_by)
    definition = test_words(subject, own) + (f" It should be carried by {carried}." if carried else "")
    blocks: list[Block] = [Paragraph(definition)]
    if len(rows):
        blocks.append(Paragraph(" ".join(hypothesis_sentences(subject, name, rows))))
    blocks += _claims(subject, name)
    return Section(own.statement.rstrip("."), tuple(blocks))


def hypothesis_sentences(subject: Subject, name: str, rows: pd.DataFrame) -> list[str]:
    """Probability under the lens of the page, under the others, and without its mechanisms."""
    own = rows[rows["hypothesis"] == name].set_index("lens")
    if own.empty:
        return ["It was not put to the test in this run."]
    lens = subject.lens if subject.lens in own.index else str(own.index[0])
    p, se = float(own["probability"][lens]), float(own["se"][lens])
    under = f"Under {quoted(subject.title(lens))} it is " if len(own) > 1 else "It is "
    said = [f"{under}{chance(p, se)}."]
    others = [other for other in own.index if other != lens]
    if others:
        told = [
            f"{percent(float(own['probability'][o]), float(own['se'][o]))} under {quoted(subject.title(o))}"
            for o in others
        ]
        said.append(f"Elsewhere: {listed(told)}. {_verdict(own['probability'], own['se'])}")
    left = float(own["without_mechanisms"][lens])
    if subject.model.hypotheses[name].carried_by and np.isfinite(left):
        said.append(_without(p, left, se))
    return said


def _verdict(probability: pd.Series[Any], error: pd.Series[Any]) -> str:
    """Whether the theories agree on which side of one half it lies, two standard errors heeded."""
    above, below = (probability - 2 * error >= 0.5), (probability + 2 * error < 0.5)
    if above.all():
        return "Every theory compared holds it more likely true than not."
    if below.all():
        return "No theory compared holds it more likely true than not."
    if above.any() and below.any():
        return "The theories disagree on it."
    return "For some theories it lies too near one half to say on which side."


def _without(p: float, left: float, se: float) -> str:
    change, least = left - p, max(2 * se, _NOTHING)
    if p <= least and change <= least:
        return (
            f"At {percent(p, se)} there is nothing that could be lost without the causal ideas that should carry it "
            f"({percent(left)} is left): whether it hangs on them cannot be seen here."
        )
    if abs(change) <= 2 * se:
        return (
            f"Without the causal ideas that should carry it, {percent(left)} is left: it does not hang on them "
            "beyond the error."
        )
    if change > 0:
        return f"Without them it would be likelier, {percent(left)}: on the whole these causal ideas speak against it."
    if left < 0.01:
        return (
            f"Without the causal ideas that should carry it, next to nothing is left ({percent(left)}): it stands "
            "and falls with them."
        )
    return (
        f"Without the causal ideas that should carry it, {percent(left)} is left ({points(change)}): so much of it "
        "hangs on them."
    )


def _claims(subject: Subject, name: str) -> list[Block]:
    by_stance = {
        stance: [number for number, claim in subject.claims.items() if claim.hypotheses.get(name) == stance]
        for stance, _ in _STANCES
    }
    if not any(by_stance.values()):
        return [Paragraph("No claim of the sources is noted for or against it.")]
    n_for, n_against, n_other = (len(by_stance[stance]) for stance, _ in _STANCES)
    qualifying = f", and {count(n_other, 'claim')} {'qualifies' if n_other == 1 else 'qualify'} it" if n_other else ""
    said = (
        f"Of the claims in the sources, {count(n_for, 'claim')} {'speaks' if n_for == 1 else 'speak'} for it and "
        + (f"{count(n_against, 'claim')} against it{qualifying}.")
    )
    blocks: list[Block] = [Paragraph(said.replace("claims, no claims", "claims, none"))]
    for stance, words in _STANCES:
        chosen = _spread_over_sources(subject, by_stance[stance])
        blocks += [Quote(f"{words}: {subject.claims[number].text}", subject.source_words(number)) for number in chosen]
    return blocks


def _spread_over_sources(subject: Subject, numbers: list[str]) -> list[str]:
    """A few of the claims, from as many sources as there are: the first of each, then the second of each, and so on."""
    place: dict[str, int] = {}
    ranked = []
    for i, number in enumerate(numbers):
        card = subject.card_of(number)
        source = card.id if card else ""
        place[source] = place.get(source, 0) + 1
        ranked.append((place[source], i, number))
    return [number for _, _, number in sorted(ranked)[:MOST_QUOTED]]
