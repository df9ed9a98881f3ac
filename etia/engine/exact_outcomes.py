"""What enumerated event histories say: probabilities of events, values of trends (method §3, §4, §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etia.engine.program import LINEAR, LOG, LOGIT, NEVER
from etia.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etia.engine.exact import Histories
    from etia.engine.program import Floats, Program, Scales

__all__ = [
    "MAX_VALUES",
    "ROUNDING",
    "central_step",
    "event_probabilities",
    "event_responses",
    "mean",
    "quantiles",
    "to_units",
    "trend_values",
]

MAX_VALUES = 100_000_000
"""trend values (histories × trends × steps) that may be held at once: 800 MB"""

ROUNDING = 1e-12
"""sums of probabilities that should be equal differ by less than this"""


def event_probabilities(histories: Histories, n_steps: int) -> Floats:
    """(N, T) probability that the event has come by the end of the step."""
    come = np.stack([_come_in(histories, t) for t in range(n_steps)], axis=1)
    return np.cumsum(come, axis=1)


def _come_in(histories: Histories, t: int) -> Floats:
    share: Floats = histories.probability @ (histories.steps == t)
    return share


def central_step(histories: Histories, event_index: int, *, as_of: int, n_steps: int) -> int:
    """The event's central date (method §7): the first step by which P(event) ≥ ½ P(event by `end`).

    The middle of the future, the earlier of two, where the event cannot come.
    """
    by_step = event_probabilities(histories, n_steps)[event_index]
    if by_step[-1] <= 0:
        return (as_of + n_steps) // 2
    return int(np.argmax(by_step >= by_step[-1] / 2 - ROUNDING))


def trend_values(program: Program, histories: Histories) -> Floats:
    """(n, K, T) values g(y_k(t)) of every trend in every history, in the latent scale, random noise at 0 (method §4).

    baseline + known deviation + Σ_e G_ek(t − τ_e); nan where a trend has no value yet. With the noise: `exact_laws`.
    Raises LimitError where more than MAX_VALUES values would be made.
    """
    trends = program.trends
    n_values = len(histories) * program.n_trends * program.n_steps
    if n_values > MAX_VALUES:
        raise LimitError(f"{n_values:,} exact trend values asked for; at most {MAX_VALUES:,} are held at once")
    latent = np.repeat((trends.baseline + trends.known_deviation)[None], len(histories), axis=0)
    for event_index in range(program.n_events):
        latent += event_responses(program, histories, event_index)
    return latent


def event_responses(program: Program, histories: Histories, event_index: int) -> Floats:
    """(n, K, T) total response G_ek(t − τ_e) to one event in every history; 0 before it comes."""
    come_at = histories.steps[:, event_index]
    responses = np.zeros((len(histories), program.n_trends, program.n_steps))
    for step in np.unique(come_at[come_at != NEVER]).tolist():
        row = program.trends.response_row[event_index, step]
        shape = program.trends.response[row, :, : program.n_steps - step]  # (K, ages that fit the calendar)
        responses[come_at == step, :, step:] = shape
    return responses


def to_units(latent: Floats, scales: Scales) -> Floats:
    """Trend values y = g⁻¹(latent) in their own units (method §4); `latent` is (…, K, T)."""
    y = np.array(latent, dtype=np.float64)
    log = scales.kind == LOG
    y[..., log, :] = np.exp(latent[..., log, :])
    logit = scales.kind == LOGIT
    lower, span = scales.lower[logit, None], (scales.upper - scales.lower)[logit, None]
    y[..., logit, :] = lower + span / (1 + np.exp(-latent[..., logit, :]))
    if not (log | logit | (scales.kind == LINEAR)).all():
        raise ValueError(f"unknown latent scale among the codes {scales.kind.tolist()}")
    return y


def mean(values: Floats, probability: Floats) -> Floats:
    """Expectation over histories, the first axis of `values`."""
    return np.tensordot(probability, values, axes=1)


def quantiles(values: Floats, probability: Floats, levels: Sequence[float]) -> Floats:
    """(len(levels), …) quantiles inf{y: F(y) ≥ p} over histories, the first axis of `values`.

    Probabilities that reach a level but for rounding (1e-12) reach it. nan where the values are nan.
    """
    order = np.argsort(values, axis=0, kind="stable")
    in_order = np.take_along_axis(values, order, axis=0)
    reached = np.cumsum(probability[order], axis=0)  # F at each value in order
    last = len(values) - 1
    places = np.stack([np.minimum((reached < p - ROUNDING).sum(axis=0), last) for p in levels])
    return np.take_along_axis(in_order, places, axis=0)
