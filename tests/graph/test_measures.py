"""A model's structure as tables: each number worked out by hand on a web of six nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from etia.facade.model import Model
from etia.files.load import load_dict
from etia.graph.measures import FEEDBACK_LOOPS, GATEKEEPERS, INFLUENCE, measures
from etia.structure import gatekeepers, passages
from tests.graph.test_structure import random_matrix

if TYPE_CHECKING:
    import pandas as pd

CHANCE = {"by": "2028", "value": 0.4}
STUDY = {
    "etia": 1,
    "title": "Mill",
    "calendar": {"start": "2020", "as_of": "2024", "end": "2030", "step": "year"},
    "events": {
        "drought": {"title": "Drought", "level": "macro", "date": "2021"},
        "weir": {"title": "Weir", "level": "meso", "probability": CHANCE},
        "strike": {
            "title": "Strike",
            "level": "meso",
            "probability": CHANCE,
            "sensitive_to": {"wages": {"per": 1, "rate_ratio": 0.5}},
        },
        "comet": {"title": "Comet", "level": "macro", "probability": CHANCE},
    },
    "links": {"drought -> weir": {"rate_ratio": 4}, "drought -> strike": {"rate_ratio": 2}},
    "trends": {
        "grain": {"title": "Grain", "level": "meso", "constructed": {"from": "2020", "value": 5}},
        "wages": {"title": "Wages", "level": "meso", "constructed": {"from": "2020", "value": 5}},
    },
    "impacts": {"weir -> grain": {"lasting": 2}, "strike -> wages": {"lasting": 3}},
}


def made() -> dict[str, pd.DataFrame]:
    return measures(load_dict(STUDY).model)


def test_influence_is_the_sum_of_relative_effects_and_an_orphan_has_none() -> None:
    # links: ln 4 / ln 4 = 1 and ln 2 / ln 4 = 1/2; every other relation is the only one of its kind and target: 1
    table = made()["influence"].set_index("node")
    assert list(table.reset_index().columns) == INFLUENCE
    assert table.loc["drought", ["influence", "dependence", "acts_on", "acted_on_by"]].tolist() == [1.5, 0, 2, 0]
    assert table.loc["strike", "dependence"] == pytest.approx(0.5 + 1)
    assert table.loc["comet", ["acts_on", "acted_on_by"]].tolist() == [0, 0]
    assert table["kind"].tolist() == ["event"] * 4 + ["trend"] * 2


def test_a_strike_that_raises_wages_is_made_less_likely_by_them() -> None:
    loops = made()["feedback_loops"]
    assert list(loops.columns) == FEEDBACK_LOOPS
    assert loops.to_numpy().tolist() == [["strike -> wages -> strike", 2, -1.0, "balancing"]]


def test_the_drought_reaches_grain_by_the_weir_alone() -> None:
    gates = made()["gatekeepers"]
    assert list(gates.columns) == GATEKEEPERS
    # of the two events that reach grain, one is the gatekeeper itself
    assert gates.to_numpy().tolist() == [
        ["grain", "weir", "event", 1, 1, "drought"],
        ["wages", "strike", "event", 1, 1, "drought"],
    ]


def test_passages_are_the_gatekeepers_of_each_node_alone() -> None:
    for seed in range(5):
        matrix = random_matrix(seed, 9, density=0.2)
        found = passages(matrix, "v9")
        assert found == {name: gatekeepers(matrix, name, "v9") for name in found}
        assert all(gatekeepers(matrix, name, "v9") == [] for name in matrix.index if name not in found)


def test_a_model_gives_its_structure_in_one_call() -> None:
    model = Model(load_dict(STUDY))
    assert model.structure()["gatekeepers"].equals(made()["gatekeepers"])


def test_a_model_without_events_has_empty_tables() -> None:
    bare = {key: STUDY[key] for key in ("etia", "title", "calendar")}
    assert all(table.empty for table in measures(load_dict(bare).model).values())
