"""Where the trends of a case end: what score cards, conditions and sensitivities are computed from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from etia.compile.standard_errors import quantiles
from etia.engine.ensemble import to_units_of

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

    @property
    def horizon(self) -> str:
        return self.case.calendar.label(self.case.calendar.n_steps - 1)


def projected_ends(case: Case, projected: dict[str, Projection]) -> Ends:
    """The ends of a case whose trends are projected already."""
    now = np.array([projection.now for projection in projected.values()])
    final = np.array([projection.final for projection in projected.values()])
    return Ends(case, now, final.reshape(len(projected), len(case.outcomes.steps)))


def ends(case: Case) -> Ends:
    """The ends of a case of which nothing else is asked."""
    n_trends, last = len(case.trend_names), case.calendar.n_steps - 1
    now, final = np.full(n_trends, np.nan), np.empty((n_trends, len(case.outcomes.steps)))
    for k in range(n_trends):
        present, final[k] = _both(case, k, case.calendar.as_of, last)
        now[k] = quantiles(np.sort(present), (0.5,))[0]
    return Ends(case, now, final)


def _both(case: Case, trend: int, now: int, last: int) -> tuple[Floats, Floats]:
    """Values at two steps: of the draws where nothing else differs by then, else of all runs."""
    outcomes = case.outcomes
    if outcomes.first_moving_step() > now:
        present = to_units_of(outcomes.course(trend, now, now), outcomes.scales, trend)[:, 0]
        return present, outcomes.values(trend, last, last)[:, 0]
    both = outcomes.values(trend, now, last)
    return both[:, 0], both[:, -1]
