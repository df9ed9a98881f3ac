"""Whether lenses, hypotheses, policies, objectives and tests are whole (method §5, §11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.graph.checking.subject import found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etia.graph.checking.subject import Subject
    from etia.schema.fault import Fault
    from etia.schema.model import Test

__all__ = ["hypothesis_keys", "no_objectives", "objective_keys", "one_reference_lens", "policy_conflict", "test_keys"]


def one_reference_lens(subject: Subject) -> Iterator[Fault]:
    """Exactly one lens is the reference."""
    lenses = subject.model.lenses
    if set(lenses) != set(subject.ids("lenses")):
        return
    marked = [name for name, lens in lenses.items() if lens.reference]
    if not marked:
        hint = "Write reference: true in the lens that the probabilities were given under."
        yield found(("lenses",), "no lens is the reference", hint, on_key=True)
    for name in marked[1:]:
        message = f"a second reference lens; '{marked[0]}' is one already"
        yield found(("lenses", name, "reference"), message, "Keep one.")


def hypothesis_keys(subject: Subject) -> Iterator[Fault]:
    """A hypothesis has one threshold and one date."""
    for name, hypothesis in subject.model.hypotheses.items():
        for keys, hint in (
            (("at_least", "at_most"), "Write at_least: or at_most:, with a level or a value."),
            (("by", "at"), "Write by: for reached in some step up to then, at: for in that step."),
        ):
            given = [key for key in keys if getattr(hypothesis, key) is not None]
            if not given:
                yield found(("hypotheses", name), f"neither {keys[0]} nor {keys[1]}", hint, on_key=True)
            elif len(given) > 1:
                yield found(("hypotheses", name, keys[1]), f"both {keys[0]} and {keys[1]}", "Keep one.", on_key=True)


def objective_keys(subject: Subject) -> Iterator[Fault]:
    """`reach` has a target, and only it; an objective counts at a date or on average over a span."""
    for name, objective in subject.model.objectives.items():
        path = ("objectives", name)
        if objective.goal == "reach" and objective.target is None:
            yield found(path, "a goal to reach without target", "Add target:, the value to reach.", on_key=True)
        if objective.goal != "reach" and objective.target is not None:
            hint = "Write goal: reach, or take the target away."
            yield found((*path, "target"), f"a target with goal {objective.goal}", hint, on_key=True)
        span = objective.from_ is not None or objective.until is not None
        if objective.at is not None and span:
            hint = "Write at: for a date, from: and until: for an average."
            yield found((*path, "at"), "both a date and a span", hint, on_key=True)
        if objective.at is None and not span:
            yield found(path, "neither a date nor a span", "Add at: 2035-12, or from: and until:.", on_key=True)


def policy_conflict(subject: Subject) -> Iterator[Fault]:
    """A policy does not exclude itself or what it requires."""
    for name, policy in subject.model.policies.items():
        for index, other in enumerate(policy.excludes):
            if other == name or other in policy.requires:
                message = "it excludes itself" if other == name else f"'{other}' is both required and excluded"
                yield found(("policies", name, "excludes", index), message, "Take it away.")
        if name in policy.requires:
            path = ("policies", name, "requires", policy.requires.index(name))
            yield found(path, "it requires itself", "Take it away.")


_NEEDS = {
    "event": (("by",), ("probability",)),
    "hypothesis": (("probability",),),
    "trend": (("at",), ("median", "mean")),
}


def test_keys(subject: Subject) -> Iterator[Fault]:
    """A test is of one thing, and says when and within which interval."""
    for name, test in subject.model.tests.items():
        path = ("tests", name)
        about = [key for key in _NEEDS if getattr(test, key) is not None]
        if len(about) != 1:
            message = f"a test of {' and '.join(about) or 'nothing'}"
            yield found(path, message, "Name one event, one hypothesis or one trend.", on_key=True)
            continue
        yield from _test_parts(name, test, about[0])


def _test_parts(name: str, test: Test, about: str) -> Iterator[Fault]:
    path, article = ("tests", name), "an" if about == "event" else "a"
    for alternatives in _NEEDS[about]:
        if sum(getattr(test, key) is not None for key in alternatives) != 1:
            hint = f"Write {' or '.join(f'{key}:' for key in alternatives)}."
            yield found(path, f"a test of {article} {about} without {' or '.join(alternatives)}", hint, on_key=True)
    allowed = {key for alternatives in _NEEDS[about] for key in alternatives}
    for key in ("by", "at", "probability", "median", "mean"):
        if getattr(test, key) is not None and key not in allowed:
            yield found((*path, key), f"`{key}` in a test of {article} {about}", "Take it away.", on_key=True)
    if test.probability is not None and not 0 <= test.probability[0] <= test.probability[1] <= 1:
        low, high = test.probability
        yield found((*path, "probability"), f"[{low:g}, {high:g}] is no interval of probabilities", "From 0 to 1.")


def no_objectives(subject: Subject) -> Iterator[Fault]:
    """Policies that serve no objective cannot be compared."""
    model = subject.model
    if model.policies and not model.objectives:
        hint = "Add objectives:, so that portfolios of policies can be ranked."
        yield found(("policies",), "policies without objectives", hint, on_key=True)
