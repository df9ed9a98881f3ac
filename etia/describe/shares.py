"""Who moved a trend between two dates: an additive split over events and what they belong to (method §7).

direct: what the events' own responses add to the mean of g(y) between the dates; exact in every run, and with baseline
and noise it sums to the whole movement. total: the same movement shared by Shapley's rule, so that an event also
counts for what it set off and not for what others set off through it: each event's mean marginal part over all orders
in which events may enter a world where none is left (past ones removed, others never coming; §7). Both stand in the
latent scale and sum to the same. Coalitions are gone through one by one for up to MOST_EXACT events, beyond that
orders are drawn, each with its reverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numba import njit

from etia.describe.blocks import Block, blocks, in_order
from etia.describe.counterfactual import without
from etia.describe.moments import Moments, Part, part_of
from etia.describe.relations import name_of
from etia.engine.program import NEVER
from etia.engine.streams import key, uniforms
from etia.engine.worlds import World, rerun

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from etia.compile.study import Case, Settings

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["GROUPINGS", "MOST_EXACT", "SHARES", "Split", "default_spans", "shares", "split", "split_table"]

SHARES = ["scenario", "lens", "trend", "from", "to", "by", "name", "direct", "total", "se"]
GROUPINGS = ("event", "level", "domain", "actor", "mechanism", "source")
MOST_EXACT = 12
BASELINE, NOISE, NONE = "(baseline)", "(noise)", "(none)"

# What Shapley's parts are computed on: the direct parts, which are most of the total, come from all runs.
_EXACT_RUNS = 400_000  # runs of coalitions, over all draws
_DRAWS = 50
_RUNS_A_DRAW = 10
_RUNS_OF_ONE = 1_000  # the central model's
_ORDERS = 16  # the central model's
_DUST = 1e-12  # parts of the largest that are rounding


@dataclass(frozen=True)
class Split:
    """The movement of trends in some spans, by event. E events of the model, S spans (trend, from, to)."""

    case: Case
    spans: tuple[tuple[str, int, int], ...]
    events: tuple[str, ...]
    direct: Floats  # (S, E) latent
    total: Floats  # (S, E) latent
    error: Floats  # (S, E) standard error of total
    baseline: Floats  # (S,)
    noise: Floats  # (S,) known and random noise, and what policies do by themselves


def default_spans(case: Case) -> list[tuple[str, int, int]]:
    """For each trend: from its first value to `as_of`, and from there to `end`."""
    as_of, end = case.calendar.as_of, case.calendar.n_steps - 1
    spans = []
    for k, trend in enumerate(case.trend_names):
        known = np.flatnonzero(~np.isnan(case.outcomes.kept[0].shared[k]))
        if len(known) and known[0] < as_of:
            spans.append((trend, int(known[0]), as_of))
        if as_of < end:
            spans.append((trend, as_of, end))
    return spans


def shares(case: Case, spans: Sequence[tuple[str, int, int]] | None = None) -> pd.DataFrame:
    """The table `shares`: every grouping of every span (trend, from step, to step)."""
    return split_table(split(case, default_spans(case) if spans is None else spans))


def split(case: Case, spans: Sequence[tuple[str, int, int]]) -> Split:
    """Direct and total parts of every event in the trends' movements."""
    names = tuple(sorted(case.model.events))  # sums do not depend on the order of writing
    owner = np.array([names.index(name_of(copy)) for copy in case.event_names], dtype=np.int64)
    places = np.array([(case.trend_names.index(trend), first, last) for trend, first, last in spans], dtype=np.int64)
    places = places.reshape(len(spans), 3)
    shape = (len(spans), len(names))
    by_draw = case.outcomes.n_draws > 1
    direct = Moments(shape, by_draw=by_draw)
    rest = Moments((2, len(spans)), by_draw=by_draw)

    def measure(block: Block) -> tuple[Part, Part]:
        parts = _direct(block, block.steps.astype(np.int64), places, owner, len(names))
        return part_of(block.p, parts), part_of(block.p, _rest(block, places, parts.sum(axis=2)))

    for own, other in in_order(measure, blocks(case), case.study.settings.jobs):
        direct.add(own)
        rest.add(other)
    passed_on = _passed_on(case, names, owner, places)
    error = np.hypot(direct.error(), passed_on.error())
    total = direct.mean + passed_on.mean
    return Split(case, tuple(spans), names, direct.mean, total, error, rest.mean[0], rest.mean[1])


def _rest(block: Block, places: Ints, events: Floats) -> Floats:
    """(R, 2, S) what baseline and noise add."""
    steps = np.unique(places[:, 1:])
    latent = block.latent(steps)
    at = np.searchsorted(steps, places[:, 1:])
    moved = latent[:, places[:, 0], at[:, 1]] - latent[:, places[:, 0], at[:, 0]]
    course = block.program.trends.baseline
    baseline = course[places[:, 0], places[:, 2]] - course[places[:, 0], places[:, 1]]
    return np.stack([np.broadcast_to(baseline, moved.shape), moved - events - baseline], axis=1)


def _direct(block: Block, steps: Ints, places: Ints, owner: Ints, n_events: int) -> Floats:
    """(R, S, E) Σ over an event's copies of G(to − τ) − G(from − τ), at the given event steps (R, N)."""
    trends = block.program.trends
    out = np.zeros((len(steps), len(places), n_events))
    _add_direct(steps, places, owner, trends.response, trends.response_row.astype(np.int64), out)
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


def _passed_on(case: Case, names: Sequence[str], owner: Ints, places: Ints) -> Moments:
    """Moments of Shapley's parts less the direct ones, (S, E): what events pass on to those that set them off.

    These sum to 0 over events in every run, so that totals and direct parts have one sum.
    """
    outcomes = case.outcomes
    acting = [name for name in names if _acts(case, name)]
    out = Moments((len(places), len(names)), by_draw=outcomes.n_draws > 1)
    is_exact = len(acting) <= MOST_EXACT
    n_runs, every = _extent(case.study.settings, len(acting) if is_exact else None)

    def measure(block: Block) -> Part:
        walk = _Walk(block, case, acting, names, owner, places)
        parts = walk.exact() if is_exact else walk.sampled()
        direct = _direct(block, block.steps.astype(np.int64), places, owner, len(names))
        return part_of(block.p, parts - direct)

    chosen = (block for block in blocks(case, n_runs) if block.p % every == 0)
    for part in in_order(measure, chosen, case.study.settings.jobs):
        out.add(part)
    return out


def _extent(settings: Settings, n_exact: int | None) -> tuple[int, int]:
    """Runs a draw, and that each how manieth draw is taken, for orders or for all coalitions of `n_exact` events."""
    most = _EXACT_RUNS if n_exact is None else max(_EXACT_RUNS >> n_exact, _RUNS_A_DRAW)
    if settings.n_draws == 1:
        return settings.portion(_RUNS_OF_ONE if n_exact is None else max(most, _RUNS_OF_ONE // 2)), 1
    n_runs = _RUNS_A_DRAW if n_exact is None else max(most // _DRAWS, _RUNS_A_DRAW)
    draws = _DRAWS if n_exact is None or n_exact < 10 else _DRAWS // 2
    return n_runs, max(settings.n_draws // settings.portion(draws), 1)


def _acts(case: Case, name: str) -> bool:
    """Whether the event comes in some run."""
    return bool((case.outcomes.steps[:, case.compiled.index.copies(name)] != NEVER).any())


class _Walk:
    """Worlds of a block with some of the events, and what entering them adds."""

    def __init__(
        self, block: Block, case: Case, acting: Sequence[str], names: Sequence[str], owner: Ints, places: Ints
    ) -> None:
        self.block, self.owner, self.places, self.n_names = block, owner, places, len(names)
        self.players = np.array([names.index(name) for name in acting], dtype=np.int64)
        self.gone = [without(case, [name]) for name in acting]

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

    def sampled(self) -> Floats:
        """(R, S, E) marginal parts along drawn orders, each gone through from both ends."""
        n, case = len(self.players), self.block.case
        n_orders = _ORDERS if case.outcomes.n_draws == 1 else 1
        stream = np.array([key(case.study.settings.seed, "order", "shares")], dtype=np.uint64)
        parts = np.zeros((self.block.n, len(self.places), n))
        for i in range(n_orders):
            number = ((case.study.settings.first_draw + self.block.p) * n_orders + i) * n
            order = np.argsort(uniforms(stream, number, n)[:, 0], kind="stable")
            for walk in (order, order[::-1]):
                before = np.zeros((self.block.n, len(self.places)))
                for entered, player in enumerate(walk):
                    after = self.value(walk[entered + 1 :].tolist())
                    parts[:, :, player] += (after - before) / (2 * n_orders)
                    before = after
        return self._scattered(parts)


def split_table(found: Split) -> pd.DataFrame:
    """The table `shares`: an event that has several domains, actors, … counts in equal parts in each."""
    case, rows = found.case, []
    written = [found.events.index(name) for name in case.model.events]
    members = {by: [_members(case, name, by) for name in found.events] for by in GROUPINGS}
    for s, (trend, first, last) in enumerate(found.spans):
        head = (case.scenario, case.lens, trend, case.calendar.label(first), case.calendar.label(last))
        for by in GROUPINGS:
            moved = np.maximum(np.abs(found.direct[s]), np.abs(found.total[s]))
            felt = moved > _DUST * moved.max(initial=0.0)
            sums = {name: np.zeros(3) for e in written if felt[e] for name in members[by][e]}
            for e in np.flatnonzero(felt):
                own = members[by][e]
                part = np.array([found.direct[s, e], found.total[s, e], found.error[s, e] ** 2 / len(own)]) / len(own)
                for name in own:
                    sums[name] = sums[name] + part
            rows += [(*head, by, name, x[0], x[1], float(np.sqrt(x[2]))) for name, x in sums.items()]
            for name, size in ((BASELINE, found.baseline[s]), (NOISE, found.noise[s])):
                if abs(size) > 1e-12:
                    rows.append((*head, by, name, size, size, 0.0))
    return pd.DataFrame(rows, columns=SHARES)


def _members(case: Case, name: str, by: str) -> list[str]:
    """What an event counts under: itself, its level, domains, actors, its impacts' mechanisms, or the sources cited."""
    model, event = case.model, case.model.events[name]
    impacts = [impact for impact in model.impacts.values() if impact.source == name]
    found: Iterable[str | None]
    if by == "event":
        found = [name]
    elif by == "level":
        found = [event.level]
    elif by == "domain":
        found = event.domains
    elif by == "actor":
        found = event.actors
    elif by == "mechanism":
        found = [impact.mechanism for impact in impacts]
    else:
        claims = [claim for impact in impacts for claim in impact.evidence] or list(event.evidence)
        found = [claim.split(".")[0] for claim in claims]
    return list(dict.fromkeys(one for one in found if one)) or [NONE]
