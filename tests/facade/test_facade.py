"""The front door: a model as Python sees it, its runs, and the same numbers by whatever way they are asked for."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import etia
from etia.errors import LimitError, UsageError
from etia.mapping.projections import QUANTILES
from tests.strategies import tiny_model, write_model

TINY = Path(__file__).parent.parent / "tiny_models"
MAP = ("event_probabilities", "trend_projections", "trend_scores", "histories", "sensitivity")


def same(a: etia.Run, b: etia.Run) -> bool:
    """Whether the map's tables of two runs are equal to the last bit."""
    return all(a.tables[name].equals(b.tables[name]) for name in MAP)


def test_the_public_names_are_there_and_sorted():
    assert list(etia.__all__) == sorted(etia.__all__)
    assert all(hasattr(etia, name) for name in etia.__all__)


def test_importing_etia_imports_no_heavy_package():
    code = "import sys, etia; print([m for m in ('numpy', 'pandas', 'pydantic', 'numba') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_model_has_its_chapters_as_read_only_mappings():
    model = etia.load(TINY / "tiny1")
    assert list(model.events) == ["shock", "answer", "a", "b", "c"]
    assert repr(model) == "Model('tiny1': 5 events, 4 links, 2 trends, 5 impacts, 1 couplings, 0 policies)"
    with pytest.raises(TypeError):
        model.events["d"] = None  # type: ignore[index]


def test_exact_runs_have_no_error():
    run = etia.run(TINY / "tiny1", exact=True)
    row = run.tables["event_probabilities"].query("event == 'a' and date == '2025'").iloc[0]
    assert (row["probability"], row["se"]) == (pytest.approx(0.6, abs=1e-11), 0.0)


def test_a_scenarios_exact_numbers_are_near_the_simulated_ones():
    over = {"events": {"a": {"happens": 2022}, "b": {"probability": {"by": 2025, "value": 0.7}}}}
    model = etia.load(TINY / "tiny1").with_scenario(over)
    exact = etia.run(model, exact=True).tables["event_probabilities"]
    found = etia.run(model, central=True, runs=20_000, jobs=1).tables["event_probabilities"]
    assert list(exact["scenario"].unique()) == ["reference", "scenario"]
    assert (abs(exact["probability"] - found["probability"]) < 4.5 * found["se"] + 0.004).all()
    given = exact.query("scenario == 'scenario' and event == 'b' and date == '2025'")
    assert given["probability"].item() == pytest.approx(0.7, abs=1e-9)


def test_exact_says_when_a_model_is_too_large():
    model = etia.load(TINY / "tiny1", overrides=("calendar.end=2199",))
    with pytest.raises(LimitError, match="histories"):
        etia.run(model, exact=True).tables["event_probabilities"]


def test_numbers_do_not_depend_on_the_number_of_threads(tmp_path):
    folder = write_model(tiny_model(11), tmp_path / "m")
    assert same(etia.run(folder, draws=6, runs=40, jobs=1), etia.run(folder, draws=6, runs=40, jobs=2))


def shuffled(value):
    return {key: shuffled(value[key]) for key in reversed(value)} if isinstance(value, dict) else value


def test_numbers_do_not_depend_on_the_order_of_keys(tmp_path):
    folder = write_model(tiny_model(11), tmp_path / "m")
    turned = tmp_path / "turned" / "m"
    shutil.copytree(folder, turned)
    written = yaml.safe_load((folder / "model.yaml").read_text())
    (turned / "model.yaml").write_text(yaml.safe_dump(shuffled(written), sort_keys=False))
    rows = [
        etia.run(place, draws=4, runs=30)
        .tables["event_probabilities"]
        .sort_values(["event", "date"])
        .reset_index(drop=True)
        for place in (folder, turned)
    ]
    pd.testing.assert_frame_equal(rows[0], rows[1], check_exact=False, rtol=1e-12)


def test_an_event_that_nothing_is_tied_to_leaves_all_others_as_they_were(tmp_path):
    folder = write_model(tiny_model(11), tmp_path / "m")
    written = yaml.safe_load((folder / "model.yaml").read_text())
    written["events"]["alone"] = {
        "title": "Alone", "level": "meso", "probability": {"by": written["calendar"]["end"], "value": 0.3},
    }  # fmt: skip
    more = tmp_path / "more" / "m"
    more.mkdir(parents=True)
    (more / "model.yaml").write_text(yaml.safe_dump(written, sort_keys=False))
    few, many = (etia.run(place, draws=4, runs=30).tables for place in (folder, more))
    assert few["trend_projections"].equals(many["trend_projections"])
    left = many["event_probabilities"].query("event != 'alone'").reset_index(drop=True)
    assert few["event_probabilities"].equals(left)


def test_more_draws_go_on_until_the_error_is_small_enough():
    run = etia.run(TINY / "tiny1", draws=10, runs=50, until_se=0.15)
    assert run.tables["trend_projections"]["se"].max() <= 0.15
    assert run.tables["trend_quantile_errors"][list(QUANTILES)].max(axis=None) <= 0.15
    told = "every standard error of events' probabilities and trends' means and quantiles is at most 0.15"
    assert told in run.settled.remarks[0]


def test_a_single_draw_knows_no_error_and_goes_on():
    run = etia.run(TINY / "tiny1", draws=1, runs=50, until_se=0.08)
    assert run.tables["trend_projections"]["se"].max() <= 0.08


@pytest.mark.parametrize(
    "events", [{}, {"a": {"title": "A", "level": "macro", "probability": {"by": 2024, "value": 0.3}}}]
)
def test_a_model_without_trends_runs_in_all_layers(events, tmp_path):
    written = {"etia": 1, "title": "T", "calendar": {"start": 2020, "as_of": 2021, "end": 2025, "step": "year"}}
    place = tmp_path / "m"
    place.mkdir()
    (place / "model.yaml").write_text(yaml.safe_dump({**written, "events": events} if events else written))
    run = etia.run(place, draws=3, runs=20)
    saved = run.save(tmp_path / "run")
    assert len(run.tables["event_probabilities"]) == 4 * len(events)
    assert (saved / "prescribe.md").exists()


def test_what_stops_at_the_limit_says_so(monkeypatch):
    monkeypatch.setattr("etia.facade.enough.MOST_RUNS", 2000)
    run = etia.run(TINY / "tiny1", central=True, runs=1000, until_se=1e-6)
    assert "stopped at the limit of 2,000 runs: the standard error of p75 of y" in run.settled.remarks[0]
    assert run.settled.remarks[0].endswith(" above 1e-06")


def test_what_stops_at_the_limit_says_what_more_runs_would_not_lessen(monkeypatch, tmp_path):
    monkeypatch.setattr("etia.facade.enough.MOST_RUNS", 2000)
    written = {
        "etia": 1, "title": "T", "calendar": {"start": 2020, "as_of": 2021, "end": 2025, "step": "year"},
        "events": {"a": {"title": "A", "level": "macro", "probability": {"by": 2024, "value": 0.3}}},
    }  # fmt: skip
    (tmp_path / "model.yaml").write_text(yaml.safe_dump(written))
    run = etia.run(tmp_path, central=True, runs=1000, until_se=1e-6)
    assert "stopped at the limit of 2,000 runs: the standard error of the probability of a" in run.settled.remarks[0]
    assert run.settled.remarks[0].endswith(" of it, which more runs do not lessen")


def test_what_calibration_alone_keeps_above_the_target_ends_early():
    run = etia.run(TINY / "tiny1", central=True, runs=5_000, until_se=1e-3)
    assert run.settled.request.runs == 20_000  # the limit of 400,000 would not do either
    assert "20,000 runs: stopped: of the standard error of the mean of x" in run.settled.remarks[0]
    assert "calibration alone makes 0.00" in run.settled.remarks[0]


@pytest.mark.parametrize(
    ("event", "least"), [({"probability": {"by": 2024, "value": 1e-9}}, 1_000), ({"date": 2023}, 100)]
)
def test_an_open_event_that_came_in_no_run_is_not_certain_for_that(event, least, tmp_path):
    """In none of n runs: the error counts as 1 / n at least, so 0.001 asks for 1,000. A scheduled one is certain."""
    written = {
        "etia": 1, "title": "T", "calendar": {"start": 2020, "as_of": 2021, "end": 2025, "step": "year"},
        "events": {"a": {"title": "A", "level": "macro", **event}},
    }  # fmt: skip
    (tmp_path / "model.yaml").write_text(yaml.safe_dump(written))
    reached = etia.run(tmp_path, draws=10, runs=10, until_se=1e-3).settled.request
    assert least <= reached.draws * reached.runs < 5 * least


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"lens": "onyl"}, "there is no lens 'onyl'. Did you mean 'only'"),
        ({"policies": ["p"]}, "there is no policy 'p'"),
        ({"draws": 0}, "draws must be 1 or more, not 0"),
        ({"runs": 0}, "runs must be 1 or more, not 0"),
        ({"until_se": 0}, "a standard error is above 0"),
        ({"until_se": float("nan")}, "a standard error is above 0"),
        ({"until_se": 0.1, "exact": True}, "--exact needs none: leave one of them out"),
        ({"false_alarm": 0}, "a false-alarm rate lies strictly between 0 and 0.5, not at 0"),
        ({"false_alarm": 1}, "a false-alarm rate lies strictly between 0 and 0.5, not at 1"),
        ({"false_alarm": float("nan")}, "a false-alarm rate lies strictly between 0 and 0.5, not at nan"),
        ({"scenarios": "no_such"}, "there is no scenario 'no_such'"),
        ({"set": ["events.a.probability.0.valu=1"]}, "there is no 'valu'"),
    ],
)
def test_what_has_no_meaning_is_refused_by_name(asked, message):
    with pytest.raises(UsageError, match=message.replace("(", r"\(")):
        etia.run(TINY / "tiny1", **asked)


def test_values_can_be_set_and_the_present_moved():
    run = etia.run(TINY / "tiny1", set=["events.b.probability.value=0.1"], as_of="2021", exact=True)
    table = run.tables["event_probabilities"]
    assert table["date"].min() == "2022"
    assert table.query("event == 'b' and date == '2025'")["probability"].item() == pytest.approx(0.1)


def test_a_second_scenario_lies_over_the_first():
    model = etia.load(TINY / "tiny1")
    both = model.with_scenario({"events": {"a": {"happens": 2022}}}).with_scenario(
        {"events": {"b": {"happens": "never"}}}
    )
    assert (str(both.events["a"].happens), both.events["b"].happens) == ("2022", "never")
    assert model.events["a"].happens is None


def test_every_lens_stands_in_the_score_cards_unless_one_is_asked_for(tmp_path):
    lenses = {"one": {"reference": True}, "two": {"weights": {"m": 0}}}
    written = yaml.safe_load((TINY / "tiny1" / "model.yaml").read_text()) | {"lenses": lenses}
    (tmp_path / "model.yaml").write_text(yaml.safe_dump(written, sort_keys=False))
    run = etia.run(tmp_path / "model.yaml", draws=4, runs=20)
    assert list(run.tables["trend_scores"]["lens"].unique()) == ["one", "two"]
    assert list(run.tables["trend_projections"]["lens"].unique()) == ["one"]
    asked = etia.run(tmp_path / "model.yaml", draws=4, runs=20, lens="two")
    assert {name for table in asked.tables.layer("map").values() if "lens" in table for name in table["lens"]} == {
        "two"
    }


def test_probabilities_rise_and_stay_probabilities():
    table = etia.run(TINY / "tiny4", draws=4, runs=50).tables["event_probabilities"]
    for _, rows in table.groupby("event"):
        assert (np.diff(rows["probability"]) >= -1e-12).all()
        assert rows["probability"].between(0, 1).all()


def test_an_unknown_table_names_those_that_there_are():
    with pytest.raises(KeyError, match="there is no table 'events'; there are"):
        etia.run(TINY / "tiny1", exact=True).tables["events"]


def test_a_number_and_the_structure_are_drawn_in_one_call():
    run = etia.run(TINY / "tiny1", draws=3, runs=20)
    explained = run.plot.explanation("x", "2024", top=2)
    labels = [label.get_text().replace("\n", " ") for label in explained.get_yticklabels()]
    assert labels[0] == "baseline"
    assert labels[-1] == "value"
    assert "Shock" in labels
    assert run.plot.structure() is not None


def test_a_model_gives_its_own_matrix_for_the_measures_of_structure():
    from etia.structure import chain_impacts, model_matrix, total_relation

    model = etia.load(TINY / "tiny4")
    matrix = model.matrix()
    assert list(matrix.index) == list(matrix.columns) == [*model.events, *model.trends]
    assert float(matrix.abs().to_numpy().max()) == 1.0
    assert total_relation(matrix.abs()).shape == chain_impacts(matrix, maximum=1.0, threshold=0.05).shape
    with pytest.raises(UsageError, match=r"a model's own matrix is model\.matrix\(\)"):
        model_matrix(model)


def test_a_model_without_trends_runs_with_ranges_too(tmp_path):
    (tmp_path / "m.yaml").write_text(
        "etia: 1\ntitle: T\ncalendar: {start: 2018, as_of: 2020, end: 2022, step: year}\n"
        "events: {a: {title: A, level: macro, probability: {by: 2022, value: [0.2, 0.3, 0.4]}}}\n"
    )
    run = etia.run(tmp_path / "m.yaml", draws=60, runs=5)
    assert run.tables["sensitivity"].empty
    assert run.save(tmp_path / "run").is_dir()
