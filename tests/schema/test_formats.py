"""The schema says of every part of the format what it is, and is closed."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from etia.files.editor import json_schemas
from etia.schema.fault import dotted
from etia.schema.keys import SECTIONS, describe_key, keys_at, required_at
from etia.schema.model import Model
from etia.schema.relation import normal_key, parse_key


@pytest.mark.parametrize("name", ["model", "scenario", "card"])
def test_every_key_of_the_formats_is_described(name):
    schema = json_schemas()[name]
    classes = {**schema.get("$defs", {}), name: schema}
    without = [
        dotted((owner, key))
        for owner, part in classes.items()
        for key, field in part.get("properties", {}).items()
        if "description" not in field
    ]
    assert without == []


def test_every_class_refuses_keys_that_it_does_not_know():
    for part in Model.model_json_schema()["$defs"].values():
        if part.get("type") == "object" and "properties" in part:
            assert part["additionalProperties"] is False


def test_sections_are_the_maps_by_id():
    assert set(SECTIONS) == {
        *("actors", "mechanisms", "lenses", "events", "links", "trends", "impacts", "couplings", "stakes"),
        *("hypotheses", "policies", "objectives", "tests"),
    }


def test_keys_are_known_by_path():
    assert "from" in keys_at(("events", "a", "probability", 0))
    assert "source" not in keys_at(("links", "a -> b"))
    assert required_at(("links", "a -> b")) == ["rate_ratio"]
    assert describe_key(("events", "a", "level")).startswith("macro:")


def test_a_model_cannot_be_changed():
    raw = {"etia": 1, "title": "t", "calendar": {"start": 2000, "as_of": 2001, "end": 2002, "step": "year"}}
    model = Model.model_validate(raw)
    with pytest.raises(ValidationError, match="frozen"):
        model.title = "other"
    assert repr(model).startswith("Model('t': 0 events")


@pytest.mark.parametrize(
    ("written", "normal"),
    [("a->b", "a -> b"), (" a  -> b( x ) ", "a -> b (x)"), ("a -> b ()", "a -> b"), ("a => b", "a => b")],
)
def test_relations_have_one_spelling(written, normal):
    assert normal_key(written) == normal


def test_a_relation_key_has_ends_and_label():
    assert parse_key("a -> b (over time)") == ("a", "b", "over time")
    assert parse_key("a, b") is None
