"""How soon the command line answers: `etia --help`, and `etia check` of the flagship with its scenarios.

In processor seconds of the whole process, interpreter included, the best of five: other work on the machine does not
count. The first call of each is not counted, for it may compile bytecode.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.tables import MISSED

ROOT = Path(__file__).parent.parent
BOUNDS = {("--help",): 0.15, ("check", "models/look_east"): 1.0}
"""processor seconds by command line"""


def seconds(arguments: tuple[str, ...]) -> float:
    """User and system seconds of one call."""
    before = os.times()
    subprocess.run([sys.executable, "-m", "etia.cli", *arguments], cwd=ROOT, check=True, capture_output=True)
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


def main() -> int:
    """Time each command line; `MISSED` where one takes longer than its bound."""
    late = 0
    for arguments, bound in BOUNDS.items():
        seconds(arguments)
        best = min(seconds(arguments) for _ in range(5))
        late += best > bound
        print(f"etia {' '.join(arguments)}: {best:.2f} s (bound {bound:g} s)")
    return MISSED if late else 0


if __name__ == "__main__":
    sys.exit(main())
