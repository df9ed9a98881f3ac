"""Whether one forecast beats another beyond chance: mean score differences and skill, with intervals (method §9).

Scores of forecasts at h steps ahead from neighbouring origins overlap, so their differences are correlated up to lag
h − 1: the variance of the mean is a long-run one, with the small-sample correction of Harvey, Leybourne and Newbold
(1997) to the test of Diebold and Mariano (1995).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import t as student

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["Estimate", "mean_difference", "skill"]


class Estimate(NamedTuple):
    """An estimate with its standard error, its interval and the two-sided p-value of no difference."""

    value: float
    se: float
    low: float
    high: float
    p_value: float
    n: int
    """number of pairs of scores that it rests on"""


def _autocovariance(series: Floats, lag: int) -> float:
    centred = series - series.mean()
    return float(centred[lag:] @ centred[: len(centred) - lag]) / len(centred)


def _variance_of_mean(series: Floats, horizon: int) -> float:
    """Long-run variance of the mean, corrected for small samples (Harvey, Leybourne, Newbold 1997, eq. 9).

    Autocovariances up to horizon − 1 with equal weights, as optimal h-step errors have; where their sum is not
    positive (it may be, in small samples) with Bartlett's weights, which cannot be negative.
    """
    n, lags = len(series), min(horizon, len(series) - 1) - 1
    gamma = [_autocovariance(series, lag) for lag in range(lags + 1)]
    total = gamma[0] + 2 * sum(gamma[1:])
    if total <= 0:
        total = gamma[0] + 2 * sum((1 - lag / (lags + 1)) * gamma[lag] for lag in range(1, lags + 1))
    h = lags + 1
    correction = (n + 1 - 2 * h + h * (h - 1) / n) / n
    return total / n / max(correction, 1.0 / n)


def _estimate(value: float, se: float, n: int, coverage: float) -> Estimate:
    half = float(student.ppf(0.5 + coverage / 2, n - 1)) * se
    p_value = 2 * float(student.sf(abs(value) / se, n - 1)) if se > 0 else float(value == 0)
    return Estimate(value, se, value - half, value + half, p_value, n)


def _pairs(scores: ArrayLike, against: ArrayLike) -> tuple[Floats, Floats]:
    first, second = np.asarray(scores, dtype=np.float64), np.asarray(against, dtype=np.float64)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"scores of shape {first.shape} and {second.shape} are no pairs")
    known = np.isfinite(first) & np.isfinite(second)
    if known.sum() < 3:
        raise ValueError(f"{known.sum()} pairs of scores are too few for an interval; at least 3 are needed")
    return first[known], second[known]


def mean_difference(scores: ArrayLike, against: ArrayLike, *, horizon: int = 1, coverage: float = 0.9) -> Estimate:
    """Mean of (scores − against) over origins, in order of time; below 0 the first forecast is the better one.

    Parameters
    ----------
    scores, against
        shape (n,), losses of the two forecasts of the same things; pairs with a missing one are left out
    horizon
        steps ahead, counted in origins: neighbouring forecasts overlap by horizon − 1
    coverage
        of the interval, by Student's t with n − 1 degrees of freedom
    """
    first, second = _pairs(scores, against)
    difference = first - second
    se = float(np.sqrt(max(_variance_of_mean(difference, horizon), 0.0)))
    return _estimate(float(difference.mean()), se, len(difference), coverage)


def skill(scores: ArrayLike, against: ArrayLike, *, horizon: int = 1, coverage: float = 0.9) -> Estimate:
    """1 − mean(scores)/mean(against): the share of the reference's loss that is saved; below 0 it is the worse one.

    The standard error is that of a ratio of means (delta method): of s − (1 − skill) · r, over mean(r), with the
    long-run variance. Arguments as in `mean_difference`; `against` must have a positive mean.
    """
    first, second = _pairs(scores, against)
    if second.mean() <= 0:
        raise ValueError(f"the reference's mean score {second.mean():.4g} must be positive for a skill")
    ratio = first.mean() / second.mean()
    variance = _variance_of_mean(first - ratio * second, horizon)
    return _estimate(float(1 - ratio), float(np.sqrt(max(variance, 0.0)) / second.mean()), len(first), coverage)
