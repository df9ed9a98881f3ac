"""What a step from cause to effect rests on: its mechanisms, claims, fitted data or judgement (method §6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from etia.compile.study import Case
    from etia.describe.ways import Ways
    from etia.schema.model import Model
    from etia.schema.relation import Coupling, Impact, Link

__all__ = ["Basis", "Ground", "basis_shares", "between_events", "grounds_of_way", "name_of", "relation_ground"]

Basis = Literal["evidence", "data", "judgement"]


@dataclass(frozen=True)
class Ground:
    """One relation and what it rests on: data where its numbers were fitted, else claims cited, else judgement."""

    path: str  # where it stands in the model, such as `links.a -> b`
    mechanism: str | None
    claims: tuple[str, ...]
    basis: Basis


def _basis(claims: tuple[str, ...], fitted_on: tuple[str, ...]) -> Basis:
    if fitted_on:
        return "data"
    return "evidence" if claims else "judgement"


def relation_ground(path: str, relation: Link | Impact | Coupling) -> Ground:
    """The ground of a link, an impact or a coupling."""
    basis = _basis(relation.evidence, relation.fitted_on)
    return Ground(path, relation.mechanism, relation.evidence, basis)


def name_of(copy: str) -> str:
    """The model's event of an engine's event: `b` for `b#2`."""
    return copy.split("#")[0]


def grounds_of_way(case: Case, found: Ways, way: int) -> list[Ground]:
    """The impact and the couplings of a way; none for the rest of an event's ways."""
    if way < 0:
        return []
    model, compiled = case.model, case.compiled
    impact = compiled.impacts.keys[int(found.impact[way])]
    couplings = [compiled.couplings.keys[c] for c in found.couplings[way]]
    return [
        relation_ground(f"impacts.{impact}", model.impacts[impact]),
        *(relation_ground(f"couplings.{key}", model.couplings[key]) for key in couplings),
    ]


def between_events(case: Case) -> dict[tuple[str, str], list[Ground]]:
    """By cause and effect: links between two events, and the effect's sensitivities to trends that the cause moves."""
    model = case.model
    found: dict[tuple[str, str], list[Ground]] = {}
    for key, link in model.links.items():
        found.setdefault((link.source, link.target), []).append(relation_ground(f"links.{key}", link))
    moved = _moved_trends(case)
    for name, event in model.events.items():
        for trend, felt in event.sensitive_to.items():
            path = f"events.{name}.sensitive_to.{trend}"
            ground = Ground(path, felt.mechanism, felt.evidence, _basis(felt.evidence, ()))
            for cause in moved[trend]:
                found.setdefault((cause, name), []).append(ground)
    return found


def trends_behind(model: Model) -> dict[str, set[str]]:
    """By trend: itself and those that reach it along couplings."""
    reach = {trend: {trend} for trend in model.trends}
    for _ in model.trends:
        for coupling in model.couplings.values():
            reach[coupling.target] |= reach[coupling.source]
    return reach


def _moved_trends(case: Case) -> dict[str, list[str]]:
    """By trend: the events that move it, by an impact or through couplings."""
    model = case.model
    return {
        trend: list(dict.fromkeys(i.source for i in model.impacts.values() if i.target in behind))
        for trend, behind in trends_behind(model).items()
    }


def grounds_of_events(case: Case, trend: str) -> dict[str, list[Ground]]:
    """By event, what it moves a trend by: its impacts that reach it, along couplings too.

    For an event without any: its links, and others' sensitivities, to events that lead there.
    """
    model, behind = case.model, trends_behind(case.model)[trend]
    found: dict[str, list[Ground]] = {name: [] for name in model.events}
    for key, impact in model.impacts.items():
        if impact.target in behind:
            found[impact.source].append(relation_ground(f"impacts.{key}", impact))
    joins, acting = between_events(case), {name for name, grounds in found.items() if grounds}
    leading = set(acting)
    for _ in model.events:
        more = {cause for cause, effect in joins if effect in leading} - leading
        if not more:
            break
        leading |= more
    for (cause, effect), grounds in joins.items():
        if cause not in acting and effect in leading:
            found[cause] += grounds
    return found


def basis_shares(weighed: Iterable[tuple[float, Iterable[Ground]]]) -> dict[Basis, float]:
    """Shares of Σ |terms| by what they rest on, a term in equal parts over its relations; nan where nothing moves."""
    sums: dict[Basis, float] = {"evidence": 0.0, "data": 0.0, "judgement": 0.0}
    for size, grounds in weighed:
        listed = list(grounds)
        for ground in listed:
            sums[ground.basis] += abs(size) / len(listed)
    total = sum(sums.values())
    return {kind: part / total if total > 0 else np.nan for kind, part in sums.items()}
