"""The event–trend graph as a file, in the form that its ending names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from etia.errors import UsageError

if TYPE_CHECKING:
    from etia.schema.model import Model

__all__ = ["DRAWN", "endings", "export"]

DRAWN = (".svg", ".png")
"""endings that are drawn; the others are written whole"""
MOST_DRAWN = 60


def endings() -> list[str]:
    """The endings that there are, drawings first."""
    from etia.files.formats import WRITERS

    return [*DRAWN, *WRITERS]


def export(model: Model, path: str | Path, *, most: int = MOST_DRAWN) -> Any:
    """Write the model's graph to `path` and return the graph.

    `.svg` and `.png` draw the `most` strongest relations; `.dot`, `.graphml`, `.json` and `.mmd` hold all of them.
    Raises UsageError for another ending.
    """
    from etia.files.formats import WRITERS
    from etia.graph.build import build

    file = Path(path)
    ending = file.suffix.lower()
    if ending not in endings():
        known = ", ".join(endings())
        raise UsageError(f"'{path}' ends in {ending or 'nothing'}; a graph can be written as {known}")
    graph = build(model)
    if ending in DRAWN:
        _draw(graph, file, model, most)
    else:
        file.write_text(WRITERS[ending](graph), encoding="utf-8", newline="\n")
    return graph


def _draw(graph: Any, file: Path, model: Model, most: int) -> None:
    from etia.figures.style import figure_of, save_as  # drawing stands floors above: only where it is asked for
    from etia.figures.web import draw_web

    title = f"{model.title}: events and trends"
    save_as(figure_of(draw_web(graph, most=most, as_of=str(model.calendar.as_of), title=title)), file)
