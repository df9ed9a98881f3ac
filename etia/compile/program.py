"""From a model, a scenario, a lens and one draw of the judgements to the engine's Program: the middle of a run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from etia.compile import events as event_parts
from etia.compile import measured, relations
from etia.compile.grounds import Grounds
from etia.compile.past import Past
from etia.compile.policies import PolicyDraws, policies
from etia.compile.scales import scales
from etia.engine.calibration import base_rates
from etia.engine.program import Program, Trends
from etia.engine.responses import Impacts, couple, may_act, spectral_radius, total_responses
from etia.errors import StabilityError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etia.compile.baselines import Draws
    from etia.compile.judgements import Judgements
    from etia.compile.lens import LensWeights
    from etia.engine.memory import Memory
    from etia.engine.program import Conditions, Noise, Scales
    from etia.engine.responses import Couplings
    from etia.schema.model import Model

    Floats = NDArray[np.float64]

__all__ = ["Compiled", "compile_model"]


class _Responses(NamedTuple):
    """What events do to trends in one draw."""

    total: Floats  # (rows, K, T) total responses by age
    row: NDArray[np.int32]  # (N, T) row of an event by the step at which it comes
    couplings: Couplings
    may_act: NDArray[np.bool_]  # (rows, K) False where a response is sure to be 0 throughout


@dataclass(frozen=True)
class Compiled:
    """A model under a lens, with or without a scenario and policies: all draws, ready to become Programs one by one.

    `reference` is the plain model under the same lens, whose past fixes the baselines (§4: scenarios and policies keep
    b_k and own noise); itself where there is no scenario.
    """

    model: Model
    lens: LensWeights
    judgements: Judgements
    index: event_parts.EventIndex
    fixed_step: NDArray[np.int32]  # (P, N)
    removed: NDArray[np.bool_]  # (N,)
    curves: event_parts.CurveDraws
    links: relations.LinkDraws
    sensitivities: relations.SensitivityDraws
    impacts: relations.ImpactDraws
    couplings: relations.CouplingDraws
    policies: PolicyDraws
    reference: Compiled | None = None
    central: Compiled | None = None  # the same with every judgement at its mean; itself where that is what it is

    @property
    def n_draws(self) -> int:
        return self.judgements.n_draws

    @cached_property
    def courses(self) -> measured.Courses | None:
        """What the measured trends' baselines share over all draws, from the central model under this lens."""
        if self.central is not None:
            return self.central.courses
        made = self._responses(0)
        return measured.courses(self.model, self.judgements, self._past(0, made), made.couplings)

    @cached_property
    def baseline_draws(self) -> dict[int, Draws]:
        """By trend what the data leave open about a measured trend's baseline, in every draw."""
        return {} if self.courses is None else measured.drawn(self.courses, self.judgements)

    @property
    def baseline_errors(self) -> dict[str, Floats]:
        """(P,) by path how far a draw's fitted baseline lies from the best one at `end`: for sensitivity (§8)."""
        source = self.reference or self
        names = list(source.model.trends)
        return {f"trends.{names[k]}.baseline": drawn.error[:, -1] for k, drawn in source.baseline_draws.items()}

    def program(self, p: int, rate: Floats | None = None) -> Program:
        """The Program of draw p. `rate` (I,) are calibrated base rates of `curves`; without them every rate is 0."""
        calendar = self.model.timeline
        n, n_steps = len(self.index), calendar.n_steps
        base_rate = np.zeros((n, n_steps))
        if rate is not None:
            base_rate = base_rates(self.curves.draw(p), rate, n, n_steps)[self.index.copy_of]
        factor = self.policies.rate_factor(p, n, n_steps)
        if factor is not None:
            base_rate = base_rate * factor
        links = self.links.draw(p, n_steps, self.policies.link_scale(p, len(self.links.keys), n_steps))
        requires, prevented_by = self._conditions
        trends = self._trends(p, self._responses(p))
        nothing = np.zeros(n, dtype=bool)
        program = Program(
            n_steps, calendar.as_of, self.fixed_step[p], base_rate, links, requires, prevented_by,
            self.sensitivities.draw(p), trends, self.index.copy_of, nothing, self._is_scheduled,
        )  # fmt: skip
        return program.without(np.flatnonzero(self.removed)) if self.removed.any() else program

    @cached_property
    def _conditions(self) -> tuple[Conditions, Conditions]:
        """`requires` and `prevented_by`, the same in all draws."""
        return event_parts.conditions(self.model, self.index)

    @cached_property
    def _scales(self) -> Scales:
        """The trends' latent scales, the same in all draws."""
        return scales(self.model)

    @cached_property
    def _is_scheduled(self) -> NDArray[np.bool_]:
        """(N,) events that come at their date after `as_of`, chance and scenario apart."""
        scheduled = np.zeros(len(self.index), dtype=bool)
        calendar = self.model.timeline
        for name, event in self.model.events.items():
            if event.happens is None and event_parts.is_scheduled_or_past(event, calendar):
                assert event.date is not None
                scheduled[self.index.place[name]] = calendar.first_step(event.date) > calendar.as_of
        return scheduled

    def with_policies(self, chosen: Sequence[str], spans: dict[str, tuple[int, int]] | None = None) -> Compiled:
        """The same with these policies at work (§11); `spans` moves some of them."""
        drawn = policies(
            self.model, chosen, self.index, self.lens, self.judgements, self.links, self.impacts, spans=spans
        )
        return replace(self, policies=drawn, reference=self.reference or self)

    def _responses(self, p: int) -> _Responses:
        """What events do to trends in one draw."""
        couplings = self.couplings.draw(p)
        n_trends, n_steps = len(self.model.trends), self.model.timeline.n_steps
        if spectral_radius(couplings, n_trends) >= 1.0:
            raise StabilityError(*_unstable_loop(couplings, list(self.model.trends)))
        impacts = self.impacts.draw(p)
        rows, impacts, n_rows = self._scaled(p, impacts)
        return _Responses(
            total_responses(impacts, couplings, n_rows, n_trends, n_steps), rows, couplings,
            may_act(impacts, couplings, n_rows, n_trends),
        )  # fmt: skip

    def _scaled(self, p: int, impacts: Impacts) -> tuple[NDArray[np.int32], Impacts, int]:
        """Rows by event and step, with a row more for each set of factors that policies put on an event's impacts."""
        n, n_steps = len(self.index), self.model.timeline.n_steps
        rows = np.repeat(self.index.copy_of[:, None], n_steps, axis=1).astype(np.int32)
        scale = self.policies.impact_scale(p, len(self.impacts.keys), n_steps)
        if scale is None:
            return rows, impacts, n
        n_rows = n
        for event in np.unique(impacts.row[np.any(scale != 1.0, axis=1)]):
            own = np.flatnonzero(impacts.row == event)
            factors, which = np.unique(scale[own], axis=1, return_inverse=True)
            for variant, factor in enumerate(factors.T):
                if np.all(factor == 1.0):
                    continue
                rows[np.ix_(self.index.copy_of == event, which.ravel() == variant)] = n_rows
                impacts = _appended(impacts, own, n_rows, factor)
                n_rows += 1
        return rows, impacts, n_rows

    def _trends(self, p: int, made: _Responses) -> Trends:
        n_trends, n_steps = len(self.model.trends), self.model.timeline.n_steps
        source, couplings = self.reference or self, made.couplings

        def factual() -> tuple[Past, Couplings]:
            plain = made if source is self else source._responses(p)
            return source._past(p, plain), plain.couplings

        baseline, own = source._ground_of(self.model).of(p, factual)
        # own noise and baselines are those of the factual past; what couplings make of the noise is this world's
        known = couple(own[None], couplings)[0]
        noise = source._noise(p, list(self.model.trends), couplings)
        if self.policies.direct:
            known = known + self.policies.deviation(p, couplings, n_trends, n_steps)
        return Trends(self._scales, baseline, known, made.total, made.row, noise, made.may_act)

    @cached_property
    def _grounds(self) -> dict[int, tuple[Model, Grounds]]:
        """Those asked for, by the identity of a model, which is held: the plain one and scenarios over it."""
        return {}

    def _ground_of(self, model: Model) -> Grounds:
        """What lies beneath the trends of the model or of a scenario over it; one for all that have the same trends."""
        if id(model) not in self._grounds:
            known = (found for _, found in list(self._grounds.values()) if found.serves(model))
            self._grounds[id(model)] = model, next(known, None) or Grounds(self, model)
        return self._grounds[id(model)][1]

    def _noise(self, p: int, names: list[str], couplings: Couplings) -> Noise | None:
        """Random noise of the trends of these names in draw p, on its way along these couplings."""
        if self.courses is None:
            return None
        if p not in self._memories:
            self._memories[p] = measured.memories(self.courses, self.baseline_draws, p)
        return measured.random_noise(self.courses, self._memories[p], names, couplings)

    @cached_property
    def _memories(self) -> dict[int, tuple[Memory, ...]]:
        """By draw how innovations live on: kept with every draw's outcomes anyway."""
        return {}

    def _past(self, p: int, made: _Responses) -> Past:
        step = self.fixed_step[p]
        return Past(step, (step >= 0) & (step <= self.model.timeline.as_of), made.row, made.total)


def _appended(impacts: Impacts, own: NDArray[np.intp], row: int, factor: Floats) -> Impacts:
    def both(values: NDArray, extra: NDArray) -> NDArray:  # type: ignore[type-arg]
        return np.concatenate([values, extra]).astype(values.dtype)

    return Impacts(
        both(impacts.row, np.full(len(own), row)),
        both(impacts.trend, impacts.trend[own]),
        both(impacts.starts, impacts.starts[own]),
        both(impacts.peaks, impacts.peaks[own]),
        both(impacts.settles, impacts.settles[own]),
        both(impacts.peak, impacts.peak[own] * factor),
        both(impacts.lasting, impacts.lasting[own] * factor),
        both(impacts.fades, impacts.fades[own]),
    )


def _unstable_loop(couplings: Couplings, names: Sequence[str]) -> tuple[list[str], float]:
    """The strongest loop of the couplings by geometric mean of its strengths, and the spectral radius."""
    import networkx as nx

    graph = nx.DiGraph()
    for source, target, strength in zip(couplings.source, couplings.target, couplings.strength, strict=True):
        before = graph.get_edge_data(int(source), int(target), {"strength": 0.0})["strength"]
        graph.add_edge(int(source), int(target), strength=before + abs(strength))

    def gain(loop: list[int]) -> float:
        product = np.prod([graph.edges[a, b]["strength"] for a, b in zip(loop, [*loop[1:], loop[0]], strict=True)])
        return float(product ** (1.0 / len(loop)))

    def radius(nodes: set[int]) -> float:
        return float(np.abs(np.linalg.eigvals(nx.to_numpy_array(graph.subgraph(nodes), weight="strength"))).max())

    breaking = graph.subgraph(max(nx.strongly_connected_components(graph), key=radius))
    loops = list(nx.simple_cycles(breaking, length_bound=8)) or [[a for a, _ in nx.find_cycle(breaking)]]
    loop = max(loops, key=gain)
    return [names[k] for k in [*loop, loop[0]]], spectral_radius(couplings, len(names))


def compile_model(
    model: Model,
    lens: LensWeights,
    judgements: Judgements,
    *,
    chosen: Sequence[str] = (),
    reference: Compiled | None = None,
    central: Compiled | None = None,
) -> Compiled:
    """All draws of a model under a lens.

    `chosen` are the policies at work; `reference` is the plain model's where this is a scenario's; `central` is the
    same with central judgements, made here where it is left out.
    """
    if central is None and not judgements.central:
        central = compile_model(model, lens, judgements.at_centre(), reference=reference and reference.central)
    index = event_parts.EventIndex.of(model)
    fixed_step, removed = event_parts.event_steps(model, index, judgements)
    compiled = Compiled(
        model, lens, judgements, index, fixed_step, removed,
        event_parts.curves(model, index, judgements),
        relations.links(model, index, lens, judgements),
        relations.sensitivities(model, index, lens, judgements),
        relations.impacts(model, index, lens, judgements),
        relations.couplings(model, lens, judgements),
        PolicyDraws(), reference, central,
    )  # fmt: skip
    return compiled.with_policies(chosen) if chosen else compiled
