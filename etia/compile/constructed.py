"""Levels of constructed trends: what an analyst judged them to be at a date (method §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etia.compile.scales import drift_latent, latent, level_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etia.compile.judgements import Judgements
    from etia.compile.past import Past
    from etia.schema.model import Model

    Floats = NDArray[np.float64]

__all__ = ["constructed_levels"]


def constructed_levels(
    model: Model, place: Sequence[int], judgements: Judgements, p: int, past: Past, baseline: Floats
) -> None:
    """Write draw p's baselines of a model's constructed trends to their `place` in `baseline` (K, T).

    `past` and `baseline` have the trends of the factual past, a scenario's `model` may lack some. nan before `from`.

    b_k(t) = g(value) + drift · (t − from) − Σ_{τ_e < from} G_ek(from − τ_e): the level holds what came before.
    """
    calendar = model.timeline
    for k, (name, trend) in zip(place, model.trends.items(), strict=True):
        if trend.constructed is None or trend.history:
            continue
        path = f"trends.{name}.constructed"
        kind, bounds = level_kind(trend)
        value = latent(
            trend, judgements.values(f"{path}.value", trend.constructed.value, kind, bounds=bounds)[p : p + 1]
        )[0]
        drift = drift_latent(judgements, f"{path}.drift", trend.constructed.drift, trend)[p] / calendar.steps_per_year
        start = max(calendar.first_step(trend.constructed.from_), 0)
        steps = np.arange(calendar.n_steps - start)
        baseline[k, start:] = value + drift * steps - past.before(k, start)
