"""YAML is read as the analyst meant it, and what could do harm is refused."""

from __future__ import annotations

import pytest

from etia.files import reader
from etia.files.load import load, load_dict
from etia.files.places import Places
from etia.files.reader import read_file, read_text


def _value(text):
    node, findings = read_text(f"key: {text}", "m.yaml")
    assert findings == []
    return node.resolved()["key"]


@pytest.mark.parametrize("written", ["no", "on", "yes", "off", "y", "12:30", "2018-05-08", "1_000", "0b11", "1e", "+"])
def test_words_of_yaml_1_1_stay_as_written(written):
    assert _value(written) == written


@pytest.mark.parametrize(
    ("written", "value"),
    [("010", 10), ("1e3", 1000.0), (".5", 0.5), ("0x1F", 31), ("0o17", 15), ("-2", -2), ("true", True), ("~", None)],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(written, value):
    found = _value(written)
    assert (found, type(found)) == (value, type(value))


def test_quoted_numbers_stay_text():
    assert _value('"12"') == "12"


def test_titles_keep_the_letters_that_were_typed():
    """`010`, `no` and `2018` are numbers, words and dates only where a field asks for them."""
    raw = {"etia": 1, "title": "t", "calendar": {"start": 2000, "as_of": 2001, "end": 2002, "step": "year"}}
    assert load_dict(raw).model.calendar.start.precision == "year"
    node, _ = read_text("title: 010\nnote: no\n", "m.yaml")
    assert node.raw() == {"title": "010", "note": "no"}


def test_places_are_those_of_values_and_of_keys():
    node, _ = read_text("events:\n  a:\n    probability: [{by: 2030, value: 0.5}]\n", "m.yaml")
    places = Places(node)
    assert str(places["events.a.probability.0.value"]) == "m.yaml:3:37"
    assert places.node("events.a").key_place.line == 2
    assert "events.b" not in places


def test_a_key_with_dots_is_found_by_its_path():
    node, _ = read_text("links:\n  a -> b (v. 2): {rate_ratio: 2}\n", "m.yaml")
    assert Places(node)["links.a -> b (v. 2).rate_ratio"].line == 2


def test_aliases_are_expanded():
    node, findings = read_text("a: &x {v: 1}\nb: *x\n", "m.yaml")
    assert findings == []
    assert node.resolved() == {"a": {"v": 1}, "b": {"v": 1}}


def test_an_alias_bomb_is_refused_quickly():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    node, findings = read_text("\n".join(lines), "m.yaml")
    assert node is None
    assert [found.code for found in findings] == ["alias-bomb"]


def test_merge_keys_are_not_silently_a_key():
    node, _ = read_text("a: &x {v: 1}\nb: {<<: *x}\n", "m.yaml")
    assert node.resolved()["b"] == {"<<": {"v": 1}}


def test_what_is_nested_too_deep_is_refused():
    _, findings = read_text("a: " + "[" * 100 + "]" * 100, "m.yaml")
    assert [found.code for found in findings] == ["too-deep"]


def test_what_has_too_many_values_is_refused(monkeypatch):
    monkeypatch.setattr(reader.LIMITS, "nodes", 20)
    _, findings = read_text("a: [" + "x, " * 30 + "x]", "m.yaml")
    assert [found.code for found in findings] == ["too-large"]


def test_a_file_over_the_stated_size_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(reader.LIMITS, "file_bytes", 10)
    (tmp_path / "m.yaml").write_text("title: rather long\n")
    node, findings = read_file(tmp_path / "m.yaml", "m.yaml")
    assert node is None
    assert findings[0].code == "too-large"


def test_a_byte_order_mark_is_passed_over(tmp_path):
    (tmp_path / "m.yaml").write_bytes(b"\xef\xbb\xbftitle: x\n")
    node, findings = read_file(tmp_path / "m.yaml", "m.yaml")
    assert findings == []
    assert node.entries["title"].key_place.column == 1


def test_other_encodings_are_refused_with_the_place_of_the_byte(tmp_path):
    (tmp_path / "m.yaml").write_bytes("title: x\nnote: café\n".encode("latin-1"))
    _, findings = read_file(tmp_path / "m.yaml", "m.yaml")
    assert [(found.code, found.line, found.column) for found in findings] == [("encoding", 2, 10)]


def test_a_file_that_is_no_mapping_is_a_finding(tmp_path):
    (tmp_path / "m.yaml").write_text("- a\n- b\n")
    with pytest.raises(Exception, match="a model's file is a mapping"):
        load(tmp_path)
