"""Bands of noisy trends: noisy samples against the exact mixture over event histories, at equal time.

The standard job with noise, which no event feels. Errors are root mean squares over trends, steps (every twelfth) and
repetitions of the latent p5, p50 and p95, in standard deviations of the trend, against a long mixture.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.standard import Job, job
from benchmarks.tables import MISSED, Row, write
from etia.engine.ensemble import Outcomes, simulate_draw
from etia.engine.mixture import mixture, noise_spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEVELS = np.array([0.05, 0.5, 0.95])


def _sampled(given: Job, first: int, n: int) -> Floats:
    """(K, 3, T − 1) quantiles of noisy samples."""
    steps, kept = simulate_draw(given.program, given.streams.starting_at(first), n)
    outcomes = Outcomes(steps, (kept,), n)
    found = []
    for k in range(given.program.n_trends):
        values = np.sort(np.ascontiguousarray(outcomes.latent(k, 1).T), axis=1)
        found.append(values[:, np.ceil(LEVELS * n).astype(int) - 1].T)
    return np.array(found)


def _mixed(given: Job, first: int, n: int) -> Floats:
    """(K, 3, T − 1) quantiles of the mixture."""
    from dataclasses import replace

    noise = given.program.trends.noise
    assert noise is not None
    steps, kept = simulate_draw(given.program, given.streams.starting_at(first), n)
    outcomes = Outcomes(steps, (replace(kept, noise=None),), n)
    spread = noise_spread(noise, given.program.n_trends)
    levels = np.repeat(LEVELS[:, None], spread.shape[1], axis=1)
    return np.array([mixture(outcomes.latent(k, 1), spread[k]).quantiles(levels) for k in range(len(spread))])


def main(small: bool = False) -> int:
    """Measure, print and keep the table."""
    given, repetitions = job(noise=True), 3 if small else 10
    n_sampled = 2_000 if small else 20_000
    spread = noise_spread(given.program.trends.noise, given.program.n_trends)  # type: ignore[arg-type]

    def seconds(work: object, n: int) -> float:
        work(given, 0, n)  # type: ignore[operator]
        best = []
        for _ in range(3):
            start = time.thread_time()
            work(given, 0, n)  # type: ignore[operator]
            best.append(time.thread_time() - start)
        return min(best)

    sampling = seconds(_sampled, n_sampled)
    n_mixed = n_sampled
    for _ in range(4):
        n_mixed = int(n_mixed * min(sampling / seconds(_mixed, n_mixed), 8.0))
    truth = _mixed(given, 10**8, 1_000_000 if not small else 100_000)
    scale = spread[:, None, ::12]

    def error(work: object, n: int) -> Floats:
        found = [work(given, i * n, n) for i in range(repetitions)]  # type: ignore[operator]
        return np.sqrt(np.mean([((one - truth)[:, :, ::12] / scale) ** 2 for one in found], axis=(0, 1, 3)))

    by_sample, by_mixture = error(_sampled, n_sampled), error(_mixed, n_mixed)
    rows = [
        Row("noisy samples: runs", n_sampled),
        Row("seconds for all quantiles", sampling),
        Row("mixture: runs in that time", n_mixed),
        *(Row(f"p{round(100 * p)}: error of noisy samples", e) for p, e in zip(LEVELS, by_sample, strict=True)),
        *(Row(f"p{round(100 * p)}: error of the mixture", e) for p, e in zip(LEVELS, by_mixture, strict=True)),
    ]
    write("mixture", rows, small)
    return MISSED if np.any(by_mixture > by_sample) else 0


if __name__ == "__main__":
    sys.exit(main("--small" in sys.argv))
