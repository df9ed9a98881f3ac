"""A scalar as the analyst wrote it, and what it is once a field asks (YAML 1.2 core schema).

A plain scalar of a file stays text until a field says what it holds: so `title: 2018`, `title: no` and an id `010`
keep their letters, and a number, a truth value or a date is read by the one rule that its field has.
"""

from __future__ import annotations

import math
import re
from typing import Literal

from etia.schema.fault import did_you_mean, wrong

__all__ = ["Plain", "core_value", "number", "plain_number", "text", "truth"]

_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")
_PERCENT = re.compile(r"([-+]?[0-9.]+)\s*%")
_SPECIAL = {".inf": math.inf, "+.inf": math.inf, "-.inf": -math.inf, ".nan": math.nan}


class Plain(str):
    """A scalar written without quotes."""

    __slots__ = ()


def plain_number(written: str) -> float | None:
    """The number that a plain scalar is by YAML 1.2, or None: `010` is ten, `12:30` and `1_000` are text."""
    if _FLOAT.fullmatch(written):
        return float(written)
    if written.startswith(("0x", "0o")):
        try:
            return float(int(written, 0))
        except ValueError:
            return None
    lowered = written.lower()
    return _SPECIAL.get(lowered) if lowered in _SPECIAL else None


def core_value(written: str) -> str | int | float | bool | None:
    """A plain scalar by the core schema, for what is shown or stored rather than read into a field."""
    if written in {"", "~", "null", "Null", "NULL"}:
        return None
    if written in {"true", "True", "TRUE"}:
        return True
    if written in {"false", "False", "FALSE"}:
        return False
    if _INTEGER.fullmatch(written):
        return int(written)
    found = plain_number(written)
    if found is None:
        return str(written)
    return int(found) if written.startswith(("0x", "0o")) else found


def _shown(raw: object) -> str:
    if raw is None:
        return "nothing"
    if isinstance(raw, dict):
        return "a mapping"
    return "a list" if isinstance(raw, (list, tuple)) else repr(str(raw) if isinstance(raw, str) else raw)


def text(raw: object) -> str:
    """Text, not blank. Numbers and words such as `no` count as what was typed."""
    if isinstance(raw, str):
        if not raw.strip():
            raise wrong("empty", "is empty", "Write a text.")
        return str(raw)
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        return str(raw)
    raise wrong("text", f"{_shown(raw)} where a text belongs", "Write a text; put it in quotes if it has : or # in it.")


def number(raw: object) -> float:
    """A finite number."""
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        return _finite(float(raw), repr(raw))
    if isinstance(raw, Plain):
        found = plain_number(raw)
        if found is not None:
            return _finite(found, repr(str(raw)))
    raise wrong("number", f"{_shown(raw)} is not a number", _number_hint(raw))


def _finite(value: float, shown: str) -> float:
    if not math.isfinite(value):
        raise wrong("number", f"{shown} is not a finite number", "Write a number, or leave the entry out.")
    return value


def _number_hint(raw: object) -> str:
    if not isinstance(raw, str):
        return "Write a number, for example 0.25."
    if _COMMA.fullmatch(raw):
        return f"Did you mean {raw.replace(',', '.')}? Decimals are written with a point."
    percent = _PERCENT.fullmatch(raw)
    if percent and plain_number(percent[1]) is not None:
        return f"Write it without a percent sign, as {float(percent[1]) / 100:g} or {percent[1]}, whichever is meant."
    if not isinstance(raw, Plain) and plain_number(raw) is not None:
        return f"Take the quotes away: {raw}"
    return "Write a number, for example 0.25."


def truth(raw: object) -> bool:
    """`true` or `false`; `yes`, `no`, `on` and `off` are text in YAML 1.2."""
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, Plain) and raw.lower() in {"true", "false"}:
        return raw.lower() == "true"
    meant = "true" if str(raw).lower() in {"yes", "on", "y", "1"} else "false"
    raise wrong("truth", f"{_shown(raw)} is neither true nor false", f"Write {meant}.")


def one_of(raw: object, names: tuple[str, ...]) -> str:
    """One of some words."""
    written = str(raw) if isinstance(raw, str) else _shown(raw)
    if written in names:
        return written
    raise wrong(
        "choice", f"{_shown(raw)} is not one of {', '.join(names)}", did_you_mean(written, names, what="allowed")
    )


Level = Literal["macro", "meso"]
