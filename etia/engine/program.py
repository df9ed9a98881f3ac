"""What the engine computes on: one frozen set of arrays for a lens, a scenario and one draw of the judgements.

Axes are named by the constants' order below and nowhere else; steps count from the calendar's start (method §1),
ages from an event's own step. Everything about trends stands in their latent scale (method §4).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from etia.engine.memory import Memory, memory_of
from etia.engine.responses import acting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Steps = NDArray[np.int16]

__all__ = [
    "LINEAR",
    "LOG",
    "LOGIT",
    "NEVER",
    "OPEN",
    "Conditions",
    "Curves",
    "Links",
    "Noise",
    "Program",
    "Scales",
    "Sensitivities",
    "Trends",
]

OPEN = -1
"""in `fixed_step`: chance decides when the event comes"""
NEVER = 32767
"""step of an event that does not come before the calendar's end (τ = ∞)"""

LINEAR, LOG, LOGIT = 0, 1, 2
"""codes of the latent scales g (method §4)"""


@dataclass(frozen=True)
class Links:
    """Event → event relations, parallel ones apart (method §3). L links."""

    source: Ints  # (L,) event index
    target: Ints  # (L,) event index
    log_ratio: Floats  # (L, T) ln M by age; 0 below the lag, column 0 is always 0
    scale: Floats | None = None  # (L, T) policies' factor on ln M by calendar step; None where no policy acts


@dataclass(frozen=True)
class Conditions:
    """Pairs (event, condition): `requires` and `prevented_by` (method §3)."""

    event: Ints  # (C,) the event that waits, or is shut off
    on: Ints  # (C,) the event that it waits for, or that shuts it off


@dataclass(frozen=True)
class Sensitivities:
    """Trend → event relations: the rate of `event` is multiplied by exp(beta · d_trend(t−1)) (method §3). S pairs."""

    event: Ints  # (S,)
    trend: Ints  # (S,)
    beta: Floats  # (S,) per unit of the latent scale


@dataclass(frozen=True)
class Noise:
    """Random part of trends' own noise after their last datum: W · ε, ε standard normal (method §4). J noisy trends.

    The random own noise of trend `trend[j]` at step `first_step` + s is Σ_i weight[j, s, i] · ε_ji.
    Noise reaches other trends along the couplings; C couplings, for this recursion alone (responses hold them already).
    """

    first_step: int  # first step at which any noise is random
    trend: Ints  # (J,)
    memories: tuple[Memory, ...]  # (J,) the weights, small: every draw that is kept holds them
    n_steps: int  # T − first_step
    n_periods: int  # Q
    coupling_source: Ints  # (C,) trend index
    coupling_target: Ints  # (C,)
    coupling_strength: Floats  # (C,)
    coupling_lag: Ints  # (C,) whole steps ≥ 1

    @staticmethod
    def of(first_step: int, trend: Ints, weight: Floats, *couplings: NDArray[Any]) -> Noise:
        """From a table of `weight` (J, T − first_step, Q), and the couplings' four arrays."""
        return Noise(first_step, trend, tuple(memory_of(own) for own in weight), *weight.shape[1:], *couplings)

    @property
    def weight(self) -> Floats:
        """(J, T − first_step, Q) the weights as one table, made anew."""
        rows = [self.weight_of(j) for j in range(len(self.memories))]
        return np.array(rows).reshape(len(rows), self.n_steps, self.n_periods)

    def weight_of(self, j: int) -> Floats:
        """(T − first_step, Q) the weights of one noisy trend."""
        return self.memories[j].laid_out(self.n_steps, self.n_periods)


@dataclass(frozen=True)
class Scales:
    """Latent scales of the trends (method §4): LINEAR, LOG or LOGIT, with bounds where LOGIT."""

    kind: Ints  # (K,)
    lower: Floats  # (K,) nan unless LOGIT
    upper: Floats  # (K,)


@dataclass(frozen=True)
class Trends:
    """The trends' deterministic parts, in the latent scale. K trends.

    g(y_k(t)) = baseline + known_deviation + Σ_e response[row(e, τ_e), k, t − τ_e] + random noise (coupled)
    d_k(t)    = the same without the baseline
    where e runs over all events that have come, past ones included.
    """

    scales: Scales
    baseline: Floats  # (K, T) b_k; nan where the trend has no value yet
    known_deviation: (
        Floats  # (K, T) known part of the noise n_k, coupled parts included, and policies' direct responses
    )
    response: Floats  # (rows, K, T) total response G by age
    response_row: Ints  # (N, T) row of `response` for an event that comes at a step (policies may switch rows)
    noise: Noise | None = None
    may_act: NDArray[np.bool_] | None = None  # (rows, K) False where a response is sure to be 0 throughout

    @cached_property
    def acts(self) -> NDArray[np.bool_]:
        """(rows, K) which responses are not 0 throughout."""
        return acting(self.response, self.may_act)


@dataclass(frozen=True)
class Curves:
    """Elicited probability curves cut into intervals of constant base rate (method §3). I intervals, by event.

    The rate of interval i is at work in the steps first_step … last_step (both included).
    P(event by `by_step`) = probability.
    After the last `by_step` the last rate goes on up to `last_step`.
    """

    event: Ints  # (I,)
    first_step: Ints  # (I,)
    last_step: Ints  # (I,)
    by_step: Ints  # (I,)
    probability: Floats  # (I,) cumulative q at by_step
    marginal: NDArray[np.bool_]  # (I,) True: all that the model knows considered; False: base


@dataclass(frozen=True)
class Program:
    """Arrays for one lens, one scenario and one draw of the judgements. N events, K trends, T steps.

    Copies b#2 … of a repeating event are events of their own (method §3). Frozen: a changed world is a new Program.
    """

    n_steps: int
    as_of: int  # step index; events at or before it are past
    fixed_step: Ints  # (N,) step of a past, scheduled or set event; OPEN; or NEVER
    base_rate: Floats  # (N, T) λ0 times the policies' factors π; 0 wherever the event cannot come by itself
    links: Links
    requires: Conditions
    prevented_by: Conditions
    sensitivities: Sensitivities
    trends: Trends
    copy_of: Ints  # (N,) index of the event that this one is a copy of; itself where it is none
    removed: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    # (N,) past events taken out of this world; what hangs on them falls out by §7. Empty: none
    is_scheduled: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    # (N,) events that come at a date after as_of of themselves: where what they require is removed, they go too

    @property
    def n_events(self) -> int:
        return len(self.fixed_step)

    @property
    def n_trends(self) -> int:
        return len(self.trends.scales.kind)

    def is_past(self) -> NDArray[np.bool_]:
        """(N,) True for events that have occurred at or before `as_of`."""
        return (self.fixed_step >= 0) & (self.fixed_step <= self.as_of)

    def do(self, event_index: int, step: int) -> Program:
        """The world in which the event comes at `step` whatever its rate and requirements; λ0 stays (method §7).

        With `step` NEVER it and its copies never come.
        """
        fixed = self.fixed_step.copy()
        if step == NEVER:
            fixed[self.copy_of == self.copy_of[event_index]] = NEVER
        else:
            fixed[event_index] = step
        return replace(self, fixed_step=fixed)

    def without(self, event_indices: NDArray[np.integer] | list[int]) -> Program:
        """The world without these past events (method §7)."""
        removed = self.removed.copy() if len(self.removed) else np.zeros(self.n_events, dtype=bool)
        removed[event_indices] = True
        gone, fixed = removed.copy(), self.fixed_step.copy()
        scheduled = self.is_scheduled if len(self.is_scheduled) else np.zeros(self.n_events, dtype=bool)
        for _ in range(self.n_events):
            before = gone.copy()
            gone[self.requires.event[gone[self.requires.on]]] = True
            gone &= removed | self.is_past() | scheduled
            if (gone == before).all():
                break
        fixed[gone & scheduled] = NEVER
        return replace(self, removed=removed, fixed_step=fixed)
