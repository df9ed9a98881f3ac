"""What YAML's own complaints mean to someone who writes a model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from etia.errors import Finding
from etia.files.places import Place, Source

if TYPE_CHECKING:
    import yaml

__all__ = ["syntax_finding"]

_SECOND_COLON = re.compile(r"^(\s*(?:- )?[^\s:#'\"{\[][^:]*): (?P<rest>[^'\"{\[].*?: .*|[^'\"{\[].*:)\s*$")
_LONE_SIGN = re.compile(r"sign:\s*-\s*$")
_COLON = re.compile(r":(?=\s|$)")
_QUOTE = "Put the text in quotes."


def syntax_finding(error: yaml.YAMLError, source: Source) -> Finding:
    """The finding for an error of the YAML parser."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return _unreadable(error, source)
    place = Place(source, mark.line + 1, mark.column + 1)
    problem = str(getattr(error, "problem", None) or error)
    place, code, message, hint = _meaning(problem, place, error)
    return Finding(place.file, place.line, place.column, "error", code, message, hint, place.excerpt)


def _unreadable(error: yaml.YAMLError, source: Source) -> Finding:
    """A character that YAML does not allow."""
    position = getattr(error, "position", 0)
    before = source.text[:position]
    place = Place(source, before.count("\n") + 1, len(before) - before.rfind("\n"))
    code = getattr(error, "character", None)
    named = f"U+{code:04X}" if isinstance(code, int) else "a control character"
    message = f"the character {named} is not allowed"
    return Finding(place.file, place.line, place.column, "error", "character", message, "Take it out.", place.excerpt)


def _meaning(problem: str, place: Place, error: yaml.YAMLError) -> tuple[Place, str, str, str]:
    """Place, code, message and hint of a parser's problem."""
    line = place.excerpt
    here = line[place.column - 1 : place.column]
    indent = line[: len(line) - len(line.lstrip())]
    if here == "\t" or "\t" in indent:
        at = Place(place.source, place.line, line.index("\t") + 1)
        return at, "tab", "a tab where YAML wants spaces", "Indent with spaces."
    if _LONE_SIGN.search(line):
        return place, "syntax", "a lone - begins a list", "Write sign: '-'"
    if "mapping values are not allowed" in problem:
        return _colon(place) if len(_COLON.findall(line)) > 1 else _misaligned(place)
    if "cannot start any token" in problem:
        return place, "syntax", f"a text cannot begin with {here!r}", _QUOTE
    if "did not find expected ',' or" in problem:
        if line.count(": ") > 1:
            hint = "Close the bracket, part entries with commas, and put a text with a colon or comma in quotes."
        else:
            hint = "Close the bracket, and part entries with commas."
        return _context(error, place), "syntax", "a bracket that is not closed as it should be", hint
    if "unexpected end of stream" in problem or "while scanning a quoted scalar" in str(getattr(error, "context", "")):
        return _context(error, place), "syntax", "a quote that is not closed", "Close it; within '…' write '' for '."
    if "could not find expected ':'" in problem:
        at = _context(error, place)
        return at, "syntax", "a key without its colon", "Write key: value, with a space after the colon."
    if "did not find expected key" in problem or "did not find expected '-'" in problem:
        return _misaligned(place)
    if "<document start>" in problem:
        return _misaligned(place)
    if "block sequence entries are not allowed" in problem:
        return (
            place,
            "syntax",
            "a list item where none can stand",
            "Begin the list on a line of its own, or write [a, b].",
        )
    return place, "syntax", f"not YAML: {problem}", "Compare with the lines around it."


def _misaligned(place: Place) -> tuple[Place, str, str, str]:
    hint = "Indent the entries of one mapping alike; a text with quotes in it stands in quotes as a whole."
    return place, "indentation", "this does not line up with what stands above it", hint


def _colon(place: Place) -> tuple[Place, str, str, str]:
    found = _SECOND_COLON.match(place.excerpt)
    if found:
        key = found[1].strip().removeprefix("- ")
        hint = f'Put the text in quotes: {key}: "{found["rest"].strip()}"'
    else:
        hint = "Put a text that has a colon in quotes; give a mapping its own lines."
    return place, "colon", "a second colon in one line", hint


def _context(error: yaml.YAMLError, place: Place) -> Place:
    """Where the thing began that the parser could not finish."""
    mark = getattr(error, "context_mark", None)
    return Place(place.source, mark.line + 1, mark.column + 1) if mark is not None else place
