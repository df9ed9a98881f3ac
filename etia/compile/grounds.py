"""What lies beneath a model's trends in every draw, whatever scenarios and policies do: found once, kept small (§4).

The factual past under a lens settles baselines and known noise; how innovations live on hangs on the data alone.
Cases with policies, with mechanisms switched off, and layer after layer ask for the same draws again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from etia.compile import measured
from etia.compile.constructed import constructed_levels, levels_before

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from etia.compile.past import Past
    from etia.compile.program import Compiled
    from etia.engine.responses import Couplings
    from etia.schema.model import Model

    Floats = NDArray[np.float64]

__all__ = ["Grounds"]


class _Draw(NamedTuple):
    """What is kept of a draw. J measured trends."""

    baseline: Floats  # (J, T)
    own: Floats  # (J, T) known own noise, without what couplings bring
    before: dict[str, float]  # by constructed trend what the past does to it where its level is judged


class Grounds:
    """Baselines and own noise of a model's trends in every draw, on the past of `source`, the plain model.

    Several threads may ask: what two of them find at once is the same.
    """

    def __init__(self, source: Compiled, model: Model) -> None:
        self.model = model
        self._source = source
        names = list(source.model.trends)
        self._place = [names.index(name) for name in model.trends]
        place = {name: k for k, name in enumerate(model.trends)}
        series = source.courses.series if source.courses else ()
        kept = [s for s in series if s.name in place]
        self._measured = [s.trend for s in kept]
        self._rows = [place[s.name] for s in kept]
        self._draws: dict[int, _Draw] = {}

    def serves(self, model: Model) -> bool:
        """Whether another model's trends stand on the same ground."""
        own = self.model
        return list(model.trends.items()) == list(own.trends.items()) and model.timeline == own.timeline

    def of(self, p: int, factual: Callable[[], tuple[Past, Couplings]]) -> tuple[Floats, Floats]:
        """(K, T) draw p's baselines, nan where there is no value, and known own noise, without what couplings bring.

        `factual` gives the plain model's past and couplings in that draw, where they are needed.
        """
        if p not in self._draws:
            self._draws[p] = self._found(p, *factual())
        kept, shape = self._draws[p], (len(self.model.trends), self.model.timeline.n_steps)
        baseline, own = np.full(shape, np.nan), np.zeros(shape)
        baseline[self._rows], own[self._rows] = kept.baseline, kept.own
        names = list(self.model.trends)
        for name, course in constructed_levels(self.model, self._source.judgements, p, kept.before).items():
            baseline[names.index(name)] = course
        return baseline, own

    def _found(self, p: int, past: Past, couplings: Couplings) -> _Draw:
        source = self._source
        baseline, own = measured.ground(
            source.model, self.model, source.judgements, source.courses, source.baseline_draws, p, past, couplings
        )
        before = levels_before(self.model, self._place, past)
        return _Draw(baseline[self._measured], own[self._measured], before)
