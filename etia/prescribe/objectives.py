"""What the objectives ask of trends, as numbers: what each reads off a run, and whether it is met (method §11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etia.engine.program import LINEAR, LOG
from etia.engine.variations import Windows
from etia.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from etia.calendar import Calendar
    from etia.compile.portfolios import Choices, OpenChoice
    from etia.schema.model import Model
    from etia.schema.policy import Objective

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

__all__ = ["Goals", "goals_of", "windows_of"]


@dataclass(frozen=True)
class Goals:
    """The objectives of a model. O of them, in model order."""

    names: tuple[str, ...]
    trend: Ints  # (O,)
    first: Ints  # (O,) first step that counts
    last: Ints  # (O,) last step that counts; the mean over the steps is what is read
    weight: Floats  # (O,) shares of 1
    sign: Floats  # (O,) +1 maximise, −1 minimise, 0 reach
    target: Floats  # (O,) nan unless reach
    at_most: Bools  # (O,) at or below the target instead of at or above

    def __len__(self) -> int:
        return len(self.names)

    @property
    def has_target(self) -> Bools:
        """(O,) objectives to be reached."""
        return np.asarray(self.sign == 0.0)

    def outcomes(self, values: Floats) -> Floats:
        """(..., O) of values in trend units (..., O): the same, or 1 where a target is met, else 0."""
        reached = np.where(self.at_most, values <= self.target, values >= self.target)
        return np.where(self.has_target, reached, values)

    def are_met(self, outcomes: Floats) -> Floats:
        """(...) 1 where all targets are met; nan where there is no target."""
        if not self.has_target.any():
            return np.full(outcomes.shape[:-1], np.nan)
        return np.asarray(outcomes[..., self.has_target].all(axis=-1), dtype=np.float64)


def goals_of(model: Model, objectives: Mapping[str, Objective] | None = None) -> Goals:
    """The objectives of a model, or given ones in terms of its trends. Raises UsageError where all weights are 0."""
    calendar, place = model.timeline, {name: k for k, name in enumerate(model.trends)}
    objectives = model.objectives if objectives is None else objectives
    weight = np.array([objective.weight for objective in objectives.values()], dtype=np.float64)
    if len(weight) and not weight.sum() > 0.0:
        raise UsageError("all objectives weigh 0: give one at least a weight above 0")
    spans = np.array([_span(objective, calendar) for objective in objectives.values()], dtype=np.int64).reshape(-1, 2)
    signs = {"maximise": 1.0, "minimise": -1.0, "reach": 0.0}
    return Goals(
        tuple(objectives),
        np.array([place[objective.trend or name] for name, objective in objectives.items()], dtype=np.int64),
        spans[:, 0],
        spans[:, 1],
        weight / weight.sum(),
        np.array([signs[objective.goal] for objective in objectives.values()]),
        np.array([np.nan if o.target is None else o.target for o in objectives.values()]),
        np.array([o.at_most for o in objectives.values()], dtype=bool),
    )


def _span(objective: Objective, calendar: Calendar) -> tuple[int, int]:
    """First and last step that count: those of `from` … `until`, after `as_of` up to `end` where left out."""
    end = calendar.n_steps - 1
    if objective.at is not None:
        step = min(calendar.last_step(objective.at), end)
        return step, step
    first = calendar.as_of + 1 if objective.from_ is None else calendar.first_step(objective.from_)
    last = end if objective.until is None else calendar.last_step(objective.until)
    return min(max(first, 0), end), min(last, end)


def windows_of(choice: OpenChoice, choices: Choices, goals: Goals, noise: tuple[int, Floats] | None) -> Windows:
    """How the objectives' values are read off the runs of one draw.

    `noise` (first step, paths (R, K, steps)) is the trends' random noise. Raises UsageError where a trend has no value
    at the steps of its objective.
    """
    program, plan = choice.program, choice.plan
    n_steps = goals.last - goals.first + 1
    start = np.r_[0, np.cumsum(n_steps)].astype(np.int64)
    step = np.concatenate([np.arange(a, b + 1) for a, b in zip(goals.first, goals.last, strict=True)])
    trend = np.repeat(goals.trend, n_steps)
    scales = program.trends.scales
    kind = scales.kind[goals.trend].astype(np.int64)
    course = (program.trends.baseline + plan.deviation)[trend, step]
    weight = _weights(~np.isnan(course), start, goals.names)
    begin = program.as_of if not len(plan.loose.event) else 0
    rows = np.unique(program.copy_of[choice.sources])
    response = program.trends.response[rows][:, :, : program.n_steps - begin]
    scaled = np.zeros((len(choices.response), *response.shape[1:]))
    scaled[:, :, : choices.response.shape[2]] = choices.response  # older ages do not occur: they come after as_of
    response = np.concatenate([response, scaled])[:, goals.trend]
    in_window, in_table = np.repeat(kind, n_steps), kind[:, None]
    lower = np.nan_to_num(scales.lower[goals.trend])
    return Windows(
        start,
        goals.first - program.as_of,
        kind,
        lower,
        np.nan_to_num(scales.upper[goals.trend]) - lower,
        weight,
        _as_factors(np.nan_to_num(course) + _later(choices.deviation, trend, step - program.as_of), in_window),
        _as_factors(_noise(noise, trend, step), in_window),
        np.ascontiguousarray(_as_factors(response, in_table)),
        np.ascontiguousarray(_as_factors(-response, in_table)),
        np.any(response, axis=2),
        np.searchsorted(rows, program.copy_of[choice.sources]).astype(np.int64),
        np.where(choices.schedule >= 0, choices.schedule + len(rows), -1),
        choices.scheduled,
    )


def _as_factors(latent: Floats, kind: Ints) -> Floats:
    """Latent values as what is multiplied: exp on log trends, exp(−) on logit ones; as they are on linear ones."""
    is_linear = kind == LINEAR
    factors = np.exp(np.where(is_linear, 0.0, np.where(kind == LOG, latent, -latent)))
    return np.asarray(np.where(is_linear, latent, factors))


def _later(deviation: Floats, trend: Ints, offset: Ints) -> Floats:
    """(V, W) deviations (V, K, H + 1) at the windows' steps; 0 before as_of."""
    out = np.zeros((len(deviation), len(offset)))
    later = offset >= 0
    out[:, later] = deviation[:, trend[later], offset[later]]
    return out


def _weights(has_value: Bools, start: Ints, names: tuple[str, ...]) -> Floats:
    """(W,) weights of the mean over each objective's steps; steps before a trend has a value do not count."""
    counts = np.add.reduceat(has_value, start[:-1], dtype=np.int64)
    if not counts.all():
        name = names[int(np.argmin(counts))]
        raise UsageError(f"objective {name!r}: its trend has no value yet at the dates that count; name later ones")
    return np.asarray(has_value / np.repeat(counts, np.diff(start)))


def _noise(noise: tuple[int, Floats] | None, of: Ints, step: Ints) -> Floats:
    """(R or 1, W) random noise at the objectives' steps."""
    if noise is None:
        return np.zeros((1, len(step)))
    first, paths = noise
    out = np.zeros((len(paths), len(step)))
    later = step >= first
    out[:, later] = paths[:, of[later], step[later] - first]
    return out
