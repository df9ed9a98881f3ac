from __future__ import annotations

import csv
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import etia
from etia.cli.ledger import ledger as verb
from etia.errors import LedgerError
from etia.learn.ledger import EventForecast, ForecastSet, Ledger, TrendForecast
from etia.learn.ledger_runs import forecasts_of_run
from etia.learn.ledger_scores import score

WHO = ("reference", "balancing")


def forecast_set(model="m", version="v1", as_of="2025-11", by="2025-12", probability=0.2, title="A model"):
    events = (EventForecast(*WHO, "strike", by, probability), EventForecast(*WHO, "strike", "2026-06", 0.5))
    trends = (TrendForecast(*WHO, "trade", "2026-01", 1.0, 2.0, 3.0, 4.0, 5.0),)
    return ForecastSet(model, version, as_of, events, trends, title)


class Clock:
    def __init__(self, text):
        self.now = datetime.fromisoformat(text).replace(tzinfo=UTC)

    def __call__(self):
        return self.now

    def set(self, text):
        self.now = datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def clock():
    return Clock("2025-12-02")


@pytest.fixture
def ledger(tmp_path, clock):
    made = Ledger(tmp_path / "ledger.sqlite", clock=clock)
    made.add(forecast_set())
    return made


def test_the_same_run_twice_is_recognised_not_doubled(ledger, clock):
    clock.set("2026-05-01")
    entry, is_new = ledger.add(forecast_set())
    assert not is_new
    assert entry.recorded == datetime(2025, 12, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"by": "2025-11"}, "event 'strike' by 2025-11: not after as_of 2025-11"),
        ({"by": "2024"}, "by 2024: not after as_of"),
        ({"probability": 1.2}, "1.2 is not a probability"),
        ({"probability": float("nan")}, "nan is not a probability"),
    ],
)
def test_what_is_no_forecast_is_refused(ledger, changed, message):
    with pytest.raises(LedgerError, match=message):
        ledger.add(forecast_set(version="v2", **changed))


def test_quantiles_out_of_order_and_empty_sets_are_refused(ledger):
    crossed = (TrendForecast(*WHO, "trade", "2026-01", 1.0, 2.0, 1.5, 4.0, 5.0),)
    with pytest.raises(LedgerError, match="are no ascending quantiles"):
        ledger.add(ForecastSet("m", "v", "2025-11", (), crossed, "A model"))
    with pytest.raises(LedgerError, match="there are no forecasts in it"):
        ledger.add(ForecastSet("m", "v", "2025-11", (), (), "A model"))


def test_another_model_of_the_same_name_needs_a_name_of_its_own(ledger):
    with pytest.raises(LedgerError, match=r"another model named 'm' .* say with --model"):
        ledger.add(forecast_set(title="Another model"))


def test_an_id_of_two_models_needs_the_model_s_name(ledger, clock):
    ledger.add(forecast_set(model="n"))
    clock.set("2026-07-02")
    with pytest.raises(LedgerError, match="'strike' is forecast by the models 'm', 'n'; say which with --model"):
        ledger.resolve("strike", "2026-03", True, source="news")
    ledger.resolve("strike", "2026-03", True, source="news", model="n")
    assert set(score(ledger).events["model"]) == {"n"}


def test_unknown_ids_are_refused_with_the_nearest(ledger):
    with pytest.raises(LedgerError, match=r"speaks of 'strikes'\. Did you mean 'strike'"):
        ledger.resolve("strikes", "2025-12", False, source="news")


def test_the_future_cannot_be_resolved(ledger):
    # on 2 December 2025
    with pytest.raises(LedgerError, match="this date has not come"):
        ledger.resolve("strike", "2026-03", True, source="news")
    with pytest.raises(LedgerError, match="this date has not come"):
        ledger.resolve("strike", "2025-12", False, source="news")


def test_a_resolution_needs_its_source_and_the_right_kind_of_value(ledger):
    with pytest.raises(LedgerError, match="needs its source"):
        ledger.resolve("strike", "2025-12", True, source=" ")
    with pytest.raises(LedgerError, match="either occurred or did not"):
        ledger.resolve("strike", "2025-12", 3.0, source="news")
    with pytest.raises(LedgerError, match="needs a number"):
        ledger.resolve("trade", "2025-12", True, source="news")


def test_scores_by_hand(ledger, clock):
    clock.set("2026-07-02")
    ledger.resolve("strike", "2026-03-14", True, source="news")
    ledger.resolve("trade", "2026-01", 3.0, source="statistics")
    found = score(ledger)
    # by 2025-12 it had not occurred: 0.2²; by 2026-06 it had: 0.5²
    assert found.events["brier"].tolist() == pytest.approx([0.04, 0.25])
    assert found.events["log_score"].tolist() == pytest.approx([-np.log(0.8), np.log(2)])
    # 2·(0.15·0.05·2 + 0.225·0.25·1)·2 for the two sides, 0 at the median
    assert found.trends["crps"].tolist() == pytest.approx([2 * 2 * (0.15 * 0.05 * 2 + 0.225 * 0.25)])
    assert found.trends[["cover50", "cover90"]].to_numpy().all()
    assert found.versions["brier"].iloc[0] == pytest.approx(0.145)
    assert found.over_time["year"].tolist() == ["2025", "2026", "2026"]
    assert found.n_open == 0


def test_not_up_to_a_date_settles_only_the_forecasts_up_to_it(ledger, clock):
    clock.set("2026-02-01")
    ledger.resolve("strike", "2026-01", False, source="news")
    found = score(ledger)
    assert found.events[["by", "occurred"]].to_numpy().tolist() == [["2025-12", 0]]
    assert found.n_open == 2


def test_an_event_known_only_by_its_year_leaves_the_months_within_it_open(ledger, clock):
    clock.set("2027-01-02")
    ledger.resolve("strike", "2026", True, source="news")
    assert score(ledger).events[["by", "occurred"]].to_numpy().tolist() == [["2025-12", 0]]


def test_contradictions_need_to_be_asked_for_and_can_be_taken_back(ledger, clock):
    clock.set("2026-07-02")
    ledger.resolve("trade", "2026-01", 3.0, source="first print")
    with pytest.raises(LedgerError, match=r"resolved otherwise: 3.0 at 2026-01 \(first print\)"):
        ledger.resolve("trade", "2026-01", 3.5, source="revision")
    ledger.resolve("trade", "2026-01", 3.5, source="revision", correct=True)
    assert score(ledger).trends["value"].tolist() == [3.5]
    ledger.resolve("trade", "2026-01", 3.0, source="first print", correct=True)
    assert score(ledger).trends["value"].tolist() == [3.0]
    assert len(ledger.chain.entries()) == 4


def test_a_corrected_occurrence_counts_for_nothing(ledger, clock):
    clock.set("2026-07-02")
    ledger.resolve("strike", "2025-12", True, source="rumour")
    ledger.resolve("strike", "2026-06", False, source="denial", correct=True)
    assert score(ledger).events["occurred"].tolist() == [0, 0]
    assert not ledger.resolve("strike", "2026-06", False, source="denial")[1]


def test_what_was_recorded_after_its_date_is_no_forecast(ledger, clock):
    clock.set("2026-07-02")
    ledger.add(forecast_set(version="v2"))
    ledger.resolve("strike", "2026-03", True, source="news")
    found = score(ledger)
    assert found.events.groupby("version")["ahead"].all().to_dict() == {"v1": True, "v2": False}
    assert found.versions["version"].tolist() == ["v1"]


def test_what_was_recorded_after_its_event_had_come_is_no_forecast_either(ledger, clock):
    """v2, of 2 April, speaks of a strike by 2026-06; the strike came on 14 March."""
    clock.set("2026-04-02")
    ledger.add(forecast_set(version="v2", probability=0.9))
    clock.set("2026-07-02")
    ledger.resolve("strike", "2026-03-14", True, source="news")
    found = score(ledger)
    assert found.events[["version", "by", "ahead"]].to_numpy().tolist() == [
        ["v1", "2025-12", True], ["v1", "2026-06", True], ["v2", "2025-12", False], ["v2", "2026-06", False],
    ]  # fmt: skip
    assert (found.versions["version"].tolist(), found.n_late) == (["v1"], 2)


def test_a_coarse_date_counts_from_its_first_day(ledger, clock):
    """It came some time in 2026: what was recorded in March of it may have been too late, v1 of 2025 was not."""
    clock.set("2026-03-20")
    made = ForecastSet("m", "v2", "2025-11", (EventForecast(*WHO, "strike", "2027-01", 0.9),), (), "A model")
    ledger.add(made)
    clock.set("2027-02-02")
    ledger.resolve("strike", "2026", True, source="news")
    found = score(ledger).events
    assert found[["version", "by", "ahead"]].to_numpy().tolist() == [["v1", "2025-12", True], ["v2", "2027-01", False]]


def test_a_resolution_that_no_forecast_speaks_of_is_kept_and_told(ledger, clock):
    clock.set("2026-07-02")
    assert ledger.settles(ledger.resolve("trade", "2026-01", 3.0, source="statistics")[0])
    assert not ledger.settles(ledger.resolve("trade", "2026-02", 3.0, source="statistics")[0])
    assert ledger.settles(ledger.resolve("strike", "2026-01", False, source="news")[0])


def test_versions_of_a_model_are_scored_apart(ledger, clock):
    ledger.add(forecast_set(version="v2", probability=0.9))
    clock.set("2026-01-02")
    ledger.resolve("strike", "2025-12-20", True, source="news")
    assert score(ledger).versions.set_index("version")["brier"].to_dict() == pytest.approx(
        {"v1": (0.64 + 0.25) / 2, "v2": (0.01 + 0.25) / 2}
    )


def test_a_ledger_without_resolutions_scores_nothing(ledger):
    found = score(ledger)
    assert len(found.versions) == 0
    assert found.n_open == 3


RESOLVED = "etia: 1\ncalendar: {start: 1979-01, as_of: 2025-11, end: 2099-12}\n"


@pytest.fixture
def run_folder(tmp_path):
    home = tmp_path / "look_east-abc"
    (home / "tables").mkdir(parents=True)
    (home / "manifest.json").write_text(json.dumps({"model": {"name": "look_east", "title": "A study"}, "as_of": None}))
    (home / "model.resolved.yaml").write_text(RESOLVED)
    with (home / "tables" / "event_probabilities.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [
                ["scenario", "lens", "event", "date", "probability", "se"],
                ["reference", "balancing", "strike", "2099-12", "0.25", "0.01"],
            ]
        )
    with (home / "tables" / "trend_projections.csv").open("w", newline="") as file:
        names = ["scenario", "lens", "trend", "date", "baseline", "mean", "se", "p5", "p25", "p50", "p75", "p95"]
        rows = [
            ["reference", "balancing", "trade", "2025-10", 3, 3, 0, 3, 3, 3, 3, 3],
            ["reference", "balancing", "trade", "2099-12", 3, 3, 0, 1, 2, 3, 4, 5],
        ]
        csv.writer(file).writerows([names, *rows])
    return home


def test_a_run_folder_gives_its_forecasts_and_leaves_history_out(run_folder):
    found = forecasts_of_run(run_folder)
    assert found.version == hashlib.sha256(RESOLVED.encode()).hexdigest()
    assert [row.date for row in found.trends] == ["2099-12"]
    assert found.events[0].probability == 0.25


def test_a_folder_that_is_no_run_is_told(tmp_path):
    with pytest.raises(LedgerError, match=r"is no run folder: manifest\.json cannot be read"):
        forecasts_of_run(tmp_path)


def test_a_run_of_the_library_can_be_kept(tmp_path):
    """The folder that a run really leaves, as the ledger reads it: by its model's name, from its last known month."""
    model = Path(__file__).parents[2] / "models" / "minimal"
    found = forecasts_of_run(etia.run(model, draws=2, runs=5).save(tmp_path / "run"))
    assert (found.model, found.as_of, found.title) == ("minimal", "2025-12", "Cars in the centre of a town")
    assert {row.event for row in found.events} == {"oil_shock", "tram"}
    assert found.trends[0].date == "2026-01"


def test_the_command_line_adds_resolves_and_scores(run_folder, tmp_path):
    runner, where = CliRunner(), ["--ledger", str(tmp_path / "l.sqlite")]
    added = json.loads(runner.invoke(verb, ["add", str(run_folder), *where, "--json"]).output)
    assert (added["new"], added["events"], added["trends"], added["schema_version"]) == (True, 1, 1, 1)
    assert "was recorded already" in runner.invoke(verb, ["add", str(run_folder), *where]).output
    resolved = runner.invoke(verb, ["resolve", "strike", "2025-12", "yes", "--source", "news", *where])
    assert resolved.exit_code == 0, resolved.output
    other = runner.invoke(verb, ["resolve", "trade", "2025-11", "3", "--source", "news", *where])
    assert "No forecast in the ledger speaks of trade at that date" in other.output
    plain = runner.invoke(verb, ["score", *where]).output.splitlines()[-1]
    assert plain.startswith("Head 3:")
    assert plain.endswith("no earlier head was given, so entries cut off the end would not be seen (--head).")
    given = runner.invoke(verb, ["score", *where, "--head", added["head"]]).output.splitlines()[-1]
    assert given.endswith("the ledger still runs through the head that was given.")
    scored = json.loads(runner.invoke(verb, ["score", *where, "--json", "--head", added["head"]]).output)
    assert scored["events"][0]["brier"] == pytest.approx(0.5625)
    # what the run says of 2025 is recorded today: too late to be a forecast
    assert "Recorded too late to be forecasts, so left out: 1" in runner.invoke(verb, ["score", *where]).output


def test_the_command_line_tells_errors_and_ends_with_one(run_folder, tmp_path):
    runner, where = CliRunner(), ["--ledger", str(tmp_path / "l.sqlite")]
    missing = runner.invoke(verb, ["score", *where])
    assert (missing.exit_code, "there is no ledger here" in missing.output) == (1, True)
    runner.invoke(verb, ["add", str(run_folder), *where])
    unknown = runner.invoke(verb, ["resolve", "strik", "2025-12", "yes", "--source", "x", *where])
    assert (unknown.exit_code, "Did you mean 'strike'" in unknown.output) == (1, True)
    odd = runner.invoke(verb, ["resolve", "strike", "2025-12", "perhaps", "--source", "x", *where])
    assert (odd.exit_code, "is no number, and neither" in odd.output) == (2, True)
