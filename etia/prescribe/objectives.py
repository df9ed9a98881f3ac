"""What the objectives ask of trends, as numbers: the value that each reads off a run, and if it is met (method §11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from etia.engine.program import LINEAR, LOG
from etia.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from etia.calendar import Calendar
    from etia.compile.portfolios import Chosen, OpenChoice
    from etia.engine.program import Steps
    from etia.schema.model import Model
    from etia.schema.policy import Objective

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

__all__ = ["Goals", "Readings", "goals_of"]


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
        """(R, O) of values in trend units (R, O): the same, or 1 where a target is met, else 0."""
        reached = np.where(self.at_most, values <= self.target, values >= self.target)
        return np.where(self.has_target, reached, values)

    def are_met(self, outcomes: Floats) -> Floats:
        """(R,) 1 where all targets are met; nan where there is no target."""
        if not self.has_target.any():
            return np.full(len(outcomes), np.nan)
        return np.asarray(outcomes[:, self.has_target].all(axis=1), dtype=np.float64)


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


class Readings:
    """Reads the objectives' values off the runs of one draw, whatever the portfolio.

    Factors stand for sums: on `log` and `logit` trends exp(±G) of every response is looked up and multiplied, so that
    no run needs an exponential of its own. All objectives' steps lie side by side, W in all.
    Raises UsageError where a trend has no value at the steps of its objective.
    """

    def __init__(self, choice: OpenChoice, goals: Goals, noise: tuple[int, Floats] | None) -> None:
        program, plan = choice.program, choice.plan
        self._choice, self._goals = choice, goals
        self._begin = program.as_of if not len(plan.loose.event) else 0
        n_steps = goals.last - goals.first + 1
        self._start = np.r_[0, np.cumsum(n_steps)].astype(np.int64)
        self._step = np.concatenate([np.arange(a, b + 1) for a, b in zip(goals.first, goals.last, strict=True)])
        self._of = np.repeat(goals.trend, n_steps)
        scales = program.trends.scales
        kind = scales.kind[goals.trend]
        self._kind = kind.astype(np.int64)
        self._sign = np.where(kind == LOG, 1.0, -1.0)  # of the latent value in the exponent
        self._lower = np.nan_to_num(scales.lower[goals.trend])
        self._width = np.nan_to_num(scales.upper[goals.trend]) - self._lower
        course = (program.trends.baseline + plan.deviation)[self._of, self._step]
        self._course, self._weight = np.nan_to_num(course), _weights(~np.isnan(course), self._start, goals.names)
        self._noise = self._in_exponent(_noise(noise, self._of, self._step))
        self._rows = np.unique(program.copy_of[choice.sources])
        self._row_of = np.repeat(
            np.searchsorted(self._rows, program.copy_of[choice.sources])[:, None], program.n_steps - self._begin, axis=1
        )
        self._plain = program.trends.response[self._rows][:, :, : program.n_steps - self._begin]
        self._known = self._table(self._plain)
        self._n_variants = 0

    def _in_exponent(self, latent: Floats) -> Floats:
        """Latent values (..., W) as factors; as they are where the trend is linear."""
        sign, is_linear = (np.repeat(part, np.diff(self._start)) for part in (self._sign, self._kind == LINEAR))
        return np.where(is_linear, latent, np.exp(np.where(is_linear, 0.0, sign * latent)))

    def _table(self, response: Floats) -> tuple[Floats, Bools]:
        """(rows, O, ages) responses (rows, K, ages) as factors on the objectives, (rows, O) which do anything."""
        own = response[:, self._goals.trend]
        sign, is_linear = self._sign[:, None], (self._kind == LINEAR)[:, None]
        factors = np.where(is_linear, own, np.exp(np.where(is_linear, 0.0, sign * own)))
        return np.ascontiguousarray(factors), np.any(own, axis=2)

    def _responses(self) -> tuple[Floats, Bools]:
        """The table with the scaled events' rows that are known by now."""
        variants = self._choice.variants
        if len(variants) != self._n_variants:
            padded = np.zeros((*variants.shape[:2], self._plain.shape[2]))
            padded[:, :, : variants.shape[2]] = variants  # older ages do not occur: scaled events come after as_of
            self._known, self._n_variants = self._table(np.concatenate([self._plain, padded])), len(variants)
        return self._known

    def values(self, chosen: Chosen, steps: Steps) -> Floats:
        """(R, O) what each objective reads, in trend units, of runs with these event steps (R, N) under a portfolio."""
        table, acts = self._responses()
        row_of = self._row_of
        if chosen.rows:
            row_of = row_of.copy()
            place = {int(event): i for i, event in enumerate(self._choice.sources)}
            for source, rows in chosen.rows:
                own = row_of[place[source], -len(rows) :]
                own[rows >= 0] = rows[rows >= 0] + len(self._rows)
        as_of = self._choice.program.as_of
        later = self._step >= as_of
        latent = self._course.copy()
        latent[later] += chosen.deviation[self._of[later], self._step[later] - as_of]
        out = np.empty((len(steps), len(self._goals)))
        _read(
            steps, self._choice.sources, self._begin, row_of, table, acts, self._start, self._goals.first,
            self._kind, self._lower, self._width, self._in_exponent(latent), self._noise, self._weight, out,
        )  # fmt: skip
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


@njit(cache=True, nogil=True, error_model="numpy")
def _read(  # type: ignore[no-untyped-def]
    steps, sources, begin, row_of, table, acts, start, first, kind, lower, width, course, noise, weight, out
):
    n_runs, n_goals = out.shape
    path = np.empty(max(len(course), 1))
    for r in range(n_runs):
        own_noise = noise[r if len(noise) > 1 else 0]
        for o in range(n_goals):
            n = start[o + 1] - start[o]
            is_linear = kind[o] == LINEAR
            for s in range(n):
                if is_linear:
                    path[s] = course[start[o] + s] + own_noise[start[o] + s]
                else:
                    path[s] = course[start[o] + s] * own_noise[start[o] + s]
            for e in range(len(sources)):
                tau = steps[r, sources[e]]
                if tau >= first[o] + n:
                    continue
                row = row_of[e, tau - begin]
                if not acts[row, o]:
                    continue
                age = first[o] - tau
                own = path[max(-age, 0) : n]
                factor = table[row, o, max(age, 0) : age + n]
                if is_linear:
                    for s in range(len(own)):
                        own[s] += factor[s]
                else:
                    for s in range(len(own)):
                        own[s] *= factor[s]
            total = 0.0
            for s in range(n):
                if kind[o] == LINEAR or kind[o] == LOG:
                    total += weight[start[o] + s] * path[s]
                else:
                    total += weight[start[o] + s] * (lower[o] + width[o] / (1.0 + path[s]))
            out[r, o] = total
