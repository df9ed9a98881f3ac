"""Where chance comes from: counter-based random numbers keyed by (seed, purpose, name), indexed by run (method §8).

A stream is a 64-bit key; its i-th number is SplitMix64's output function at key + (i + 1) · γ (Steele, Lea and Flood,
"Fast splittable pseudorandom number generators", 2014). So any number can be had by itself, in any order and on any
thread, and a further event's stream leaves every other one's numbers as they were.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from etia.engine.elementary import log, sine_and_cosine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Keys = NDArray[np.uint64]
    Floats = NDArray[np.float64]

__all__ = [
    "Streams",
    "bits",
    "key",
    "keys",
    "normals",
    "stratified_thresholds",
    "thresholds",
    "thresholds_by_event",
    "uniforms",
]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_PERIOD_SHIFT = np.uint64(20)  # a noisy trend has room for 2^20 innovations a run
_UNIT = 2.0**-53
_WHOLE = 16
"""normals that are made at once: some too many cost less than a rest one by one"""


def key(seed: int, purpose: str, name: str) -> np.uint64:
    """The 64-bit key of the stream for `purpose` and `name`, for instance ("threshold", event id)."""
    text = f"{seed}\x1f{purpose}\x1f{name}".encode()
    return np.uint64(int.from_bytes(blake2b(text, digest_size=8).digest(), "little"))


def keys(seed: int, purpose: str, names: Iterable[str]) -> Keys:
    """The keys of several names, in their order."""
    return np.array([key(seed, purpose, name) for name in names], dtype=np.uint64)


@dataclass(frozen=True)
class Streams:
    """The keys that one run of a Program reads, and the number of its first run over all draws (p · R)."""

    threshold: Keys  # (N,) Exp(1) thresholds of events
    past: Keys  # (N,) uniforms that decide whether a past event stays (§7)
    noise: Keys  # (J,) innovations of noisy trends
    first_run: int = 0

    def starting_at(self, first_run: int) -> Streams:
        """The same streams, from another run's number on."""
        return replace(self, first_run=first_run)


@njit(inline="always")
def bits(stream: np.uint64, index: np.uint64) -> np.uint64:
    """The `index`-th 64 random bits of a stream."""
    z = stream + (index + np.uint64(1)) * _GAMMA
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    return z ^ (z >> np.uint64(31))


@njit(inline="always")
def uniform(stream: np.uint64, index: np.uint64) -> float:
    """The `index`-th uniform of a stream, inside (0, 1): never an end."""
    return (np.float64(bits(stream, index) >> np.uint64(11)) + 0.5) * _UNIT


@njit(cache=True, nogil=True)
def _fill_uniforms(streams: Keys, first: np.uint64, out: Floats) -> None:
    for r in range(out.shape[0]):
        index = first + np.uint64(r)
        for s in range(out.shape[1]):
            out[r, s] = uniform(streams[s], index)


def uniforms(streams: Keys, first: int, n_runs: int) -> Floats:
    """(n_runs, streams) uniforms of runs first … first + n_runs − 1."""
    out = np.empty((n_runs, len(streams)))
    _fill_uniforms(streams, np.uint64(first), out)
    return out


@njit(cache=True, nogil=True)
def _fill_uniforms_by_stream(streams: Keys, first: np.uint64, out: Floats) -> None:
    for s in range(out.shape[0]):
        stream = streams[s]
        for r in range(out.shape[1]):
            out[s, r] = uniform(stream, first + np.uint64(r))


def thresholds_by_event(streams: Keys, first: int, n_runs: int) -> Floats:
    """(streams, n_runs) the same numbers as `thresholds`, an event's after one another."""
    out = np.empty((len(streams), n_runs))
    _fill_uniforms_by_stream(streams, np.uint64(first), out)
    np.log(out, out=out)
    return np.negative(out, out=out)


def thresholds(streams: Keys, first: int, n_runs: int) -> Floats:
    """(n_runs, streams) Exp(1) thresholds E = −ln u (method §3)."""
    out = uniforms(streams, first, n_runs)
    np.log(out, out=out)
    return np.negative(out, out=out)


def stratified_thresholds(streams: Keys, first: int, n_runs: int, batch: int) -> Floats:
    """(n_runs, streams) Exp(1) thresholds, stratified: in each batch of runs every stream has one in each n-tile.

    Latin hypercube sampling: each column is a random permutation of the batch's midpoints, so that what depends on one
    threshold alone is averaged almost without error. `n_runs` is a multiple of `batch`.
    """
    out = np.empty((n_runs, len(streams)))
    u = np.empty((len(streams), n_runs))
    _fill_uniforms_by_stream(streams, np.uint64(first), u)
    order = np.argsort(u.reshape(len(streams), -1, batch), axis=2)
    tiles = -np.log((np.arange(batch) + 0.5) / batch)
    _deal(order, tiles, out)
    return out


@njit(cache=True, nogil=True)
def _deal(order, tiles, out):  # type: ignore[no-untyped-def]
    """The run that has the i-th least uniform of its batch gets the i-th tile."""
    n_streams, n_batches, batch = order.shape
    for s in range(n_streams):
        for b in range(n_batches):
            for i in range(batch):
                out[b * batch + order[s, b, i], s] = tiles[i]


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_normals(stream: np.uint64, first: np.uint64, out: Floats) -> None:
    one, two = np.uint64(1), np.uint64(2)
    for r in range(np.uint64(out.shape[0])):
        base = (first + r) << _PERIOD_SHIFT
        for i in range(np.uint64(out.shape[1]) // two):
            radius = np.sqrt(-2.0 * log(uniform(stream, base + two * i)))
            sine, cosine = sine_and_cosine(uniform(stream, base + two * i + one))
            out[r, two * i] = radius * cosine
            out[r, two * i + one] = radius * sine


def normals(stream: np.uint64, first: int, n_runs: int, n_periods: int) -> Floats:
    """(n_runs, n_periods) standard normals, the innovations ε of one noisy trend (Box and Muller's transform)."""
    out = np.empty((n_runs, -(-n_periods // _WHOLE) * _WHOLE))
    _fill_normals(np.uint64(stream), np.uint64(first), out)
    return out[:, :n_periods]
