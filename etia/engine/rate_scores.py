"""How outcomes answer to the base rates: scores of sampled runs, for calibration's part of errors (method §8).

For an event with rate λ = λ0 · F the log-likelihood of a run is Σ over steps at risk of ln(1 − e^−λ) where it came,
else −λ.
Its derivative by ln λ0 of interval i is the score s_i; then dE[f]/d ln λ0_i = E[f · s_i] for any outcome f of a run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etia.engine.program import NEVER, OPEN
from etia.engine.worlds import ground

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.engine.program import Curves, Program
    from etia.engine.streams import Streams

    Floats = NDArray[np.float64]
    Steps = NDArray[np.int16]

__all__ = ["occurrences", "rate_scores"]

_CHUNK = 1000
"""runs whose rates, step by step, are held at once"""


def occurrences(curves: Curves, steps: Steps) -> NDArray[np.bool_]:
    """(R, I) whether each interval's event came within the interval, up to the elicited date."""
    at = steps[:, curves.event]
    return (at >= curves.first_step) & (at <= curves.by_step)


def rate_scores(program: Program, curves: Curves, streams: Streams, steps: Steps) -> Floats:
    """(R, I) scores of the intervals' ln λ0 in runs with event steps `steps` (R, N), sampled with these streams."""
    out = np.empty((len(steps), len(curves.event)))
    for first in range(0, len(steps), _CHUNK):
        chunk = steps[first : first + _CHUNK]
        out[first : first + _CHUNK] = _chunk_scores(
            program, curves, streams.starting_at(streams.first_run + first), chunk
        )
    return out


def _chunk_scores(program: Program, curves: Curves, streams: Streams, steps: Steps) -> Floats:
    laid = ground(program, streams, steps)
    as_of, n_offsets = program.as_of, laid.n_offsets
    offsets = np.arange(n_offsets + 1)
    out = np.zeros((len(steps), len(curves.event)))
    for m, event in enumerate(laid.mover):
        if program.fixed_step[event] != OPEN:
            continue
        own = np.flatnonzero(curves.event == program.copy_of[event])
        at = np.where(steps[:, event] == NEVER, n_offsets + 1, steps[:, event].astype(np.int64) - as_of)
        begin, end = _at_risk(program, int(event), steps, n_offsets)
        is_at_risk = (offsets > begin[:, None]) & (offsets <= np.minimum(at, end)[:, None])
        rate = np.where(is_at_risk, laid.rate[:, :, m], 0.0)
        score = -rate
        came = np.flatnonzero(at <= n_offsets)
        rate_then = rate[came, at[came]]
        score[came, at[came]] = np.where(rate_then > 0, rate_then / np.expm1(np.maximum(rate_then, 1e-300)), 0.0)
        for i in own:
            out[:, i] += score[:, curves.first_step[i] - as_of : curves.last_step[i] - as_of + 1].sum(axis=1)
    return out


def _at_risk(program: Program, event: int, steps: Steps, n_offsets: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(R,) offsets after which, and up to which, conditions let the event come."""
    begin = np.zeros(len(steps), dtype=np.int64)
    end = np.full(len(steps), n_offsets, dtype=np.int64)
    for on in program.requires.on[program.requires.event == event]:
        begin = np.maximum(
            begin, np.where(steps[:, on] == NEVER, n_offsets, steps[:, on].astype(np.int64) - program.as_of)
        )
    for on in program.prevented_by.on[program.prevented_by.event == event]:
        end = np.minimum(end, np.where(steps[:, on] == NEVER, n_offsets, steps[:, on].astype(np.int64) - program.as_of))
    return begin, end
