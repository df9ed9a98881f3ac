"""A plan's pulls and conditions by their ends: what a source that comes acts on, and what acts on an event (method §3).

Laid out once a plan, for loops that go from occurrence to occurrence. S sources, M open events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.engine.plan import Plan

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Places = NDArray[np.uint64]

__all__ = ["BEYOND", "Constant", "Grouped", "Requirements", "Varying", "grouped", "with_noughts"]


BEYOND = 8
"""noughts behind a row, so that a vector may be read from any of its places"""
_LARGEST = 1e300
"""1/K of a pull at most: finite, so that nothing left times it is nothing"""
_BY_ROUNDING = 1.0 + 1e-9
"""far more than what products of ratios are off by"""


class Constant(NamedTuple):
    """Constant pulls, and what shuts off, which by target is a pull of K = 0. Q pulls."""

    start: Places  # (S + 1,) pulls grouped by source, without those on events whose rate varies
    target: Places
    delay: Places
    inverse: Floats  # 1/K
    shut_start: Places  # (S + 1,) what shuts off grouped by source, without events whose rate varies
    shut: Places
    most: Floats  # (M,) what these multiply an event's rate by at most, and a little more for rounding
    by_target: Places  # (M + 1,) grouped by target, all of them
    cause: Places  # (Q,) source
    cause_delay: Ints  # (Q,)
    cause_inverse: Floats  # (Q,)


class Varying(NamedTuple):
    """Pulls on events whose rate varies. Q pulls; table and ceiling as in the plan."""

    varies: NDArray[np.bool_]  # (M,)
    start: Places  # (S + 1,) grouped by source, what shuts off among them
    target: Places
    inverse: Floats  # 1 over the largest K at any age; 0 where noise can raise the rate without bound
    by_target: Places  # (M + 1,) grouped by target, without what shuts off
    cause: Places  # (Q,) source
    base: Ints  # (Q,)
    stride: Ints  # (Q,)
    table: Floats
    ceiling: Floats
    hazard: Floats  # (M · (H + 1 + 8),) with noughts behind each row


class Requirements(NamedTuple):
    """What open events wait for."""

    number: Ints  # (M,)
    waiting_start: Places  # (S + 1,) waiting events grouped by source
    waiting: Ints
    start: Places  # (M + 1,) sources grouped by the waiting event
    source: Places


class Grouped(NamedTuple):
    """All that acts on open events."""

    constant: Constant
    varying: Varying
    requirements: Requirements
    opened: Places  # (M,) their event indices
    noise_row: Ints  # (M,) row of the noise that an event feels; −1 for none
    busiest: int  # events on which one source acts, at most; at least M


def grouped(plan: Plan) -> Grouped:
    """Group what acts in a plan by source and by target."""
    waits_for = np.repeat(np.arange(plan.n_sources), np.diff(plan.waiting_start))
    requirements = Requirements(
        plan.needs, plan.waiting_start.astype(np.uint64), plan.waiting, _starts(plan.waiting, len(plan.open)),
        waits_for[np.argsort(plan.waiting, kind="stable")].astype(np.uint64),
    )  # fmt: skip
    constant, varying = _constant(plan), _varying(plan)
    acts = np.diff(constant.start) + np.diff(varying.start) + np.diff(requirements.waiting_start)
    return Grouped(
        constant, varying, requirements, plan.open.astype(np.uint64),
        np.where(plan.feels_noise, np.cumsum(plan.feels_noise) - 1, -1), max(len(plan.open), int(acts.max(initial=0))),
    )  # fmt: skip


def _constant(plan: Plan) -> Constant:
    constant, n_open, varies = plan.constant, len(plan.open), plan.varying.varies
    source = np.repeat(np.arange(plan.n_sources), np.diff(constant.start))
    inverse = np.minimum(constant.inverse_ratio, _LARGEST)
    with np.errstate(over="ignore", divide="ignore"):  # infinite: such an event is never out of reach
        most = np.ones(n_open)
        np.multiply.at(most, constant.target, np.maximum(1.0 / inverse, 1.0))
    pulls = ~varies[constant.target]
    shutting = np.repeat(np.arange(plan.n_sources), np.diff(plan.shut_start))
    shuts = ~varies[plan.shut]
    target = np.r_[constant.target, plan.shut]
    order = np.argsort(target, kind="stable")
    return Constant(
        _starts(source[pulls], plan.n_sources), constant.target[pulls].astype(np.uint64),
        constant.delay[pulls].astype(np.uint64), inverse[pulls],
        _starts(shutting[shuts], plan.n_sources), plan.shut[shuts].astype(np.uint64), most * _BY_ROUNDING,
        _starts(target, n_open), np.r_[source, shutting][order].astype(np.uint64),
        np.r_[constant.delay, np.ones(len(shutting), dtype=np.int64)][order],
        np.r_[inverse, np.full(len(shutting), np.inf)][order],
    )  # fmt: skip


def _varying(plan: Plan) -> Varying:
    own = plan.varying
    shutting = np.flatnonzero(own.varies[plan.shut])
    source = np.r_[own.source, np.repeat(np.arange(plan.n_sources), np.diff(plan.shut_start))[shutting]]
    target = np.r_[own.target, plan.shut[shutting]]
    inverse = np.where(plan.feels_noise[target], 0.0, 1.0 / np.r_[own.most, np.ones(len(shutting))])
    order = np.argsort(source, kind="stable")
    return Varying(
        own.varies, _starts(source, plan.n_sources), target[order].astype(np.uint64), inverse[order],
        _starts(own.target, len(plan.open)), own.source.astype(np.uint64), own.base, own.stride, own.table,
        own.ceiling, with_noughts(plan.hazard).ravel(),
    )  # fmt: skip


def _starts(group: Ints, n: int) -> Places:
    return np.asarray(np.r_[0, np.cumsum(np.bincount(group, minlength=n))], dtype=np.uint64)


def with_noughts(rows: Floats) -> Floats:
    """The same rows, noughts behind each."""
    out = np.zeros((*rows.shape[:-1], rows.shape[-1] + BEYOND))
    out[..., : rows.shape[-1]] = rows
    return out
