"""The figures of a report: each drawn once, written as SVG and PNG, and kept small for the page that holds them all."""

from __future__ import annotations

import base64
import gc
import re
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from html import escape
from multiprocessing import get_context
from typing import TYPE_CHECKING

from etia.report.document import Figure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from matplotlib.axes import Axes

__all__ = ["FOLDER", "Album", "Plates"]

FOLDER = "figures"
_PLACES = 1
"""decimal places of a point (1/72 inch) that are kept in an embedded figure"""


class Album:
    """Draws figures into a folder, all at the end; without a folder none is drawn, and pages do without."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._asked: list[tuple[str, Callable[[], Axes]]] = []

    def figure(self, name: str, draw: Callable[[], Axes], *, caption: str, alt: str) -> tuple[Figure, ...]:
        """The figure as a block, to be drawn and written by `finish`; nothing where there is no folder."""
        if self._folder is None:
            return ()
        self._asked.append((name, draw))
        return (Figure(name, caption, alt),)

    def finish(self, jobs: int = 1) -> None:
        """Draw and write the figures that were asked for, by as many processes as `jobs` allows.

        matplotlib holds Python's lock while it draws, so threads would not help. Processes that share what is drawn are
        forked, which is safe only where no other thread runs.
        """
        if self._folder is not None:
            (self._folder / FOLDER).mkdir(parents=True, exist_ok=True)
        import etia.figures.style  # noqa: F401 - loaded once, before processes part

        numbers = range(len(self._asked))
        if min(jobs, len(numbers)) > 1 and sys.platform == "linux" and threading.active_count() == 1:
            fork = get_context("fork")
            gc.freeze()  # what is shared is not gone through for garbage, which would copy it page by page
            try:
                with ProcessPoolExecutor(jobs, fork, initializer=_take_up, initargs=(self,)) as pool:
                    list(pool.map(_draw, numbers))
            finally:
                gc.unfreeze()
        else:
            for number in numbers:
                self.draw(number)
        self._asked = []

    def draw(self, number: int) -> None:
        """Draw and write one of the figures that were asked for."""
        from etia.figures import figure_of, save

        assert self._folder is not None
        name, draw = self._asked[number]
        save(figure_of(draw()), self._folder / FOLDER / name)


_taken_up: list[Album] = []
"""the album that a forked process draws"""


def _take_up(album: Album) -> None:
    _taken_up.append(album)


def _draw(number: int) -> None:
    _taken_up[-1].draw(number)


class Plates:
    """Figures as elements of one page, which share the outlines of their letters: `glyphs` goes into the page once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._names: dict[str, str] = {}
        self._outlines: dict[str, str] = {}

    def element(self, figure: Figure) -> str:
        """The figure as HTML that needs no other file: its SVG, or its PNG where that is much smaller."""
        drawing = self._svg((self._folder / f"{figure.name}.svg").read_text(encoding="utf-8"), figure)
        picture = (self._folder / f"{figure.name}.png").read_bytes()
        if len(drawing) <= 2 * len(picture):
            return drawing
        return f'<img alt="{escape(figure.alt)}" src="data:image/png;base64,{base64.b64encode(picture).decode()}">'

    @property
    def glyphs(self) -> str:
        """The letters' outlines that the figures made so far refer to."""
        defined = "".join(f'<path id="{self._names[name]}"{outline}/>' for name, outline in self._outlines.items())
        hidden = 'width="0" height="0" style="position:absolute" aria-hidden="true"'
        return f"<svg {hidden}><defs>{defined}</defs></svg>"

    def _svg(self, text: str, figure: Figure) -> str:
        """An SVG file as an element: no head, ids of its own, points to a tenth, letters by reference."""
        text = text[text.index("<svg") :]
        text = re.sub(r"<metadata>.*?</metadata>|<style type=\"text/css\">.*?</style>|<!--.*?-->", "", text, flags=re.S)
        text = re.sub(_GLYPH, self._keep, text)
        text = re.sub(_USE, self._refer, text)
        used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text)) - set(self._names.values())
        text = re.sub(r' id="([^"]*)"', lambda m: f' id="{figure.name}-{m[1]}"' if m[1] in used else "", text)
        text = re.sub(
            r'((?:href="#|url\(#))([^")]+)', lambda m: m[1] + (f"{figure.name}-" if m[2] in used else "") + m[2], text
        )
        text = re.sub(r' d="([^"]*)"', lambda m: f' d="{_shorter(m[1])}"', text)
        text = re.sub(r'(?<= )(x|y|width|height)="(-?[\d.]+)"', lambda m: f'{m[1]}="{_shorter(m[2])}"', text)
        text = re.sub(r"<defs>\s*</defs>", "", text)
        head = re.search(r"<svg[^>]*>", text)
        size = re.search(r'viewBox="[^"]*"', text)
        assert head is not None
        assert size is not None
        width = float(size[0].split()[2])
        own = f'<svg {size[0]} style="max-width:{width:.0f}pt" role="img" aria-label="{escape(figure.alt)}">'
        whole = re.sub(r">\s+<", "><", own + text[head.end() :]).strip()
        return whole.replace("xlink:href", "href").replace("<g></g>", "").replace("<g/>", "")

    def _keep(self, found: re.Match[str]) -> str:
        name, outline = found[1], found[2]
        if name not in self._names:
            self._names[name] = f"g{len(self._names)}"
            data = re.search(r'd="([^"]*)"', outline)
            assert data is not None
            self._outlines[name] = f' d="{_shorter(data[1])}" transform="scale(0.015625)"'
        return ""

    def _refer(self, found: re.Match[str]) -> str:
        at = f' x="{float(found[2]):.1f}"' if found[2] else ""
        return f'<use href="#{self._names[found[1]]}"{at}/>' if found[1] in self._names else found[0]


_GLYPH = re.compile(r'<path id="(DejaVu[^"]*)"((?:\s+d="[^"]*")\s+transform="scale\(0\.015625\)")\s*/>')
_USE = re.compile(r'<use xlink:href="#(DejaVu[^"]*)"(?: transform="translate\(([-\d.]+) 0\)")?/>')


def _shorter(numbers: str) -> str:
    """Path data with its decimals cut and its white space folded."""
    cut = re.sub(r"-?\d+\.\d+", lambda m: f"{float(m[0]):.{_PLACES}f}".rstrip("0").rstrip("."), numbers)
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", re.sub(r"\s+", " ", cut)).strip().replace(" -", "-")
