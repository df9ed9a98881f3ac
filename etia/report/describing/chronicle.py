"""What happened when, at which level and in which domain; who acts on whom."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from etia.describe.chronicle import STRONG
from etia.report.document import Aside, Bullets, Paragraph, Section, Table
from etia.report.numbers import count, number, percent
from etia.report.subject import each
from etia.report.words import date_words, listed, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

    from etia.report.album import Album
    from etia.report.document import Block
    from etia.report.subject import Subject
    from etia.schema.event import Event

__all__ = ["chain_words", "chronicle", "chronicle_sentences", "chronicle_table", "web"]

MOST_RELATIONS = 40
MOST_CHAINS = 5


def chronicle(subject: Subject, album: Album) -> Section:
    """The timeline and what can be said of it."""
    texts = chronicle_sentences(subject)
    if not subject.model.events:
        return Section("What happened", (Paragraph("This study names no events."),))
    table = _events(subject)
    figure = album.figure(
        "timeline",
        lambda: _timeline(subject, table),
        caption="Events by level (macro above, meso below) and domain (colour). Hollow marks are still to come "
        "and stand at "
        "the date by which half of their chance is used up; in brackets the probability by the end.",
        alt="Timeline of all events. " + texts[0],
    )
    return Section("What happened", (*(Paragraph(text) for text in texts), *figure))


def _events(subject: Subject) -> pd.DataFrame:
    import pandas as pd

    end = subject.main("event_probabilities", date=subject.end)
    probability = dict(zip(end["event"], end["probability"], strict=True)) if len(end) else {}
    rows = []
    for name, event in subject.model.events.items():
        is_past = name in subject.past_events
        date = str(event.date) if event.date is not None else _central(subject, name)
        chance = float("nan") if is_past else float(probability.get(name, float("nan")))
        rows.append((name, event.title, date, event.level, next(iter(event.domains), ""), chance))
    return pd.DataFrame(rows, columns=["id", "title", "date", "level", "domain", "probability"])


def _central(subject: Subject, name: str) -> str:
    """Where a prospective event stands: at the date of its scores, else where half of its probability is reached."""
    scores = subject.main("impact_scores", event=name)
    if len(scores):
        return str(scores["central"].iloc[0])
    rows = subject.main("event_probabilities", event=name)
    if rows.empty:
        return subject.end
    half = rows[rows["probability"] >= rows["probability"].iloc[-1] / 2]
    return str((half if len(half) else rows)["date"].iloc[0])


def _timeline(subject: Subject, table: pd.DataFrame) -> Axes:
    from etia.figures import draw_timeline

    return draw_timeline(table, as_of=subject.as_of, title="Events by level and domain")


def chronicle_sentences(subject: Subject) -> list[str]:
    """How many, at which level, in which domains, by whom, and in which years most."""
    past = subject.past_events
    if not past:
        return ["No event of this study has happened yet."]
    levels = Counter(event.level for event in past.values())
    domains = Counter(domain for event in past.values() for domain in event.domains)
    actors = Counter(actor for event in past.values() for actor in event.actors)
    said = [_extent(past, levels)]
    if len(domains) > 1:
        told = listed(f"{domain} ({n})" for domain, n in domains.most_common())
        said.append(f"By domain, an event of several counted in each: {told}.")
    if len(actors) > 1:
        told = listed(f"{subject.title(actor)} ({n})" for actor, n in actors.most_common(5))
        said.append(f"Those who act in most of them are {told}.")
    busiest = Counter(str(event.date)[:4] for event in past.values()).most_common(1)[0]
    if busiest[1] > 2:
        said.append(f"The densest year is {busiest[0]}, with {count(busiest[1], 'event')}.")
    return said


def _extent(past: dict[str, Event], levels: Mapping[Any, int]) -> str:
    first, last = next(iter(past.values())), list(past.values())[-1]
    if len(past) == 1:
        return (
            f"One event has happened: {quoted(first.title)} ({date_words(str(first.date))}), of the "
            f"{first.level} level."
        )
    return (
        f"The study rests on {count(len(past), 'past event')}, {number(levels['macro'])} of the macro level (changes "
        f"in the system) and {number(levels['meso'])} of the meso level (policy made in response), from "
        f"{quoted(first.title)} ({date_words(str(first.date))}) to {quoted(last.title)} "
        f"({date_words(str(last.date))})."
    )


def web(subject: Subject, album: Album) -> Section | None:
    """The graph of events and trends, thinned to its strongest relations; chains and loops where they were sought."""
    model = subject.model
    n_relations = len(model.links) + len(model.impacts) + len(model.couplings)
    if not n_relations:
        return None
    told = (
        f"The study states {count(len(model.links), 'link')} between events, {count(len(model.impacts), 'impact')} "
        f"of events on trends and {count(len(model.couplings), 'coupling')} between trends. The figure shows the "
        "strongest of them, each held against the strongest of its kind, and at a trend of those on the same trend; "
        "what a relation does is said by its colour."
    )
    figure = album.figure(
        "web",
        lambda: _web(subject),
        caption="Events in order of date, trends below; blue arrows raise or make likelier, orange ones lower or "
        "make less likely. Where widths differ, they can be compared within a kind of relation and one target trend. "
        "Hollow marks are still to come and stand where the timeline has them, with the same probability by the end.",
        alt="Graph of the strongest relations between events and trends. " + told,
    )
    return Section("Who acts on whom", (Paragraph(told), *figure, *_chains(subject)))


def _web(subject: Subject) -> Axes:
    from etia.figures import draw_web
    from etia.graph.build import build

    graph = build(subject.model)
    for row in each(_events(subject)):
        if row.probability == row.probability:
            graph.nodes[row.id].update(central=row.date, probability=row.probability)
    return draw_web(graph, most=MOST_RELATIONS, as_of=subject.as_of)


def _chains(subject: Subject) -> tuple[Block, ...]:
    """The strongest and the longest chains of causes in the past, as sentences."""
    strongest, longest = (subject.main(name) for name in ("strongest_chains", "longest_chains"))
    blocks: list[Block] = []
    if len(strongest):
        lead = (
            "Chains of past events in which each made the next likelier. In brackets the part of the last event that "
            "goes back to the first along this chain: how likely it would have been missing, had the first not come."
        )
        items = tuple(
            f"{chain_words(subject, row.chain)} ({percent(row.strength)})" for row in each(strongest[:MOST_CHAINS])
        )
        blocks += [Paragraph(lead), Bullets(items)]
    if len(longest):
        row = longest.iloc[0]
        steps = count(int(row["length"]), "step")
        blocks.append(
            Paragraph(
                f"Call a link strong where at least {percent(STRONG)} of the later event goes back to the earlier one. "
                f"The longest chain of strong links alone has {steps}: {chain_words(subject, row['chain'])} "
                f"({percent(float(row['strength']))})."
            )
        )
    return tuple(blocks)


def chain_words(subject: Subject, chain: object) -> str:
    """`a -> b -> c` by titles."""
    return " → ".join(subject.title(part.strip()) for part in str(chain).split("->"))


def chronicle_table(subject: Subject) -> Section:
    """Every past event with its date, level, domains, actors and sources: the long table of the end."""
    rows = tuple(
        (
            date_words(str(event.date)),
            event.title,
            event.level,
            ", ".join(event.domains),
            ", ".join(subject.title(actor) for actor in event.actors),
            ", ".join(event.evidence) or "none",
        )
        for event in subject.past_events.values()
    )
    table = Table(("Date", "Event", "Level", "Domains", "Actors", "Claims"), rows)
    note = "A claim such as s003.7 is the seventh of the source s003; the folder seeds of the study holds them all."
    notes = (Aside(note),) if subject.claims else ()
    return Section("All past events", (table, *notes) if rows else (Paragraph("There are none."),))
