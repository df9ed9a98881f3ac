"""What is odd but legal: things that nothing uses, judgements that give no reason (method §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.graph.checking.subject import found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etia.graph.checking.subject import Subject
    from etia.schema.base import Noted
    from etia.schema.fault import Fault, Path

__all__ = ["no_reason", "unused"]


def unused(subject: Subject, section: str) -> Iterator[Fault]:
    """Entries of a section that nothing names."""
    named = {reference.name for reference in subject.references if reference.section == section}
    for name in getattr(subject.model, section):
        if name not in named:
            yield found((section, name), "nothing in the model uses it", "Use it, or take it away.", on_key=True)


def _judgements(subject: Subject) -> Iterator[tuple[Path, list[Noted]]]:
    """Every judgement, with the parts any of which may give its reason."""
    model = subject.model
    for section in ("links", "impacts", "couplings"):
        for key, relation in getattr(model, section).items():
            if not relation.fitted_on:
                yield (section, key), [relation]
    for name, event in model.events.items():
        if event.probability and not subject.is_past(event):
            yield ("events", name, "probability"), [event, *event.probability]
        for per, sensitivity in event.sensitive_to.items():
            yield ("events", name, "sensitive_to", per), [event, sensitivity]
    for name, trend in model.trends.items():
        if trend.constructed is not None:
            yield ("trends", name, "constructed"), [trend, trend.constructed]
    for name, policy in model.policies.items():
        yield ("policies", name), [policy]


def no_reason(subject: Subject) -> Iterator[Fault]:
    """Judgements that cite no claim and give no reason."""
    for path, parts in _judgements(subject):
        if not any(part.evidence or part.note for part in parts):
            hint = "Cite claims with evidence: [s001.1], or give the reason in note:."
            yield found(path, "a judgement with neither evidence nor note", hint, on_key=True)
