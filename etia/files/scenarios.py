"""Scenarios: files of overrides laid over a model, one on another where they extend each other (method §10)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path as File

from pydantic import ValidationError

from etia.errors import Finding, ModelError, UsageError
from etia.files.findings import from_validation
from etia.files.merge import normalised, overlaid
from etia.files.places import NOWHERE, Node, Places
from etia.files.reader import finding_at, read_file
from etia.schema.fault import did_you_mean
from etia.schema.keys import HEAD, SECTIONS, required_at
from etia.schema.model import FORMAT_VERSIONS, Model
from etia.schema.scenario import ScenarioHead
from etia.schema.written import plain_number

__all__ = ["Merged", "Scenario", "find_scenario", "merged_scenario"]

REFERENCE = "reference"


@dataclass(frozen=True)
class Scenario:
    """A model as a scenario has it."""

    name: str
    """the file's name without its ending; `reference` for the model as it stands"""
    model: Model = field(repr=False)
    """the merged model, with `happens` on its events"""
    lens: str | None
    """the lens that the scenario chooses, if it does"""
    policies: tuple[str, ...]
    """the policies in force"""
    given_probability: frozenset[str]
    """events whose own probability the scenario gives, or that it adds: only these are calibrated anew"""
    title: str | None
    """what it supposes, in words"""
    note: str | None
    """why it is worth a look"""
    warnings: tuple[Finding, ...] = field(repr=False)
    """what is odd about it beyond what is odd about the model"""
    root: Node = field(repr=False)
    """the merged nodes"""
    files: tuple[File, ...]
    """the files that it was read from, the first one extended first"""

    @property
    def places(self) -> Places:
        """The place of every value: in the model's files or the scenario's."""
        return Places(self.root)


@dataclass(frozen=True)
class Merged:
    """The layers of a scenario laid over its model, before the whole is validated."""

    root: Node
    head: ScenarioHead
    name: str
    lens: str | None
    policies: tuple[str, ...]
    given_probability: frozenset[str]
    files: tuple[File, ...]
    findings: list[Finding]

    def completed(self, model: Model, root: Node, warnings: list[Finding]) -> Scenario:
        """The scenario, with the model that its nodes make."""
        return Scenario(
            name=self.name,
            model=model,
            lens=self.lens,
            policies=self.policies,
            given_probability=self.given_probability,
            title=self.head.title,
            note=self.head.note,
            warnings=tuple(warnings),
            root=root,
            files=self.files,
        )


@dataclass(frozen=True)
class _Layer:
    """One scenario file as read."""

    name: str
    node: Node
    head: ScenarioHead
    path: File | None


def find_scenario(named: str | File, folders: list[File]) -> File:
    """The file of a scenario given by name or as a file. Raises UsageError where there is none."""
    path = File(named)
    if path.suffix in {".yaml", ".yml"} or len(path.parts) > 1:
        if path.is_file():
            return path
        raise UsageError(f"there is no scenario file '{path}'")
    for folder in folders:
        if (folder / f"{named}.yaml").is_file():
            return folder / f"{named}.yaml"
    there = list(dict.fromkeys(file.stem for folder in folders for file in sorted(folder.glob("*.yaml"))))
    looked = " and ".join(f"'{os.path.relpath(folder)}'" for folder in folders)
    hint = did_you_mean(str(named), [*there, REFERENCE], what="scenarios")
    raise UsageError(f"there is no scenario '{named}' in {looked}. {hint}")


def merged_scenario(base: Node, wanted: str | File | Node, folders: list[File], folder: File) -> Merged:
    """The layers of a scenario laid over the model's nodes, the extended ones first.

    Raises ModelError where a layer cannot be read at all, UsageError where a named scenario does not exist.
    """
    layers = _layers(wanted, folders, folder)
    root = base
    findings: list[Finding] = []
    given: set[str] = set()
    lens: str | None = None
    policies: tuple[str, ...] = ()
    for layer in layers:
        over = _overrides(layer)
        over, faults = _without_unknown(over, root)
        findings += [*faults, *_moved_calendar(over), *_rewritten_past(over, base)]
        given = (given | _given(over, root)) - _taken_back(over)
        root = overlaid(root, over)
        lens = layer.head.lens or lens
        findings += _unknown_choices(layer, root)
        policies = layer.head.policies if "policies" in layer.head.model_fields_set else policies
    last = layers[-1] if layers else _Layer(REFERENCE, base, ScenarioHead(), None)
    files = tuple(layer.path for layer in layers if layer.path is not None)
    return Merged(root, last.head, last.name, lens, policies, frozenset(given), files, findings)


def _layers(wanted: str | File | Node, folders: list[File], folder: File) -> list[_Layer]:
    """The wanted scenario and all that it extends, the first to apply first."""
    layers: list[_Layer] = []
    seen: list[str] = []
    following: str | File | Node | None = wanted
    places = folders
    while following is not None and following != REFERENCE:
        try:
            layer = _read(following, places, folder)
        except UsageError as error:
            if not layers:
                raise
            message, _, hint = str(error).partition(". ")
            extends = layers[-1].node.entries["extends"].place
            raise ModelError([finding_at(extends, "extends", message, hint)]) from error
        if layer.name in seen and layer.path is not None:
            chain = " extends ".join([*seen, layer.name])
            extends = layer.node.entries["extends"].place
            raise ModelError([finding_at(extends, "extends", f"scenarios in a circle: {chain}", "Break it.")])
        seen.append(layer.name)
        layers.append(layer)
        places = [layer.path.parent] if layer.path is not None else folders
        following = layer.head.extends
    return layers[::-1]


def _read(wanted: str | File | Node, folders: list[File], folder: File) -> _Layer:
    if isinstance(wanted, Node):
        name, path, node = "scenario", None, wanted
        findings: list[Finding] = []
    else:
        path = find_scenario(wanted, folders)
        name = path.stem
        read, findings = read_file(path, os.path.relpath(path, folder))
        node = read if read is not None else Node({}, NOWHERE)
    if not isinstance(node.value, dict):
        findings.append(finding_at(node.place, "mapping", "a scenario is a mapping", "Begin with title: …"))
        raise ModelError(findings)
    head, faults = _head(node)
    findings += faults
    if head is None or findings:
        raise ModelError(findings)
    return _Layer(name, node, head, path)


def _head_entries(node: Node) -> dict[str, Node]:
    """The entries that are the scenario's own; a mapping under `policies` overrides the model's policies instead."""
    return {
        key: value
        for key, value in node.entries.items()
        if key in HEAD and not (key == "policies" and isinstance(value.value, dict))
    }


def _head(node: Node) -> tuple[ScenarioHead | None, list[Finding]]:
    own = Node(_head_entries(node), node.place)
    findings = []
    version = own.entries.get("etia")
    if version is not None and plain_number(version.word or str(version.value)) not in FORMAT_VERSIONS:
        message = f"{version.value!s} is not a known format version"
        findings.append(finding_at(version.place, "format-version", message, "Read: 1. Write etia: 1."))
    try:
        return ScenarioHead.model_validate(own.raw()), findings
    except ValidationError as error:
        return None, [*findings, *(finding for _, finding in from_validation(error, own, ScenarioHead))]


def _overrides(layer: _Layer) -> Node:
    """What a layer changes in the model."""
    own = _head_entries(layer.node)
    return Node({key: value for key, value in layer.node.entries.items() if key not in own}, layer.node.place)


def _without_unknown(over: Node, base: Node) -> tuple[Node, list[Finding]]:
    """The overrides less those of ids that the model lacks and that do not bring what a new one needs."""
    over, findings = normalised(over)
    kept: dict[str, Node] = {}
    for section, value in over.entries.items():
        known = base.entries[section].entries if section in base.entries else {}
        if section not in SECTIONS or not value.entries:
            kept[section] = value
            continue
        entries = {}
        for name, entry in value.entries.items():
            if name in known or (entry.entries and _is_whole(section, name, entry)):
                entries[name] = entry
            else:
                message = f"{section}: the model has no '{name}'"
                findings.append(finding_at(entry.key_place, "unknown-name", message, _hint(section, name, list(known))))
        kept[section] = Node(entries, value.place, value.key_place)
    return Node(kept, over.place), findings


def _rewritten_past(over: Node, base: Node) -> list[Finding]:
    """Data and how their baseline is fitted stay: a scenario keeps baselines and own noise (method §4, §10)."""
    known = base.entries["trends"].entries if "trends" in base.entries else {}
    changed = over.entries["trends"].entries if "trends" in over.entries else {}
    found: list[Finding] = []
    for name, trend in changed.items():
        fitted = trend.entries.get("baseline")
        own = [("history", trend), *((key, fitted) for key in ("method", "fit") if fitted is not None)]
        for key, node in own:
            if name in known and key in node.entries:
                message = f"trends.{name}: a scenario keeps the model's data and how their baseline is fitted"
                hint = "Change the model itself, or an event, impact or level here."
                found.append(finding_at(node.entries[key].key_place, "kept-baseline", message, hint))
    return found


def _moved_calendar(over: Node) -> list[Finding]:
    """A scenario is compared with its model step by step, on base rates solved for its time."""
    if "calendar" not in over.entries:
        return []
    hint = "Change the model's calendar, or the date of an event here."
    return [finding_at(over.entries["calendar"].key_place, "calendar", "a scenario has the model's calendar", hint)]


def _is_whole(section: str, name: str, entry: Node) -> bool:
    return all(key in entry.entries for key in required_at((section, name)))


def _hint(section: str, name: str, known: list[str]) -> str:
    needed = " and ".join(required_at((section, name)))
    return did_you_mean(name, known, what="known") + (f" A new one needs {needed}." if needed else "")


def _given(over: Node, base: Node) -> set[str]:
    events = over.entries.get("events")
    known = base.entries["events"].entries if "events" in base.entries else {}
    return {
        name
        for name, event in (events.entries if events else {}).items()
        if name not in known or ("probability" in event.entries and event.entries["probability"].value is not None)
    }


def _taken_back(over: Node) -> set[str]:
    events = over.entries.get("events")
    return {
        name
        for name, event in (events.entries if events else {}).items()
        if "probability" in event.entries and event.entries["probability"].value is None
    }


def _unknown_choices(layer: _Layer, root: Node) -> list[Finding]:
    """Lenses and policies that the scenario chooses and the model lacks."""
    findings = []
    lenses = list(root.entries["lenses"].entries) if "lenses" in root.entries else [REFERENCE]
    if layer.head.lens is not None and layer.head.lens not in lenses:
        message = f"lens: the model has no lens '{layer.head.lens}'"
        hint = did_you_mean(layer.head.lens, lenses, what="lenses")
        findings.append(finding_at(layer.node.entries["lens"].place, "unknown-name", message, hint))
    policies = list(root.entries["policies"].entries) if "policies" in root.entries else []
    for index, name in enumerate(layer.head.policies):
        if name not in policies:
            place = layer.node.entries["policies"].items[index].place
            message = f"policies: the model has no policy '{name}'"
            findings.append(finding_at(place, "unknown-name", message, did_you_mean(name, policies, what="policies")))
    return findings
