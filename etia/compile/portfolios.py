"""One draw under many portfolios: what no policy touches is laid out once, what they share is made once (method §11).

A policy multiplies the rates of events, and the pulls of the events whose links or impacts it scales; it adds to the
trends' known deviation. So the plan of a portfolio is the one without policies, with a few hazards and pulls replaced:
the same as `prepare` makes of the Program with these policies, at a small part of its cost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from etia.engine.plan import ConstantPairs, MarchedPulls, Plan, prepare
from etia.engine.program import NEVER
from etia.engine.responses import Impacts, total_responses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from etia.compile.policies import PolicyDraws
    from etia.compile.program import Compiled
    from etia.engine.program import Program
    from etia.engine.responses import Couplings

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Chosen", "OpenChoice"]


@dataclass(frozen=True)
class Chosen:
    """One draw under one portfolio."""

    plan: Plan
    deviation: Floats  # (K, H + 1) what the policies add to the known deviation by offset, scheduled events' part in it
    rows: tuple[tuple[int, Ints], ...]  # (source, (H + 1,) row of `OpenChoice.variants`, −1: unscaled) by offset


@dataclass(frozen=True)
class _Scaled:
    """One source under the policies that scale its links or impacts. `rows` as in `Chosen`."""

    hazard: tuple[tuple[int, Floats], ...] = ()  # (open event, factor by offset): what a fixed source changes
    surface: tuple[tuple[int, Floats], ...] = ()  # (open event, factor by the source's and the target's offset)
    of_past: tuple[tuple[int, Floats], ...] = ()  # (open event, factor by offset): what a loose past source changes
    deviation: Floats | None = None  # (K, H + 1) change of what a scheduled source does to trends
    rows: Ints | None = None


@dataclass(frozen=True)
class _Variants:
    """Total responses of one event and its copies under the policies that scale its impacts. V of them."""

    which: Ints  # (H + 1,) variant by the step at which the event comes; −1: unscaled
    change: Floats  # (V, K, H + 1) scaled less unscaled responses, by age
    row: int  # of the first variant in `OpenChoice.variants`

    @property
    def rows(self) -> Ints:
        """(H + 1,) row by the step at which the event comes; −1: unscaled."""
        return np.where(self.which >= 0, self.which + self.row, -1)


class OpenChoice:
    """One draw of a model, before any policy is chosen.

    `effects` are the policies by name, as `compile.policies.policies` draws them one by one.
    """

    def __init__(self, compiled: Compiled, p: int, rate: Floats, effects: Mapping[str, PolicyDraws]) -> None:
        self.program: Program = compiled.program(p, rate)
        self._effects = {name: drawn for name, drawn in effects.items() if drawn.acts}
        self._p = p
        self._impacts = compiled.impacts.draw(p)
        self._couplings = compiled.couplings.draw(p)
        self._span = self.program.n_steps - self.program.as_of
        plain = prepare(self.program)
        self._position = np.full(self.program.n_events, -1, dtype=np.int64)
        self._position[plain.open] = np.arange(len(plain.open))
        self._deviation = {name: self._direct(drawn) for name, drawn in self._effects.items()}
        self._hazard = {name: self._hazard_factors(name) for name in self._effects}
        self._touching = self._touched_sources()
        self.plan: Plan = _marched(plain, self._touched_targets())
        self._variants: list[Floats] = []
        self._scaled: dict[tuple[int, tuple[str, ...]], _Scaled] = {}
        self._by_event: dict[tuple[int, tuple[str, ...]], _Variants] = {}
        self._pulls: dict[tuple[tuple[int, tuple[str, ...]], ...], MarchedPulls] = {}

    @property
    def variants(self) -> Floats:
        """(V, K, H + 1) total responses by age of scaled events, for all portfolios that were asked for so far."""
        if not self._variants:
            return np.zeros((0, self.program.n_trends, self._span))
        return np.array(self._variants)

    def chosen(self, portfolio: Sequence[str]) -> Chosen:
        """The draw under a portfolio."""
        active = [name for name in portfolio if name in self._effects]
        if not active:
            return Chosen(self.plan, np.zeros((self.program.n_trends, self._span)), ())
        keys = []
        for source, touching in self._touching.items():
            own = tuple(name for name in active if name in touching)
            if own:
                keys.append((source, own))
        hazard = self.plan.hazard.copy()
        deviation = np.zeros((self.program.n_trends, self._span))
        for name in active:
            for target, factor in self._hazard[name]:
                hazard[target] *= factor
            if (direct := self._deviation[name]) is not None:
                deviation += direct
        rows = []
        for key in keys:
            scaled = self._scaled_source(*key)
            for target, factor in scaled.hazard:
                hazard[target] *= factor
            if scaled.deviation is not None:
                deviation += scaled.deviation
            if scaled.rows is not None:
                rows.append((key[0], scaled.rows))
        plan = replace(self.plan, hazard=hazard, marched=self._marched_under(tuple(keys)))
        return Chosen(plan, deviation, tuple(rows))

    def _direct(self, drawn: PolicyDraws) -> Floats | None:
        """(K, H + 1) what direct impacts do to trends, couplings included; None where there are none."""
        if not drawn.direct:
            return None
        program = self.program
        return drawn.deviation(self._p, self._couplings, program.n_trends, program.n_steps, first_step=program.as_of)

    def _hazard_factors(self, name: str) -> list[tuple[int, Floats]]:
        """(open event, (H + 1,) factor on its hazard): Π π, and exp(Σ_j β_j · deviation_j(t − 1))."""
        as_of = self.program.as_of
        found: dict[int, Floats] = {}
        for factor in self._effects[name].on_events:
            for event in factor.on:
                target = int(self._position[event])
                if target >= 0:
                    own = found.setdefault(target, np.ones(self._span))
                    own[factor.first - as_of : factor.last - as_of + 1] *= factor.value[self._p]
        deviation = self._deviation[name]
        if deviation is not None:
            for target, by_offset in self._felt(deviation).items():
                found[target] = found[target] * by_offset if target in found else by_offset
        return sorted(found.items())

    def _felt(self, deviation: Floats) -> dict[int, Floats]:
        """By open event the factor exp(Σ_j β_j · d_j(t − 1)) on its hazard of a deviation (K, H + 1)."""
        log_factor: dict[int, Floats] = {}
        felt = self.program.sensitivities
        for event, trend, beta in zip(felt.event.tolist(), felt.trend.tolist(), felt.beta.tolist(), strict=True):
            target = int(self._position[event])
            if target >= 0 and deviation[trend].any():
                log_factor.setdefault(target, np.zeros(self._span))[1:] += beta * deviation[trend, :-1]
        return {target: np.exp(values) for target, values in log_factor.items()}

    def _touched_sources(self) -> dict[int, set[str]]:
        """By event the policies that scale its links or its impacts, in order of events."""
        touching: dict[int, set[str]] = {}
        for name, drawn in self._effects.items():
            sources = [int(self.program.links.source[i]) for factor in drawn.on_links for i in factor.on]
            for row in {int(self._impacts.row[i]) for factor in drawn.on_impacts for i in factor.on}:
                sources += np.flatnonzero(self.program.copy_of == row).tolist()
            for source in sources:
                touching.setdefault(source, set()).add(name)
        return dict(sorted(touching.items()))

    def _touched_targets(self) -> Ints:
        """Open events whose hazards or pulls some policy changes."""
        targets = {target for factors in self._hazard.values() for target, _ in factors}
        for drawn in self._effects.values():
            links = [i for factor in drawn.on_links for i in factor.on]
            targets |= set(self._position[self.program.links.target[links]].tolist())
            if drawn.on_impacts:
                targets |= set(self._position[self.program.sensitivities.event].tolist())
        return np.array(sorted(targets - {-1}), dtype=np.int64)

    def _variants_of(self, source: int, names: tuple[str, ...]) -> _Variants:
        first = int(self.program.copy_of[source])
        if (first, names) not in self._by_event:
            self._by_event[first, names] = self._made_variants(first, names)
        return self._by_event[first, names]

    def _made_variants(self, first: int, names: tuple[str, ...]) -> _Variants:
        own = np.flatnonzero(self._impacts.row == first)
        scale = np.ones((len(own), self._span))
        for name in names:
            for factor in self._effects[name].on_impacts:
                begin, end = factor.first - self.program.as_of, factor.last - self.program.as_of + 1
                scale[np.isin(own, factor.on), begin:end] *= factor.value[self._p]
        factors, which = np.unique(scale, axis=1, return_inverse=True)
        is_scaled = np.any(factors != 1.0, axis=0)
        number = np.full(len(is_scaled), -1, dtype=np.int64)
        number[is_scaled] = np.arange(np.count_nonzero(is_scaled))
        responses = _scaled_responses(
            self._impacts, own, factors[:, is_scaled], self._couplings, self.program.n_trends, self._span
        )
        found = _Variants(
            number[which.reshape(-1)],
            responses - self.program.trends.response[first, :, : self._span],
            len(self._variants),
        )
        self._variants += list(responses)
        return found

    def _scaled_source(self, source: int, names: tuple[str, ...]) -> _Scaled:
        if (source, names) not in self._scaled:
            self._scaled[source, names] = self._made_scaled(source, names)
        return self._scaled[source, names]

    def _made_scaled(self, source: int, names: tuple[str, ...]) -> _Scaled:
        program, step = self.program, int(self.program.fixed_step[source])
        variants = self._variants_of(source, names)
        links = self._scaled_links(source, names)
        place = int(self._position[source])
        if place >= 0:
            targets = self._targets(links, variants.change)
            surfaces = ((target, self._surface(links, variants, target)) for target in targets)
            return _Scaled(surface=tuple(s for s in surfaces if np.any(s[1] != 1.0)), rows=variants.rows)
        if step == NEVER:
            return _Scaled()
        targets = self._targets(links, variants.change[:0])
        factors = tuple((target, np.exp(self._link_change(links, target, step))) for target in targets)
        if step <= program.as_of:
            return _Scaled(of_past=factors) if source in self.plan.loose.event else _Scaled(hazard=factors)
        change = np.zeros((program.n_trends, self._span))
        offset = step - program.as_of
        if variants.which[offset] >= 0:
            change[:, offset:] = variants.change[variants.which[offset], :, : self._span - offset]
        return _Scaled(hazard=factors + tuple(self._felt(change).items()), deviation=change)

    def _scaled_links(self, source: int, names: tuple[str, ...]) -> dict[int, Floats]:
        """By link from the source (H + 1,) what policies add to the exponent of its rate ratio."""
        found: dict[int, Floats] = {}
        for name in names:
            for factor in self._effects[name].on_links:
                begin, end = factor.first - self.program.as_of, factor.last - self.program.as_of + 1
                for link in factor.on:
                    if self.program.links.source[link] == source:
                        found.setdefault(link, np.ones(self._span))[begin:end] *= factor.value[self._p]
        return {link: scale - 1.0 for link, scale in sorted(found.items())}

    def _targets(self, links: Mapping[int, Floats], changes: Floats) -> list[int]:
        """Open events that a source pulls otherwise than without policies."""
        felt = self.program.sensitivities
        by_trend = felt.event[np.any(changes, axis=(0, 2))[felt.trend]] if len(changes) else felt.event[:0]
        events = np.r_[self.program.links.target[list(links)], by_trend]
        return [target for target in np.unique(self._position[events]).tolist() if target >= 0]

    def _link_change(self, links: Mapping[int, Floats], target: int, step: int) -> Floats:
        """(H + 1,) change of ln M on a target of a source that came at `step`."""
        out = np.zeros(self._span)
        begin = max(step - self.program.as_of, 0) + 1
        later = np.arange(self.program.as_of + begin, self.program.n_steps)
        for link, extra in links.items():
            if self._position[self.program.links.target[link]] == target:
                out[begin:] += self.program.links.log_ratio[link, later - step] * extra[begin:]
        return out

    def _surface(self, links: Mapping[int, Floats], variants: _Variants, target: int) -> Floats:
        """(H + 1, H + 1) factor on K by the offsets of an open source and of the target."""
        program, felt = self.program, self.program.sensitivities
        own = [link for link in links if self._position[program.links.target[link]] == target]
        pairs = np.flatnonzero(self._position[felt.event] == target)
        out = np.zeros((self._span, self._span))
        log_ratio = program.links.log_ratio[own, : self._span]
        extra = np.array([links[link] for link in own]).reshape(len(own), self._span)
        _add_changes(log_ratio, extra, variants.which, variants.change[:, felt.trend[pairs]], felt.beta[pairs], out)
        return np.asarray(np.exp(out, out=out))

    def _marched_under(self, keys: tuple[tuple[int, tuple[str, ...]], ...]) -> MarchedPulls:
        """The pulls on marched events with the scaled sources' factors on them."""
        if keys not in self._pulls:
            self._pulls[keys] = self._made_marched(keys)
        return self._pulls[keys]

    def _made_marched(self, keys: tuple[tuple[int, tuple[str, ...]], ...]) -> MarchedPulls:
        marched, loose = self.plan.marched, self.plan.loose.event.tolist()
        scaled = [(source, self._scaled_source(source, names)) for source, names in keys]
        found = sorted(
            (
                (int(self._position[source]), target, surface)
                for source, one in scaled
                for target, surface in one.surface
            ),
            key=lambda entry: entry[:2],
        )
        of_past = marched.of_past
        if any(one.of_past for _, one in scaled):
            of_past = of_past.copy()
        for source, one in scaled:
            for target, factor in one.of_past:
                of_past[loose.index(source), :, marched.place[target]] *= factor
        start = np.searchsorted([place for place, _, _ in found], np.arange(len(self.plan.open) + 1)).astype(np.int64)
        return replace(
            marched,
            of_past=of_past,
            start=start,
            target=np.array([marched.place[target] for _, target, _ in found], dtype=np.int64),
            surface=np.array([surface for _, _, surface in found]).reshape(len(found), self._span, self._span),
        )

    @cached_property
    def sources(self) -> Ints:
        """Events whose step may differ from run to run."""
        return np.concatenate([self.plan.open, self.plan.loose.event])


@njit(cache=True, nogil=True)
def _add_changes(log_ratio, extra, variant, change, beta, out):  # type: ignore[no-untyped-def]
    """out[o, i] += Σ_links ln M(i − o) · extra(i) + Σ_s β_s · change[variant(o), s](i − 1 − o)."""
    span = out.shape[0]
    for o in range(1, span):
        for link in range(log_ratio.shape[0]):
            for i in range(o + 1, span):
                out[o, i] += log_ratio[link, i - o] * extra[link, i]
        if variant[o] >= 0:
            for s in range(len(beta)):
                course = change[variant[o], s]
                for i in range(o + 1, span):
                    out[o, i] += beta[s] * course[i - 1 - o]


def _scaled_responses(
    impacts: Impacts, own: Ints, factors: Floats, couplings: Couplings, n_trends: int, n_ages: int
) -> Floats:
    """(V, K, ages) total responses of one event whose impacts `own` are scaled by factors (own, V)."""
    n_variants = factors.shape[1]
    again = np.tile(own, n_variants)
    factor = factors.T.reshape(-1)
    scaled = Impacts(
        np.repeat(np.arange(n_variants, dtype=np.int32), len(own)),
        impacts.trend[again],
        impacts.starts[again],
        impacts.peaks[again],
        impacts.settles[again],
        impacts.peak[again] * factor,
        impacts.lasting[again] * factor,
        impacts.fades[again],
    )
    return total_responses(scaled, couplings, n_variants, n_trends, n_ages)


def _marched(plan: Plan, also: Ints) -> Plan:
    """The same plan with these open events marched too: what pulls constantly on them is laid out by age."""
    before, constant = plan.marched, plan.constant
    event = np.union1d(before.event, also).astype(np.int64)
    if len(event) == len(before.event):
        return plan
    place = np.full(len(plan.open), -1, dtype=np.int64)
    place[event] = np.arange(len(event))
    by_age = np.ones((*before.by_age.shape[:2], len(event)))
    of_past = np.ones((*before.of_past.shape[:2], len(event)))
    by_age[:, :, place[before.event]] = before.by_age
    of_past[:, :, place[before.event]] = before.of_past
    n_open, program = len(plan.open), plan.program
    source = np.repeat(np.arange(len(constant.start) - 1), np.diff(constant.start))
    moves = place[constant.target] >= 0
    for q in np.flatnonzero(moves):
        ratio, column = 1.0 / constant.inverse_ratio[q], place[constant.target[q]]
        if source[q] < n_open:
            by_age[source[q], constant.delay[q] :, column] *= ratio
            continue
        loose = source[q] - n_open
        offset = int(program.fixed_step[plan.loose.event[loose]]) - program.as_of
        of_past[loose, max(offset + int(constant.delay[q]), 0) :, column] *= ratio
    stays = ~moves
    kept = ConstantPairs(
        np.searchsorted(source[stays], np.arange(len(constant.start))).astype(np.int64),
        constant.target[stays],
        constant.delay[stays],
        constant.inverse_ratio[stays],
    )
    marched = replace(
        before, event=event, place=place, by_age=by_age, of_past=of_past, target=place[before.event][before.target]
    )
    return replace(plan, constant=kept, marched=marched)
