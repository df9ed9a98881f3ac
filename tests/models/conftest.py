"""The fixture of models worked out by hand."""

from tests.models.by_hand import worked

__all__ = ["worked"]
