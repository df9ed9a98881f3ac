"""Fixed nodes for the means of quantile functions (method §2: the central model uses means).

Double-exponential (tanh-sinh) rules [1]_: quantile functions have infinite slopes at 0 and 1, where Gauss-Legendre
converges slowly and these do not.

.. [1] Takahasi, H. and Mori, M. (1974). Double exponential formulas for numerical integration. RIMS 9, 721-741.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["logistic_nodes", "unit_nodes", "unit_points"]

_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53)


@cache
def unit_nodes(step: float = 1 / 16) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes u in (0, 1) and weights summing to 1, for ∫ f(u) du of a bounded f.

    The two halves are separate rules, so f may have a kink at ½ (a split normal's median). The finer default is
    exact to about 1e-14 for single quantile functions; a step of 1/6 to about 1e-8, enough for tensors.
    """
    t = np.arange(-4.0, 4.0 + step / 2, step)
    stretch = np.pi / 2 * np.sinh(t)
    half = 0.5 / (1 + np.exp(2 * stretch))  # in (0, ½), accurate near 0
    weight = 0.5 * step * np.pi / 2 * np.cosh(t) / (2 * np.cosh(stretch) ** 2)
    nodes = np.concatenate([half, 1 - half])
    weights = np.concatenate([weight, weight])
    inside = (nodes > 0) & (nodes < 1)
    return nodes[inside], weights[inside] / weights[inside].sum()


@cache
def logistic_nodes() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes x and logarithms of weights for E f(X), X standard logistic, f growing up to e^{0.99 |x|}."""
    step = 1 / 32
    t = np.arange(-9.0, 9.0 + step / 2, step)
    x = np.pi / 2 * np.sinh(t)
    log_density = -np.abs(x) - 2 * np.log1p(np.exp(-np.abs(x)))
    return x, log_density + np.log(step * np.pi / 2 * np.cosh(t))


@cache
def unit_points(n_dimensions: int, n_points: int = 2**14) -> NDArray[np.float64]:
    """A fixed quasi-random set in the open unit cube, shape (n_dimensions, n_points), evenly weighted.

    A Kronecker sequence on the square roots of primes, folded (u → 1 − |2u − 1|) so that it meets itself at the faces.
    """
    roots = np.sqrt(np.resize(np.array(_PRIMES, dtype=float), n_dimensions))
    roots += np.arange(n_dimensions) // len(_PRIMES) * np.e  # beyond the table: still irrational, still different
    fraction = np.modf(np.outer(roots, np.arange(1, n_points + 1) - 0.5))[0]
    return np.asarray(np.clip(1 - np.abs(2 * fraction - 1), 1e-9, 1 - 1e-9))
