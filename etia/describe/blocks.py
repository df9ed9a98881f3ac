"""The factual runs of a case, a block at a time: event steps, trends at chosen steps, and the ground for reruns."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numba import njit

from etia.engine.program import NEVER
from etia.engine.propagation import noise_paths
from etia.engine.worlds import Ground, ground

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from etia.compile.study import Case
    from etia.engine.ensemble import Kept
    from etia.engine.program import Program, Scales, Steps
    from etia.engine.streams import Streams

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["MOST_RUNS", "Block", "blocks", "in_order"]

MOST_RUNS = 500
"""runs of one draw that are handled at once: what reruns hold of each is some 50 kB"""

_T = TypeVar("_T")
_B = TypeVar("_B")


@dataclass(frozen=True)
class Block:
    """Runs first … first + n − 1 of draw p."""

    case: Case
    p: int
    first: int
    n: int

    @cached_property
    def program(self) -> Program:
        return self.case.program(self.p)

    @property
    def kept(self) -> Kept:
        return self.case.outcomes.kept[self.p]

    @property
    def scales(self) -> Scales:
        return self.kept.scales

    @cached_property
    def steps(self) -> Steps:
        """(n, N) factual event steps."""
        begin = self.p * self.case.outcomes.n_runs + self.first
        return np.ascontiguousarray(self.case.outcomes.steps[begin : begin + self.n])

    @cached_property
    def streams(self) -> Streams:
        streams = self.case.streams(self.p)
        return streams.starting_at(streams.first_run + self.first)

    @cached_property
    def ground(self) -> Ground:
        return ground(self.program, self.streams, self.steps)

    @cached_property
    def random_from(self) -> int:
        """First step at which a trend may differ between factual runs of a draw."""
        noise = self.kept.noise
        if len(self.program.removed) and self.program.removed.any():
            return 0
        return self.kept.as_of + 1 if noise is None else min(self.kept.as_of + 1, noise.first_step)

    def latent(self, steps: Ints, n: int | None = None) -> Floats:
        """(n, K, S) factual latent values at the given steps, of all the block's runs or the first n; nan: no value."""
        n_runs = self.n if n is None else n
        kept = self.kept
        offset = kept.n_steps - kept.n_ages
        out = np.repeat(kept.shared[None][:, :, steps], n_runs, axis=0)
        _add_moving(self.steps[:n_runs], kept.moving, offset, kept.response_row, kept.response, steps, out)
        if kept.noise is not None and len(steps) and steps.max() >= kept.noise.first_step:
            found = noise_paths(kept.noise, kept.shared.shape[0], self.streams, n_runs)
            if found is not None:
                late = steps >= found[0]
                out[:, :, late] += found[1][:, :, steps[late] - found[0]]
        return out


@njit(cache=True, nogil=True)
def _add_moving(steps, moving, first_offset, response_row, response, wanted, out):  # type: ignore[no-untyped-def]
    n_runs, n_trends, n_out = out.shape
    for r in range(n_runs):
        for m in range(len(moving)):
            tau = steps[r, moving[m]]
            if tau == NEVER:
                continue
            row = response_row[m, tau - first_offset]
            for k in range(n_trends):
                for s in range(n_out):
                    if wanted[s] >= tau:
                        out[r, k, s] += response[row, k, wanted[s] - tau]


def blocks(case: Case, most_runs: int | None = None, *, at_once: int = MOST_RUNS) -> Iterator[Block]:
    """All runs of a case in order, or of each draw the first `most_runs`; up to `at_once` of a draw together."""
    outcomes = case.outcomes
    n_runs = outcomes.n_runs if most_runs is None else min(most_runs, outcomes.n_runs)
    for p in range(outcomes.n_draws):
        for first in range(0, n_runs, at_once):
            yield Block(case, p, first, min(at_once, n_runs - first))


def in_order(work: Callable[[_B], _T], items: Iterator[_B] | Sequence[_B], jobs: int) -> Iterator[_T]:
    """`work` done on every item, results in order; with several jobs on threads, few results waiting at a time."""
    if jobs == 1:
        yield from map(work, items)
        return
    source = iter(items)
    with ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(work, item) for item in islice(source, 2 * jobs)]
        while waiting:
            yield waiting.pop(0).result()
            waiting += [pool.submit(work, item) for item in islice(source, 1)]
