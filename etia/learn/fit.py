"""What the data say of every impact size: the elicited ranges as priors, the baseline fitted jointly (method §9).

For each measured trend, at its data up to `as_of` and within the baseline's fit window,

    g(y) = offset + Σ_i x_i · v_i + baseline + noise,   v_i ~ N(0, 1),

with columns x_i and offset of `designs`, one design a judgement draw. Baseline and noise by the trend's method:

* `constant`, `linear`: a level or a line with a flat prior; AR(1) noise, memory and innovations summed over a grid.
* `points`: the experts' course is part of the offset, nothing else is fitted; AR(1) noise.
* `damped`, `ets`: smoothing by maximum likelihood given the elicited medians, then held; the data, the columns and the
  courses of the initial states are whitened by it, and the innovations' size is summed over a grid. A smoothed level
  follows what no column explains, so such data say less of lasting sizes.

Impacts on other trends, links and probabilities are not fitted; they stand in the draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from etia.compile import baselines
from etia.compile.judgements import Judgements
from etia.compile.lens import lens_weights
from etia.compile.program import compile_model
from etia.errors import SeriesError
from etia.learn.designs import Design, Elicited, SizeLine, designs, elicited
from etia.learn.model_series import Measured, measured_trends
from etia.learn.regression import Z95, NoiseGrid, Posterior, Prior, fit_sizes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.compile.program import Compiled
    from etia.engine.program import Program
    from etia.schema.model import Model
    from etia.schema.trend import Trend

    Floats = NDArray[np.float64]

__all__ = ["COLUMNS", "Fits", "FittedSize", "TrendFit", "fit_model"]

COLUMNS = [
    "event", "trend", "parameter", "prior_p50", "prior_p5", "prior_p95", "p50", "p5", "p95", "moved", "contradicted",
]  # fmt: skip
"""of the table fit"""
DRAWS = 40
"""judgement draws of timing, couplings and dates that are summed over"""
LEVELS = np.array([0.05, 0.5, 0.95])
NARROWER, MOVED = 0.98, 0.1
"""a posterior narrower than this share of the prior, or moved by this many of its standard deviations, has learned"""


class FittedSize(NamedTuple):
    """One size before and after the data, in the units that sizes are written in."""

    key: str
    """of the impact in the model"""
    event: str
    parameter: str
    """`peak` or `lasting`, with the impact's label where it has one"""
    prior: tuple[float, float, float]
    """5 %, 50 % and 95 %"""
    posterior: tuple[float, float, float]
    moved: float
    """how far the data moved it, in prior standard deviations"""
    contradicted: bool
    is_informed: bool
    """whether the data said anything of it"""


@dataclass(frozen=True)
class TrendFit:
    """The sizes of all past impacts on one trend."""

    trend: str
    method: str
    n_data: int
    first: str
    last: str
    impacts: tuple[Elicited, ...]
    posterior: Posterior
    """of the parameters v, one an impact"""
    sizes: tuple[FittedSize, ...]


@dataclass(frozen=True)
class Fits:
    """All fits of a model under one lens."""

    lens: str
    trends: tuple[TrendFit, ...]
    left_out: tuple[str, ...]
    """trends that could not be fitted, and why, in words"""

    @property
    def table(self) -> pd.DataFrame:
        """Table `fit`: percent on log trends, else trend units or points; as written, for a weight of 1."""
        rows = [
            (size.event, fit.trend, size.parameter, *_median_first(size.prior), *_median_first(size.posterior),
             size.moved, size.contradicted)
            for fit in self.trends
            for size in fit.sizes
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=COLUMNS)


def _median_first(values: tuple[float, float, float]) -> tuple[float, float, float]:
    return values[1], values[0], values[2]


def fit_model(
    model: Model, *, lens: str | None = None, seed: int = 0, draws: int = DRAWS, central: bool = False
) -> Fits:
    """Fit the sizes of past impacts on every measured trend that has any.

    Parameters
    ----------
    lens
        the theory under which the data are read; the reference lens where left out
    seed, draws
        of the judgements of timing, couplings and uncertain dates
    central
        their central values instead, one design
    """
    weights = lens_weights(model, lens)
    compiled = compile_model(model, weights, Judgements(seed, draws, central=central))
    programs = [compiled.program(p) for p in range(compiled.n_draws)]
    fits, left_out = [], []
    for measured in measured_trends(model):
        impacts = elicited(compiled, measured)
        try:
            found = _fit_trend(compiled, measured, impacts, programs) if impacts else None
        except SeriesError as error:
            left_out.append(f"{measured.name}: {error}")
            continue
        if found is not None:
            fits.append(found)
    return Fits(weights.name, tuple(fits), tuple(left_out))


def _fit_trend(
    compiled: Compiled, measured: Measured, impacts: list[Elicited], programs: list[Program]
) -> TrendFit | None:
    """None where no impact of a past event shows at any datum."""
    trend = compiled.model.trends[measured.name]
    method = trend.baseline.method if trend.baseline else "constant"
    kept = np.isfinite(measured.series.latent) & measured.fit_window
    made = [_at(design, kept) for design in designs(compiled, measured, impacts, programs)]
    if method == "points":
        made = _with_course(made, programs, measured, kept)
    shows = np.array([any(np.any(design.columns[:, i]) for design in made) for i in range(len(impacts))], dtype=bool)
    seen = [impact for impact, is_seen in zip(impacts, shows, strict=True) if is_seen]
    if not seen:
        return None
    made = [Design(design.columns[:, shows], design.offset) for design in _distinct(made)]
    posterior = _posterior(measured, kept, made, _prior(seen), method)
    times = np.flatnonzero(kept)
    sizes = _sizes(seen, posterior, trend)
    first, last = measured.label(int(times[0])), measured.label(int(times[-1]))
    return TrendFit(measured.name, method, len(times), first, last, tuple(seen), posterior, tuple(sizes))


def _at(design: Design, kept: NDArray[np.bool_]) -> Design:
    return Design(design.columns[kept], design.offset[kept])


def _with_course(
    made: list[Design], programs: list[Program], measured: Measured, kept: NDArray[np.bool_]
) -> list[Design]:
    """The experts' own course added to each draw's offset."""
    at = measured.middle[kept]
    return [
        Design(design.columns, design.offset + program.trends.baseline[measured.index, at])
        for design, program in zip(made, programs, strict=True)
    ]


def _distinct(made: list[Design]) -> list[Design]:
    """One design where all draws agree up to rounding, else every draw's."""
    first = made[0]
    same = all(
        np.allclose(design.columns, first.columns, rtol=0, atol=1e-9)
        and np.allclose(design.offset, first.offset, rtol=0, atol=1e-9)
        for design in made[1:]
    )
    return [first] if same else made


def _prior(impacts: list[Elicited]) -> Prior:
    """Each v ~ N(0, 1), certain where no size is uncertain; last the offset, whose size is 1."""
    uncertain = [float(max(impact.peak.sd, impact.lasting.sd) > 0) for impact in impacts]
    mean = np.zeros(len(impacts) + 1)
    mean[-1] = 1.0
    return Prior(mean, np.diag([*uncertain, 0.0]))


def _posterior(measured: Measured, kept: NDArray[np.bool_], made: list[Design], prior: Prior, method: str) -> Posterior:
    latent, times = measured.series.latent[kept], np.flatnonzero(kept).astype(np.int64)
    whole = [np.column_stack([design.columns, design.offset]) for design in made]
    fineness = 31 if len(whole) == 1 else 15
    if method in ("damped", "ets"):
        return _smoothed(measured, kept, made, prior, method)
    if method == "points":
        return fit_sizes(latent, times, whole, prior, baseline=np.zeros((len(latent), 0)), fineness=fineness)
    linear = method == "linear"
    return fit_sizes(latent, times, whole, prior, linear=linear, fineness=fineness)


def _smoothed(measured: Measured, kept: NDArray[np.bool_], made: list[Design], prior: Prior, method: str) -> Posterior:
    """The fit after the data were whitened by the smoothing that the elicited medians leave to be found."""
    latent, times = measured.series.latent, np.flatnonzero(kept)
    rest = np.full(len(latent), np.nan)
    rest[kept] = latent[kept] - made[0].offset
    found = baselines.estimate(method, rest, kept, measured.per_year)
    course = found.form.course(found.memory, int(times[-1]) + 1)[times]
    n_states = course.shape[1]
    white = [
        found.memory.whiten(times, np.column_stack([course, latent[kept], design.offset, design.columns]))[0]
        for design in made
    ]
    sigma = np.geomspace(0.2, 4.0, 61) * max(found.sigma, 1e-9)
    whole = [np.column_stack([columns[:, n_states + 2 :], columns[:, n_states + 1]]) for columns in white]
    order = np.arange(len(times), dtype=np.int64)
    grid = NoiseGrid(np.zeros(1), sigma)
    return fit_sizes(white[0][:, n_states], order, whole, prior, baseline=white[0][:, :n_states], grid=grid)


def _sizes(impacts: list[Elicited], posterior: Posterior, trend: Trend) -> list[FittedSize]:
    quantiles, moved, contradicted = posterior.quantiles(LEVELS), posterior.moved, posterior.contradicted
    informed = (posterior.sd < NARROWER * posterior.prior.sd) | (np.abs(moved) > MOVED)
    prior = posterior.prior.sd * np.array([[-1.0], [0.0], [1.0]]) * Z95
    found = []
    for i, impact in enumerate(impacts):
        for parameter, line in (("peak", impact.peak), ("lasting", impact.lasting)):
            if getattr(impact.impact, parameter) is None:
                continue
            label = f" ({impact.impact.label})" if impact.impact.label else ""
            found.append(
                FittedSize(
                    impact.key,
                    impact.impact.source,
                    parameter + label,
                    _written(trend, line, prior[:, i]),
                    _written(trend, line, quantiles[:, i]),
                    float(moved[i]) if line.sd > 0 else 0.0,
                    bool(contradicted[i] and informed[i]) and line.sd > 0,
                    bool(informed[i]) and line.sd > 0,
                )
            )
    return found


def _written(trend: Trend, line: SizeLine, scores: Floats) -> tuple[float, float, float]:
    """Sizes at three normal scores, as they are written."""
    latent = line.middle + line.sd * scores
    if trend.scale == "log":
        latent = 100 * np.expm1(latent)
    elif trend.scale == "logit":
        assert trend.bounds is not None
        latent = latent * (trend.bounds[1] - trend.bounds[0]) / 4
    low, middle, high = (float(value) for value in latent)
    return low, middle, high
