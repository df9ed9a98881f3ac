"""How long the flagship study takes, and where it goes: `python -m benchmarks.flagship [--small]`.

`etia run models/look_east` with defaults, cold (nothing compiled before) and warm, each in a process of its own: wall
and processor seconds, and the memory that it held at the most. Then one warm run in this process, part by part.
"""

from __future__ import annotations

import os

# as the command line has it; numpy reads it when it is imported
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.tables import Row, write

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
MODEL = "models/look_east"


def command(name: str, cache: str, folder: str) -> list[Row]:
    """What one call of the command takes."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "etia.cli", "run", MODEL, "-o", folder, "--quiet"],
        cwd=ROOT, stdout=subprocess.DEVNULL, env={**os.environ, "NUMBA_CACHE_DIR": cache},
    )  # fmt: skip
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the command failed with {process.returncode}")
    return [
        Row(f"{name}: wall seconds of the command", time.perf_counter() - start),
        Row(f"{name}: processor seconds of the command", used.ru_utime + used.ru_stime),
        Row(f"{name}: megabytes resident at the most", used.ru_maxrss / 1024),
    ]


def _processor_seconds() -> float:
    """Of this process and of those that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def phases(small: bool) -> list[Row]:
    """Seconds of each part of a run in this process; each stands for what the parts before it have not made."""
    rows = []

    def timed(name: str, work: Callable[[], object]) -> None:
        wall, processor = time.perf_counter(), _processor_seconds()
        work()
        rows.append(Row(f"{name}: wall seconds", time.perf_counter() - wall))
        rows.append(Row(f"{name}: processor seconds", _processor_seconds() - processor))

    import etia

    model = etia.load(str(ROOT / MODEL))
    run = etia.run(model, draws=20 if small else 200)
    timed("fitting, calibration of all draws", lambda: run.study.calibrated)
    timed("event steps of all lenses", lambda: [case.outcomes for case in run.cases.under_all_lenses()])
    for layer in ("describe", "map", "prescribe", "learn"):
        timed(f"layer {layer}", lambda layer=layer: run.tables.layer(layer))
    with tempfile.TemporaryDirectory() as folder:
        timed("tables, figures and pages written", lambda: run.save(Path(folder, "run")))
    return rows


def main(small: bool = False) -> int:
    """Measure, print and keep the table."""
    rows = []
    if not small:
        with tempfile.TemporaryDirectory() as cache:
            rows += command("cold", cache, f"{cache}/cold")
            rows += command("warm", cache, f"{cache}/warm")
    write("flagship", [*rows, *phases(small)], small)
    return 0


if __name__ == "__main__":
    sys.exit(main("--small" in sys.argv))
