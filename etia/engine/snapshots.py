"""All trends of all runs at some steps: one pass over the draws, their noise made once for all trends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from etia.engine.paths import courses, fill_paths
from etia.engine.program import NEVER
from etia.engine.propagation import noise_paths

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from etia.engine.ensemble import Kept, Outcomes

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["latent_at"]

_CHUNK = 256
"""runs handled at once where there is noise, so that little memory serves all"""


def latent_at(outcomes: Outcomes, steps: Ints, each_draw: Callable[[Callable[[int], None]], object]) -> Floats:
    """(K, P · R, S) latent values of all trends in all runs at the given steps; nan where a trend has no value.

    The same numbers as `outcomes.latent`, to the last bit. `each_draw` does a piece of work for every draw.
    """
    n_trends = outcomes.kept[0].shared.shape[0]
    out = np.empty((n_trends, len(outcomes.steps), len(steps)))

    def fill(p: int) -> None:
        chunk = outcomes.n_runs if outcomes.kept[p].noise is None else _CHUNK
        for begin in range(0, outcomes.n_runs, chunk):
            n = min(chunk, outcomes.n_runs - begin)
            first = p * outcomes.n_runs + begin
            _fill(outcomes.kept[p], outcomes.steps[first : first + n], begin, steps, out[:, first : first + n])

    each_draw(fill)
    return out


def _fill(kept: Kept, event_steps: NDArray[np.int16], begin: int, steps: Ints, out: Floats) -> None:
    """The values of some runs of a draw, from its run number `begin` on, into `out` (K, n, S)."""
    offset = kept.n_steps - kept.n_ages
    if len(steps) > 1 and np.all(np.diff(steps) == 1):
        first = int(steps[0])
        shared = kept.shared[:, first : first + len(steps)]
        added = courses(shared, kept.response, kept.moving, kept.response_row, first, offset)
        fill_paths(added, event_steps, out, trend_axis=0)
    else:
        out[:] = kept.shared[:, None, steps]
        _add_responses(event_steps, kept.moving, offset, kept.response_row, kept.response, steps, out)
    noise = kept.noise
    if noise is None or not len(steps) or steps.max() < noise.first_step:
        return
    streams = kept.streams.starting_at(kept.streams.first_run + begin)
    paths = noise_paths(noise, kept.shared.shape[0], streams, len(event_steps))
    assert paths is not None
    late = np.flatnonzero(steps >= paths[0])
    _add_noise(paths[1], late, steps[late] - paths[0], out)


@njit(cache=True, nogil=True)
def _add_responses(event_steps, moving, first_offset, response_row, response, steps, out):  # type: ignore[no-untyped-def]
    """out[k, r, s] += Σ over moving events of response[row, k, steps[s] − τ]."""
    n_trends, n_runs, n_steps = out.shape
    for r in range(n_runs):
        for m in range(len(moving)):
            tau = event_steps[r, moving[m]]
            if tau == NEVER:
                continue
            courses = response[response_row[m, tau - first_offset]]
            for k in range(n_trends):
                for s in range(n_steps):
                    if steps[s] >= tau:
                        out[k, r, s] += courses[k, steps[s] - tau]


@njit(cache=True, nogil=True)
def _add_noise(paths, places, offsets, out):  # type: ignore[no-untyped-def]
    for r in range(paths.shape[0]):
        for k in range(paths.shape[1]):
            for i in range(len(places)):
                out[k, r, places[i]] += paths[r, k, offsets[i]]
