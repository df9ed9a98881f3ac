"""What a run was made from, so that it can be recognised and done again: the run folder's `manifest.json`."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from etia.files.resolved import resolved_document

if TYPE_CHECKING:
    from etia.facade import Run
    from etia.files.load import LoadedModel
    from etia.files.places import Node

__all__ = ["FORMAT", "manifest", "resolved_text"]

FORMAT = 1
_PACKAGES = ("etia", "numpy", "scipy", "pandas", "numba", "statsmodels", "pydantic")


def resolved_text(run: Run) -> str:
    """The text of `model.resolved.yaml`."""
    layers = {name: model.layers for name, model in run.scenarios.items()}
    document = resolved_document(run.model.loaded, layers)
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(document, Dumper=dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


def manifest(run: Run, text: str) -> dict[str, Any]:
    """Everything that the run's numbers depend on, with the digest that it is recognised by.

    `text` is the resolved model's. Numbers do not depend on how many processors work, so `jobs` is not there.
    """
    asked = asdict(run.request)
    policies = asked.pop("policies")
    known: dict[str, Any] = {
        "schema_version": FORMAT,
        "model": {"name": run.model.name, "title": run.model.title, "sha256": _digest(text.encode())},
        "options": {
            "scenarios": list(run.scenarios),
            "policies": None if policies is None else list(policies),
            **asked,
        },
        "as_of": run.model.as_of,
        "set": list(run.model.overrides),
        "code": _code_digest(),
        "versions": {"python": platform.python_version(), **_versions()},
    }
    inputs = [{"path": name, "sha256": _digest(path.read_bytes())} for name, path in _inputs(run).items()]
    counted = {key: known[key] for key in ("schema_version", "model", "options", "as_of", "set")}
    digest = _digest(json.dumps(counted, sort_keys=True, ensure_ascii=False).encode())
    return {"digest": digest, **known, "inputs": inputs}


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return found


def _code_digest() -> str:
    """Of the program itself: another version of it may give other numbers."""
    root = Path(__file__).parent.parent
    whole = sha256()
    for path in sorted(root.rglob("*.py")):
        whole.update(path.relative_to(root).as_posix().encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()


def _inputs(run: Run) -> dict[str, Path]:
    """The files that were read, by their path from the model's folder, in order of path."""
    loaded = run.model.loaded
    files = {loaded.folder / name for name in _sources(loaded.root)} | {Path(name) for name in _sources(loaded.root)}
    for model in run.scenarios.values():
        files |= set(model.scenario.files) if model.scenario else set()
    files |= _seed_files(loaded)
    named = {Path(os.path.relpath(path, loaded.folder)).as_posix(): path for path in files if path.is_file()}
    return dict(sorted(named.items()))


def _sources(node: Node) -> set[str]:
    """Names of the files that values come from."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        here = waiting.pop()
        found.add(here.place.source.name)
        waiting += [*here.entries.values(), *here.items]
    return found


def _seed_files(loaded: LoadedModel) -> set[Path]:
    named = loaded.root.entries.get("seeds")
    return set((loaded.folder / named.word).rglob("*.yaml")) if named is not None and named.word else set()
