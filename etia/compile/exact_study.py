"""A study of a tiny model without sampling: base rates solved by enumeration (method §12)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from etia.compile.study import Settings, Study
from etia.engine.calibration import Calibrated
from etia.engine.exact_calibration import RATE_CEILING, calibrate, closed_form_rates
from etia.engine.program import OPEN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from etia.compile.program import Compiled
    from etia.files.scenarios import Scenario
    from etia.schema.model import Model

    Floats = NDArray[np.float64]

__all__ = ["ExactStudy"]


class ExactStudy(Study):
    """The central model, its probability curves met exactly. Raises LimitError where it is too large."""

    def __init__(self, model: Model, scenarios: Mapping[str, Scenario], settings: Settings) -> None:
        super().__init__(model, scenarios, replace(settings, central=True))

    def _solve(
        self, compiled: Compiled, held: Sequence[Floats] | None = None, free: NDArray[np.bool_] | None = None
    ) -> list[Calibrated]:
        curves = compiled.curves.draw(0)
        closed = closed_form_rates(curves)
        if not len(closed):
            return [Calibrated(closed, closed, np.zeros((0, 0)), closed.astype(bool), closed.astype(bool), 0)]
        is_open = compiled.fixed_step[0, curves.event] == OPEN
        wanted = is_open if free is None else free & is_open
        start = closed if held is None else np.where(wanted, closed, held[0])
        found = calibrate(lambda rates: compiled.program(0, rates), curves, free=wanted, held=start)
        is_met = np.ones(len(closed), dtype=bool)
        is_met[[short.interval for short in found.shortfalls]] = False
        is_bound = ~is_met & (found.rates >= RATE_CEILING)
        none = np.zeros((len(closed), len(closed)))
        return [Calibrated(found.rates, found.reached, none, is_met, is_bound, found.n_sweeps)]
