"""What a page is made of: sections of a few kinds of blocks, written once and rendered as Markdown and as HTML.

Texts are plain: no mark-up stands in them, so that each form can escape what it must.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import ClassVar

__all__ = ["Aside", "Block", "Bullets", "Entry", "Figure", "Page", "Paragraph", "Quote", "Section", "Table", "anchor"]


@dataclass(frozen=True)
class Paragraph:
    """Sentences."""

    kind: ClassVar[str] = "paragraph"
    text: str


@dataclass(frozen=True)
class Entry:
    """Sentences about one named thing, its name in front."""

    kind: ClassVar[str] = "entry"
    term: str
    text: str


@dataclass(frozen=True)
class Bullets:
    """A list."""

    kind: ClassVar[str] = "bullets"
    items: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True)
class Quote:
    """What a source says, and where."""

    kind: ClassVar[str] = "quote"
    text: str
    source: str


@dataclass(frozen=True)
class Table:
    """Rows of texts below column heads; `right` says which columns hold numbers."""

    kind: ClassVar[str] = "table"
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[bool, ...] = ()
    caption: str = ""

    def is_right(self, column: int) -> bool:
        """Whether a column is set flush right."""
        return column < len(self.right) and self.right[column]


@dataclass(frozen=True)
class Figure:
    """A figure of the folder `figures`, what it is called below, and what it shows for those who cannot see it."""

    kind: ClassVar[str] = "figure"
    name: str
    caption: str
    alt: str


@dataclass(frozen=True)
class Aside:
    """A remark in small type."""

    kind: ClassVar[str] = "aside"
    text: str


Block = Paragraph | Entry | Bullets | Quote | Table | Figure | Aside


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: tuple[Block, ...]
    parts: tuple[Section, ...] = ()


@dataclass(frozen=True)
class Page:
    """One layer's page."""

    name: str
    """describe, map, prescribe: the file's name and the start of anchors"""
    title: str
    lead: tuple[Block, ...]
    sections: tuple[Section, ...] = field(default=())

    def figures(self) -> list[Figure]:
        """All figures, in order."""
        blocks = [*self.lead, *(block for section in self.sections for block in _all_blocks(section))]
        return [block for block in blocks if isinstance(block, Figure)]


def _all_blocks(section: Section) -> list[Block]:
    return [*section.blocks, *(block for part in section.parts for block in _all_blocks(part))]


def anchor(*words: str) -> str:
    """An id for a place in a page, from its words: Latin letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", " ".join(words)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "part"
