from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.stats import kstest, norm

from etia.errors import SeriesError
from etia.learn.regression import NoiseGrid, Prior, baseline_columns, fit_sizes, normal_from_quantiles

GRID = NoiseGrid(np.linspace(-0.5, 0.98, 31), np.geomspace(0.2, 2.0, 31))


def ar1(rng, n, phi, sigma):
    noise = np.empty(n)
    noise[0] = rng.normal() * sigma / np.sqrt(1 - phi**2)
    for t in range(1, n):
        noise[t] = phi * noise[t - 1] + sigma * rng.normal()
    return noise


def steps(n, *dates):
    return np.stack([(np.arange(n) >= date).astype(float) for date in dates], axis=1)


def test_with_the_noise_known_it_is_the_textbook_normal():
    # one size, no memory: posterior precision 1/V + n₁n₀/(n σ²) with n₁ = 6 data after, n₀ = 4 before, V = 4,
    # σ = 0.5: 0.25 + 2.4/0.25 = 9.85; least squares gives the difference of means, 3, so the mean is 3 · 9.6/9.85
    latent = np.array([0, 0, 0, 0, 3, 3, 3, 3, 3, 3.0])
    known = NoiseGrid(np.array([0.0]), np.array([0.5]))
    found = fit_sizes(
        latent, np.arange(10), [steps(10, 4)], Prior(np.zeros(1), np.eye(1) * 4), linear=False, grid=known
    )
    assert found.mean == pytest.approx([3 * 9.6 / 9.85])
    assert found.sd == pytest.approx([9.85**-0.5])
    assert found.quantiles([0.05, 0.95])[:, 0] == pytest.approx(
        found.mean[0] + np.array([-1, 1]) * 1.644854 * found.sd[0]
    )


def test_simulation_based_calibration_over_600_data_sets():
    """Sizes drawn from the prior lie at uniform percentiles of their posteriors; gaps and overlapping shapes."""
    rng, percentiles = np.random.default_rng(2), []
    prior = Prior(np.array([0.5, -1.0, 0.0]), np.array([[1, 0.3, 0], [0.3, 0.5, 0], [0, 0, 2.0]]))
    for _ in range(600):
        times = np.sort(rng.choice(50, 40, replace=False))
        fading = (times >= 35) * 0.7 ** np.maximum(times - 35, 0)
        design = np.stack([times >= 10, np.clip((times - 20) / 8, 0, 1), fading], axis=1).astype(float)
        sizes = rng.multivariate_normal(prior.mean, prior.covariance)
        noise = ar1(rng, 50, rng.choice(GRID.phi), rng.choice(GRID.sigma))
        percentiles.append(fit_sizes(design @ sizes + noise[times], times, [design], prior, grid=GRID).cdf(sizes))
    p_values = [kstest(column, "uniform").pvalue for column in np.array(percentiles).T]
    # three tests at 1 % each, at this fixed seed
    assert min(p_values) > 0.01


def test_calibration_holds_where_timing_is_uncertain():
    rng, percentiles = np.random.default_rng(4), []
    prior, dates = Prior(np.array([1.0]), np.array([[1.0]])), (15, 18, 21)
    designs = [steps(40, date) for date in dates]
    for _ in range(300):
        size = rng.normal(1.0, 1.0, 1)
        noise = ar1(rng, 40, rng.choice(GRID.phi), rng.choice(GRID.sigma))
        latent = designs[rng.integers(3)] @ size + noise
        percentiles.append(fit_sizes(latent, np.arange(40), designs, prior, linear=False, grid=GRID).cdf(size)[0])
    assert kstest(percentiles, "uniform").pvalue > 0.01


def test_flat_prior_without_memory_is_ordinary_least_squares():
    import statsmodels.api as sm

    rng, times = np.random.default_rng(0), np.arange(200)
    design = steps(200, 60, 130)
    latent = design @ [1.0, -2.0] + 0.01 * times + rng.normal(0, 0.5, 200)
    only_white = NoiseGrid(np.array([0.0]), np.geomspace(0.3, 0.8, 200))
    found = fit_sizes(latent, times, [design], Prior(np.zeros(2), np.eye(2) * 1e8), grid=only_white)
    reference = sm.OLS(latent, np.column_stack([design, baseline_columns(times, linear=True)])).fit()
    np.testing.assert_allclose(found.mean, reference.params[:2], rtol=1e-6)
    # the t's variance is (ν)/(ν − 2) of the squared standard error, ν = 196
    np.testing.assert_allclose(found.sd, reference.bse[:2] * np.sqrt(196 / 194), rtol=0.01)


def test_flat_prior_with_memory_is_close_to_statsmodels_glsar():
    import statsmodels.api as sm

    rng, times = np.random.default_rng(1), np.arange(300)
    design = steps(300, 100, 200)
    latent = design @ [1.0, -2.0] + ar1(rng, 300, 0.6, 0.5)
    found = fit_sizes(latent, times, [design], Prior(np.zeros(2), np.eye(2) * 1e8))
    model = sm.GLSAR(latent, np.column_stack([design, baseline_columns(times, linear=True)]), rho=1)
    reference = model.iterative_fit(50)
    assert found.phi == pytest.approx(float(np.squeeze(model.rho)), abs=0.04)
    np.testing.assert_allclose(found.mean, reference.params[:2], atol=0.35 * reference.bse[:2].max())
    np.testing.assert_allclose(found.sd, reference.bse[:2], rtol=0.15)


def test_uncertain_timing_goes_to_the_design_that_the_data_support():
    rng = np.random.default_rng(5)
    latent = steps(60, 30) @ [2.0] + rng.normal(0, 0.2, 60)
    designs = [steps(60, date) for date in (20, 30, 40)]
    found = fit_sizes(latent, np.arange(60), designs, Prior(np.zeros(1), np.eye(1)), linear=False)
    assert found.design_weights[1] > 0.99
    assert found.mean == pytest.approx([2.0], abs=0.2)


def test_a_judgement_that_the_data_contradict_is_named_and_a_right_one_is_not():
    rng = np.random.default_rng(6)
    design = steps(100, 30, 70)
    latent = design @ [3.0, 0.5] + rng.normal(0, 0.3, 100)
    found = fit_sizes(
        latent, np.arange(100), [design], Prior(np.array([0.5, 0.5]), np.diag([0.25, 0.25])), linear=False
    )
    assert found.contradicted.tolist() == [True, False]
    assert found.moved[0] == pytest.approx(5.0, abs=0.6)


def test_right_judgements_are_contradicted_at_the_stated_rate():
    rng, prior = np.random.default_rng(8), Prior(np.array([0.5]), np.array([[1.0]]))
    called = 0
    for _ in range(400):
        latent = steps(40, 20) @ rng.normal(0.5, 1, 1) + ar1(rng, 40, 0.5, 0.4)
        called += int(fit_sizes(latent, np.arange(40), [steps(40, 20)], prior, linear=False).contradicted[0])
    # 5 % of 400, ± 3 standard errors
    assert called / 400 == pytest.approx(0.05, abs=0.033)


def test_right_judgements_are_seldom_contradicted_where_data_say_little():
    """Five data after the step: the posterior keeps nine tenths of the prior's width."""
    rng, prior = np.random.default_rng(1), Prior(np.array([0.5]), np.array([[0.25]]))
    called = 0
    for _ in range(300):
        latent = steps(20, 15) @ rng.normal(0.5, 0.5, 1) + ar1(rng, 20, 0.5, 1.0)
        called += int(fit_sizes(latent, np.arange(20), [steps(20, 15)], prior, linear=False).contradicted[0])
    # 5 % of 300 is 15
    assert called <= 15


def test_a_size_that_the_data_hardly_narrow_is_never_contradicted():
    """One datum after the step, 40 noise sd off: with a prior of sd 1 and noise of 10 the width stays above 95 %."""
    latent = np.r_[np.random.default_rng(0).normal(0, 10, 19), 400.0]
    prior, grid = Prior(np.array([0.0]), np.eye(1)), NoiseGrid(np.zeros(1), np.array([10.0]))
    found = fit_sizes(latent, np.arange(20), [steps(20, 19)], prior, linear=False, grid=grid)
    assert found.p_conflict[0] < 1e-6
    assert found.sd[0] > 0.95
    assert not found.contradicted[0]


def test_a_size_held_certain_stays_and_the_others_see_the_rest():
    latent = steps(40, 10, 25) @ [1.0, 2.0] + np.random.default_rng(9).normal(0, 0.1, 40)
    prior = Prior(np.array([1.0, 0.0]), np.diag([0.0, 4.0]))
    found = fit_sizes(latent, np.arange(40), [steps(40, 10, 25)], prior, linear=False)
    assert found.mean == pytest.approx([1.0, 2.0], abs=0.1)
    assert found.sd[0] == pytest.approx(0, abs=1e-12)
    assert found.moved[0] == 0


def test_a_shape_that_no_datum_sees_keeps_its_prior():
    latent = np.random.default_rng(10).normal(size=30)
    found = fit_sizes(latent, np.arange(30), [np.zeros((30, 1))], Prior(np.array([2.0]), np.eye(1)), linear=False)
    np.testing.assert_allclose(found.quantiles([0.05, 0.5, 0.95])[:, 0], norm.ppf([0.05, 0.5, 0.95], 2, 1), rtol=1e-6)


def test_ranges_become_normals_of_their_median_and_width():
    mean, sd = normal_from_quantiles(-1.0, 0.2, 2.0)
    assert (float(mean), float(sd)) == pytest.approx((0.2, 3 / (2 * 1.6448536)))


def test_too_few_data_are_refused_with_the_number_needed():
    with pytest.raises(SeriesError, match="3 data are too few to fit impacts; 4 are needed"):
        fit_sizes(np.zeros(3), np.arange(3), [steps(3, 1)], Prior(np.zeros(1), np.eye(1)))


def test_twenty_sizes_on_500_data_take_less_than_two_seconds():
    rng = np.random.default_rng(11)
    design = steps(500, *range(40, 440, 20))
    latent = design @ rng.normal(size=20) + ar1(rng, 500, 0.5, 0.3)
    start = time.perf_counter()
    fit_sizes(latent, np.arange(500), [design], Prior(np.zeros(20), np.eye(20))).quantiles([0.05, 0.5, 0.95])
    assert time.perf_counter() - start < 2
