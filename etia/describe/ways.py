"""The ways by which events reach a trend: an impact, then couplings from trend to trend (method §4, §7).

A way's part of the total response is the impact's own shape, later by the couplings' lags and times their strengths.
Ways with up to MOST_COUPLINGS couplings are told apart; what goes on round longer ways is one rest an event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etia.engine.responses import Impacts, own_responses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from etia.compile.study import Case

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["MOST_COUPLINGS", "WayValues", "Ways", "way_values", "ways"]

MOST_COUPLINGS = 3
_MOST_WALKS = 2_000


@dataclass(frozen=True)
class Ways:
    """All ways to one trend, grouped by event. W ways, N events (a copy goes the ways of its first)."""

    trend: int
    start: Ints  # (N + 1,) ways of event e: start[e] … start[e + 1] − 1, after them one place for the rest
    impact: Ints  # (W,) place among the case's impacts
    couplings: tuple[tuple[int, ...], ...]  # (W,) couplings in the order of the way, by place
    along: Ints  # (W, MOST_COUPLINGS) the same filled up with the number of couplings

    def count(self, event: int) -> int:
        return int(self.start[event + 1] - self.start[event])


@dataclass(frozen=True)
class WayValues:
    """What one draw makes of the ways."""

    gain: Floats  # (W,) product of the strengths
    lag: Ints  # (W,) sum of the lags
    shape: Floats  # (I, T) impacts' own shapes by age
    factor: Floats  # (I, T) or (0, 0): policies' factors by the step at which the event comes


def ways(case: Case, trend: int) -> Ways:
    """All ways from impacts to a trend."""
    compiled = case.compiled
    walks = _walks(compiled.couplings.source, compiled.couplings.target, trend)
    index, impacts = compiled.index, compiled.impacts
    impact: list[int] = []
    couplings: list[tuple[int, ...]] = []
    start = [0]
    for event in range(len(index)):
        for i in np.flatnonzero(impacts.row == index.copy_of[event]).tolist():
            for walk in walks.get(int(impacts.trend[i]), []):
                impact.append(i)
                couplings.append(walk)
        start.append(len(impact))
    along = np.full((len(couplings), MOST_COUPLINGS), len(compiled.couplings.keys), dtype=np.int64)
    for w, walk in enumerate(couplings):
        along[w, : len(walk)] = walk
    return Ways(trend, np.array(start, dtype=np.int64), np.array(impact, dtype=np.int64), tuple(couplings), along)


def _walks(source: NDArray[np.int32], target: NDArray[np.int32], trend: int) -> dict[int, list[tuple[int, ...]]]:
    """Walks along couplings that end at the trend, by the trend that they start from, short ones first."""
    found: dict[int, list[tuple[int, ...]]] = {trend: [()]}
    layer: list[tuple[int, tuple[int, ...]]] = [(trend, ())]
    n_walks = 1
    for _ in range(MOST_COUPLINGS):
        longer = []
        for begin, walk in layer:
            for c in np.flatnonzero(target == begin).tolist():
                n_walks += 1
                if n_walks > _MOST_WALKS:
                    return found
                longer.append((int(source[c]), (c, *walk)))
        for begin, walk in longer:
            found.setdefault(begin, []).append(walk)
        layer = longer
    return found


def way_values(case: Case, found: Mapping[int, Ways], p: int) -> dict[int, WayValues]:
    """Strengths, lags and shapes of one draw along the ways to each trend."""
    compiled, n_steps = case.compiled, case.calendar.n_steps
    impacts, couplings = compiled.impacts.draw(p), compiled.couplings.draw(p)
    n = len(impacts.row)
    each = Impacts(
        np.arange(n, dtype=np.int32), np.zeros(n, dtype=np.int32), impacts.starts, impacts.peaks, impacts.settles,
        impacts.peak, impacts.lasting, impacts.fades,
    )  # fmt: skip
    shape = own_responses(each, n, 1, n_steps)[:, 0]
    scale = compiled.policies.impact_scale(p, len(compiled.impacts.keys), n_steps)
    factor = np.zeros((0, 0)) if scale is None else scale
    # the place after the last coupling stands for none
    strength, lag = np.append(couplings.strength, 1.0), np.append(couplings.lag, 0).astype(np.int64)
    return {
        k: WayValues(strength[ways.along].prod(axis=1), lag[ways.along].sum(axis=1), shape, factor)
        for k, ways in found.items()
    }
