"""Learning from data as a part of a run: the test of turning points always, the rest where it is asked for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import etia
from etia.cli.describe import command as describe_command
from etia.cli.fit import command as fit_command
from etia.cli.run import command as run_command
from etia.learn.judgement import say, say_breaks, say_fit
from etia.learn.layer import TABLES
from etia.report.numbers import NARROW

RIAL = Path(__file__).parents[2] / "models" / "iran_rial"
SMALL = {"draws": 4, "runs": 10}


def test_a_plain_run_tests_turning_points_alone():
    assert list(etia.run(RIAL, **SMALL).tables.layer("learn")) == ["turning_points"]


def test_the_false_alarm_rate_of_a_run_stands_in_table_words_and_hash_and_is_read_back(tmp_path):
    """The range of a break that the data show is the narrower, the more alarms may be false."""
    plain, asked = etia.run(RIAL, **SMALL), etia.run(RIAL, **SMALL, false_alarm=0.2)
    table = asked.tables["turning_points"]
    assert table.equals(etia.load(RIAL).turning_points(false_alarm=0.2))
    ranges = [(each["high"] - each["low"]).dropna() for each in (table, plain.tables["turning_points"])]
    assert (ranges[0] < ranges[1]).all()
    assert "at a false-alarm rate of 20 %" in say({"turning_points": table}, false_alarm=0.2)
    folders = [run.save(tmp_path / name) for name, run in (("plain", plain), ("asked", asked))]
    digests = [json.loads((folder / "manifest.json").read_text())["digest"] for folder in folders]
    assert digests[0] != digests[1]
    told = (folders[1] / "describe.md").read_text().replace(NARROW, " ")
    assert "at a false-alarm rate of 20 %" in told
    assert "Intervals cover 80 %." in told
    opened = etia.open_run(folders[1])
    assert opened.request.false_alarm == 0.2
    assert opened.asking().tables["turning_points"].equals(table)


def test_a_folder_from_before_the_rate_could_be_asked_for_opens_at_five_per_cent(tmp_path):
    folder = etia.run(RIAL, **SMALL).save(tmp_path / "old")
    written = json.loads((folder / "manifest.json").read_text())
    del written["options"]["false_alarm"]
    (folder / "manifest.json").write_text(json.dumps(written))
    assert etia.open_run(folder).request.false_alarm == 0.05


def test_describe_prints_the_breaks_at_the_rate_that_is_asked_for():
    asked = [str(RIAL), "--draws", "2", "--runs", "5", "--false-alarm", "0.2"]
    told = CliRunner().invoke(describe_command, asked)
    assert "Turning points in the data, at a false-alarm rate of 20 %; intervals of 80 %" in told.output
    assert "Of 7 impacts of past events on measured trends: 1 break" in told.output
    found = json.loads(CliRunner().invoke(describe_command, [*asked, "--json"]).output)
    assert found["false_alarm"] == 0.2
    assert [row["verdict"] for row in found["turning_points"]].count("break") == 1


@pytest.fixture(scope="module")
def learned():
    return etia.run(RIAL, **SMALL, learn=True).tables.layer("learn")


def test_a_run_that_learns_has_every_table(learned):
    assert tuple(learned) == TABLES
    assert all(len(table) for table in learned.values())
    assert set(learned["backtest"]["model"]) == {"iran_rial"}


def test_the_judgement_is_one_paragraph_that_speaks_of_bad_skill_too(learned):
    text = say(learned)
    assert "\n" not in text
    assert "1 shows a break at its date" in text
    assert "rial_rate: with later events known" in text
    assert "Stacked weights" in text


def test_weights_of_lenses_sum_to_one(learned):
    assert learned["lens_weights"]["weight"].sum() == pytest.approx(1)


def test_nothing_is_said_of_what_is_not_there(learned):
    assert say({}) == ""
    assert say_fit(learned["fit"].iloc[:0]) == "No elicited size meets any datum."
    assert "cannot test any" in say_breaks(learned["turning_points"].iloc[:0])


def test_fitted_sizes_take_the_place_of_the_models_own(tmp_path):
    proposal = tmp_path / "p.yaml"
    made = CliRunner().invoke(fit_command, [str(RIAL), "-o", str(proposal), "--quiet"])
    assert made.exit_code == 0, made.output
    plain, fitted = etia.run(RIAL, **SMALL), etia.run(RIAL, **SMALL, fitted=proposal)
    before, after = (run.tables["impact_scores"] for run in (plain, fitted))
    exit_ = (before["event"] == "jcpoa_exit") & (before["trend"] == "rial_rate") & (before["date"] == "2019-Q4")
    # the data took the exit's impact down by a fifth
    assert after[exit_]["total"].iloc[0] < 0.95 * before[exit_]["total"].iloc[0]
    # what is not fitted stays
    assert np.array_equal(plain.tables["event_probabilities"], fitted.tables["event_probabilities"])


def test_the_proposal_stands_among_the_runs_inputs(tmp_path):
    from etia.facade.stored import read_manifest

    proposal = tmp_path / "p.yaml"
    CliRunner().invoke(fit_command, [str(RIAL), "-o", str(proposal), "--quiet"])
    place = tmp_path / "run"
    options = [str(RIAL), "--draws", "2", "--runs", "5", "--fitted", str(proposal), "-o", str(place), "--quiet"]
    result = CliRunner().invoke(run_command, options)
    assert result.exit_code == 0, result.output
    manifest = read_manifest(place)
    assert any(Path(entry["path"]).name == "p.yaml" for entry in manifest["inputs"])
    assert "fitted_on" in (place / "model.resolved.yaml").read_text(encoding="utf-8")
    assert (place / "tables" / "turning_points.csv").exists()


def test_a_proposal_lies_below_scenarios(tmp_path):
    from etia.learn.fit import fit_model
    from etia.learn.proposal import proposal_text

    model = etia.load(RIAL)
    scenario = {"impacts": {"jcpoa_exit -> rial_rate": {"lasting": "+1%"}}}
    text = proposal_text(fit_model(model.content, draws=1), model.content, name="m", seed=0)
    path = tmp_path / "p.yaml"
    path.write_text(text, encoding="utf-8")
    found = model.with_scenario(scenario).with_fitted(path)
    assert found.impacts["jcpoa_exit -> rial_rate"].lasting.quantity.value == 1.0
    assert found.without_scenario().impacts["jcpoa_exit -> rial_rate"].fitted_on == ("rial_rate",)
