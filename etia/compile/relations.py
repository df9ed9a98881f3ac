"""Links, sensitivities, impacts and couplings as arrays over all draws, under a lens (method §3–§5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etia.compile.scales import sizes
from etia.engine.program import Links, Sensitivities
from etia.engine.responses import Couplings, Impacts
from etia.quantity import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etia.calendar import Calendar
    from etia.compile.events import EventIndex
    from etia.compile.judgements import Judgements
    from etia.compile.lens import LensWeights
    from etia.quantity import Quantity
    from etia.schema.model import Model
    from etia.schema.relation import DirectImpact, Impact
    from etia.schema.trend import Trend

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]

__all__ = [
    "CouplingDraws",
    "ImpactDraws",
    "LinkDraws",
    "SensitivityDraws",
    "couplings",
    "impacts",
    "links",
    "sensitivities",
]

_FOREVER = np.inf


def _whole_steps(calendar: Calendar, months: Floats) -> Ints:
    """Durations in whole steps, halves up (method §1)."""
    return np.floor(months / calendar.months_per_step + 0.5).astype(np.int32)


def _duration(judgements: Judgements, path: str, quantity: Quantity | None, default: float = 0.0) -> Floats:
    """(P,) months."""
    if quantity is None:
        return np.full(judgements.n_draws, default)
    return judgements.values(path, quantity, Kind.DURATION)


def _half_life(
    judgements: Judgements,
    path: str,
    quantity: Quantity | None,
    mechanism: str | None,
    lens: LensWeights,
    calendar: Calendar,
) -> Floats:
    """(P,) steps, not rounded; inf where nothing fades. A lens's half-life replaces the written one."""
    months = lens.half_life(mechanism)
    if months is not None:
        return np.full(judgements.n_draws, calendar.steps(months))
    return _duration(judgements, path, quantity, _FOREVER) / calendar.months_per_step


def _stacked(columns: Sequence[NDArray], n_draws: int, kind: type) -> NDArray:  # type: ignore[type-arg]
    return np.array(columns, dtype=kind).reshape(len(columns), n_draws).T.copy()


@dataclass(frozen=True)
class LinkDraws:
    """Links in every draw. L links between the engine's events (copies apart)."""

    keys: tuple[str, ...]  # (L,) key of the relation in the model
    source: Ints
    target: Ints
    log_ratio: Floats  # (P, L) ln ρ^w
    lag: Ints  # (P, L) ℓ = max(lag, 1)
    half_life: Floats  # (P, L) steps; inf: lasting

    def draw(self, p: int, n_ages: int, scale: Floats | None = None) -> Links:
        """Ln M by age (L, ages) of one draw: w(age) · ln ρ, w = 0 below ℓ, else 1 or 0.5^((age − ℓ)/half-life)."""
        age = np.arange(n_ages) - self.lag[p][:, None]
        with np.errstate(over="ignore", under="ignore"):
            w = np.where(age < 0, 0.0, np.exp2(-np.maximum(age, 0) / self.half_life[p][:, None]))
        return Links(self.source, self.target, self.log_ratio[p][:, None] * w, scale)


def links(model: Model, index: EventIndex, lens: LensWeights, judgements: Judgements) -> LinkDraws:
    """All links, each between every copy of its source and of its target."""
    calendar = model.timeline
    keys: list[str] = []
    ends: list[tuple[int, int]] = []
    log_ratio: list[Floats] = []
    lag: list[Floats] = []
    half_life: list[Floats] = []
    for key, link in sorted(model.links.items()):
        path = f"links.{key}"
        ratio = judgements.values(f"{path}.rate_ratio", link.rate_ratio, Kind.RATE_RATIO)
        weighed = lens.weight(link.mechanism) * np.log(ratio)
        steps = np.maximum(_whole_steps(calendar, _duration(judgements, f"{path}.lag", link.lag)), 1)
        fading = _half_life(judgements, f"{path}.half_life", link.half_life, link.mechanism, lens, calendar)
        for source in index.copies(link.source):
            for target in index.copies(link.target):
                keys.append(key)
                ends.append((source, target))
                log_ratio.append(weighed)
                lag.append(steps)
                half_life.append(fading)
    n = judgements.n_draws
    table = np.array(ends, dtype=np.int32).reshape(len(ends), 2)
    return LinkDraws(
        tuple(keys),
        table[:, 0].copy(),
        table[:, 1].copy(),
        _stacked(log_ratio, n, float),
        _stacked(lag, n, np.int32),
        _stacked(half_life, n, float),
    )


@dataclass(frozen=True)
class SensitivityDraws:
    """Sensitivities of events to trends in every draw. S pairs."""

    event: Ints
    trend: Ints
    beta: Floats  # (P, S) ln ρ^w per unit of the latent scale

    def draw(self, p: int) -> Sensitivities:
        """One draw's sensitivities."""
        return Sensitivities(self.event, self.trend, self.beta[p])


def sensitivities(model: Model, index: EventIndex, lens: LensWeights, judgements: Judgements) -> SensitivityDraws:
    """β = ln ρ^w / g-size(per) for every event and copy that is sensitive to a trend."""
    place = {name: k for k, name in enumerate(model.trends)}
    ends: list[tuple[int, int]] = []
    beta: list[Floats] = []
    for name, event in sorted(model.events.items()):
        for trend, felt in sorted(event.sensitive_to.items()):
            path = f"events.{name}.sensitive_to.{trend}"
            ratio = judgements.values(f"{path}.rate_ratio", felt.rate_ratio, Kind.RATE_RATIO)
            per = sizes(judgements, f"{path}.per", felt.per, model.trends[trend])
            for copy in index.copies(name):
                ends.append((copy, place[trend]))
                beta.append(lens.weight(felt.mechanism) * np.log(ratio) / per)
    table = np.array(ends, dtype=np.int32).reshape(len(ends), 2)
    return SensitivityDraws(table[:, 0].copy(), table[:, 1].copy(), _stacked(beta, judgements.n_draws, float))


@dataclass(frozen=True)
class ImpactDraws:
    """Impacts in every draw, one row an event of the model (copies share it). I impacts."""

    keys: tuple[str, ...]
    row: Ints
    trend: Ints
    starts: Ints  # (P, I)
    peaks: Ints
    settles: Ints
    peak: Floats  # (P, I) latent
    lasting: Floats
    fades: Floats  # (P, I) steps

    def draw(self, p: int) -> Impacts:
        """One draw's impacts."""
        return Impacts(
            self.row,
            self.trend,
            self.starts[p],
            self.peaks[p],
            self.settles[p],
            self.peak[p],
            self.lasting[p],
            self.fades[p],
        )


def impact_courses(
    path: str,
    impact: Impact | DirectImpact,
    trend: Trend,
    calendar: Calendar,
    lens: LensWeights,
    judgements: Judgements,
) -> tuple[Ints, Ints, Ints, Floats, Floats, Floats]:
    """(P,) starts, peaks, settles in steps; peak, lasting in the latent scale; fades in steps (method §4)."""
    starts = _duration(judgements, f"{path}.starts", impact.starts)
    peaks = starts if impact.peaks is None else np.maximum(_duration(judgements, f"{path}.peaks", impact.peaks), starts)
    settles = (
        peaks if impact.settles is None else np.maximum(_duration(judgements, f"{path}.settles", impact.settles), peaks)
    )
    shared = f"{path}.size"
    lasting = sizes(judgements, f"{path}.lasting", impact.lasting, trend, shared=shared)
    peak = lasting if impact.peak is None else sizes(judgements, f"{path}.peak", impact.peak, trend, shared=shared)
    begin, top, level = (_whole_steps(calendar, months) for months in (starts, peaks, settles))
    level = np.where(peak != lasting, np.maximum(level, top + 1), level).astype(np.int32)
    weight = lens.weight(impact.mechanism)
    fades = _half_life(judgements, f"{path}.fades", impact.fades, impact.mechanism, lens, calendar)
    return begin, top, level, weight * peak, weight * lasting, fades


def impacts(model: Model, index: EventIndex, lens: LensWeights, judgements: Judgements) -> ImpactDraws:
    """All impacts of events on trends."""
    place = {name: k for k, name in enumerate(model.trends)}
    calendar, n = model.timeline, judgements.n_draws
    courses = [
        impact_courses(f"impacts.{key}", impact, model.trends[impact.target], calendar, lens, judgements)
        for key, impact in model.impacts.items()
    ]
    columns = list(zip(*courses, strict=True)) if courses else [()] * 6
    return ImpactDraws(
        tuple(model.impacts),
        np.array([index.place[impact.source] for impact in model.impacts.values()], dtype=np.int32),
        np.array([place[impact.target] for impact in model.impacts.values()], dtype=np.int32),
        *(_stacked(columns[i], n, np.int32) for i in range(3)),
        *(_stacked(columns[i], n, float) for i in range(3, 6)),
    )


@dataclass(frozen=True)
class CouplingDraws:
    """Couplings in every draw. C couplings."""

    keys: tuple[str, ...]
    source: Ints
    target: Ints
    strength: Floats  # (P, C)
    lag: Ints  # (P, C) ≥ 1

    def draw(self, p: int) -> Couplings:
        """One draw's couplings."""
        return Couplings(self.source, self.target, self.strength[p], self.lag[p])


def couplings(model: Model, lens: LensWeights, judgements: Judgements) -> CouplingDraws:
    """All couplings between trends."""
    place = {name: k for k, name in enumerate(model.trends)}
    calendar, n = model.timeline, judgements.n_draws
    strength: list[Floats] = []
    lag: list[Ints] = []
    ordered = dict(sorted(model.couplings.items()))
    for key, coupling in ordered.items():
        path = f"couplings.{key}"
        drawn = judgements.values(f"{path}.strength", coupling.strength, Kind.STRENGTH)
        strength.append(lens.weight(coupling.mechanism) * drawn)
        lag.append(np.maximum(_whole_steps(calendar, _duration(judgements, f"{path}.lag", coupling.lag)), 1))
    return CouplingDraws(
        tuple(ordered),
        np.array([place[c.source] for c in ordered.values()], dtype=np.int32),
        np.array([place[c.target] for c in ordered.values()], dtype=np.int32),
        _stacked(strength, n, float),
        _stacked(lag, n, np.int32),
    )
