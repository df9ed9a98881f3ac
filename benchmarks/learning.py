"""How long learning from data takes, against what was promised: `python -m benchmarks.learning`.

Processor seconds, so that other work on the machine does not count; a fit of 20 sizes on 500 points within 2 s, a
backtest of 20 origins of one trend at default draws within 60 s, the turning points of the flagship within 2 s.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.tables import MISSED

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["main"]

MODELS = Path(__file__).parents[1] / "models"


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def fit() -> float:
    """20 sizes on 500 points."""
    from etia.learn.regression import Prior, fit_sizes

    rng = np.random.default_rng(0)
    times = np.arange(500)
    design = np.stack([times >= date for date in np.linspace(20, 480, 20)], axis=1).astype(float)
    latent = design @ rng.normal(size=20) + rng.normal(size=500)
    prior = Prior(np.zeros(20), np.eye(20))
    return _seconds(lambda: fit_sizes(latent, times, [design], prior))


def backtest() -> float:
    """20 origins of one trend, 200 draws × 100 runs."""
    from etia.files.load import load
    from etia.learn.backtest import backtest as over_origins

    model = load(MODELS / "uk_uncertainty").model
    over_origins(model, origins=["2010-Q4"])  # compiled once, outside the measurement
    return _seconds(lambda: over_origins(model))


def turning_points() -> float:
    """Every past event of the flagship on every measured trend."""
    from etia.files.load import load
    from etia.learn.model_breaks import model_turning_points

    model = load(MODELS / "look_east").model
    return _seconds(lambda: model_turning_points(model))


MEASURED = (("fit of 20 sizes on 500 points", fit, 2.0), ("backtest of 20 origins of one trend", backtest, 60.0),
            ("turning points of the flagship", turning_points, 2.0))  # fmt: skip


def main() -> int:
    """Print each time beside its bound; `MISSED` where one is."""
    missed = 0
    for name, work, bound in MEASURED:
        seconds = work()
        missed += seconds > bound
        print(f"{name}: {seconds:.2f} s of {bound:g} s")
    return MISSED if missed else 0


if __name__ == "__main__":
    sys.exit(main())
