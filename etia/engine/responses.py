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

__all__ = [
    "Couplings",
    "Impacts",
    "acting",
    "couple",
    "may_act",
    "own_responses",
    "responses_at",
    "spectral_radius",
    "total_responses",
]


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
            elif np.isinf(fades[i]):
                shape[age] += lasting[i]
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
def _couple(source, target, strength, lag, acts, deviation):  # type: ignore[no-untyped-def]
    """Add to every row what couplings pass on; `acts` (rows, K) tells which of its trends deviate at all.

    What a trend gives is passed on at once when all that reaches it is there; in loops as many steps at a time as pass
    before anything comes back.
    """
    n_trends, n_steps = deviation.shape[1], deviation.shape[2]
    order, n_straight = _in_order(source, target, n_trends)
    span = n_steps
    for c in order[n_straight:]:
        span = min(span, max(lag[c], 1))
    for row in range(deviation.shape[0]):
        own, is_moved = deviation[row], acts[row]
        for c in order[:n_straight]:
            if is_moved[source[c]]:
                is_moved[target[c]] = True
                _pass_on(own[source[c]], own[target[c]], strength[c], lag[c], 0, n_steps)
        is_known = n_straight == len(order)
        while not is_known:
            is_known = True
            for c in order[n_straight:]:
                if is_moved[source[c]] and not is_moved[target[c]]:
                    is_moved[target[c]], is_known = True, False
        if n_straight < len(order):
            for first in range(0, n_steps, span):
                for c in order[n_straight:]:
                    if is_moved[source[c]]:
                        _pass_on(own[source[c]], own[target[c]], strength[c], lag[c], first, min(first + span, n_steps))


@njit(inline="always")
def _pass_on(given, taken, strength, lag, first, stop):  # type: ignore[no-untyped-def]
    begin = max(first, lag)
    earlier = given[begin - lag :]
    later = taken[begin : max(stop, begin)]
    for t in range(len(later)):
        later[t] += strength * earlier[t]


@njit(cache=True, nogil=True)
def _in_order(source, target, n_trends):  # type: ignore[no-untyped-def]
    """Couplings, those first that come after all that reaches their source, and how many: the rest hang on loops."""
    n_open = np.zeros(n_trends, np.int64)
    for c in range(len(target)):
        n_open[target[c]] += 1
    ready = [k for k in range(n_trends) if n_open[k] == 0]
    order = np.empty(len(source), np.int64)
    n = 0
    while ready:
        k = ready.pop()
        for c in range(len(source)):
            if target[c] == k:
                order[n] = c
                n += 1
        for c in range(len(source)):
            if source[c] == k:
                n_open[target[c]] -= 1
                if n_open[target[c]] == 0:
                    ready.append(target[c])
    n_straight = n
    for c in range(len(source)):
        if n_open[target[c]] > 0:
            order[n] = c
            n += 1
    return order, n_straight


def couple(own: Floats, couplings: Couplings) -> Floats:
    """(rows, K, steps) `own` deviations with what couplings pass on: d_k(t) = own_k(t) + Σ_j c_jk · d_j(t − lag_jk)."""
    out, c = own.copy(), couplings
    if len(c.source):
        _couple(c.source, c.target, c.strength, c.lag, np.any(own, axis=2), out)
    return out


def total_responses(impacts: Impacts, couplings: Couplings, n_rows: int, n_trends: int, n_ages: int) -> Floats:
    """(rows, K, ages) total response G_ek(age): the impact's own shape and all that reaches k through couplings."""
    out, c = own_responses(impacts, n_rows, n_trends, n_ages), couplings
    if len(c.source):
        acts = np.zeros((n_rows, n_trends), dtype=bool)
        acts[impacts.row, impacts.trend] = True
        _couple(c.source, c.target, c.strength, c.lag, acts, out)
    return out


def may_act(impacts: Impacts, couplings: Couplings, n_rows: int, n_trends: int) -> NDArray[np.bool_]:
    """(rows, K) which total responses impacts and couplings lead to; sizes of 0 may make nothing of some."""
    out = np.zeros((n_rows, n_trends), dtype=bool)
    out[impacts.row, impacts.trend] = True
    passes = np.eye(n_trends, dtype=bool)
    passes[couplings.source, couplings.target] = True
    for _ in range(n_trends):
        before = out
        out = out @ passes
        if np.array_equal(out, before):
            break
    return out


@njit(cache=True, nogil=True)
def _fill_acts(response, within, out):  # type: ignore[no-untyped-def]
    for row in range(out.shape[0]):
        for k in range(out.shape[1]):
            if not within[row, k]:
                continue
            for x in response[row, k]:
                if x != 0.0:
                    out[row, k] = True
                    break


def acting(response: Floats, within: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """(rows, K) which responses (rows, K, ages) are not 0 throughout; of those `within` where it is known."""
    out = np.zeros(response.shape[:2], dtype=bool)
    _fill_acts(response, np.ones_like(out) if within is None else within, out)
    return out


@njit(cache=True, nogil=True)
def _add_responses(step, is_counted, response_row, response, acts, out):  # type: ignore[no-untyped-def]
    n_trends, n_steps = out.shape
    for event in range(len(step)):
        if not is_counted[event] or step[event] < 0 or step[event] >= n_steps:
            continue
        row = response_row[event, step[event]]
        for k in range(n_trends):
            if acts[row, k]:
                for t in range(step[event], n_steps):
                    out[k, t] += response[row, k, t - step[event]]


def responses_at(
    step: Ints,
    is_counted: NDArray[np.bool_],
    response_row: Ints,
    response: Floats,
    acts: NDArray[np.bool_] | None = None,
) -> Floats:
    """(K, T) Σ_e G_ek(t − τ_e) over the counted events, at their steps (N,). `acts` as of `acting`, where known."""
    out = np.zeros((response.shape[1], response.shape[2]))
    known = np.ones(response.shape[:2], dtype=bool) if acts is None else acts
    _add_responses(step, is_counted, response_row, response, known, out)
    return out


def spectral_radius(couplings: Couplings, n_trends: int) -> float:
    """Spectral radius of the matrix of |c|, parallel couplings summed; below 1 no loop can amplify itself."""
    matrix = np.zeros((n_trends, n_trends))
    np.add.at(matrix, (couplings.source, couplings.target), np.abs(couplings.strength))
    return float(np.abs(np.linalg.eigvals(matrix)).max(initial=0.0))
