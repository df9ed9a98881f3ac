"""What a run costs against events, months, trends and runs: `python -m benchmarks.cost [--small]`.

Thresholds, event steps and float32 trajectories, on one thread, median processor seconds of rounds that take turns. All
else is as in the standard job. The growth is the slope of ln(cost) against ln(size), by least squares. Kept in
`benchmarks/results/cost.csv`, `cost.md` and `cost.png`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.speed import Ours, by_turns
from benchmarks.standard import job
from benchmarks.tables import Row, results, write

if TYPE_CHECKING:
    from pathlib import Path

SIZES = {"events": (10, 20, 40, 80, 160), "months": (60, 120, 240, 480, 960), "trends": (5, 10, 20, 40)}
SMALL = {"events": (10, 20, 40), "months": (60, 120), "trends": (5, 10)}
ARGUMENTS = {"events": "n_events", "months": "n_months", "trends": "n_trends"}


def measured(small: bool) -> dict[str, dict[int, float]]:
    """Nanoseconds a run by size of each axis; for runs, microseconds in all."""
    rounds, n = (2, 4096) if small else (9, 16_384)
    found: dict[str, dict[int, float]] = {}
    for axis, sizes in (SMALL if small else SIZES).items():
        ways = {}
        for size in sizes:
            ours = Ours(job(**{ARGUMENTS[axis]: size}, runs=4000))
            out = ours.buffer()
            ways[str(size)] = (lambda k, ours=ours, out=out: ours.run(k, 0, out), n)
        found[axis] = {int(size): cost for size, cost in by_turns(ways, rounds).items()}
    ours = Ours(job())
    out = ours.buffer()
    sizes = (1_000, 10_000, 100_000) if small else (1_000, 10_000, 100_000, 1_000_000)
    runs = by_turns({str(k): (lambda k: ours.run(k, 0, out), k) for k in sizes}, min(rounds, 5))
    found["runs"] = {int(k): cost * int(k) / 1000.0 for k, cost in runs.items()}
    return found


def growth(costs: dict[int, float]) -> float:
    """Exponent b of cost ∝ size^b."""
    return float(np.polyfit(np.log(list(costs)), np.log(list(costs.values())), 1)[0])


def plot(found: dict[str, dict[int, float]], path: Path) -> None:
    """A panel an axis, both axes logarithmic."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, len(found), figsize=(3.2 * len(found), 3), layout="constrained")
    for panel, (axis, costs) in zip(panels, found.items(), strict=True):
        panel.loglog(list(costs), list(costs.values()), "o-", color="0.2")
        panel.set_xlabel(axis)
        panel.set_ylabel("microseconds in all" if axis == "runs" else "nanoseconds a run")
        panel.set_title(f"grows as size^{growth(costs):.2f}", fontsize=9)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main(small: bool = False) -> int:
    """Measure, print and keep the table and the plot."""
    found = measured(small)
    rows = []
    for axis, costs in found.items():
        unit = "microseconds in all" if axis == "runs" else "nanoseconds a run"
        rows += [Row(f"{size} {axis}: {unit}", cost) for size, cost in costs.items()]
        rows.append(Row(f"{axis}: growth, exponent of size", growth(costs)))
    write("cost", rows, small)
    plot(found, results(small) / "cost.png")
    return 0


if __name__ == "__main__":
    sys.exit(main("--small" in sys.argv))
