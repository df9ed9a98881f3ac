"""How outcomes answer to base rates, by thresholds alone; and what that adds to the error of a score."""

from __future__ import annotations

import numpy as np
import pytest

from etia.compile.study import Settings, Study
from etia.describe.blocks import blocks
from etia.describe.calibrated import calibration_loads, threshold_scores
from etia.describe.counterfactual import impact_scores
from etia.engine.program import NEVER
from etia.files.load import load_dict
from tests.describe.cases import case_of

ALONE = {
    "calendar": {"start": 2018, "as_of": 2020, "end": 2026, "step": "year"},
    "events": {
        "b": {"title": "B", "level": "macro", "probability": [{"by": 2023, "value": 0.3}, {"by": 2026, "value": 0.6}]},
    },
}
WEB = {
    "calendar": ALONE["calendar"],
    "events": {
        "p": {"title": "P", "level": "macro", "date": 2019},
        "a": {"title": "A", "level": "macro", "probability": {"by": 2024, "value": 0.4}},
        "b": {"title": "B", "level": "macro", "probability": {"by": 2026, "value": 0.6}},
        "c": {"title": "C", "level": "macro", "probability": {"by": 2026, "value": 0.7}},
    },
    "links": {
        "p -> a": {"rate_ratio": 2},
        "a -> b": {"rate_ratio": 6},
        "b -> c": {"rate_ratio": 5},
        "c -> a": {"rate_ratio": 4},
    },
    "trends": {"x": {"title": "X", "constructed": {"from": 2018, "value": 0}}},
    "impacts": {"b -> x": {"shape": "step", "lasting": 10}, "c -> x": {"shape": "step", "lasting": 10}},
}


def test_a_probability_answers_to_each_interval_as_its_formula_does() -> None:
    """q = 1 − e^−Λ: dq(2023)/d ln λ1 = Λ1 e^−Λ1; dq(2026)/d ln λ1 = Λ1 e^−Λ, /d ln λ2 = (Λ − Λ1) e^−Λ."""
    case = case_of(ALONE, runs=40_000)
    scores = np.concatenate([threshold_scores(block) for block in blocks(case)])
    steps = case.outcomes.steps[:, 0]
    first, last = -np.log(0.7), -np.log(0.4)
    exact = {5: (first * 0.7, 0.0), 8: (first * 0.4, (last - first) * 0.4)}
    for step, answers in exact.items():
        come = ((steps <= step) & (steps != NEVER)).astype(float)
        for interval, answer in enumerate(answers):
            product = come * scores[:, interval]
            assert abs(product.mean() - answer) <= 4 * product.std() / np.sqrt(len(product))
    assert np.abs(scores.mean(axis=0)).max() < 4 / np.sqrt(len(scores))


def test_loads_make_up_the_covariance_but_for_a_hundredth() -> None:
    case = Study(load_dict({"etia": 1, "title": "t", **WEB}).model, {}, Settings(1, 4000, central=True)).case()
    sigma, loads = case.study.log_rate_covariance, calibration_loads(case)
    assert np.trace(sigma - loads @ loads.T) == pytest.approx(0.0, abs=0.01 * np.trace(sigma))


def test_the_error_of_a_score_is_its_spread_over_seeds() -> None:
    """P's score with other random numbers each time, base rates calibrated anew: chance and calibration together."""
    model = load_dict({"etia": 1, "title": "t", **WEB}).model
    found = []
    for seed in range(40):
        case = Study(model, {}, Settings(1, 40_000, seed=seed, central=True)).case()
        found.append(impact_scores(case, steps=[8], events=["p"])[0].iloc[0][["total", "se"]].tolist())
    totals, errors = np.array(found).T
    # the deviation of 40 values is known to 1/√80 = 0.11 of itself
    assert totals.std(ddof=1) == pytest.approx(errors.mean(), rel=0.35)
