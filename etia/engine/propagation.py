"""What trends do, given when events come: sums of look-ups into total responses, plus noise (method §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from etia.engine.lanes import add, load, multiply, spread, store, unowned, width
from etia.engine.program import LINEAR, LOG, NEVER, Noise, Program, Scales
from etia.engine.streams import Streams, normals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.integer]
    Steps = NDArray[np.int16]

_NEAR = 128
"""runs whose noise is made at once, so that it stays near the processor"""

__all__ = ["couple_noise", "noise_paths", "noise_since", "propagate", "to_units"]


@njit(cache=True, nogil=True, error_model="numpy")
def _recall(innovations, phi, sigma, first, out):  # type: ignore[no-untyped-def]
    """out[r, first + i] = phi · out[r, first + i − 1] + sigma · innovations[r, i]; four runs side by side."""
    n_runs, n = np.uint64(out.shape[0]), np.uint64(out.shape[1])
    one, two, three, four = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
    whole = n_runs - n_runs % four
    for r in range(np.uint64(0), whole, four):
        a = b = c = d = 0.0
        for s in range(first, n):
            i = s - first
            a = phi * a + sigma * innovations[r, i]
            b = phi * b + sigma * innovations[r + one, i]
            c = phi * c + sigma * innovations[r + two, i]
            d = phi * d + sigma * innovations[r + three, i]
            out[r, s], out[r + one, s], out[r + two, s], out[r + three, s] = a, b, c, d
    for r in range(whole, n_runs):
        a = 0.0
        for s in range(first, n):
            a = phi * a + sigma * innovations[r, s - first]
            out[r, s] = a


@njit(cache=True, nogil=True, error_model="numpy")
def _weigh(innovations, weight, out):  # type: ignore[no-untyped-def]
    """out[r, s] = Σ_i weight[i, s] · innovations[r, i], i from 0 on; BLAS threads cost more than they bring here."""
    n_runs, n_steps, n = np.uint64(out.shape[0]), np.uint64(out.shape[1]), np.uint64(innovations.shape[1])
    length = np.uint64(weight.shape[1])
    flat, row = weight.ravel(), np.empty(length)
    w = width(flat)
    last = np.zeros(length // w, np.uint64)  # innovations from here on have no weight in a vector of steps
    for v in range(length // w):
        for i in range(n):
            if weight[i, v * w : (v + np.uint64(1)) * w].any():
                last[v] = i + np.uint64(1)
    for r in range(n_runs):
        for v in range(length // w):
            total = spread(row, 0.0)
            for i in range(last[v]):
                total = add(total, multiply(load(flat, i * length + v * w), spread(row, innovations[r, i])))
            store(row, v * w, total)
        out[r] = row[:n_steps]


@njit(inline="always")
def _pass_on(to, of, strength, lag, begin, end, noise):  # type: ignore[no-untyped-def]
    """What a coupling brings at the steps begin … end − 1; the trends' paths begin at the places `to` and `of`."""
    for t in range(max(begin, lag), end):
        noise[to + t] += strength * noise[of + t - lag]


@njit(cache=True, nogil=True, error_model="numpy")
def _couple_noise(source, target, strength, lag, loop_begin, loop_end, noise):  # type: ignore[no-untyped-def]
    """Add to every trend what couplings pass on, those from `loop_begin` to `loop_end` − 1 in step with one another.

    As many steps are done at once as the shortest lag among them has.
    """
    n_runs, n_trends, n = np.uint64(noise.shape[0]), np.uint64(noise.shape[1]), np.uint64(noise.shape[2])
    none, paths = np.uint64(0), unowned(noise.reshape(-1))
    stretch = n
    for c in range(loop_begin, loop_end):
        stretch = min(stretch, lag[c])
    for r in range(n_runs):
        own = r * n_trends
        for c in range(none, loop_begin):
            _pass_on((own + target[c]) * n, (own + source[c]) * n, strength[c], lag[c], none, n, paths)
        for begin in range(none, n if loop_end > loop_begin else none, stretch):
            for c in range(loop_begin, loop_end):
                to, of = (own + target[c]) * n, (own + source[c]) * n
                _pass_on(to, of, strength[c], lag[c], begin, min(begin + stretch, n), paths)
        for c in range(loop_end, np.uint64(len(source))):
            _pass_on((own + target[c]) * n, (own + source[c]) * n, strength[c], lag[c], none, n, paths)


def _in_order(source: Ints, target: Ints, chosen: Ints) -> tuple[Ints, int, int]:
    """The chosen couplings in an order in which all that reaches a trend comes before what it gives.

    With the places from and up to which couplings stand that loops leave without such an order.
    """
    left, before, after = [int(c) for c in chosen], list[int](), list[int]()
    while True:
        unfinished = {int(target[c]) for c in left}
        held = {int(target[c]) for c in left if int(source[c]) in unfinished}
        ready = [c for c in left if int(target[c]) not in held]
        if not ready:
            break
        before += ready
        left = [c for c in left if int(target[c]) in held]
    while True:
        giving = {int(source[c]) for c in left}
        final = [c for c in left if int(target[c]) not in giving]
        if not final:
            break
        after = final + after
        left = [c for c in left if int(target[c]) in giving]
    return np.array([*before, *left, *after], dtype=np.int64), len(before), len(before) + len(left)


class _Couplings(NamedTuple):
    """Couplings in the order in which noise passes along them; from `loop_begin` to `loop_end` − 1 without one."""

    source: NDArray[np.uint64]
    target: NDArray[np.uint64]
    strength: Floats
    lag: NDArray[np.uint64]
    loop_begin: np.uint64
    loop_end: np.uint64


def _couplings(noise: Noise, needed: NDArray[np.bool_]) -> _Couplings:
    """The couplings that reach the needed trends (K,)."""
    source, target = noise.coupling_source, noise.coupling_target
    order, begin, end = _in_order(source, target, np.flatnonzero(needed[target]))
    ends = source[order].astype(np.uint64), target[order].astype(np.uint64)
    lag = noise.coupling_lag[order].astype(np.uint64)
    return _Couplings(*ends, noise.coupling_strength[order], lag, np.uint64(begin), np.uint64(end))


def couple_noise(noise: Noise, out: Floats) -> None:
    """Add what couplings pass on to `out` (runs, K, T − first step), trends' own noise."""
    _couple_noise(*_couplings(noise, np.ones(out.shape[1], dtype=bool)), out)


def noise_paths(
    noise: Noise | None, n_trends: int, streams: Streams, n_runs: int, wanted: NDArray[np.bool_] | None = None
) -> tuple[int, Floats] | None:
    """First step and (n_runs, K, T − first step) random noise n of all trends, coupled ones too; None without any.

    Where only some trends are `wanted` (K,), noise that does not reach them is left out.
    """
    if noise is None or not len(noise.trend):
        return None
    needed = np.ones(n_trends, dtype=bool) if wanted is None else wanted.copy()
    for _ in range(n_trends if wanted is not None else 0):
        needed[noise.coupling_source[needed[noise.coupling_target]]] = True
    couplings = _couplings(noise, needed)
    out = np.zeros((n_runs, n_trends, noise.n_steps))
    for begin in range(0, n_runs, _NEAR):
        near = out[begin : begin + _NEAR]
        for j in np.flatnonzero(needed[noise.trend]):
            own = noise.memories[j]
            innovations = normals(streams.noise[j], streams.first_run + begin, len(near), own.n_periods)
            path = near[:, noise.trend[j]]
            if len(own.weight):
                _weigh(innovations, own.weight, path)
            else:
                _recall(innovations, own.phi, own.sigma, np.uint64(own.first), path)
        _couple_noise(*couplings, near)
    return noise.first_step, out


def noise_since(paths: tuple[int, Floats] | None, as_of: int) -> Floats | None:
    """(n_runs, K, T − as_of) random noise from `as_of` on, 0 before its first random step; None without noise."""
    if paths is None:
        return None
    first, noise = paths
    if first <= as_of:
        return noise[:, :, as_of - first :]
    return np.concatenate([np.zeros((*noise.shape[:2], first - as_of)), noise], axis=2)


@njit(cache=True, nogil=True)
def _add_event_responses(steps, moving, response_row, response, trends, first, out):  # type: ignore[no-untyped-def]
    n_runs, n_trends, n_out = out.shape
    for r in range(n_runs):
        for e in moving:
            tau = steps[r, e]
            if tau == NEVER:
                continue
            row = response_row[e, tau]
            begin = max(tau, first)
            for k in range(n_trends):
                course = response[row, trends[k]]
                for t in range(begin, first + n_out):
                    out[r, k, t - first] += course[t - tau]


def propagate(
    program: Program,
    steps: Steps,
    *,
    first_step: int = 0,
    last_step: int | None = None,
    trends: NDArray[np.integer] | None = None,
    noise: tuple[int, Floats] | None = None,
) -> Floats:
    """(n_runs, trends, steps first_step … last_step) the trends in their latent scale, given the events' steps.

    `trends` picks some by index (all by default). `noise` as `noise_paths` gives it. Steps without a value are nan.
    """
    stop = program.n_steps if last_step is None else last_step + 1
    chosen = np.arange(program.n_trends) if trends is None else np.asarray(trends)
    known = (program.trends.baseline + program.trends.known_deviation)[chosen, first_step:stop]
    shared = np.flatnonzero((steps == steps[:1]).all(axis=0))
    response, rows = program.trends.response, program.trends.response_row
    constant = known[None].copy()
    _add_event_responses(steps[:1], shared, rows, response, chosen, first_step, constant)
    out = np.repeat(constant, len(steps), axis=0)
    moving = np.setdiff1d(np.arange(program.n_events), shared)
    _add_event_responses(steps, moving, rows, response, chosen, first_step, out)
    if noise is not None:
        start, paths = noise
        begin = max(start, first_step)
        if begin < stop:
            out[:, :, begin - first_step :] += paths[:, chosen, begin - start : stop - start]
    return out


def to_units(latent: Floats, scales: Scales, trends: NDArray[np.integer] | None = None) -> Floats:
    """Trend units y = g⁻¹(latent) of an array whose second last axis is the trends (those of `trends` by index)."""
    out = np.empty_like(latent)
    for place, k in enumerate(range(len(scales.kind)) if trends is None else trends):
        x = latent[..., place, :]
        if scales.kind[k] == LINEAR:
            out[..., place, :] = x
        elif scales.kind[k] == LOG:
            out[..., place, :] = np.exp(x)
        else:
            span = scales.upper[k] - scales.lower[k]
            out[..., place, :] = scales.lower[k] + span / (1.0 + np.exp(-x))
    return out
