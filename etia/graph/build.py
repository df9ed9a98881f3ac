"""A model as a directed graph: events and trends are its nodes, relations its edges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etia.calendar import Period
from etia.graph.effects import (
    central,
    coupling_effect,
    impact_effect,
    link_effect,
    months,
    sensitivity_effect,
)
from etia.quantity import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etia.schema.event import Event
    from etia.schema.model import Model

__all__ = ["build", "relations"]

Edge = tuple[str, str, str, dict[str, Any]]
"""source, target, key, attributes"""


def build(model: Model) -> Any:
    """The event–trend graph of a model, as a `networkx.MultiDiGraph` in order of writing.

    Nodes have `kind` (`event` or `trend`), `title`, `level`, `domains`, and an event `date`, `prospective` and, where
    it has a probability, `probability` (central) and `by`. Edges, keyed by their relation as written, have `kind`
    (`link`, `impact`, `coupling`, `sensitivity`, `requires`, `prevented_by`), `effect` (central, in the latent scale; a
    link's ln ρ; ±1 for conditions), `sign` (1, −1 or 0), `strength` (|effect| over the largest of its kind and target
    trend, 0 … 1), `mechanism`, `lag` (months) and `label`; what is not there is None.
    """
    import networkx as nx

    graph = nx.MultiDiGraph(title=model.title)
    for name, event in model.events.items():
        graph.add_node(
            name, kind="event", title=event.title, level=event.level, domains=event.domains, **_when(event, model)
        )
    for name, trend in model.trends.items():
        graph.add_node(name, kind="trend", title=trend.title, level=trend.level, domains=trend.domains, date=None)
    edges = [edge for found in (_links, _conditions, _sensitivities, _impacts, _couplings) for edge in found(model)]
    largest: dict[tuple[str, str], float] = {}
    for _, target, _, data in edges:
        group = _group(data["kind"], target)
        largest[group] = max(largest.get(group, 0.0), abs(data["effect"]))
    for source, target, key, data in edges:
        effect = data["effect"]
        strength = abs(effect) / largest[_group(data["kind"], target)] if effect else 0.0
        graph.add_edge(source, target, key=key, sign=(effect > 0) - (effect < 0), strength=strength, **data)
    return graph


def relations(graph: Any) -> list[tuple[str, str, str, float]]:
    """The graph's relations as `structure.model_matrix` takes them: (source, target, kind, effect)."""
    return [(source, target, data["kind"], data["effect"]) for source, target, data in graph.edges(data=True)]


def _group(kind: str, target: str) -> tuple[str, str]:
    """What a relation's strength is held against: those of its kind, at one trend where it ends at a trend."""
    return (kind, target if kind in ("impact", "coupling") else "")


def _when(event: Event, model: Model) -> dict[str, Any]:
    date = event.happens if isinstance(event.happens, Period) else event.date
    timeline = model.timeline
    prospective = date is None or timeline.first_step(date) > timeline.as_of
    found: dict[str, Any] = {"date": None if date is None else str(date), "prospective": prospective}
    if event.happens == "never":
        found["never"] = True
    elif prospective and event.probability:
        last = event.probability[-1]
        found |= {"by": str(last.by), "probability": central(last.value, Kind.PROBABILITY)}
    return found


def _links(model: Model) -> Iterator[Edge]:
    for key, link in model.links.items():
        data = {"kind": "link", "effect": link_effect(link), "mechanism": link.mechanism, "lag": months(link.lag)}
        yield link.source, link.target, key, data | {"label": link.label or None}


def _conditions(model: Model) -> Iterator[Edge]:
    for name, event in model.events.items():
        for kind, sources, effect in (("requires", event.requires, 1.0), ("prevented_by", event.prevented_by, -1.0)):
            for source in sources:
                data = {"kind": kind, "effect": effect, "mechanism": None, "lag": None, "label": None}
                yield source, name, f"{name} {kind} {source}", data


def _sensitivities(model: Model) -> Iterator[Edge]:
    for name, event in model.events.items():
        for trend, own in event.sensitive_to.items():
            data = {"kind": "sensitivity", "effect": sensitivity_effect(own), "mechanism": own.mechanism, "lag": None}
            yield trend, name, f"{name} sensitive_to {trend}", data | {"label": None}


def _impacts(model: Model) -> Iterator[Edge]:
    for key, impact in model.impacts.items():
        effect = impact_effect(impact, model.trends[impact.target])
        data = {"kind": "impact", "effect": effect, "mechanism": impact.mechanism, "lag": months(impact.starts)}
        yield impact.source, impact.target, key, data | {"label": impact.label or None}


def _couplings(model: Model) -> Iterator[Edge]:
    for key, coupling in model.couplings.items():
        data = {"kind": "coupling", "effect": coupling_effect(coupling), "mechanism": coupling.mechanism}
        yield (
            coupling.source,
            coupling.target,
            key,
            data | {"lag": months(coupling.lag), "label": coupling.label or None},
        )
