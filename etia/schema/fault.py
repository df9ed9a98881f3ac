"""A fault in what the analyst wrote: where in the model, what was found, what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from pydantic_core import PydanticCustomError

__all__ = ["Fault", "Path", "did_you_mean", "dotted", "nearest", "wrong"]

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """One fault at a path of the model, before anyone knows its file and line.

    With `on_key` the caret belongs under the key that ends the path, else under its value.
    """

    path: Path
    code: str
    message: str
    hint: str = ""
    severity: Literal["error", "warning"] = "error"
    on_key: bool = False


def wrong(code: str, message: str, hint: str = "", at: Path = ()) -> PydanticCustomError:
    """The error for a validator to raise; `at` leads from the field to the part of its value that is wrong."""
    return PydanticCustomError("etia", "{message}", {"code": code, "message": message, "hint": hint, "at": at})


def dotted(path: Path) -> str:
    """A path as people write it: `events.a.probability.0.by`."""
    return ".".join(map(str, path))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` is most likely a slip of, if any is near enough."""
    names = list(known)
    exact = [other for other in names if other.casefold() == name.casefold()]
    found = exact or get_close_matches(name, names, n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(name: str, known: Iterable[str], *, what: str = "known", limit: int = 12) -> str:
    """A hint: the nearest known name, or else the names that there are."""
    names = list(known)
    near = nearest(name, names)
    if near is not None:
        return f"Did you mean '{near}'?"
    if not names:
        return f"There is no {what} in this model." if what != "known" else ""
    listed = ", ".join(names[:limit]) + (" …" if len(names) > limit else "")
    return f"{what[0].upper()}{what[1:]}: {listed}."
