"""The distributions that a single expert's judgement may have, each on its transformed scale (method §2)."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log, pi, sqrt
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.special import betaincinv, erfcx, expit, logit, ndtri

from etia.distributions.quadrature import logistic_nodes, unit_nodes

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Law", "Metalog", "Pert", "Point", "SplitNormal", "metalog"]

_LOGIT_95 = log(19.0)
_NORMAL_95 = float(ndtri(0.95))
# A 3-term metalog is a distribution where dM/dy > 0 for all y; with x = ln(y/(1−y)) the slope is smallest where
# x tanh(x/2) = 2, and there it is positive for |a3|/a2 < 4/x = 1.66711 (as in Keelin 2016).
_STEEPEST = 2 / 1.1996786402577338
_HEAVIEST_TAIL = 0.99


class Law(Protocol):
    """A distribution on the transformed scale."""

    def quantile(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """The value below which a share u in (0, 1) lies."""
        ...

    def mean(self) -> float:
        """E W."""
        ...

    def mean_exponential(self) -> float:
        """E e^W; infinite if it does not exist."""
        ...


@dataclass(frozen=True)
class Point:
    """One value for sure."""

    value: float

    def quantile(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full(np.shape(u), self.value)

    def mean(self) -> float:
        return self.value

    def mean_exponential(self) -> float:
        return exp(self.value)


@dataclass(frozen=True)
class Pert:
    """A beta distribution on [low, high] with mode `best` and shape 4: mean (low + 4 best + high)/6.

    W = low + (high − low) B,  B ~ Beta(1 + 4 (best − low)/(high − low), 1 + 4 (high − best)/(high − low)).
    """

    low: float
    best: float
    high: float

    def quantile(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        span = self.high - self.low
        first, second = 1 + 4 * (self.best - self.low) / span, 1 + 4 * (self.high - self.best) / span
        return np.asarray(np.clip(self.low + span * betaincinv(first, second, u), self.low, self.high))

    def mean(self) -> float:
        return (self.low + 4 * self.best + self.high) / 6

    def mean_exponential(self) -> float:
        nodes, weights = unit_nodes()
        return float(weights @ np.exp(self.quantile(nodes)))


@dataclass(frozen=True)
class Metalog:
    """Three terms: M(y) = a1 + a2 ln(y/(1−y)) + a3 (y − ½) ln(y/(1−y)) (Keelin 2016, The Metalog Distributions)."""

    a1: float
    a2: float
    a3: float

    def quantile(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(self.a1 + (self.a2 + self.a3 * (u - 0.5)) * logit(u))

    def mean(self) -> float:
        """a1 + a3/2, from ∫ ln(y/(1−y)) dy = 0 and ∫ y ln(y/(1−y)) dy = ½."""
        return self.a1 + self.a3 / 2

    def mean_exponential(self) -> float:
        """Infinite where the upper tail (1−y)^−(a2 + a3/2) is of order 1 or more; above 0.99 called so as well."""
        if self.a2 + self.a3 / 2 > _HEAVIEST_TAIL:
            return inf
        x, log_weights = logistic_nodes()
        transformed = self.a1 + (self.a2 + self.a3 * (expit(x) - 0.5)) * x
        return float(np.exp(transformed + log_weights).sum())


@dataclass(frozen=True)
class SplitNormal:
    """Half a normal distribution on each side of the median, each with its own spread.

    Q(u) = median + (`below` where u < ½, else `above`) · Φ⁻¹(u).
    """

    median: float
    below: float
    above: float

    def quantile(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        z = ndtri(u)
        return np.asarray(self.median + np.where(z < 0, self.below, self.above) * z)

    def mean(self) -> float:
        """Median + (above − below)/√(2π)."""
        return self.median + (self.above - self.below) / sqrt(2 * pi)

    def mean_exponential(self) -> float:
        """e^median · (e^{s²/2} Φ(s) above + e^{s²/2} Φ(−s) below)."""
        upper = exp(self.above**2 / 2) - 0.5 * float(erfcx(self.above / sqrt(2)))
        lower = 0.5 * float(erfcx(self.below / sqrt(2)))
        return exp(self.median) * (upper + lower)


def metalog(p5: float, p50: float, p95: float, *, finite_exponential: bool) -> Law:
    """The 3-term metalog through three quantiles of the transformed scale, or a split normal where there is none.

    There is none where the median is within about an eighth of the span of an end; and with `finite_exponential`
    one whose E e^W is infinite does not serve either.
    """
    if p5 == p95:
        return Point(p50)
    law = Metalog(p50, (p95 - p5) / (2 * _LOGIT_95), (p5 + p95 - 2 * p50) / (0.9 * _LOGIT_95))
    feasible = abs(law.a3) < _STEEPEST * law.a2
    if feasible and not (finite_exponential and law.mean_exponential() == inf):
        return law
    return SplitNormal(p50, (p50 - p5) / _NORMAL_95, (p95 - p50) / _NORMAL_95)
