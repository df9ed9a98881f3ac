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
    marginal: list[tuple[int, float]] = field(default_factory=list)  # all calibrated points, the same way
    opens: int = 0  # future step after which the last interval of its curve opens


def n_future_steps(n_open: int) -> int:
    return FUTURE_STEPS[n_open]


def draft_events(quill: Quill, n_prospective: int, n_copies: int) -> list[EventDraft]:
    drafts = [_past(quill, f"past_{i}") for i in range(1, int(quill.rng.integers(1, 4)) + 1)]
    _among_past(quill, drafts)
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


def _among_past(quill: Quill, drafts: list[EventDraft]) -> None:
    """Now and then a past event requires an earlier one, or would have been prevented by a later one."""
    pairs = [(a, b) for a in drafts for b in drafts if a.last < b.first]
    if pairs and quill.chance(0.3):
        quill.features.add("requires_past")
        a, b = quill.pick(pairs)
        b.body["requires"], b.requires = [a.name], {a.name}
    if pairs and quill.chance(0.25):
        quill.features.add("prevented_past")
        a, b = quill.pick(pairs)
        a.body["prevented_by"] = [b.name]


def _prospective(quill: Quill, name: str, earlier: list[EventDraft]) -> EventDraft:
    draft = EventDraft(name, "prospective", _body(quill, name))
    required = quill.pick(earlier) if quill.chance(0.42) else None
    if required is None:
        _free_curve(quill, draft)
        return draft
    quill.features.add("requires")
    draft.body["requires"], draft.is_free = [required.name], False
    draft.requires = {required.name} | required.requires
    if required.surely and quill.chance(0.9):
        _curve(quill, draft, *_waiting_points(quill, *required.surely), "marginal")
        return draft
    _curve(quill, draft, *_points(quill), "base")
    return draft


def _waiting_points(quill: Quill, since: int, probability: float) -> tuple[list[int], list[float]]:
    """Points of what waits for an event that has come by the future step `since` with a probability.

    What waits can at most be as probable as what it waits for was a step before: all points are later than `since` and
    below that, in every draw too.
    """
    later = range(since + 1, quill.clock.n_future + 1)
    if len(later) < 2 or quill.chance(0.15):
        return [quill.clock.n_future], [probability * quill.between(0.25, 0.4)]
    quill.features.add("requires_points")
    n_points = int(quill.rng.integers(2, min(3, len(later)) + 1))
    steps = sorted(int(step) for step in quill.rng.choice(later, size=n_points, replace=False))
    highest = probability * quill.between(0.5, 0.6 if quill.is_uncertain else 0.85)
    return steps, [highest * share for share in ((0.5, 1.0) if n_points == 2 else (0.4, 0.7, 1.0))]


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
        draft.opens = steps[-2]
    if meaning == "marginal":
        draft.marginal = list(zip(steps, probabilities, strict=True))
    if meaning == "base" or quill.chance(0.3):
        points[0]["meaning"] = meaning
    if steps[0] > 2 and quill.chance(0.8) and draft.is_free:
        quill.features.add("from")
        opened = int(quill.rng.integers(2, steps[0]))
        points[0]["from"] = clock.date(clock.as_of + opened)
        draft.opens = max(draft.opens, opened - 1)
    if steps[-1] < clock.n_future and quill.chance(0.5):
        quill.features.add("until")
        points[-1]["until"] = clock.date(clock.as_of + int(quill.rng.integers(steps[-1], clock.n_future)))
    draft.body["probability"] = points[0] if len(points) == 1 else points


def _preventers(quill: Quill, drafts: list[EventDraft]) -> None:
    """Let other events shut off some, wherever their curves can be met all the same.

    Left out, since such models are errors or may be: a past event that prevents one to come (that can never come then),
    and a preventer of a calibrated event that waits for another as well (how probable it is that the one has come and
    the other has not depends on the rates).
    """
    for place, draft in enumerate(drafts):
        is_required = any(draft.name in other.requires for other in drafts)
        if (
            draft.kind != "prospective"
            or is_required
            or not quill.chance(0.9 if draft.marginal and draft.opens else 0.35)
        ):
            continue
        curve = draft.body["probability"]
        first = curve[0] if isinstance(curve, list) else curve
        others = [
            other
            for other in drafts
            if other.kind != "past"
            and other is not draft
            and other.name not in draft.requires
            and draft.name not in other.requires
            and _can_be_met(quill, draft, other, is_earlier=other in drafts[:place])
        ]
        if others:
            quill.features.add("prevented_by")
            if draft.marginal and isinstance(curve, list):
                quill.features.add("prevented_points")
            if draft.marginal and "from" in first:
                quill.features.add("prevented_from")
            draft.body["prevented_by"] = [quill.pick(others).name]
            draft.is_free = False


def _can_be_met(quill: Quill, draft: EventDraft, other: EventDraft, *, is_earlier: bool) -> bool:
    """Whether the curve can be met although the other event prevents it.

    A base one needs no meeting. A marginal one always can where its last interval is open from the start: the event may
    come before what prevents it. Else it may come with all its remaining probability in that interval's first step,
    unless the other has come before: it can be met if the two probabilities add up to less than 1. This takes the
    other's own curve as met, so that of two events only the later drafted one may be prevented in this way.
    """
    if not draft.marginal:
        return True
    if not draft.is_free:
        return False
    if draft.opens == 0:
        return True
    if other.kind == "scheduled":
        return other.first - quill.clock.as_of > draft.opens
    by_then = [probability for step, probability in other.marginal if step >= draft.opens]
    # in a draw both may be higher than written
    most = 0.8 if quill.is_uncertain else 0.95
    return is_earlier and bool(by_then) and by_then[0] + draft.marginal[-1][1] < most
