"""Utilities of portfolios: by hand, against enumeration, and what they may not depend on."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest

from etia.compile.study import Settings, Study
from etia.errors import UsageError
from etia.files.load import apply_scenario, load_dict
from etia.prescribe.evaluation import evaluate
from etia.prescribe.objectives import goals_of
from etia.prescribe.portfolios import feasible
from tests.prescribe.choices import WORKED, exact_outcomes, study_of, tiny_with_objectives

RUNS = 20_000
WIDEST = 4.5


def scored(body, most=512, **settings):
    study = study_of(body, **settings)
    return evaluate([study.case(lens=lens) for lens in study.lens_names], feasible(study.model, most=most))


def test_utilities_worked_out_by_hand():
    """E comes by 2022 with q = 3/4: λ0 = ln 4 / 2 a year, in either year alike.

    x in 2022 is 10 + 4 [e] + 1 [b]. Without policies: mean 10 + 4 · 3/4 = 13, s = 4 √(3/4 · 1/4) = √3.
    a doubles the rate from 2021 on: q = 1 − (1/4)² = 15/16. b adds 1. Target 14.5: met only by b with e.
    U = 3/4 · (x − 13)/√3 + 1/4 · [x ≥ 14.5]:
      none   0
      a      3/4 · (4 · 15/16 − 3)/√3 = 3/4 · 0.75/√3
      b      3/4 · 1/√3 + 1/4 · 3/4
      a + b  3/4 · 1.75/√3 + 1/4 · 15/16
    """
    scores = scored(WORKED, central=True, runs=200_000)
    s = np.sqrt(3)
    expected = [0.0, 0.75 * 0.75 / s, 0.75 / s + 0.25 * 0.75, 0.75 * 1.75 / s + 0.25 * 15 / 16]
    assert scores.names == ["none", "a", "b", "a + b"]
    assert scores.scale.mean[0] == pytest.approx(13, abs=4.5 * s / np.sqrt(200_000))
    assert scores.utility[0, 0] == pytest.approx(expected, abs=4.5 * 1.0 / np.sqrt(200_000))
    assert scores.met[0, 0] == pytest.approx([0, 0, 0.75, 15 / 16], abs=0.005)


def exact_misses(body, seed, runs):
    """Distance of every portfolio's utility, and of its gain, from enumeration, in standard errors of the exact law."""
    study = study_of(body, central=True, runs=runs, seed=seed)
    case, found = study.case(policies=()), feasible(study.model)
    scores = evaluate([case], found)
    goals, misses = scores.goals, []
    for f, portfolio in enumerate(found.portfolios):
        outcomes, histories = exact_outcomes(case, portfolio, goals)
        utility = scores.scale.utilities(goals, outcomes)
        mean = histories.probability @ utility
        error = np.sqrt(max(histories.probability @ (utility - mean) ** 2, 0.0) / runs)
        misses.append(abs(scores.utility[0, 0, f] - mean) / (error + 1e-8))
    return misses


def test_expected_utilities_are_those_of_enumeration():
    """Chance outliers are run again on another seed with ten times the runs."""
    bodies = [body for body in map(tiny_with_objectives, range(60)) if body]
    missed = [(i, body) for i, body in enumerate(bodies) if max(exact_misses(body, i, RUNS)) > WIDEST]
    assert [i for i, body in missed if max(exact_misses(body, i + 1000, 10 * RUNS)) > WIDEST] == []
    assert len(missed) < 0.1 * len(bodies)


def test_no_portfolios_utility_depends_on_which_others_are_compared():
    body = tiny_with_objectives(2)
    whole, few = scored(body, draws=3, runs=40), scored(body, most=2, draws=3, runs=40)
    assert len(few.names) == 2 < len(whole.names)
    assert np.array_equal(whole.utility[:, :, :2], few.utility)


def test_policies_without_effects_score_exactly_as_none():
    body = deepcopy(WORKED)
    body["policies"]["idle"] = {"title": "Idle", "from": 2021}
    scores = scored(body, draws=4, runs=50)
    names = scores.names
    assert np.array_equal(scores.utility[..., names.index("idle")], scores.utility[..., 0])
    assert np.array_equal(scores.utility[..., names.index("a + idle")], scores.utility[..., names.index("a")])
    assert scores.gain_error([0])[names.index("idle")] == 0.0


def test_all_is_the_same_to_the_bit_whatever_the_number_of_threads():
    body = next(body for body in map(tiny_with_objectives, range(20)) if body)
    one, two = (scored(body, draws=6, runs=30, jobs=jobs) for jobs in (1, 3))
    assert np.array_equal(one.utility, two.utility)
    assert np.array_equal(one.covariance, two.covariance)


def test_chunks_of_runs_change_nothing_but_rounding(monkeypatch):
    whole = scored(WORKED, central=True, runs=2_500)
    monkeypatch.setattr("etia.prescribe.evaluation._MOST_VALUES", 8_000)  # 1,000 runs of 4 portfolios, 2 objectives
    parts = scored(WORKED, central=True, runs=2_500)
    assert np.allclose(whole.utility, parts.utility, atol=1e-12)
    assert np.allclose(whole.gain_chance, parts.gain_chance, atol=1e-9)


def test_the_error_of_a_gain_is_what_repetition_shows():
    found = [scored(WORKED, central=True, runs=400, seed=seed) for seed in range(150)]
    gains = np.array([scores.utility[0, 0, 1] - scores.utility[0, 0, 0] for scores in found])
    stated = np.mean([scores.gain_error([0])[1] for scores in found])
    assert stated == pytest.approx(gains.std(ddof=1), rel=0.2)


def test_regret_is_measured_against_the_best_in_the_same_cell_and_draw():
    scores = scored(WORKED, draws=5, runs=50)
    assert np.array_equal(scores.regret, scores.utility.max(axis=2)[:, :, None] - scores.utility)
    assert (scores.regret.min(axis=2) == 0).all()


def test_scenarios_are_compared_without_the_policies_that_they_choose():
    loaded = load_dict(WORKED)
    over = {
        "bold": apply_scenario(
            loaded, {"etia": 1, "title": "Bold", "policies": ["a"], "events": {"e": {"happens": "never"}}}
        )
    }
    study = Study(loaded.model, over, Settings(draws=2, runs=50))
    scores = evaluate([study.case(name, policies=()) for name in ("reference", "bold")], feasible(study.model))
    # where e never comes, a does nothing and b adds 1 in every run
    assert np.array_equal(scores.utility[1, :, 1], scores.utility[1, :, 0])
    assert scores.outcomes[1, :, 2, 0] == pytest.approx(11.0)


def longer():
    """The worked model from 2019 on, where x has a value from 2020 on."""
    body = deepcopy(WORKED)
    body["calendar"]["start"] = 2019
    return body


def test_means_over_a_span_take_its_steps_that_have_a_value():
    body = longer()
    body["events"]["e"]["probability"]["value"] = 1e-9
    body["objectives"] = {"mean": {"trend": "x", "goal": "maximise", "from": 2019, "until": 2022}}
    # x is 10 in 2020, 2021 and 2022 (11 with b in 2022) and has no value in 2019
    scores = scored(body, central=True, runs=10)
    assert scores.outcomes[0, 0, :, 0] == pytest.approx([10, 10, 31 / 3, 31 / 3])


def test_an_objective_before_its_trend_has_a_value_is_refused():
    body = longer()
    body["objectives"] = {"early": {"trend": "x", "goal": "maximise", "at": 2019}}
    with pytest.raises(UsageError, match="objective 'early': its trend has no value yet"):
        scored(body, central=True, runs=10)


def test_objectives_that_all_weigh_nothing_are_refused():
    body = deepcopy(WORKED)
    for objective in body["objectives"].values():
        objective["weight"] = 0
    with pytest.raises(UsageError, match="all objectives weigh 0"):
        goals_of(load_dict(body).model)


def test_a_model_without_events_to_come_is_scored_by_direct_impacts_alone():
    body = deepcopy(WORKED)
    del body["events"], body["impacts"], body["policies"]["a"]
    # x is 10 in every future, 11 with b; s = 1 as it does not vary: U = 3/4 · 1
    scores = scored(body, draws=2, runs=5)
    assert scores.utility == pytest.approx(np.broadcast_to([0.0, 0.75], (1, 2, 2)))
