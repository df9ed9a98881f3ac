"""What a quantity stands for: its central value and its quantile function (method §2).

Nothing here draws random numbers: percentiles come from outside, so that one judgement's draws can be shared.
"""

from __future__ import annotations

from etia.distributions.pools import Distribution, LinearPool, OddsPool, Single, distribution

__all__ = ["Distribution", "LinearPool", "OddsPool", "Single", "distribution"]
