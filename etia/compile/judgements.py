"""What each judgement is worth in every parameter draw (method §2, §8).

A judgement is a quantity at a path of the model (`links.a -> b.rate_ratio`). Its percentile comes from the stream named
by the path, so another judgement, scenario or lens leaves its draws as they were. The central model is one draw.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from etia.distributions import distribution
from etia.engine.streams import keys, uniforms
from etia.quantity import Kind, Number, Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Judgements"]


@dataclass
class Judgements:
    """Values of quantities, (P,) each: drawn, or with `central` their means as one draw."""

    seed: int
    n_draws: int
    central: bool = False
    first_draw: int = 0
    used: dict[str, Floats] = field(default_factory=dict, repr=False)
    """values of the uncertain quantities that were asked for, by path: what sensitivity is computed from (§8)"""
    _known: dict[tuple[object, ...], Floats] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.central:
            self.n_draws = 1

    def at_centre(self) -> Judgements:
        """The central model: one draw, every quantity at its mean."""
        return Judgements(self.seed, 1, central=True)

    def values(
        self,
        path: str,
        quantity: Quantity,
        kind: Kind,
        *,
        bounds: tuple[float, float] | None = None,
        shared: str | None = None,
    ) -> Floats:
        """(P,) the quantity's value in each draw. `shared` names the percentile's stream where paths share one."""
        asked = (path, quantity, kind, bounds, shared)
        if asked not in self._known:
            self._known[asked] = self._drawn(path, quantity, kind, bounds, shared or path)
        return self._known[asked]

    def _drawn(
        self, path: str, quantity: Quantity, kind: Kind, bounds: tuple[float, float] | None, stream: str
    ) -> Floats:
        if isinstance(quantity, Number):
            return np.full(self.n_draws, quantity.value)
        found = distribution(quantity, kind, bounds)
        if self.central:
            return np.array([found.central()])
        names = [stream if i == 0 else f"{stream}#{i}" for i in range(found.n_percentiles)]
        percentile = uniforms(keys(self.seed, "percentile", names), self.first_draw, self.n_draws).T
        expert = uniforms(keys(self.seed, "expert", [stream]), self.first_draw, self.n_draws)[:, 0]
        self.used[path] = np.asarray(found.values(percentile, expert), dtype=float)
        return self.used[path]

    def picks(self, path: str, first: int, last: int, middle: int) -> NDArray[np.int32]:
        """(P,) a step of first … last, uniform over them; the middle one in the central model."""
        if self.central or first == last:
            return np.full(self.n_draws, middle, dtype=np.int32)
        u = uniforms(keys(self.seed, "percentile", [path]), self.first_draw, self.n_draws)[:, 0]
        return (first + np.floor(u * (last - first + 1))).astype(np.int32)
