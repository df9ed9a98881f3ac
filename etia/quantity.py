"""How an uncertain judgement is written, and what is wrong with one that means nothing (method §2).

A Quantity is what the analyst wrote. What it stands for, its central value and its quantile function, is in
`etia.distributions`; this module stays light, for the readers of files.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import fsum, isfinite
from typing import Literal

__all__ = ["Kind", "Number", "Pool", "Quantiles", "Quantity", "Range", "faults"]


@dataclass(frozen=True)
class Number:
    """A certain value."""

    value: float


@dataclass(frozen=True)
class Range:
    """`[low, best, high]`: minimum, mode and maximum of a PERT (shape 4)."""

    low: float
    best: float
    high: float


@dataclass(frozen=True)
class Quantiles:
    """`{p5: , p50: , p95: }`."""

    p5: float
    p50: float
    p95: float


@dataclass(frozen=True)
class Pool:
    """`{experts: {NAME: quantity}, weights, pool: linear | odds}`. Weights sum to 1, one an expert, in order."""

    experts: tuple[tuple[str, Number | Range | Quantiles], ...]
    weights: tuple[float, ...]
    pool: Literal["linear", "odds"] = "linear"


Quantity = Number | Range | Quantiles | Pool


class Kind(Enum):
    """What a quantity is of: decides its bounds, its transformed scale and its central value."""

    PROBABILITY = "probability"  # in [0, 1)
    RATE_RATIO = "rate ratio"  # > 0; on the logarithm; central: geometric mean
    DURATION = "duration"  # months ≥ 0; central: mode or p50
    PERCENT = "percent"  # > −100
    SIZE = "size"  # any number, in trend units
    STRENGTH = "strength"  # any number, latent per latent
    POSITIVE = "positive"  # ≥ 0 (costs; levels on a log scale are > 0)


def faults(quantity: Quantity, kind: Kind, bounds: tuple[float, float] | None = None) -> list[str]:
    """What is wrong with a quantity as one of its kind: a sentence a fault, none if it is sound.

    `bounds` (L, U) are those of a logit trend, for a level that must lie strictly between them.
    """
    if isinstance(quantity, Pool):
        return _pool_faults(quantity, kind, bounds)
    values = _values(quantity)
    found = [fault for value in values if (fault := _value_fault(value, kind, bounds))]
    if not found and isinstance(quantity, Quantiles):
        found = [fault for value in values if (fault := _edge_fault(value, kind))]
    return found + _order_faults(quantity)


def _values(quantity: Number | Range | Quantiles) -> tuple[float, ...]:
    if isinstance(quantity, Number):
        return (quantity.value,)
    if isinstance(quantity, Range):
        return (quantity.low, quantity.best, quantity.high)
    return (quantity.p5, quantity.p50, quantity.p95)


def _value_fault(value: float, kind: Kind, bounds: tuple[float, float] | None) -> str:
    if not isfinite(value):
        return f"{value!r} is not a finite number."
    if bounds is not None:
        low, high = bounds
        return "" if low < value < high else f"{value:g} is not between the bounds {low:g} and {high:g} of the trend."
    if kind is Kind.PROBABILITY and not 0 <= value < 1:
        return f"{value:g} is not a probability (0 ≤ p < 1).{_probability_hint(value)}"
    if kind is Kind.RATE_RATIO and value <= 0:
        return f"{value:g} is not a rate ratio (> 0). Below 1 it hinders: 0.5 halves the rate, 1 leaves it."
    if kind is Kind.DURATION and value < 0:
        return f"{value:g} months is not a duration (≥ 0)."
    if kind is Kind.PERCENT and value <= -100:
        return f"{value:+g}% leaves nothing: a change is more than -100%."
    if kind is Kind.POSITIVE and value < 0:
        return f"{value:g} is negative; a number ≥ 0 is needed."
    return ""


def _probability_hint(value: float) -> str:
    """A percentage taken for a probability (whole numbers), or a slipped decimal point."""
    if value == 1:
        return " What is sure to come has a `date` instead."
    if not 1 < value < 100:
        return ""
    meant = value / 100 if value == int(value) or value >= 10 else value / 10
    return f" Did you mean {meant:g}?"


def _edge_fault(value: float, kind: Kind) -> str:
    """Quantiles stand on a transformed scale, where the edge of the bounds is infinitely far."""
    if value == 0 and kind in (Kind.PROBABILITY, Kind.DURATION, Kind.POSITIVE):
        return f"0 cannot be a quantile of a {kind.value} quantity; write a small number, or a [low, best, high]."
    return ""


def _order_faults(quantity: Number | Range | Quantiles) -> list[str]:
    low, middle, high = (_values(quantity) * 3)[:3]
    if not all(map(isfinite, (low, middle, high))) or low <= middle <= high:
        return []
    ordered = sorted((low, middle, high))
    if isinstance(quantity, Range):
        return [
            f"[{low:g}, {middle:g}, {high:g}] is not in the order low ≤ best ≤ high. "
            f"Did you mean [{ordered[0]:g}, {ordered[1]:g}, {ordered[2]:g}]?"
        ]
    return [
        f"p5: {low:g}, p50: {middle:g}, p95: {high:g} is not in the order p5 ≤ p50 ≤ p95. "
        f"Did you mean p5: {ordered[0]:g}, p50: {ordered[1]:g}, p95: {ordered[2]:g}?"
    ]


def _pool_faults(pool: Pool, kind: Kind, bounds: tuple[float, float] | None) -> list[str]:
    found = [f"expert '{name}': {fault}" for name, own in pool.experts for fault in faults(own, kind, bounds)]
    if not pool.experts:
        found.append("A pool needs at least one expert.")
    if len(pool.weights) != len(pool.experts):
        found.append(f"{len(pool.weights)} weights for {len(pool.experts)} experts; each expert needs one.")
    elif any(not isfinite(weight) or weight < 0 for weight in pool.weights):
        found.append(f"weights {list(pool.weights)} must be numbers ≥ 0.")
    elif pool.experts and abs(fsum(pool.weights) - 1) > 1e-9:
        found.append(f"weights {list(pool.weights)} sum to {fsum(pool.weights):g}, not to 1.")
    if pool.pool == "odds" and kind is not Kind.PROBABILITY:
        found.append(f"`pool: odds` is for probabilities only, not for a {kind.value}; write `pool: linear`.")
    return found
