"""Levels of constructed trends: what an analyst judged them to be at a date (method §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etia.compile.scales import drift_latent, latent, level_kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from etia.compile.judgements import Judgements
    from etia.compile.past import Past
    from etia.schema.model import Model
    from etia.schema.trend import Trend

    Floats = NDArray[np.float64]

__all__ = ["constructed_levels", "levels_before"]


def levels_before(model: Model, place: Sequence[int], past: Past) -> dict[str, float]:
    """By constructed trend of a model what events before its `from` do to it then: Σ_{τ_e < from} G_ek(from − τ_e).

    Its trends stand at `place` among those of the factual past.
    """
    trends = zip(place, model.trends.items(), strict=True)
    return {name: past.before(k, _start(model, trend)) for k, (name, trend) in trends if _is_constructed(trend)}


def constructed_levels(model: Model, judgements: Judgements, p: int, before: Mapping[str, float]) -> dict[str, Floats]:
    """By constructed trend its baseline (T,) in draw p; nan before `from`. `before` as of `levels_before`.

    b_k(t) = g(value) + drift · (t − from) − Σ_{τ_e < from} G_ek(from − τ_e): the level holds what came before.
    """
    calendar, found = model.timeline, {}
    for name, trend in model.trends.items():
        if trend.constructed is None or trend.history:
            continue
        path = f"trends.{name}.constructed"
        kind, bounds = level_kind(trend)
        value = latent(
            trend, judgements.values(f"{path}.value", trend.constructed.value, kind, bounds=bounds)[p : p + 1]
        )[0]
        drift = drift_latent(judgements, f"{path}.drift", trend.constructed.drift, trend)[p] / calendar.steps_per_year
        start = _start(model, trend)
        steps = np.arange(calendar.n_steps - start)
        found[name] = np.full(calendar.n_steps, np.nan)
        found[name][start:] = value + drift * steps - before[name]
    return found


def _is_constructed(trend: Trend) -> bool:
    return trend.constructed is not None and not trend.history


def _start(model: Model, trend: Trend) -> int:
    """The step from which a constructed trend has a value."""
    assert trend.constructed is not None
    return max(model.timeline.first_step(trend.constructed.from_), 0)
