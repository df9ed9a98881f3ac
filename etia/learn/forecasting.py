"""Forecasts from a past origin and what they scored: the model's runs against what came, beside the references (§9).

Scores stand in the latent scale of each trend (on `log` 0.1 is about ten per cent), so that no year counts more because
its level is higher.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etia.compile.judgements import Judgements
from etia.compile.lens import lens_weights
from etia.compile.program import compile_model
from etia.compile.study import Study
from etia.engine.program import NEVER
from etia.errors import CalibrationError, NotConvergedError, SeriesError
from etia.learn import scores
from etia.learn.knowledge import FORECAST, Variant, at_origin, check_no_leak, relevant, stated_points
from etia.learn.origins import is_usable, last_known, targets
from etia.learn.reference import exponential_smoothing, random_walk, seasonal_naive

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from etia.calendar import Period
    from etia.compile.study import Case, Settings
    from etia.engine.program import Trends
    from etia.learn.model_series import Measured
    from etia.learn.reference import NormalForecast
    from etia.schema.model import Model

    Floats = NDArray[np.float64]

__all__ = ["EventForecast", "OriginForecasts", "TrendForecast", "forecast_at", "references_at"]

LEVELS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
SEASONAL = 0.01
"""error rate at which the data up to an origin show seasons, so that exponential smoothing is given them"""


@dataclass(frozen=True)
class TrendForecast:
    """One forecast of one datum, scored in the latent scale."""

    trend: str
    origin: Period
    horizon: int
    """data ahead"""
    crps: float
    pinball: float
    """mean over the levels 5, 25, 50, 75, 95 %"""
    in50: bool
    in90: bool
    pit: float
    log_score: float
    """−ln density, every judgement draw's runs as a normal"""


@dataclass(frozen=True)
class EventForecast:
    """One event's probability at an origin, and what came."""

    event: str
    origin: Period
    by: str
    probability: float
    occurred: bool
    log_score: float


@dataclass(frozen=True)
class OriginForecasts:
    """All forecasts of one variant at one origin."""

    trends: tuple[TrendForecast, ...]
    events: tuple[EventForecast, ...]
    unforeseen: tuple[str, ...]
    """events that came later and had no stated probability: a forecast leaves them out"""
    remarks: tuple[str, ...] = ()


def forecast_at(
    model: Model,
    series: Sequence[Measured],
    origin: Period,
    variant: Variant,
    settings: Settings,
    lens: str | None = None,
) -> OriginForecasts:
    """What the model forecasts from `origin` on, scored.

    Parameters
    ----------
    series
        the measured trends with all their data: what is to be scored
    lens
        the reference lens where left out
    """
    usable = [one for one in series if is_usable(one, origin)]
    names = [one.name for one in usable]
    steps = [int(one.middle[at]) for one in usable for at in targets(one, origin).values()]
    case, remarks = _case(model, origin, variant, _until(model, variant, max(steps)), names, settings, lens)
    trends = [found for one in usable for found in _trend_forecasts(case, one, origin)]
    events = _event_forecasts(case, model, origin) if variant == FORECAST else ()
    return OriginForecasts(tuple(trends), tuple(events), _unforeseen(model, origin, variant), remarks)


def _until(model: Model, variant: Variant, last_step: int) -> Period:
    """How far the calendar goes: in forecasts as far as events are known, else as far as data are scored."""
    from etia.calendar import parse_period

    calendar = model.timeline
    return parse_period(calendar.label(calendar.as_of if variant == FORECAST else last_step))


def _case(
    model: Model,
    origin: Period,
    variant: Variant,
    until: Period,
    names: list[str],
    settings: Settings,
    lens: str | None,
) -> tuple[Case, tuple[str, ...]]:
    """The runs at an origin; a probability that cannot be met is taken as that with nothing else at work."""
    as_base: dict[str, str] = {}
    while True:
        then = at_origin(model, origin, variant, until=until, trends=names, as_base=list(as_base))
        check_no_leak(then, origin, variant)
        prospective = [name for name, event in then.events.items() if event.probability]
        case = Study(relevant(then, names, prospective), {}, settings).case(lens=lens)
        try:
            case.outcomes  # noqa: B018 - calibration and runs are made when asked for
        except CalibrationError as error:
            if error.event in as_base:
                raise
            is_adrift = isinstance(error, NotConvergedError)
            as_base[error.event] = "could not be calibrated" if is_adrift else "is more than what it requires allows"
            continue
        return case, tuple(
            f"{origin}: the probability stated for '{name}' {said}; taken with nothing else at work"
            for name, said in as_base.items()
        )


def _trend_forecasts(case: Case, measured: Measured, origin: Period) -> list[TrendForecast]:
    wanted = targets(measured, origin)
    steps = {h: int(measured.middle[at]) for h, at in wanted.items()}
    first, last = min(steps.values()), max(steps.values())
    paths = case.outcomes.latent(case.trend_names.index(measured.name), first, last)
    return [
        _scored(
            measured, origin, h, paths[:, step - first], case.outcomes.n_draws, float(measured.series.latent[wanted[h]])
        )
        for h, step in steps.items()
    ]


def _scored(measured: Measured, origin: Period, horizon: int, runs: Floats, n_draws: int, seen: float) -> TrendForecast:
    quantiles = np.quantile(runs, LEVELS)
    by_draw = runs.reshape(n_draws, -1)
    if by_draw.shape[1] < 2:  # one run a draw: one normal for all
        by_draw = runs.reshape(1, -1)
    spread = np.maximum(by_draw.std(axis=1, ddof=1), 1e-9 * (1 + abs(seen)))
    weights = np.full(len(by_draw), 1 / len(by_draw))
    return TrendForecast(
        measured.name,
        origin,
        horizon,
        float(scores.crps_sample(runs, seen)),
        float(scores.pinball(quantiles, LEVELS, seen).mean()),
        bool(scores.covered(quantiles[1], quantiles[3], seen)),
        bool(scores.covered(quantiles[0], quantiles[4], seen)),
        float(scores.pit_sample(runs, seen, 0.5)),
        float(scores.log_score_normal_mixture(weights, by_draw.mean(axis=1), spread, seen)),
    )


def _event_forecasts(case: Case, model: Model, origin: Period) -> list[EventForecast]:
    """Each prospective event by each date that was stated, or by `as_of`, up to which what came is known."""
    calendar, found = model.timeline, []
    outcomes = case.outcomes
    for place, name in enumerate(case.event_names):
        event = case.model.events.get(name)
        if event is None or not event.probability:
            continue
        date = model.events[name].date
        came = NEVER if date is None else calendar.first_step(date)
        for by in sorted({min(calendar.last_step(point.by), calendar.as_of) for point in event.probability}):
            probability = float((outcomes.steps[:, place] <= by).mean())
            occurred = came <= by
            floor = 0.5 / len(outcomes.steps)
            loss = float(scores.log_score_event(probability, occurred, floor=floor))
            found.append(EventForecast(name, origin, calendar.label(by), probability, occurred, loss))
    return found


def _unforeseen(model: Model, origin: Period, variant: Variant) -> tuple[str, ...]:
    calendar = model.timeline
    if variant != FORECAST:
        return ()
    return tuple(
        name
        for name, event in model.events.items()
        if event.date is not None
        and event.date.last_month > origin.last_month
        and calendar.first_step(event.date) <= calendar.as_of
        and not stated_points(event, origin)
    )


def references_at(
    model: Model, series: Sequence[Measured], origin: Period, settings: Settings
) -> dict[tuple[str, int, str], float]:
    """CRPS of every reference forecast by (trend, horizon, reference), from the data up to the origin alone."""
    usable = [one for one in series if is_usable(one, origin)]
    found: dict[tuple[str, int, str], float] = {}
    alone = _baseline_alone(model, usable, origin, settings)
    for one in usable:
        known = one.series.latent[: last_known(one, origin) + 1]
        present = int(np.flatnonzero(np.isfinite(known))[-1])
        ahead = {h: at - present for h, at in targets(one, origin).items()}
        for name, forecast in _references(known[: present + 1], max(ahead.values()), one.per_year).items():
            for h, steps in ahead.items():
                seen = one.series.latent[targets(one, origin)[h]]
                found[one.name, h, name] = float(
                    scores.crps_normal(forecast.mean[steps - 1], forecast.sd[steps - 1], seen)
                )
        for h, at in targets(one, origin).items():
            means, sds = (part[:, int(one.middle[at])] for part in alone[one.name])
            found[one.name, h, "baseline"] = float(
                scores.crps_normal_mixture(np.ones(len(means)) / len(means), means, sds, one.series.latent[at])
            )
    return found


def _references(known: Floats, horizon: int, per_year: int) -> dict[str, NormalForecast]:
    """The forecasts that there are data enough for."""
    season = per_year if per_year > 1 else 1
    makers: dict[str, Callable[[], NormalForecast]] = {
        "random_walk": lambda: random_walk(known, horizon),
        "ets": lambda: exponential_smoothing(known, horizon, season=season if _has_seasons(known, season) else 1),
    }
    if season > 1:
        makers["seasonal"] = lambda: seasonal_naive(known, horizon, season=season)
    made = {}
    for name, make in makers.items():
        try:
            made[name] = make()
        except SeriesError:
            continue
    return made


def _has_seasons(known: Floats, season: int) -> bool:
    """Whether differences from datum to datum go by the season, by an F-test of their means."""
    from scipy.stats import f as fisher

    steps = np.diff(known)
    place = np.arange(len(steps)) % season
    is_known = np.isfinite(steps)
    counts = np.bincount(place[is_known], minlength=season)
    n = int(is_known.sum())
    if season < 2 or counts.min() < 2 or n <= season + 2:
        return False
    means = np.bincount(place[is_known], steps[is_known], minlength=season) / counts
    within = float(((steps - means[place])[is_known] ** 2).sum()) / (n - season)
    between = float((counts * (means - steps[is_known].mean()) ** 2).sum()) / (season - 1)
    return bool(within > 0 and fisher.sf(between / within, season - 1, n - season) < SEASONAL)


def _baseline_alone(
    model: Model, usable: Sequence[Measured], origin: Period, settings: Settings
) -> dict[str, tuple[Floats, Floats]]:
    """Each trend's own baseline and noise, fitted as if nothing had happened: means and spreads, (draws, T) each."""
    from etia.calendar import parse_period

    names = [one.name for one in usable]
    last = max(int(one.middle[at]) for one in usable for at in targets(one, origin).values())
    until = parse_period(model.timeline.label(last))
    then = at_origin(model, origin, FORECAST, until=until, trends=names)
    check_no_leak(then, origin, FORECAST)
    bare = relevant(_eventless(then), names)
    judgements = Judgements(settings.seed, settings.draws, central=settings.central)
    compiled = compile_model(bare, lens_weights(bare), judgements)
    drawn = [compiled.program(p).trends for p in range(compiled.n_draws)]
    return {
        name: (
            np.array([trends.baseline[k] + trends.known_deviation[k] for trends in drawn]),
            np.array([_spread(trends, k) for trends in drawn]),
        )
        for k, name in enumerate(bare.trends)
    }


def _spread(trends: Trends, k: int) -> Floats:
    """(T,) standard deviation of a trend's own random noise."""
    sd = np.zeros(trends.baseline.shape[1])
    noise = trends.noise
    if noise is not None and k in noise.trend:
        j = noise.trend.tolist().index(k)
        sd[noise.first_step :] = np.sqrt((noise.weight_of(j) ** 2).sum(axis=1))
    return sd


def _eventless(model: Model) -> Model:
    whole = {name: getattr(model, name) for name in type(model).model_fields}
    return type(model).model_construct(**{**whole, "events": {}, "links": {}, "impacts": {}, "couplings": {}})
