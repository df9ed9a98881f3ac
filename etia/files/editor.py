"""What an editor needs to help while a model is written: JSON Schemas, and the line that points to them."""

from __future__ import annotations

import json
import os
from pathlib import Path as File
from typing import Any

from etia.errors import UsageError
from etia.files.reader import read_file
from etia.schema.evidence import Card
from etia.schema.model import Model
from etia.schema.scenario import ScenarioHead

__all__ = ["MODELINE", "install_schemas", "json_schemas"]

FOLDER = ".etia"
"""where the schemas are put; hidden, so that they are no part of a model"""
MODELINE = "# yaml-language-server: $schema="


def json_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schemas of a model's file, a scenario and a source card."""
    model = Model.model_json_schema()
    # a model may be spread over files, so no file need have every key
    model.pop("required", None)
    return {"model": model, "scenario": _scenario_schema(), "card": Card.model_json_schema()}


def _scenario_schema() -> dict[str, Any]:
    """The model's schema with nothing required and null allowed everywhere, `happens`, and a scenario's own keys."""
    loose: dict[str, Any] = _loosened(Model.model_json_schema())
    loose["title"] = "Scenario"
    loose["$defs"]["Event"]["properties"]["happens"] = {
        "type": ["string", "integer", "null"],
        "description": "the date at which the event comes whatever its rate, or never",
    }
    own = ScenarioHead.model_json_schema()["properties"]
    in_force = own.pop("policies")
    changed = loose["properties"]["policies"]
    policies = {"anyOf": [in_force, changed], "description": in_force["description"]}
    loose["properties"] |= {**own, "policies": policies}
    loose["description"] = "Overrides of a model, and what applies on top."
    return loose


def _loosened(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_loosened(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    loose = {key: _loosened(part) for key, part in schema.items() if key != "required"}
    if isinstance(loose.get("properties"), dict):
        loose["properties"] = {
            key: {"anyOf": [part, {"type": "null"}], **({"description": d} if (d := part.get("description")) else {})}
            for key, part in loose["properties"].items()
        }
    return loose


def install_schemas(folder: str | File) -> list[str]:
    """Write the schemas below `folder` and the modeline into its YAML files that have none; says what was done."""
    root = File(folder)
    if not root.is_dir():
        raise UsageError(f"there is no folder '{root}'")
    place = root / FOLDER
    place.mkdir(exist_ok=True)
    done = []
    for name, schema in json_schemas().items():
        path = place / f"{name}.schema.json"
        path.write_text(json.dumps(schema, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        done.append(f"wrote {path}")
    for file in sorted(root.rglob("*.yaml")):
        if any(part.startswith(".") for part in file.relative_to(root).parts):
            continue
        schema_file = os.path.relpath(place / f"{_kind(file)}.schema.json", file.parent)
        if _add_modeline(file, schema_file):
            done.append(f"pointed {file} to it")
    return done


def _kind(file: File) -> str:
    """Which format a file is of: by its folder, or, of a card, by its keys."""
    if "scenarios" in file.parts:
        return "scenario"
    node, _ = read_file(file, file.name)
    return "card" if node is not None and {"id", "claims"} <= set(node.entries) else "model"


def _add_modeline(file: File, schema_file: str) -> bool:
    content = file.read_bytes()
    if MODELINE.encode() in content:
        return False
    bom = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    newline = b"\r\n" if b"\r\n" in content else b"\n"
    line = f"{MODELINE}{File(schema_file).as_posix()}".encode()
    file.write_bytes(bom + line + newline + content.removeprefix(bom))
    return True
