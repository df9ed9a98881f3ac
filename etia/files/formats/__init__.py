"""What a graph can be written as: one file a form, listed here by ending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etia.files.formats.dot import dot
from etia.files.formats.graphml import graphml
from etia.files.formats.mermaid import mermaid
from etia.files.formats.node_link import node_link, node_link_text

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["WRITERS", "dot", "graphml", "mermaid", "node_link"]

WRITERS: dict[str, Callable[[Any], str]] = {
    ".dot": dot,
    ".graphml": graphml,
    ".json": node_link_text,
    ".mmd": mermaid,
}
"""a graph's text in each form, by the file's ending"""
