"""Reading a judgement in each form it may be written in (method §2), with the bounds of its kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic_core import PydanticCustomError

from etia.calendar import Period, duration_months, parse_period
from etia.quantity import Kind, Number, Pool, Quantiles, Quantity, Range, faults
from etia.schema.fault import Path, did_you_mean, wrong
from etia.schema.written import Plain, number, plain_number

__all__ = ["Size", "duration", "is_percent", "period", "quantity", "size"]

_PERCENT = re.compile(r"([-+]?[0-9.eE]+)\s*%")
_FRACTION = re.compile(r"([0-9.]+)\s*/\s*([0-9.]+)")
_FORMS = "Write a number, [low, best, high], {p5: , p50: , p95: } or {experts: {NAME: quantity}}."

_CODES = {
    Kind.PROBABILITY: "probability",
    Kind.RATE_RATIO: "rate-ratio",
    Kind.DURATION: "duration",
    Kind.PERCENT: "percent",
    Kind.POSITIVE: "negative",
}

Simple = Number | Range | Quantiles
Read = Callable[[object], float]


@dataclass(frozen=True)
class Size:
    """An impact's size as written: in trend units, in points, or in percent (then in percent numbers: +25% is 25)."""

    quantity: Quantity
    percent: bool


def period(raw: object) -> Period:
    """A date with its own precision: `2018-05-08`, `2018-05`, `2018-Q2` or `2018`."""
    if isinstance(raw, Period):
        return raw
    if isinstance(raw, (dict, list, tuple, bool)) or raw is None:
        raise wrong("date", "is not a date", "Write 2018-05-08, 2018-05, 2018-Q2 or 2018.")
    try:
        return parse_period(str(raw))
    except ValueError as error:
        message, _, hint = str(error).partition("; write ")
        raise wrong("date", message, f"Write {hint or '2018-05-08, 2018-05, 2018-Q2 or 2018'}.") from error


def duration(raw: object) -> float:
    """The months of a duration: `18 months`, `2 quarters`, `1.5 years`; a bare 0 is no time."""
    zero = plain_number(raw) if isinstance(raw, Plain) else raw
    if isinstance(zero, (int, float)) and not isinstance(zero, bool):
        if zero == 0:
            return 0.0
        raise wrong("duration", f"{zero:g} has no unit of time", f"Did you mean '{zero:g} months'?")
    if not isinstance(raw, str):
        raise wrong("duration", "is not a duration", "Write for example 18 months, 2 quarters or 1 year.")
    try:
        return duration_months(raw)
    except ValueError as error:
        raise wrong(
            "duration", f"{str(raw)!r} is not a duration", "Write for example 18 months, 2 quarters or 1 year."
        ) from error


def _percent(raw: object) -> float:
    found = _PERCENT.fullmatch(raw) if isinstance(raw, str) else None
    value = plain_number(found[1]) if found else None
    if value is None:
        return number(raw)
    return value


def _ratio(raw: object) -> float:
    found = _FRACTION.fullmatch(raw) if isinstance(raw, str) else None
    if found and (plain_number(found[2]) or 0) and plain_number(found[1]) is not None:
        return (plain_number(found[1]) or 0.0) / (plain_number(found[2]) or 1.0)
    return number(raw)


def _bounded(value: float, kind: Kind) -> float:
    """`value`, or the fault that it lies outside what its kind allows."""
    for fault in faults(Number(value), kind):
        message, _, hint = fault.partition(". ")
        raise wrong(_CODES[kind], message.removesuffix("."), hint)
    return value


def _reader(kind: Kind) -> Read:
    read: Read = {Kind.DURATION: duration, Kind.PERCENT: _percent, Kind.RATE_RATIO: _ratio}.get(kind, number)
    return lambda raw: _bounded(read(raw), kind)


def _part(read: Read, raw: object, key: str | int) -> float:
    """One number of a quantity, with its key in the place of its fault."""
    try:
        return read(raw)
    except PydanticCustomError as error:
        raise _moved(error, key) from error


def _moved(error: PydanticCustomError, key: str | int) -> PydanticCustomError:
    context = dict(error.context or {})
    at: Path = (key, *context.get("at", ()))
    return wrong(context["code"], context["message"], context["hint"], at)


def _in_order(names: tuple[str, str, str], values: tuple[float, float, float], *, strict: bool) -> None:
    low, middle, high = values
    if low <= middle <= high and not (strict and (low == middle or middle == high)):
        return
    sign = "<" if strict else "≤"
    raise wrong(
        "order",
        f"{low:g}, {middle:g}, {high:g} are not in order",
        f"Write {f' {sign} '.join(names)}, for example {', '.join(f'{v:g}' for v in sorted(values))}.",
    )


def _range(raw: list[object], read: Read) -> Simple:
    if len(raw) != 3:
        raise wrong("quantity", f"a range of {len(raw)} numbers", "Write three: [low, best, high].")
    low, best, high = (_part(read, value, index) for index, value in enumerate(raw))
    _in_order(("low", "best", "high"), (low, best, high), strict=False)
    return Number(best) if low == high else Range(low, best, high)


def _quantiles(raw: Mapping[str, object], read: Read, kind: Kind) -> Quantiles:
    keys = ("p5", "p50", "p95")
    for key in raw:
        if key not in keys:
            raise wrong("unknown-key", f"unknown key '{key}'", did_you_mean(key, keys, what="allowed"), (key,))
    missing = [key for key in keys if key not in raw]
    if missing:
        raise wrong("quantity", f"quantiles without {' and '.join(missing)}", _FORMS)
    p5, p50, p95 = (_part(read, raw[key], key) for key in keys)
    _in_order(keys, (p5, p50, p95), strict=True)
    if p5 <= 0 and kind in {Kind.PROBABILITY, Kind.DURATION, Kind.RATE_RATIO}:
        raise wrong("quantity", f"p5 of a {kind.value} must be above 0", "Write a small number above 0.", ("p5",))
    return Quantiles(p5, p50, p95)


def _weights(raw: object, names: list[str]) -> tuple[float, ...]:
    if raw is None:
        return tuple(1 / len(names) for _ in names)
    if not isinstance(raw, (dict, list, tuple)):
        raise wrong("quantity", "weights are neither a mapping nor a list", "Write {NAME: weight}.", ("weights",))
    by_name = raw if isinstance(raw, dict) else dict(zip(names, raw, strict=False))
    unknown = [name for name in by_name if name not in names]
    if unknown or len(by_name) != len(names) or len(raw) != len(names):
        raise wrong(
            "quantity", "weights and experts do not match", f"Give one to each: {', '.join(names)}.", ("weights",)
        )
    values = [_part(number, by_name[name], "weights") for name in names]
    if min(values) < 0 or sum(values) <= 0:
        raise wrong("quantity", "weights must be 0 or more, and not all 0", "Write for example 1 and 2.", ("weights",))
    return tuple(value / sum(values) for value in values)


def _pool(raw: Mapping[str, object], read: Read, kind: Kind) -> Pool:
    keys = ("experts", "weights", "pool")
    for key in raw:
        if key not in keys:
            raise wrong("unknown-key", f"unknown key '{key}'", did_you_mean(key, keys, what="allowed"), (key,))
    experts = raw["experts"]
    if not isinstance(experts, dict) or not experts:
        raise wrong("quantity", "no experts are named", "Write experts: {NAME: quantity, …}.", ("experts",))
    how = raw.get("pool", "linear")
    if how not in ("linear", "odds"):
        raise wrong("choice", f"{how!s} is not one of linear, odds", "Write linear or odds.", ("pool",))
    if how == "odds" and kind is not Kind.PROBABILITY:
        raise wrong("choice", f"pool: odds for a {kind.value}", "It is for probabilities; write linear.", ("pool",))
    members = []
    for name, value in experts.items():
        try:
            members.append((str(name), _simple(value, read, kind)))
        except PydanticCustomError as error:
            raise _moved(_moved(error, name), "experts") from error
    weights = _weights(raw.get("weights"), [name for name, _ in members])
    return Pool(tuple(members), weights, "odds" if how == "odds" else "linear")


def _simple(raw: object, read: Read, kind: Kind) -> Simple:
    if isinstance(raw, (Number, Range, Quantiles)):
        return raw
    if isinstance(raw, (list, tuple)):
        return _range(list(raw), read)
    if isinstance(raw, dict):
        if "experts" in raw:
            raise wrong("quantity", "experts within an expert", "Write an expert's quantity as a number or a range.")
        return _quantiles(raw, read, kind)
    return Number(read(raw))


def quantity(raw: object, kind: Kind) -> Quantity:
    """A quantity of one kind, as any of the four forms; raises the fault of the first part that is wrong."""
    if isinstance(raw, Pool):
        return raw
    if raw is None:
        raise wrong("empty", "is empty", _FORMS)
    if isinstance(raw, dict) and "experts" in raw:
        return _pool(raw, _reader(kind), kind)
    return _simple(raw, _reader(kind), kind)


def _leaves(raw: object) -> list[object]:
    """The numbers of a quantity as written."""
    if isinstance(raw, dict):
        parts = raw["experts"] if isinstance(raw.get("experts"), dict) else raw
        return [leaf for part in parts.values() for leaf in _leaves(part)]
    return [leaf for part in raw for leaf in _leaves(part)] if isinstance(raw, (list, tuple)) else [raw]


def is_percent(raw: object) -> bool | None:
    """Whether a size is written in percent; None where it is 0 throughout and so either. Raises if it is mixed."""
    leaves = _leaves(raw)
    marked = [isinstance(leaf, str) and leaf.strip().endswith("%") for leaf in leaves]
    bare = [leaf for leaf, mark in zip(leaves, marked, strict=True) if not mark]
    zero = all(leaf == 0 or (isinstance(leaf, Plain) and plain_number(leaf) == 0) for leaf in bare)
    if any(marked):
        if not zero:
            raise wrong("percent", "some of the numbers have a percent sign and some have not", "Write % after each.")
        return True
    return None if zero and leaves else False


def size(raw: object) -> Size:
    """A size: on a log trend in percent with its sign, else a number in trend units or points."""
    if isinstance(raw, Size):
        return raw
    percent = bool(is_percent(raw))
    return Size(quantity(raw, Kind.PERCENT if percent else Kind.SIZE), percent)
