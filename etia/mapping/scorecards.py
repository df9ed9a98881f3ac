"""One card a trend: where it stands, where it may go, how likely it rises, what its spread comes from (method §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from etia.compile.standard_errors import mean_and_error, spread
from etia.mapping.projections import baselines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from etia.compile.study import Case
    from etia.mapping.ends import Ends
    from etia.schema.trend import Trend

    Floats = NDArray[np.float64]

__all__ = ["CARD", "LEVEL", "level_of", "level_probabilities", "trend_scores"]

CARD = [
    "scenario", "lens", "trend", "now", "horizon", "baseline", "p50", "p5", "p95", "rise_probability", "level_now",
    "likeliest_level", "judgement_share", "chance_share", "evidence_share", "data_share",
]  # fmt: skip
LEVEL = ["scenario", "lens", "trend", "date", "level", "probability", "se"]


def level_of(trend: Trend, value: float) -> str | None:
    """The name of the highest rung not above the value; None below the lowest, and for a trend without levels."""
    reached = [name for rung, name in trend.levels.items() if rung <= value]
    return reached[-1] if reached else None


def _rungs_reached(trend: Trend, values: Floats) -> NDArray[np.bool_]:
    """(runs, rungs) whether the value's level is this rung: at or above it, below the next."""
    place = np.searchsorted(np.array(list(trend.levels)), values, side="right") - 1
    reached: NDArray[np.bool_] = place[:, None] == np.arange(len(trend.levels))
    return reached


def _likeliest(trend: Trend, values: Floats) -> str | None:
    if not trend.levels or np.isnan(values).any():
        return None
    counts = _rungs_reached(trend, values).sum(axis=0)
    return list(trend.levels.values())[int(np.argmax(counts))] if counts.any() else None


def _card(case: Case, trend: int, now: float, final: Floats, band: Floats, baseline: float) -> list[Any]:
    """The row of one trend; evidence's and data's shares are filled in by who knows what the terms rest on."""
    name = case.trend_names[trend]
    described = case.model.trends[name]
    p5, p50, p95 = band
    rise = float(np.mean(final > now)) if not np.isnan(now) else np.nan
    parts = spread(final, case.study.settings.n_draws)
    shares = [float(parts.share(part)) for part in (parts.judgement, parts.chance)]
    level_now = level_of(described, now)
    horizon = case.calendar.label(case.calendar.n_steps - 1)
    head = [case.scenario, case.lens, name, now, horizon, baseline, p50, p5, p95, rise]
    return [*head, level_now, _likeliest(described, final), *shares, np.nan, np.nan]


def trend_scores(found: Iterable[Ends]) -> pd.DataFrame:
    """The table `trend_scores`."""
    rows = []
    for case, now, final, band in found:
        baseline = baselines(case)[:, -1]
        rows += [_card(case, k, float(now[k]), final[k], band[k], float(baseline[k])) for k in range(len(now))]
    return pd.DataFrame(rows, columns=CARD)


def level_probabilities(found: Iterable[Ends]) -> pd.DataFrame:
    """The table `level_probabilities`: how likely a trend stands at each of its named levels at the horizon."""
    rows = []
    for own in found:
        for (name, trend), final in zip(own.case.model.trends.items(), own.final, strict=True):
            if not trend.levels or np.isnan(final).any():
                continue
            probability, se = mean_and_error(own.case, _rungs_reached(trend, final))
            rows += [
                [own.case.scenario, own.case.lens, name, own.horizon, level, probability[i], se[i]]
                for i, level in enumerate(trend.levels.values())
            ]
    return pd.DataFrame(rows, columns=LEVEL)
