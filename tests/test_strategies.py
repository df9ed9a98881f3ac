"""The drafted tiny models: reproducible, of every feature, small enough to enumerate."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import yaml
from hypothesis import given, settings

from tests.strategies import FEATURES, SCENARIO, TinyModel, tiny_model, tiny_models, write_model

if TYPE_CHECKING:
    from pathlib import Path

N_MODELS = 300


def test_a_seed_names_one_model() -> None:
    assert tiny_model(3) == tiny_model(3)
    assert tiny_model(3).model != tiny_model(4).model


def test_every_feature_occurs_in_at_least_20_of_300_models() -> None:
    counts = Counter(feature for seed in range(N_MODELS) for feature in tiny_model(seed).features)
    assert set(counts) == FEATURES
    rare = {feature: count for feature, count in counts.items() if count < 20}
    assert rare == {}


@given(tiny_models())
@settings(max_examples=50, derandomize=True, deadline=None, database=None)
def test_ends_of_relations_exist(tiny: TinyModel) -> None:
    events, trends = set(tiny.model["events"]), set(tiny.model["trends"])
    for chapter, sources, targets in (
        ("links", events, events), ("impacts", events, trends), ("couplings", trends, trends)
    ):  # fmt: skip
        for key in tiny.model[chapter]:
            source, target = key.split(" (")[0].split(" -> ")
            assert source in sources
            assert target in targets
            assert source != target


def test_written_model_reads_back_as_it_was_drafted(tmp_path: Path) -> None:
    for seed in range(20):
        tiny = tiny_model(seed)
        folder = write_model(tiny, tmp_path / str(seed))
        assert yaml.safe_load((folder / "model.yaml").read_text()) == tiny.model
        scenario = folder / "scenarios" / f"{SCENARIO}.yaml"
        assert (yaml.safe_load(scenario.read_text()) if scenario.exists() else {}) == tiny.scenario
