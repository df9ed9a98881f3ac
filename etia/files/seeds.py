"""Source cards: one file each in the folder that the model's `seeds:` names (method §6)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pydantic import ValidationError

from etia.files.findings import from_validation
from etia.files.reader import finding_at, read_file
from etia.schema.evidence import Card

if TYPE_CHECKING:
    from pathlib import Path as File

    from etia.errors import Finding
    from etia.files.places import Node

__all__ = ["Sources", "near_hypotheses", "read_seeds"]


@dataclass(frozen=True)
class Sources:
    """The cards of a folder."""

    cards: dict[str, Card] = field(default_factory=dict)
    """the sound cards by id"""
    claims: set[str] | None = field(default_factory=set)
    """the numbers of all claims as written, those of faulty cards too; None where the folder could not be read"""
    roots: list[Node] = field(default_factory=list)
    """the nodes of the sound cards"""
    findings: list[Finding] = field(default_factory=list)
    """what is wrong with the cards"""


def read_seeds(named: Node, folder: File) -> Sources:
    """The source cards of the folder that `named` names, looked for from `folder`."""
    seeds = folder / (named.word or "")
    if not seeds.is_dir():
        message = f"there is no folder {named.word!r}"
        hint = "`seeds:` names the folder of source cards, from the model's own folder."
        return Sources(claims=None, findings=[finding_at(named.place, "unreadable", message, hint)])
    sources, claims = Sources(), set[str]()
    first: dict[str, Node] = {}
    for path in sorted(seeds.rglob("*.yaml")):
        root, faults = read_file(path, os.path.relpath(path, folder))
        sources.findings.extend(faults)
        if root is None:
            continue
        claims |= set(root.entries["claims"].entries) if "claims" in root.entries else set()
        card = _card(root, sources.findings)
        if card is None:
            continue
        sources.findings.extend(_misnumbered(card, root))
        if card.id in first:
            message = f"'{card.id}' is defined twice; first at {first[card.id].place}"
            place = root.entries["id"].place
            sources.findings.append(finding_at(place, "defined-twice", message, "Give one another id."))
            continue
        sources.cards[card.id], first[card.id] = card, root.entries["id"]
        sources.roots.append(root)
    return replace(sources, claims=claims)


def near_hypotheses(sources: Sources, hypotheses: list[str]) -> list[Finding]:
    """Warnings where a claim's hypothesis is unknown, but near to one that the model has: others are other models'."""
    found = []
    for root in sources.roots:
        claims = root.entries["claims"].entries if "claims" in root.entries else {}
        stances = [claim.entries["hypotheses"] for claim in claims.values() if "hypotheses" in claim.entries]
        for name, node in ((name, node) for stance in stances for name, node in stance.entries.items()):
            near = get_close_matches(name, hypotheses, n=1, cutoff=0.8) if name not in hypotheses else []
            if near:
                message, place = f"the model has no hypothesis '{name}'", node.key_place
                warning = finding_at(place, "near-hypothesis", message, f"Did you mean '{near[0]}'?")
                found.append(replace(warning, severity="warning"))
    return found


def _card(root: Node, findings: list[Finding]) -> Card | None:
    if not isinstance(root.value, dict):
        findings.append(finding_at(root.place, "mapping", "a source card is a mapping", "Begin with id: and title:"))
        return None
    try:
        return Card.model_validate(root.raw())
    except ValidationError as error:
        findings += [finding for _, finding in from_validation(error, root, Card)]
        return None


def _misnumbered(card: Card, root: Node) -> list[Finding]:
    """Claims whose number does not begin with their card's id."""
    claims = root.entries.get("claims")
    return [
        finding_at(node.key_place, "claim-id", f"claim '{name}' of source '{card.id}'", f"Call it {card.id}.1 or so.")
        for name, node in (claims.entries if claims else {}).items()
        if not name.startswith(f"{card.id}.")
    ]
