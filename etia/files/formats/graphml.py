"""A graph as GraphML, for Gephi, yEd, Cytoscape and other programs."""

from __future__ import annotations

from typing import Any

__all__ = ["graphml"]


def graphml(graph: Any) -> str:
    """The graph's text; lists become one text with commas, what is missing is left out, as GraphML has neither."""
    import networkx as nx

    plain = nx.MultiDiGraph(**_scalars(graph.graph))
    plain.add_nodes_from((name, _scalars(data)) for name, data in graph.nodes(data=True))
    plain.add_edges_from((s, t, key, _scalars(data)) for s, t, key, data in graph.edges(keys=True, data=True))
    return "\n".join(nx.generate_graphml(plain)) + "\n"


def _scalars(data: dict[str, Any]) -> dict[str, Any]:
    return {
        key: ", ".join(map(str, value)) if isinstance(value, (tuple, list)) else value
        for key, value in data.items()
        if value is not None and value != ()
    }
