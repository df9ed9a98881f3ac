"""The checks across entities, by name: what the schema cannot say of one entity alone.

Each is one function that looks at a `Subject` and yields faults. A check of the table gives its name and severity to
what its function finds; those of odd but legal things run only where the model is whole, so that a fault elsewhere
does not make a part look unused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from etia.graph.checking import dates, events, references, relations, theory, trends, unused
from etia.graph.checking.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from etia.schema.fault import Fault

__all__ = ["CHECKS", "Check", "Subject", "faults_of"]


@dataclass(frozen=True)
class Check:
    """A named check."""

    name: str
    """its name, the code of its findings"""
    find: Callable[[Subject], Iterable[Fault]]
    """the function that finds faults"""
    severity: Literal["error", "warning"] = "error"
    """how much they matter"""

    def faults(self, subject: Subject) -> list[Fault]:
        """What it finds, under its name."""
        return [replace(fault, code=self.name, severity=self.severity) for fault in self.find(subject)]


def _unknown(section: str) -> Callable[[Subject], Iterable[Fault]]:
    return partial(references.unknown, section=section)


CHECKS: tuple[Check, ...] = (
    Check("calendar-order", dates.calendar_order),
    Check("unknown-event", _unknown("events")),
    Check("unknown-trend", _unknown("trends")),
    Check("unknown-actor", _unknown("actors")),
    Check("unknown-mechanism", _unknown("mechanisms")),
    Check("unknown-lens", _unknown("lenses")),
    Check("unknown-policy", _unknown("policies")),
    Check("unknown-hypothesis", _unknown("hypotheses")),
    Check("unknown-link", _unknown("links")),
    Check("unknown-impact", _unknown("impacts")),
    Check("unknown-domain", references.unknown_domain),
    Check("unknown-claim", references.unknown_claim),
    Check("unknown-level", references.unknown_level),
    Check("unknown-scenario", references.unknown_scenario),
    Check("date-outside", dates.date_outside),
    Check("not-after-as-of", dates.not_after_as_of),
    Check("span-order", dates.span_order),
    Check("foreseen-order", dates.foreseen_order),
    Check("happens", dates.happens),
    Check("no-date-or-probability", events.no_date_or_probability),
    Check("curve-keys", events.curve_keys),
    Check("curve-order", events.curve_order),
    Check("point-not-ahead", events.point_not_ahead),
    Check("requires-circle", events.requires_circle),
    Check("requires-and-prevented", events.requires_and_prevented),
    Check("requires-later", events.requires_later),
    Check("never-possible", events.never_possible, "warning"),
    Check("repeats-past", events.repeats_past, "warning"),
    Check("self-relation", relations.self_relation),
    Check("percent-missing", relations.percent_missing),
    Check("percent-misplaced", relations.percent_misplaced),
    Check("per-zero", relations.per_zero),
    Check("impact-keys", relations.impact_keys),
    Check("timing-order", relations.timing_order),
    Check("settles-too-soon", relations.settles_too_soon, "warning"),
    Check("link-too-late", relations.link_too_late, "warning"),
    Check("sign-against-mechanism", relations.sign_against_mechanism, "warning"),
    Check("no-history-or-level", trends.no_history_or_level),
    Check("bounds", trends.bounds),
    Check("outside-scale", trends.outside_scale),
    Check("baseline-keys", trends.baseline_keys),
    Check("mixed-precision", trends.mixed_precision),
    Check("no-data", trends.no_data),
    Check("data-before-start", trends.data_before_start, "warning"),
    Check("one-reference-lens", theory.one_reference_lens),
    Check("hypothesis-keys", theory.hypothesis_keys),
    Check("objective-keys", theory.objective_keys),
    Check("policy-conflict", theory.policy_conflict),
    Check("test-keys", theory.test_keys),
    Check("no-objectives", theory.no_objectives, "warning"),
    Check("unused-mechanism", partial(unused.unused, section="mechanisms"), "warning"),
    Check("unused-actor", partial(unused.unused, section="actors"), "warning"),
    Check("no-reason", unused.no_reason, "warning"),
)


def faults_of(subject: Subject, *, is_whole: bool = True) -> list[Fault]:
    """Everything that the checks find; without the odd but legal where parts of the model are missing."""
    checks = [check for check in CHECKS if is_whole or check.severity == "error"]
    return [fault for check in checks for fault in check.faults(subject)]
