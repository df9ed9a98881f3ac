"""How good a forecast was, once what it spoke of is known (method §9): proper scores, coverage and calibration.

Every score is a loss: smaller is better. Functions broadcast over leading axes; the last axis of a sample, of
quantiles or of a mixture's parts is the one that is summed over. Values may stand in any scale, the same on both sides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "brier",
    "covered",
    "crps_normal",
    "crps_normal_mixture",
    "crps_quantiles",
    "crps_sample",
    "log_score_event",
    "log_score_normal_mixture",
    "pinball",
    "pit_normal_mixture",
    "pit_quantiles",
    "pit_sample",
    "quantile_weights",
    "reliability",
]


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def crps_sample(sample: ArrayLike, observed: ArrayLike, *, fair: bool = False) -> Floats:
    """Continuous ranked probability score of a sample: E|X − y| − ½ E|X − X'| (Gneiting and Raftery 2007, eq. 21).

    Parameters
    ----------
    sample
        shape (…, m), m runs of the forecast
    observed
        shape (…), what came
    fair
        divide the second term by m(m−1) rather than m²: unbiased for the law that the runs were drawn from,
        so that forecasts with different numbers of runs compare

    Returns
    -------
    Floats
        shape (…), in the unit of the observed; 0 for a point forecast that came true
    """
    runs, seen = np.sort(_floats(sample), axis=-1), _floats(observed)
    m = runs.shape[-1]
    distance = np.abs(runs - seen[..., None]).mean(axis=-1)
    # Σ_i Σ_j |x_i − x_j| = 2 Σ_i (2i − m − 1) x_(i), over the sorted runs, i from 1
    spread = 2.0 * (runs * (2.0 * np.arange(1, m + 1) - m - 1.0)).sum(axis=-1)
    return np.asarray(distance - 0.5 * spread / (m * (m - 1) if fair else m * m), dtype=np.float64)


def pinball(quantile: ArrayLike, level: ArrayLike, observed: ArrayLike) -> Floats:
    """Pinball loss of a quantile forecast: (1{y < q} − α)(q − y), its expectation smallest at the true α-quantile."""
    error = _floats(observed) - _floats(quantile)
    alpha = _floats(level)
    return np.asarray(np.maximum(alpha * error, (alpha - 1.0) * error), dtype=np.float64)


def quantile_weights(levels: ArrayLike) -> Floats:
    """The share of (0, 1) that each level stands for: up to half-way to its neighbours, the outer ones to the ends.

    Raises ValueError unless the levels lie strictly inside (0, 1), ascending.
    """
    alpha = _floats(levels)
    if alpha.ndim != 1 or not len(alpha) or alpha[0] <= 0 or alpha[-1] >= 1 or np.any(np.diff(alpha) <= 0):
        raise ValueError(f"levels {alpha.tolist()} must ascend strictly inside (0, 1)")
    return np.diff(np.concatenate([[0.0], (alpha[1:] + alpha[:-1]) / 2, [1.0]]))


def crps_quantiles(quantiles: ArrayLike, levels: ArrayLike, observed: ArrayLike) -> Floats:
    """CRPS from some quantiles: 2 ∫ pinball dα, each level standing for the part of (0, 1) nearest to it.

    Proper for the quantiles stated; close to the CRPS where they are many.

    Parameters
    ----------
    quantiles
        shape (…, q)
    levels
        shape (q,), ascending inside (0, 1)
    observed
        shape (…)
    """
    losses = pinball(quantiles, levels, _floats(observed)[..., None])
    return np.asarray(2.0 * (losses * quantile_weights(levels)).sum(axis=-1), dtype=np.float64)


def _mean_distance(mean: Floats, sd: Floats) -> Floats:
    """E|Z| of a normal Z; |mean| where sd = 0."""
    scale = np.where(sd > 0, sd, 1.0)
    u = mean / scale
    density = np.exp(-0.5 * u * u) / np.sqrt(2 * np.pi)
    return np.where(sd > 0, 2.0 * scale * density + mean * (2.0 * ndtr(u) - 1.0), np.abs(mean))


def crps_normal_mixture(weights: ArrayLike, means: ArrayLike, sds: ArrayLike, observed: ArrayLike) -> Floats:
    """CRPS of a mixture of normals, in closed form (Grimit et al. 2006, eq. 5).

    Parameters
    ----------
    weights, means, sds
        shape (…, k); weights sum to 1; sd 0 is a point
    observed
        shape (…)
    """
    w, m, s, y = np.broadcast_arrays(_floats(weights), _floats(means), _floats(sds), _floats(observed)[..., None])
    distance = (w * _mean_distance(y - m, s)).sum(axis=-1)
    pair_sd = np.hypot(s[..., :, None], s[..., None, :])
    pairs = _mean_distance(m[..., :, None] - m[..., None, :], pair_sd)
    spread = (w[..., :, None] * w[..., None, :] * pairs).sum(axis=(-2, -1))
    return np.asarray(distance - 0.5 * spread, dtype=np.float64)


def crps_normal(mean: ArrayLike, sd: ArrayLike, observed: ArrayLike) -> Floats:
    """CRPS of a normal forecast, in closed form."""
    m, s = _floats(mean), _floats(sd)
    return crps_normal_mixture(np.ones((*m.shape, 1)), m[..., None], s[..., None], observed)


def log_score_normal_mixture(weights: ArrayLike, means: ArrayLike, sds: ArrayLike, observed: ArrayLike) -> Floats:
    """−ln density of a mixture of normals (sd > 0) at what came; shapes as `crps_normal_mixture`."""
    w, m, s, y = np.broadcast_arrays(_floats(weights), _floats(means), _floats(sds), _floats(observed)[..., None])
    with np.errstate(divide="ignore"):
        exponent = np.log(w) - 0.5 * ((y - m) / s) ** 2 - np.log(s) - 0.5 * np.log(2 * np.pi)
    return np.asarray(-np.logaddexp.reduce(exponent, axis=-1), dtype=np.float64)


def brier(probability: ArrayLike, occurred: ArrayLike) -> Floats:
    """Brier score (p − o)² of an event's probability; o is 1 where it occurred, else 0."""
    return np.asarray((_floats(probability) - _floats(occurred)) ** 2, dtype=np.float64)


def log_score_event(probability: ArrayLike, occurred: ArrayLike, *, floor: float = 0.0) -> Floats:
    """−ln of the probability given to what happened: +∞ where that was 0 and no floor is asked for.

    A sampled probability of 0 from n runs says no more than p < about 1/n: the caller who floors it passes that
    `floor` and states it; the probability of either outcome is then at least `floor`.
    """
    given = np.where(_floats(occurred) > 0.5, _floats(probability), 1.0 - _floats(probability))
    with np.errstate(divide="ignore"):
        return np.asarray(-np.log(np.maximum(given, floor)) + 0.0, dtype=np.float64)


def covered(low: ArrayLike, high: ArrayLike, observed: ArrayLike) -> NDArray[np.bool_]:
    """Whether low ≤ y ≤ high: its mean is the coverage of an interval."""
    y = _floats(observed)
    return np.asarray((_floats(low) <= y) & (y <= _floats(high)), dtype=np.bool_)


def pit_sample(sample: ArrayLike, observed: ArrayLike, uniforms: ArrayLike) -> Floats:
    """Probability integral transform (PIT) of what came, in a sample of m runs: uniform if the forecast is calibrated.

    (number of runs below + u · (number equal + 1)) / (m + 1): the rank of y among the runs, spread over its cell.

    Parameters
    ----------
    sample
        shape (…, m)
    observed
        shape (…)
    uniforms
        shape (…), on (0, 1): the randomness comes from outside; 0.5 gives the middle of the cell
    """
    runs, y = _floats(sample), _floats(observed)[..., None]
    below, equal = (runs < y).sum(axis=-1), (runs == y).sum(axis=-1)
    return np.asarray((below + _floats(uniforms) * (equal + 1)) / (runs.shape[-1] + 1), dtype=np.float64)


def pit_quantiles(quantiles: ArrayLike, levels: ArrayLike, observed: ArrayLike, uniforms: ArrayLike) -> Floats:
    """PIT of what came where only quantiles are known: uniform within the cell between two levels that holds it.

    Parameters
    ----------
    quantiles
        shape (…, q), ascending
    levels
        shape (q,)
    observed, uniforms
        shape (…)
    """
    edges = np.concatenate([[0.0], _floats(levels), [1.0]])
    # with equal quantiles (a point mass) y may lie on several edges: its cell is all that they span
    low = (_floats(quantiles) < _floats(observed)[..., None]).sum(axis=-1)
    high = (_floats(quantiles) <= _floats(observed)[..., None]).sum(axis=-1) + 1
    return np.asarray(edges[low] + _floats(uniforms) * (edges[high] - edges[low]), dtype=np.float64)


def pit_normal_mixture(weights: ArrayLike, means: ArrayLike, sds: ArrayLike, observed: ArrayLike) -> Floats:
    """PIT of what came under a mixture of normals: Σ w Φ((y − m)/s); shapes as `crps_normal_mixture`."""
    u = (_floats(observed)[..., None] - _floats(means)) / _floats(sds)
    return np.asarray((_floats(weights) * ndtr(u)).sum(axis=-1), dtype=np.float64)


def reliability(
    probability: ArrayLike,
    occurred: ArrayLike,
    *,
    edges: ArrayLike | None = None,
    events: Sequence[str] | None = None,
) -> pd.DataFrame:
    """How often what was given a probability came true: a row a band of probabilities.

    Forecasts of one event, made again and again, come true or fail together. With k distinct events in a band and a
    frequency f over its forecasts, the interval is Jeffreys' for f·k of k: each event counts once.

    Parameters
    ----------
    probability, occurred
        shape (n,)
    edges
        bands [e0, e1), …, the last one closed; 0, 0.1, … 1 where left out
    events
        what each forecast speaks of; where left out each of an event of its own

    Returns
    -------
    DataFrame
        low, high, n, n_events, mean_probability, frequency, frequency_low, frequency_high (90 % interval); bands
        without a forecast are left out
    """
    from scipy.stats import beta

    p, o = _floats(probability), _floats(occurred)
    names = np.arange(len(p)) if events is None else np.asarray(events, dtype=object)
    bounds = np.linspace(0, 1, 11) if edges is None else _floats(edges)
    band = np.clip(np.searchsorted(bounds, p, side="right") - 1, 0, len(bounds) - 2)
    rows = []
    for index in np.unique(band):
        inside = band == index
        n, f, k = int(inside.sum()), float(o[inside].mean()), len(set(names[inside].tolist()))
        low = float(beta.ppf(0.05, f * k + 0.5, (1 - f) * k + 0.5)) if f > 0 else 0.0
        high = float(beta.ppf(0.95, f * k + 0.5, (1 - f) * k + 0.5)) if f < 1 else 1.0
        rows.append((bounds[index], bounds[index + 1], n, k, p[inside].mean(), f, low, high))
    columns = ["low", "high", "n", "n_events", "mean_probability", "frequency", "frequency_low", "frequency_high"]
    return pd.DataFrame(rows, columns=columns)
