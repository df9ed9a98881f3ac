"""What an event does to every trend, by age: impact shapes, and all that couplings pass on (method §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]

__all__ = ["Couplings", "Impacts", "couple", "own_responses", "responses_at", "spectral_radius", "total_responses"]


@dataclass(frozen=True)
class Impacts:
    """Impacts in Gordon's five parameters, timing in whole steps, sizes in the latent scale (method §4). I impacts."""

    row: Ints  # (I,) row of the response table: the event, or a policy's variant of it
    trend: Ints  # (I,)
    starts: Ints  # (I,) ≥ 0
    peaks: Ints  # (I,) ≥ starts
    settles: Ints  # (I,) ≥ peaks; > peaks where peak ≠ lasting
    peak: Floats  # (I,)
    lasting: Floats  # (I,)
    fades: Floats  # (I,) half-life in steps of what is left after `settles`; inf: stays


@dataclass(frozen=True)
class Couplings:
    """Trend → trend relations: adds strength · d_source(t − lag) to d_target (method §4). C couplings."""

    source: Ints  # (C,)
    target: Ints  # (C,)
    strength: Floats  # (C,)
    lag: Ints  # (C,) whole steps ≥ 1


@njit(cache=True, nogil=True)
def _add_shapes(row, trend, starts, peaks, settles, peak, lasting, fades, out):  # type: ignore[no-untyped-def]
    n_ages = out.shape[2]
    for i in range(len(row)):
        shape = out[row[i], trend[i]]
        for age in range(starts[i], n_ages):
            if age < peaks[i]:
                shape[age] += peak[i] * (age - starts[i]) / (peaks[i] - starts[i])
            elif age == peaks[i]:
                shape[age] += peak[i]
            elif age < settles[i]:
                shape[age] += peak[i] + (lasting[i] - peak[i]) * (age - peaks[i]) / (settles[i] - peaks[i])
            elif lasting[i] == 0.0:
                break
            else:
                shape[age] += lasting[i] * 0.5 ** ((age - settles[i]) / fades[i])


def own_responses(impacts: Impacts, n_rows: int, n_trends: int, n_ages: int) -> Floats:
    """(rows, K, ages) impacts' own shapes, parallel ones added.

    Piecewise linear through (starts, 0), (peaks, peak), (settles, lasting), then lasting · 0.5^((age − settles)/fades).
    """
    out = np.zeros((n_rows, n_trends, n_ages))
    i = impacts
    _add_shapes(i.row, i.trend, i.starts, i.peaks, i.settles, i.peak, i.lasting, i.fades, out)
    return out


@njit(cache=True, nogil=True)
def _couple(source, target, strength, lag, deviation):  # type: ignore[no-untyped-def]
    for row in range(deviation.shape[0]):
        for t in range(deviation.shape[2]):
            for c in range(len(source)):
                if t >= lag[c]:
                    deviation[row, target[c], t] += strength[c] * deviation[row, source[c], t - lag[c]]


def couple(own: Floats, couplings: Couplings) -> Floats:
    """(rows, K, steps) `own` deviations with what couplings pass on: d_k(t) = own_k(t) + Σ_j c_jk · d_j(t − lag_jk)."""
    out = own.copy()
    if len(couplings.source):
        _couple(couplings.source, couplings.target, couplings.strength, couplings.lag, out)
    return out


def total_responses(impacts: Impacts, couplings: Couplings, n_rows: int, n_trends: int, n_ages: int) -> Floats:
    """(rows, K, ages) total response G_ek(age): the impact's own shape and all that reaches k through couplings."""
    return couple(own_responses(impacts, n_rows, n_trends, n_ages), couplings)


@njit(cache=True, nogil=True)
def _add_responses(step, is_counted, response_row, response, out):  # type: ignore[no-untyped-def]
    n_trends, n_steps = out.shape
    for event in range(len(step)):
        if not is_counted[event] or step[event] < 0 or step[event] >= n_steps:
            continue
        row = response_row[event, step[event]]
        for k in range(n_trends):
            for t in range(step[event], n_steps):
                out[k, t] += response[row, k, t - step[event]]


def responses_at(step: Ints, is_counted: NDArray[np.bool_], response_row: Ints, response: Floats) -> Floats:
    """(K, T) Σ_e G_ek(t − τ_e) over the counted events, at their steps (N,)."""
    out = np.zeros((response.shape[1], response.shape[2]))
    _add_responses(step, is_counted, response_row, response, out)
    return out


def spectral_radius(couplings: Couplings, n_trends: int) -> float:
    """Spectral radius of the matrix of |c|, parallel couplings summed; below 1 no loop can amplify itself."""
    matrix = np.zeros((n_trends, n_trends))
    np.add.at(matrix, (couplings.source, couplings.target), np.abs(couplings.strength))
    return float(np.abs(np.linalg.eigvals(matrix)).max(initial=0.0))
