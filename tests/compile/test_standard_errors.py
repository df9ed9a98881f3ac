"""Standard errors and the split of a spread, against closed forms and against repetition."""

from __future__ import annotations

import numpy as np
import pytest

from etia.compile.standard_errors import quantile_errors, quantiles, spread, standard_error


def nested(seed: int, n_draws: int, n_runs: int, judgement: float, chance: float) -> np.ndarray:
    """Outcomes y = judgement · z_p + chance · z_pr."""
    rng = np.random.default_rng(seed)
    own = rng.normal(size=(n_draws, 1)) * judgement
    return (own + rng.normal(size=(n_draws, n_runs)) * chance).ravel()


def test_draws_count_as_independent_and_their_runs_do_not():
    values = np.repeat([1.0, 2.0, 4.0, 5.0], 100)
    # draw means 1, 2, 4, 5: variance 10/3, over 4 draws
    assert standard_error(values, 4) == pytest.approx(np.sqrt(10 / 3 / 4))


def test_in_the_central_model_runs_count():
    values = np.array([0.0, 1.0, 0.0, 1.0])
    # variance 1/3, over 4 runs
    assert standard_error(values, 1) == pytest.approx(np.sqrt(1 / 12))


def test_one_run_says_nothing_of_its_error():
    assert np.isnan(standard_error(np.array([3.0]), 1))


def test_a_quantile_is_the_least_value_that_enough_runs_reach():
    values = np.arange(1.0, 21.0)
    # F(1) = 1/20 reaches 5 %, F(10) a half, F(19) 95 %
    assert quantiles(values, [0.05, 0.5, 0.95]).tolist() == [1.0, 10.0, 19.0]


@pytest.mark.parametrize("level", [0.05, 0.5, 0.95])
def test_the_error_of_a_quantile_is_what_repetition_shows(level):
    """Normal runs in the central model: se(q) over 400 repetitions against the mean stated se."""
    found, stated = [], []
    for seed in range(400):
        values = nested(seed, 1, 400, 0.0, 1.0)[:, None]
        in_order = np.sort(values, axis=0)
        found.append(quantiles(in_order, [level])[0, 0])
        stated.append(quantile_errors(values, in_order, [level], 1)[0, 0])
    assert np.mean(stated) == pytest.approx(np.std(found), rel=0.15)


@pytest.mark.parametrize("level", [0.05, 0.5])
def test_the_error_of_a_quantile_counts_draws_where_runs_share_them(level):
    found, stated = [], []
    for seed in range(400):
        values = nested(seed, 60, 20, 1.0, 0.5)[:, None]
        in_order = np.sort(values, axis=0)
        found.append(quantiles(in_order, [level])[0, 0])
        stated.append(quantile_errors(values, in_order, [level], 60)[0, 0])
    assert np.mean(stated) == pytest.approx(np.std(found), rel=0.2)


def test_the_spread_splits_without_the_chance_that_draw_means_hold():
    """judgement 1, chance 9: draw means of 5 runs vary by 1 + 9/5, of which 9/5 are taken off."""
    parts = [spread(nested(seed, 200, 5, 1.0, 3.0), 200) for seed in range(100)]
    assert np.mean([part.judgement for part in parts]) == pytest.approx(1.0, abs=0.08)
    assert np.mean([part.chance for part in parts]) == pytest.approx(9.0, rel=0.02)


def test_calibrations_part_is_taken_off_and_the_rest_is_not_below_zero():
    values = nested(1, 100, 10, 1.0, 1.0)
    whole = spread(values, 100).judgement
    assert spread(values, 100, 0.25).judgement == pytest.approx(whole - 0.25)
    assert spread(values, 100, 99.0).judgement == 0.0


def test_without_a_spread_no_part_has_a_share():
    parts = spread(np.ones((20, 1)), 4)
    assert parts.share(parts.judgement).tolist() == [0.0]
