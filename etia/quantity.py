"""How an uncertain judgement is written, and what numbers it stands for (method §2).

A Quantity is what the analyst wrote; a Distribution is what it means for a kind of value: its central value and
its quantile function. Nothing here draws random numbers: percentiles come from outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

__all__ = ["Kind", "Number", "Pool", "Quantiles", "Quantity", "Range"]


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
