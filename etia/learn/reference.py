"""Forecasts that any model must beat: random walk with drift, seasonal naive, exponential smoothing (method §9).

Each is a normal forecast of the latent scale for 1 … h data ahead, from the data up to the origin alone. All are
deterministic. Missing data (NaN) inside a series are handled as each function says; those at its ends are cut off.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import ndtri

from etia.errors import SeriesError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["NormalForecast", "exponential_smoothing", "random_walk", "seasonal_naive"]


class NormalForecast(NamedTuple):
    """A normal for each number of data ahead, latent scale."""

    mean: Floats  # (h,)
    sd: Floats  # (h,)

    def quantiles(self, levels: ArrayLike) -> Floats:
        """Quantiles, shape (h, levels): an increasing scale g carries them over to trend units as they are."""
        return np.asarray(self.mean[:, None] + self.sd[:, None] * ndtri(np.asarray(levels)), dtype=np.float64)


def _trimmed(latent: Floats, least: int, method: str) -> Floats:
    present = np.flatnonzero(np.isfinite(latent))
    if len(present) < least:
        raise SeriesError(f"{method} needs {least} data, the series has {len(present)}")
    return latent[present[0] : present[-1] + 1]


def random_walk(latent: Floats, horizon: int, *, drift: bool = True) -> NormalForecast:
    """Random walk with drift: z_n + h·d, variance s²(h + h²/n) with n the steps that d was estimated from.

    Over a gap of g data a difference is one of g steps. `drift` False leaves d out (and the h² term).
    """
    series = _trimmed(latent, 3, "a random walk")
    present = np.flatnonzero(np.isfinite(series))
    lengths, steps = np.diff(present).astype(np.float64), np.diff(series[present])
    n_steps = float(lengths.sum())
    slope = float(steps.sum()) / n_steps if drift else 0.0
    freedom = len(steps) - (1 if drift else 0)
    variance = float((((steps - slope * lengths) ** 2) / lengths).sum()) / freedom
    ahead = np.arange(1, horizon + 1, dtype=np.float64)
    spread = ahead + (ahead**2 / n_steps if drift else 0.0)
    return NormalForecast(series[-1] + slope * ahead, np.sqrt(variance * spread))


def seasonal_naive(latent: Floats, horizon: int, *, season: int) -> NormalForecast:
    """The last value of the same season; variance s²(k + 1) after k whole seasons, s² of the year-on-year differences.

    A season whose last value is missing takes the one before, with its variance.
    """
    series = _trimmed(latent, season + 2, "a seasonal naive forecast")
    differences = series[season:] - series[:-season]
    known = differences[np.isfinite(differences)]
    if len(known) < 2:
        raise SeriesError(
            f"a seasonal naive forecast needs 2 pairs of data {season} apart, the series has {len(known)}"
        )
    variance = float(np.mean(known**2))
    mean, n_seasons = np.empty(horizon), np.empty(horizon)
    for h in range(horizon):
        same = np.arange(len(series) + h, -1, -season)
        known_before = [at for at in same if at < len(series) and np.isfinite(series[at])]
        if not known_before:
            raise SeriesError(f"a seasonal naive forecast needs every season once; one of {season} is missing")
        mean[h] = series[known_before[0]]
        n_seasons[h] = (len(series) + h - known_before[0]) // season
    return NormalForecast(mean, np.sqrt(variance * n_seasons))


def exponential_smoothing(latent: Floats, horizon: int, *, season: int = 1) -> NormalForecast:
    """ETS of statsmodels, additive errors: the best by AICc of no, a linear, a damped trend, without and with season.

    Missing data are bridged by straight lines (ETS knows no gaps). Forecast variances are the exact ones of the linear
    state-space form; parameters count as known.

    Parameters
    ----------
    latent
        shape (n,)
    horizon
        data ahead
    season
        data a season; tried from two and a half seasons of data on, 1: none
    """
    series = _trimmed(latent, 8, "exponential smoothing")
    times = np.arange(len(series))
    known = np.isfinite(series)
    bridged = np.interp(times, times[known], series[known])
    if np.ptp(bridged) == 0:
        return NormalForecast(np.full(horizon, bridged[-1]), np.zeros(horizon))
    seasonal = (False, True) if season > 1 and len(series) >= 2.5 * season else (False,)
    fits = [_fitted(bridged, trend, season if s else 1) for trend in ("none", "linear", "damped") for s in seasonal]
    best = min(fits, key=lambda fit: float(fit.aicc) if np.isfinite(fit.aicc) else np.inf)
    prediction = best.get_prediction(start=len(bridged), end=len(bridged) + horizon - 1)
    variance = np.asarray(prediction.forecast_variance, dtype=np.float64)
    return NormalForecast(np.asarray(prediction.predicted_mean, dtype=np.float64), np.sqrt(variance))


def _fitted(series: Floats, trend: str, season: int) -> Any:
    import pandas as pd
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    model = ETSModel(
        pd.Series(series),
        error="add",
        trend=None if trend == "none" else "add",
        damped_trend=trend == "damped",
        seasonal="add" if season > 1 else None,
        seasonal_periods=season if season > 1 else None,
    )
    with warnings.catch_warnings():
        # a likelihood that is flat at the optimum is no fault here: the candidates are compared by AICc
        warnings.simplefilter("ignore")
        return model.fit(disp=False)
