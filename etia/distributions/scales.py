"""The transformed scales on which quantiles are met: they keep a quantity within its bounds (method §2)."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.special import expit

from etia.distributions.quadrature import unit_nodes
from etia.quantity import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.distributions.laws import Law

__all__ = ["Identity", "Log", "Logit", "PercentLog", "Scale", "scale_of"]

_LARGEST = 700.0  # e^700 is still a float


class Scale(Protocol):
    """A monotone map between a quantity's values and the whole real line."""

    def forward(self, value: float) -> float:
        """The value on the transformed scale."""
        ...

    def back(self, transformed: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values, always strictly inside the bounds."""
        ...

    def mean(self, law: Law) -> float:
        """E back(W) for W distributed by `law`; infinite if it does not exist."""
        ...


@dataclass(frozen=True)
class Identity:
    """No bounds."""

    def forward(self, value: float) -> float:
        return value

    def back(self, transformed: NDArray[np.float64]) -> NDArray[np.float64]:
        return transformed

    def mean(self, law: Law) -> float:
        return law.mean()


@dataclass(frozen=True)
class Log:
    """Above 0: w = ln x."""

    def forward(self, value: float) -> float:
        return log(value)

    def back(self, transformed: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.exp(np.clip(transformed, -_LARGEST, _LARGEST)))

    def mean(self, law: Law) -> float:
        return law.mean_exponential()


@dataclass(frozen=True)
class PercentLog:
    """A change above −100 %: w = ln(1 + x/100)."""

    def forward(self, value: float) -> float:
        return log(1 + value / 100)

    def back(self, transformed: NDArray[np.float64]) -> NDArray[np.float64]:
        value = 100 * np.expm1(np.minimum(transformed, _LARGEST))
        return np.asarray(np.maximum(value, np.nextafter(-100.0, 0.0)))

    def mean(self, law: Law) -> float:
        return 100 * (law.mean_exponential() - 1)


@dataclass(frozen=True)
class Logit:
    """Between `low` and `high`: w = ln((x − low)/(high − x))."""

    low: float = 0.0
    high: float = 1.0

    def forward(self, value: float) -> float:
        return log((value - self.low) / (self.high - value))

    def back(self, transformed: NDArray[np.float64]) -> NDArray[np.float64]:
        value = self.low + (self.high - self.low) * expit(transformed)
        return np.asarray(np.clip(value, np.nextafter(self.low, self.high), np.nextafter(self.high, self.low)))

    def mean(self, law: Law) -> float:
        nodes, weights = unit_nodes()
        return float(weights @ self.back(law.quantile(nodes)))


_SCALES: dict[Kind, Scale] = {
    Kind.PROBABILITY: Logit(),
    Kind.RATE_RATIO: Log(),
    Kind.DURATION: Log(),
    Kind.POSITIVE: Log(),
    Kind.PERCENT: PercentLog(),
    Kind.SIZE: Identity(),
    Kind.STRENGTH: Identity(),
}


def scale_of(kind: Kind, bounds: tuple[float, float] | None) -> Scale:
    """The scale of a kind; a level's own `bounds` come first."""
    return Logit(*bounds) if bounds is not None else _SCALES[kind]
