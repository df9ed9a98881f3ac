"""What a model may know at a past origin, and that a planted leak is caught."""

from __future__ import annotations

import numpy as np
import pytest

from etia.calendar import parse_period
from etia.learn import forecasting, knowledge
from etia.learn.knowledge import LeakError, at_origin, check_no_leak, relevant, stated_points
from etia.learn.model_series import measured_trends
from tests.learn.models import ar1, study

ORIGIN = parse_period("2005")
END = parse_period("2019")
STATED = {"as_of": "2004", "by": "2010", "value": 0.3}


def model(**event):
    events = {"a": {"date": "2000"}, "b": {"date": "2008", **event}}
    impacts = {"a -> y": {"lasting": [1, 2, 3]}, "b -> y": {"lasting": [1, 2, 3]}}
    return study(ar1(np.random.default_rng(0), 40), events=events, impacts=impacts).model


def then(found, variant="forecast"):
    return at_origin(found, ORIGIN, variant, until=END, trends=["y"])


def test_data_after_the_origin_are_gone():
    assert then(model()).trends["y"].history[-1].at == ORIGIN


def test_a_later_event_without_a_statement_is_left_out_of_a_forecast_with_its_impacts():
    found = then(model())
    assert list(found.events) == ["a"]
    assert list(found.impacts) == ["a -> y"]


def test_a_later_event_comes_at_its_date_where_events_are_known():
    event = then(model(foreseen=[STATED]), "known-events").events["b"]
    assert (str(event.date), event.probability, event.foreseen) == ("2008", (), ())


def test_the_latest_statement_made_by_then_is_used():
    foreseen = [{"as_of": "2001", "by": "2010", "value": 0.1}, STATED, {"as_of": "2006", "by": "2010", "value": 0.9}]
    event = then(model(foreseen=foreseen)).events["b"]
    assert event.date is None
    assert [(str(p.by), p.value.value) for p in event.probability] == [("2010", 0.3)]


def test_several_statements_of_one_date_are_a_curve():
    event = model(foreseen=[{**STATED, "by": "2012", "value": 0.5}, STATED]).events["b"]
    assert [str(p.by) for p in stated_points(event, ORIGIN)] == ["2010", "2012"]


def test_a_statement_whose_date_has_passed_says_nothing():
    event = model(foreseen=[{**STATED, "by": "2005"}]).events["b"]
    assert stated_points(event, ORIGIN) == ()


def test_an_events_own_probability_counts_where_nothing_was_foreseen():
    event = model(probability={"by": "2012", "value": 0.4}).events["b"]
    assert [p.value.value for p in stated_points(event, ORIGIN)] == [0.4]


def test_an_event_without_a_date_is_no_part_of_the_past_unless_it_was_foreseen():
    found = study(
        ar1(np.random.default_rng(0), 40),
        events={"c": {"probability": {"by": "2023", "value": 0.4}},
                "d": {"probability": {"by": "2023", "value": 0.4}, "foreseen": [STATED]}},
    ).model  # fmt: skip
    assert list(then(found).events) == ["d"]
    assert not then(found, "known-events").events


def test_conditions_on_what_nobody_knew_of_are_dropped():
    events = {"b": {"date": "2008", "foreseen": [STATED], "requires": ["c"]}, "c": {"date": "2007"}}
    assert then(study(np.zeros(40), events=events).model).events["b"].requires == ()


def test_expert_points_after_the_origin_are_hindsight():
    points = [{"at": "1990", "value": 1}, {"at": "2010", "value": 9}]
    trend = {"title": "Y", "baseline": {"method": "points", "points": points}, "history": [{"at": "2001", "value": 1}]}
    found = study(np.zeros(40), trends={"y": trend}).model
    assert [str(p.at) for p in then(found).trends["y"].baseline.points] == ["1990"]


def test_only_what_can_bear_on_a_trend_is_kept():
    found = study(
        np.zeros(40),
        events={name: {"date": "2000"} for name in "abcd"},
        trends={"x": {"title": "X", "constructed": {"from": "1980", "value": 0}},
                "z": {"title": "Z", "constructed": {"from": "1980", "value": 0}}},
        impacts={"b -> x": {"lasting": 1}, "c -> z": {"lasting": 1}},
        couplings={"x -> y": {"strength": 0.2, "lag": "1 year"}},
        links={"a -> b": {"rate_ratio": 2}},
    ).model  # fmt: skip
    part = relevant(found, ["y"])
    assert (list(part.events), list(part.trends)) == (["a", "b"], ["y", "x"])


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ("data", "datum 2006 of 'y'"),
        ("date", "date 2008 of event 'b'"),
        ("foreseen", "what was thought of 'b' at 2006"),
    ],
)
def test_a_planted_leak_is_caught(planted, said):
    whole = model(foreseen=[STATED, {**STATED, "as_of": "2006"}])
    clean = then(whole)
    check_no_leak(clean, ORIGIN, "forecast")
    b = clean.events["b"]
    leaky = {
        "data": {"trends": whole.trends},
        "date": {"events": {**clean.events, "b": b.model_copy(update={"date": parse_period("2008")})}},
        "foreseen": {"events": {**clean.events, "b": b.model_copy(update={"foreseen": whole.events["b"].foreseen})}},
    }[planted]
    with pytest.raises(LeakError, match=said):
        check_no_leak(knowledge._changed(clean, **leaky), ORIGIN, "forecast")


def test_a_backtest_over_a_leak_stops(monkeypatch):
    from etia.compile.study import Settings

    found = model()
    monkeypatch.setattr(forecasting, "at_origin", lambda model, *rest, **more: model)
    with pytest.raises(LeakError, match="knows what came later"):
        forecasting.forecast_at(found, measured_trends(found), ORIGIN, "forecast", Settings(2, 10))


def test_what_comes_after_the_origin_changes_no_forecast():
    """The strongest test of a leak: another future, the same forecast to the last bit."""
    from etia.compile.study import Settings

    def forecast(values):
        events = {"a": {"date": "2000"}, "b": {"date": "2008", "foreseen": [STATED]}}
        impacts = {"a -> y": {"lasting": [1, 2, 3]}, "b -> y": {"lasting": [1, 2, 3]}}
        whole = study(values, events=events, impacts=impacts).model
        measured = measured_trends(whole)
        case, _ = forecasting._case(whole, ORIGIN, "forecast", END, ["y"], Settings(4, 10), None)
        return case.outcomes.latent(0, 26, 39), measured

    values = ar1(np.random.default_rng(0), 40)
    first, _ = forecast(values)
    second, _ = forecast(np.where(np.arange(40) > 25, 1e3, values))
    assert np.array_equal(first, second)
