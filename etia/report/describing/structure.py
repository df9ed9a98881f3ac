"""What holds the graph together: who drives and who depends, what comes back on itself, what all ways must pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.report.document import Bullets, Paragraph, Section
from etia.report.numbers import count, number, plain
from etia.report.subject import each
from etia.report.words import capital, listed, quoted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from etia.report.album import Album
    from etia.report.document import Block
    from etia.report.subject import Subject

__all__ = ["gatekeeper_sentences", "loop_sentences", "rank_sentences", "structure"]

MOST_NAMED = 4
MOST_LOOPS = 5
MOST_GATES = 5
MOST_RANKED = 15
"""places from the top, at most a third of all, at which a change of rank is worth telling"""
LEAST_MOVE = 5
"""places by which a rank must change"""
QUADRANTS = {
    "determinant": "{n} {drive} others without being driven much: {names}",
    "relay": "{n} both {drive} and {are} driven, so that a push goes on through them: {names}",
    "dependent": "{n} {are} driven and {drive} little: {names}",
    "autonomous": "{n} {stand} apart, with little of either",
}
"""each quadrant in words, in order"""


def structure(subject: Subject, album: Album) -> Section | None:
    """The section; None where the model has too few nodes for a web."""
    nodes = subject.table("influence")
    if nodes.empty or not nodes["acts_on"].any():
        return None
    opening = (
        "Dates and probabilities aside, one can ask of the relations alone what holds the study together. Each counts "
        "by its size over the largest of its kind on the same trend. The influence of an event or trend is the sum "
        "of what it does to others, its dependence the sum of what they do to it. High is what lies above the mean."
    )
    figure = album.figure(
        "structure",
        lambda: _figure(subject, nodes),
        caption="Influence and dependence of events and trends; the outstanding ones are numbered, all others dots.",
        alt=f"Plane of influence and dependence. {'; '.join(_quadrants(subject, nodes))}.",
    )
    lead = f"The {count(len(nodes), 'event and trend', 'events and trends')} fall into four kinds:"
    kinds = Bullets(tuple(capital(f"{text}.") for text in _quadrants(subject, nodes)))
    blocks: list[Block] = [Paragraph(opening), Paragraph(lead), kinds, *figure]
    blocks += [Paragraph(text) for text in (*rank_sentences(subject, nodes), *_between(subject, nodes)) if text]
    blocks += _listed_with(*loop_sentences(subject, subject.table("feedback_loops")))
    blocks += _listed_with(*gatekeeper_sentences(subject, subject.table("gatekeepers")))
    blocks.append(Paragraph(_alone(subject, nodes)))
    return Section("What holds the graph together", tuple(blocks))


def _listed_with(lead: str, items: list[str]) -> list[Block]:
    return [Paragraph(lead), *([Bullets(tuple(items))] if items else [])]


def _figure(subject: Subject, nodes: pd.DataFrame) -> Axes:
    from etia.figures import draw_influence

    return draw_influence(nodes.set_index("node"), titles=subject.titles(nodes["node"]))


def _quadrants(subject: Subject, nodes: pd.DataFrame) -> list[str]:
    """How many nodes stand in each quadrant, and the outstanding ones of each."""
    said = []
    for name, words in QUADRANTS.items():
        own = nodes[nodes["quadrant"] == name]
        if own.empty:
            continue
        by = "dependence" if name == "dependent" else "influence"
        best = own.sort_values(by, ascending=False, kind="stable")[:MOST_NAMED]
        names = listed(quoted(subject.title(node)) for node in best["node"])
        first = "above all " if len(own) > len(best) else ""
        one = len(own) == 1
        said.append(
            words.format(
                n=f"{number(len(own))} ({name})",
                names=first + names,
                drive="drives" if one else "drive",
                are="is" if one else "are",
                stand="stands" if one else "stand",
            )
        )
    return said


def rank_sentences(subject: Subject, nodes: pd.DataFrame) -> list[str]:
    """Who stands higher or lower when what is passed on along chains counts too."""
    said = []
    for measure, word in (("influence", "influential"), ("dependence", "dependent")):
        columns = {"direct": measure, "along": f"indirect_{measure}"}
        felt = nodes[(nodes[list(columns.values())] > 0).all(axis=1)]  # places among equals that have none say nothing
        ranks = {key: nodes[name].rank(ascending=False, method="min") for key, name in columns.items()}
        table = felt.assign(**{key: rank[felt.index].astype(int) for key, rank in ranks.items()})
        table = table.assign(move=table["direct"] - table["along"])
        high = table[["direct", "along"]].min(axis=1) <= min(MOST_RANKED, len(nodes) / 3)
        table = table[high & (table["move"].abs() >= LEAST_MOVE)]
        parts = []
        for way, chosen in (("rise", table[table["move"] > 0]), ("fall", table[table["move"] < 0])):
            best = chosen.assign(size=chosen["move"].abs()).sort_values("size", ascending=False, kind="stable")[:3]
            told = [f"{quoted(subject.title(row.node))} (from place {row.direct} to {row.along})" for row in each(best)]
            if told:
                parts.append(f"{listed(told)} {way}{'s' if len(told) == 1 else ''}")
        if parts:
            said.append(f"Among the most {word}, when chains of relations count too, {'; '.join(parts)}.")
    return said


def _between(subject: Subject, nodes: pd.DataFrame) -> list[str]:
    best = nodes[nodes["betweenness"] > 0].sort_values("betweenness", ascending=False, kind="stable")[:3]
    if best.empty:
        return []
    names = listed(quoted(subject.title(node)) for node in best["node"])
    return [f"The shortest ways from one to another lead most often through {names}."]


def loop_sentences(subject: Subject, loops: pd.DataFrame) -> tuple[str, list[str]]:
    """How many loops there are and of which sign, and the strongest."""
    if loops.empty:
        return "Nothing comes back on itself: the relations close no loop.", []
    longest = count(int(loops["length"].max()), "relation")
    signs = loops["sign"].value_counts()
    kinds = listed(
        f"{number(int(signs[sign]))} {sign} ({meaning})"
        for sign, meaning in (
            ("reinforcing", "a change comes back as more of the same"),
            ("balancing", "it comes back as its opposite"),
        )
        if sign in signs
    )
    one = len(loops) == 1
    lead = (
        f"The relations close {count(len(loops), 'loop')} of {'' if one else 'up to '}{longest}: {kinds}. An event "
        f"that has come for the last time turns no loop again. {'It is' if one else 'The strongest are'}, with the "
        "product of the relations' sizes:"
    )
    return lead, [
        f"{_round(subject, str(row.loop))} ({row.sign}, {plain(abs(row.strength), 2)})"
        for row in each(loops[:MOST_LOOPS])
    ]


def _round(subject: Subject, loop: str) -> str:
    """`a -> b -> a` by titles; between two, both ways at once."""
    titles = [subject.title(part) for part in loop.split(" -> ")[:-1]]
    return " ⇄ ".join(titles) if len(titles) == 2 else " → ".join([*titles, "and back"])


def gatekeeper_sentences(subject: Subject, gates: pd.DataFrame) -> tuple[str, list[str]]:
    """The events through which others must go to reach a trend: an item an event, with the trends that it guards."""
    events = gates[(gates["kind"] == "event") & (gates["n_events"] > 1)] if len(gates) else gates
    if events.empty:
        return "No event stands in the way of several others: none lies on every path of two others to a trend.", []
    lead = (
        "Some events stand in the way of others: every path from those to a trend passes them, so that without them "
        "the trend would feel nothing of the others."
    )
    most = events.groupby("gatekeeper", sort=False)["n_events"].max().sort_values(ascending=False, kind="stable")
    items = []
    for gate in most.index[:MOST_GATES]:
        own = events[events["gatekeeper"] == gate].sort_values("n_events", ascending=False, kind="stable")
        told = [f"{quoted(subject.title(row.trend))} ({row.n_events} of {row.n_reaching})" for row in each(own[:3])]
        more = len(own) - len(told)
        tail = f", and to {count(more, 'other trend')}" if more else ""
        items.append(f"{quoted(subject.title(str(gate)))}, on the way of events to {listed(told)}{tail}.")
    return lead, items


def _alone(subject: Subject, nodes: pd.DataFrame) -> str:
    alone = nodes.loc[(nodes["acts_on"] == 0) & (nodes["acted_on_by"] == 0), "node"]
    if alone.empty:
        return "No event and no trend stands without any relation."
    names = listed(quoted(subject.title(node)) for node in alone)
    return f"Without any relation {'stands' if len(alone) == 1 else 'stand'} {names}."
