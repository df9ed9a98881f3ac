"""What it is worth to wait for: values of knowing by hand and by enumeration, costs, the plan."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pandas as pd
import pytest

from etia.prescribe.evaluation import evaluate
from etia.prescribe.portfolios import feasible
from etia.prescribe.signposts import (
    Waiting,
    adaptive_plan,
    cost_of_waiting,
    dates,
    moved_spans,
    signposts,
    signs,
    value_of_knowing,
    waiting,
)
from tests.prescribe.choices import exact_outcomes, study_of


def base(by, value, **more):
    return {"by": by, "value": value, "meaning": "base", **more}


def step(lasting, **more):
    return {"shape": "step", "lasting": lasting, **more}


BODY = {
    "etia": 1,
    "title": "A dam that helps if the flood comes",
    "calendar": {"start": 2020, "as_of": 2020, "end": 2024, "step": "year"},
    "events": {"flood": {"title": "Flood", "level": "macro", "probability": base(2021, 0.5, until=2021)}},
    "trends": {"x": {"title": "X", "constructed": {"from": 2020, "value": 10}, "levels": {0: "low", 10: "high"}}},
    "impacts": {"flood -> x": step(-4, starts="2 years")},
    "policies": {
        "dam": {
            "title": "Dam", "from": 2021, "excludes": ["fields"],
            "impacts": {"flood -> x": {"scale": 0.5}}, "trends": {"x": step(-1)},
        },
        "fields": {"title": "Fields", "from": 2021, "trends": {"x": step(0.25)}},
    },
    "objectives": {"x": {"goal": "maximise", "at": 2024}},
}  # fmt: skip

SWITCH = deepcopy(BODY)
"""the dry way pays if the flood has not come, the wet one if it has; both by a later event that they make likelier"""
LATER = {"level": "meso", "probability": base(2024, 0.3, **{"from": 2023})}
SWITCH["events"] |= {
    "wet": {"title": "Wet", **LATER, "requires": ["flood"]},
    "dry": {"title": "Dry", **LATER, "prevented_by": ["flood"]},
}
SWITCH["impacts"] = {"wet -> x": step(3), "dry -> x": step(2)}
SWITCH["policies"] = {
    "wet_way": {"title": "Wet way", "from": 2021, "excludes": ["dry_way"], "events": {"wet": {"rate_ratio": 3}}},
    "dry_way": {"title": "Dry way", "from": 2021, "events": {"dry": {"rate_ratio": 3}}},
}


def world(body, **settings):
    study = study_of(body, **settings)
    case = study.case()
    return case, evaluate([case], feasible(study.model))


def test_policies_that_start_by_the_date_are_moved_to_the_step_after_it_with_their_length():
    body = deepcopy(BODY)
    body["policies"]["fields"] |= {"from": 2022, "until": 2023}
    case, _ = world(body, central=True, runs=10)
    assert moved_spans(case, 1) == {"dam": (2, 4)}
    assert moved_spans(case, 2) == {"dam": (3, 4), "fields": (3, 4)}


def test_signposts_are_read_at_two_dates_of_the_future():
    case, _ = world(BODY, central=True, runs=10)
    assert [case.calendar.label(step) for step in dates(case)] == ["2021", "2022"]
    longer = deepcopy(BODY)
    longer["calendar"]["end"] = 2040
    assert [case.calendar.label(step) for step in dates(world(longer, central=True, runs=10)[0])] == ["2022", "2023"]


def test_what_is_seen_is_not_already_certain_and_covers_events_levels_and_medians():
    case, scores = world(BODY, draws=4, runs=50)
    assert [sign.name for sign in signs(case, scores, 1)] == ["flood"]  # x moves two years later
    assert [sign.name for sign in signs(case, scores, 4)] == ["flood", "x >= high", "x >= 10"]


def test_what_is_seen_does_not_depend_on_the_portfolio():
    """Up to the date every moved portfolio's runs are those without policies."""
    case, _ = world(SWITCH, draws=3, runs=100)
    by = 2
    plain = case.outcomes
    for portfolio in feasible(case.model).portfolios[1:]:
        moved = case.with_policies(portfolio, moved_spans(case, by)).outcomes
        assert np.array_equal(moved.steps <= by, plain.steps <= by)
        assert np.array_equal(moved.values(0, 0, by), plain.values(0, 0, by))


def test_the_value_of_knowing_is_that_of_enumeration():
    """The flood comes in 2021 or never; wet needs it, dry is shut off by it, and either way must be chosen for 2022.

    P(flood) = 1/2. A way triples the rate of its event: from 3/10 to 1 − 0.7³ = 0.657 where it is open.
    x without: 10 + 1/2 · 0.3 · 3 + 1/2 · 0.3 · 2. The wet way adds 1/2 · 0.357 · 3 = 0.5355, the dry way 0.357.
    Knowing: with the flood the wet way adds 1.071, without it the dry way 0.714; in the mean 0.8925.
    So knowing is worth 0.8925 − 0.5355 = 0.357, in units of s.
    """
    case, scores = world(SWITCH, central=True, runs=200_000)
    put_off = waiting(case, scores, 1)
    seen = (case.outcomes.steps[:, case.compiled.index.place["flood"]] <= 1)[:, None]
    value, error = value_of_knowing(put_off, seen)
    assert value[0] * scores.scale.spread[0] == pytest.approx(0.357, abs=4.5 * error[0] * scores.scale.spread[0])
    assert error[0] * scores.scale.spread[0] < 0.01
    for f, portfolio in enumerate(scores.feasible.portfolios):
        outcomes, histories = exact_outcomes(case, portfolio, scores.goals, moved_spans(case, 1))
        exact = histories.probability @ scores.scale.utilities(scores.goals, outcomes)
        assert put_off.utility[f].mean() == pytest.approx(exact, abs=4.5 / np.sqrt(200_000))


def test_the_switch_is_named_by_what_is_seen():
    case, scores = world(SWITCH, central=True, runs=20_000)
    table, left_out = signposts(case, scores, [waiting(case, scores, 1)])
    assert list(table.columns) == ["signpost", "by", "probability", "value", "se", "switch_to"]
    flood = table[table["signpost"] == "flood"].iloc[0]
    assert (flood["by"], flood["switch_to"]) == ("2021", "else dry_way")
    assert flood["probability"] == pytest.approx(0.5, abs=0.02)
    assert left_out == 0


def test_waiting_costs_what_the_best_portfolio_loses_by_starting_later():
    """From 2021 the dam halves a flood of 2021; moved to 2022 it comes too late, and then fields (+0.25) are better.

    As planned: fields 10 − 2 + 0.25, dam 10 − 1/2 · 2 − 1 = 8: fields is best either way and loses nothing by waiting.
    """
    case, scores = world(BODY, central=True, runs=20_000)
    table = cost_of_waiting(case, scores, [waiting(case, scores, 1)])
    assert table["cost"][0] == pytest.approx(0, abs=1e-12)
    assert (table["best_now"][0], table["best_then"][0]) == ("fields", "fields")


def test_waiting_costs_something_where_the_best_comes_too_late():
    """A dam without a cost to x: 10 − 1/2 · 2 = 9 as planned; moved it does nothing: 8, fields have 8.25; so 0.75."""
    body = deepcopy(BODY)
    del body["policies"]["dam"]["trends"]
    case, scores = world(body, draws=40, runs=500)
    table = cost_of_waiting(case, scores, [waiting(case, scores, 1)])
    s = scores.scale.spread[0]
    assert table["cost"][0] * s == pytest.approx(0.75, abs=4.5 * table["se"][0] * s)
    assert (table["best_now"][0], table["best_then"][0]) == ("dam", "fields")


def test_noise_alone_has_no_value():
    """Portfolios that differ by noise alone: choosing and valuing on the same runs would find a value in every sign."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(200):
        put_off = Waiting(1, rng.normal(size=(8, 400)), 1)
        found.append(value_of_knowing(put_off, rng.random((400, 1)) < 0.5)[0][0])
    # clipped at 0, a mean-zero estimate with sd ≈ √(2/400) averages 0.4 sd
    assert np.mean(found) < 0.6 * np.sqrt(2 / 400)


def plan(cost):
    table = pd.DataFrame(
        [["flood", "2021", 0.5, 0.3, 0.01, "else dry"]],
        columns=["signpost", "by", "probability", "value", "se", "switch_to"],
    )
    costs = pd.DataFrame([["2021", cost, 0.01, "wet", "wet"]], columns=["by", "cost", "se", "best_now", "best_then"])
    return adaptive_plan(table, costs)


def test_the_plan_waits_where_knowing_is_worth_more_than_waiting_costs():
    assert plan(0.1) == (
        "Wait until 2021, then choose wet; if flood is not seen by 2021, dry. "
        "Knowing it first is worth 0.300 ± 0.010 of utility, waiting for it costs 0.100 ± 0.010."
    )
    assert plan(0.4).startswith("Choose wet as planned. ")
    assert "do not wait. Where the choice has to be put off anyway: wet; if flood is not seen by 2021, dry." in plan(
        0.4
    )


def test_without_a_signpost_that_matters_the_plan_says_so():
    table = pd.DataFrame(
        [["flood", "2021", 0.5, 0.0, 0.01, ""]], columns=["signpost", "by", "probability", "value", "se", "switch_to"]
    )
    costs = pd.DataFrame([["2021", 0.1, 0.01, "wet", "wet"]], columns=["by", "cost", "se", "best_now", "best_then"])
    assert adaptive_plan(table, costs).startswith("Choose wet as planned. No signpost")
