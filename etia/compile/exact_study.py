"""A study of a tiny model without sampling: base rates solved by enumeration (method §12)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from etia.compile.study import Settings, Study
from etia.engine.calibration import Calibrated
from etia.engine.exact_calibration import RATE_CEILING, calibrate, closed_form_rates
from etia.engine.exact_noise import felt_noise
from etia.engine.program import OPEN
from etia.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from etia.compile.program import Compiled
    from etia.engine.program import Program
    from etia.files.scenarios import Scenario
    from etia.schema.model import Model

    Floats = NDArray[np.float64]

__all__ = ["ExactStudy", "refuse_felt_noise"]

_MOST_TOLD = 3


class ExactStudy(Study):
    """The central model, its probability curves met exactly.

    Raises LimitError where it is too large, or where an event feels the random noise of a measured trend.
    """

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
        refuse_felt_noise(compiled, compiled.program(0, start))
        found = calibrate(lambda rates: compiled.program(0, rates), curves, free=wanted, held=start)
        is_met = np.ones(len(closed), dtype=bool)
        is_met[[short.interval for short in found.shortfalls]] = False
        is_bound = ~is_met & (found.rates >= RATE_CEILING)
        none = np.zeros((len(closed), len(closed)))
        return [Calibrated(found.rates, found.reached, none, is_met, is_bound, found.n_sweeps)]


def refuse_felt_noise(compiled: Compiled, program: Program) -> None:
    """Raise LimitError, by names, where events that may come feel random noise: then histories cannot be enumerated."""
    names, trends = compiled.index.names, list(compiled.model.trends)
    found = dict.fromkeys(
        _told(names[program.copy_of[felt.event]], trends[felt.trend], trends[felt.origin])
        for felt in felt_noise(program)
    )
    if found:
        told = list(found)[:_MOST_TOLD] + ([f"{len(found) - _MOST_TOLD} more"] if len(found) > _MOST_TOLD else [])
        raise LimitError(
            "histories cannot be enumerated where an event feels the random noise that a measured trend has after its "
            f"last datum: {'; '.join(told)}. Leave out --exact (in Python exact=True): the model is then sampled; with "
            "--central it is the central model, as here"
        )


def _told(event: str, trend: str, origin: str) -> str:
    if trend == origin:
        return f"event '{event}' is sensitive to trend '{trend}'"
    return f"event '{event}' is sensitive to trend '{trend}', to which couplings carry the noise of trend '{origin}'"
