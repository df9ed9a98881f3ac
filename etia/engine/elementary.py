"""Logarithm, sine and cosine by polynomials alone, for compiled loops: a compiler does them for a vector of numbers.

Coefficients are those of Sun's fdlibm, whose errors are below one unit in the last place. The same operations in the
same order give the same bits on every machine.
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["log", "sine_and_cosine"]

_MANTISSA = np.int64(52)
_ROOT_HALF = np.int64(0x3FE6A09E667F3BCD)
"""the bits of sqrt(1/2): numbers are split into 2^k · m with m from there to sqrt(2)"""
_LOG_2, _LOG_2_REST = 6.93147180369123816490e-01, 1.90821492927058770002e-10


@njit(inline="always")
def log(x):  # type: ignore[no-untyped-def]
    """The natural logarithm of a normal number x > 0."""
    bits = np.float64(x).view(np.int64)
    exponent = (bits - _ROOT_HALF) >> _MANTISSA
    f = np.int64(bits - (exponent << _MANTISSA)).view(np.float64) - 1.0
    s = f / (2.0 + f)
    z = s * s
    rest = 0.1531383769920937332 + z * 0.1479819860511658591
    rest = 0.2222219843214978396 + z * (0.1818357216161805012 + z * rest)
    rest = z * (0.6666666666666735130 + z * (0.3999999999940941908 + z * (0.2857142874366239149 + z * rest)))
    half = 0.5 * f * f
    k = np.float64(exponent)
    return k * _LOG_2 - ((half - (s * (half + rest) + k * _LOG_2_REST)) - f)


@njit(inline="always")
def sine_and_cosine(turn):  # type: ignore[no-untyped-def]
    """The sine and cosine of 2π · turn, 0 ≤ turn ≤ 1."""
    quarter = np.floor(4.0 * turn + 0.5)
    x = (turn - 0.25 * quarter) * (2.0 * np.pi)
    z = x * x
    rest = 2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)
    rest = 8.33333333332248946124e-03 + z * (-1.98412698298579493134e-04 + z * rest)
    sine = x + x * z * (-1.66666666666666324348e-01 + z * rest)
    rest = -2.75573143513906633035e-07 + z * (2.08757232129817482790e-09 - z * 1.13596475577881948265e-11)
    rest = -1.38888888888741095749e-03 + z * (2.48015872894767294178e-05 + z * rest)
    cosine = 1.0 - 0.5 * z + z * z * (4.16666666666666019037e-02 + z * rest)
    n = np.int64(quarter)
    is_odd = (n & 1) != 0
    a, b = (cosine, sine) if is_odd else (sine, cosine)
    return (-a if (n & 2) != 0 else a), (-b if ((n + 1) & 2) != 0 else b)
