"""What numbers depend on (method §8): the seed and the model, not threads, order of writing or neighbours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import etia
from etia.compile.study import Settings, Study

MINIMAL = Path(__file__).parents[2] / "models" / "minimal"
SMALL = {"draws": 6, "runs": 20, "seed": 3}

HEAD = """etia: 1
title: Two files' worth
calendar: {start: 2018, as_of: 2020, end: 2026, step: year}
"""
PARTS = {
    "events": [
        "past: {title: Past, level: macro, date: 2019}",
        "a: {title: A, level: macro, probability: {by: 2024, value: [0.2, 0.4, 0.6]}}",
        "b: {title: B, level: meso, probability: {by: 2026, value: [0.1, 0.3, 0.5]}}",
        "c: {title: C, level: meso, probability: {by: 2026, value: [0.2, 0.3, 0.4]}}",
        "d: {title: D, level: meso, probability: {by: 2025, value: [0.2, 0.3, 0.4]}}",
    ],
    "trends": [
        "x: {title: X, level: meso, constructed: {from: 2018, value: [40, 50, 60]}}",
        "y: {title: Y, level: meso, scale: log, constructed: {from: 2018, value: 5, drift: +1%}}",
        "z: {title: Z, level: meso, history: [{at: 2018, value: 1}, {at: 2019, value: 1.4}, {at: 2020, value: 0.7}]}",
        "w: {title: W, level: meso, history: [{at: 2018, value: 3}, {at: 2019, value: 2.3}, {at: 2020, value: 2.9}]}",
    ],
    "links": [
        "past -> a: {rate_ratio: [1, 2, 3]}",
        "a -> b: {rate_ratio: [1, 2, 4], lag: [1 year, 2 years, 3 years]}",
        "b -> a: {rate_ratio: 1.4}",
        "b -> c: {rate_ratio: 1.3}",
        "c -> a: {rate_ratio: 1.2}",
        "c -> d: {rate_ratio: 1.3}",
        "d -> c: {rate_ratio: 1.3}",
        "b -> d: {rate_ratio: 1.3}",
        "d -> b: {rate_ratio: 1.3}",
    ],
    "impacts": [
        "a -> x: {shape: step, lasting: [-5, 4, 8]}",
        "b -> y: {shape: step, lasting: [+5%, +10%, +30%]}",
        "a -> y: {shape: ramp, peaks: 2 years, lasting: [+1%, +7%, +9%]}",
        "past -> y: {shape: step, lasting: [+1%, +3%, +7%]}",
        "b -> x: {shape: step, lasting: [0.1, 0.3, 0.7]}",
        "past -> x: {shape: step, lasting: [0.1, 0.7, 1.1]}",
        "b -> z: {shape: step, lasting: [0.1, 0.2, 0.3]}",
    ],
    "couplings": [
        "x -> y: {strength: [0, 0.005, 0.01]}",
        "z -> y: {strength: [0, 0.005, 0.02]}",
        "w -> y: {strength: [0, 0.007, 0.02]}",
    ],
}


def text(parts: dict[str, list[str]]) -> str:
    return "".join(f"{section}:\n" + "".join(f"  {line}\n" for line in lines) for section, lines in parts.items())


def load(folder: Path, **files: str) -> etia.Model:
    folder.mkdir()
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
    return etia.load(folder)


def saved(run: etia.Run, folder: Path) -> dict[str, bytes]:
    """The bytes of a run folder's files by path, the manifest without its times."""
    place = run.save(folder)
    found = {str(file.relative_to(place)): file.read_bytes() for file in sorted(place.rglob("*")) if file.is_file()}
    manifest = json.loads(found["manifest.json"])
    del manifest["times"]
    return {**found, "manifest.json": json.dumps(manifest).encode()}


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A run folder of the minimal model, made on one thread."""
    return saved(etia.run(MINIMAL, **SMALL, jobs=1), tmp_path_factory.mktemp("first") / "run")


def test_a_run_folder_is_the_same_again_to_the_byte(first, tmp_path):
    again = saved(etia.run(MINIMAL, **SMALL, jobs=1), tmp_path / "run")
    assert [name for name in first if first[name] != again.get(name)] == []
    assert list(again) == list(first)
    assert {"manifest.json", "model.resolved.yaml", "tables/trend_projections.csv"} <= set(first)


def test_the_number_of_threads_changes_no_byte(first, tmp_path):
    threaded = saved(etia.run(MINIMAL, **SMALL, jobs=2), tmp_path / "run")
    assert [name for name in first if first[name] != threaded.get(name)] == []


def test_another_seed_changes_the_tables(first, tmp_path):
    other = saved(etia.run(MINIMAL, **{**SMALL, "seed": 4}), tmp_path / "run")
    assert other["tables/event_probabilities.csv"] != first["tables/event_probabilities.csv"]


def outcomes(model: etia.Model):
    return Study(model.content, None, Settings(6, 20, 3)).case().outcomes


def test_an_event_without_relations_changes_no_other_events_draws(tmp_path):
    alone = outcomes(load(tmp_path / "alone", model=HEAD + text(PARTS)))
    extra = "a0: {title: Between by name, level: macro, probability: {by: 2022, value: [0.1, 0.5, 0.9]}}"
    with_it = {**PARTS, "events": [extra, *PARTS["events"]]}
    joined = outcomes(load(tmp_path / "joined", model=HEAD + text(with_it)))
    assert (joined.steps[:, [0, 2, 3, 4, 5]] == alone.steps).all()
    assert (joined.values(0, 0, 8) == alone.values(0, 0, 8)).all()
    assert (joined.values(1, 0, 8) == alone.values(1, 0, 8)).all()


def tables(model: etia.Model) -> dict[str, list[str]]:
    """The rows of all tables, whatever their order."""
    tables = etia.run(model, **SMALL).tables
    return {name: sorted(map(repr, tables[name].itertuples(index=False, name=None))) for name in tables}


def test_the_order_of_keys_changes_nothing(tmp_path):
    plain = load(tmp_path / "plain", model=HEAD + text(PARTS))
    turned = {section: lines[::-1] for section, lines in reversed(PARTS.items())}
    backward = load(tmp_path / "turned", model=HEAD + text(turned))
    assert tables(backward) == tables(plain)
    # loops are named from their first node by name, and equally strong ones stand in the order of their names
    loops, again = (model.structure()["feedback_loops"] for model in (plain, backward))
    assert again.equals(loops)
    assert len(loops[loops["strength"].duplicated(keep=False)]) >= 2


def test_the_files_that_it_is_written_in_change_nothing(tmp_path):
    plain = load(tmp_path / "plain", model=HEAD + text(PARTS))
    halves = [{section: lines[at] for section, lines in PARTS.items()} for at in (slice(1, None), slice(0, 1))]
    split = load(tmp_path / "split", a=text({k: v for k, v in halves[0].items() if v}), b=HEAD + text(halves[1]))
    assert tables(split) == tables(plain)
