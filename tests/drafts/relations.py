"""Drafted trends and relations: links, sensitivities, impacts, couplings (method §3, §4)."""

from __future__ import annotations

from dataclasses import dataclass
from math import copysign, exp
from typing import TYPE_CHECKING, Any

from tests.drafts.histories import measure

if TYPE_CHECKING:
    from tests.drafts.events import EventDraft
    from tests.drafts.quill import Quill, Written

__all__ = ["TrendDraft", "course", "draft_couplings", "draft_impacts", "draft_links", "draft_trends", "make_sensitive"]

Mapping = dict[str, Any]

MECHANISMS = ("push", "pull")


@dataclass(frozen=True)
class TrendDraft:
    """A trend, with a middling size in its own words and in the latent scale."""

    name: str
    scale: str
    body: Mapping
    size: float  # trend units, percent or points
    size_latent: float
    is_measured: bool = False

    def write_size(self, quill: Quill, value: float, form: str | None = None) -> Written:
        return quill.percent(value, form) if self.scale == "log" else quill.number(value, form)


def with_mechanism(quill: Quill, body: Mapping) -> Mapping:
    return {**body, "mechanism": quill.pick(list(MECHANISMS))} if quill.chance(0.75) else body


# Trends


def draft_trends(quill: Quill, gauge: Quill | None = None) -> list[TrendDraft]:
    """One to three trends; with a `gauge` the first is measured, and others may be."""
    n_trends = int(quill.rng.integers(1, 4))
    return [
        _trend(quill, f"trend_{i}", gauge if gauge and (i == 1 or gauge.chance(0.4)) else None)
        for i in range(1, n_trends + 1)
    ]


def _trend(quill: Quill, name: str, gauge: Quill | None) -> TrendDraft:
    scale = str(quill.pick(["linear", "log", "logit"]))
    quill.features.add(f"scale_{scale}")
    lower, upper = quill.pick([(0, 100), (-20, 60)])
    body: Mapping = {"title": name.capitalize(), "unit": "index", "level": "meso", "scale": scale}
    value, size, size_latent = {
        "linear": (20.0, 10.0, 10.0),
        "log": (3.0, 20.0, 0.2),
        "logit": (lower + 0.4 * (upper - lower), 0.1 * (upper - lower), 0.4),
    }[scale]
    if scale == "logit":
        body["bounds"] = [lower, upper]
    if quill.chance(0.2):
        quill.features.add("levels")
        body["levels"] = {0: "low", 12: "middle", 25: "high"}
    draft = TrendDraft(name, scale, body, size, size_latent, is_measured=gauge is not None)
    if gauge is not None:
        measure(gauge, draft, value)
    else:
        _construct(quill, draft, value)
    return draft


def _construct(quill: Quill, draft: TrendDraft, value: float) -> None:
    body = draft.body
    since = int(quill.rng.integers(1, quill.clock.as_of + 1)) if quill.chance(0.4) else 0
    if since:
        quill.features.add("constructed_later")
    body["constructed"] = {"from": quill.clock.date(since), "value": quill.number(value)}
    if quill.chance(0.3):
        quill.features.add("drift")
        body["constructed"]["drift"] = draft.write_size(quill, draft.size * quill.between(-0.2, 0.2))


# Links


def draft_links(quill: Quill, events: list[EventDraft]) -> Mapping:
    pairs = [(a, b) for a in events for b in events if a is not b and b.kind == "prospective"]
    past = [event for event in events if event.kind == "past"]
    between_past = [(a, b) for a in past for b in past if a.last < b.first]
    chosen = [quill.pick(pairs) for _ in range(int(quill.rng.integers(0, 6)))] if pairs else []
    if between_past and quill.chance(0.8):
        quill.features.add("link_between_past")
        chosen.append(quill.pick(between_past))
    links: Mapping = {}
    for a, b in chosen:
        key = f"{a.name} -> {b.name}"
        if key in links:
            quill.features.add("link_parallel")
            key += " (again)"
        links[key] = _link(quill)
    if any(f"{b.name} -> {a.name}" in links for a, b in chosen):
        quill.features.add("link_cycle")
    return links


def _link(quill: Quill) -> Mapping:
    log_ratio = _stretched(quill.between(-1.3, 1.6))
    quill.features.add("link_promotes" if log_ratio > 0 else "link_inhibits")
    if abs(log_ratio) > 2.5:
        quill.features.add("link_strong")
    body: Mapping = {"rate_ratio": quill.ratio(exp(log_ratio))}
    if quill.chance(0.5):
        quill.features.add("link_lag")
        body["lag"] = quill.duration(int(quill.rng.integers(0, 4)))
    if quill.chance(0.4):
        quill.features.add("link_half_life")
        body["half_life"] = quill.half_life()
    return with_mechanism(quill, body)


def _stretched(log_ratio: float) -> float:
    """Weak and middling ratios as they are, the outermost fifth drawn out to e^±6."""
    beyond = max(abs(log_ratio - 0.15) - 1.15, 0.0) / 0.3
    return log_ratio + copysign(4.4 * beyond, log_ratio) if beyond else log_ratio


# Sensitivity of events to trends


def make_sensitive(quill: Quill, events: list[EventDraft], trends: list[TrendDraft]) -> None:
    for event in events:
        if event.kind == "scheduled" or not quill.chance(0.3 if event.kind == "prospective" else 0.2):
            continue
        event.body["sensitive_to"] = {}
        for index in quill.rng.permutation(len(trends))[:2].tolist():
            trend = trends[index]
            quill.features |= {f"sensitive_{trend.scale}", f"sensitive_{event.kind}"}
            per = f"+{trend.size:g}%" if trend.scale == "log" else trend.size
            sensitivity = {"per": per, "rate_ratio": quill.ratio(exp(quill.between(-0.5, 0.6)))}
            event.body["sensitive_to"][trend.name] = with_mechanism(quill, sensitivity)


# Impacts


def draft_impacts(quill: Quill, events: list[EventDraft], trends: list[TrendDraft]) -> Mapping:
    impacts: Mapping = {}
    for event in events:
        for _ in range(int(quill.rng.integers(0, 3))):
            trend = quill.pick(trends)
            key = f"{event.name} -> {trend.name}"
            if key in impacts:
                quill.features.add("impact_parallel")
                key += " (again)"
            quill.features.add(f"impact_{event.kind}")
            impacts[key] = with_mechanism(quill, course(quill, trend))
    return impacts


def course(quill: Quill, trend: TrendDraft) -> Mapping:
    """The course of an impact: one of the short forms, or the five parameters."""
    shape = str(quill.pick(["step", "ramp", "pulse", "trapezoid"]))
    quill.features.add(f"impact_{shape}")
    starts, rise, fall = (int(quill.rng.integers(low, 3)) for low in (0, 0, 1))
    if shape == "step":
        rise = fall = 0
    if shape == "ramp":
        rise, fall = max(rise, 1), 0
    times = {"starts": starts, "peaks": starts + rise, "settles": starts + rise + fall}
    keys = {"step": ["starts"], "ramp": ["starts", "peaks"]}.get(shape, list(times))
    body: Mapping = {} if shape == "trapezoid" else {"shape": shape}
    for key in keys:
        if key != "starts" or quill.chance(0.5) or (starts and shape != "step"):
            body[key] = quill.duration(times[key])
    form, size = quill.form(), trend.size * quill.between(0.4, 1.5) * quill.pick([-1, 1])
    if shape in ("pulse", "trapezoid"):
        body["peak"] = trend.write_size(quill, size, form)
    if shape != "pulse":
        body["lasting"] = trend.write_size(
            quill, size if shape != "trapezoid" else size * quill.between(0.2, 0.7), form
        )
        if quill.chance(0.3):
            quill.features.add("impact_fades")
            body["fades"] = quill.half_life()
    return body


# Couplings


def draft_couplings(quill: Quill, trends: list[TrendDraft]) -> Mapping:
    """Couplings whose absolute strengths, in units of the trends' sizes, stay below a quarter: no loop can amplify."""
    pairs = [(a, b) for a in trends for b in trends if a is not b]
    couplings: Mapping = {}
    for a, b in pairs:
        if not quill.chance(0.4):
            continue
        quill.features.add("coupling_loop" if f"{b.name} -> {a.name}" in couplings else "coupling")
        strength = quill.between(0.05, 0.24) * quill.pick([-1, 1]) * b.size_latent / a.size_latent
        body: Mapping = {"strength": quill.number(strength)}
        if quill.chance(0.7):
            body["lag"] = quill.duration(int(quill.rng.integers(1, 4)), shortest=1)
        couplings[f"{a.name} -> {b.name}"] = with_mechanism(quill, body)
    return couplings
