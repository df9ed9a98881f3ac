"""One document with all that a run was made from: the merged model with its series, scenarios and claims.

It is the model's format with two keys more: `scenarios`, by name the layers to lay over the model one after another,
and `sources`, the cards by id.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

from etia.errors import ModelError
from etia.files.load import LoadedModel, apply_scenario, node_from, with_series
from etia.files.places import Node, Places
from etia.files.reader import read_file
from etia.files.validation import examine
from etia.schema.evidence import Card

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etia.files.scenarios import Scenario

    Layer = Mapping[str, Any]

__all__ = ["layered_scenario", "read_resolved", "resolved_document", "scenario_layers"]

_OWN = ("scenarios", "sources")


def scenario_layers(loaded: LoadedModel, scenario: Scenario, written: Mapping[str, Any] | None = None) -> list[Layer]:
    """The layers of a scenario as plain mappings, the first to apply first, series read in.

    `written` is the last layer of a scenario that came from Python.
    """
    read = [read_file(file, file.name)[0] for file in scenario.files]
    nodes = [node for node in read if node is not None]
    if written is not None:
        nodes.append(node_from(written))
    layers: list[Layer] = []
    for node in nodes:
        found = with_series(node, loaded.folder)[0].resolved()
        assert isinstance(found, dict)
        layers.append({key: value for key, value in found.items() if key != "extends"})
    return layers


def layered_scenario(loaded: LoadedModel, name: str, layers: Sequence[Layer]) -> Scenario:
    """The scenario that layers make, laid over the model one after another. Raises ModelError where one is faulty."""
    below, found = loaded, apply_scenario(loaded, {})
    for layer in layers:
        upper = apply_scenario(below, layer)
        found = joined(found, upper)
        below = replace(below, model=upper.model, root=upper.root, places=Places(upper.root))
    return replace(found, name=name)


def joined(lower: Scenario, upper: Scenario) -> Scenario:
    """What two scenarios come to, `upper` laid over the model that `lower` makes."""
    return replace(
        upper,
        lens=upper.lens or lower.lens,
        policies=upper.policies or lower.policies,
        given_probability=lower.given_probability | upper.given_probability,
        files=(*lower.files, *upper.files),
    )


def resolved_document(loaded: LoadedModel, scenarios: Mapping[str, Sequence[Layer]]) -> dict[str, Any]:
    """The document as plain data."""
    document = {key: value for key, value in loaded.resolved().items() if key != "seeds"}
    if scenarios:
        document["scenarios"] = {name: list(layers) for name, layers in scenarios.items()}
    if loaded.seeds:
        document["sources"] = {
            name: card.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
            for name, card in loaded.seeds.items()
        }
    return document


def read_resolved(path: str | File, name: str) -> tuple[LoadedModel, dict[str, Scenario]]:
    """The model and the scenarios of such a document. Raises ModelError where it is faulty."""
    file = File(path)
    root, findings = read_file(file, file.name)
    if root is None or findings:
        raise ModelError(findings)
    own = root.entries
    model = Node({key: value for key, value in own.items() if key not in _OWN}, root.place)
    sources = own["sources"].entries if "sources" in own else {}
    cards = {key: Card.model_validate(node.raw()) for key, node in sources.items()}
    named = _scenario_names(own)
    outcome = examine(model, cards, scenarios=named)
    if outcome.model is None:
        raise ModelError([found for found in outcome.findings if found.severity == "error"])
    loaded = LoadedModel(
        name, outcome.model, Places(model), (), cards, file.parent, model, named_scenarios=tuple(named)
    )
    scenarios = own["scenarios"].entries if "scenarios" in own else {}
    return loaded, {key: layered_scenario(loaded, key, _plain(node)) for key, node in scenarios.items()}


def _scenario_names(own: Mapping[str, Node]) -> list[str]:
    """The run's scenarios, with those that the model's tests name, which this run did not take."""
    tests = own["tests"].entries.values() if "tests" in own else ()
    named = [test.entries["scenario"].word or "" for test in tests if "scenario" in test.entries]
    return [*(own["scenarios"].entries if "scenarios" in own else ()), *named]


def _plain(layers: Node) -> list[Layer]:
    found = [layer.raw() for layer in layers.items]
    return [layer for layer in found if isinstance(layer, dict)]
