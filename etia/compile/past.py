"""What the factual past does to every trend: the ground on which baselines stand (method §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etia.engine.responses import responses_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Past"]


@dataclass(frozen=True)
class Past:
    """Past events of one draw at their steps, with the total responses that they set off."""

    step: NDArray[np.int32]  # (N,)
    is_past: NDArray[np.bool_]  # (N,)
    response_row: NDArray[np.int32]  # (N, T)
    response: Floats  # (rows, K, T)

    def deviation(self) -> Floats:
        """(K, T) Σ_e G_ek(t − τ_e) at every step, future ones included."""
        return responses_at(self.step, self.is_past, self.response_row, self.response)

    def before(self, trend: int, step: int) -> float:
        """Σ_{τ_e < step} G_ek(step − τ_e): what earlier events do at a step, that step's own events left out."""
        earlier = np.flatnonzero(self.is_past & (self.step < step))
        rows = self.response_row[earlier, self.step[earlier]]
        return float(self.response[rows, trend, step - self.step[earlier]].sum())
