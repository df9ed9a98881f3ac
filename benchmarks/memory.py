"""What a million runs of the standard job take, all quantile tables made: `python -m benchmarks.memory [--small]`.

In a process of its own, by the library's own way: a study of the central model, its outcomes, and the
projections of all
trends at all steps. Bound: 1 GB resident at the most.
"""

from __future__ import annotations

import resource
import sys
import time

from benchmarks.standard import model
from benchmarks.tables import MISSED, Row, write

BOUND = 1024.0
"""megabytes"""


def main(small: bool = False) -> int:
    """Make the tables and tell what they took; `MISSED` where the bound is."""
    from etia.compile.study import Settings, Study
    from etia.mapping.projections import projections

    n_runs = 100_000 if small else 1_000_000
    case = Study(model(), {}, Settings(runs=n_runs, central=True, jobs=1)).case()
    start = time.thread_time()
    outcomes = case.outcomes
    sampled = time.thread_time() - start
    found = projections(case)
    made = time.thread_time() - start - sampled
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert len(outcomes.steps) == n_runs
    assert all(len(one.mean) == case.calendar.n_steps for one in found.values())
    rows = [
        Row("runs", n_runs),
        Row("megabytes resident at the most", megabytes, f"below {BOUND:g}"),
        Row("seconds to calibrate and sample", sampled),
        Row("seconds for all quantile tables, their errors and means", made),
    ]
    write("memory", rows, small)
    return MISSED if megabytes > BOUND else 0


if __name__ == "__main__":
    sys.exit(main("--small" in sys.argv))
