"""The library's front door: a model is loaded, run, and asked; everything that the command line can do, in one call."""

from __future__ import annotations

from etia.facade.asking import compare, ledger
from etia.facade.model import Model, load
from etia.facade.running import Run, run
from etia.facade.stored import open_run

__all__ = ["Model", "Run", "compare", "ledger", "load", "open_run", "run"]
