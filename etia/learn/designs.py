"""What each past impact puts into the data of its trend, per unit of its one parameter: columns of a fit (method §9).

An impact's `peak` and `lasting` share a percentile (§2), so they move along one line: with v its normal score,

    peak = m_p + s_p · v,   lasting = m_l + s_l · v,   v ~ N(0, 1),

m the elicited median and s the 90 % width over 2 · 1.645, latent. So an impact has one parameter v, one column (the
total response to sizes s_p, s_l) and one share of the offset (the response to m_p, m_l). The offset also holds all that
other trends pass on through couplings, their noise included. Timing, couplings and uncertain dates are those of a
judgement draw: every draw makes one design, and the fit sums over them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from etia.compile.past import Past
from etia.compile.scales import size_latent
from etia.distributions import distribution
from etia.engine.responses import Impacts, total_responses
from etia.learn.regression import normal_from_quantiles
from etia.quantity import Kind, Number, Pool

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.compile.program import Compiled
    from etia.engine.program import Program
    from etia.engine.responses import Couplings
    from etia.learn.model_series import Measured
    from etia.schema.base import Size
    from etia.schema.relation import Impact
    from etia.schema.trend import Trend

    Floats = NDArray[np.float64]

__all__ = ["Design", "Elicited", "SizeLine", "designs", "elicited", "size_line"]

GRID = 200
"""percentiles by which a pooled size's quantiles are found, and a fifth as many for the choice of its expert"""
LEVELS = (0.05, 0.5, 0.95)


class SizeLine(NamedTuple):
    """An elicited size as median and standard deviation, latent scale, as written (weight 1)."""

    middle: float
    sd: float


def size_line(size: Size | None, trend: Trend) -> SizeLine:
    """The normal that stands for an elicited size; (0, 0) where there is none."""
    if size is None:
        return SizeLine(0.0, 0.0)
    quantity, kind = size.quantity, Kind.PERCENT if trend.scale == "log" else Kind.SIZE
    if isinstance(quantity, Number):
        return SizeLine(float(size_latent(trend, np.array(quantity.value))), 0.0)
    if isinstance(quantity, Pool):
        middles = (np.arange(GRID) + 0.5) / GRID
        experts = (np.arange(GRID // 5) + 0.5) / (GRID // 5)
        drawn = distribution(quantity, kind).values(np.tile(middles, len(experts)), np.repeat(experts, GRID))
        drawn = np.quantile(drawn, LEVELS, method="hazen")
    else:
        drawn = distribution(quantity, kind).values(np.array(LEVELS))
    low, middle, high = size_latent(trend, drawn)
    mean, sd = normal_from_quantiles(low, middle, high)
    return SizeLine(float(mean), float(sd))


@dataclass(frozen=True)
class Elicited:
    """A past impact on a measured trend, with the lines of its sizes."""

    key: str
    impact: Impact
    place: int
    """among the model's impacts"""
    weight: float
    """of its mechanism under the lens"""
    peak: SizeLine
    lasting: SizeLine


def elicited(compiled: Compiled, measured: Measured) -> list[Elicited]:
    """The impacts of past events on a trend, in model order."""
    model, found = compiled.model, []
    trend = model.trends[measured.name]
    steps = compiled.fixed_step
    is_past = ((steps >= 0) & (steps <= model.timeline.as_of)).any(axis=0) & ~compiled.removed
    for place, (key, impact) in enumerate(model.impacts.items()):
        if impact.target != measured.name or not is_past[compiled.impacts.row[place]]:
            continue
        lasting = size_line(impact.lasting, trend)
        peak = lasting if impact.peak is None else size_line(impact.peak, trend)
        found.append(Elicited(key, impact, place, compiled.lens.weight(impact.mechanism), peak, lasting))
    return found


@dataclass(frozen=True)
class Design:
    """What a judgement draw makes of the impacts' parameters at a trend's data; n data, k impacts, latent scale."""

    columns: Floats  # (n, k)
    offset: Floats  # (n,)


def designs(compiled: Compiled, measured: Measured, impacts: list[Elicited], programs: list[Program]) -> list[Design]:
    """One design a draw, at all periods of the series; equal ones once each as often as they are drawn."""
    return [_design(compiled, measured, impacts, p, program) for p, program in enumerate(programs)]


def _design(compiled: Compiled, measured: Measured, impacts: list[Elicited], p: int, program: Program) -> Design:
    at, k = measured.middle, measured.index
    couplings = compiled.couplings.draw(p)
    drawn = compiled.impacts.draw(p)
    places = np.array([one.place for one in impacts], dtype=np.intp)
    steps = compiled.fixed_step[p][drawn.row[places]]
    weights = np.array([one.weight for one in impacts])
    unit = _sizes(drawn, places, *(weights * np.array([line.sd for line in lines]) for lines in _lines(impacts)))
    middles = [weights * np.array([line.middle for line in lines]) for lines in _lines(impacts)]
    shift = _sizes(drawn, places, middles[0] - drawn.peak[places], middles[1] - drawn.lasting[places])
    columns = _at_data(unit, couplings, k, steps, at, compiled)
    offset = _passed_on(compiled, program, couplings, p, k)[at] + _at_data(
        shift, couplings, k, steps, at, compiled
    ).sum(1)
    return Design(columns, offset)


def _lines(impacts: list[Elicited]) -> tuple[list[SizeLine], list[SizeLine]]:
    return [one.peak for one in impacts], [one.lasting for one in impacts]


def _sizes(drawn: Impacts, places: NDArray[np.intp], peak: Floats, lasting: Floats) -> Impacts:
    """The impacts at `places` with other sizes, a row each."""
    rows = np.arange(len(places), dtype=np.int32)
    timing = {name: getattr(drawn, name)[places] for name in ("trend", "starts", "peaks", "settles", "fades")}
    return Impacts(row=rows, peak=peak, lasting=lasting, **timing)


def _at_data(
    impacts: Impacts,
    couplings: Couplings,
    trend: int,
    steps: NDArray[np.int32],
    at: NDArray[np.int64],
    compiled: Compiled,
) -> Floats:
    """(n, k) total response of a trend to each impact, at the steps of the data."""
    n, n_trends, n_ages = len(impacts.row), len(compiled.model.trends), compiled.model.timeline.as_of + 1
    if not n:
        return np.zeros((len(at), 0))
    response = total_responses(impacts, couplings, n, n_trends, n_ages)[:, trend]
    age = at[:, None] - steps
    here = np.take_along_axis(response.T, np.clip(age, 0, n_ages - 1), axis=0)
    return np.where((age >= 0) & (steps >= 0), here, 0.0)


def _passed_on(compiled: Compiled, program: Program, couplings: Couplings, p: int, trend: int) -> Floats:
    """(T,) what the draw itself puts on the trend: its past events, and the noise that couplings bring."""
    step, as_of = compiled.fixed_step[p], compiled.model.timeline.as_of
    trends = program.trends
    is_past = (step >= 0) & (step <= as_of) & ~compiled.removed
    total = Past(step, is_past, trends.response_row, trends.response).deviation()[trend]
    for source, target, strength, lag in zip(
        couplings.source, couplings.target, couplings.strength, couplings.lag, strict=True
    ):
        if target == trend:
            total[lag:] += strength * trends.known_deviation[source, : len(total) - lag]
    return np.asarray(total)
