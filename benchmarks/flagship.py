"""How long the flagship study takes, and where it goes: `python -m benchmarks.flagship [--small]`.

Wall time of `etia run models/look_east` with defaults, cold (nothing compiled before) and warm, each in a
process of its
own; then one warm run in this process, layer by layer, in wall and processor seconds.
"""

from __future__ import annotations

import os
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


def command(cache: str, folder: str) -> float:
    """Wall seconds of one call."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "etia.cli", "run", MODEL, "-o", folder, "--quiet"],
        cwd=ROOT, check=True, capture_output=True, env={**os.environ, "NUMBA_CACHE_DIR": cache},
    )  # fmt: skip
    return time.perf_counter() - start


def phases(small: bool) -> list[Row]:
    """Seconds of each part of a run in this process."""
    rows = []

    def timed(name: str, work: Callable[[], object]) -> None:
        wall, processor = time.perf_counter(), time.process_time()
        work()
        rows.append(Row(f"{name}: wall seconds", time.perf_counter() - wall))
        rows.append(Row(f"{name}: processor seconds", time.process_time() - processor))

    import etia

    model = etia.load(str(ROOT / MODEL))
    run = etia.run(model, draws=20 if small else 200)
    timed("fitting, calibration of all draws", lambda: run.study.calibrated)
    timed("event steps of the reference lens", lambda: run.study.case().outcomes)
    for layer in ("describe", "map", "prescribe"):
        timed(f"layer {layer}", lambda layer=layer: run.tables.layer(layer))
    with tempfile.TemporaryDirectory() as folder:
        timed("tables, figures and pages written", lambda: run.save(Path(folder, "run")))
    return rows


def main(small: bool = False) -> int:
    """Measure, print and keep the table."""
    rows = []
    if not small:
        with tempfile.TemporaryDirectory() as cache:
            rows.append(Row("cold: wall seconds of the command", command(cache, f"{cache}/cold")))
            rows.append(Row("warm: wall seconds of the command", command(cache, f"{cache}/warm")))
    write("flagship", [*rows, *phases(small)])
    return 0


if __name__ == "__main__":
    sys.exit(main("--small" in sys.argv))
