"""A graph as JSON: its nodes and its edges with all that is known of them."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["node_link", "node_link_text"]

SCHEMA_VERSION = 1


def node_link(graph: Any) -> dict[str, Any]:
    """`nodes`: objects with `id` and the node's attributes; `edges`: with `source`, `target`, `key` and the edge's."""
    nodes = [{"id": name, **_plain(data)} for name, data in graph.nodes(data=True)]
    edges = [
        {"source": source, "target": target, "key": key, **_plain(data)}
        for source, target, key, data in graph.edges(keys=True, data=True)
    ]
    return {"title": graph.graph.get("title"), "directed": True, "multigraph": True, "nodes": nodes, "edges": edges}


def node_link_text(graph: Any) -> str:
    """The object as text, its version first."""
    return json.dumps({"schema_version": SCHEMA_VERSION, **node_link(graph)}, ensure_ascii=False, indent=2) + "\n"


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in data.items()}
