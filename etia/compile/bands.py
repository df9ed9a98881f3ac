"""Bands of noisy trends without noisy samples, where they can be had (method §4, §8).

In the central model, and where no event depends on noise, quantiles come from the exact mixture over event histories:
at equal time their errors are a fourth to a sixth of those of noisy samples. With draws of the judgements the draws
make the error, and samples do.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from etia.compile.standard_errors import standard_error
from etia.engine.ensemble import to_units_of
from etia.engine.mixture import mixture, noise_spread
from etia.engine.plan import events_feeling_noise
from etia.engine.program import OPEN
from etia.engine.snapshots import latent_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etia.compile.study import Case

    Floats = NDArray[np.float64]

__all__ = ["Bands"]


class Bands:
    """Quantiles of a case's noisy trends over histories, and their errors."""

    def __init__(self, case: Case, levels: Sequence[float]) -> None:
        self.case, self.levels = case, np.array(levels)

    @cached_property
    def _spread(self) -> Floats | None:
        """(K, T) standard deviation of random noise; None where the mixture does not hold or is not worth it."""
        case, kept = self.case, self.case.outcomes.kept
        if len(kept) > 1 or kept[0].noise is None or not len(kept[0].noise.trend):
            return None
        program, noise = case.program(0), kept[0].noise
        if (events_feeling_noise(program) & (program.fixed_step == OPEN)).any():
            return None
        out = np.zeros((program.n_trends, program.n_steps))
        out[:, noise.first_step :] = noise_spread(noise, program.n_trends)
        return out

    def means(self, steps: NDArray[np.int64]) -> Floats | None:
        """(K, R, S) latent values without random noise; None where samples have to do."""
        if self._spread is None or not self._spread[:, steps].any():
            return None
        outcomes = self.case.outcomes
        bare = replace(outcomes, kept=tuple(replace(kept, noise=None) for kept in outcomes.kept))
        return latent_at(bare, steps, self.case.study.each_draw)

    def improve(
        self,
        trend: int,
        steps: NDArray[np.int64],
        means: Floats | None,
        quantiles: Floats,
        errors: Floats | None = None,
    ) -> None:
        """Put quantiles (levels, S) and their errors in place of sampled ones at the steps that have random noise.

        `means` (R, S) are the trend's latent values without noise at these steps.
        """
        if self._spread is None or means is None:
            return
        noisy = np.flatnonzero((self._spread[trend, steps] > 0.0) & ~np.isnan(means).any(axis=0))
        if not len(noisy):
            return
        chosen, spread = np.ascontiguousarray(means[:, noisy]), self._spread[trend, steps[noisy]]
        law, scales = mixture(chosen, spread), self.case.outcomes.scales
        levels = np.repeat(self.levels[:, None], len(noisy), axis=1)
        latent = law.quantiles(levels)
        quantiles[:, noisy] = to_units_of(latent, scales, trend)
        if errors is None:
            return
        off = np.array([standard_error(ndtr((bound - chosen) / spread), 1, self.case) for bound in latent])
        low, high = (law.quantiles(np.clip(levels + side * off, 1e-9, 1.0 - 1e-9)) for side in (-1.0, 1.0))
        errors[:, noisy] = (to_units_of(high, scales, trend) - to_units_of(low, scales, trend)) / 2.0
