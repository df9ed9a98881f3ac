"""What a portfolio of policies does to rates, links, impacts and trends while it is active (method §11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etia.compile.relations import impact_courses
from etia.engine.responses import Couplings, Impacts, couple, own_responses
from etia.errors import UsageError
from etia.quantity import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etia.calendar import Calendar
    from etia.compile.events import EventIndex
    from etia.compile.judgements import Judgements
    from etia.compile.lens import LensWeights
    from etia.compile.relations import ImpactDraws, LinkDraws
    from etia.schema.model import Model
    from etia.schema.policy import Policy

    Floats = NDArray[np.float64]

__all__ = ["PolicyDraws", "policies", "policy_span"]


@dataclass(frozen=True)
class _Factor:
    """A factor on something while a policy is active: steps first … last, value (P,)."""

    on: tuple[int, ...]
    first: int
    last: int
    value: Floats


@dataclass(frozen=True)
class PolicyDraws:
    """Effects of the active policies in every draw."""

    on_events: tuple[_Factor, ...] = ()  # rate ratios π by event index
    on_links: tuple[_Factor, ...] = ()  # exponents of the rate ratio by link index
    on_impacts: tuple[_Factor, ...] = ()  # factors on the latent size by impact index
    direct: tuple[tuple[int, int, tuple[NDArray, ...]], ...] = ()  # type: ignore[type-arg]  # (trend, step, course)

    def rate_factor(self, p: int, n_events: int, n_steps: int) -> Floats | None:
        """(N, T) Π π of one draw; None where no policy acts on events."""
        return _product(self.on_events, p, n_events, n_steps)

    def link_scale(self, p: int, n_links: int, n_steps: int) -> Floats | None:
        """(L, T) exponents of one draw; None where no policy acts on links."""
        return _product(self.on_links, p, n_links, n_steps)

    def impact_scale(self, p: int, n_impacts: int, n_steps: int) -> Floats | None:
        """(I, T) factors on sizes by the step at which the event comes; None where no policy acts on impacts."""
        return _product(self.on_impacts, p, n_impacts, n_steps)

    @property
    def acts(self) -> bool:
        """Whether there is any effect at all."""
        return bool(self.on_events or self.on_links or self.on_impacts or self.direct)

    def deviation(self, p: int, couplings: Couplings, n_trends: int, n_steps: int, *, first_step: int = 0) -> Floats:
        """(K, T) what direct impacts do by themselves, passed on along couplings; of the steps from `first_step` on."""
        own = np.zeros((1, n_trends, n_steps - first_step))
        for trend, step, course in self.direct:
            one = [np.array([part[p]]) for part in course]
            zero, place = np.zeros(1, dtype=np.int32), np.array([trend], dtype=np.int32)
            own[0, :, step - first_step :] += own_responses(Impacts(zero, place, *one), 1, n_trends, n_steps - step)[0]
        return np.asarray(couple(own, couplings)[0])


def _product(factors: Sequence[_Factor], p: int, n: int, n_steps: int) -> Floats | None:
    if not factors:
        return None
    out = np.ones((n, n_steps))
    for factor in factors:
        out[list(factor.on), factor.first : factor.last + 1] *= factor.value[p]
    return out


def policy_span(policy: Policy, calendar: Calendar) -> tuple[int, int]:
    """First and last step of a policy, within the calendar."""
    first = calendar.as_of + 1 if policy.from_ is None else calendar.first_step(policy.from_)
    last = calendar.n_steps - 1 if policy.until is None else calendar.last_step(policy.until)
    return max(first, calendar.as_of + 1), min(last, calendar.n_steps - 1)


def policies(
    model: Model,
    chosen: Sequence[str],
    index: EventIndex,
    lens: LensWeights,
    judgements: Judgements,
    links: LinkDraws,
    impacts: ImpactDraws,
    *,
    spans: dict[str, tuple[int, int]] | None = None,
) -> PolicyDraws:
    """Effects of the chosen policies. `spans` replaces the steps in which some are active (signposts move them)."""
    on_events: list[_Factor] = []
    on_links: list[_Factor] = []
    on_impacts: list[_Factor] = []
    direct: list[tuple[int, int, tuple[NDArray, ...]]] = []  # type: ignore[type-arg]
    calendar = model.timeline
    trends = {name: k for k, name in enumerate(model.trends)}
    for name in chosen:
        if name not in model.policies:
            raise UsageError(f"there is no policy {name!r}; the model has {', '.join(model.policies) or 'none'}")
        policy, path = model.policies[name], f"policies.{name}"
        first, last = (spans or {}).get(name) or policy_span(policy, calendar)
        if first > calendar.n_steps - 1:
            continue
        for event, effect in policy.events.items():
            ratio = judgements.values(f"{path}.events.{event}.rate_ratio", effect.rate_ratio, Kind.RATE_RATIO)
            on_events.append(_Factor(tuple(index.copies(event)), first, last, ratio ** lens.weight(effect.mechanism)))
        for table, keys, out, part in (
            (policy.links, links.keys, on_links, "links"),
            (policy.impacts, impacts.keys, on_impacts, "impacts"),
        ):
            for key, scaled in table.items():
                scale = judgements.values(f"{path}.{part}.{key}.scale", scaled.scale, Kind.POSITIVE)
                places = tuple(i for i, found in enumerate(keys) if found == key)
                out.append(_Factor(places, first, last, scale ** lens.weight(scaled.mechanism)))
        for trend, impact in policy.trends.items():
            course = impact_courses(f"{path}.trends.{trend}", impact, model.trends[trend], calendar, lens, judgements)
            direct.append((trends[trend], first, course))
    return PolicyDraws(tuple(on_events), tuple(on_links), tuple(on_impacts), tuple(direct))
