"""A model's structure in lines for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.report.numbers import count
from etia.report.subject import each

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

__all__ = ["structure_lines"]

MOST = 10


def structure_lines(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """The nodes that drive and depend most, the strongest loops, what most paths pass, what stands alone."""
    nodes = tables["influence"]
    if nodes.empty:
        return ["The model has no events and no trends."]
    return [
        *_nodes(nodes, "influence", "Most influential"),
        "",
        *_nodes(nodes, "dependence", "Most dependent"),
        "",
        *_loops(tables["feedback_loops"]),
        "",
        *_gatekeepers(tables["gatekeepers"]),
        "",
        *_orphans(nodes),
    ]


def _nodes(nodes: pd.DataFrame, by: str, head: str) -> Iterator[str]:
    """The highest by one measure, with their quadrant and their rank when chains count."""
    ranks = nodes.assign(rank=nodes[f"indirect_{by}"].rank(ascending=False, method="min").astype(int))
    top = ranks.sort_values(by, ascending=False, kind="stable")[:MOST]
    width = max(len(head), *(len(name) + 2 for name in top["node"]))
    yield f"{head:{width}}  influence  dependence  {'quadrant':11}  rank along chains"
    for row in each(top):
        yield f"  {row.node:{width - 2}}  {row.influence:9.2f}  {row.dependence:10.2f}  {row.quadrant:11}  {row.rank}"


def _loops(loops: pd.DataFrame) -> Iterator[str]:
    if loops.empty:
        yield "Feedback loops: none"
        return
    kinds = loops["sign"].value_counts()
    told = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
    yield f"Feedback loops of up to {loops['length'].max()} relations: {len(loops)} ({told}); the strongest:"
    for row in each(loops[:MOST]):
        yield f"  {row.loop}  ({row.sign}, {row.strength:+.2f})"


def _gatekeepers(gates: pd.DataFrame) -> Iterator[str]:
    """Events that stand in the way of most others."""
    events = gates[gates["kind"] == "event"].sort_values("n_events", ascending=False, kind="stable")
    if events.empty:
        yield "Events that all paths to a trend pass: none"
        return
    yield "Events that all paths from others to a trend pass:"
    for row in each(events[:MOST]):
        yield f"  {row.gatekeeper} -> {row.trend}: for {row.n_events} of {count(row.n_reaching, 'event')}"


def _orphans(nodes: pd.DataFrame) -> Iterator[str]:
    alone = nodes.loc[(nodes["acts_on"] == 0) & (nodes["acted_on_by"] == 0), "node"]
    yield f"Without any relation: {', '.join(alone) or 'none'}"
