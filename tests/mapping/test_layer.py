"""The map layer's tables on tiny models, held to exact enumeration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from etia.compile.cases import Cases, Options
from etia.compile.study import Settings, Study
from etia.engine.exact import enumerate_histories
from etia.files.load import load, load_dict
from etia.mapping.layer import TABLES, tables

TINY = Path(__file__).parent.parent / "tiny_models"


@pytest.fixture(scope="module")
def central():
    """tiny1 in the central model on 40,000 runs: its case and tables."""
    study = Study(load(TINY / "tiny1").model, {}, Settings(runs=40_000, central=True))
    cases = Cases(study)
    return cases[0], tables(study, cases, Options())


def exact(case):
    histories = enumerate_histories(case.program(0))
    return histories.steps, histories.probability


def test_the_layer_gives_all_its_tables(central):
    assert tuple(central[1]) == TABLES


def test_event_probabilities_are_those_of_enumeration(central):
    case, found = central
    steps, weight = exact(case)
    table = found["event_probabilities"]
    for event, rows in table.groupby("event"):
        come = steps[:, case.compiled.index.place[event], None] <= np.arange(
            case.calendar.as_of + 1, case.calendar.n_steps
        )
        assert (abs(rows["probability"] - weight @ come) <= 4.5 * rows["se"] + 1e-12).all()


def test_past_events_have_no_probability_and_prospective_ones_one_at_every_later_step(central):
    table = central[1]["event_probabilities"]
    assert list(table["event"].unique()) == ["a", "b", "c"]
    assert list(table[table["event"] == "a"]["date"]) == ["2021", "2022", "2023", "2024", "2025", "2026"]


def test_a_trend_is_projected_at_every_step_that_has_a_value_history_too(central):
    table = central[1]["trend_projections"]
    assert list(table[table["trend"] == "x"]["date"]) == [str(year) for year in range(2018, 2027)]


@pytest.mark.parametrize("settings", [{"central": True, "runs": 50}, {"draws": 4, "runs": 10}])
def test_a_gap_of_the_data_has_no_rows(settings):
    """2013 and 2016 have no datum: no value, so no row; without a value there is no error of it either."""
    data = [{"at": year, "value": 5 + year % 3} for year in range(2010, 2021) if year not in (2013, 2016)]
    written = {
        "etia": 1, "title": "Gap", "calendar": {"start": 2009, "as_of": 2020, "end": 2022, "step": "year"},
        "events": {"a": {"title": "A", "level": "macro", "probability": {"by": 2022, "value": 0.3}}},
        "trends": {"y": {"title": "Y", "level": "meso", "history": data, "baseline": {"method": "constant"}}},
        "impacts": {"a -> y": {"lasting": 1}},
    }  # fmt: skip
    study = Study(load_dict(written).model, {}, Settings(**settings))
    found = tables(study, Cases(study), Options())
    years = [str(year) for year in range(2010, 2023) if year not in (2013, 2016)]
    for name in ("trend_projections", "trend_quantile_errors"):
        assert list(found[name]["date"]) == years
        assert found[name].notna().all(axis=None)


def test_conditional_probabilities_are_those_of_enumeration(central):
    case, found = central
    steps, weight = exact(case)
    a, b = (steps[:, case.compiled.index.place[event]] < case.calendar.n_steps for event in "ab")
    table = found["conditional_outcomes"].set_index(["event", "comes", "kind", "outcome"])
    for comes, given in (("yes", a), ("no", ~a)):
        row = table.loc[("a", comes, "event", "b")]
        assert row["value"] == pytest.approx(weight[given & b].sum() / weight[given].sum(), abs=4.5 * row["se"])


def test_a_required_event_is_impossible_without_what_it_requires(central):
    table = central[1]["conditional_outcomes"].set_index(["event", "comes", "kind", "outcome"])
    assert table.loc[("a", "no", "event", "c"), "value"] == 0.0


def test_histories_by_order_have_their_enumerated_probability(central):
    case, found = central
    steps, weight = exact(case)
    a, b, c = (steps[:, case.compiled.index.place[event]].astype(int) for event in "abc")
    never = c > 1000
    wanted = {
        "none": (a > 1000) & (b > 1000) & never,
        "a > b": (a < b) & (b < 1000) & never,
        "b": (b < 1000) & (a > 1000) & never,
    }
    table = found["histories"].set_index("sequence")["probability"]
    for sequence, chosen in wanted.items():
        p = weight[chosen].sum()
        assert table[sequence] == pytest.approx(p, abs=4.5 * np.sqrt(p * (1 - p) / 40_000) + 0.003)
    assert table.is_monotonic_decreasing


LINEAR = {
    "etia": 1,
    "title": "Sizes that are known roughly",
    "calendar": {"start": 2019, "as_of": 2020, "end": 2022, "step": "year"},
    "events": {
        "now": {"title": "Now", "level": "macro", "date": 2021},
        "maybe": {"title": "Maybe", "level": "macro", "probability": {"by": 2022, "value": 0.5}},
    },
    "trends": {
        "x": {
            "title": "X", "levels": {0: "low", 10: "high"}, "constructed": {"from": 2019, "value": [8, 10, 12]},
        },
        "idle": {"title": "Idle", "constructed": {"from": 2019, "value": 1}},
    },
    "impacts": {
        "now -> x": {"shape": "step", "lasting": [-3, 0, 3]},
        "maybe -> x": {"shape": "step", "lasting": 2},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def rough():
    study = Study(load_dict(LINEAR).model, {}, Settings(draws=1000, runs=50))
    cases = Cases(study)
    return tables(study, cases, Options())


def pert_variance(low: float, high: float) -> float:
    """Of a symmetric PERT with shape 4: beta(3, 3) has variance 1/28 of the squared width."""
    return (high - low) ** 2 / 28


def test_spread_and_sensitivity_are_those_of_a_sum(rough):
    """x = level + size + 2 · Bernoulli(½): variances 16/28, 36/28 and 1."""
    level, size, chance = pert_variance(8, 12), pert_variance(-3, 3), 1.0
    total = level + size + chance
    card = rough["trend_scores"].set_index("trend").loc["x"]
    assert card["judgement_share"] == pytest.approx((level + size) / total, abs=0.04)
    assert card["chance_share"] == pytest.approx(chance / total, abs=0.04)
    index = rough["sensitivity"].query("trend == 'x'").set_index("parameter")
    assert index.loc["impacts.now -> x.lasting", "index"] == pytest.approx(size / total, abs=0.06)
    assert index.loc["trends.x.constructed.value", "index"] == pytest.approx(level / total, abs=0.06)


def test_a_trend_that_nothing_moves_has_no_spread_and_no_sensitivity(rough):
    card = rough["trend_scores"].set_index("trend").loc["idle"]
    assert (card["p5"], card["p95"], card["judgement_share"], card["chance_share"]) == (1.0, 1.0, 0.0, 0.0)
    assert (rough["sensitivity"].query("trend == 'idle'")["index"] == 0).all()


def test_a_level_is_the_highest_rung_that_is_reached(rough):
    table = rough["level_probabilities"].set_index("level")["probability"]
    assert table.sum() == pytest.approx(1.0)
    # symmetric about 10 without `maybe`, which adds 2 in half of the runs
    assert rough["trend_scores"].set_index("trend").loc["x", "likeliest_level"] == "high"
    assert 0.55 < table["high"] < 0.9


def test_a_scenario_and_a_lens_are_cases_of_their_own():
    loaded = load(TINY / "tiny4")
    study = Study(loaded.model, {}, Settings(draws=2, runs=10))
    cases = Cases(study)
    assert [case.scenario for case in cases] == ["reference"]
    assert cases.of() is cases[0]
    assert cases.under_all_lenses()[0] is cases[0]
