"""`etia compare`: runs and scenarios on the same random numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from etia.cli import main

TINY1 = str(Path(__file__).parent.parent / "tiny_models" / "tiny1")
FEW = ["--draws", "20", "--runs", "50"]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # the pages have tests of their own, and cost a second and a half each time
    monkeypatch.setattr("etia.report.folder._PAGES", "etia.report.no_pages")


def compared(capsys, *runs: str) -> dict:
    capsys.readouterr()
    assert main(["compare", *runs, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_value_that_was_set_is_found_with_what_it_does(capsys):
    main(["run", TINY1, *FEW, "-o", "one"])
    main(["run", TINY1, *FEW, "-o", "two", "--set", "events.b.probability.value=0.6"])
    found = compared(capsys, "one", "two")
    (row,) = found["inputs"]
    assert (row["run"], row["path"], row["before"], row["after"]) == ("two", "events.b.probability.value", 0.5, 0.6)
    file, line = row["place_before"].split(":")
    assert "0.5" in (Path(TINY1) / file).read_text().splitlines()[int(line) - 1]
    assert row["place_after"] == "--set events.b.probability.value:1"
    b = next(row for row in found["events"] if row["event"] == "b")
    assert b["difference"] == pytest.approx(0.1, abs=0.03)
    # paired: unpaired it would be √2 · √(0.25 / 1000) = 0.022
    assert b["se"] < 0.018


def test_equal_runs_differ_in_nothing_without_error(capsys):
    main(["run", TINY1, *FEW, "-o", "one"])
    found = compared(capsys, "one", "one")
    assert found["paired"]
    assert {(row["difference"], row["se"]) for row in found["events"] + found["trends"]} == {(0.0, 0.0)}


def test_the_scenarios_of_one_run_are_held_against_its_reference(capsys):
    Path("scenario.yaml").write_text("title: A comes\nevents: {a: {happens: 2022}}\n")
    main(["run", TINY1, *FEW, "-o", "one", "--scenario", "scenario.yaml"])
    found = compared(capsys, "one")
    assert next(row for row in found["events"] if row["event"] == "a")["after"] == 1.0
    (row,) = found["inputs"]
    assert (row["path"], row["place_before"]) == ("events.a.happens", None)
    assert row["place_after"].endswith("scenario.yaml:2")


def test_long_parts_are_cut_short_and_say_so(capsys):
    main(["run", TINY1, *FEW, "-o", "one"])
    main(["run", str(Path(TINY1).parent / "tiny4"), *FEW, "-o", "two"])
    capsys.readouterr()
    assert main(["compare", "one", "two", "--top", "2"]) == 0
    out = capsys.readouterr().out
    assert "values differ: " in out
    assert "more: --all shows them, --json holds them" in out
    assert main(["compare", "one", "two", "--all"]) == 0
    assert "--all shows them" not in capsys.readouterr().out


def test_a_table_s_differing_rows_come_on_demand(capsys):
    main(["run", TINY1, *FEW, "-o", "one"])
    main(["run", TINY1, *FEW, "-o", "two", "--set", "events.b.probability.value=0.6"])
    found = compared(capsys, "one", "two", "--table", "transmission")
    counted = next(row for row in found["tables"] if row["table"] == "transmission")
    assert len(found["transmission"]) == counted["differing"]
    assert main(["compare", "one", "two", "--table", "none"]) == 2
    assert "there is no table 'none' on both sides" in capsys.readouterr().err


def test_every_difference_in_a_table_has_its_paired_error(capsys):
    """From ten groups; near those of the parts, which come from all runs: 9 degrees of freedom allow 0.4 to 2."""
    main(["run", TINY1, *FEW, "-o", "one"])
    main(["run", TINY1, *FEW, "-o", "two", "--set", "events.b.probability.value=0.6"])
    wanted = ["trend_projections", "event_probabilities", "transmission", "shares", "policy_scores"]
    found = compared(capsys, "one", "two", *(word for name in wanted for word in ("--table", name)))
    for table, number, kind, part in (
        ("trend_projections", "mean", "trend", "trends"), ("event_probabilities", "probability", "event", "events"),
    ):  # fmt: skip
        at_end = {row[kind]: row[f"{number}_difference_se"] for row in found[table] if row["date"] == "2026"}
        for row in found[part]:
            if row["difference"] != 0:
                assert 0.4 < at_end[row[kind]] / row["se"] < 2.0
    assert all(row["total_difference_se"] >= 0 for row in found["shares"])
    main(["compare", "one", "two", "--table", "transmission"])
    out = capsys.readouterr().out
    assert "transmission (run two, scenario reference, lens only)" in out
    assert re.search(r"^trend +date +what +before +after +difference +se$", out, re.MULTILINE)


def test_runs_whose_folders_bear_one_name_are_all_compared(capsys):
    for place, value in (("x/run", "0.5"), ("y/run", "0.6"), ("z/run", "0.7")):
        main(["run", TINY1, *FEW, "-o", place, "--set", f"events.b.probability.value={value}"])
    rows = compared(capsys, "x/run", "y/run", "z/run", "--table", "event_probabilities")["event_probabilities"]
    at_end = sorted(row["probability_after"] for row in rows if row["event"] == "b" and row["date"] == "2025")
    assert at_end == pytest.approx([0.6, 0.7], abs=0.05)
    assert all(row["probability_difference_se"] > 0 for row in rows if row["event"] == "b" and row["date"] == "2025")


def test_words_of_a_table_stand_beside_each_other(capsys):
    main(["run", TINY1, *FEW, "-o", "one"])
    main(["run", TINY1, *FEW, "-o", "two", "--set", "events.b.probability.value=0.9"])
    rows = compared(capsys, "one", "two", "--table", "trend_scores")["trend_scores"]
    assert {"p50_before", "p50_after", "p50_difference", "p50_difference_se", "likeliest_level_before"} <= set(rows[0])


def test_scenarios_of_two_runs_are_held_against_each_other_as_written(capsys):
    """Both sides' values stand there; a scenario that one side lacks is held against the model without it."""
    scenario = "title: S\nevents: {{b: {{probability: {{by: 2025, value: {}}}}}}}\n"
    for name, value in (("one", "0.6"), ("two", "[0.5, 0.6, 0.7]")):
        Path("s.yaml").write_text(scenario.format(value))
        main(["run", TINY1, *FEW, "-o", name, "--scenario", "s.yaml"])
    main(["run", TINY1, *FEW, "-o", "plain"])
    (row,) = compared(capsys, "one", "two")["inputs"]
    assert (row["path"], row["before"], row["after"]) == (
        "scenarios.s.events.b.probability.value", 0.6, [0.5, 0.6, 0.7],
    )  # fmt: skip
    (row,) = compared(capsys, "plain", "one")["inputs"]
    assert (row["before"], row["after"]) == (0.5, 0.6)
    assert row["place_before"].startswith("model.yaml:")
    main(["compare", "one", "two"])
    assert "0.6     [0.5, 0.6, 0.7]" in capsys.readouterr().out


def test_a_run_is_read_again_though_its_tests_name_scenarios_that_it_did_not_take(capsys):
    study = (
        Path(TINY1, "model.yaml").read_text()
        + "tests: {t: {event: b, by: 2025, probability: [0, 1], scenario: other}}\n"
    )
    Path("study/scenarios").mkdir(parents=True)
    Path("study/model.yaml").write_text(study)
    for name in ("one", "other"):
        Path(f"study/scenarios/{name}.yaml").write_text("title: A comes\nevents: {a: {happens: 2022}}\n")
    assert main(["run", "study", *FEW, "-o", "run", "--scenario", "one"]) == 0
    assert compared(capsys, "run")["paired"]


def test_one_run_without_scenarios_is_nothing_to_compare(capsys):
    main(["run", TINY1, *FEW, "-o", "one"])
    assert main(["compare", "one"]) == 2
    assert "there is nothing to compare" in capsys.readouterr().err


def test_differences_come_as_markdown_too(capsys):
    main(["run", TINY1, *FEW, "-o", "one"])
    capsys.readouterr()
    assert main(["compare", "one", "one", "--md"]) == 0
    assert "## Events: probability by the horizon" in capsys.readouterr().out
