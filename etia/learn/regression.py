"""What the data say of impact sizes, given their timing: Bayesian linear regression in the latent scale (method §9).

    z(t) = Σ_j x_j(t) · size_j + baseline(t) + u(t),    u(t) = φ u(t−1) + ε(t),   ε ~ N(0, σ²)

x_j is the response shape of unit size, from its event's date on; sizes have a normal prior (the elicited ranges), the
baseline's level and slope a flat one: it is fitted jointly, so that no past impact counts twice. φ and ln σ have a
uniform prior on a grid and are summed out; given both, all is normal in closed form. So the posterior is a weighted
mixture of normals, exact up to the grid. Uncertain timing adds designs to the mixture, weighed by their evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import logsumexp, ndtr

from etia.errors import SeriesError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["NoiseGrid", "Posterior", "Prior", "baseline_columns", "fit_sizes", "noise_grid", "normal_from_quantiles"]

Z95 = 1.6448536269514722
"""95 % quantile of the standard normal"""
CONFLICT = 0.05
"""how often data as the prior expects them may be called a contradiction"""
LEAST_NARROWING = 0.95
"""a posterior that, the noise given, is wider than this share of the prior contradicts nothing"""
NEGLIGIBLE = 1e-8
"""weight below which a part of the mixture is left out"""


def normal_from_quantiles(p5: ArrayLike, p50: ArrayLike, p95: ArrayLike) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the normal that stands for an elicited range: its median and its 90 % width."""
    width = np.asarray(p95, dtype=np.float64) - np.asarray(p5, dtype=np.float64)
    return np.asarray(p50, dtype=np.float64), np.asarray(width / (2 * Z95), dtype=np.float64)


@dataclass(frozen=True)
class Prior:
    """The elicited sizes as normals, latent scale; k sizes. A variance of 0 is a size held certain."""

    mean: Floats  # (k,)
    covariance: Floats  # (k, k)

    @property
    def sd(self) -> Floats:
        return np.asarray(np.sqrt(np.diag(self.covariance)), dtype=np.float64)


@dataclass(frozen=True)
class NoiseGrid:
    """The memories φ and the innovations' standard deviations σ that are summed over, each equally likely."""

    phi: Floats  # (f,) inside (−1, 1)
    sigma: Floats  # (s,) positive


@dataclass(frozen=True)
class Posterior:
    """A mixture of m normals over k sizes, beside the prior that it came from."""

    prior: Prior
    weights: Floats  # (m,) sum to 1
    means: Floats  # (m, k)
    covariances: Floats  # (m, k, k)
    log_evidence: Floats  # (designs,) ln of the marginal likelihood of each design, up to one constant
    phi: float
    """posterior mean of the memory, per datum"""
    sigma: float
    """posterior mean of the innovations' standard deviation"""

    @property
    def mean(self) -> Floats:
        """(k,), of the whole mixture."""
        return np.asarray(self.weights @ self.means)

    @property
    def sd(self) -> Floats:
        """(k,), of the whole mixture."""
        variances = np.diagonal(self.covariances, axis1=1, axis2=2)
        return np.asarray(np.sqrt(self.weights @ (variances + (self.means - self.mean) ** 2)))

    @property
    def design_weights(self) -> Floats:
        """(designs,): how likely each timing is, given the data."""
        return np.asarray(np.exp(self.log_evidence - logsumexp(self.log_evidence)))

    def cdf(self, sizes: ArrayLike) -> Floats:
        """Probability that each size is at most the given one; sizes of shape (…, k)."""
        at = np.asarray(sizes, dtype=np.float64)[..., None, :]
        spread = np.sqrt(np.diagonal(self.covariances, axis1=1, axis2=2))
        steps = (at - self.means) / np.maximum(spread, 1e-300)
        return np.asarray(np.einsum("m,...mk->...k", self.weights, ndtr(steps)))

    def quantiles(self, levels: ArrayLike) -> Floats:
        """Quantiles of each size, shape (levels, k), by bisection of the mixture's distribution function."""
        wanted = np.atleast_1d(np.asarray(levels, dtype=np.float64))[:, None]
        spread = 10 * np.sqrt(np.diagonal(self.covariances, axis1=1, axis2=2))
        low = np.tile((self.means - spread).min(axis=0), (len(wanted), 1))
        high = np.tile((self.means + spread).max(axis=0), (len(wanted), 1))
        # each time halves the interval: 60 times reach the precision of floats
        for _ in range(60):
            middle = (low + high) / 2
            short = self.cdf(middle) < wanted
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        return np.asarray((low + high) / 2, dtype=np.float64)

    @property
    def moved(self) -> Floats:
        """(k,): how far the data moved the mean, in prior standard deviations; 0 for a size held certain."""
        return _ratio(self.mean - self.prior.mean, self.prior.sd)

    @property
    def p_conflict(self) -> Floats:
        """(k,): how often data as the prior expects them would move a size as far as these did; 1 where none could.

        Given memory and innovations (part c of the mixture), the posterior mean m_c varies over the data that the prior
        expects by V − P_c, prior less posterior variance, about the prior mean m: p_c = 2Φ(−|m_c − m|/√(V − P_c)), and
        p = Σ w_c p_c. The mixture's own variance would not do: it holds what is not known of the noise, which no
        move of the mean makes up for.
        """
        variances = np.diagonal(self.covariances, axis1=1, axis2=2)
        foreseen = np.sqrt(np.maximum(self.prior.sd**2 - variances, 0.0))
        return np.asarray(self.weights @ (2 * ndtr(-np.abs(_ratio(self.means - self.prior.mean, foreseen)))))

    @property
    def contradicted(self) -> NDArray[np.bool_]:
        """(k,): sizes whose elicited range the data contradict, at 5 %; never one that they say next to nothing of."""
        # not the mixture's: where judgement and data are at odds, its parts lie apart and make it wide
        within = self.weights @ np.sqrt(np.maximum(np.diagonal(self.covariances, axis1=1, axis2=2), 0.0))
        says_something = within <= LEAST_NARROWING * self.prior.sd
        return np.asarray((self.prior.sd > 0) & says_something & (self.p_conflict <= CONFLICT))


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 1e-12 * (1 + np.abs(above)))


def baseline_columns(times: ArrayLike, *, linear: bool) -> Floats:
    """Columns of a constant or linear baseline at `times`, shape (n, 1 or 2), centred and scaled for the solver."""
    t = np.asarray(times, dtype=np.float64)
    level = np.ones((len(t), 1))
    if not linear:
        return level
    return np.column_stack([level, (t - t.mean()) / max(float(np.ptp(t)), 1.0)])


def noise_grid(latent: Floats, design: Floats, baseline: Floats, *, n_phi: int = 31, n_sigma: int = 31) -> NoiseGrid:
    """A grid that holds all the likely memories and innovations: σ around that of a least-squares fit."""
    columns = np.column_stack([design, baseline])
    rest = latent - columns @ np.linalg.lstsq(columns, latent, rcond=None)[0]
    freedom = max(len(latent) - np.linalg.matrix_rank(columns), 1)
    sd = max(float(np.sqrt(rest @ rest / freedom)), 1e-9 * (1 + float(np.abs(latent).max())))
    # with a memory of 0.98 the innovations are a fifth of the whole; a poor prior may leave more than least squares
    return NoiseGrid(np.linspace(-0.5, 0.98, n_phi), np.geomspace(0.1 * sd, 4 * sd, n_sigma))


def _refined(grid: NoiseGrid, log_weight: Floats) -> NoiseGrid:
    """As many points where the weight lies: many data leave little of a coarse grid. Even steps keep the prior even."""
    likely = (log_weight > log_weight.max() - 12).reshape(len(grid.phi), len(grid.sigma))
    rows, columns = np.flatnonzero(likely.any(axis=1)), np.flatnonzero(likely.any(axis=0))
    phi = grid.phi[max(rows[0] - 1, 0) : rows[-1] + 2]
    sigma = grid.sigma[max(columns[0] - 1, 0) : columns[-1] + 2]
    return NoiseGrid(
        np.linspace(phi[0], phi[-1], len(grid.phi)), np.geomspace(float(sigma[0]), float(sigma[-1]), len(grid.sigma))
    )


def fit_sizes(
    latent: Floats,
    times: NDArray[np.int64],
    designs: Sequence[Floats],
    prior: Prior,
    *,
    linear: bool = True,
    baseline: Floats | None = None,
    grid: NoiseGrid | None = None,
    fineness: int = 31,
) -> Posterior:
    """Posterior of the impact sizes on one trend.

    Parameters
    ----------
    latent
        shape (n,), the data in the trend's latent scale
    times
        shape (n,), ascending, counted in data: gaps are missing data
    designs
        one array of shape (n, k) for each draw of the timing (one alone where it is certain): response of unit size
    prior
        of the k sizes
    linear
        whether the baseline has a slope
    baseline
        shape (n, b), the baseline's own columns in place of a constant or a line; b = 0 for none
    grid
        memories and innovations to sum over; around a least-squares fit where left out
    fineness
        points of that grid for the memory, and as many for the innovations

    Raises
    ------
    SeriesError
        where there are fewer data than the baseline's columns and two
    """
    columns = baseline_columns(times, linear=linear) if baseline is None else baseline
    if len(latent) < columns.shape[1] + 2:
        raise SeriesError(f"{len(latent)} data are too few to fit impacts; {columns.shape[1] + 2} are needed")
    noise = grid or noise_grid(latent, designs[0], columns, n_phi=fineness, n_sigma=fineness)
    if grid is None:
        noise = _refined(noise, _given_design(latent, times, designs[0], columns, prior, noise).log_weight)
    parts = [_given_design(latent, times, design, columns, prior, noise) for design in designs]
    evidence = np.array([logsumexp(part.log_weight) for part in parts])
    log_weight = np.concatenate([part.log_weight for part in parts])
    weights = np.exp(log_weight - logsumexp(log_weight))
    kept = weights > NEGLIGIBLE
    weights = weights / weights[kept].sum()
    return Posterior(
        prior,
        weights[kept],
        np.concatenate([part.mean for part in parts])[kept],
        np.concatenate([part.covariance for part in parts])[kept],
        evidence,
        float(weights[kept] @ np.concatenate([part.phi for part in parts])[kept]),
        float(weights[kept] @ np.concatenate([part.sigma for part in parts])[kept]),
    )


class _Part(NamedTuple):
    """One design's share of the mixture: a normal for each point of the noise grid.

    g points (memories outer, innovations inner), k sizes.
    """

    log_weight: Floats  # (g,)
    mean: Floats  # (g, k)
    covariance: Floats  # (g, k, k)
    phi: Floats  # (g,)
    sigma: Floats  # (g,)


def _given_design(
    latent: Floats, times: NDArray[np.int64], design: Floats, baseline: Floats, prior: Prior, noise: NoiseGrid
) -> _Part:
    free = prior.sd > 0
    # what is certain is taken off the data
    rest = latent - design[:, ~free] @ prior.mean[~free]
    columns = np.column_stack([design[:, free], baseline])
    stacked = np.column_stack([columns, rest])
    products, log_dets = zip(*(_whitened_products(stacked, times, float(phi)) for phi in noise.phi), strict=True)
    part = _summed_over_noise(np.stack(products), np.array(log_dets), len(rest), noise, prior, free)
    n_sizes = len(prior.mean)
    mean = np.tile(prior.mean, (len(part.mean), 1))
    mean[:, free] = part.mean
    covariance = np.zeros((len(mean), n_sizes, n_sizes))
    covariance[np.ix_(np.arange(len(mean)), free, free)] = part.covariance
    return part._replace(mean=mean, covariance=covariance)


def _whitened_products(columns: Floats, times: NDArray[np.int64], phi: float) -> tuple[Floats, float]:
    """C'R⁻¹C and ln|R| for an AR(1) at `times` with innovations of variance 1, without any n × n matrix.

    Over a gap of d data the memory is φ^d and the innovations' variance (1 − φ^{2d})/(1 − φ²).
    """
    memory = np.power(phi, np.diff(times).astype(np.float64)) if phi >= 0 else phi ** np.diff(times)
    variance = np.concatenate([[1.0], 1 - memory**2]) / (1 - phi**2)
    white = columns.copy()
    white[1:] -= memory[:, None] * columns[:-1]
    white /= np.sqrt(variance)[:, None]
    return white.T @ white, float(np.log(variance).sum())


def _summed_over_noise(
    products: Floats, log_dets: Floats, n_data: int, noise: NoiseGrid, prior: Prior, free: NDArray[np.bool_]
) -> _Part:
    """Posterior of the free sizes at every (φ, σ) of the grid, with its weight.

    With Λ = C'R⁻¹C/σ² + V⁻¹ (nothing for the baseline) and Λμ = C'R⁻¹z/σ² + V⁻¹m, the evidence is
    −n ln σ − ½ ln|R| − ½ ln|Λ| − ½ (z'R⁻¹z/σ² + m'V⁻¹m − μ'Λμ), up to a constant.
    """
    n_free, n_columns = int(free.sum()), products.shape[1] - 1
    prior_precision, prior_pull = np.zeros((n_columns, n_columns)), np.zeros(n_columns)
    precision = np.linalg.inv(prior.covariance[np.ix_(free, free)]) if n_free else np.zeros((0, 0))
    prior_precision[:n_free, :n_free] = precision
    prior_pull[:n_free] = precision @ prior.mean[free]
    # axes: memories φ, innovations σ, columns
    scale = 1 / noise.sigma[None, :, None, None] ** 2
    total = products[:, None, :-1, :-1] * scale + prior_precision
    pull = products[:, None, :-1, -1] * scale[..., 0] + prior_pull
    covariance = np.asarray(np.linalg.inv(total), dtype=np.float64)
    mean = np.einsum("fsij,fsj->fsi", covariance, pull)
    misfit = products[:, None, -1, -1] * scale[..., 0, 0] + prior_pull[:n_free] @ prior.mean[free]
    misfit = misfit - np.einsum("fsi,fsi->fs", mean, pull)
    log_weight = -n_data * np.log(noise.sigma) - 0.5 * log_dets[:, None]
    log_weight = log_weight - 0.5 * np.linalg.slogdet(total)[1] - 0.5 * misfit
    shape = log_weight.shape
    return _Part(
        log_weight.ravel(),
        mean[..., :n_free].reshape(-1, n_free),
        covariance[..., :n_free, :n_free].reshape(-1, n_free, n_free),
        np.broadcast_to(noise.phi[:, None], shape).ravel(),
        np.broadcast_to(noise.sigma, shape).ravel(),
    )
