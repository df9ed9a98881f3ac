"""The verbs that run a model: what they print, what they leave behind, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml

from etia.cli import main

TINY1 = str(Path(__file__).parent.parent / "tiny_models" / "tiny1")
FEW = ["--draws", "4", "--runs", "50"]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # the pages have tests of their own, and cost a second and a half each time
    monkeypatch.setattr("etia.report.folder._PAGES", "etia.report.no_pages")
    # a file of the program saved while the tests run would make two runs of one
    monkeypatch.setattr("etia.report.manifest._code_digest", lambda: "this program")


@pytest.fixture
def tested(tmp_path):
    """tiny1 with tests of its own; returns how to write them."""

    def written(**tests) -> str:
        model = yaml.safe_load(Path(TINY1, "model.yaml").read_text())
        model |= {
            "tests": tests,
            "hypotheses": {"up": {"statement": "X rises", "trend": "x", "at_least": 50, "by": 2024}},
        }
        Path("study.yaml").write_text(yaml.safe_dump(model, sort_keys=False))
        Path("scenarios").mkdir(exist_ok=True)
        Path("scenarios/fixed.yaml").write_text("title: A comes\nevents: {a: {happens: 2022}}\n")
        return "study.yaml"

    return written


def printed(capsys) -> dict:
    return json.loads(capsys.readouterr().out)


def test_run_saves_and_sums_up(capsys):
    assert main(["run", TINY1, *FEW]) == 0
    told = capsys.readouterr()
    assert "Tiny one (4 draws × 50 runs, seed 0)" in told.out
    assert "Run folder: runs/tiny1-" in told.out
    assert len(list(Path("runs").iterdir())) == 1


def test_the_same_run_is_answered_from_its_folder(capsys):
    main(["run", TINY1, *FEW])
    first = capsys.readouterr().out
    assert main(["run", TINY1, *FEW, "--jobs", "1"]) == 0
    told = capsys.readouterr()
    assert told.out == first
    assert "this run was there already" in told.err


def test_run_prints_one_object_as_json(capsys):
    assert main(["run", TINY1, *FEW, "--json"]) == 0
    found = printed(capsys)
    assert found["schema_version"] == 1
    assert Path(found["folder"], "manifest.json").exists()
    assert [row["event"] for row in found["event_probabilities"]] == ["a", "b", "c"]


def test_map_prints_the_tables_as_objects_with_their_columns(capsys):
    assert main(["map", TINY1, *FEW, "--json"]) == 0
    found = printed(capsys)
    assert {"event_probabilities", "trend_projections", "trend_scores"} <= set(found)
    assert list(found["event_probabilities"][0]) == ["scenario", "lens", "event", "date", "probability", "se"]
    assert found["trend_scores"][0]["level_now"] is None
    assert not Path("runs").exists()


@pytest.mark.parametrize("layer", ["describe", "map", "prescribe"])
def test_a_layer_is_printed_for_reading(layer, capsys):
    assert main([layer, TINY1, *FEW]) == 0
    assert "nan" not in capsys.readouterr().out


def test_exact_numbers_carry_no_error(capsys):
    assert main(["run", TINY1, "--exact"]) == 0
    told = capsys.readouterr().out
    assert "Tiny one (exact)" in told
    assert "±" not in told


@pytest.fixture
def measured():
    """A model folder with a measured trend, its history in a file; returns how to write it."""

    def written(**answer) -> str:
        Path("study").mkdir()
        Path("study/trade.csv").write_text("date,value\n2016,3.1\n2017,2.8\n2019,3.4\n2020,3.0\n")
        event = {"level": "meso", "probability": {"by": 2022, "value": 0.3}}
        model = {
            "etia": 1, "title": "Measured", "calendar": {"start": 2016, "as_of": 2020, "end": 2022, "step": "year"},
            "events": {"deal": {"title": "Deal", **event}, "answer": {"title": "Answer", **event, **answer}},
            "trends": {"trade": {"title": "Trade", "scale": "log", "history": "trade.csv"}},
            "impacts": {"deal -> trade": {"shape": "step", "lasting": "+20%"}},
        }  # fmt: skip
        Path("study/model.yaml").write_text(yaml.safe_dump(model, sort_keys=False))
        return "study"

    return written


def test_exact_runs_with_a_measured_trend_have_its_noise_in_their_bands(measured, capsys):
    assert main(["run", measured(), "--exact"]) == 0
    told = capsys.readouterr().out
    assert "Measured (exact)" in told
    assert "±" not in told
    folder = next(Path("runs").iterdir())
    events = pd.read_csv(folder / "tables" / "event_probabilities.csv")
    assert events.query("date == 2022")["probability"].tolist() == pytest.approx([0.3, 0.3], abs=1e-11)
    trends = pd.read_csv(folder / "tables" / "trend_projections.csv").set_index("date")
    assert (trends["se"] == 0).all()
    assert (trends["p95"] > trends["p50"]).tolist() == [False] * 4 + [True] * 2  # 2018 is missing


def test_exact_refuses_an_event_that_feels_noise_by_its_names(measured, capsys):
    model = measured(sensitive_to={"trade": {"per": "+10%", "rate_ratio": 1.5}})
    assert main(["run", model, "--exact"]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "event 'answer' is sensitive to trend 'trade'. Leave out --exact" in told
    assert not Path("runs").exists()
    assert main(["run", model, "--central", "--runs", "50"]) == 0


def test_a_scenario_is_tabled_beside_the_reference(tested, capsys):
    assert main(["map", tested(), *FEW, "--scenario", "fixed", "--json"]) == 0
    assert list(dict.fromkeys(row["scenario"] for row in printed(capsys)["trend_scores"])) == ["reference", "fixed"]


def test_tests_that_hold_say_what_was_found(tested, capsys):
    model = tested(
        a={"event": "a", "by": 2025, "probability": [0.55, 0.65]},
        x={"trend": "x", "at": 2022, "median": [50, 51]},
        y={"trend": "y", "at": 2019, "mean": [2, 2]},
        # x reaches 50.8 in 2022 unless a, which lowers it, comes in 2021 already: 1 − 0.167
        up={"hypothesis": "up", "probability": [0.8, 0.87]},
        then={"event": "a", "by": 2022, "probability": [1, 1], "scenario": "fixed"},
    )
    assert main(["test", model, "--draws", "20"]) == 0
    told = capsys.readouterr()
    assert told.out.count("holds") == 5
    assert "P(a by 2022) (scenario fixed) = 1 ± 0" in told.out.replace("; ", " ")
    assert "5 tests, none failed" in told.err


def test_a_test_that_fails_makes_the_exit_code_1(tested, capsys):
    model = tested(never={"event": "a", "by": 2025, "probability": [0, 0.1], "note": "the other reading"})
    assert main(["test", model, *FEW]) == 1
    told = capsys.readouterr()
    assert "FAILS  never: P(a by 2025)" in told.out
    assert "the other reading" in told.out


def test_test_prints_one_object_as_json(tested, capsys):
    model = tested(a={"event": "a", "by": 2025, "probability": [0, 0.1]})
    assert main(["test", model, *FEW, "--json"]) == 1
    (row,) = printed(capsys)["tests"]
    assert (row["test"], row["holds"], row["low"], row["high"]) == ("a", False, 0.0, 0.1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--lens", "olny"], "there is no lens 'olny'"),
        (["--runs", "0"], "0 is not in the range"),
        (["--scenario", "none"], "there is no scenario 'none'"),
        (["--set", "events.a=1,"], None),
        (["--as-of", "2031"], None),
        (["--until-se", "0"], "a standard error is above 0"),
    ],
)
def test_what_cannot_be_run_writes_nothing(arguments, message, capsys):
    assert main(["run", TINY1, *FEW, *arguments]) in (1, 2)
    assert (message or "") in capsys.readouterr().err
    assert not Path("runs").exists()


def test_a_folder_with_another_run_is_refused(capsys):
    assert main(["run", TINY1, *FEW, "-o", "out"]) == 0
    assert main(["run", TINY1, *FEW, "--seed", "1", "-o", "out"]) == 2
    assert "'out' holds another run" in capsys.readouterr().err
    assert main(["run", TINY1, *FEW, "--seed", "1", "-o", "out", "--force"]) == 0


def test_an_interruption_leaves_nothing_and_says_so(monkeypatch, capsys):
    def interrupted(*_args, **_named):
        raise KeyboardInterrupt

    monkeypatch.setattr("etia.mapping.layer.histories", interrupted)
    assert main(["run", TINY1, *FEW]) == 130
    assert not Path("runs").exists()
    assert "interrupted" in capsys.readouterr().err


def test_a_full_disk_leaves_nothing_and_exits_with_2(monkeypatch, capsys):
    def full(*_args, **_named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("etia.report.folder._write_table", full)
    assert main(["run", TINY1, *FEW]) == 2
    assert "no space left on device; nothing half written is left behind" in capsys.readouterr().err
    assert not Path("runs").exists()


def test_numbers_that_are_not_used_are_told(capsys):
    assert main(["map", TINY1, "--central", "--draws", "7", "--runs", "50"]) == 0
    assert "--central is one draw: --draws is not used" in capsys.readouterr().err
