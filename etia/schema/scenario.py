"""A scenario file: overrides of a model, and what applies on top (method §10)."""

from __future__ import annotations

from etia.schema.base import Base, Names, Text

__all__ = ["ScenarioHead"]


class ScenarioHead(Base):
    """The keys of a scenario that are not the model's own; all others override the model key by key."""

    etia: Text | None = None
    """version of the format"""
    title: Text | None = None
    """what it supposes, in words"""
    note: Text | None = None
    """why it is worth a look"""
    extends: Text | None = None
    """a scenario of the same folder, or `reference`, the model as it stands"""
    lens: Text | None = None
    """the lens that it is seen through"""
    policies: Names = ()
    """the policies that are in force"""
