"""The law of every trend at every step: over histories a mixture of normals in the latent scale (method §4, §12).

Where no event feels noise, a history says what a trend's latent value is without its random noise, m, and the noise
about it is normal with one standard deviation s for all histories, own innovations and those that couplings pass on:

    P(g(y) ≤ x) = Σ_h p_h Φ((x − m_h) / s)

Without noise, s = 0, the law is the histories' own. Written for itself: the sampler's bands have nothing to do with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etia.engine.exact_noise import noise_spread
from etia.engine.exact_outcomes import ROUNDING, mean, quantiles, to_units, trend_values
from etia.engine.program import LOG, LOGIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etia.engine.exact import Histories
    from etia.engine.program import Floats, Program, Scales

__all__ = ["Laws", "logistic_mean", "trend_laws"]

_REACH = 9.0  # standard deviations: what lies beyond has a probability of 2e-19
_STEP = 0.5  # of the quadrature, in standard deviations


@dataclass(frozen=True)
class Laws:
    """Laws of K trends at T steps over n histories."""

    latent: Floats  # (n, K, T) values without random noise, in the latent scale; nan where a trend has no value yet
    probability: Floats  # (n,) of the histories
    spread: Floats  # (K, T) standard deviation of the random noise, the same in every history; 0 for none
    scales: Scales

    def mean(self) -> Floats:
        """(K, T) E[y] in units: Σ p m on linear, Σ p e^(m + s²/2) on log, by quadrature on logit."""
        found = mean(to_units(self.latent, self.scales), self.probability)
        found[self.scales.kind == LOG] *= np.exp(self.spread[self.scales.kind == LOG] ** 2 / 2)
        for k, step in self._noisy():
            if self.scales.kind[k] == LOGIT:
                lower, upper = self.scales.lower[k], self.scales.upper[k]
                share = self.probability @ logistic_mean(self.latent[:, k, step], float(self.spread[k, step]))
                found[k, step] = lower + (upper - lower) * share
        return found

    def reached(self, latent: Floats) -> Floats:
        """(K, T) probability that a trend's value lies at or below `latent` (K, T) at each step."""
        from scipy.special import ndtr

        found = np.tensordot(self.probability, self.latent <= latent, axes=1)
        for k, step in self._noisy():
            found[k, step] = self.probability @ ndtr((latent[k, step] - self.latent[:, k, step]) / self.spread[k, step])
        return np.where(np.isnan(latent), np.nan, found)

    def quantiles(self, levels: Sequence[float]) -> Floats:
        """(len(levels), K, T) quantiles in units: g is monotone, so they are those of the latent law."""
        return to_units(self.latent_quantiles(levels), self.scales)

    def latent_quantiles(self, levels: Sequence[float]) -> Floats:
        """(len(levels), K, T) quantiles inf{x: P(g(y) ≤ x) ≥ p}, probabilities within 1e-12 counting as reached."""
        found = quantiles(self.latent, self.probability, levels)
        for k, step in self._noisy():
            middle, which = np.unique(self.latent[:, k, step], return_inverse=True)
            weight = np.bincount(which, weights=self.probability).astype(np.float64)
            found[:, k, step] = [_root(middle, weight, float(self.spread[k, step]), level) for level in levels]
        return found

    def _noisy(self) -> Iterator[tuple[int, int]]:
        """Trend and step wherever there is a value with random noise."""
        has_noise = (self.spread > 0) & ~np.isnan(self.latent[0])
        return ((int(k), int(step)) for k, step in np.argwhere(has_noise))


def trend_laws(program: Program, histories: Histories) -> Laws:
    """The law of every trend at every step; raises LimitError where too many values would be made."""
    return Laws(trend_values(program, histories), histories.probability, noise_spread(program), program.trends.scales)


def _root(middle: Floats, weight: Floats, spread: float, level: float) -> float:
    """Where Σ w Φ((x − m) / s) reaches the level: no farther out than the quantiles about the least and largest m."""
    from scipy.optimize import brentq
    from scipy.special import ndtr, ndtri

    aimed = level - ROUNDING

    def beyond(x: float) -> float:
        return float(weight @ ndtr((x - middle) / spread)) - aimed

    reach = spread * (abs(float(ndtri(aimed))) + 1e-6)
    return float(brentq(beyond, middle[0] - reach, middle[-1] + reach, xtol=1e-13 * spread, rtol=1e-15))


def logistic_mean(middle: Floats, spread: float) -> Floats:
    """E[1 / (1 + e^−(m + s z))] over standard normal z, for each m: the trapezoidal rule, exact to about 1e-14.

    The rule errs by e^(a²/2 − 2πa/h), where 1/(1 + e^−x) has no pole within a of the real z: a = π/s (Trefethen and
    Weideman, "The exponentially convergent trapezoidal rule", 2014). So h is ½, or ½/s where s is larger than 1.
    """
    from scipy.special import expit

    step = _STEP / max(spread, 1.0)
    n_steps = int(np.ceil(_REACH / step))
    out = np.zeros(len(middle))
    for z in step * np.arange(-n_steps, n_steps + 1):
        out += step * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * expit(middle + spread * z)
    return out
