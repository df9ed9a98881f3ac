"""A model from its folder or file: `load` reads, merges, validates and checks; `LoadedModel` is what came of it."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

from etia.errors import Finding, ModelError, UsageError
from etia.files.findings import in_order
from etia.files.merge import merge_files, normalised
from etia.files.overrides import apply_overrides
from etia.files.places import NOWHERE, Node, Place, Places, Source
from etia.files.reader import finding_at, read_file
from etia.files.scenarios import Scenario, merged_scenario
from etia.files.seeds import Sources, near_hypotheses, read_seeds
from etia.files.series import read_series
from etia.files.validation import examine

if TYPE_CHECKING:
    from etia.schema.evidence import Card, Claim
    from etia.schema.model import Model

__all__ = ["LoadedModel", "apply_scenario", "check", "load", "load_dict", "model_folder", "node_from"]

SCENARIOS = "scenarios"

_Read = dict[File, tuple[Node | None, list[Finding]]]
"""the files that were read, with their roots and faults"""


@contextmanager
def _without_collection() -> Iterator[None]:
    """No garbage collection for a while: nodes are many and all live on; looking through them takes half the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@dataclass(frozen=True)
class LoadedModel:
    """A sound model with the places of its values."""

    name: str
    """the folder's name, or the file's without its ending"""
    model: Model = field(repr=False)
    places: Places = field(repr=False)
    warnings: tuple[Finding, ...] = field(repr=False)
    seeds: dict[str, Card] = field(repr=False)
    """the source cards by id"""
    folder: File
    """where files that the model names are looked for"""
    root: Node = field(repr=False)
    """the merged nodes"""
    path: File | None = None
    """the folder or file that was loaded; None for a model from Python"""
    named_scenarios: tuple[str, ...] = ()
    """scenarios that may be named though their files are not at hand: those of a saved run"""

    @property
    def claims(self) -> dict[str, Claim]:
        """All claims of the source cards by number."""
        return {name: claim for card in self.seeds.values() for name, claim in card.claims.items()}

    @property
    def scenarios(self) -> dict[str, File]:
        """The scenario files that there are for this model, by name."""
        return scenario_files(self.path, self.folder, self.name)

    @property
    def scenario_folders(self) -> list[File]:
        """Where scenarios are looked for: the model's own folder first, then the one beside `models`."""
        return _scenario_folders(self.path, self.folder, self.name)

    def resolved(self) -> dict[str, Any]:
        """The merged model as plain data, with its series: what `model.resolved.yaml` holds."""
        found = self.root.resolved()
        assert isinstance(found, dict)
        return found


def _scenario_folders(path: File | None, folder: File, name: str) -> list[File]:
    beside = [path.absolute().parent.parent / SCENARIOS / name] if path is not None else []
    return [folder / SCENARIOS, *beside]


def scenario_files(path: File | None, folder: File, name: str) -> dict[str, File]:
    """The scenario files of a model, by name; where two have a name, the one in the model's own folder."""
    folders = reversed(_scenario_folders(path, folder, name))
    return {file.stem: file for place in folders for file in sorted(place.glob("*.yaml"))}


@_without_collection()
def load(path: str | File, *, overrides: Iterable[str] = (), as_of: str | None = None) -> LoadedModel:
    """The model of a folder or a single file.

    In this order: files are merged, `overrides` (`PATH=VALUE`) applied, then `as_of` moved. Raises ModelError with
    every fault at once, UsageError where there is no model or an override makes no sense.
    """
    loaded, findings = _attempt(File(path), tuple(overrides), as_of)
    if loaded is None:
        raise ModelError(findings)
    return loaded


@_without_collection()
def check(path: str | File, *, overrides: Iterable[str] = ()) -> list[Finding]:
    """Everything wrong or odd about a model and its scenarios, in order of place.

    Scenarios are looked at where the model itself is sound. Raises only UsageError, where there is no model.
    """
    loaded, findings = _attempt(File(path), tuple(overrides), None)
    if loaded is None:
        return findings
    found = list(findings)
    for file in loaded.scenarios.values():
        try:
            found += apply_scenario(loaded, file).warnings
        except ModelError as error:
            found += error.findings
    return in_order(found)


def load_dict(raw: Mapping[str, Any], *, name: str = "model", folder: str | File = ".") -> LoadedModel:
    """A model written in Python, in the words of the format; files that it names are looked for in `folder`."""
    loaded, findings = _assembled([node_from(raw)], File(folder), name, None, (), None, [])
    if loaded is None:
        raise ModelError(findings)
    return loaded


def node_from(raw: object) -> Node:
    """Python data as nodes without a place."""
    if isinstance(raw, Mapping):
        return Node({str(key): node_from(value) for key, value in raw.items()}, NOWHERE)
    if isinstance(raw, (list, tuple)):
        return Node([node_from(value) for value in raw], NOWHERE)
    return Node(raw if raw is None or isinstance(raw, (str, int, float, bool)) else str(raw), NOWHERE)


def model_folder(path: File) -> File:
    """The folder from which a model's files are named: itself, or where its file lies."""
    return path if path.is_dir() else path.parent


def _attempt(path: File, overrides: tuple[str, ...], as_of: str | None) -> tuple[LoadedModel | None, list[Finding]]:
    if not path.exists():
        raise UsageError(f"there is no model at '{path}': neither a folder nor a file")
    roots, findings = _read_roots(path)
    name = path.resolve().name if path.is_dir() else path.stem
    if not roots:
        return None, in_order(findings)
    return _assembled(roots, model_folder(path), name, path, overrides, as_of, findings)


def _read_roots(path: File) -> tuple[list[Node], list[Finding]]:
    """The roots of a model's files; those in `scenarios` and in the folder of the source cards are left out."""
    findings: list[Finding] = []
    if path.is_file():
        read = {path: read_file(path, str(path))}
    else:
        read = {file: read_file(file, str(file.relative_to(path))) for file in _model_files(path)}
        read = _without_seeds(read, path)
        findings += _passed_over(path)
        if not read:
            raise UsageError(f"there is no *.yaml file in '{path}'")
        _refuse_several(read, path)
    roots: list[Node] = []
    for root, faults in read.values():
        findings += faults
        if root is None:
            continue
        if isinstance(root.value, dict):
            roots.append(root)
        elif root.value is not None:
            findings.append(
                finding_at(root.place, "mapping", "a model's file is a mapping", "Begin with a key, such as events:")
            )
    if not roots and not findings:
        raise UsageError(f"there is nothing in '{path}'")
    return roots, findings


def _refuse_several(read: _Read, folder: File) -> None:
    """Raise UsageError where a folder holds no model of its own but several below it."""
    with_calendar = [file for file, (root, _) in read.items() if root is not None and "calendar" in root.entries]
    below = sorted({file.relative_to(folder).parts[0] for file in with_calendar if file.parent != folder})
    if len(below) > 1 and len(below) == len(with_calendar):
        named = [str(folder / name) for name in below]
        raise UsageError(f"'{folder}' holds several models: {', '.join(named)}. Name one of them.")


def _model_files(folder: File) -> list[File]:
    files = []
    linked_in = _linked_in(folder)
    runs = {manifest.parent for manifest in folder.rglob("manifest.json")} - {folder}
    for file in sorted(folder.rglob("*.yaml")):
        parts = file.relative_to(folder).parts
        if file in linked_in or file.parent in runs:
            continue
        if parts[0] != SCENARIOS and not any(part.startswith(".") for part in parts):
            files.append(file)
    return files


def _passed_over(folder: File) -> list[Finding]:
    """Warnings of files that look like the model's and are not read."""
    whys = dict.fromkeys(folder.rglob("*.yml"), "Only *.yaml files are read: rename it.")
    whys |= dict.fromkeys(_linked_in(folder), "It is a link to a file outside the model's folder: copy it.")
    found = []
    for file, hint in sorted(whys.items()):
        if not any(part.startswith(".") for part in file.relative_to(folder).parts):
            place = Place(Source(str(file.relative_to(folder)), ""), 1, 1)
            found.append(replace(finding_at(place, "not-read", "this file is not read", hint), severity="warning"))
    return found


def _linked_in(folder: File) -> set[File]:
    """YAML files below a folder that are links to files outside it."""
    inside = folder.resolve()
    return {file for file in folder.rglob("*.yaml") if not file.resolve().is_relative_to(inside)}


def _without_seeds(read: _Read, folder: File) -> _Read:
    named = [root.entries["seeds"].word for root, _ in read.values() if root is not None and "seeds" in root.entries]
    seeds = [File(os.path.normpath(folder / name)) for name in named if name]
    if not any(place.is_dir() for place in seeds):
        # misnamed, or named in a file that could not be read: cards are known by their look
        return {file: found for file, found in read.items() if found[0] is None or not _is_card(found[0])}
    return {
        file: found
        for file, found in read.items()
        if not any(File(os.path.normpath(file)).is_relative_to(place) for place in seeds)
    }


def _is_card(root: Node) -> bool:
    return {"id", "claims"} <= set(root.entries)


def _assembled(
    roots: list[Node],
    folder: File,
    name: str,
    path: File | None,
    overrides: tuple[str, ...],
    as_of: str | None,
    findings: list[Finding],
) -> tuple[LoadedModel | None, list[Finding]]:
    whole = all(found.code in {"duplicate-key", "not-read"} for found in findings)
    found = list(findings)
    normal = []
    for root in roots:
        one, faults = normalised(root)
        normal.append(one)
        found += faults
    root, faults = merge_files(normal)
    found += faults
    root = apply_overrides(root, overrides)
    if as_of is not None:
        root = apply_overrides(root, (f"calendar.as_of={as_of}",))
    root, faults = with_series(root, folder)
    found += faults
    seeds = root.entries.get("seeds")
    sources = Sources()
    if seeds is not None and seeds.word:
        sources = read_seeds(seeds, folder)
        hypotheses = root.entries["hypotheses"].entries if "hypotheses" in root.entries else {}
        found += [*sources.findings, *near_hypotheses(sources, list(hypotheses))]
    cards = sources.cards
    outcome = examine(root, cards, claims=sources.claims, scenarios=scenario_files(path, folder, name), whole=whole)
    found = in_order([*found, *outcome.findings])
    if outcome.model is None or any(item.severity == "error" for item in found):
        return None, found
    loaded = LoadedModel(name, outcome.model, Places(root), tuple(found), cards, folder, root, path)
    return loaded, found


def with_series(root: Node, folder: File) -> tuple[Node, list[Finding]]:
    """The nodes with the CSV files that histories name read in, and every history in order of date."""
    trends = root.entries.get("trends")
    if trends is None or not trends.entries:
        return root, []
    findings: list[Finding] = []
    read = {}
    for name, trend in trends.entries.items():
        history = trend.entries.get("history")
        if history is None:
            read[name] = trend
            continue
        if history.word is not None:
            history, faults = read_series(history, folder)
            findings += faults
        elif history.value == []:
            findings.append(
                finding_at(history.place, "no-data", "a history without data", "Write {at: 2020, value: 1}.")
            )
        read[name] = Node({**trend.entries, "history": _by_date(history)}, trend.place, trend.key_place)
    entries = {**root.entries, "trends": Node(read, trends.place, trends.key_place)}
    return Node(entries, root.place, root.key_place), findings


def _by_date(history: Node) -> Node:
    """A history in order of date; ISO dates of one precision sort as text."""
    if not history.items:
        return history
    words = [point.entries["at"].word if "at" in point.entries else None for point in history.items]
    if any(word is None for word in words):
        return history
    order = sorted(range(len(words)), key=lambda index: words[index] or "")
    return Node([history.items[index] for index in order], history.place, history.key_place)


@_without_collection()
def apply_scenario(loaded: LoadedModel, scenario: str | File | Mapping[str, Any]) -> Scenario:
    """A scenario over a model: a name, a file, or a mapping in the words of the format (method §10).

    Raises ModelError with every fault of the scenario, UsageError where there is none of that name.
    """
    merged = merged_scenario(
        loaded.root,
        node_from(scenario) if isinstance(scenario, Mapping) else scenario,
        loaded.scenario_folders,
        loaded.folder,
    )
    root, faults = with_series(merged.root, loaded.folder)
    outcome = examine(
        root, loaded.seeds, claims=set(loaded.claims), scenarios=[*loaded.scenarios, *loaded.named_scenarios],
        in_scenario=True,
        base=(loaded.root, loaded.model),
    )  # fmt: skip
    own = {os.path.relpath(file, loaded.folder) for file in merged.files} or {NOWHERE.file}
    # what the scenario leaves unused or without a reason in the model's own files is not its concern
    new = [item for item in outcome.findings if item.severity == "error" or item.file in own]
    found = in_order([*merged.findings, *faults, *new])
    if outcome.model is None or any(item.severity == "error" for item in found):
        raise ModelError(found)
    return merged.completed(outcome.model, root, found)
