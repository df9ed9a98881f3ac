"""A sign of life on a terminal while something takes longer than about a second."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from etia.cli import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["busy"]

_PATIENCE, _BEAT = 1.0, 0.5  # seconds


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Show what goes on and for how long, on standard error where that is a terminal, and take it away at the end.

    By a timer's signal: a thread would stand in the way of work that is handed to forked processes.
    """
    is_quiet = click.get_current_context().ensure_object(Settings).quiet
    if is_quiet or not sys.stderr.isatty() or not hasattr(signal, "setitimer"):
        yield
        return
    started = time.monotonic()

    def tell(*_: object) -> None:
        sys.stderr.write(f"\r{what} … {time.monotonic() - started:.0f} s")
        sys.stderr.flush()

    before = signal.signal(signal.SIGALRM, tell)
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE, _BEAT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()
