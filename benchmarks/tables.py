"""Tables of measurements, printed and kept as CSV and Markdown."""

from __future__ import annotations

import csv
import platform
from pathlib import Path
from typing import NamedTuple

import numpy as np

__all__ = ["MISSED", "Row", "machine", "results", "write"]

MISSED = 3
"""exit code of a measurement that ran and missed its bound; a crash has Python's own 1"""


class Row(NamedTuple):
    """A measured number and what it was meant to be, if anything."""

    what: str
    value: float
    target: str = ""


def machine() -> str:
    """What it was measured on, in a line."""
    name = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line for line in info.read_text("utf-8").splitlines() if line.startswith("model name")]
        name = lines[0].split(":", 1)[1].strip() if lines else name
    return f"{name}, Python {platform.python_version()}, numpy {np.__version__}"


def results(small: bool) -> Path:
    """The folder of what is measured: `benchmarks/results`, or `small` within it, so that neither takes the other's
    place.
    """
    folder = Path(__file__).parent / "results" / ("small" if small else "")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write(name: str, rows: list[Row], small: bool) -> None:
    """Print the rows and keep them as NAME.csv and NAME.md in the folder of the results."""
    folder = results(small)
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([Row._fields, *rows])
    lines = [f"{row.what} | {_told(row.value)} | {row.target}" for row in rows]
    text = "\n".join([f"Measured on {machine()}.\n", "what | value | target", "--- | --- | ---", *lines, ""])
    (folder / f"{name}.md").write_text(text, encoding="utf-8")
    print(text)


def _told(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.4g}"
