"""The graph as a file: each form holds it whole, and the drawings draw."""

from __future__ import annotations

import json
import xml.etree.ElementTree as Tree

import networkx as nx
import pytest

from etia.errors import UsageError
from etia.files.formats import WRITERS
from etia.graph.build import build
from etia.graph.export import endings, export
from tests.graph.test_build import model

LINKS = {"a -> b": {"rate_ratio": 2, "mechanism": "m"}, "a -> b (more)": {"rate_ratio": 0.5}}


@pytest.fixture
def study():
    return model(links=LINKS, impacts={"a -> k": {"lasting": "+10%"}})


@pytest.mark.parametrize("ending", endings())
def test_every_form_is_written_and_the_same_twice(study, tmp_path, ending):
    export(study, tmp_path / f"one{ending}")
    export(study, tmp_path / f"two{ending}")
    first, second = ((tmp_path / f"{name}{ending}").read_bytes() for name in ("one", "two"))
    assert first
    assert first == second


def test_an_unknown_ending_is_refused_with_those_that_there_are(study, tmp_path):
    with pytest.raises(UsageError, match=r"ends in \.pdf; a graph can be written as \.svg, \.png, \.dot"):
        export(study, tmp_path / "graph.pdf")
    assert not list(tmp_path.iterdir())


def test_json_holds_nodes_and_parallel_edges(study, tmp_path):
    export(study, tmp_path / "graph.json")
    found = json.loads((tmp_path / "graph.json").read_text(encoding="utf-8"))
    assert found["schema_version"] == 1
    assert [node["id"] for node in found["nodes"]] == ["a", "b", "k", "j"]
    assert [(e["source"], e["target"], e["key"]) for e in found["edges"]] == [
        ("a", "b", "a -> b"),
        ("a", "b", "a -> b (more)"),
        ("a", "k", "a -> k"),
    ]
    assert found["edges"][0]["mechanism"] == "m"


def test_graphml_reads_back_as_the_same_graph(study, tmp_path):
    graph = export(study, tmp_path / "graph.graphml")
    read = nx.read_graphml(tmp_path / "graph.graphml", force_multigraph=True)
    assert list(read.edges(keys=True)) == list(graph.edges(keys=True))
    assert read.nodes["a"]["domains"] == "strategic"
    assert read.edges["a", "b", "a -> b (more)"]["sign"] == -1


def test_graphml_names_each_key_once(study, tmp_path):
    export(study, tmp_path / "graph.graphml")
    keys = [key.get("id") for key in Tree.parse(tmp_path / "graph.graphml").iter() if key.tag.endswith("}key")]
    assert len(keys) == len(set(keys))


def test_titles_with_quotes_break_no_form():
    title = 'The "Look East" <turn> #1 \\ `x`'
    graph = build(model(events={"end": {"title": title, "date": "2023-04", "level": "macro"}}))
    assert r"The \"Look East\" <turn> #1 \\ `x`" in WRITERS[".dot"](graph)
    assert "n_end[" in WRITERS[".mmd"](graph)
    assert "The #quot;Look East#quot; #lt;turn#gt; #35;1" in WRITERS[".mmd"](graph)


def test_dot_tells_signs_and_conditions():
    events = {
        "a": {"title": "A", "date": "2023-04", "level": "macro"},
        "b": {"title": "B", "level": "meso", "probability": {"by": "2030-12", "value": 0.2}, "requires": ["a"]},
    }
    text = WRITERS[".dot"](build(model(events=events, links={"a -> b": {"rate_ratio": 0.5}})))
    assert '"a" -> "b" [color="#D55E00"' in text
    assert "style=dashed" in text
    assert "by 2030-12\\nB" in text
