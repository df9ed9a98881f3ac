"""Many runs of many draws, kept small: event steps of every run, and what is needed to make any trend's paths again.

Runs are numbered over all draws, p · R + r (method §8). Trends are not stored: a run's path is a sum of look-ups, made
when a question asks for it, a trend and a span of steps at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from etia.engine.paths import courses, fill_paths
from etia.engine.plan import prepare
from etia.engine.propagation import noise_paths
from etia.engine.sampler import felt_factors, sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.engine.program import Noise, Program, Scales
    from etia.engine.streams import Streams

    Floats = NDArray[np.float64]
    Steps = NDArray[np.int16]

__all__ = ["Kept", "Outcomes", "simulate_draw", "to_units_of"]

_CHUNK = 20_000
"""runs sampled at once"""
_NEAR = 256
"""runs whose noise is made at once, so that little memory serves all"""


@dataclass(frozen=True)
class Kept:
    """What stays of one draw's Program after sampling: enough for its trends' paths."""

    shared: Floats  # (K, T) latent course without the events that differ from run to run
    moving: NDArray[np.int64]  # (M,) events that differ from run to run
    course: Floats  # (C, ages) their responses by age that are not 0 throughout
    place: NDArray[np.int64]  # (rows, K) a response's among them; −1: it is 0 throughout
    response_row: NDArray[np.int64]  # (M, ages) row by offset of their step
    noise: Noise | None
    scales: Scales
    as_of: int
    streams: Streams

    @property
    def n_steps(self) -> int:
        return int(self.shared.shape[1])

    @property
    def n_ages(self) -> int:
        return int(self.course.shape[1])

    @property
    def response(self) -> Floats:
        """(rows, K, ages) responses of the moving events, made anew."""
        return self.response_of(slice(None))

    def response_of(self, trends: slice) -> Floats:
        """(rows, trends, ages) those of some trends."""
        place = self.place[:, trends]
        out = np.zeros((*place.shape, self.n_ages))
        out[place >= 0] = self.course[place[place >= 0]]
        return out

    def sharing(self, other: Kept) -> Kept:
        """The same with the other's arrays of responses where these are equal, so that memory holds them once."""
        own = {name: getattr(self, name) for name in ("moving", "course", "place", "response_row")}
        equal = {name: getattr(other, name) for name, x in own.items() if np.array_equal(x, getattr(other, name))}
        return replace(self, **equal)


def simulate_draw(program: Program, streams: Streams, n_runs: int) -> tuple[Steps, Kept]:
    """Event steps (n_runs, N) of one draw and what to keep of it."""
    plan = prepare(program)
    as_of = program.as_of
    parts = []
    for first in range(0, n_runs, _CHUNK):
        n = min(_CHUNK, n_runs - first)
        here = streams.starting_at(streams.first_run + first)
        factors = felt_factors(plan, here, n) if plan.feels_noise.any() else None
        parts.append(sample(plan, here, n, factors=factors))
    steps = np.concatenate(parts)
    sources = np.concatenate([plan.open, plan.loose.event])
    trends = program.trends
    begin = as_of if not len(plan.loose.event) else 0
    rows, row_of = np.unique(trends.response_row[sources, begin:], return_inverse=True)
    response = trends.response[rows, :, : program.n_steps - begin]
    acts = np.any(response, axis=2)
    place = np.full(acts.shape, -1, dtype=np.int64)
    place[acts] = np.arange(np.count_nonzero(acts))
    kept = Kept(
        trends.baseline + plan.deviation,
        sources,
        response[acts],
        place,
        row_of.reshape(len(sources), program.n_steps - begin).astype(np.int64),
        trends.noise,
        trends.scales,
        as_of,
        streams,
    )
    return steps, kept


@dataclass(frozen=True)
class Outcomes:
    """All runs of all draws of one world."""

    steps: Steps  # (P · R, N)
    kept: tuple[Kept, ...]  # (P,)
    n_runs: int  # R, runs a draw

    @property
    def n_draws(self) -> int:
        return len(self.kept)

    @property
    def scales(self) -> Scales:
        return self.kept[0].scales

    @property
    def as_of(self) -> int:
        return self.kept[0].as_of

    @property
    def n_steps(self) -> int:
        return self.kept[0].n_steps

    def draw(self, p: int) -> Outcomes:
        """The runs of one draw alone."""
        return Outcomes(self.steps[p * self.n_runs : (p + 1) * self.n_runs], (self.kept[p],), self.n_runs)

    def first_moving_step(self) -> int:
        """First step at which a trend may differ between the runs of a draw."""
        noise = self.kept[0].noise
        if self.kept[0].n_ages == self.n_steps and len(self.kept[0].moving):
            return 0
        return self.as_of + 1 if noise is None else min(self.as_of + 1, noise.first_step)

    def course(self, trend: int, first: int = 0, last: int | None = None) -> Floats:
        """(P, steps) latent course of a trend without the events that differ between runs; nan where it has none."""
        stop = self.n_steps if last is None else last + 1
        return np.array([kept.shared[trend, first:stop] for kept in self.kept])

    def latent(self, trend: int, first: int = 0, last: int | None = None) -> Floats:
        """(P · R, steps first … last) latent paths of a trend in all runs."""
        stop = self.n_steps if last is None else last + 1
        out = np.empty((len(self.steps), stop - first))
        for p, kept in enumerate(self.kept):
            chunk = _CHUNK if kept.noise is None else _NEAR
            for begin in range(0, self.n_runs, chunk):
                n = min(chunk, self.n_runs - begin)
                place = slice(p * self.n_runs + begin, p * self.n_runs + begin + n)
                self._fill(kept, trend, first, self.steps[place], begin, out[place])
        return out

    def values(self, trend: int, first: int = 0, last: int | None = None) -> Floats:
        """(P · R, steps) the same in trend units."""
        return to_units_of(self.latent(trend, first, last), self.scales, trend)

    def _fill(self, kept: Kept, trend: int, first: int, steps: Steps, begin: int, out: Floats) -> None:
        first_event = kept.n_steps - kept.n_ages
        shared = kept.shared[trend : trend + 1, first : first + out.shape[1]]
        response = kept.response_of(slice(trend, trend + 1))
        added = courses(shared, response, kept.moving, kept.response_row, first, first_event)
        fill_paths(added, steps, out[:, None])
        noise = kept.noise
        if noise is None or first + out.shape[1] <= noise.first_step:
            return
        streams = kept.streams.starting_at(kept.streams.first_run + begin)
        wanted = np.arange(kept.shared.shape[0]) == trend
        paths = noise_paths(noise, kept.shared.shape[0], streams, len(out), wanted)
        assert paths is not None
        start = max(paths[0] - first, 0)
        out[:, start:] += paths[1][:, trend, first + start - paths[0] : first + out.shape[1] - paths[0]]


def to_units_of(latent: Floats, scales: Scales, trend: int) -> Floats:
    """Trend units of latent values of one trend, whatever their shape."""
    from etia.engine.propagation import to_units

    return to_units(latent[..., None, :], scales, np.array([trend]))[..., 0, :]
