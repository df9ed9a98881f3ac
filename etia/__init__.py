"""Event-based trend impact analysis: dated events, trends and policies in one probability model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from etia.facade import Model, Run, compare, ledger, load, open_run, run

__all__ = ["Model", "Run", "compare", "ledger", "load", "open_run", "run"]


def __getattr__(name: str) -> Any:
    """The name from the facade, imported now: `import etia` costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'etia' has no attribute {name!r}")
    from etia import facade

    return getattr(facade, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
