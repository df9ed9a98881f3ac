"""One draw under many portfolios: what no policy touches is laid out once, what they share is made once (method §11).

A policy multiplies the rates of events, and the pulls of the events whose links or impacts it scales; it adds to the
trends' known deviation. All portfolios then are variations of the draw without policies.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from etia.engine.plan import Plan, prepare
from etia.engine.program import NEVER
from etia.engine.responses import Impacts, total_responses
from etia.engine.variations import Pairs, Variations, pairs_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from etia.compile.policies import PolicyDraws
    from etia.compile.program import Compiled
    from etia.engine.program import Program
    from etia.engine.responses import Couplings

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Choices", "OpenChoice"]


@dataclass(frozen=True)
class Choices:
    """One draw under each of V portfolios, as variations of the draw without policies."""

    pairs: Pairs
    changes: Variations
    deviation: Floats  # (V, K, H + 1) what policies add to the known deviation by offset, scheduled events' part in it
    response: Floats  # (rows, K, H + 1) total responses by age of events whose impacts are scaled
    schedule: Ints  # (schedules, H + 1) row of `response` by the step at which the event comes, −1: unscaled
    scheduled: Ints  # (V, M) schedule of each open event, −1: unscaled


@dataclass(frozen=True)
class _Scaled:
    """One source under the policies that scale its links or impacts."""

    hazard: tuple[tuple[int, Floats], ...] = ()  # (open event, factor by offset): what a fixed source changes
    surface: tuple[tuple[int, Floats], ...] = ()  # (open event, factor by the source's and the target's offset)
    of_past: tuple[tuple[int, Floats], ...] = ()  # (open event, factor by offset): what a loose past source changes
    deviation: Floats | None = None  # (K, H + 1) change of what a scheduled source does to trends
    rows: Ints | None = None  # (H + 1,) row of its response by the step at which it comes, −1: unscaled


@dataclass(frozen=True)
class _Variants:
    """Total responses of one event and its copies under the policies that scale its impacts. V of them."""

    which: Ints  # (H + 1,) variant by the step at which the event comes; −1: unscaled
    change: Floats  # (V, K, H + 1) scaled less unscaled responses, by age
    row: int  # of the first one in `Choices.response`

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
        self.plan: Plan = prepare(self.program)
        self._p = p
        self._impacts = compiled.impacts.draw(p)
        self._couplings = compiled.couplings.draw(p)
        self._span = self.program.n_steps - self.program.as_of
        self._position = np.full(self.program.n_events, -1, dtype=np.int64)
        self._position[self.plan.open] = np.arange(len(self.plan.open))
        self._offer(effects)

    def with_effects(self, effects: Mapping[str, PolicyDraws]) -> OpenChoice:
        """The same draw with other effects of the policies, such as those of later steps."""
        other = copy(self)
        other._offer(effects)
        return other

    def _offer(self, effects: Mapping[str, PolicyDraws]) -> None:
        self._effects = {name: drawn for name, drawn in effects.items() if drawn.acts}
        self._deviation = {name: self._direct(drawn) for name, drawn in self._effects.items()}
        self._hazard = {name: self._hazard_factors(name) for name in self._effects}
        self._touching = self._touched_sources()
        self._variants: list[Floats] = []
        self._scaled: dict[tuple[int, tuple[str, ...]], _Scaled] = {}
        self._by_event: dict[tuple[int, tuple[str, ...]], _Variants] = {}

    def under(self, portfolios: Sequence[Sequence[str]]) -> Choices:
        """The draw under each portfolio."""
        n_trends, n_open = self.program.n_trends, len(self.plan.open)
        deviation = np.zeros((len(portfolios), n_trends, self._span))
        scheduled = np.full((len(portfolios), n_open), -1, dtype=np.int64)
        schedules: dict[tuple[int, tuple[str, ...]], int] = {}
        parts: list[_Parts] = []
        for v, portfolio in enumerate(portfolios):
            active = [name for name in portfolio if name in self._effects]
            part = _Parts()
            for name in active:
                part.add_hazard(name, self._hazard[name])
                if (direct := self._deviation[name]) is not None:
                    deviation[v] += direct
            for key in self._keys(active):
                scaled, place = self._scaled_source(*key), int(self._position[key[0]])
                part.add_hazard(key, scaled.hazard)
                part.add_hazard(key, scaled.of_past, self._loose_place(key[0]))
                part.surfaces += [(place, target, key, surface) for target, surface in scaled.surface]
                if scaled.deviation is not None:
                    deviation[v] += scaled.deviation
                if scaled.rows is not None:
                    scheduled[v, place] = schedules.setdefault(key, len(schedules))
            parts.append(part)
        pairs = pairs_of(self.plan, [(source, target) for part in parts for source, target, _, _ in part.surfaces])
        rows = [self._scaled_source(*key).rows for key in schedules]
        return Choices(
            pairs,
            _variations(parts, pairs, self._span),
            deviation,
            np.array(self._variants).reshape(len(self._variants), n_trends, self._span),
            np.array(rows, dtype=np.int64).reshape(len(rows), self._span),
            scheduled,
        )

    @property
    def sources(self) -> Ints:
        """Events whose step may differ from run to run: open ones, then loose past ones."""
        return np.concatenate([self.plan.open, self.plan.loose.event])

    def _keys(self, active: Sequence[str]) -> list[tuple[int, tuple[str, ...]]]:
        """The sources that these policies scale, each with those that do."""
        own = ((source, tuple(n for n in active if n in touching)) for source, touching in self._touching.items())
        return [(source, names) for source, names in own if names]

    def _loose_place(self, source: int) -> int:
        found = np.flatnonzero(self.plan.loose.event == source)
        return int(found[0]) if len(found) else -1

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
            return _Scaled(of_past=factors) if self._loose_place(source) >= 0 else _Scaled(hazard=factors)
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


class _Parts:
    """What one portfolio changes, before it is numbered."""

    def __init__(self) -> None:
        self.hazards: dict[int, list[tuple[object, Floats, int]]] = {}  # by open event: name of the factor, it, source
        self.surfaces: list[tuple[int, int, object, Floats]] = []  # source, target, name, factor

    def add_hazard(self, name: object, factors: Sequence[tuple[int, Floats]], source: int = -1) -> None:
        """Factors on the hazards of open events, while a loose `source` stands where one is given."""
        for i, (target, factor) in enumerate(factors):
            self.hazards.setdefault(target, []).append(((name, i), factor, source))


def _variations(parts: Sequence[_Parts], pairs: Pairs, span: int) -> Variations:
    rows: dict[object, int] = {}
    surfaces: dict[object, int] = {}
    factor: list[Floats] = []
    row_most: list[float] = []
    surface: list[Floats] = []
    place = {pair: q for q, pair in enumerate(zip(pairs.source.tolist(), pairs.target.tolist(), strict=True))}
    changes: dict[object, int] = {}
    changed_start, entry_start, surface_start = [0], [0], [0]
    changed, entries, scaled, most = [], [], [], []
    events: list[int] = []
    for part in parts:
        for target, own in sorted(part.hazards.items()):
            key = target, tuple((name, source) for name, _, source in own)
            if key not in changes:
                changes[key] = len(events)
                events.append(target)
                largest = 1.0
                for name, factors, source in own:
                    if name not in rows:
                        rows[name] = len(factor)
                        factor.append(factors)
                        row_most.append(float(factors.max()))
                    entries.append((rows[name], source))
                    largest *= row_most[rows[name]]
                most.append(largest)
                entry_start.append(len(entries))
            changed.append(changes[key])
        for source, target, name, factors in part.surfaces:
            if (name, target) not in surfaces:
                surfaces[name, target] = len(surface)
                surface.append(factors)
            scaled.append((place[source, target], surfaces[name, target]))
        changed_start.append(len(changed))
        surface_start.append(len(scaled))
    entry, pair = np.array(entries, dtype=np.int64).reshape(-1, 2), np.array(scaled, dtype=np.int64).reshape(-1, 2)
    return Variations(
        np.array(changed_start, dtype=np.int64), np.array(changed, dtype=np.int64), np.array(events, dtype=np.int64),
        np.array(most, dtype=np.float64), np.array(entry_start, dtype=np.int64), entry[:, 0].copy(), entry[:, 1].copy(),
        np.array(factor).reshape(len(factor), span),
        np.array(surface_start, dtype=np.int64), pair[:, 0].copy(), pair[:, 1].copy(),
        np.array(surface).reshape(len(surface), span, span),
    )  # fmt: skip
