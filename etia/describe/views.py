"""What a block of runs shows of its trends at some steps, and how changed worlds move them (method §7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from etia.describe.turned import add_own, add_past, change_late, changed, kinds, turned
from etia.engine.program import LINEAR, LOG, NEVER
from etia.engine.worlds import Rerun, World, rerun

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.describe.blocks import Block

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Change", "View"]


@dataclass(frozen=True)
class Change:
    """A difference in trend units: at early steps by group of runs that share it, at late ones by run."""

    early: Floats  # (groups, K, early steps)
    group: Ints  # (R,) group of each run
    late: Floats  # (R or 1, K, late steps)

    def less(self, other: Change) -> Change:
        """The change less another, run by run."""
        if not other.early.any():
            return Change(self.early, self.group, self.late - other.late)
        early = self.early[self.group] - other.early[other.group]
        return Change(early, np.arange(len(early)), self.late - other.late)

    def by_run(self, is_early: NDArray[np.bool_]) -> Floats:
        """(R, K, S) the change of every run at all steps."""
        out = np.empty((len(self.group), self.late.shape[1], len(is_early)))
        out[:, :, is_early] = self.early[self.group]
        out[:, :, ~is_early] = self.late
        return out

    def answer(self, scores: Floats) -> Floats:
        """(L, K, late steps) mean over runs of the change times scores (R, L), whose own mean is 0.

        Early steps are the past's and answer to no rate.
        """
        if len(self.late) != len(scores):  # the same in all runs
            return np.zeros((scores.shape[1], *self.late.shape[1:]))
        out = np.zeros((scores.shape[1], self.late[0].size))
        _add_products(scores - scores.mean(axis=0), self.late.reshape(len(scores), -1), out)
        return np.asarray((out / len(scores)).reshape(scores.shape[1], *self.late.shape[1:]))

    def summed(self, is_early: NDArray[np.bool_], mean: Floats, squares: Floats | None) -> None:
        """Write the mean over runs, and the sum of squares about it, into (K, S) arrays."""
        count = np.bincount(self.group, minlength=len(self.early)).astype(np.float64)
        every = np.full(len(self.late), len(self.group) / len(self.late))
        for values, place, weight in ((self.early, is_early, count), (self.late, ~is_early, every)):
            centre = np.einsum("r,rks->ks", weight, values) / weight.sum()
            mean[:, place] = centre
            if squares is not None:
                squares[:, place] = np.einsum("r,rks->ks", weight, (values - centre) ** 2)


@njit(cache=True, nogil=True)
def _add_products(scores, values, out):  # type: ignore[no-untyped-def]
    """Add scoresᵀ · values; most changes leave most runs as they were, and are passed over."""
    for r in range(len(values)):
        if not values[r].any():
            continue
        for i in range(scores.shape[1]):
            weight = scores[r, i]
            for o in range(values.shape[1]):
                out[i, o] += weight * values[r, o]


class View:
    """What a block shows of its trends at some steps, and how changed worlds move them.

    Up to `random_from` a factual trend is the same in all runs of a draw: a change there is computed once for all runs
    in which the same past events are gone.
    """

    def __init__(self, block: Block, steps: Ints) -> None:
        self.block = block
        self.is_early = steps < block.random_from
        self.early, self.late = steps[self.is_early], steps[~self.is_early]
        self.kind, self.span = kinds(block.scales)
        self.z_early = turned(block.latent(self.early, 1), self.kind)
        self.z_late = turned(block.latent(self.late), self.kind)
        trends = block.program.trends
        self.response, self.response_row = trends.response, trends.response_row.astype(np.int64)
        self.acts = trends.acts
        self._reruns: dict[World, Rerun] = {}
        self._moved: dict[World, Change] = {}

    def total(self, first: World, second: World) -> Change:
        """How much higher trends are in the first world than in the second."""
        other = self.moved(second)
        if not first:
            return Change(-other.early, other.group, -other.late)
        return self.moved(first).less(other)

    def rerun(self, world: World) -> Rerun:
        """The runs of a world; the last few worlds are kept."""
        if world not in self._reruns:
            while len(self._reruns) > 2:
                del self._reruns[next(iter(self._reruns))]
            self._reruns[world] = rerun(self.block.ground, world)
        return self._reruns[world]

    def moved(self, world: World) -> Change:
        """How much higher trends are in a world than in the factual one."""
        if world not in self._moved:
            while len(self._moved) > 2:
                del self._moved[next(iter(self._moved))]
            self._moved[world] = self._move(world)
        return self._moved[world]

    def _move(self, world: World) -> Change:
        if not world:
            return self._nothing()
        group, past_early, past_late, run = self._past_deviation(world)
        early = changed(self.z_early, past_early, self.kind, self.span)
        ground = self.block.ground
        late = np.empty_like(self.z_late)
        change_late(
            self.z_late, self.kind, self.span, past_late, group, ground.offset, run.offset, ground.mover,
            ground.n_offsets + 1, self.block.program.as_of, self.response, self.response_row, self.acts,
            self.late, late,
        )  # fmt: skip
        return Change(early, group, late)

    def _nothing(self) -> Change:
        shape = (1, len(self.kind))
        zeros = np.zeros(self.block.n, dtype=np.int64)
        return Change(np.zeros((*shape, len(self.early))), zeros, np.zeros((*shape, len(self.late))))

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
            add_past(
                run.fell[runs], ground.fell[runs], ground.past.event, ground.past.step,
                self.response, self.response_row, self.acts, steps, deviation,
            )  # fmt: skip
            out.append(deviation)
        return group.reshape(-1), out[0], out[1], run

    def direct(self, first: World, events: tuple[int, ...]) -> Change:
        """In a world's runs: y less y without the own responses of some events."""
        if not events:
            return self._nothing()
        own = np.array(events, dtype=np.int64)
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
        early = -changed(self.z_early, -less[0], self.kind, self.span)
        z = self.z_late if not first else self._z_late(first)
        return Change(early, group, -changed(z, -less[1], self.kind, self.span))

    def _responses(self, events: Ints, event_steps: Ints, steps: Ints) -> Floats:
        out = np.zeros((len(event_steps), len(self.kind), len(steps)))
        add_own(events, event_steps, self.response, self.response_row, steps, out)
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
