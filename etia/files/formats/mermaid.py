"""A graph as a Mermaid flow chart, which many wikis and code hosts draw."""

from __future__ import annotations

from typing import Any

__all__ = ["mermaid"]


def mermaid(graph: Any) -> str:
    """The graph's text: events as boxes, trends as stadiums, a group for each level; − marks what lowers."""
    lines = ["flowchart LR"]
    levels = dict.fromkeys(data.get("level") or "" for _, data in graph.nodes(data=True))
    for level in levels:
        inside = [f"{_id(n)}{_box(d)}" for n, d in graph.nodes(data=True) if (d.get("level") or "") == level]
        if level:
            lines += [f"  subgraph level_{level}[{level}]", *(f"    {line}" for line in inside), "  end"]
        else:
            lines += [f"  {line}" for line in inside]
    for source, target, data in graph.edges(data=True):
        arrow = "-.->" if data["kind"] in ("requires", "prevented_by") else "-->"
        sign = "+" if data["sign"] >= 0 else "−"
        lines.append(f'  {_id(source)} {arrow}|"{sign}"| {_id(target)}')
    lines.append("  classDef trend fill:#f7f7f2,stroke:#6b6b6b")
    return "\n".join(lines) + "\n"


def _id(name: str) -> str:
    """The node's name with a letter before it: `end`, `graph` and other words of the language are names too."""
    return f"n_{name}"


def _box(data: dict[str, Any]) -> str:
    when = data.get("date") or (f"by {data['by']}" if data.get("by") else "")
    title = f"{when} {data['title']}".strip()
    for mark, code in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("`", "#96;")):
        title = title.replace(mark, code)
    return f'(["{title}"]):::trend' if data["kind"] == "trend" else f'["{title}"]'
