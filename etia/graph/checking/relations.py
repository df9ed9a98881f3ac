"""Whether links, impacts, couplings and sensitivities say something that can be (method §3, §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etia.graph.checking.subject import found, lowest, middle, values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etia.graph.checking.subject import Subject
    from etia.quantity import Quantity
    from etia.schema.base import Size
    from etia.schema.fault import Fault, Path
    from etia.schema.relation import DirectImpact, Impact
    from etia.schema.trend import Trend

    Course = Impact | DirectImpact

__all__ = [
    "impact_keys",
    "link_too_late",
    "per_zero",
    "percent_misplaced",
    "percent_missing",
    "self_relation",
    "settles_too_soon",
    "sign_against_mechanism",
    "timing_order",
]


@dataclass(frozen=True)
class _Sized:
    """A size somewhere in the model, and the trend whose scale it is on."""

    path: Path
    size: Size
    trend: Trend


def _courses(subject: Subject) -> Iterator[tuple[Path, Course, str]]:
    """Every impact, of events and of policies, with the trend that it moves."""
    for key, impact in subject.model.impacts.items():
        yield ("impacts", key), impact, impact.target
    for name, policy in subject.model.policies.items():
        for trend, direct in policy.trends.items():
            yield ("policies", name, "trends", trend), direct, trend


def _sizes(subject: Subject) -> Iterator[_Sized]:
    trends = subject.model.trends
    for path, course, target in _courses(subject):
        for key in ("peak", "lasting"):
            size = getattr(course, key)
            if size is not None and target in trends:
                yield _Sized((*path, key), size, trends[target])
    for name, event in subject.model.events.items():
        for trend, sensitivity in event.sensitive_to.items():
            if trend in trends:
                yield _Sized(("events", name, "sensitive_to", trend, "per"), sensitivity.per, trends[trend])


def percent_missing(subject: Subject) -> Iterator[Fault]:
    """On a log trend, sizes carry their percent sign."""
    for sized in _sizes(subject):
        numbers = values(sized.size.quantity)
        if sized.trend.scale == "log" and not sized.size.percent and any(numbers):
            percents = [f"{number:+g}%" for number in numbers]
            shown = percents[0] if len(percents) == 1 else f"[{', '.join(percents)}]"
            message = f"a size on a log trend ({sized.trend.title}) without its percent sign"
            yield found(sized.path, message, f"Did you mean {shown}?")


def percent_misplaced(subject: Subject) -> Iterator[Fault]:
    """On a linear or logit trend, sizes are in its units or points."""
    for sized in _sizes(subject):
        if sized.trend.scale != "log" and sized.size.percent:
            message = f"a percent on a {sized.trend.scale} trend ({sized.trend.title})"
            unit = "points" if sized.trend.scale == "logit" else sized.trend.unit or "its unit"
            yield found(sized.path, message, f"Write the size in {unit}, or give the trend scale: log.")


def per_zero(subject: Subject) -> Iterator[Fault]:
    """A rate ratio per no deviation has no meaning."""
    for sized in _sizes(subject):
        numbers = values(sized.size.quantity)
        if sized.path[-1] == "per" and min(numbers) <= 0 <= max(numbers):
            yield found(sized.path, "a rate ratio per deviation of 0", "Write a deviation, such as 10 or +10%.")


def self_relation(subject: Subject) -> Iterator[Fault]:
    """Nothing leads to itself."""
    for section, word in (("links", "event"), ("couplings", "trend")):
        for key, relation in getattr(subject.model, section).items():
            if relation.source == relation.target:
                hint = "Write repeats: for what may come again." if section == "links" else "Use a baseline or drift."
                yield found((section, key), f"{word} '{relation.source}' leads to itself", hint, on_key=True)


_SHAPES = {
    "step": ("starts", "lasting", "fades"),
    "ramp": ("starts", "peaks", "lasting", "fades"),
    "pulse": ("starts", "peaks", "settles", "peak"),
}


def impact_keys(subject: Subject) -> Iterator[Fault]:
    """An impact has a size, and no keys that its shape does not know."""
    for path, course, _ in _courses(subject):
        if course.peak is None and course.lasting is None:
            yield found(path, "an impact without size", "Add lasting: or peak:.", on_key=True)
        for key in ("peaks", "settles", "peak", "lasting", "fades"):
            if course.shape is not None and getattr(course, key) is not None and key not in _SHAPES[course.shape]:
                hint = f"A {course.shape} has {', '.join(_SHAPES[course.shape])}; leave `shape` out for all of them."
                yield found((*path, key), f"`{key}` in a {course.shape}", hint, on_key=True)
        if course.shape is None and course.fades is not None and course.lasting is None and course.peak is not None:
            hint = "Add lasting:, or take fades away."
            yield found((*path, "fades"), "`fades` where nothing lasts", hint, on_key=True)


def _months(quantity: Quantity | None, otherwise: float) -> float:
    return middle(quantity) if quantity is not None else otherwise


def timing_order(subject: Subject) -> Iterator[Fault]:
    """Starts ≤ peaks ≤ settles."""
    for path, course, _ in _courses(subject):
        starts = _months(course.starts, 0.0)
        peaks = _months(course.peaks, starts)
        if peaks < starts:
            yield found((*path, "peaks"), f"peaks ({peaks:g} months) before it starts ({starts:g})", "Order the times.")
        elif course.settles is not None and middle(course.settles) < peaks:
            message = f"settles ({middle(course.settles):g} months) before it peaks ({peaks:g})"
            yield found((*path, "settles"), message, "Order the times.")


def settles_too_soon(subject: Subject) -> Iterator[Fault]:
    """Where the peak is not what lasts, settling takes at least a step after it."""
    steps = subject.timeline
    if steps is None:
        return
    for path, course, _ in _courses(subject):
        if course.settles is None or course.peak is None:
            continue
        lasting = middle(course.lasting.quantity) if course.lasting is not None else 0.0
        peaks = _months(course.peaks, _months(course.starts, 0.0))
        later = steps.whole_steps(middle(course.settles)) - steps.whole_steps(peaks)
        if later == 0 and middle(course.peak.quantity) != lasting:
            message = f"it settles in the step in which it peaks, at another size ({lasting:g})"
            yield found(
                (*path, "settles"), message, f"It is taken to settle one {steps.step} after the peak; write so."
            )


def link_too_late(subject: Subject) -> Iterator[Fault]:
    """A link to a past event acts only where its cause came long enough before."""
    steps = subject.timeline
    if steps is None:
        return
    events = subject.model.events
    for key, link in subject.model.links.items():
        source, target = events.get(link.source), events.get(link.target)
        if source is None or target is None or source is target or not subject.is_past(target):
            continue
        assert target.date is not None
        if source.date is None or not subject.is_past(source):
            message = f"it can never act: '{link.target}' came at {target.date}, '{link.source}' has not come"
        else:
            lag = max(steps.whole_steps(lowest(link.lag)), 1)
            if steps.first_step(source.date) + lag <= min(steps.last_step(target.date), steps.as_of):
                continue
            message = f"it can never act: '{link.source}' came at {source.date}, '{link.target}' at {target.date}"
        yield found(
            ("links", key),
            message,
            "A cause acts from the step after its lag on; correct a date or drop it.",
            on_key=True,
        )


def sign_against_mechanism(subject: Subject) -> Iterator[Fault]:
    """A relation has the sign that its mechanism should have."""
    for path, mechanism, positive in _signed(subject):
        known = subject.model.mechanisms.get(mechanism)
        if known is None or known.sign is None or positive is None or positive == (known.sign == "+"):
            continue
        sign = "+" if positive else "-"
        message = f"its sign is {sign}, that of mechanism '{mechanism}' is {known.sign}"
        yield found((*path, "mechanism"), message, "Name another mechanism, or correct the sign of one of the two.")


def _positive(value: float, neutral: float = 0.0) -> bool | None:
    return None if value == neutral else value > neutral


def _signed(subject: Subject) -> Iterator[tuple[Path, str, bool | None]]:
    """Every relation that names a mechanism, with its sign by its middle value."""
    for key, link in subject.model.links.items():
        if link.mechanism is not None:
            yield ("links", key), link.mechanism, _positive(middle(link.rate_ratio), 1.0)
    for path, course, _ in _courses(subject):
        size = course.lasting if course.lasting is not None else course.peak
        if course.mechanism is not None and size is not None:
            yield path, course.mechanism, _positive(middle(size.quantity))
    for key, coupling in subject.model.couplings.items():
        if coupling.mechanism is not None:
            yield ("couplings", key), coupling.mechanism, _positive(middle(coupling.strength))
