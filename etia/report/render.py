"""Pages as Markdown, and all pages as one HTML file that needs nothing else."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from etia.report.document import anchor

if TYPE_CHECKING:
    from collections.abc import Sequence

    import jinja2

    from etia.report.album import Plates
    from etia.report.document import Page

__all__ = ["html", "markdown"]

_MARKS = re.compile(r"([\\`*_\[\]<>|#$~])")


def _escaped(text: str) -> str:
    """A text in which Markdown sees no marks; what only counts at the start of a line is escaped there alone."""
    safe = _MARKS.sub(r"\\\1", " ".join(text.split()))
    return re.sub(r"^(\d+)([.)])(?=\s)", r"\1\\\2", re.sub(r"^([-+])(?=\s)", r"\\\1", safe))


@lru_cache
def _templates(*, for_html: bool) -> jinja2.Environment:
    import jinja2

    found = jinja2.Environment(
        loader=jinja2.PackageLoader("etia.report"),
        autoescape=for_html,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    found.filters["md"] = _escaped
    found.globals["anchor"] = anchor
    return found


def markdown(page: Page) -> str:
    """One page as Markdown."""
    text = _templates(for_html=False).get_template("page.md.j2").render(page=page)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def html(title: str, pages: Sequence[Page], plates: Plates) -> str:
    """All pages in one HTML file with their figures inside."""
    from markupsafe import Markup

    drawings = {figure.name: Markup(plates.element(figure)) for page in pages for figure in page.figures()}
    template = _templates(for_html=True).get_template("report.html.j2")
    text = template.render(title=title, pages=pages, drawings=drawings, glyphs=Markup(plates.glyphs))
    return re.sub(r"\n\s*\n+", "\n", text).strip() + "\n"
