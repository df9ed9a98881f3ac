"""`etia graph` writes what it is asked for, and says so."""

from __future__ import annotations

import json

import pytest

from etia.cli import main

MODEL = """\
etia: 1
title: T
calendar: {start: 2020-01, as_of: 2025-12, end: 2032-12}
events:
  a: {title: A, date: 2023-04, level: macro}
trends:
  k: {title: K, constructed: {from: 2020-01, value: 5}}
impacts:
  a -> k: {lasting: 1}
"""


@pytest.fixture
def study(tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text(MODEL, encoding="utf-8")
    return file


def test_the_graph_is_written_where_it_is_asked_for(study, tmp_path, capsys):
    assert main(["graph", str(study), "-o", str(tmp_path / "g.dot")]) == 0
    assert (tmp_path / "g.dot").read_text(encoding="utf-8").startswith("digraph")
    assert "events and trends: 2, relations: 1" in capsys.readouterr().err


def test_the_graph_is_printed_as_json(study, capsys):
    assert main(["graph", str(study), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema_version"], found["file"]) == (1, None)
    assert [node["id"] for node in found["nodes"]] == ["a", "k"]


def test_without_a_file_it_could_not_run(study, capsys):
    assert main(["graph", str(study)]) == 2
    assert "etia graph MODEL -o graph.svg" in capsys.readouterr().err


def test_an_unknown_ending_could_not_run(study, tmp_path, capsys):
    assert main(["graph", str(study), "-o", str(tmp_path / "g.pdf")]) == 2
    assert "a graph can be written as .svg" in capsys.readouterr().err


def test_a_faulty_model_writes_nothing(study, tmp_path, capsys):
    study.write_text(MODEL.replace("a -> k", "a -> nowhere"), encoding="utf-8")
    assert main(["graph", str(study), "-o", str(tmp_path / "g.svg")]) == 1
    assert not (tmp_path / "g.svg").exists()
    assert "nowhere" in capsys.readouterr().err
