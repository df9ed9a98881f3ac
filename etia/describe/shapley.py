"""Totals by Shapley's rule: an event's mean marginal part over all orders of entering a world without any (method §7).

Coalitions are gone through one by one for up to MOST_EXACT events. Beyond that each draw, or set of runs of the central
model, goes through an order of its own and its reverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from etia.describe.counterfactual import without
from etia.describe.relations import name_of
from etia.engine.program import NEVER
from etia.engine.streams import key, uniforms
from etia.engine.worlds import World, rerun

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from etia.compile.study import Case, Settings
    from etia.describe.blocks import Block

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["MOST_EXACT", "Asked", "Extent", "acting", "direct", "extent", "total"]

MOST_EXACT = 12

# What Shapley's parts are computed on: the direct parts, which are most of the total, come from all runs.
_EXACT_RUNS = 400_000  # runs of coalitions, over all draws
_DRAWS = 50
_RUNS_A_DRAW = 10
_RUNS_OF_ONE = 500  # the central model's
_RUNS_A_SET = 20  # the central model's that go through one order, as the runs of a draw do
_MOST_ORDERS = 1_000_000


@dataclass(frozen=True)
class Asked:
    """Whose parts in which movements are asked for."""

    names: tuple[str, ...]  # events of the model
    owner: Ints  # (N,) of each event of the engine, copies included, its place among them
    places: Ints  # (S, 3) trend, first and last step

    @classmethod
    def of(cls, case: Case, spans: Sequence[tuple[str, int, int]]) -> Asked:
        """All events of a case in spans (trend, from step, to step); sums do not depend on the order of writing."""
        names = tuple(sorted(case.model.events))
        owner = np.array([names.index(name_of(copy)) for copy in case.event_names], dtype=np.int64)
        places = [(case.trend_names.index(trend), first, last) for trend, first, last in spans]
        return cls(names, owner, np.array(places, dtype=np.int64).reshape(len(spans), 3))


def direct(block: Block, asked: Asked) -> Floats:
    """(R, S, E) Σ over an event's copies of G(to − τ) − G(from − τ): what its own responses add."""
    trends = block.program.trends
    steps = block.steps.astype(np.int64)
    out = np.zeros((len(steps), len(asked.places), len(asked.names)))
    _add_direct(steps, asked.places, asked.owner, trends.response, trends.response_row.astype(np.int64), out)
    return out


@njit(cache=True, nogil=True)
def _add_direct(steps, places, owner, response, response_row, out):  # type: ignore[no-untyped-def]
    for r in range(steps.shape[0]):
        for e in range(steps.shape[1]):
            tau = steps[r, e]
            if tau == NEVER:
                continue
            row = response_row[e, tau]
            for s in range(len(places)):
                k, first, last = places[s]
                moved = 0.0
                if last >= tau:
                    moved += response[row, k, last - tau]
                if first >= tau:
                    moved -= response[row, k, first - tau]
                out[r, s, owner[e]] += moved


def total(block: Block, case: Case, asked: Asked, players: Sequence[str], number: int) -> Floats:
    """(R, S, E) Shapley's parts of the events that act, `players`: from all coalitions, or from drawn orders.

    `number`: of the block, for which orders are drawn.
    """
    walk = _Walk(block, case, players, asked)
    return walk.exact() if len(players) <= MOST_EXACT else walk.sampled(number)


class Extent(NamedTuple):
    """How many runs Shapley's parts come from."""

    n_runs: int  # a draw
    every: int  # each how manieth draw
    together: int | None  # runs of the central model that share drawn orders; None: each run is a unit, or each draw


def extent(settings: Settings, n_players: int) -> Extent:
    """For drawn orders, or for all coalitions where players are few."""
    n_exact = n_players if n_players <= MOST_EXACT else None
    most = _EXACT_RUNS if n_exact is None else max(_EXACT_RUNS >> n_exact, _RUNS_A_DRAW)
    if settings.n_draws == 1 and n_exact is None:
        return Extent(settings.portion(_DRAWS * _RUNS_A_SET), 1, _RUNS_A_SET)
    if settings.n_draws == 1:
        return Extent(settings.portion(max(most, _RUNS_OF_ONE)), 1, None)
    n_runs = _RUNS_A_DRAW if n_exact is None else max(most // _DRAWS, _RUNS_A_DRAW)
    draws = _DRAWS if n_exact is None or n_exact < 10 else _DRAWS // 2
    return Extent(n_runs, max(settings.n_draws // settings.portion(draws), 1), None)


def acting(case: Case, names: Sequence[str]) -> list[str]:
    """The events that come in some run."""
    steps, copies = case.outcomes.steps, case.compiled.index.copies
    return [name for name in names if (steps[:, copies(name)] != NEVER).any()]


class _Walk:
    """Worlds of a block with some of the events, and what entering them adds."""

    def __init__(self, block: Block, case: Case, players: Sequence[str], asked: Asked) -> None:
        self.block, self.owner, self.places, self.n_names = block, asked.owner, asked.places, len(asked.names)
        self.players = np.array([asked.names.index(name) for name in players], dtype=np.int64)
        self.gone = [without(case, [name]) for name in players]

    def value(self, absent: Iterable[int]) -> Floats:
        """(R, S) the movement that events make in the world without some players."""
        worlds = [self.gone[i] for i in absent]
        world = World(tuple(e for w in worlds for e in w.removed), tuple(f for w in worlds for f in w.fixed))
        block = self.block
        steps = self._steps(world) if world else block.steps.astype(np.int64)
        out = np.zeros((block.n, len(self.places), 1))
        trends = block.program.trends
        _add_direct(
            steps, self.places, np.zeros(len(self.owner), dtype=np.int64), trends.response,
            trends.response_row.astype(np.int64), out,
        )  # fmt: skip
        return out[:, :, 0]

    def _steps(self, world: World) -> Ints:
        ground = self.block.ground
        run = rerun(ground, world)
        out = np.full(self.block.steps.shape, NEVER, dtype=np.int64)
        out[:, ground.past.event] = np.where(run.fell, NEVER, ground.past.step)
        come = run.offset <= ground.n_offsets
        out[:, ground.mover] = np.where(come, run.offset + self.block.program.as_of, NEVER)
        return out

    def _scattered(self, parts: Floats) -> Floats:
        out = np.zeros((self.block.n, len(self.places), self.n_names))
        out[:, :, self.players] = parts
        return out

    def exact(self) -> Floats:
        """(R, S, E) Shapley's parts from all coalitions."""
        n = len(self.players)
        parts = np.zeros((self.block.n, len(self.places), n))
        for coalition in range(1 << n):
            size = coalition.bit_count()
            value = self.value(i for i in range(n) if not coalition >> i & 1)
            for i in range(n):
                if coalition >> i & 1:
                    parts[:, :, i] += value * (factorial(size - 1) * factorial(n - size) / factorial(n))
                else:
                    parts[:, :, i] -= value * (factorial(size) * factorial(n - size - 1) / factorial(n))
        return self._scattered(parts)

    def sampled(self, number: int) -> Floats:
        """(R, S, E) marginal parts along an order that is drawn by number, gone through from both ends."""
        n, settings = len(self.players), self.block.case.study.settings
        stream = np.array([key(settings.seed, "order", "shares")], dtype=np.uint64)
        first = (settings.group * _MOST_ORDERS + number) * n
        order = np.argsort(uniforms(stream, first, n)[:, 0], kind="stable")
        parts = np.zeros((self.block.n, len(self.places), n))
        for walk in (order, order[::-1]):
            before = np.zeros((self.block.n, len(self.places)))
            for entered, player in enumerate(walk):
                after = self.value(walk[entered + 1 :].tolist())
                parts[:, :, player] += (after - before) / 2.0
                before = after
        return self._scattered(parts)
