"""All measurements, or those named, one after the other: `python -m benchmarks [--small] [NAME…]`.

Each runs in a process of its own, so that none measures another's memory or caches; what it prints is kept in
`benchmarks/results/NAME.txt`, some beside it as CSV, Markdown and a plot. `--small` looks whether they work, in less
than a minute, and keeps what it finds in `benchmarks/results/small`: a bound missed at that size is told and no more.
The exit code is 1 where one of them failed, or at full size missed its bound.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.tables import MISSED, results

HERE = Path(__file__).parent
SMALL = ("speed", "memory", "cost", "mixture")
"""what `--small` runs where nothing is named"""


def names() -> list[str]:
    """The measurements that there are: modules that can be run."""
    return sorted(
        file.stem
        for file in HERE.glob("*.py")
        if not file.stem.startswith("_") and "__main__" in file.read_text(encoding="utf-8")
    )


def measured(name: str, options: list[str]) -> bool:
    """Run one and keep what it prints; whether it ran and, at full size, kept its bound."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *options],
        cwd=HERE.parent,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    print(f"{name}:\n{done.stdout}", flush=True)
    (results("--small" in options) / f"{name}.txt").write_text(done.stdout, encoding="utf-8")
    if done.returncode == MISSED:
        print(f"{name} missed its bound", flush=True)
        return "--small" in options
    if done.returncode:
        print(f"{name} failed (exit code {done.returncode})", flush=True)
    return done.returncode == 0


def main(wanted: list[str]) -> int:
    """Run the measurements; 1 where one missed its bound, 2 where there is none of a name."""
    options = [word for word in wanted if word == "--small"]
    wanted = [word for word in wanted if word != "--small"]
    unknown = set(wanted) - set(names())
    if unknown:
        print(f"there is no measurement {', '.join(sorted(unknown))}; there are {', '.join(names())}", file=sys.stderr)
        return 2
    kept = [measured(name, options) for name in wanted or (SMALL if options else names())]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
