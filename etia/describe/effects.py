"""How trends differ between two worlds: means on common random numbers, with standard errors (method §7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etia.describe.blocks import Block, blocks, in_order
from etia.describe.calibrated import calibration_loads, loaded_scores
from etia.describe.moments import Moments, Part
from etia.describe.views import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etia.compile.study import Case
    from etia.describe.views import Change
    from etia.engine.worlds import World

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Contrast", "Effects", "case_has_value", "effects"]


@dataclass(frozen=True)
class Contrast:
    """One world against another, in every run: y in the first less y in the second."""

    first: World
    second: World
    own: tuple[int, ...] = ()
    """events whose own responses, taken off the first world's runs, are the direct effect (method §7)"""


@dataclass(frozen=True)
class Effects:
    """Means over all runs of what contrasts do. C contrasts, K trends, S steps; in trend units, nan: no value."""

    steps: Ints  # (S,)
    total: Floats  # (C, K, S) E[y | first] − E[y | second]
    direct: Floats  # (C, K, S) E[y − g⁻¹(g(y) − Σ_own G)] in the first world
    total_error: Floats  # (C, K, S) standard errors, calibration's part included
    direct_error: Floats


def effects(case: Case, contrasts: Sequence[Contrast], steps: Sequence[int] | Ints) -> Effects:
    """The effects of several contrasts at some steps, in one pass over the draws.

    Contrasts that share a world do best side by side: the last few worlds of a draw are kept.
    """
    wanted = np.unique(np.asarray(steps, dtype=np.int64))
    shape = (2, len(contrasts), len(case.trend_names), len(wanted))
    found = Moments(shape, by_draw=case.outcomes.n_draws > 1)

    loads = calibration_loads(case)

    def measure(block: Block) -> Part:
        return _measured(block, contrasts, wanted, loads)

    for part in in_order(measure, blocks(case), case.study.settings.jobs):
        found.add(part)
    mean, error = found.mean.copy(), found.error_with_calibration()
    mean[:, :, ~case_has_value(case, wanted)] = np.nan
    error[np.isnan(mean)] = np.nan
    return Effects(wanted, mean[0], mean[1], error[0], error[1])


def case_has_value(case: Case, steps: Ints) -> NDArray[np.bool_]:
    """(K, S) True where a trend has a value: the same in every draw."""
    return ~np.isnan(case.outcomes.kept[0].shared[:, steps])


def _measured(block: Block, contrasts: Sequence[Contrast], steps: Ints, loads: Floats | None = None) -> Part:
    """(2, C, K, S) moments of total and direct effects over a block's runs.

    `loads` (I, L): of the calibrated ln λ0, to which the means' answer is then measured too.
    """
    view = View(block, steps)
    mean = np.zeros((2, len(contrasts), len(view.kind), len(steps)))
    squares = np.zeros_like(mean)
    is_unit = block.case.outcomes.n_draws > 1  # the draw's mean alone counts then
    scores = loaded_scores(block, loads)
    answer = None if scores is None else np.zeros((scores.shape[1], *mean.shape))
    for c, contrast in enumerate(contrasts):
        for part, change in enumerate(_changes(view, contrast)):
            change.summed(view.is_early, mean[part, c], None if is_unit else squares[part, c])
            if scores is not None and answer is not None:
                answer[:, part, c][:, :, ~view.is_early] = change.answer(scores)
    return Part(block.p, block.n, mean, squares, answer)


def _changes(view: View, contrast: Contrast) -> tuple[Change, Change]:
    """Total and direct changes in every run."""
    return view.total(contrast.first, contrast.second), view.direct(contrast.first, contrast.own)
