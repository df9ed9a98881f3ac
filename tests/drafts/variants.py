"""Drafted lenses, policies and scenarios: what is changed about a model (method §5, §10, §11)."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING, Any

from tests.drafts.relations import MECHANISMS, course, with_mechanism

if TYPE_CHECKING:
    from tests.drafts.events import EventDraft
    from tests.drafts.quill import Quill
    from tests.drafts.relations import TrendDraft

__all__ = ["draft_lenses", "draft_policies", "draft_scenario"]

Mapping = dict[str, Any]


def draft_lenses(quill: Quill) -> Mapping:
    """No lens at all, or a reference with a rival."""
    if quill.chance(0.4):
        return {}
    quill.features.add("lens_weights")
    lenses: Mapping = {
        "ours": {"reference": True, "weights": {MECHANISMS[0]: quill.pick([0.5, 1, 1.3]), MECHANISMS[1]: 1}},
        "theirs": {"weights": {MECHANISMS[0]: quill.pick([0, 0.4, 1.4]), MECHANISMS[1]: 0.7}},
    }
    for lens in lenses.values():
        if quill.chance(0.35):
            quill.features.add("lens_half_lives")
            lens["half_lives"] = {
                str(quill.pick(list(MECHANISMS))): quill.clock.duration(round(quill.between(1, 5), 1))
            }
    return lenses


def draft_policies(
    quill: Quill, events: list[EventDraft], links: Mapping, impacts: Mapping, trends: list[TrendDraft]
) -> Mapping:
    if quill.chance(0.45):
        return {}
    names = ["policy_1", "policy_2"][: int(quill.rng.integers(1, 3))]
    return {name: _policy(quill, name, events, links, impacts, trends) for name in names}


def _policy(
    quill: Quill, name: str, events: list[EventDraft], links: Mapping, impacts: Mapping, trends: list[TrendDraft]
) -> Mapping:
    clock = quill.clock
    first = clock.as_of + int(quill.rng.integers(1, clock.n_future))
    body: Mapping = {"title": name.capitalize(), "actor": "us", "cost": quill.number(2.0), "from": clock.date(first)}
    if quill.chance(0.4):
        quill.features.add("policy_until")
        body["until"] = clock.date(int(quill.rng.integers(first, clock.n_steps - 1)))
    prospective = [event.name for event in events if event.kind == "prospective"]
    if quill.chance(0.6):
        quill.features.add("policy_events")
        effect = {"rate_ratio": quill.ratio(exp(quill.between(-0.8, 0.8)))}
        body["events"] = {quill.pick(prospective): with_mechanism(quill, effect)}
    for kind, keys in {"links": list(links), "impacts": list(impacts)}.items():
        if keys and quill.chance(0.6):
            quill.features.add(f"policy_{kind}")
            body[kind] = {quill.pick(keys): with_mechanism(quill, {"scale": quill.number(quill.pick([0.4, 0.7, 1.5]))})}
    if quill.chance(0.5):
        quill.features.add("policy_trends")
        trend = quill.pick(trends)
        body["trends"] = {trend.name: with_mechanism(quill, course(quill, trend))}
    return body


def draft_scenario(quill: Quill, model: Mapping, events: list[EventDraft]) -> Mapping:
    """A scenario that fixes events, overrides a link or a probability, chooses a lens and policies; {} for none."""
    if quill.chance(0.35):
        return {}
    scenario: Mapping = {"etia": 1, "title": "Shift", "extends": "reference"}
    overrides: Mapping = {}
    prospective = [event for event in events if event.kind == "prospective"]
    prospective = [prospective[i] for i in quill.rng.permutation(len(prospective)).tolist()]
    if quill.chance(0.6):
        quill.features.add("happens_date")
        step = int(quill.rng.integers(quill.clock.as_of + 1, quill.clock.n_steps))
        overrides[prospective.pop().name] = {"happens": quill.clock.date(step)}
    if quill.chance(0.4) and (never := [*prospective, *(event for event in events if event.kind == "past")]):
        event = quill.pick(never)
        quill.features.add(f"happens_never_{event.kind}")
        overrides[event.name] = {"happens": "never"}
    free = [event for event in prospective if event.is_free and event.name not in overrides]
    if free and quill.chance(0.5):
        quill.features.add("scenario_probability")
        overrides[free[0].name] = {"probability": _other_curve(quill, model["events"][free[0].name]["probability"])}
    if overrides:
        scenario["events"] = overrides
    if model["links"] and quill.chance(0.5):
        quill.features.add("scenario_link")
        scenario["links"] = {quill.pick(list(model["links"])): {"rate_ratio": round(quill.between(0.3, 4), 3)}}
    if model.get("lenses") and quill.chance(0.5):
        quill.features.add("scenario_lens")
        scenario["lens"] = "theirs"
    if model.get("policies") and quill.chance(0.6):
        quill.features.add("scenario_policies")
        scenario["policies"] = list(model["policies"])
    return scenario


def _other_curve(quill: Quill, curve: Any) -> Any:
    """The same dates with other probabilities: a list replaces a list, a map merges into a map."""
    if isinstance(curve, dict):
        return {"value": round(quill.between(0.15, 0.6), 3)}
    rising = sorted(round(quill.between(0.1, 0.6), 3) for _ in curve)
    return [{**point, "value": value} for point, value in zip(curve, rising, strict=True)]
