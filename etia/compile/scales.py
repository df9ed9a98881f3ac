"""Latent scales: sizes and levels as written turned into what adds up (method §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etia.engine.program import LINEAR, LOG, LOGIT, Scales
from etia.quantity import Kind, Number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.compile.judgements import Judgements
    from etia.schema.base import Size
    from etia.schema.model import Model
    from etia.schema.trend import Trend

    Floats = NDArray[np.float64]

__all__ = ["latent", "level_kind", "scales", "size_latent", "sizes"]

_CODES = {"linear": LINEAR, "log": LOG, "logit": LOGIT}


def scales(model: Model) -> Scales:
    """The latent scales of all trends, in model order."""
    bounds = [
        trend.bounds if trend.scale == "logit" and trend.bounds else (np.nan, np.nan) for trend in model.trends.values()
    ]
    kind = np.array([_CODES[trend.scale] for trend in model.trends.values()], dtype=np.int32)
    table = np.array(bounds, dtype=float).reshape(len(bounds), 2)
    return Scales(kind, table[:, 0].copy(), table[:, 1].copy())


def latent(trend: Trend, values: Floats) -> Floats:
    """g(y) of values in trend units."""
    if trend.scale == "log":
        return np.log(values)
    if trend.scale == "logit":
        assert trend.bounds is not None
        low, high = trend.bounds
        return np.log((values - low) / (high - values))
    return np.asarray(values, dtype=float)


def size_latent(trend: Trend, written: Floats) -> Floats:
    """A size in the latent scale: units; percent on log (ln(1 + x/100)); points at mid-scale on logit (4x/(U−L))."""
    if trend.scale == "log":
        return np.log1p(written / 100.0)
    if trend.scale == "logit":
        assert trend.bounds is not None
        return 4.0 * written / (trend.bounds[1] - trend.bounds[0])
    return np.asarray(written, dtype=float)


def sizes(judgements: Judgements, path: str, size: Size | None, trend: Trend, *, shared: str | None = None) -> Floats:
    """(P,) a size's draws in the latent scale; 0 where it is left out."""
    if size is None:
        return np.zeros(judgements.n_draws)
    kind = Kind.PERCENT if trend.scale == "log" else Kind.SIZE
    return size_latent(trend, judgements.values(path, size.quantity, kind, shared=shared))


def level_kind(trend: Trend) -> tuple[Kind, tuple[float, float] | None]:
    """What a level of the trend is, as a quantity: its kind and bounds."""
    if trend.scale == "logit":
        return Kind.SIZE, trend.bounds
    return (Kind.POSITIVE if trend.scale == "log" else Kind.SIZE), None


def drift_latent(judgements: Judgements, path: str, drift: object, trend: Trend) -> Floats:
    """(P,) drift a year in the latent scale."""
    size = drift
    quantity = getattr(size, "quantity", size)
    if isinstance(quantity, Number) and quantity.value == 0.0:
        return np.zeros(judgements.n_draws)
    kind = Kind.PERCENT if trend.scale == "log" else Kind.SIZE
    return size_latent(trend, judgements.values(path, quantity, kind))  # type: ignore[arg-type]
