"""Every course that the events of a tiny model can take, with its probability (method §12).

From the rates of method §3 alone: within a step the open events come independently of each other, given what came
before it, each with 1 − exp(−λ_b(t)). Nothing is drawn, and nothing is left out for being improbable.
What these histories say of probabilities, trends and scores stands in `exact_outcomes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etia.engine.exact_noise import felt_noise
from etia.engine.program import NEVER, OPEN
from etia.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from etia.engine.program import Floats, Program, Steps

    Indices = NDArray[np.intp]

__all__ = ["MAX_HISTORIES", "Histories", "enumerate_histories"]

MAX_HISTORIES = 2_000_000
"""histories that an enumeration may hold unless told otherwise (ten events: some 100 MB)"""

_LARGEST_LOG_RATE = 700.0  # beyond it exp overflows; 1 − exp(−λ) is 1 in any case


@dataclass(frozen=True)
class Histories:
    """All vectors of event steps that have a probability above zero. n histories, N events."""

    steps: Steps  # (n, N) step at which the event comes; NEVER where it does not, or fell out of the past
    probability: Floats  # (n,) sums to 1

    def __len__(self) -> int:
        return len(self.probability)

    def __repr__(self) -> str:
        return f"Histories({len(self):,} of {self.steps.shape[1]} events)"


def enumerate_histories(program: Program, *, last_step: int | None = None, limit: int = MAX_HISTORIES) -> Histories:
    """All event histories from the step after `as_of` on, with their probabilities (method §3, §7).

    Fixed events come at their step whatever their rate and conditions. Where `program.removed` names past events, the
    past is branched first: each other past event stays with its attributable fraction's complement (§7).

    Parameters
    ----------
    program
        Its trends may hold random noise, but not such that an event that may come feels it.
    last_step
        Step to stop at, for probabilities up to it; the calendar's last where left out.
        What has not come by then stands as NEVER.
    limit
        Number of histories that may be held at once.

    Raises
    ------
    LimitError
        Where more than `limit` histories arise (before they are made), or where rates depend on random noise.
    """
    final = program.n_steps - 1 if last_step is None else last_step
    _refuse_random_rates(program, final)
    histories = _past_worlds(program, limit)
    for t in range(program.as_of + 1, final + 1):
        histories = _walk_step(program, histories, t, limit)
    return histories


def _refuse_random_rates(program: Program, last_step: int) -> None:
    if found := felt_noise(program, last_step):
        event, trend, origin = found[0]
        raise LimitError(
            f"exact enumeration takes no random noise into rates, but event {event} is sensitive to trend {trend}, "
            f"which the noise of trend {origin} reaches (by index); simulate instead"
        )


# One step of the future


def _walk_step(program: Program, histories: Histories, t: int, limit: int) -> Histories:
    """The histories up to the end of step `t` from those before it."""
    active = np.flatnonzero((program.fixed_step == OPEN) & (program.base_rate[:, t] > 0))
    chances = -np.expm1(-_rates(program, histories.steps, active, t))
    parents = np.arange(len(histories))
    for column, event_index in enumerate(active.tolist()):
        histories, chosen = _branch(histories, event_index, t, chances[parents, column], limit)
        parents = parents[chosen]
    return histories


def _branch(histories: Histories, event_index: int, step: int, chance: Floats, limit: int) -> tuple[Histories, Indices]:
    """Split each history in the world where the event comes at `step` and the one where it does not.

    Returns the histories, and the index of the one that each came from. Worlds of probability 0 are not made.
    """
    stays_away, comes = np.flatnonzero(chance < 1), np.flatnonzero(chance > 0)
    n_histories = len(stays_away) + len(comes)
    if n_histories > limit:
        raise LimitError(
            f"exact enumeration met {n_histories:,} event histories at step {step}; at most {limit:,} are held. "
            "Take fewer prospective events or fewer future steps, or simulate instead"
        )
    chosen = np.concatenate([stays_away, comes])
    steps = histories.steps[chosen]
    steps[len(stays_away) :, event_index] = step
    share = np.concatenate([1 - chance[stays_away], chance[comes]])
    return Histories(steps, histories.probability[chosen] * share), chosen


def _rates(program: Program, steps: Steps, active: Indices, t: int) -> Floats:
    """Rates λ_b(t) of the `active` events in every history: (n, len(active)). Zero where one has come (§3)."""
    come_before = np.minimum(steps, t)  # a step index below t, or t: not come before t
    pulls = _log_pulls(program, t)
    rates = np.zeros((len(steps), len(active)))
    for column, event_index in enumerate(active.tolist()):
        log_rate = np.full(len(steps), np.log(program.base_rate[event_index, t]))
        log_rate += _known_pull(program, event_index, t)
        for source in range(program.n_events):
            log_rate += pulls[event_index, source, come_before[:, source]]
        may_come = (steps[:, event_index] == NEVER) & _conditions_met(program, steps, event_index, t)
        rates[may_come, column] = np.exp(np.minimum(log_rate[may_come], _LARGEST_LOG_RATE))
    return rates


def _log_pulls(program: Program, t: int) -> Floats:
    """Pulls ln K at step t by target, source and the source's step: (N, N, t + 1); the last entry, not come, is 0.

    ln K_ab = Σ links ln M_ab(t − τ) · scale(t) + Σ_j β_jb · G_aj(t − 1 − τ).
    """
    pulls = np.zeros((program.n_events, program.n_events, t + 1))
    come_at = np.arange(t)
    links, trends = program.links, program.trends
    for link, (source, target) in enumerate(zip(links.source, links.target, strict=True)):
        scale = 1.0 if links.scale is None else links.scale[link, t]
        pulls[target, source, :t] += links.log_ratio[link, t - come_at] * scale
    for event, trend, beta in _pairs(program):
        for source in range(program.n_events):
            rows = trends.response_row[source, :t]
            pulls[event, source, :t] += beta * trends.response[rows, trend, t - 1 - come_at]
    return pulls


def _pairs(program: Program) -> Iterable[tuple[int, int, float]]:
    """(event, trend, β) of every sensitivity."""
    pairs = program.sensitivities
    return zip(pairs.event.tolist(), pairs.trend.tolist(), pairs.beta.tolist(), strict=True)


def _known_pull(program: Program, event_index: int, t: int) -> float:
    """Pull on the event of what trends deviate by that no event brought: Σ_j β_jb · known deviation_j(t − 1)."""
    deviation = program.trends.known_deviation
    return sum(beta * float(deviation[trend, t - 1]) for event, trend, beta in _pairs(program) if event == event_index)


def _conditions_met(program: Program, steps: Steps, event_index: int, t: int) -> NDArray[np.bool_]:
    """(n,) True where all that the event requires came before t, and nothing that prevents it did (§3)."""
    waits_for = program.requires.on[program.requires.event == event_index]
    shut_off_by = program.prevented_by.on[program.prevented_by.event == event_index]
    met: NDArray[np.bool_] = np.all(steps[:, waits_for] < t, axis=1) & np.all(steps[:, shut_off_by] >= t, axis=1)
    return met


# The past, and what removal takes out of it (§7)


def _past_worlds(program: Program, limit: int) -> Histories:
    """The histories at `as_of`: one, or with `removed` events every subset of the past that can be left."""
    fixed = np.where(program.fixed_step == OPEN, NEVER, program.fixed_step).astype(np.int16)
    histories = Histories(fixed[None, :].copy(), np.ones(1))
    if not program.removed.any():
        return histories
    past = program.is_past()
    if (program.removed & ~past).any():
        raise ValueError(f"only past events can be removed, not {np.flatnonzero(program.removed & ~past).tolist()}")
    histories.steps[:, past] = NEVER
    out = _falls_with_removed(program)
    for event_index in _past_in_order(program):
        chance = np.zeros(len(histories)) if event_index in out else _staying(program, histories.steps, event_index)
        histories, _ = _branch(histories, event_index, int(fixed[event_index]), chance, limit)
    return histories


def _past_requirements(program: Program, event_index: int) -> list[int]:
    requires = program.requires
    past = program.is_past()
    return [a for a in requires.on[requires.event == event_index].tolist() if past[a]]


def _falls_with_removed(program: Program) -> set[int]:
    """The removed events and all past events that require one of them, at any remove."""
    out = set(np.flatnonzero(program.removed).tolist())
    past = np.flatnonzero(program.is_past()).tolist()
    while more := {b for b in past if b not in out and out.intersection(_past_requirements(program, b))}:
        out |= more
    return out


def _past_in_order(program: Program) -> list[int]:
    """Past events by date; within a step what is required stands before what requires it."""
    fixed = program.fixed_step
    waiting = sorted(np.flatnonzero(program.is_past()).tolist(), key=lambda b: int(fixed[b]))
    order: list[int] = []
    while waiting:
        same_step = [b for b in waiting if fixed[b] == fixed[waiting[0]]]
        ready = [b for b in same_step if not set(_past_requirements(program, b)).intersection(same_step)]
        order.append((ready or same_step)[0])
        waiting.remove(order[-1])
    return order


def _staying(program: Program, steps: Steps, event_index: int) -> Floats:
    """(n,) probability min(1, Π_a 1 / K_aB(τ_B − τ_a)) that a past event B stays, over the fallen a before it (§7).

    0 where something that B requires fell out at or before B's own step. `steps`: NEVER for past events that fell out.
    """
    own_step = int(program.fixed_step[event_index])
    pulls = _past_pulls(program, event_index)
    log_pull = np.zeros(len(steps))
    stays = np.ones(len(steps), dtype=bool)
    requirements = _past_requirements(program, event_index)
    for a in np.flatnonzero(program.is_past()).tolist():
        fell = steps[:, a] == NEVER
        if program.fixed_step[a] < own_step:
            log_pull += np.where(fell, pulls[a], 0.0)
        if a in requirements and program.fixed_step[a] <= own_step:
            stays &= ~fell
    staying: Floats = np.where(stays, np.exp(np.minimum(0.0, -log_pull)), 0.0)
    return staying


def _past_pulls(program: Program, event_index: int) -> Floats:
    """(N,) ln K_aB(τ_B − τ_a) on a past event B of every past event a; 0 where a is not before B.

    Policies act after `as_of`: no scale here.
    """
    own_step = int(program.fixed_step[event_index])
    ages = np.where(program.is_past() & (program.fixed_step < own_step), own_step - program.fixed_step, 0)
    pulls = np.zeros(program.n_events)
    links, trends = program.links, program.trends
    for link in np.flatnonzero(links.target == event_index).tolist():
        source = int(links.source[link])
        pulls[source] += links.log_ratio[link, ages[source]] if ages[source] else 0.0
    for event, trend, beta in _pairs(program):
        if event != event_index:
            continue
        for source in np.flatnonzero(ages).tolist():
            row = trends.response_row[source, program.fixed_step[source]]
            pulls[source] += beta * trends.response[row, trend, ages[source] - 1]
    return pulls
