from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd

from etia.calendar import parse_period
from etia.files.load import apply_scenario, load, load_dict
from etia.learn.model_breaks import break_tables, candidate_table, model_turning_points
from etia.learn.model_series import measured_trends, past_dates
from etia.learn.telling import candidate_lines, turning_point_lines
from tests.learn.models import ar1, study

MODELS = Path(__file__).parents[2] / "models"


def broken(n=40, at=20, size=6.0):
    return ar1(np.random.default_rng(0), n) + size * (np.arange(n) >= at)


def test_a_break_at_an_events_date_is_found_and_others_are_not():
    model = study(broken(), events={"a": {"date": "2000"}, "b": {"date": "1990"}}).model
    table = model_turning_points(model).set_index("event")
    assert table.loc["a", "verdict"] == "break"
    assert table.loc["b", "verdict"] == "no sign"
    assert table.loc["a", "low"] < 6 < table.loc["a", "high"]


def test_only_what_was_known_at_as_of_is_looked_at():
    model = study(broken(), events={"a": {"date": "2000"}, "later": {"date": "2010"}}, as_of=2005).model
    assert list(model_turning_points(model)["event"]) == ["a"]
    assert len(measured_trends(model)[0].series.latent) == 26


def test_events_before_the_data_or_at_its_first_datum_are_not_listed():
    months = {"start": "1970", "as_of": "2019", "end": "2024", "step": "year"}
    events = {"before": {"date": "1975"}, "first": {"date": "1980"}, "inside": {"date": "1981"}}
    table = model_turning_points(study(broken(), events=events, calendar=months).model)
    assert table["event"].tolist() == ["inside"]


def test_a_break_without_an_event_is_a_candidate_with_none_beside_it():
    found = candidate_table(study(broken(n=60, at=30, size=12.0), events={"a": {"date": "1990"}}).model)
    assert found["date"].tolist() == ["2010"]
    assert found["events"].tolist() == [""]


def test_a_model_without_measured_trends_has_empty_tables():
    model = load(MODELS / "minimal").model
    assert [len(table) for table in break_tables(model).values()] == [0, 0]


def test_gaps_and_periods_stand_where_the_data_do():
    values = broken()
    values[5] = np.nan
    measured = measured_trends(study(values).model)[0]
    assert np.isnan(measured.series.latent[5])
    assert (measured.label(0), measured.label(39), measured.per_year) == ("1980", "2019", 1)
    assert measured.middle.tolist() == list(range(40))


def test_monthly_steps_carry_annual_data_at_mid_year():
    months = {"start": "1980-01", "as_of": "2019-12", "end": "2024-12", "step": "month"}
    measured = measured_trends(study(broken(), calendar=months).model)[0]
    # June is the earlier of the two middle months
    assert measured.middle[:2].tolist() == [5, 17]
    assert measured.last_month[0] == parse_period("1980").last_month


def test_the_flagships_turning_points_cost_little():
    model = load(MODELS / "look_east").model
    begun = time.process_time()
    table = model_turning_points(model)
    assert time.process_time() - begun < 6  # about 1.2 s of a processor by itself
    assert set(table["verdict"]) <= {"break", "no sign", "not separable", "too few data"}
    assert set(table["event"]) <= set(past_dates(model))


def test_an_event_that_a_scenario_removes_is_not_tested():
    loaded = study(broken(), events={"a": {"date": "2000"}})
    model = apply_scenario(loaded, {"events": {"a": {"happens": "never"}}}).model
    assert not len(model_turning_points(model))


def test_daily_data_are_tested_by_the_step_of_the_model():
    """Three days a month of 1990 … 1995: one datum a month, their mean; the break of 1993 is dated by the month."""
    rng = np.random.default_rng(3)
    level = [10.0 + 4 * (year >= 1993) for year in range(1990, 1996) for _ in range(12)]
    history = [
        {"at": f"{1990 + i // 12}-{i % 12 + 1:02d}-{day}", "value": float(value + rng.normal())}
        for i, value in enumerate(level)
        for day in ("05", "15", "25")
    ]
    raw = {
        "etia": 1, "title": "Daily", "calendar": {"start": "1990-01", "as_of": "1995-12", "end": "1996-12"},
        "events": {"a": {"title": "A", "level": "macro", "date": "1993-01-02"}},
        "trends": {"y": {"title": "Y", "level": "meso", "history": history}},
    }  # fmt: skip
    model = load_dict(raw).model
    measured = measured_trends(model)[0]
    assert (len(measured.series.latent), measured.label(36)) == (72, "1993-01")
    assert model_turning_points(model)["verdict"].tolist() == ["break"]


def test_candidates_without_an_event_are_marked_and_long_lists_cut():
    table = pd.DataFrame(
        {"trend": ["y", "y"], "date": ["1990", "2001"], "events": ["", ", ".join("abcdefg")], "near": ["x", ""]},
    )
    lines = candidate_lines(table)
    assert lines[-2].split("  ")[-2:] == ["NONE: the model does not hold what happened", "x"]
    assert lines[-1].endswith("a, b, c, d and 3 more")
    assert candidate_lines(table.iloc[:0]) == []


def test_only_events_with_a_stated_impact_explain_a_candidate():
    events = {"acts": {"date": "2010"}, "idle": {"date": "2010"}}
    model = study(broken(n=60, at=30, size=12.0), events=events, impacts={"acts -> y": {"lasting": [0, 5, 10]}}).model
    found = candidate_table(model)
    assert (found["events"].tolist(), found["near"].tolist()) == (["acts"], ["idle"])


def test_pairs_that_the_model_does_not_connect_are_one_line():
    """a acts on y; b and c do not: chance alone gives 0.2 · 2 = 0.4 breaks."""
    events = {"a": {"date": "2000"}, "b": {"date": "1990"}, "c": {"date": "1995"}}
    model = study(broken(), events=events, impacts={"a -> y": {"lasting": [0, 5, 10]}}).model
    lines = turning_point_lines(model_turning_points(model, alpha=0.2), model, alpha=0.2)
    assert "at a false-alarm rate of 20 %" in lines[0]
    assert [line.split()[0] for line in lines[1:-1]] == ["event", "a"]
    assert lines[-1].endswith("chance alone gives about 0.4.")


def test_intervals_cover_what_the_false_alarm_rate_leaves():
    model = study(broken(), events={"a": {"date": "2000"}}).model
    strict, loose = (model_turning_points(model, alpha=alpha).iloc[0] for alpha in (0.01, 0.2))
    assert strict["low"] < loose["low"] < loose["high"] < strict["high"]
