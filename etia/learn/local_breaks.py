"""How a series would break at each of its dates: level and slope before and after, side by side (method §9).

At a date, the data of a window around it follow

    z(t) = a + b·t + δ·1[after] + θ·(t − first datum after)·1[after] + u(t),

u an AR(1), with or without white noise on it; the data of the transition (the event's own datum, or more) are set
aside. One memory of u serves all dates: each of a grid is weighed by the restricted likelihood of all windows together,
tempered for their overlap; every window keeps its own variance. So the same function of the series is taken at every
date, and dates compare.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit
from scipy.stats import f as fisher

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["MEMORIES", "Breaks", "break_interval", "breaks_at_all_dates", "whitening", "window_offsets"]

PHI = np.array([-0.4, -0.2, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.94, 0.97, 0.99, 1.0])
"""AR(1) coefficients weighed; the last is a random walk"""
BLUR = np.array([0.0, 1.0, 4.0])
"""variance of a white noise on top, in variances of the AR(1)'s innovations: errors of measurement"""
MEMORIES = tuple((float(phi), float(blur)) for phi in PHI for blur in BLUR)
"""the errors' models, weighed by the data; M of them"""
UNIT_ROOT = 0.25
"""prior share of the random walk, which short series can hardly tell from a long memory"""
PRIOR = np.repeat(
    (1 - UNIT_ROOT) * np.gradient(PHI) / np.gradient(PHI).sum() + UNIT_ROOT * (PHI == 1), len(BLUR)
) / len(BLUR)
"""shape (M,): otherwise uniform in the AR(1)'s coefficient; even over the blurs"""
N_COLUMNS = 4
"""level, slope, and the break of each"""
NEGLIGIBLE = 1e-9
"""weight below which a memory is left out of an interval"""


def whitening(phi: float, blur: float, times: Floats) -> Floats:
    """The inverse Cholesky factor of the errors' covariance at (possibly gappy) times; shape (n, n).

    Covariance, with innovations of variance 1: φ^|s−t| / (1 − φ²) + blur · 1[s = t]. φ = 1 is a random walk whose
    first value is free: any constant is taken up by the level.
    """
    if phi >= 1:
        covariance = np.minimum.outer(times, times) - times[0] + 1.0
    else:
        covariance = np.power(phi, np.abs(np.subtract.outer(times, times))) / (1 - phi**2)
    covariance = covariance + blur * np.eye(len(times))
    return np.asarray(np.linalg.inv(np.linalg.cholesky(covariance)), dtype=np.float64)


def window_offsets(present: NDArray[np.bool_], date: int, gap: int, reach: int) -> tuple[int, ...]:
    """Times, relative to `date`, of the data within `reach` before it and after the `gap` data from it on."""
    times = np.arange(max(0, date - reach), min(len(present), date + gap + reach))
    kept = times[present[times] & ((times < date) | (times >= date + gap))]
    return tuple(int(t) - date for t in kept)


class _Layout(NamedTuple):
    """What the data of a window are multiplied by, a slice a memory; n data."""

    estimate: Floats  # (M, 2, n) -> level and slope break
    residual: Floats  # (M, n, n) -> whitened residuals
    precision: Floats  # (M, 2, 2) inverse of the estimates' covariance, at unit variance
    unit_se: Floats  # (M, 2) standard errors at unit variance
    log_det: Floats  # (M,)


@lru_cache(maxsize=512)
def _layout(offsets: tuple[int, ...], gap: int) -> _Layout:
    t = np.array(offsets, dtype=np.float64)
    after = (t >= gap).astype(np.float64)
    design = np.column_stack([np.ones_like(t), t, after, after * (t - gap)])
    return _whitened(design, _whitenings(t))


def _whitenings(times: Floats) -> Floats:
    """`whitening` for every memory, shape (M, n, n)."""
    apart = np.abs(np.subtract.outer(times, times))
    # φ = 0 has no memory at all: 0⁰ = 1 on the diagonal
    stationary = np.power(PHI[:-1, None, None], apart) / (1 - PHI[:-1, None, None] ** 2)
    walk = np.minimum.outer(times, times) - times[0] + 1.0
    covariance = np.concatenate([stationary, walk[None]])[:, None] + BLUR[:, None, None] * np.eye(len(times))
    return np.asarray(np.linalg.inv(np.linalg.cholesky(covariance.reshape(-1, len(times), len(times)))))


def _whitened(design: Floats, roots: Floats) -> _Layout:
    white = roots @ design
    covariance = np.linalg.inv(white.swapaxes(1, 2) @ white)
    estimate = covariance @ white.swapaxes(1, 2) @ roots
    # restricted likelihood: ½ ln|X'R⁻¹X| is added to ½ ln|R| = −Σ ln diag(root)
    diagonal = np.diagonal(roots, axis1=1, axis2=2)
    log_det = -2 * np.log(diagonal).sum(axis=1) - np.linalg.slogdet(covariance)[1]
    broken = covariance[:, 2:, 2:]
    unit_se = np.sqrt(np.diagonal(broken, axis1=1, axis2=2))
    return _Layout(estimate[:, 2:], roots - white @ estimate, np.linalg.inv(broken), unit_se, log_det)


@dataclass(frozen=True)
class Breaks:
    """The break that each of `dates` would show, for one length of the transition."""

    gap: int
    dates: NDArray[np.int64]  # (d,) index of the first datum set aside
    estimate: Floats  # (d, M, 2) level and slope break, latent, slope per datum
    se: Floats  # (d, M, 2)
    freedom: Floats  # (d,) degrees of freedom
    weights: Floats  # (M,) how likely each memory is, given the series
    p_value: Floats  # (d,) of no break in level and slope, F-test weighed over the memories


def breaks_at_all_dates(latent: Floats, *, gap: int, reach: int, least: int) -> Breaks:
    """The break at every date with at least `least` data of the window on either side.

    Parameters
    ----------
    latent
        shape (n,), evenly spaced in time, NaN where missing
    gap
        data set aside from the date on (0: the break is complete at once)
    reach
        data looked at on either side
    least
        data needed on either side
    """
    present = np.isfinite(latent)
    groups: dict[tuple[int, ...], list[int]] = {}
    for date in range(least, len(latent) - gap - least + 1):
        offsets = window_offsets(present, date, gap, reach)
        n_before = sum(t < 0 for t in offsets)
        if n_before >= least and len(offsets) - n_before >= least:
            groups.setdefault(offsets, []).append(date)
    dates = np.array([date for members in groups.values() for date in members], dtype=np.int64)
    parts = [_group(latent, members, offsets, gap) for offsets, members in groups.items()]
    return _assembled(gap, dates, parts, int(present.sum()))


class _Part(NamedTuple):
    estimate: Floats
    se: Floats
    f_value: Floats  # (d, M)
    log_likelihood: Floats  # (d, M); 0 where the window does not vary
    freedom: Floats


def _group(latent: Floats, members: list[int], offsets: tuple[int, ...], gap: int) -> _Part:
    layout, freedom = _layout(offsets, gap), len(offsets) - N_COLUMNS
    data = latent[np.array(members)[:, None] + np.array(offsets)]
    estimate = np.einsum("fbn,dn->dfb", layout.estimate, data)
    residual = np.einsum("fmn,dn->dfm", layout.residual, data)
    variance = (residual**2).sum(axis=-1) / freedom
    # a window that the four columns fit exactly has no variance left: it keeps a rounding error's worth
    tiny = 1e-18 * max(float(np.nanvar(latent)), 1e-300)
    log_likelihood = -0.5 * layout.log_det - 0.5 * freedom * np.log(np.maximum(variance, tiny))
    log_likelihood[variance.max(axis=1) <= tiny] = 0.0
    variance = np.maximum(variance, tiny)
    f_value = np.einsum("dfa,fab,dfb->df", estimate, layout.precision, estimate) / 2 / variance
    se = np.sqrt(variance)[..., None] * layout.unit_se
    return _Part(estimate, se, f_value, log_likelihood, np.full(len(members), float(freedom)))


def _assembled(gap: int, dates: NDArray[np.int64], parts: list[_Part], n_data: int) -> Breaks:
    if not parts:
        none = np.zeros((0, len(MEMORIES), 2))
        return Breaks(gap, dates, none, none, np.zeros(0), PRIOR, np.zeros(0))
    part = _Part(*(np.concatenate(field) for field in zip(*parts, strict=True)))
    order = np.argsort(dates)
    freedom = part.freedom[order]
    # every datum stands in many windows: together they may weigh no more than the series has data
    together = part.log_likelihood.sum(axis=0) * n_data / (freedom + N_COLUMNS).sum()
    weights = PRIOR * np.exp(together - together.max())
    weights = weights / weights.sum()
    p_value = fisher.sf(part.f_value[order], 2, freedom[:, None]) @ weights
    return Breaks(gap, dates[order], part.estimate[order], part.se[order], freedom, weights, p_value)


def break_interval(breaks: Breaks, index: int, *, coverage: float) -> Floats:
    """Low end, median and high end of the level and of the slope break at one date, over the memories weighed.

    Returns
    -------
    Floats
        shape (3, 2): low, median, high; level, slope. Quantiles of a mixture of Student's t, latent
    """
    levels = np.array([0.5 - coverage / 2, 0.5, 0.5 + coverage / 2])
    freedom, weights = breaks.freedom[index], breaks.weights
    parts = zip(breaks.estimate[index].T, breaks.se[index].T, strict=True)
    return np.column_stack([_mixture_quantiles(levels, weights, mean, se, freedom) for mean, se in parts])


def _mixture_quantiles(levels: Floats, weights: Floats, means: Floats, scales: Floats, freedom: float) -> Floats:
    """Quantiles of Σ w · t_freedom((x − mean)/scale), by bisection; means and scales of shape (M,)."""
    heard = weights > NEGLIGIBLE
    weights, means, scales = weights[heard] / weights[heard].sum(), means[heard], scales[heard]
    edges = means + scales * stdtrit(freedom, levels)[:, None]
    low, high = edges.min(axis=1), edges.max(axis=1)
    # the interval halves each time: 40 times leave a millionth of a millionth of it
    for _ in range(40):
        middle = (low + high) / 2
        short = stdtr(freedom, (middle[:, None] - means) / scales) @ weights < levels
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.asarray((low + high) / 2, dtype=np.float64)
