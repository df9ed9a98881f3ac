"""An event's rate where its pulls vary from step to step, by half-lives, trends, noise or policies (method §3).

Steps go side by side, as numbers of a vector: the rate without pulls times the K of every source that has come, each
one unbroken stretch of a table.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from etia.engine.bits import lowest_bit
from etia.engine.lanes import add, load, multiply, reaches, running, spread, store, subtract, total
from etia.engine.program import NEVER

__all__ = ["acting_pulls", "count", "reached_at"]

_ONE, _LANES, _LAST = np.uint64(1), np.uint64(8), np.uint64(1 << 7)
_SMALL, _MODERATE = 1.0 / 32.0, 0.5
"""rates up to which 7 and 14 terms of 1 − exp(−λ) = λ − λ²/2 + … are exact to rounding"""


@njit(inline="always")
def acting_pulls(m, r, came, end, by_target, source, base, stride, address):  # type: ignore[no-untyped-def]
    """Put where the K of each source of event m that has come before `end` stands for offset 0 into `address`.

    `came` holds the sources' offsets in run r. With how many there are, and the first of their offsets.
    """
    n, first = np.uint64(0), np.int64(NEVER)
    for p in range(by_target[m], by_target[m + _ONE]):
        tau = np.int64(came[r, source[p]])
        if tau < end:
            address[n] = base[p] + stride[p] * tau
            n += _ONE
            first = min(first, tau)
    return n, first


@njit(inline="always")
def _rates(hazard, at, i, table, address, n, feels, factors, factor_at):  # type: ignore[no-untyped-def]
    """Rates at offset i and those that follow, as a vector; `hazard` and the noise's `factors` begin at places."""
    found = load(hazard, at + i)
    for c in range(n):
        found = multiply(found, load(table, address[c] + i))
    if feels:
        found = multiply(found, load(factors, factor_at + i))
    return found


@njit(inline="always")
def _rate_at(hazard, at, i, table, address, n, feels, factors, factor_at):  # type: ignore[no-untyped-def]
    """The rate at offset i alone."""
    found = hazard[at + i]
    for c in range(n):
        found *= table[address[c] + i]
    return found * factors[factor_at + i] if feels else found


@njit(inline="always")
def reached_at(left, i, end, hazard, at, table, address, n, feels, factors, factor_at):  # type: ignore[no-untyped-def]
    """First offset from i on at which the rates add up to `left`; `end` or more where they do not before it.

    Noughts stand behind the rates, but nothing behind the factors of noise.
    """
    spent = 0.0
    whole = end + _ONE - min(_LANES, end) if feels else end
    while i < whole:
        rates = _rates(hazard, at, i, table, address, n, feels, factors, factor_at)
        more = spent + total(rates)
        if more >= left:
            return i + lowest_bit(reaches(running(rates), spread(hazard, left - spent)) | _LAST)
        spent = more
        i += _LANES
    while i < end:
        spent += _rate_at(hazard, at, i, table, address, n, feels, factors, factor_at)
        if spent >= left:
            break
        i += _ONE
    return i


@njit(inline="always")
def _few_terms(rate, kind):  # type: ignore[no-untyped-def]
    """1 − exp(−rate) by 7 terms of its series; `kind` is any array of such numbers."""
    sum_ = spread(kind, 1.0)
    for n in (7.0, 6.0, 5.0, 4.0, 3.0, 2.0):
        sum_ = subtract(spread(kind, 1.0), multiply(multiply(rate, spread(kind, 1.0 / n)), sum_))
    return multiply(rate, sum_)


@njit(inline="always")
def _more_terms(rate, kind):  # type: ignore[no-untyped-def]
    """1 − exp(−rate) by 14 terms of its series."""
    sum_ = spread(kind, 1.0)
    for n in (14.0, 13.0, 12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0):
        sum_ = subtract(spread(kind, 1.0), multiply(multiply(rate, spread(kind, 1.0 / n)), sum_))
    return multiply(rate, sum_)


@njit(inline="always")
def count(begin, end, hazard, at, table, address, n, feels, factors, factor_at, out, out_at):  # type: ignore[no-untyped-def]
    """out[out_at + i] += 1 − exp(−rate at offset i), from `begin` on and before `end`."""
    small, moderate = spread(hazard, _SMALL), spread(hazard, _MODERATE)
    i = begin
    while i + _LANES <= end:
        rate = _rates(hazard, at, i, table, address, n, feels, factors, factor_at)
        if reaches(rate, small) == 0:
            store(out, out_at + i, add(load(out, out_at + i), _few_terms(rate, hazard)))
        elif reaches(rate, moderate) == 0:
            store(out, out_at + i, add(load(out, out_at + i), _more_terms(rate, hazard)))
        else:
            for j in range(i, i + _LANES):
                out[out_at + j] -= np.expm1(-_rate_at(hazard, at, j, table, address, n, feels, factors, factor_at))
        i += _LANES
    for j in range(i, end):
        out[out_at + j] -= np.expm1(-_rate_at(hazard, at, j, table, address, n, feels, factors, factor_at))
