"""Quantiles of noisy trends without noisy samples: the exact mixture over event histories (method §4, §8).

Where no event depends on noise, a trend's latent value at a step is the mean that a run's events give it plus a normal
of one variance for all runs. Its law over a draw's runs is the histogram of the means convolved with that normal's
density.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from etia.engine.propagation import couple_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.engine.program import Noise

    Floats = NDArray[np.float64]

__all__ = ["Mixture", "mixture", "noise_spread"]

_BINS = 1024
"""bins from the least mean less 6 standard deviations to the largest and 6 more"""
_REACH = 6.0


def noise_spread(noise: Noise, n_trends: int) -> Floats:
    """(K, T − first step) standard deviation of the random noise of every trend, coupled parts included."""
    n_periods = noise.n_periods
    parts = np.zeros((len(noise.trend) * n_periods, n_trends, noise.n_steps))  # one innovation of 1 each
    for j, trend in enumerate(noise.trend):
        parts[j * n_periods : (j + 1) * n_periods, trend] = noise.weight_of(j).T
    couple_noise(noise, parts)
    spread: Floats = np.sqrt((parts**2).sum(axis=0))
    return spread


@njit(cache=True, nogil=True)
def _bin(means, least, width, out):  # type: ignore[no-untyped-def]
    """Histogram of each step's means, a mean split between the two nearest bin centres."""
    for r in range(len(means)):
        for s in range(means.shape[1]):
            place = (means[r, s] - least[s]) / width[s]
            low = int(place)
            part = place - low
            out[s, low] += 1.0 - part
            out[s, low + 1] += part


class Mixture(NamedTuple):
    """Laws of a trend at S steps: how much of each lies below each bin's centre."""

    least: Floats  # (S,) centre of the first bin
    width: Floats  # (S,)
    reached: Floats  # (S, bins) rising from 0 to 1

    def quantiles(self, levels: Floats) -> Floats:
        """(levels, S) latent quantiles at `levels` (levels, S)."""
        places = np.arange(self.reached.shape[1])
        found = [np.interp(own, reached, places) for own, reached in zip(levels.T, self.reached, strict=True)]
        return np.asarray(self.least + self.width * np.array(found).reshape(levels.T.shape).T)


def mixture(means: Floats, spread: Floats) -> Mixture:
    """The laws of `means` (R, S) plus normal noise of standard deviation `spread` (S,), all > 0."""
    least, most = means.min(axis=0) - _REACH * spread, means.max(axis=0) + _REACH * spread
    width = (most - least) / (_BINS - 2)
    histogram = np.zeros((means.shape[1], _BINS))
    _bin(means, least, width, histogram)
    distance = np.minimum(np.arange(2 * _BINS), 2 * _BINS - np.arange(2 * _BINS)) * width[:, None]
    # splitting a mean between two centres adds about width²/6 to its variance, which is taken off the noise
    variance = np.maximum(spread**2 - width**2 / 6.0, width**2 / 100.0)[:, None]
    kernel = np.exp(-0.5 * distance**2 / variance)
    smooth = np.fft.irfft(np.fft.rfft(histogram, 2 * _BINS) * np.fft.rfft(kernel), 2 * _BINS)[:, :_BINS]
    smooth = np.maximum(smooth, 0.0)
    reached = np.cumsum(smooth, axis=1)
    return Mixture(least, width, (reached - 0.5 * smooth) / reached[:, -1:])
