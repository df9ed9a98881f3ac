"""Whose doing an event's effect is: every effect taken back to causes, run by run (method §7, explanation).

An event's term goes back to the events that pulled on its rate: 1 − min(1, Π 1/K) of it, split in proportion to their
positive ln K; the rest is the event's own; and so on back. A branch ends where less than a stated share of the term is
left: that stays with the event reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from etia.engine.program import NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.describe.blocks import Block
    from etia.describe.ways import Ways, WayValues

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["ChainSums", "LogPulls", "log_pulls"]

_DEEPEST = 12


class LogPulls(NamedTuple):
    """Logarithms of a draw's pulls on events that are not past: of the past, by age, by both ends' steps."""

    of_past: Floats
    by_age: Floats
    surface: Floats


def log_pulls(block: Block) -> LogPulls:
    """Those of a block's draw."""
    pulls = block.ground.pulls
    with np.errstate(divide="ignore"):
        return LogPulls(np.log(pulls.past_factor), np.log(pulls.by_age), np.log(pulls.surface))


class ChainSums:
    """Sums over runs of every chain's part in what its last event does along each way to a trend.

    A chain is a node of a tree: roots 0 … N − 1 are the events by themselves, a child adds a cause in front.
    """

    def __init__(
        self,
        n_events: int,
        ways: Ways,
        *,
        least_share: float = 0.01,
        most_chains: int = 50_000,
        keeps_units: bool = False,
        n_loads: int = 0,
    ) -> None:
        """`keeps_units`: what each unit (see `close_unit`) adds is kept, for standard errors.

        `n_loads`: how many scores each run comes with, to which the means' answers are wanted.
        """
        self.ways = ways
        self.least_share = least_share
        n_ways = max((ways.count(event) for event in range(n_events)), default=0) + 1
        size = n_events + most_chains
        self._parent = np.full(size, -1, dtype=np.int64)
        self._event = np.arange(size, dtype=np.int64)
        self._child = np.full(size, -1, dtype=np.int64)
        self._sibling = np.full(size, -1, dtype=np.int64)
        self._n = n_events
        self._n_events = n_events
        self._sums = np.zeros((size, n_ways))  # pages that are never touched take no memory
        self._products = np.zeros((size, n_ways, n_loads))  # sums of values times scores; pages likewise
        self._scores = np.zeros(n_loads)
        self._n_runs = 0
        self._keeps_units = keeps_units
        self._before = np.zeros((0, n_ways))
        self._runs_before = 0
        self._units: list[tuple[Ints, Floats]] = []

    def close_unit(self) -> None:
        """End a unit: a set of runs that is independent of the others (a draw's; a block in the central model)."""
        n_runs = self._n_runs - self._runs_before
        if not self._keeps_units or n_runs == 0:
            return
        now = self._sums[: self._n].copy()
        added = now.copy()
        added[: len(self._before)] -= self._before
        places = np.flatnonzero(added)
        self._units.append((places, added.reshape(-1)[places] / n_runs))
        self._before, self._runs_before = now, self._n_runs

    def unit_means(self) -> Floats:
        """(units, rows) each unit's mean of every row of `rows`."""
        size = self._n * self._sums.shape[1]
        column = np.full(size, -1, dtype=np.int64)
        flat = np.flatnonzero(self._sums[: self._n])
        column[flat] = np.arange(len(flat))
        out = np.zeros((len(self._units), len(flat) + 1))
        for unit, (places, means) in zip(out, self._units, strict=True):
            unit[column[places]] = means  # what came to nothing in all lands in the last place
        return out[:, :-1]

    def answers(self) -> Floats:
        """(L, rows) what each row's mean over runs answers to the scores: E[(f − E f) s]."""
        sums, products = self._sums[: self._n].reshape(-1), self._products[: self._n]
        flat = np.flatnonzero(sums)
        mean, score = sums[flat] / self._n_runs, self._scores / self._n_runs
        return (products.reshape(len(sums), -1)[flat] / self._n_runs - mean[:, None] * score).T

    def add(self, block: Block, logs: LogPulls, values: WayValues, step: int, scores: Floats | None = None) -> None:
        """Take in all runs of a block, with its pulls' logarithms, its draw's ways and the runs' scores, at a step."""
        ground, program = block.ground, block.program
        past, pulls = ground.past, ground.pulls
        trend = self.ways.trend
        movers, kept = ground.mover, past.event
        # a past event's term is the same in all runs of a draw unless some of the past is gone
        shared = not ground.fell.any()
        each = np.zeros((block.n, 0)) if scores is None else scores
        jobs = [(kept, block.steps[:1], float(block.n), each.sum(axis=0)[None]), (movers, block.steps, 1.0, each)]
        if not shared:
            jobs = [(np.concatenate([kept, movers]), block.steps, 1.0, each)]
        for terminals, steps, weight, of_runs in jobs:
            self._n = _add_chains(
                terminals, steps.astype(np.int64), weight, step, program.as_of, past.place, past.start, past.cause,
                past.log_ratio, past.event, ground.place, ground.mover, ground.is_free, *logs,
                pulls.surface_start, pulls.surface_target, self.ways.start, self.ways.impact, values.gain, values.lag,
                values.shape, values.factor, np.ascontiguousarray(program.trends.response[:, trend]),
                program.trends.response_row.astype(np.int64), self.least_share,
                self._parent, self._event, self._child, self._sibling, self._n, self._sums, of_runs, self._products,
            )  # fmt: skip
        self._n_runs += block.n
        self._scores += each.sum(axis=0)

    def rows(self) -> list[tuple[tuple[int, ...], int, float]]:
        """(chain from its first cause to the acting event, way or −1 for the rest, mean part in the latent scale)."""
        out = []
        for node in range(self._n):
            chain = self._chain(node)
            event = chain[-1]
            n_ways = self.ways.count(event)
            for w in np.flatnonzero(self._sums[node, : n_ways + 1]).tolist():
                way = int(self.ways.start[event]) + w if w < n_ways else -1
                out.append((chain, way, float(self._sums[node, w]) / self._n_runs))
        return out

    def _chain(self, node: int) -> tuple[int, ...]:
        chain = []
        while node >= 0:
            chain.append(int(self._event[node]))
            node = int(self._parent[node])
        return tuple(chain)


@njit(cache=True, nogil=True)
def _causes(  # type: ignore[no-untyped-def]
    event, steps, as_of, past_place, past_start, past_cause, past_log, past_event, place, mover, is_free,
    log_of_past, log_by_age, log_surface, surface_start, surface_target, found, pull,
):  # fmt: skip
    """Write what pulled on an event that has come, and ln K of each; returns how many."""
    n = 0
    i = past_place[event]
    if i >= 0:
        for q in range(past_start[i], past_start[i + 1]):
            cause = past_event[past_cause[q]]
            if past_log[q] != 0.0 and steps[cause] != NEVER:
                found[n], pull[n] = cause, past_log[q]
                n += 1
        return n
    m = place[event]
    if not is_free[m]:
        return 0
    o = steps[event] - as_of
    for j in range(len(past_event)):
        x = log_of_past[j, o, m]
        if x != 0.0 and steps[past_event[j]] != NEVER:
            found[n], pull[n] = past_event[j], x
            n += 1
    for a in range(len(mover)):
        if steps[mover[a]] == NEVER or steps[mover[a]] >= steps[event]:
            continue
        begin = steps[mover[a]] - as_of
        x = log_by_age[a, o - begin, m]
        for q in range(surface_start[a], surface_start[a + 1]):
            if surface_target[q] == m:
                x = log_surface[q, begin, o]
        if x != 0.0:
            found[n], pull[n] = mover[a], x
            n += 1
    return n


@njit(cache=True, nogil=True)
def _add_chains(  # type: ignore[no-untyped-def]
    terminals, steps, run_weight, at, as_of, past_place, past_start, past_cause, past_log, past_event, place, mover,
    is_free, log_of_past, log_by_age, log_surface, surface_start, surface_target, way_start, way_impact, gain, lag,
    shape, factor, response, response_row, least_share, parent, node_event, child, sibling, n_nodes, sums,
    scores, products,
):  # fmt: skip
    n_events = steps.shape[1]
    value = np.empty(sums.shape[1])
    found = np.empty(n_events, np.int64)
    pull = np.empty(n_events)
    stack_node = np.empty(_DEEPEST * n_events + 1, np.int64)
    stack_share = np.empty(_DEEPEST * n_events + 1)
    stack_depth = np.empty(_DEEPEST * n_events + 1, np.int64)
    for r in range(steps.shape[0]):
        for terminal in terminals:
            tau = steps[r, terminal]
            if tau == NEVER or tau > at:
                continue
            begin, n_ways = way_start[terminal], way_start[terminal + 1] - way_start[terminal]
            rest = response[response_row[terminal, tau], at - tau]
            acts = rest != 0.0
            for w in range(n_ways):
                age = at - tau - lag[begin + w]
                value[w] = 0.0
                if age >= 0:
                    i = way_impact[begin + w]
                    value[w] = gain[begin + w] * shape[i, age]
                    if factor.shape[0] > 0:
                        value[w] *= factor[i, tau]
                    acts |= value[w] != 0.0
                    rest -= value[w]
            value[n_ways] = rest
            if not acts:
                continue
            top = 1
            stack_node[0], stack_share[0], stack_depth[0] = terminal, 1.0, 0
            while top > 0:
                top -= 1
                node, share, depth = stack_node[top], stack_share[top], stack_depth[top]
                own = share
                if depth < _DEEPEST - 1:
                    n = _causes(
                        node_event[node], steps[r], as_of, past_place, past_start, past_cause, past_log, past_event,
                        place, mover, is_free, log_of_past, log_by_age, log_surface, surface_start, surface_target,
                        found, pull,
                    )  # fmt: skip
                    total, positive = 0.0, 0.0
                    for x in range(n):
                        total += pull[x]
                        positive += max(pull[x], 0.0)
                    if total > 0.0:
                        of_causes = share * -np.expm1(-total)
                        for x in range(n):
                            part = of_causes * pull[x] / positive
                            if part < least_share:
                                continue
                            c = child[node]
                            while c >= 0 and node_event[c] != found[x]:
                                c = sibling[c]
                            if c < 0:
                                if n_nodes == len(parent):
                                    continue
                                c = n_nodes
                                n_nodes += 1
                                parent[c], node_event[c] = node, found[x]
                                sibling[c] = child[node]
                                child[node] = c
                            stack_node[top], stack_share[top], stack_depth[top] = c, part, depth + 1
                            top += 1
                            own -= part
                for w in range(n_ways + 1):
                    sums[node, w] += run_weight * own * value[w]
                    for i in range(scores.shape[1]):
                        products[node, w, i] += own * value[w] * scores[r, i]
    return n_nodes
