"""Sources: cards with numbered claims (method §6)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from etia.schema.base import Base, Id, Text, either

__all__ = ["Card", "Claim", "Stance"]

Stance = Annotated[Literal["supports", "contradicts", "qualifies"], either("supports", "contradicts", "qualifies")]


class Claim(Base):
    """What a source says, in our own words."""

    text: Text
    """the claim, paraphrased"""
    where: Text | None = None
    """where in the source it stands: page, section, table"""
    hypotheses: dict[Text, Stance] = Field(default_factory=dict)
    """its stance towards hypotheses: supports, contradicts or qualifies"""
    note: Text | None = None
    """a remark on the claim"""


class Card(Base):
    """A source: bibliographic facts, our summary, its claims."""

    etia: Text | None = None
    """version of the format"""
    id: Id
    """the source's id, such as `s002`"""
    title: Text
    """title of the source"""
    author: Text | None = None
    """who wrote it"""
    publisher: Text | None = None
    """who published it, or the journal"""
    date: Text | None = None
    """when it appeared"""
    language: Text | None = None
    """the language that it is written in"""
    url: Text | None = None
    """where it is found"""
    summary: Text | None = None
    """what it says, in our own words"""
    note: Text | None = None
    """a remark on the source"""
    claims: dict[Text, Claim] = Field(default_factory=dict)
    """its claims by number, such as `s002.3`"""
