"""Whether every name stands for something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etia.graph.checking.subject import found
from etia.schema.base import Noted
from etia.schema.fault import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

    from etia.graph.checking.subject import Subject
    from etia.schema.fault import Fault, Path
    from etia.schema.model import Model

__all__ = ["Reference", "references", "unknown", "unknown_claim", "unknown_domain", "unknown_level", "unknown_scenario"]


@dataclass(frozen=True)
class Reference:
    """A name that stands for something of a section."""

    section: str
    name: str
    path: Path
    on_key: bool = False


_NAMED: dict[str, str] = {
    "mechanism": "mechanisms",
    "actor": "actors",
    "trend": "trends",
    "event": "events",
    "hypothesis": "hypotheses",
    "lens": "lenses",
}
"""fields that hold one name, and the section that it is of"""
_LISTED: dict[str, str] = {
    "actors": "actors",
    "fitted_on": "trends",
    "carried_by": "mechanisms",
    "prevented_by": "events",
    "excludes": "policies",
    "policies": "policies",
}
_KEYED: dict[str, str] = {
    "sensitive_to": "trends",
    "weights": "mechanisms",
    "half_lives": "mechanisms",
    "positions": "actors",
    "salience": "actors",
    "events": "events",
    "links": "links",
    "impacts": "impacts",
    "trends": "trends",
}
"""fields of entities that are maps by the ids of a section"""
_ENDS = {"links": ("events", "events"), "impacts": ("events", "trends"), "couplings": ("trends", "trends")}
_WORDS = {
    "events": "event",
    "trends": "trend",
    "actors": "actor",
    "mechanisms": "mechanism",
    "lenses": "lens",
    "policies": "policy",
    "hypotheses": "hypothesis",
    "links": "link",
    "impacts": "impact",
}
_ENTITIES = (
    "lenses",
    "events",
    "links",
    "trends",
    "impacts",
    "couplings",
    "stakes",
    "hypotheses",
    "policies",
    "objectives",
    "tests",
)


def references(model: Model) -> Iterator[Reference]:
    """Every name in the model that stands for another part of it."""
    for section in _ENTITIES:
        for name, entity in getattr(model, section).items():
            path = (section, name)
            if section in _ENDS:
                source, target = _ENDS[section]
                yield Reference(source, entity.source, path, on_key=True)
                yield Reference(target, entity.target, path, on_key=True)
            if section == "objectives" and entity.trend is None:
                yield Reference("trends", name, path, on_key=True)
            yield from _of_entity(entity, path, section)


def _of_entity(entity: BaseModel, path: Path, section: str) -> Iterator[Reference]:
    """The names in an entity's own fields, and in the parts that it holds by name."""
    for key, value in entity:
        if not value:
            continue
        here = (*path, key)
        if key in _NAMED:
            yield Reference(_NAMED[key], str(value), here)
        elif key in _LISTED or key == "requires":
            of = _LISTED.get(key, section)
            yield from (Reference(of, name, (*here, index)) for index, name in enumerate(value))
        elif key in _KEYED and isinstance(value, dict):
            for name, part in value.items():
                yield Reference(_KEYED[key], name, (*here, name), on_key=True)
                if isinstance(part, Noted):
                    yield from _of_entity(part, (*here, name), section)


def unknown(subject: Subject, section: str) -> Iterator[Fault]:
    """Names that should be of a section and are not."""
    known = set(subject.ids(section))
    word = _WORDS[section]
    for reference in subject.references:
        if reference.section == section and reference.name not in known:
            hint = did_you_mean(reference.name, subject.ids(section), what=section)
            hint = hint if known else f"This model has no {section}."
            yield found(reference.path, f"unknown {word} '{reference.name}'", hint, on_key=reference.on_key)


def unknown_domain(subject: Subject) -> Iterator[Fault]:
    """Domains that the model does not name."""
    model = subject.model
    for section in ("events", "trends", "stakes"):
        for name, entity in getattr(model, section).items():
            for index, domain in enumerate(entity.domains):
                if domain not in model.domains:
                    hint = did_you_mean(domain, model.domains, what="domains")
                    yield found((section, name, "domains", index), f"unknown domain '{domain}'", hint)


def cited(entity: BaseModel, path: Path) -> Iterator[tuple[Path, str]]:
    """Every claim that an entity or a part of it cites."""
    for key, value in entity:
        if not value:
            continue
        if key == "evidence":
            yield from (((*path, key, index), claim) for index, claim in enumerate(value))
        elif key in {"foreseen", "probability", "history", "points"} and isinstance(value, tuple):
            for index, part in enumerate(value):
                if hasattr(part, "evidence"):
                    yield from cited(part, (*path, key, index))
        elif key in {"constructed", "baseline"}:
            yield from cited(value, (*path, key))
        elif key in _KEYED and isinstance(value, dict):
            for name, part in value.items():
                if isinstance(part, Noted):
                    yield from cited(part, (*path, key, name))


def unknown_claim(subject: Subject) -> Iterator[Fault]:
    """Claims that no source card has."""
    claims, model = subject.claims, subject.model
    if claims is None:
        return
    for section in ("actors", "mechanisms", *_ENTITIES):
        for name, entity in getattr(model, section).items():
            for path, claim in cited(entity, (section, name)):
                if claim not in claims:
                    yield found(path, f"unknown claim '{claim}'", _claim_hint(claim, subject))


def _claim_hint(claim: str, subject: Subject) -> str:
    if not subject.cards:
        return "`seeds:` names the folder of source cards; this model has none that could be read."
    card = subject.cards.get(claim.split(".")[0])
    if card is not None:
        return f"Claims of {card.id}: {', '.join(card.claims) or 'none'}."
    if claim in subject.cards:
        return f"Cite a claim of it: {', '.join(subject.cards[claim].claims)}."
    return did_you_mean(claim.split(".")[0], subject.cards, what="sources")


def unknown_level(subject: Subject) -> Iterator[Fault]:
    """Hypotheses about a level that their trend has not."""
    for name, hypothesis in subject.model.hypotheses.items():
        trend = subject.model.trends.get(hypothesis.trend)
        for key in ("at_least", "at_most"):
            level = getattr(hypothesis, key)
            if trend is not None and isinstance(level, str) and level not in trend.levels.values():
                hint = did_you_mean(level, trend.levels.values(), what="levels")
                message = f"trend '{hypothesis.trend}' has no level '{level}'"
                hint = hint if trend.levels else "Give the trend levels, or write a number."
                yield found(("hypotheses", name, key), message, hint)


def unknown_scenario(subject: Subject) -> Iterator[Fault]:
    """Tests of scenarios that there are not."""
    known = (*subject.scenarios, "reference")
    for name, test in subject.model.tests.items():
        if test.scenario is not None and test.scenario not in known:
            hint = did_you_mean(test.scenario, known, what="scenarios")
            yield found(("tests", name, "scenario"), f"unknown scenario '{test.scenario}'", hint)
