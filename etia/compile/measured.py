"""Measured trends: their data in the latent scale, the baseline beneath them and the noise about it (method §4).

At every datum what the model itself puts there is taken off first, so no impact counts twice; the baseline is fitted to
the rest. The lens's central model settles memory and smoothing at their best values. What the data leave open about
them, about levels, slopes and innovations is drawn anew with the judgements (§8), on percentiles that lenses and
scenarios share; baseline, past responses and residual add up to the data in every draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import toeplitz

from etia.compile import baselines
from etia.compile.scales import latent, level_kind
from etia.engine.memory import memory_of
from etia.engine.program import Noise
from etia.engine.responses import couple
from etia.engine.streams import keys, uniforms
from etia.errors import SeriesError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from etia.calendar import Calendar, Period
    from etia.compile.judgements import Judgements
    from etia.compile.past import Past
    from etia.engine.memory import Memory
    from etia.engine.responses import Couplings
    from etia.schema.model import Model
    from etia.schema.trend import Trend

    Floats = NDArray[np.float64]

__all__ = ["Courses", "Series", "courses", "drawn", "ground", "measured_series", "memories", "random_noise"]

_PERIOD_MONTHS = {"day": 1, "month": 1, "quarter": 3, "year": 12}
_STABLE = 1e-12
_SETTLED = 1e-6
"""of a trend's largest own noise: no search for the best memory ends nearer, and repeated it only goes to and fro"""
_MOST_PASSES = 200


@dataclass(frozen=True)
class Series:
    """The data of one measured trend by period, from that of the first datum to that of `as_of`."""

    trend: int
    name: str
    values: Floats  # (n,) latent; nan where missing
    middle: NDArray[np.int64]  # (n + H,) middle step of each period, H of them after the last datum's
    fit_window: NDArray[np.bool_]  # (n,)
    periods_per_year: int
    horizon: int  # H, periods needed after the last datum to reach the calendar's end

    @property
    def last(self) -> int:
        """Period of the last datum."""
        return int(np.flatnonzero(~np.isnan(self.values))[-1])


def measured_series(model: Model) -> list[Series]:
    """The series of all measured trends with data in the calendar up to `as_of`."""
    found = [_series(model, k, name, trend) for k, (name, trend) in enumerate(model.trends.items()) if trend.history]
    return [series for series in found if series is not None]


def _series(model: Model, k: int, name: str, trend: Trend) -> Series:
    calendar = model.timeline
    months = max(_PERIOD_MONTHS[trend.history[0].at.precision], calendar.months_per_step)
    start = calendar.origin * calendar.months_per_step
    present = (calendar.origin + calendar.as_of + 1) * calendar.months_per_step
    known = [d for d in trend.history if d.at.first_month >= start and d.at.last_month < present]
    if not known:
        raise SeriesError(f"trend '{name}': no datum lies between the calendar's start and as_of; 1 is needed at least")
    period = np.array([d.at.first_month // months for d in known])
    first, n = int(period.min()), (present - 1) // months - int(period.min()) + 1
    total, count = np.zeros(n), np.zeros(n)
    np.add.at(total, period - first, latent(trend, np.array([d.value for d in known])))
    np.add.at(count, period - first, 1.0)
    values = np.divide(total, count, out=np.full(n, np.nan), where=count > 0)
    last = int(np.flatnonzero(count)[-1])
    middle = _middle_steps(calendar, first, months, calendar.n_steps * calendar.months_per_step // months + n + 2)
    horizon = int(np.searchsorted(middle, calendar.n_steps - 1)) - last
    window = _window(trend, first, n, months)
    return Series(k, name, values, middle[: last + 1 + max(horizon, 0)], window, 12 // months, max(horizon, 0))


def _middle_steps(calendar: Calendar, first: int, months: int, n: int) -> NDArray[np.int64]:
    """Middle step of n periods of `months` from number `first` on, the earlier of two."""
    begin = (first + np.arange(n)) * months // calendar.months_per_step - calendar.origin
    return begin + (months // calendar.months_per_step - 1) // 2


def _window(trend: Trend, first: int, n: int, months: int) -> NDArray[np.bool_]:
    span: tuple[Period, Period] | None = trend.baseline.fit if trend.baseline else None
    if span is None:
        return np.ones(n, dtype=bool)
    number = first + np.arange(n)
    return (number >= span[0].first_month // months) & (number <= span[1].last_month // months)


def _given(series: Series, trend: Trend, judgements: Judgements, p: int, calendar: Calendar) -> Floats | None:
    """(periods,) the experts' course of a baseline by points in draw p: latent-linear between them, level beyond."""
    if trend.baseline is None or trend.baseline.method != "points":
        return None
    kind, bounds = level_kind(trend)
    steps = np.array([calendar.middle_step(point.at) for point in trend.baseline.points])
    path = f"trends.{series.name}.baseline.points"
    levels = [
        latent(trend, judgements.values(f"{path}.{i}.value", point.value, kind, bounds=bounds, shared=path))[p]
        for i, point in enumerate(trend.baseline.points)
    ]
    order = np.argsort(steps)
    n_periods = max(len(series.middle), len(series.values))
    middle = np.r_[series.middle, np.full(n_periods - len(series.middle), series.middle[-1])]
    return np.asarray(np.interp(middle, steps[order], np.array(levels)[order]))


@dataclass(frozen=True)
class Courses:
    """What the lens's central model settles: each series' parameters and its map from data to baseline, by trend."""

    series: tuple[Series, ...]
    parameters: Mapping[int, baselines.Parameters]
    courses: Mapping[int, baselines.Course]
    rest: Mapping[int, Floats]  # (n,) the central model's
    given: Mapping[int, Floats | None]  # (periods,) the experts' course, the central model's
    first_step: int
    n_steps: int


def courses(model: Model, central: Judgements, past: Past, couplings: Couplings) -> Courses | None:
    """Memory and smoothing of every measured trend, from the lens's central model; None without measured trends."""
    series = measured_series(model)
    if not series:
        return None
    calendar, n_trends = model.timeline, len(model.trends)
    deviation = past.deviation()
    given = {s.trend: _given(s, _trend(model, s), central, 0, calendar) for s in series}
    found: dict[int, tuple[baselines.Parameters, baselines.Course]] = {}
    rests: dict[int, Floats] = {}
    own = np.zeros((n_trends, calendar.n_steps))
    for _ in range(_MOST_PASSES):
        before = own.copy()
        for s in series:
            rest = _rest(s, deviation, _coupled(own, couplings, s.trend))
            if _is_known(rests, s.trend, rest):
                continue
            found[s.trend] = _estimated(s, _trend(model, s), rest, given[s.trend])
            own[s.trend] = _own_noise(s, found[s.trend][1].fit(rest, given[s.trend]), calendar)[1]
        moved, most = (np.abs(each).max(axis=1, initial=0.0) for each in (own - before, own))
        if not len(couplings.source) or (moved <= _SETTLED * most).all():
            break
    parameters = {trend: settled for trend, (settled, _) in found.items()}
    course = {trend: mapped for trend, (_, mapped) in found.items()}
    first = min(int(s.middle[s.last]) + 1 for s in series)
    return Courses(tuple(series), parameters, course, rests, given, first, calendar.n_steps)


def drawn(shared: Courses, judgements: Judgements) -> dict[int, baselines.Draws]:
    """By trend what the data leave open about its baseline and noise, in every draw; nothing in the central model.

    Percentiles come from streams named by the trend, so lenses and scenarios share them.
    """
    if judgements.central:
        return {}

    def percentile(name: str) -> Floats:
        stream = keys(judgements.seed, "baseline", [name])
        return uniforms(stream, judgements.first_draw, judgements.n_draws)[:, 0]

    found = {}
    for s in shared.series:
        draws = baselines.draws(
            shared.parameters[s.trend],
            shared.rest[s.trend],
            s.fit_window,
            s.horizon,
            lambda part, name=s.name: percentile(f"{name}.{part}"),  # type: ignore[misc]
            shared.given[s.trend],
        )
        if draws is not None:
            found[s.trend] = draws
    return found


def _trend(model: Model, series: Series) -> Trend:
    return model.trends[series.name]


def _estimated(
    series: Series, trend: Trend, rest: Floats, given: Floats | None
) -> tuple[baselines.Parameters, baselines.Course]:
    method = trend.baseline.method if trend.baseline else "constant"
    try:
        parameters = baselines.estimate(method, rest, series.fit_window, series.periods_per_year, given)
    except SeriesError as error:
        raise SeriesError(f"trend '{series.name}': {error}") from error
    return parameters, baselines.prepare(parameters, ~np.isnan(rest), series.fit_window, series.horizon)


def _rest(series: Series, deviation: Floats, coupled: Floats) -> Floats:
    """(n,) the data less what the model itself puts there: past events' responses and coupled noise."""
    at = series.middle[: len(series.values)] if len(series.middle) >= len(series.values) else _padded(series)
    rest: Floats = series.values - deviation[series.trend, at] - coupled[at]
    return rest


def _is_known(rests: dict[int, Floats], trend: int, rest: Floats) -> bool:
    """Whether the trend was fitted to just these values in the pass before; they are kept for the next one."""
    is_known = trend in rests and np.array_equal(rests[trend], rest, equal_nan=True)
    rests[trend] = rest
    return is_known


def _padded(series: Series) -> NDArray[np.int64]:
    extra = len(series.values) - len(series.middle)
    middle: NDArray[np.int64] = np.r_[series.middle, np.full(extra, series.middle[-1])]
    return middle


def _coupled(own: Floats, couplings: Couplings, trend: int) -> Floats:
    """(T,) the part of a trend's noise that couplings bring, given all own noises (K, T)."""
    if not len(couplings.source):
        return np.zeros(own.shape[1])
    total = couple(own[None], couplings)[0, trend]
    return np.asarray(total - own[trend])


def _own_noise(series: Series, fit: baselines.Fit, calendar: Calendar) -> tuple[Floats, Floats]:
    """(T,) baseline and known own noise by step; the baseline is nan where the trend has no value."""
    n_steps = calendar.n_steps
    middle = series.middle
    observed = ~np.isnan(fit.residual)
    noise = np.r_[fit.residual, fit.known]
    has_noise = np.r_[observed, np.ones(len(fit.known), dtype=bool)]
    steps = np.arange(n_steps)
    own = np.interp(steps, middle[has_noise], noise[has_noise], left=0.0)
    baseline = np.interp(steps, middle, fit.baseline[: len(middle)])
    baseline[steps < middle[np.flatnonzero(observed)[0]]] = np.nan
    own[steps < middle[np.flatnonzero(observed)[0]]] = 0.0
    data = np.flatnonzero(observed)
    for left, right in pairwise(data):
        if right - left > 1:
            baseline[middle[left] + 1 : middle[right]] = np.nan
    return baseline, own


def ground(
    factual: Model,
    model: Model,
    judgements: Judgements,
    shared: Courses | None,
    draws: Mapping[int, baselines.Draws],
    p: int,
    past: Past,
    couplings: Couplings,
) -> tuple[Floats, Floats]:
    """(K, T) draw p's baselines, of measured trends (nan elsewhere), and known own noise, without what couplings bring.

    K trends of the `factual` model, whose past and couplings these are; a scenario's `model` may have other points.
    `draws` as of `drawn`.
    """
    calendar, n_trends = factual.timeline, len(factual.trends)
    baseline = np.full((n_trends, calendar.n_steps), np.nan)
    own = np.zeros((n_trends, calendar.n_steps))
    if shared is None:
        return baseline, own
    deviation = past.deviation()
    trends = {**factual.trends, **model.trends}
    given = {s.trend: _given(s, trends[s.name], judgements, p, calendar) for s in shared.series}
    rests: dict[int, Floats] = {}
    for _ in range(_MOST_PASSES):
        before = own.copy()
        for s in shared.series:
            rest = _rest(s, deviation, _coupled(own, couplings, s.trend))
            if _is_known(rests, s.trend, rest):
                continue
            draw = draws[s.trend][p] if s.trend in draws else None
            fit = shared.courses[s.trend].fit(rest, given[s.trend], draw)
            baseline[s.trend], own[s.trend] = _own_noise(s, fit, calendar)
        if not len(couplings.source) or np.abs(own - before).max() < _STABLE:
            break
    return baseline, own


def memories(shared: Courses, draws: Mapping[int, baselines.Draws], p: int) -> tuple[Memory, ...]:
    """How draw p's innovations live on in the noise of each of the series."""
    found = []
    for s in shared.series:
        draw = draws[s.trend][p] if s.trend in draws else shared.courses[s.trend]
        found.append(memory_of(_at_steps(s, draw.sigma, draw.psi, shared)))
    return tuple(found)


def random_noise(shared: Courses, living: Sequence[Memory], names: Sequence[str], couplings: Couplings) -> Noise | None:
    """Random noise of the measured trends among `names`, on its way along these couplings; None: no noise.

    `living` as of `memories`.
    """
    kept = [(s, memory) for s, memory in zip(shared.series, living, strict=True) if s.name in names]
    if not any(memory.n_periods for _, memory in kept):
        return None
    trends = np.array([names.index(s.name) for s, _ in kept], dtype=np.int32)
    c = couplings
    return Noise(
        shared.first_step, trends, tuple(memory for _, memory in kept), shared.n_steps - shared.first_step,
        max(s.horizon for s, _ in kept), c.source, c.target, c.strength, c.lag,
    )  # fmt: skip


def _at_steps(series: Series, sigma: float, psi: Floats, shared: Courses) -> Floats:
    """(T − first step, H) weights of the innovations, interpolated from the data's periods to steps."""
    at_periods = np.zeros((series.horizon + 1, series.horizon))
    if series.horizon:
        at_periods[1:] = sigma * toeplitz(psi, np.zeros(series.horizon))
    middle, steps = series.middle[series.last :], np.arange(shared.first_step, shared.n_steps)
    place = np.interp(steps, middle, np.arange(len(middle), dtype=float))
    below = np.minimum(place.astype(int), max(series.horizon - 1, 0))
    above, share = np.minimum(below + 1, series.horizon), (place - below)[:, None]
    return np.asarray(at_periods[below] * (1 - share) + at_periods[above] * share)
