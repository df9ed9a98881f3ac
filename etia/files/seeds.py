"""Source cards: one file each in the folder that the model's `seeds:` names (method §6)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pydantic import ValidationError

from etia.files.findings import from_validation
from etia.files.reader import finding_at, read_file
from etia.schema.evidence import Card

if TYPE_CHECKING:
    from pathlib import Path as File

    from etia.errors import Finding
    from etia.files.places import Node

__all__ = ["read_seeds"]


def read_seeds(named: Node, folder: File) -> tuple[dict[str, Card], set[str] | None, list[Finding]]:
    """The cards by id, the numbers of all claims written in them, and what is wrong with them.

    Claims of a faulty card count as written; None where the folder could not be read at all.
    """
    seeds = folder / (named.word or "")
    if not seeds.is_dir():
        message = f"there is no folder {named.word!r}"
        hint = "`seeds:` names the folder of source cards, from the model's own folder."
        return {}, None, [finding_at(named.place, "unreadable", message, hint)]
    cards: dict[str, Card] = {}
    nodes: dict[str, Node] = {}
    claims: set[str] = set()
    findings: list[Finding] = []
    for path in sorted(seeds.rglob("*.yaml")):
        root, faults = read_file(path, os.path.relpath(path, folder))
        findings += faults
        if root is None:
            continue
        claims |= set(root.entries["claims"].entries) if "claims" in root.entries else set()
        card = _card(root, findings)
        if card is None:
            continue
        findings += _misnumbered(card, root)
        if card.id in cards:
            message = f"'{card.id}' is defined twice; first at {nodes[card.id].place}"
            findings.append(finding_at(root.entries["id"].place, "defined-twice", message, "Give one another id."))
            continue
        cards[card.id], nodes[card.id] = card, root
    return cards, claims, findings


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
