"""Where the trends of a case end: what score cards, conditions and sensitivities are computed from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from etia.compile.bands import Bands
from etia.compile.standard_errors import quantiles
from etia.engine.ensemble import to_units_of
from etia.engine.snapshots import latent_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.compile.study import Case
    from etia.mapping.projections import Projection

    Floats = NDArray[np.float64]

__all__ = ["Ends", "ends", "projected_ends"]


class Ends(NamedTuple):
    """The trends of a case at `as_of` and at the horizon, in their units."""

    case: Case
    now: Floats  # (K,) median at `as_of`; nan where a trend has no value by then
    final: Floats  # (K, P · R) every run at the horizon
    band: Floats  # (K, 3) its p5, p50 and p95

    @property
    def horizon(self) -> str:
        return self.case.calendar.label(self.case.calendar.n_steps - 1)


def projected_ends(case: Case, projected: dict[str, Projection]) -> Ends:
    """The ends of a case whose trends are projected already."""
    now = np.array([projection.now for projection in projected.values()])
    final = np.array([projection.final for projection in projected.values()])
    band = np.array([one.quantiles[[0, 2, 4], -1] if one.mean.size else [np.nan] * 3 for one in projected.values()])
    return Ends(case, now, final.reshape(len(projected), len(case.outcomes.steps)), band.reshape(len(projected), 3))


def ends(case: Case) -> Ends:
    """The ends of a case of which nothing else is asked."""
    outcomes = case.outcomes
    steps = np.array([case.calendar.as_of, case.calendar.n_steps - 1], dtype=np.int64)
    latent = latent_at(outcomes, steps, case.study.each_draw)
    both = np.array([to_units_of(own, outcomes.scales, k) for k, own in enumerate(latent)]).reshape(latent.shape)
    bands = Bands(case, (0.05, 0.5, 0.95))
    means = bands.means(steps)
    found = np.array([quantiles(np.sort(own, axis=0), (0.05, 0.5, 0.95)) for own in both]).reshape(len(both), 3, 2)
    for k, own in enumerate(found):
        bands.improve(k, steps, None if means is None else means[k], own)
    return Ends(case, found[:, 1, 0], np.ascontiguousarray(both[:, :, 1]), found[:, :, 1])
