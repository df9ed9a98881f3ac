"""Drafted events: past, scheduled and prospective ones with curves, conditions and repeats (method §1, §3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.drafts.quill import Quill

__all__ = ["EventDraft", "draft_events", "n_future_steps"]

Mapping = dict[str, Any]

FUTURE_STEPS = {1: 8, 2: 8, 3: 7, 4: 6, 5: 5, 6: 4}
"""most future steps by number of open events, copies included: a few thousand histories"""


@dataclass
class EventDraft:
    """An event and what the other parts need to know of it."""

    name: str
    kind: str  # past | scheduled | prospective
    body: Mapping
    first: int = -1  # steps that its date may be in
    last: int = -1
    requires: set[str] = field(default_factory=set)  # at any remove
    is_free: bool = True  # no conditions
    surely: tuple[int, float] | None = None  # (future step, probability by then) of a calibrated point


def n_future_steps(n_open: int) -> int:
    return FUTURE_STEPS[n_open]


def draft_events(quill: Quill, n_prospective: int, n_copies: int) -> list[EventDraft]:
    drafts = [_past(quill, f"past_{i}") for i in range(1, int(quill.rng.integers(1, 4)) + 1)]
    _past_requirement(quill, drafts)
    if quill.chance(0.3):
        drafts.append(_scheduled(quill))
    for i in range(1, n_prospective + 1):
        drafts.append(_prospective(quill, f"event_{i}", drafts))
    _preventers(quill, drafts)
    if n_copies:
        quill.features.add("repeats")
        quill.pick([draft for draft in drafts if draft.kind == "prospective"]).body["repeats"] = 1 + n_copies
    return drafts


def _body(quill: Quill, name: str) -> Mapping:
    level = quill.pick(["macro", "meso"])
    return {"title": name.replace("_", " ").capitalize(), "level": level, "domains": ["strategic"]}


def _dated(quill: Quill, name: str, kind: str, first: int, last: int) -> EventDraft:
    """An event with a date in the steps first … last: its step, a day in it, or a coarser date."""
    clock, body = quill.clock, _body(quill, name)
    coarse = clock.coarse_dates(first, last)
    if coarse and quill.chance(0.5):
        quill.features.add("uncertain_date")
        body["date"], begin, end = quill.pick(coarse)
        return EventDraft(name, kind, body, begin, end)
    step = int(quill.rng.integers(first, last + 1))
    body["date"] = clock.day(step) if quill.chance(0.2) else clock.date(step)
    return EventDraft(name, kind, body, step, step)


def _past(quill: Quill, name: str) -> EventDraft:
    return _dated(quill, name, "past", 0, quill.clock.as_of)


def _scheduled(quill: Quill) -> EventDraft:
    quill.features.add("scheduled")
    return _dated(quill, "scheduled", "scheduled", quill.clock.as_of + 1, quill.clock.n_steps - 1)


def _past_requirement(quill: Quill, drafts: list[EventDraft]) -> None:
    """Now and then a past event requires an earlier one."""
    pairs = [(a, b) for a in drafts for b in drafts if a.last < b.first]
    if pairs and quill.chance(0.3):
        quill.features.add("requires_past")
        a, b = quill.pick(pairs)
        b.body["requires"], b.requires = [a.name], {a.name}


def _prospective(quill: Quill, name: str, earlier: list[EventDraft]) -> EventDraft:
    draft = EventDraft(name, "prospective", _body(quill, name))
    required = quill.pick(earlier) if quill.chance(0.4) else None
    if required is None:
        _free_curve(quill, draft)
        return draft
    quill.features.add("requires")
    draft.body["requires"], draft.is_free = [required.name], False
    draft.requires = {required.name} | required.requires
    if required.surely and quill.chance(0.7):
        # what waits can at most be as probable as what it waits for was a step before
        _curve(quill, draft, [quill.clock.n_future], [required.surely[1] * quill.between(0.25, 0.4)], "marginal")
        return draft
    _curve(quill, draft, *_points(quill), "base")
    return draft


def _points(quill: Quill) -> tuple[list[int], list[float]]:
    """Future steps (1 … n_future) and rising probabilities of a curve."""
    n_points = int(quill.rng.integers(1, min(3, quill.clock.n_future) + 1))
    steps = sorted(quill.rng.choice(quill.clock.n_future, size=n_points, replace=False) + 1)
    probabilities = [quill.between(0.2, 0.45)]
    for _ in steps[1:]:
        probabilities.append(probabilities[-1] + quill.between(0.06, 0.18))
    return [int(step) for step in steps], probabilities


def _free_curve(quill: Quill, draft: EventDraft) -> None:
    meaning = "marginal" if quill.chance(0.7) else "base"
    steps, probabilities = _points(quill)
    if meaning == "marginal" and steps[0] < quill.clock.n_future:
        draft.surely = (steps[0], probabilities[0])
    _curve(quill, draft, steps, probabilities, meaning)


def _curve(quill: Quill, draft: EventDraft, steps: list[int], probabilities: list[float], meaning: str) -> None:
    """Write the curve; `from`, `until` and a last point past the calendar's end where they fit."""
    clock, form = quill.clock, quill.probability_form()
    quill.features.add(f"{meaning}_probability")
    if draft.is_free and draft.surely is None and quill.chance(0.2):
        quill.features.add("point_past_end")
        steps = [*steps[:-1], clock.n_future + int(quill.rng.integers(1, 3))]
    points = [
        {"by": clock.date(clock.as_of + step), "value": quill.probability(q, form)}
        for step, q in zip(steps, probabilities, strict=True)
    ]
    if len(points) > 1:
        quill.features.add("several_points")
    if meaning == "base" or quill.chance(0.3):
        points[0]["meaning"] = meaning
    if steps[0] > 2 and quill.chance(0.5) and draft.is_free:
        quill.features.add("from")
        points[0]["from"] = clock.date(clock.as_of + int(quill.rng.integers(2, steps[0])))
    if steps[-1] < clock.n_future and quill.chance(0.5):
        quill.features.add("until")
        points[-1]["until"] = clock.date(clock.as_of + int(quill.rng.integers(steps[-1], clock.n_future)))
    draft.body["probability"] = points[0] if len(points) == 1 else points


def _preventers(quill: Quill, drafts: list[EventDraft]) -> None:
    """Let other events shut off some: freely where the probability is a base one, else only single early-open curves.

    A marginal curve with one point and no `from` can always be met: the event may come before what prevents it.
    """
    for draft in drafts:
        if draft.kind != "prospective" or not quill.chance(0.35):
            continue
        curve = draft.body["probability"]
        first = curve[0] if isinstance(curve, list) else curve
        is_open = draft.is_free and not isinstance(curve, list) and "from" not in first
        others = [
            other
            for other in drafts
            if other.kind != "past"
            and other is not draft
            and other.name not in draft.requires
            and draft.name not in other.requires
        ]
        is_required = any(draft.name in other.requires for other in drafts)
        if others and (is_open or first.get("meaning") == "base") and not is_required:
            quill.features.add("prevented_by")
            draft.body["prevented_by"] = [quill.pick(others).name]
            draft.is_free = False
