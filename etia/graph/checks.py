"""Checks across entities, by name: what the schema cannot say of one entity alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etia.schema.evidence import Card
    from etia.schema.fault import Fault
    from etia.schema.model import Model


@dataclass(frozen=True)
class Subject:
    model: Model
    written: dict[str, tuple[str, ...]]
    cards: dict[str, Card]
    is_whole: bool
    has_calendar: bool
    in_scenario: bool


def faults_of(subject: Subject) -> list[Fault]:
    return []
