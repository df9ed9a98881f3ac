from __future__ import annotations

import numpy as np
import pytest
import scoringrules

from etia.learn import scores


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def test_crps_of_a_sample_by_hand():
    # runs 1, 3; y = 2: E|X−y| = 1, E|X−X'| = (0+2+2+0)/4 = 1, so 1 − 1/2
    assert scores.crps_sample([1.0, 3.0], 2.0) == pytest.approx(0.5)
    # fair: the mean over pairs i ≠ j is 2, so 1 − 1
    assert scores.crps_sample([1.0, 3.0], 2.0, fair=True) == pytest.approx(0.0)


@pytest.mark.parametrize(("fair", "estimator"), [(False, "nrg"), (True, "fair")])
def test_crps_of_a_sample_agrees_with_scoringrules(rng, fair, estimator):
    sample, seen = rng.normal(size=(20, 31)), rng.normal(size=20)
    expected = scoringrules.crps_ensemble(seen, sample, estimator=estimator, backend="numpy")
    np.testing.assert_allclose(scores.crps_sample(sample, seen, fair=fair), expected, rtol=1e-12, atol=1e-14)


def test_crps_of_even_quantiles_agrees_with_scoringrules(rng):
    levels = (np.arange(20) + 0.5) / 20
    quantiles, seen = np.sort(rng.normal(size=(9, 20)), axis=1), rng.normal(size=9)
    expected = scoringrules.crps_quantile(seen, quantiles, levels, backend="numpy")
    np.testing.assert_allclose(scores.crps_quantiles(quantiles, levels, seen), expected, rtol=1e-12)


def test_crps_of_a_mixture_agrees_with_scoringrules(rng):
    means, sds, weights = rng.normal(size=(8, 3)), rng.uniform(0.2, 2, (8, 3)), rng.dirichlet(np.ones(3), 8)
    seen = rng.normal(size=8)
    expected = scoringrules.crps_mixnorm(seen, means, sds, weights, backend="numpy")
    np.testing.assert_allclose(scores.crps_normal_mixture(weights, means, sds, seen), expected, rtol=1e-9)


def test_crps_of_a_normal_agrees_with_scoringrules_and_its_sample(rng):
    expected = scoringrules.crps_normal(0.7, 0.2, 1.5, backend="numpy")
    assert scores.crps_normal(0.2, 1.5, 0.7) == pytest.approx(float(expected))
    # 40,000 runs: the standard error of E|X−y| is about 0.9·1.5/200 < 0.007
    assert scores.crps_sample(rng.normal(0.2, 1.5, 40_000), 0.7) == pytest.approx(float(expected), abs=0.02)


def test_a_point_forecast_scores_its_distance():
    assert scores.crps_normal(2.0, 0.0, 5.0) == pytest.approx(3.0)
    assert scores.crps_sample([2.0], 5.0) == pytest.approx(3.0)


def test_log_score_of_a_mixture_agrees_with_scoringrules(rng):
    means, sds, weights = rng.normal(size=(8, 3)), rng.uniform(0.2, 2, (8, 3)), rng.dirichlet(np.ones(3), 8)
    seen = rng.normal(size=8)
    expected = scoringrules.logs_mixnorm(seen, means, sds, weights, backend="numpy")
    np.testing.assert_allclose(scores.log_score_normal_mixture(weights, means, sds, seen), expected, rtol=1e-9)


def test_brier_and_log_score_by_hand_and_by_scoringrules():
    assert scores.brier(0.3, 1) == pytest.approx(0.49)
    assert scores.brier(0.3, 1) == pytest.approx(float(scoringrules.brier_score(1, 0.3)))
    assert scores.log_score_event(0.25, 1) == pytest.approx(np.log(4))
    assert scores.log_score_event(0.25, 0) == pytest.approx(-np.log(0.75))


def test_an_event_thought_impossible_costs_without_end_unless_a_floor_is_stated():
    assert scores.log_score_event(0.0, 1) == np.inf
    assert scores.log_score_event(1.0, 0) == np.inf
    assert scores.log_score_event(0.0, 1, floor=0.01) == pytest.approx(np.log(100))


def test_pinball_is_smallest_at_the_quantile():
    seen = np.arange(1, 101, dtype=float)
    losses = [scores.pinball(q, 0.9, seen).mean() for q in (80.0, 90.0, 97.0)]
    assert np.argmin(losses) == 1


def test_quantile_weights_reach_half_way_to_the_neighbours():
    np.testing.assert_allclose(scores.quantile_weights([0.05, 0.25, 0.5, 0.75, 0.95]), [0.15, 0.225, 0.25, 0.225, 0.15])
    with pytest.raises(ValueError, match="must ascend strictly inside"):
        scores.quantile_weights([0.5, 0.5])


def test_pit_of_calibrated_forecasts_is_uniform(rng):
    from scipy.stats import kstest

    # each check fails by chance once in 1,000 seeds
    truth, sample = rng.normal(size=2000), rng.normal(size=(2000, 19))
    assert kstest(scores.pit_sample(sample, truth, rng.random(2000)), "uniform").pvalue > 0.001
    levels = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
    quantiles = np.tile([-1.6449, -0.6745, 0.0, 0.6745, 1.6449], (2000, 1))
    assert kstest(scores.pit_quantiles(quantiles, levels, truth, rng.random(2000)), "uniform").pvalue > 0.001
    assert kstest(scores.pit_normal_mixture([1.0], [0.0], [1.0], truth), "uniform").pvalue > 0.001


def test_pit_of_a_tie_is_spread_over_its_cell():
    # runs 0, 0, 1 and y = 0: ranks 1 to 3 of 4 are possible, so u = ½ gives (0 + ½·3)/4
    assert scores.pit_sample([0.0, 0.0, 1.0], 0.0, 0.5) == pytest.approx(0.375)
    # quantiles p25 = p50 = 0 and y = 0: anywhere below p75
    assert scores.pit_quantiles([0.0, 0.0, 1.0], [0.25, 0.5, 0.75], 0.0, 0.5) == pytest.approx(0.375)


def test_covered_counts_the_ends():
    assert scores.covered([0, 0, 0], [1, 1, 1], [0, 1, 1.1]).tolist() == [True, True, False]


def test_one_event_forecast_ten_times_is_one_observation():
    """Two events in the band, half of ten forecasts came: Jeffreys' interval for 1 of 2, not for 5 of 10."""
    table = scores.reliability([0.5] * 10, [1] * 5 + [0] * 5, events=["a"] * 5 + ["b"] * 5)
    alone = scores.reliability([0.5] * 2, [1, 0])
    assert (table["n"].item(), table["n_events"].item()) == (10, 2)
    ends = ["frequency_low", "frequency_high"]
    assert table[ends].to_numpy() == pytest.approx(alone[ends].to_numpy())


def test_reliability_has_a_row_a_band_in_use():
    table = scores.reliability([0.05, 0.08, 0.62, 1.0], [0, 1, 1, 1])
    assert table["n"].tolist() == [2, 1, 1]
    assert table["frequency"].tolist() == [0.5, 1.0, 1.0]
    assert table["high"].tolist() == pytest.approx([0.1, 0.7, 1.0])
    assert (table["frequency_low"] <= table["frequency"]).all()
    assert (table["frequency"] <= table["frequency_high"]).all()
