"""What a judgement is called: the path of a value in the model, said in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from etia.quantity import Number, Quantiles, Range
from etia.report.numbers import MINUS
from etia.report.subject import spaced
from etia.report.words import date_words, quoted

if TYPE_CHECKING:
    from etia.quantity import Quantity
    from etia.report.subject import Subject
    from etia.schema.model import Model
    from etia.schema.quantities import Size

__all__ = ["judgement_words", "relation_words", "written_words"]

_SHAPE = {
    "lasting": "the lasting effect",
    "peak": "the largest effect",
    "starts": "the time to the first effect",
    "peaks": "the time to the largest effect",
    "settles": "the time to the lasting effect",
    "fades": "how fast the effect fades",
}


def judgement_words(subject: Subject, path: str) -> str:
    """`events.a.probability.0.value` as `the probability of “A” by December 2026`."""
    chapter, _, rest = path.partition(".")
    words = {
        "events": _event_words,
        "links": _link_words,
        "impacts": _impact_words,
        "couplings": _coupling_words,
        "trends": _trend_words,
        "policies": _policy_words,
    }.get(chapter)
    return words(subject, rest) if words else spaced(path)


def relation_words(subject: Subject, path: str) -> str:
    """A whole relation: `impacts.a -> k` as `what “A” does to “K”`; anything else as a judgement."""
    chapter, _, rest = path.partition(".")
    if chapter in ("links", "impacts", "couplings") and " -> " in rest:
        source, target, field = _ends(subject, f"{rest}.")
        if not field:
            return f"what {source} does to {'the chance of ' if chapter == 'links' else ''}{target}"
    return judgement_words(subject, path)


def written_words(model: Model, path: str) -> str:
    """The number of a relation or a probability as the model has it, `−4 to 2`; nothing for what has none."""
    chapter, _, key = path.partition(".")
    if chapter == "links" and key in model.links:
        return _span_words(model.links[key].rate_ratio)
    if chapter == "couplings" and key in model.couplings:
        return _span_words(model.couplings[key].strength)
    if chapter == "impacts" and key in model.impacts:
        impact = model.impacts[key]
        parts = [("lasting ", impact.lasting), ("at its largest ", impact.peak)]
        sizes = [(word, _size_words(size)) for word, size in parts if size is not None]
        return ", ".join(f"{word if len(sizes) > 1 else ''}{said}" for word, said in sizes)
    name = key.removesuffix(".probability")
    if chapter == "events" and name != key and name in model.events:
        points = model.events[name].probability
        return ", ".join(f"{_span_words(point.value)} by {date_words(str(point.by))}" for point in points)
    return ""


def _size_words(size: Size) -> str:
    return _span_words(size.quantity, "%" if size.percent else "")


def _span_words(quantity: Quantity, unit: str = "") -> str:
    """From the lowest to the highest number that is written; of a pool over all its experts."""
    numbers = _numbers(quantity)
    low, high = (f"{value:g}{unit}".replace("-", MINUS) for value in (min(numbers), max(numbers)))
    return low if low == high else f"{low} to {high}"


def _numbers(quantity: Quantity) -> list[float]:
    if isinstance(quantity, Number):
        return [quantity.value]
    if isinstance(quantity, Range):
        return [quantity.low, quantity.high]
    if isinstance(quantity, Quantiles):
        return [quantity.p5, quantity.p95]
    return [value for _, part in quantity.experts for value in _numbers(part)]


def _event_words(subject: Subject, rest: str) -> str:
    name, _, field = rest.partition(".")
    called, event = quoted(subject.title(name)), subject.event(name)
    point = re.match(r"probability(?:\.(\d+))?", field)
    if point and event is not None and event.probability:
        by = event.probability[int(point[1] or 0)].by
        return f"the probability of {called} by {date_words(str(by))}"
    if field.startswith("sensitive_to."):
        trend = field.split(".")[1]
        return f"how {called} answers to {quoted(subject.title(trend))}"
    if field == "date":
        return f"when exactly {called} came"
    return f"{spaced(field)} of {called}"


def _ends(subject: Subject, rest: str) -> tuple[str, str, str]:
    """Titles of both ends of a relation, and the field; a label goes with the target."""
    key, _, field = rest.rpartition(".")
    source, _, target = key.partition(" -> ")
    target, _, label = target.partition(" (")
    said = f" ({label}" if label else ""
    return quoted(subject.title(source)), quoted(subject.title(target)) + said, field


def _link_words(subject: Subject, rest: str) -> str:
    source, target, field = _ends(subject, rest)
    if field == "rate_ratio":
        return f"how much {source} changes the chance of {target}"
    if field == "lag":
        return f"how soon {source} acts on {target}"
    return f"how long {source} goes on acting on {target}"


def _impact_words(subject: Subject, rest: str) -> str:
    source, target, field = _ends(subject, rest)
    return f"{_SHAPE.get(field, spaced(field))} of {source} on {target}"


def _coupling_words(subject: Subject, rest: str) -> str:
    source, target, field = _ends(subject, rest)
    return f"how {'strongly' if field == 'strength' else 'soon'} {source} moves {target}"


def _trend_words(subject: Subject, rest: str) -> str:
    name, _, field = rest.partition(".")
    called, built = quoted(subject.title(name)), subject.model.trends[name].constructed
    if field == "constructed.value" and built is not None:
        return f"the level of {called} in {date_words(str(built.from_))}"
    if field == "constructed.drift":
        return f"the drift of {called} from year to year"
    if field == "baseline":
        return f"where the data put the baseline of {called}"
    return f"{spaced(field)} of {called}"


def _policy_words(subject: Subject, rest: str) -> str:
    name, _, field = rest.partition(".")
    called = quoted(subject.title(name))
    if field == "cost":
        return f"the cost of {called}"
    return f"what {called} does ({spaced(field)})"
