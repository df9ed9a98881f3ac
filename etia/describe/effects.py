"""How trends differ between two worlds: means on common random numbers, with standard errors (method §7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from etia.describe.blocks import Block, blocks, in_order
from etia.describe.moments import Moments, Part
from etia.engine.program import LINEAR, LOG, NEVER
from etia.engine.worlds import Rerun, World, rerun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etia.compile.study import Case
    from etia.engine.program import Scales

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Contrast", "Effects", "case_has_value", "effects"]


@dataclass(frozen=True)
class Contrast:
    """One world against another, in every run: y in the first less y in the second."""

    first: World
    second: World
    own: tuple[int, ...] = ()
    """events whose own responses, taken off the first world's runs, are the direct effect (method §7)"""


@dataclass(frozen=True)
class Effects:
    """Means over all runs of what contrasts do. C contrasts, K trends, S steps; in trend units, nan: no value."""

    steps: Ints  # (S,)
    total: Floats  # (C, K, S) E[y | first] − E[y | second]
    direct: Floats  # (C, K, S) E[y − g⁻¹(g(y) − Σ_own G)] in the first world
    total_error: Floats  # (C, K, S) standard errors
    direct_error: Floats


def effects(case: Case, contrasts: Sequence[Contrast], steps: Sequence[int] | Ints) -> Effects:
    """The effects of several contrasts at some steps, in one pass over the draws.

    Contrasts that share a world do best side by side: the last few worlds of a draw are kept.
    """
    wanted = np.unique(np.asarray(steps, dtype=np.int64))
    shape = (2, len(contrasts), len(case.trend_names), len(wanted))
    found = Moments(shape, by_draw=case.outcomes.n_draws > 1)

    def measure(block: Block) -> Part:
        return _measure(block, contrasts, wanted)

    for part in in_order(measure, blocks(case), case.study.settings.jobs):
        found.add(part)
    mean, error = found.mean.copy(), found.error()
    mean[:, :, ~case_has_value(case, wanted)] = np.nan
    error[np.isnan(mean)] = np.nan
    return Effects(wanted, mean[0], mean[1], error[0], error[1])


def case_has_value(case: Case, steps: Ints) -> NDArray[np.bool_]:
    """(K, S) True where a trend has a value: the same in every draw."""
    return ~np.isnan(case.outcomes.kept[0].shared[:, steps])


def _measure(block: Block, contrasts: Sequence[Contrast], steps: Ints) -> Part:
    """(2, C, K, S) moments of total and direct effects over a block's runs."""
    view = _View(block, steps)
    mean = np.zeros((2, len(contrasts), len(view.kind), len(steps)))
    squares = np.zeros_like(mean)
    is_unit = block.case.outcomes.n_draws > 1  # the draw's mean alone counts then
    for c, contrast in enumerate(contrasts):
        for part, change in enumerate((view.total(contrast), view.direct(contrast))):
            change.summed(view.is_early, mean[part, c], None if is_unit else squares[part, c])
    return Part(block.p, block.n, mean, squares)


@dataclass(frozen=True)
class _Change:
    """A difference in trend units: at early steps by group of runs that share it, at late ones by run."""

    early: Floats  # (groups, K, early steps)
    group: Ints  # (R,) group of each run
    late: Floats  # (R or 1, K, late steps)

    def less(self, other: _Change) -> _Change:
        """The change less another, run by run."""
        if not other.early.any():
            return _Change(self.early, self.group, self.late - other.late)
        early = self.early[self.group] - other.early[other.group]
        return _Change(early, np.arange(len(early)), self.late - other.late)

    def summed(self, is_early: NDArray[np.bool_], mean: Floats, squares: Floats | None) -> None:
        """Write the mean over runs, and the sum of squares about it, into (K, S) arrays."""
        count = np.bincount(self.group, minlength=len(self.early)).astype(np.float64)
        every = np.full(len(self.late), len(self.group) / len(self.late))
        for values, place, weight in ((self.early, is_early, count), (self.late, ~is_early, every)):
            centre = np.einsum("r,rks->ks", weight, values) / weight.sum()
            mean[:, place] = centre
            if squares is not None:
                squares[:, place] = np.einsum("r,rks->ks", weight, (values - centre) ** 2)


class _View:
    """What a block shows of its trends at some steps, and how changed worlds move them.

    Up to `random_from` a factual trend is the same in all runs of a draw: a change there is computed once for all runs
    in which the same past events are gone.
    """

    def __init__(self, block: Block, steps: Ints) -> None:
        self.block = block
        self.is_early = steps < block.random_from
        self.early, self.late = steps[self.is_early], steps[~self.is_early]
        self.kind, self.span = _kinds(block.scales)
        self.z_early = _turned(block.latent(self.early, 1), self.kind)
        self.z_late = _turned(block.latent(self.late), self.kind)
        trends = block.program.trends
        self.response, self.response_row = trends.response, trends.response_row.astype(np.int64)
        self.acts = np.any(trends.response, axis=2)
        self._reruns: dict[World, Rerun] = {}
        self._moved: dict[World, _Change] = {}

    def total(self, contrast: Contrast) -> _Change:
        """How much higher trends are in the first world than in the second."""
        second = self.moved(contrast.second)
        if not contrast.first:
            return _Change(-second.early, second.group, -second.late)
        return self.moved(contrast.first).less(second)

    def rerun(self, world: World) -> Rerun:
        """The runs of a world; the last few worlds are kept."""
        if world not in self._reruns:
            while len(self._reruns) > 2:
                del self._reruns[next(iter(self._reruns))]
            self._reruns[world] = rerun(self.block.ground, world)
        return self._reruns[world]

    def moved(self, world: World) -> _Change:
        """How much higher trends are in a world than in the factual one."""
        if world not in self._moved:
            while len(self._moved) > 2:
                del self._moved[next(iter(self._moved))]
            self._moved[world] = self._move(world)
        return self._moved[world]

    def _move(self, world: World) -> _Change:
        if not world:
            return self._nothing()
        group, past_early, past_late, run = self._past_deviation(world)
        early = _changed(self.z_early, past_early, self.kind, self.span)
        ground = self.block.ground
        late = np.empty_like(self.z_late)
        _change_late(
            self.z_late, self.kind, self.span, past_late, group, ground.offset, run.offset, ground.mover,
            ground.n_offsets + 1, self.block.program.as_of, self.response, self.response_row, self.acts,
            self.late, late,
        )  # fmt: skip
        return _Change(early, group, late)

    def _nothing(self) -> _Change:
        shape = (1, len(self.kind))
        zeros = np.zeros(self.block.n, dtype=np.int64)
        return _Change(np.zeros((*shape, len(self.early))), zeros, np.zeros((*shape, len(self.late))))

    def _past_deviation(self, world: World) -> tuple[Ints, Floats, Floats, Rerun]:
        """(R,) group, (groups, K, ·) latent deviation at early and late steps from past events that are gone."""
        ground, run = self.block.ground, self.rerun(world)
        if ground.fell.any():
            group = runs = np.arange(self.block.n)
        else:
            _, runs, group = np.unique(run.pattern, return_index=True, return_inverse=True)
        out = []
        for steps in (self.early, self.late):
            deviation = np.zeros((len(runs), len(self.kind), len(steps)))
            _add_past(
                run.fell[runs], ground.fell[runs], ground.past.event, ground.past.step,
                self.response, self.response_row, self.acts, steps, deviation,
            )  # fmt: skip
            out.append(deviation)
        return group.reshape(-1), out[0], out[1], run

    def direct(self, contrast: Contrast) -> _Change:
        """In the first world's runs: y less y without the own responses of the contrast's events."""
        if not contrast.own:
            return self._nothing()
        first, own = contrast.first, np.array(contrast.own, dtype=np.int64)
        ground, run = self.block.ground, self.rerun(first)
        own_step = np.full((self.block.n, len(own)), NEVER, dtype=np.int64)
        for i, event in enumerate(own):
            if ground.place[event] >= 0:
                offset = run.offset[:, ground.place[event]]
                own_step[:, i] = np.where(offset <= ground.n_offsets, offset + self.block.program.as_of, NEVER)
            else:
                at = ground.past.place[event]
                own_step[:, i] = np.where(run.fell[:, at], NEVER, ground.past.step[at])
        is_shared = (own_step == own_step[:1]).all()
        if is_shared:
            own_step = own_step[:1]
        less = [self._responses(own, own_step, steps) for steps in (self.early, self.late)]
        group = np.zeros(self.block.n, dtype=np.int64) if is_shared else np.arange(self.block.n)
        early = -_changed(self.z_early, -less[0], self.kind, self.span)
        z = self.z_late if not first else self._z_late(first)
        return _Change(early, group, -_changed(z, -less[1], self.kind, self.span))

    def _responses(self, events: Ints, event_steps: Ints, steps: Ints) -> Floats:
        out = np.zeros((len(event_steps), len(self.kind), len(steps)))
        _add_own(events, event_steps, self.response, self.response_row, steps, out)
        return out

    def _z_late(self, world: World) -> Floats:
        """(R, K, late steps) turned latent values in a world."""
        moved = self.moved(world).late
        z = self.z_late
        out = np.empty_like(z)
        for k, kind in enumerate(self.kind):
            if kind in (LINEAR, LOG):
                out[:, k] = z[:, k] + moved[:, k]
            else:
                share = 1.0 / (1.0 + z[:, k]) + moved[:, k] / self.span[k]
                out[:, k] = 1.0 / share - 1.0
        return out


def _kinds(scales: Scales) -> tuple[Ints, Floats]:
    span = np.where(np.isnan(scales.upper), 1.0, scales.upper - scales.lower)
    return scales.kind.astype(np.int64), span


def _turned(latent: Floats, kind: Ints) -> Floats:
    """Latent values in the form that changes are quick on: x where linear, e^x where log, e^−x where logit."""
    out = latent.copy()
    for k, code in enumerate(kind):
        if code != LINEAR:
            out[:, k] = np.exp(latent[:, k] if code == LOG else -latent[:, k])
    return out


@njit(inline="always")
def _change(z, kind, span, deviation):  # type: ignore[no-untyped-def]
    """y(x + deviation) − y(x) of one turned value."""
    if kind == LINEAR:
        return deviation
    if kind == LOG:
        return z * np.expm1(deviation)
    return _logit_change(z, span, np.exp(-deviation))


@njit(inline="always")
def _logit_change(z, span, factor):  # type: ignore[no-untyped-def]
    moved = z * factor
    return span * (z - moved) / ((1.0 + moved) * (1.0 + z))


@njit(cache=True, nogil=True)
def _fill_changed(z, deviation, kind, span, out):  # type: ignore[no-untyped-def]
    for r in range(out.shape[0]):
        a, b = min(r, z.shape[0] - 1), min(r, deviation.shape[0] - 1)
        for k in range(out.shape[1]):
            for s in range(out.shape[2]):
                x = deviation[b, k, s]
                out[r, k, s] = 0.0 if x == 0.0 else _change(z[a, k, s], kind[k], span[k], x)


def _changed(z: Floats, deviation: Floats, kind: Ints, span: Floats) -> Floats:
    """(max rows, K, S) y(x + deviation) − y(x), rows of either broadcast."""
    out = np.empty((max(len(z), len(deviation)), *z.shape[1:]))
    _fill_changed(z, deviation, kind, span, out)
    return out


@njit(cache=True, nogil=True)
def _add_past(fell, was_fell, event, step, response, response_row, acts, steps, out):  # type: ignore[no-untyped-def]
    for r in range(fell.shape[0]):
        for j in range(fell.shape[1]):
            if fell[r, j] == was_fell[r, j]:
                continue
            sign = -1.0 if fell[r, j] else 1.0
            row = response_row[event[j], step[j]]
            for k in range(out.shape[1]):
                if acts[row, k]:
                    for s in range(len(steps)):
                        if steps[s] >= step[j]:
                            out[r, k, s] += sign * response[row, k, steps[s] - step[j]]


@njit(cache=True, nogil=True)
def _add_own(events, event_steps, response, response_row, steps, out):  # type: ignore[no-untyped-def]
    for r in range(event_steps.shape[0]):
        for i in range(len(events)):
            tau = event_steps[r, i]
            if tau == NEVER:
                continue
            row = response_row[events[i], tau]
            for k in range(out.shape[1]):
                for s in range(len(steps)):
                    if steps[s] >= tau:
                        out[r, k, s] += response[row, k, steps[s] - tau]


@njit(cache=True, nogil=True)
def _change_late(  # type: ignore[no-untyped-def]
    z, kind, span, past, group, offset, new_offset, mover, absent, as_of, response, response_row, acts, steps, out
):
    n_runs, n_trends, n_steps = z.shape
    factor = np.empty_like(past)
    moves = np.zeros((past.shape[0], n_trends), np.bool_)
    for p in range(past.shape[0]):
        for k in range(n_trends):
            for s in range(n_steps):
                x = past[p, k, s]
                if x != 0.0:
                    moves[p, k] = True
                factor[p, k, s] = x if kind[k] == LINEAR else (np.expm1(x) if kind[k] == LOG else np.exp(-x))
    deviation = np.empty((n_trends, n_steps))
    is_moved = np.empty(n_trends, np.bool_)
    for r in range(n_runs):
        p = group[r]
        is_changed = False
        for m in range(len(mover)):
            if offset[r, m] == new_offset[r, m]:
                continue
            for side in range(2):
                at = new_offset[r, m] if side == 0 else offset[r, m]
                if at >= absent:
                    continue
                tau = as_of + at
                row = response_row[mover[m], tau]
                for k in range(n_trends):
                    if not acts[row, k]:
                        continue
                    if not is_changed:
                        is_changed = True
                        is_moved[:] = False
                    if not is_moved[k]:
                        is_moved[k] = True
                        for s in range(n_steps):
                            deviation[k, s] = past[p, k, s]
                    for s in range(n_steps):
                        if steps[s] >= tau:
                            x = response[row, k, steps[s] - tau]
                            deviation[k, s] += x if side == 0 else -x
        for k in range(n_trends):
            if is_changed and is_moved[k]:
                for s in range(n_steps):
                    x = deviation[k, s]
                    out[r, k, s] = 0.0 if x == 0.0 else _change(z[r, k, s], kind[k], span[k], x)
            elif not moves[p, k]:
                for s in range(n_steps):
                    out[r, k, s] = 0.0
            elif kind[k] == LINEAR:
                for s in range(n_steps):
                    out[r, k, s] = factor[p, k, s]
            elif kind[k] == LOG:
                for s in range(n_steps):
                    out[r, k, s] = z[r, k, s] * factor[p, k, s]
            else:
                for s in range(n_steps):
                    out[r, k, s] = _logit_change(z[r, k, s], span[k], factor[p, k, s])
