"""How a trend's innovations live on in its own noise: by recursion where one will do, else by weights (method §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Memory", "memory_of"]

_SAME = 1e-12
"""relative difference up to which weights count as the powers of one number, which rounding blurs"""
_VECTOR = 8
"""numbers to whose multiple a table's rows are filled up"""


class Memory(NamedTuple):
    """Noise n_s = Σ_i weight[i, s] · ε_i of one trend; where `weight` is empty, n_s = phi · n_{s−1} + sigma · ε.

    The recursion begins with ε_0 at s = `first`, and there is nothing before.
    """

    n_periods: int  # innovations that are needed
    first: int
    phi: float
    sigma: float
    weight: Floats  # (n_periods, steps, filled up with noughts)
    course: Floats  # (steps − first,) of the recursion: weights of ε_0, which those of all others repeat later

    def laid_out(self, n_steps: int, n_periods: int) -> Floats:
        """(steps, Q) the weights as one table."""
        out = np.zeros((n_steps, n_periods))
        if len(self.weight):
            out[:, : self.n_periods] = self.weight[:, :n_steps].T
        for i in range(self.n_periods if not len(self.weight) else 0):
            out[self.first + i :, i] = self.course[: len(self.course) - i]
        return out


def memory_of(weight: Floats) -> Memory:
    """The memory of a trend's `weight` (steps, Q)."""
    n_steps = len(weight)
    n_periods = int(np.max(np.flatnonzero(weight.any(axis=0)), initial=-1)) + 1
    first = int(np.argmax(weight[:, 0] != 0.0)) if n_periods else n_steps
    n_after = n_steps - first
    if n_periods == n_after > 1:
        sigma = float(weight[first, 0])
        phi = float(weight[first + 1, 0]) / sigma
        lag = np.subtract.outer(np.arange(n_after), np.arange(n_after))
        powers = np.where(lag >= 0, sigma * phi ** np.maximum(lag, 0), 0.0)
        if np.allclose(weight[first:, :n_periods], powers, rtol=_SAME, atol=0.0):
            return Memory(n_periods, first, phi, sigma, np.zeros((0, 0)), weight[first:, 0].copy())
    rows = np.zeros((n_periods, -(-n_steps // _VECTOR) * _VECTOR))
    rows[:, :n_steps] = weight[:, :n_periods].T
    return Memory(n_periods, first, 0.0, 0.0, rows, np.zeros(0))
