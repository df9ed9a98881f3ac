"""A sign of life on a terminal while something takes longer than about a second."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

import click

from etia.cli import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["busy"]

_PATIENCE, _BEAT = 1.0, 0.5  # seconds


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Show what goes on and for how long, on standard error where that is a terminal, and take it away at the end."""
    if not sys.stderr.isatty() or click.get_current_context().ensure_object(Settings).quiet:
        yield
        return
    done, started = Event(), time.monotonic()

    def tell() -> None:
        pause = _PATIENCE
        while not done.wait(pause):
            sys.stderr.write(f"\r{what} … {time.monotonic() - started:.0f} s")
            sys.stderr.flush()
            pause = _BEAT

    teller = Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()
