"""A graph in the language of Graphviz."""

from __future__ import annotations

from typing import Any

__all__ = ["dot"]

RAISES, LOWERS = "#0072B2", "#D55E00"
FILLS = {"macro": "#e4e4f4", "meso": "#ddf0ee"}
CONDITIONS = ("requires", "prevented_by")


def dot(graph: Any) -> str:
    """The graph's text: events as boxes (dashed: still to come), trends as ellipses, lanes by level.

    Blue relations raise, orange ones lower; the wider, the stronger; conditions are dashed.
    """
    lines = ["digraph etia {", "  rankdir=LR;", '  node [fontname="Helvetica", fontsize=11, style="filled,rounded"];']
    lines.append("  edge [arrowsize=0.7];")
    if graph.graph.get("title"):
        lines.append(f"  label={_quoted(graph.graph['title'])};")
    lines += [f"  {_quoted(name)} [{_node(data)}];" for name, data in graph.nodes(data=True)]
    lines += [f"  {_quoted(s)} -> {_quoted(t)} [{_edge(data)}];" for s, t, data in graph.edges(data=True)]
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    escaped = str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _node(data: dict[str, Any]) -> str:
    when = data.get("date") or (f"by {data['by']}" if data.get("by") else "")
    label = f"{when}\n{data['title']}" if when else data["title"]
    shape = "box" if data["kind"] == "event" else "ellipse"
    style = "filled,rounded,dashed" if data.get("prospective") else "filled,rounded"
    if data["kind"] == "trend":
        style = "filled"
    fill = FILLS.get(data.get("level") or "", "#f2f2f2")
    return f'label={_quoted(label)}, shape={shape}, style="{style}", fillcolor="{fill}"'


def _edge(data: dict[str, Any]) -> str:
    colour = RAISES if data["sign"] >= 0 else LOWERS
    parts = [f'color="{colour}"', f"penwidth={0.6 + 2.4 * data['strength']:.2f}"]
    if data["kind"] in CONDITIONS:
        parts.append("style=dashed")
    if data.get("mechanism"):
        parts.append(f"tooltip={_quoted(data['mechanism'])}")
    return ", ".join(parts)
