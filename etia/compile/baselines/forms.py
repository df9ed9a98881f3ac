"""The models that a baseline's method may mean, in one table (method §4)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Protocol

import numpy as np

from etia.compile.baselines.memory import Autoregression, Memory, Smoothing

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["METHODS", "Form", "Regression", "Smoother"]

_EDGE = 1e-4  # as close as smoothing shares come to 0 and 1
_PHI = 0.99


class Form(Protocol):
    """A model up to its parameters θ (of the memory) and its states x."""

    @property
    def name(self) -> str: ...

    @property
    def n_states(self) -> int: ...

    @property
    def box(self) -> tuple[tuple[float, float], ...]:
        """The least and largest value of each θ."""
        ...

    @property
    def starts(self) -> list[tuple[float, ...]]:
        """Where the search for θ begins."""
        ...

    def memory(self, theta: NDArray[np.float64]) -> Memory: ...

    def course(self, memory: Memory, n_periods: int) -> NDArray[np.float64]:
        """z, shape (n_periods, n_states)."""
        ...


@dataclass(frozen=True)
class Regression:
    """AR(1) noise about a polynomial in time: n_states 0 (a given course), 1 (a level) or 2 (a line)."""

    n_states: int
    box = ((-_PHI, _PHI),)

    @property
    def name(self) -> str:
        return ("given course", "level", "line")[self.n_states] + " + AR(1)"

    @property
    def starts(self) -> list[tuple[float, ...]]:
        phis = np.linspace(-0.96, 0.96, 25)
        return [(float(phi),) for phi in phis[np.argsort(np.abs(phis), kind="stable")]]  # 0 first: no noise, no memory

    def memory(self, theta: NDArray[np.float64]) -> Memory:
        return Autoregression(float(theta[0]))

    def course(self, memory: Memory, n_periods: int) -> NDArray[np.float64]:  # noqa: ARG002 (the family's form)
        return np.vander(np.arange(n_periods, dtype=float), self.n_states, increasing=True)


@dataclass(frozen=True)
class Smoother:
    """Exponential smoothing; θ = (α, β/α, φ, γ/(1−α)) as far as there is a slope, a damping, a season.

    Bounds as usual for ETS: 0 < β < α < 1, 0 < γ < 1 − α, 0.8 ≤ φ ≤ 0.98.
    """

    has_slope: bool
    is_damped: bool
    period: int = 1

    @property
    def name(self) -> str:
        slope = ("Ad" if self.is_damped else "A") if self.has_slope else "N"
        return f"ETS(A,{slope},{'A' if self.period > 1 else 'N'})"

    @property
    def n_states(self) -> int:
        return 1 + self.has_slope + self.period - 1

    @property
    def box(self) -> tuple[tuple[float, float], ...]:
        share = (_EDGE, 1 - _EDGE)
        return (share,) + (share,) * self.has_slope + ((0.8, 0.98),) * self.is_damped + (share,) * (self.period > 1)

    @property
    def starts(self) -> list[tuple[float, ...]]:
        axes: list[tuple[float, ...]] = [(0.05, 0.2, 0.5, 0.8, 0.98)]
        axes += [(0.02, 0.2, 0.7)] * self.has_slope + [(0.85, 0.95)] * self.is_damped
        axes += [(0.05, 0.4)] * (self.period > 1)
        return list(product(*axes))

    def memory(self, theta: NDArray[np.float64]) -> Memory:
        rest = list(map(float, theta))
        alpha = rest.pop(0)
        beta = alpha * rest.pop(0) if self.has_slope else 0.0
        damping = rest.pop(0) if self.is_damped else 1.0
        gamma = (1 - alpha) * rest.pop(0) if self.period > 1 else 0.0
        return Smoothing(alpha, beta, damping, gamma, self.has_slope, self.period)

    def course(self, memory: Memory, n_periods: int) -> NDArray[np.float64]:
        assert isinstance(memory, Smoothing)
        return memory.course(n_periods)


def _one(form: Form) -> Callable[[int], tuple[Form, ...]]:
    return lambda _periods_per_year: (form,)


def _exponential_smoothing(periods_per_year: int) -> tuple[Form, ...]:
    """Simplest first, for ties."""
    periods = (1, periods_per_year) if periods_per_year > 1 else (1,)
    return tuple(
        Smoother(has_slope, is_damped, period)
        for period in periods
        for has_slope, is_damped in ((False, False), (True, False), (True, True))
    )


METHODS: dict[str, Callable[[int], tuple[Form, ...]]] = {
    "constant": _one(Regression(1)),
    "linear": _one(Regression(2)),
    "damped": _one(Smoother(has_slope=True, is_damped=True)),
    "ets": _exponential_smoothing,
    "points": _one(Regression(0)),
}
