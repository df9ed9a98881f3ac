"""Weights of lenses from how well each forecast what came: stacking of log scores (method §9).

The weights w maximise the mean of ln Σ_l w_l p_l(y_i) over rolling origins i, w ≥ 0, Σ w = 1 (Yao et al. 2018, eq. 4):
a concave problem with one optimum value. Stacked weights say which mixture forecasts best, not which lens is true.

Where lenses forecast nearly alike, that optimum lies in a corner for the sake of a gain that is nothing, and resampling
the same few origins finds the same corner. `stack_from_even` starts from even weights instead and moves as far
as the log scores ask for (Yao, Pirš, Vehtari and Gelman 2022): lenses that are alike keep about even weights, with wide
intervals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["StackedWeights", "stack", "stack_from_even", "stack_with_uncertainty"]

ENOUGH = 1e-8
"""a bound on what the mean log score can still gain, at which the iteration stops"""
MOST = 5_000
"""iterations; only an optimum just on an edge is reached so slowly, where the weights hardly matter"""


class StackedWeights(NamedTuple):
    """Weights of the lenses with their bootstrap interval; each of shape (lenses,)."""

    weight: Floats
    low: Floats
    high: Floats


def stack(log_scores: ArrayLike, counts: ArrayLike | None = None) -> Floats:
    """The weights of the best mixture of lenses.

    Parameters
    ----------
    log_scores
        shape (origins, lenses): losses, −ln density that each lens gave to what came at each origin; +∞ is allowed
        for a lens, not for all lenses at one origin
    counts
        shape (origins,), how often each origin counts; once where left out

    Returns
    -------
    Floats
        shape (lenses,), ≥ 0, summing to 1. Where lenses forecast alike the weights are shared as evenly as the start.
    """
    losses = np.asarray(log_scores, dtype=np.float64)
    if losses.ndim != 2 or not losses.size or np.isnan(losses).any():
        raise ValueError(f"log scores of shape {losses.shape} must be (origins, lenses), none missing")
    times = np.ones(len(losses)) if counts is None else np.asarray(counts, dtype=np.float64)
    best = losses.min(axis=1, keepdims=True)
    if not np.isfinite(best[times > 0]).all():
        raise ValueError("at some origin every lens gave what came no probability at all: no mixture can be weighed")
    # relative to the best lens of each origin: the weights do not change, and nothing underflows
    density = np.exp(best - losses)[times > 0]
    share = times[times > 0] / times.sum()
    weights = np.full(losses.shape[1], 1 / losses.shape[1])
    for _ in range(MOST):
        # expectation-maximisation; max(gain) − 1 bounds the distance to the optimum (its Lagrangian dual)
        gain = share @ (density / (density @ weights)[:, None])
        weights = weights * gain
        if gain.max() - 1 < ENOUGH:
            break
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def stack_with_uncertainty(
    log_scores: ArrayLike, uniforms: ArrayLike, *, block: int = 1, coverage: float = 0.9
) -> StackedWeights:
    """Stacked weights, with an interval from a circular block bootstrap over origins.

    Parameters
    ----------
    log_scores
        shape (origins, lenses), in order of time
    uniforms
        shape (resamples, ⌈origins / block⌉) on [0, 1): the randomness comes from outside
    block
        origins drawn together: the horizon in origins, where forecasts overlap
    coverage
        of the interval, between percentiles of the resamples' weights
    """
    losses, chance = np.asarray(log_scores, dtype=np.float64), np.asarray(uniforms, dtype=np.float64)
    n_origins, n_blocks = len(losses), -(-len(losses) // block)
    if chance.ndim != 2 or chance.shape[1] != n_blocks:
        raise ValueError(f"uniforms of shape {chance.shape} must be (resamples, {n_blocks})")
    starts = (chance * n_origins).astype(np.int64)
    drawn = ((starts[:, :, None] + np.arange(block)) % n_origins).reshape(len(chance), -1)[:, :n_origins]
    resampled = [stack(losses, np.bincount(row, minlength=n_origins)) for row in drawn]
    low, high = np.quantile(resampled, [0.5 - coverage / 2, 0.5 + coverage / 2], axis=0)
    return StackedWeights(stack(losses), low, high)


def stack_from_even(log_scores: ArrayLike, uniforms: ArrayLike, *, coverage: float = 0.9) -> StackedWeights:
    """Weights with every mixture equally likely beforehand: mean and interval of w given Π_i Σ_l w_l p_l(y_i).

    Parameters
    ----------
    log_scores
        shape (origins, lenses), losses as for `stack`
    uniforms
        shape (draws, lenses) on (0, 1), many thousands of draws: −ln u, divided by their sum, is even over all mixtures
    coverage
        of the interval, between weighted percentiles of the draws
    """
    losses, chance = np.asarray(log_scores, dtype=np.float64), np.asarray(uniforms, dtype=np.float64)
    if chance.ndim != 2 or chance.shape[1] != losses.shape[1]:
        raise ValueError(f"uniforms of shape {chance.shape} must be (draws, {losses.shape[1]})")
    best = losses.min(axis=1, keepdims=True)
    if not np.isfinite(best).all():
        raise ValueError("at some origin every lens gave what came no probability at all: no mixture can be weighed")
    drawn = -np.log(np.maximum(chance, 1e-300))
    mixtures = drawn / drawn.sum(axis=1, keepdims=True)
    log_likelihood = np.log(mixtures @ np.exp(best - losses).T).sum(axis=1)
    share = np.exp(log_likelihood - log_likelihood.max())
    share = share / share.sum()
    levels = np.array([0.5 - coverage / 2, 0.5 + coverage / 2])
    ends = np.array([_weighted_quantiles(column, share, levels) for column in mixtures.T])
    return StackedWeights(np.asarray(share @ mixtures), ends[:, 0], ends[:, 1])


def _weighted_quantiles(values: Floats, share: Floats, levels: Floats) -> Floats:
    order = np.argsort(values)
    return np.asarray(np.interp(levels, np.cumsum(share[order]) - share[order] / 2, values[order]))
