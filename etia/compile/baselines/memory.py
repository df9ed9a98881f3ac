"""How a surprise in one period lives on in the next: the memories of own noise (method §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import toeplitz
from scipy.linalg.blas import dtrsm

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Autoregression", "Memory", "Smoothing"]


@dataclass(frozen=True)
class Autoregression:
    """Stationary AR(1): n_t = φ n_{t−1} + σ ε_t, |φ| < 1."""

    phi: float = 0.0

    def weights(self, n_periods: int) -> NDArray[np.float64]:
        """ψ_j = φ^j, shape (n_periods,)."""
        return np.asarray(np.power(self.phi, np.arange(n_periods)))

    def whiten(
        self, times: NDArray[np.intp], columns: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """L⁻¹ columns and diag L, L L' = Ω of the periods `times` (rising; gaps allowed).

        From one datum to the next, g periods on: n ← φ^g n + sqrt((1 − φ^{2g})/(1 − φ²)) u.
        """
        gaps = np.diff(times)
        own = np.sqrt(np.concatenate([[1.0], 1 - self.phi ** (2 * gaps)]) / (1 - self.phi**2))
        white = columns.copy()
        white[1:] -= (self.phi**gaps)[:, None] * columns[:-1]
        return white / own[:, None], own


@dataclass(frozen=True)
class Smoothing:
    """Exponential smoothing ETS(A, N | A | Ad, N | A) in its innovations form.

        y_t = l_{t−1} + φ b_{t−1} + s_{t−m} + σ ε_t
        l_t = l_{t−1} + φ b_{t−1} + α σ ε_t,   b_t = φ b_{t−1} + β σ ε_t,   s_t = s_{t−m} + γ σ ε_t

    `level` α, `slope` β, `season` γ, `damping` φ; `has_slope` whether there is a b; `period` m, 1 without seasons.
    """

    level: float
    slope: float = 0.0
    damping: float = 1.0
    season: float = 0.0
    has_slope: bool = False
    period: int = 1

    @property
    def taken_up(self) -> float:
        """The share of a surprise that enters level and season at once: α + γ."""
        return self.level + self.season

    def weights(self, n_periods: int) -> NDArray[np.float64]:
        """ψ_0 = 1, ψ_j = α + β (φ + … + φ^j) + γ where m divides j; shape (n_periods,)."""
        j = np.arange(n_periods)
        psi = self.level + self.slope * self._damped_sums(n_periods)
        if self.period > 1:
            psi = psi + np.where(j % self.period == 0, self.season, 0.0)
        return np.where(j == 0, 1.0, psi)

    def factor(self, times: NDArray[np.intp]) -> NDArray[np.float64]:
        """Lower L with L L' = Ω of the periods `times`, shape (m, m); without gaps the triangle of ψ itself."""
        spread = self.spread(int(times[-1]) + 1)
        if len(times) == len(spread):
            return spread
        spread = spread[times]
        return np.asarray(np.linalg.cholesky(spread @ spread.T))

    def whiten(
        self, times: NDArray[np.intp], columns: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """L⁻¹ columns and diag L."""
        factor = self.factor(times)
        # not `solve_triangular`: its routine starts threads for any size, which wait for each other on a busy machine
        return np.asarray(dtrsm(1.0, factor.T, columns, lower=0, trans_a=1)), np.diag(factor)

    def spread(self, n_periods: int) -> NDArray[np.float64]:
        """C with n = σ C ε: the lower triangle C_{ti} = ψ_{t−i}, shape (n_periods, n_periods)."""
        return np.asarray(toeplitz(self.weights(n_periods), np.zeros(n_periods)))

    def course(self, n_periods: int) -> NDArray[np.float64]:
        """z_t for the states before period 0: level, slope, seasons (adding up to 0); shape (n_periods, n_states)."""
        columns = [np.ones(n_periods)]
        if self.has_slope:
            columns.append(self._damped_sums(n_periods + 1)[1:])
        if self.period > 1:
            season = np.arange(n_periods) % self.period
            columns += [1.0 * (season == s) - (season == self.period - 1) for s in range(self.period - 1)]
        return np.column_stack(columns)

    def _damped_sums(self, n_periods: int) -> NDArray[np.float64]:
        """0, φ, φ + φ² and so on, shape (n_periods,)."""
        return np.asarray(np.concatenate([[0.0], np.cumsum(self.damping ** np.arange(1, n_periods))]))


Memory = Autoregression | Smoothing
