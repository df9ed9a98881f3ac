"""Which theories the data speak for: lenses weighed by how well each forecasts the measured trends (method §9).

Every lens forecasts from the same origins, later events at their actual dates, so that lenses differ by what they hold
of impacts. A trend counts once an origin, at the longest horizon that does not reach past the next origin: forecasts
that overlap would count the same years twice. Every mixture of lenses is held equally likely beforehand, so that lenses
which forecast alike keep about even weights; the log scores then move them as far as they can.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from etia.compile.lens import lens_names
from etia.compile.study import Settings
from etia.engine.streams import keys, uniforms
from etia.learn.forecasting import forecast_at
from etia.learn.knowledge import KNOWN_EVENTS
from etia.learn.model_series import measured_trends
from etia.learn.origins import HORIZONS, chosen_origins, default_origins, spacing_months
from etia.learn.stacking import stack_from_even

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from etia.calendar import Period
    from etia.learn.forecasting import OriginForecasts
    from etia.learn.model_series import Measured
    from etia.schema.model import Model

    Floats = NDArray[np.float64]

__all__ = ["COLUMNS", "lens_log_scores", "lens_weights_table"]

COLUMNS = ["lens", "weight", "low", "high"]
MIXTURES = 50_000


def lens_weights_table(
    model: Model,
    *,
    origins: Sequence[str] = (),
    settings: Settings | None = None,
    progress: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Table `lens_weights`: the weight of each lens, with a 90 % interval.

    Arguments as of `backtest`. Empty where nothing can be scored; a model with one lens gives it the weight 1.
    """
    asked = settings or Settings()
    names = lens_names(model)
    if len(names) == 1:
        return pd.DataFrame([(names[0], 1.0, 1.0, 1.0)], columns=COLUMNS)
    losses = lens_log_scores(model, origins=origins, settings=asked, progress=progress)
    if len(losses) < 3:
        return pd.DataFrame(columns=COLUMNS)
    chance = uniforms(keys(asked.seed, "mixture", names), 0, MIXTURES)
    found = stack_from_even(losses, chance)
    rows = zip(names, found.weight.tolist(), found.low.tolist(), found.high.tolist(), strict=True)
    return pd.DataFrame(list(rows), columns=COLUMNS)


def lens_log_scores(
    model: Model,
    *,
    origins: Sequence[str] = (),
    settings: Settings | None = None,
    progress: Callable[[str], None] | None = None,
) -> Floats:
    """−ln density of what came under every lens, shape (forecasts in order of time, lenses)."""
    series, asked = measured_trends(model), settings or Settings()
    dates = chosen_origins(model.timeline, series, origins) if origins else default_origins(model.timeline, series)
    horizons = {one.name: _horizon(one, dates) for one in series}
    rows: list[list[float]] = []
    for origin in dates:
        if progress is not None:
            progress(f"{origin}, all lenses")
        by_lens = [forecast_at(model, series, origin, KNOWN_EVENTS, asked, lens) for lens in lens_names(model)]
        rows += np.transpose([_losses(found, horizons) for found in by_lens]).tolist()
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(lens_names(model)))


def _horizon(measured: Measured, origins: Sequence[Period]) -> int:
    """The longest horizon within the distance between origins; the shortest where none is."""
    spacing = spacing_months(origins)
    within = [h for h in HORIZONS[measured.months] if h * measured.months <= spacing]
    return max(within, default=HORIZONS[measured.months][0])


def _losses(found: OriginForecasts, horizons: dict[str, int]) -> list[float]:
    return [one.log_score for one in found.trends if one.horizon == horizons[one.trend]]
