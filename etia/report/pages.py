"""The three pages and the report that holds them all, written into a run's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.report.album import Album, Plates
from etia.report.render import html, markdown
from etia.report.subject import Subject

if TYPE_CHECKING:
    from pathlib import Path

    from etia.facade import Run
    from etia.report.document import Page

__all__ = ["LAYERS", "page", "write"]

LAYERS = ("describe", "map", "prescribe")


def page(run: Run, layer: str, folder: Path | None = None) -> Page:
    """One layer's page; its figures are drawn into `folder`, or left out where there is none."""
    album = Album(folder)
    found = _page(Subject(run), layer, album)
    album.finish(run.jobs)
    return found


def _page(subject: Subject, layer: str, album: Album) -> Page:
    from etia.report.describing.page import page as describe
    from etia.report.mapped.page import page as mapped
    from etia.report.prescribing.page import page as prescribe

    return {"describe": describe, "map": mapped, "prescribe": prescribe}[layer](subject, album)


def write(run: Run, folder: Path) -> None:
    """Write `figures/`, `describe.md`, `map.md`, `prescribe.md` and `report.html` of a run into a folder."""
    subject, album = Subject(run), Album(folder)
    pages = [_page(subject, layer, album) for layer in LAYERS]
    album.finish(run.jobs)
    for one in pages:
        _put(folder / f"{one.name}.md", markdown(one))
    _put(folder / "report.html", html(subject.model.title, pages, Plates(folder)))


def _put(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
