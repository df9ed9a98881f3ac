"""Rolling origins: forecasts that the model would have made, scored against what came and against simple ones (§9).

Two variants. `known-events` lets later events come at their actual dates: it tests the impacts, lags and baselines.
`forecast` leaves them to the probabilities that were stated at the time: it tests the forecast as a whole. Skill is
1 − CRPS / CRPS of a reference; below 0 the reference is better, and that is printed as plainly as its opposite.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from etia.compile.study import Settings
from etia.learn import scores
from etia.learn.forecasting import forecast_at, references_at
from etia.learn.knowledge import FORECAST, KNOWN_EVENTS, Variant, fitted_relations
from etia.learn.model_series import measured_trends
from etia.learn.origins import chosen_origins, default_origins, spacing_months
from etia.learn.skill import skill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from etia.calendar import Period
    from etia.learn.forecasting import OriginForecasts, TrendForecast
    from etia.learn.model_series import Measured
    from etia.schema.model import Model

    Row = tuple[object, ...]

__all__ = ["AGAINST", "ALL", "Backtest", "backtest"]

COLUMNS = [
    "model", "trend", "origin", "horizon", "variant", "crps", "pinball", "cover50", "cover90", "against", "skill", "se",
]  # fmt: skip
"""of the table backtest: scores are in the latent scale; horizon counts data after the origin"""
EVENT_COLUMNS = ["model", "event", "origin", "by", "probability", "occurred", "brier", "log_score"]
PIT_COLUMNS = ["model", "trend", "variant", "low", "high", "n", "share"]
RELIABILITY_COLUMNS = [
    "model", "low", "high", "n", "n_events", "mean_probability", "frequency", "frequency_low", "frequency_high",
]  # fmt: skip
AGAINST = ("random_walk", "seasonal", "baseline", "ets")
ALL = "all"
"""origin of the rows that sum up over origins"""
VARIANTS: tuple[Variant, ...] = (KNOWN_EVENTS, FORECAST)
PIT_BINS = 10


@dataclass(frozen=True)
class Backtest:
    """Scores of a model's forecasts from past origins."""

    model: str
    origins: tuple[Period, ...]
    trends: tuple[str, ...]
    """those that could be scored, in model order"""
    months: dict[str, int]
    """of a datum, by trend"""
    forecasts: dict[Variant, tuple[OriginForecasts, ...]] = field(repr=False)
    """by variant, one an origin"""
    references: dict[tuple[str, int, str, str], float] = field(repr=False)
    """CRPS by trend, horizon, reference and origin"""
    remarks: tuple[str, ...] = ()

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables `backtest`, `backtest_events`, `backtest_pit` and `backtest_reliability`."""
        return {
            "backtest": pd.DataFrame(list(self._rows()), columns=COLUMNS),
            "backtest_events": self._events(),
            "backtest_pit": pd.DataFrame(list(self._pit()), columns=PIT_COLUMNS),
            "backtest_reliability": self._reliability(),
        }

    def groups(self) -> Iterator[tuple[str, Variant, int, list[TrendForecast]]]:
        """Forecasts by trend, variant and horizon, in order of time."""
        found: dict[tuple[str, Variant, int], list[TrendForecast]] = defaultdict(list)
        for variant, by_origin in self.forecasts.items():
            for one in (forecast for origin in by_origin for forecast in origin.trends):
                found[one.trend, variant, one.horizon].append(one)
        for trend in self.trends:
            for variant in self.forecasts:
                for horizon in sorted(h for name, which, h in found if (name, which) == (trend, variant)):
                    yield trend, variant, horizon, found[trend, variant, horizon]

    def _rows(self) -> Iterator[Row]:
        for trend, variant, horizon, forecasts in self.groups():
            for against in AGAINST:
                known = [f for f in forecasts if (trend, horizon, against, str(f.origin)) in self.references]
                for one in known:
                    reference = self.references[trend, horizon, against, str(one.origin)]
                    yield (
                        self.model, trend, str(one.origin), horizon, variant, one.crps, one.pinball,
                        float(one.in50), float(one.in90), against, _ratio(one.crps, reference), math.nan,
                    )  # fmt: skip
                if known:
                    yield self._summed(trend, variant, horizon, known, against)

    def _summed(self, trend: str, variant: Variant, horizon: int, known: list[TrendForecast], against: str) -> Row:
        own = np.array([f.crps for f in known])
        reference = np.array([self.references[trend, horizon, against, str(f.origin)] for f in known])
        overlap = max(1, math.ceil(horizon * self.months[trend] / spacing_months(self.origins)))
        if len(known) >= 3 and reference.mean() > 0:
            found = skill(own, reference, horizon=overlap)
            value, se = found.value, found.se
        else:
            value, se = _ratio(float(own.mean()), float(reference.mean())), math.nan
        means = [float(np.mean([getattr(f, name) for f in known])) for name in ("crps", "pinball", "in50", "in90")]
        return (self.model, trend, ALL, horizon, variant, *means, against, value, se)

    def _events(self) -> pd.DataFrame:
        rows = [
            (self.model, e.event, str(e.origin), e.by, e.probability, e.occurred,
             float(scores.brier(e.probability, e.occurred)), e.log_score)
            for origin in self.forecasts.get(FORECAST, ())
            for e in origin.events
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=EVENT_COLUMNS)

    def _pit(self) -> Iterator[Row]:
        """How often what came lay in each tenth of the forecast: a tenth each where the forecast is calibrated."""
        found: dict[tuple[str, Variant], list[float]] = defaultdict(list)
        for trend, variant, _, forecasts in self.groups():
            found[trend, variant] += [f.pit for f in forecasts]
        for (trend, variant), values in found.items():
            counts = np.histogram(values, bins=PIT_BINS, range=(0, 1))[0]
            for i, count in enumerate(counts):
                low, high = i / PIT_BINS, (i + 1) / PIT_BINS
                yield self.model, trend, variant, low, high, int(count), count / len(values)

    def _reliability(self) -> pd.DataFrame:
        events = self._events()
        if not len(events):
            return pd.DataFrame(columns=RELIABILITY_COLUMNS)
        found = scores.reliability(
            events["probability"],
            events["occurred"].astype(float),
            edges=np.linspace(0, 1, 6),
            events=events["event"].tolist(),
        )
        found.insert(0, "model", self.model)
        return found

    @property
    def unforeseen(self) -> tuple[str, ...]:
        """Events that came after some origin without a stated probability, in model order."""
        return tuple(dict.fromkeys(name for one in self.forecasts.get(FORECAST, ()) for name in one.unforeseen))


def _ratio(own: float, reference: float) -> float:
    return 1 - own / reference if reference > 0 else math.nan


def backtest(
    model: Model,
    *,
    name: str = "model",
    origins: Sequence[str] = (),
    settings: Settings | None = None,
    lens: str | None = None,
    variants: Sequence[Variant] = VARIANTS,
    progress: Callable[[str], None] | None = None,
) -> Backtest:
    """Move `as_of` to past origins and score what the model forecasts from there.

    Parameters
    ----------
    name
        of the model, for the tables
    origins
        dates; where left out the last twenty ends of years at which a trend has 8 data behind and one ahead (ends of
        half-years, quarters or steps where the years are fewer than twelve)
    settings
        draws, runs, seed and threads; the defaults of a run
    lens
        the reference lens where left out
    progress
        told of each origin before it is worked on

    Raises
    ------
    UsageError
        for an origin at which nothing can be scored
    LeakError
        if a forecast were to know what came after its origin
    """
    asked, series = settings or Settings(), measured_trends(model)
    dates = chosen_origins(model.timeline, series, origins) if origins else default_origins(model.timeline, series)
    forecasts: dict[Variant, list[OriginForecasts]] = {variant: [] for variant in variants}
    references: dict[tuple[str, int, str, str], float] = {}
    for origin in dates:
        if progress is not None:
            progress(str(origin))
        for variant in variants:
            forecasts[variant].append(forecast_at(model, series, origin, variant, asked, lens))
        for (trend, horizon, against), score in references_at(model, series, origin, asked).items():
            references[trend, horizon, against, str(origin)] = score
    scored = {f.trend for by_origin in forecasts.values() for one in by_origin for f in one.trends}
    return Backtest(
        name,
        tuple(dates),
        tuple(one.name for one in series if one.name in scored),
        {one.name: one.months for one in series},
        {variant: tuple(found) for variant, found in forecasts.items()},
        references,
        (
            *_remarks(model, series, scored, asked),
            *(remark for found in forecasts.values() for one in found for remark in one.remarks),
        ),
    )


def _remarks(model: Model, series: Sequence[Measured], scored: set[str], settings: Settings) -> list[str]:
    found = [f"{one.name}: too few data to be scored" for one in series if one.name not in scored]
    if settings.central:
        found.append("central model: its bands leave out what judgements and data leave open, so they hold too little")
    fitted = fitted_relations(model, [one.name for one in series])
    if fitted:
        found.append(
            f"{len(fitted)} relations were fitted to these very data ({', '.join(fitted[:3])}"
            f"{', …' if len(fitted) > 3 else ''}): their backtest is no test of them"
        )
    return found
