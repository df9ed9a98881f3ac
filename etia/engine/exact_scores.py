"""What an event does to the trends, from enumerated histories: its impact scores (method §7, §12)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from etia.engine.exact import enumerate_histories
from etia.engine.exact_laws import trend_laws
from etia.engine.exact_outcomes import event_responses
from etia.engine.program import NEVER

if TYPE_CHECKING:
    from etia.engine.program import Floats, Program

__all__ = ["ImpactScores", "impact_scores"]


@dataclass(frozen=True)
class ImpactScores:
    """Impact of one event on every trend at every step, in the trends' units (method §7)."""

    total: Floats  # (K, T)
    direct: Floats  # (K, T) without what the event set off in other events

    @property
    def indirect(self) -> Floats:
        """(K, T) the part that comes by way of other events."""
        return self.total - self.direct


def impact_scores(program: Program, event_index: int, central: int) -> ImpactScores:
    """Exact impact scores of an event (method §7).

    total: E[y | factual] − E[y | removed] for a past event, E[y | do(event at `central`)] − E[y | do(never)] for a
    prospective one; direct: E[y − g⁻¹(g(y) − G)] on the first side's histories. `central` is not used for past events.
    """
    if program.is_past()[event_index]:
        with_event, without_event = program, program.without([event_index])
    else:
        with_event, without_event = program.do(event_index, central), program.do(event_index, NEVER)
    histories = enumerate_histories(with_event)
    laws = trend_laws(with_event, histories)
    own = event_responses(with_event, histories, event_index)
    less_own = replace(laws, latent=laws.latent - own)
    counterfactual = trend_laws(without_event, enumerate_histories(without_event))
    expected = laws.mean()
    return ImpactScores(total=expected - counterfactual.mean(), direct=expected - less_own.mean())
