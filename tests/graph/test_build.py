"""A model as a graph: nodes with their dates, edges with their central effects, worked out by hand."""

from __future__ import annotations

from math import log

import pytest

from etia.files.load import load_dict
from etia.graph.build import build, relations
from etia.structure import model_matrix


def model(**parts):
    """Two events and two trends, one log and one on bounds; `parts` are laid over it."""
    raw = {
        "etia": 1,
        "title": "T",
        "calendar": {"start": "2020-01", "as_of": "2025-12", "end": "2032-12"},
        "mechanisms": {"m": {"title": "M"}},
        "events": {
            "a": {"title": "A", "date": "2023-04", "level": "macro", "domains": ["strategic"]},
            "b": {"title": "B", "level": "meso", "probability": {"by": "2030-12", "value": [0.2, 0.5, 0.8]}},
        },
        "trends": {
            "k": {"title": "K", "scale": "log", "level": "meso", "constructed": {"from": "2020-01", "value": 50}},
            "j": {"title": "J", "scale": "logit", "bounds": [0, 100], "constructed": {"from": "2020-01", "value": 50}},
        },
    }
    return load_dict(raw | parts).model


def only_edge(graph):
    ((_, _, data),) = graph.edges(data=True)
    return data


def test_nodes_tell_what_they_are():
    graph = build(model())
    assert list(graph) == ["a", "b", "k", "j"]
    assert graph.nodes["a"] == {
        "kind": "event",
        "title": "A",
        "level": "macro",
        "domains": ("strategic",),
        "date": "2023-04",
        "prospective": False,
    }
    # PERT mean of [0.2, 0.5, 0.8]: (0.2 + 4 · 0.5 + 0.8) / 6
    assert graph.nodes["b"]["probability"] == pytest.approx(0.5)
    assert (graph.nodes["b"]["by"], graph.nodes["b"]["prospective"]) == ("2030-12", True)
    assert graph.nodes["k"]["kind"] == "trend"


def test_a_link_acts_by_the_logarithm_of_its_rate_ratio():
    # PERT on the logarithm: (ln 1 + 4 ln 1.5 + ln 3) / 6
    link = {"a -> b (fear)": {"rate_ratio": [1, 1.5, 3], "lag": "6 months", "mechanism": "m"}}
    data = only_edge(build(model(links=link)))
    assert data["effect"] == pytest.approx((4 * log(1.5) + log(3)) / 6)
    assert (data["kind"], data["sign"], data["strength"]) == ("link", 1, 1)
    assert (data["lag"], data["mechanism"], data["label"]) == (6, "m", "fear")


def test_an_impact_acts_by_the_larger_of_peak_and_what_lasts():
    impact = {"a -> k": {"peaks": "3 months", "settles": "24 months", "peak": "-15%", "lasting": "-3%"}}
    data = only_edge(build(model(impacts=impact)))
    assert data["effect"] == pytest.approx(log(0.85))
    assert data["sign"] == -1


def test_points_count_at_mid_scale():
    # 10 points of 100: 4 · 10 / 100
    data = only_edge(build(model(impacts={"a -> j": {"lasting": 10}})))
    assert data["effect"] == pytest.approx(0.4)


def test_strength_is_held_against_the_largest_of_the_kind_at_the_same_trend():
    impacts = {"a -> k": {"lasting": "+10%"}, "b -> k": {"lasting": "+21%"}, "a -> j": {"lasting": 1}}
    graph = build(model(impacts=impacts))
    # ln 1.1 / ln 1.21 = 1/2
    strengths = {(s, t): data["strength"] for s, t, data in graph.edges(data=True)}
    assert strengths == pytest.approx({("a", "k"): 0.5, ("b", "k"): 1, ("a", "j"): 1})


def test_conditions_and_sensitivities_are_relations_too():
    events = {
        "a": {"title": "A", "date": "2023-04", "level": "macro"},
        "c": {"title": "C", "level": "meso", "probability": {"by": "2030-12", "value": 0.3}},
        "b": {
            "title": "B",
            "level": "meso",
            "probability": {"by": "2030-12", "value": 0.2},
            "requires": ["a"],
            "prevented_by": ["c"],
            "sensitive_to": {"k": {"per": "+10%", "rate_ratio": 0.5}},
        },
    }
    edges = {data["kind"]: (s, t, data["sign"]) for s, t, data in build(model(events=events)).edges(data=True)}
    assert edges == {
        "requires": ("a", "b", 1),
        "prevented_by": ("c", "b", -1),
        "sensitivity": ("k", "b", -1),
    }


def test_couplings_join_trends():
    data = only_edge(build(model(couplings={"k -> j": {"strength": -0.2, "lag": "2 years"}})))
    assert (data["kind"], data["effect"], data["lag"]) == ("coupling", -0.2, 24)


def test_the_graph_feeds_the_model_matrix():
    graph = build(model(impacts={"a -> k": {"lasting": "+10%"}, "b -> k": {"lasting": "-10%"}}))
    matrix = model_matrix(relations(graph), nodes=list(graph))
    # ln 0.9 is the larger: ln 1.1 / −ln 0.9
    assert matrix.loc["a", "k"] == pytest.approx(log(1.1) / -log(0.9))
    assert matrix.loc["b", "k"] == -1
    assert list(matrix.index) == ["a", "b", "k", "j"]
