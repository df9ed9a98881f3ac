"""Which keys the format knows at a path: for hints, overrides and the reference of the format."""

from __future__ import annotations

import types
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from etia.schema.fault import Path
from etia.schema.model import Model
from etia.schema.scenario import ScenarioHead

__all__ = ["HIDDEN", "SECTIONS", "describe_key", "keys_at", "required_at"]

HIDDEN = frozenset({"source", "target", "label", "happens"})
"""fields that are not the analyst's to write in a model: ends of relations come from keys, `happens` is a scenario's"""


def _bare(annotation: Any) -> Any:
    """An annotation without `Annotated`, `| None` and aliases."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _bare(get_args(annotation)[0])
    if origin in {Union, types.UnionType}:
        members = [member for member in get_args(annotation) if member is not type(None)]
        return _bare(members[0])
    return annotation


def _below(annotation: Any, part: str | int) -> Any:
    """The annotation of what stands under `part`; None where the format says nothing of it."""
    bare = _bare(annotation)
    origin = get_origin(bare)
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        field = _fields(bare).get(str(part))
        return field.annotation if field else None
    if origin is dict:
        return get_args(bare)[1]
    if origin is tuple:
        # one mapping may stand for a list of them: then the part is already a key of the member
        member = get_args(bare)[0]
        return member if isinstance(part, int) or part.isdigit() else _below(member, part)
    return None


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a class by the keys that an analyst writes."""
    return {field.alias or name: field for name, field in model.model_fields.items() if name not in HIDDEN}


def _class_at(path: Path, root: type[BaseModel]) -> type[BaseModel] | None:
    annotation: Any = root
    for part in path:
        annotation = _below(annotation, part)
        if annotation is None:
            return None
    bare = _bare(annotation)
    if get_origin(bare) is tuple:
        bare = _bare(get_args(bare)[0])
    return bare if isinstance(bare, type) and issubclass(bare, BaseModel) else None


def keys_at(path: Path, root: type[BaseModel] = Model) -> list[str]:
    """The keys allowed in the mapping at a path; none where the format leaves them to the analyst."""
    found = _class_at(path, root)
    return list(_fields(found)) if found else []


def required_at(path: Path, root: type[BaseModel] = Model) -> list[str]:
    """Those of the keys that must be there."""
    found = _class_at(path, root)
    return [key for key, field in _fields(found).items() if field.is_required()] if found else []


def describe_key(path: Path, root: type[BaseModel] = Model) -> str:
    """What the last key of a path means, in the words of the format's reference."""
    found = _class_at(path[:-1], root)
    field = _fields(found).get(str(path[-1])) if found else None
    return (field.description or "") if field else ""


SECTIONS = tuple(name for name, field in Model.model_fields.items() if get_origin(_bare(field.annotation)) is dict)
"""the top-level keys whose value is a map by id or by relation"""
HEAD = tuple(ScenarioHead.model_fields)
"""the keys of a scenario that are not the model's"""
