"""The surprise-free course: against hand-worked cases, plain filters and statsmodels."""

import warnings

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.statespace.sarimax import SARIMAX

from etia.compile.baselines import (
    METHODS,
    Autoregression,
    Parameters,
    Smoothing,
    estimate,
    fit,
    interpolation,
    prepare,
)
from etia.compile.baselines.estimation import _maximise, counted, likelihood
from etia.compile.baselines.forms import Regression, Smoother
from etia.errors import SeriesError, UsageError

SMOOTHERS = [
    Smoother(False, False),
    Smoother(True, False),
    Smoother(True, True),
    Smoother(False, False, 4),
    Smoother(True, True, 4),
]


def _rng(key):
    return np.random.Generator(np.random.Philox(key))


def _all(series):
    return np.ones(len(series), dtype=bool)


def _parameters(form, memory, sigma=1.0, method="test"):
    return Parameters(method, form, memory, sigma, 0, 0.0, 0.0)


def _memory(form):
    """A memory of this form in the middle of its box: α 0.4, β 0.12 and so on."""
    return form.memory(np.array([0.4, 0.3, 0.9, 0.25]) if form.is_damped else np.array([0.4, 0.3, 0.25]))


def _walk(n, key=1, drift=0.1):
    """A random walk with drift and observation noise."""
    rng = _rng(key)
    return np.cumsum(drift + 0.4 * rng.standard_normal(n)) + 0.5 * rng.standard_normal(n)


def _seasonal(n, key=1):
    return _walk(n, key, 0.0) + np.array([2.0, -1.0, 0.5, -1.5])[np.arange(n) % 4]


def _with_gaps(series):
    gapped = series.copy()
    gapped[[3, 4, 9, 20, 21, 22]] = np.nan
    return gapped


# ---- small cases by hand ----


def test_a_constant_without_memory_is_the_mean_of_its_window():
    """Window (1, 3): mean 2; the datum outside stands 6 above it, and nothing is left a period later (φ = 0)."""
    parameters = _parameters(Regression(1), Autoregression(0.0))
    found = fit(parameters, np.array([1.0, 3.0, 8.0]), np.array([True, True, False]), 2)
    np.testing.assert_allclose(found.baseline, [2, 2, 2, 2, 2])
    np.testing.assert_allclose(found.residual, [-1, 1, 6])
    np.testing.assert_allclose(found.known, [0, 0])


def test_a_constant_with_memory_weighs_its_ends_more():
    """GLS under AR(1), φ = ½, three data: ends weigh 1 − φ = ½, the middle (1 − φ)² = ¼: (½·1 + ¼·2 + ½·6)/1.25."""
    found = fit(_parameters(Regression(1), Autoregression(0.5)), np.array([1.0, 2.0, 6.0]), np.ones(3, bool), 2)
    np.testing.assert_allclose(found.baseline, (0.5 + 0.5 + 3.0) / 1.25)
    np.testing.assert_allclose(found.known, (6 - 3.2) * np.array([0.5, 0.25]))
    np.testing.assert_allclose(found.psi, [1, 0.5])


def test_a_line_goes_on_as_a_line():
    rest = 2 + 3.0 * np.arange(6)
    parameters = estimate("linear", rest, _all(rest))
    found = fit(parameters, rest, _all(rest), 3)
    np.testing.assert_allclose(found.baseline, 2 + 3.0 * np.arange(9), atol=1e-12)
    assert parameters.sigma == 0
    assert parameters.memory == Autoregression(0.0)


def test_given_points_leave_the_rest_as_noise_that_dies_away():
    """Residual 4 at the last datum, φ = ½: 2, 1 are still known; the baseline is the experts'."""
    parameters = _parameters(Regression(0), Autoregression(0.5))
    given = np.array([1.0, 2.0, 3.0, 3.0, 3.0])
    found = fit(parameters, np.array([1.0, np.nan, 7.0, np.nan]), np.ones(4, bool), 2, given)
    np.testing.assert_array_equal(found.baseline, given)
    np.testing.assert_array_equal(found.residual, [0, np.nan, 4])
    np.testing.assert_array_equal(found.known, [2, 1])
    assert found.last == 2


def test_simple_smoothing_is_its_recursion():
    """α = ½: l_t = (l_{t−1} + y_t)/2. Start with the least squares of e_t = y_t − l_{t−1}, e = (2 − l, 4 − (l + 2)/2).

    Normal equation −(2 − l) − ½ (3 − l/2) = 0: l = 3.5/1.25 = 2.8; levels 2.4, 3.2; ahead 3.2.
    """
    found = fit(_parameters(Smoother(False, False), Smoothing(0.5)), np.array([2.0, 4.0]), np.ones(2, bool), 2)
    np.testing.assert_allclose(found.baseline, [2.4, 3.2, 3.2, 3.2])
    np.testing.assert_allclose(found.residual, [-0.4, 0.8])
    np.testing.assert_allclose(found.known, [0, 0])
    np.testing.assert_allclose(found.psi, [1, 0.5])


def test_random_noise_ahead_is_the_triangle_of_the_weights():
    found = fit(
        _parameters(Regression(1), Autoregression(0.5), sigma=2.0), np.array([1.0, 2.0, 6.0]), np.ones(3, bool), 3
    )
    np.testing.assert_allclose(found.spread, [[2, 0, 0], [1, 2, 0], [0.5, 1, 2]])


# ---- plain twins ----


def _matrices(memory):
    """Transition F, surprise g and observation w of the innovations form, states (l, b, s_{t−1} … s_{t−m})."""
    n_seasons = memory.period if memory.period > 1 else 0
    size = 2 + n_seasons
    transition = np.zeros((size, size))
    transition[0, :2] = 1, memory.damping
    transition[1, 1] = memory.damping
    observation = np.zeros(size)
    observation[:2] = 1, memory.damping
    surprise = np.zeros(size)
    surprise[:2] = memory.level, memory.slope
    if n_seasons:
        transition[2, -1] = 1
        transition[range(3, size), range(2, size - 1)] = 1
        observation[-1] = 1
        surprise[2] = memory.season
    if not memory.has_slope:
        transition[:, 1] = observation[1] = 0
    return transition, surprise, observation


def _start_basis(memory):
    """States before period 0, one row each free one: level, slope, seasons that sum to 0."""
    rows = [[1.0, 0]] + [[0.0, 1]] * memory.has_slope
    m = memory.period if memory.period > 1 else 0
    starts = [row + [0.0] * m for row in rows]
    for s in range(m - 1):
        seasons = np.eye(m)[s] - np.eye(m)[-1]
        starts.append([0.0, 0.0, *seasons[::-1]])
    return np.array(starts)


def _kalman(memory, series, start):
    """Plain filter: standardised surprises, their variances, filtered level with season, next prediction; σ = 1."""
    transition, surprise, observation = _matrices(memory)
    state, cover = start.copy(), np.zeros((len(start), len(start)))
    white, variances, filtered = [], [], []
    for value in series:
        predicted = observation @ state
        noise = observation @ cover @ observation + 1
        if np.isnan(value):
            state, cover = transition @ state, transition @ cover @ transition.T + np.outer(surprise, surprise)
        else:
            gain = (transition @ cover @ observation + surprise) / noise
            state = transition @ state + gain * (value - predicted)
            cover = transition @ cover @ transition.T + np.outer(surprise, surprise) - noise * np.outer(gain, gain)
            white.append((value - predicted) / noise**0.5)
            variances.append(noise)
        filtered.append(state[0] + (state[2] if memory.period > 1 else 0))
    return np.array(white), np.array(variances), np.array(filtered), state


@pytest.mark.parametrize("form", SMOOTHERS, ids=lambda form: form.name)
@pytest.mark.parametrize("series", [_seasonal(40), _with_gaps(_seasonal(40))], ids=["complete", "gaps"])
def test_smoothing_is_the_kalman_filter_of_its_innovations_form(form, series):
    memory = _memory(form)
    basis = _start_basis(memory)
    own, variances, *_ = _kalman(memory, series, np.zeros(basis.shape[1]))
    blank = np.where(np.isnan(series), np.nan, 0.0)
    per_state = np.column_stack([-_kalman(memory, blank, row)[0] for row in basis])
    states = np.linalg.lstsq(per_state, own, rcond=None)[0]
    white, _, filtered, state = _kalman(memory, series, states @ basis)
    transition, _, observation = _matrices(memory)
    ahead = [observation @ np.linalg.matrix_power(transition, h) @ state for h in range(6)]
    found = fit(_parameters(form, memory), series, _all(series), 6)
    np.testing.assert_allclose(found.baseline, [*filtered, *ahead], atol=1e-9)
    rest = series[~np.isnan(series)]
    log_likelihood = -len(rest) / 2 * (np.log(2 * np.pi * white @ white / len(rest)) + 1) - np.log(variances).sum() / 2
    assert likelihood(form, memory, counted("ets", series, _all(series)))[0] == pytest.approx(log_likelihood, abs=1e-8)


@pytest.mark.parametrize("form", SMOOTHERS, ids=lambda form: form.name)
def test_the_weights_are_the_answer_to_one_surprise(form):
    memory = _memory(form)
    transition, surprise, observation = _matrices(memory)
    answer = [1.0] + [observation @ np.linalg.matrix_power(transition, j) @ surprise for j in range(11)]
    np.testing.assert_allclose(memory.weights(12), answer, atol=1e-12)


def test_autoregression_with_gaps_has_the_covariance_of_its_law():
    """Cov(n_s, n_t) = φ^|s−t|/(1 − φ²): whitening by hand-made Cholesky gives the same columns."""
    times, memory = np.array([0, 1, 4, 5, 9]), Autoregression(-0.7)
    covariance = (-0.7) ** np.abs(times[:, None] - times) / (1 - 0.49)
    factor = np.linalg.cholesky(covariance)
    white, diagonal = memory.whiten(times, np.eye(5))
    np.testing.assert_allclose(white, np.linalg.inv(factor), atol=1e-12)
    np.testing.assert_allclose(diagonal, np.diag(factor))


def test_noise_ahead_of_an_autoregression_has_its_variance():
    """Var n(h) = σ² (1 − φ^{2h})/(1 − φ²)."""
    series = _walk(30)
    found = fit(_parameters(Regression(1), Autoregression(0.8), 0.5), series, _all(series), 12)
    h = np.arange(1, 13)
    np.testing.assert_allclose((found.spread**2).sum(axis=1), 0.25 * (1 - 0.8 ** (2 * h)) / (1 - 0.64))


# ---- against statsmodels ----


@pytest.mark.parametrize("gapped", [False, True])
@pytest.mark.parametrize(("method", "trend"), [("constant", "c"), ("linear", "ct"), ("points", "n")])
def test_autoregressions_are_those_of_statsmodels(method, trend, gapped):
    series = _walk(45, drift=0.05)
    series = _with_gaps(series) if gapped else series
    own = estimate(method, series, _all(series), given=np.zeros(53))
    ahead = fit(own, series, _all(series), 8, np.zeros(53))
    exog = {"c": np.ones((53, 1)), "ct": np.vander(np.arange(53.0), 2), "n": None}[trend]
    model = SARIMAX(series, None if exog is None else exog[:45], order=(1, 0, 0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = model.fit(disp=False, maxiter=500)
    assert own.log_likelihood == pytest.approx(theirs.llf, abs=2e-4)
    assert own.memory.phi == pytest.approx(theirs.params[-2], abs=5e-3)
    fixed = model.smooth([*theirs.params[:-2], own.memory.phi, 1.0])
    if exog is None:
        prediction = fixed.get_forecast(8)
        np.testing.assert_allclose(ahead.baseline[45:] + ahead.known, prediction.predicted_mean, atol=1e-8)
    else:
        prediction = fixed.get_forecast(8, exog=exog[45:])
        np.testing.assert_allclose(ahead.baseline[45:] + ahead.known, prediction.predicted_mean, atol=0.05)
    np.testing.assert_allclose((ahead.spread**2).sum(axis=1) / own.sigma**2, prediction.var_pred_mean, rtol=1e-8)


def _statsmodels_ets(series, form):
    return ETSModel(
        pd.Series(series),
        error="add",
        trend="add" if form.has_slope else None,
        damped_trend=form.is_damped,
        seasonal="add" if form.period > 1 else None,
        seasonal_periods=form.period if form.period > 1 else None,
        bounds={"damping_trend": (0.8, 0.98)} if form.is_damped else None,
    )


@pytest.mark.parametrize("form", SMOOTHERS, ids=lambda form: form.name)
@pytest.mark.parametrize("key", [1, 2, 3])
def test_smoothing_is_at_least_as_likely_as_that_of_statsmodels(form, key):
    """Theirs searches for the states too and may stop earlier; at their smoothing the likelihoods agree."""
    series = _seasonal(48, key)
    own = _maximise("ets", form, counted("ets", series, _all(series)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = _statsmodels_ets(series, form).fit(disp=False, maxiter=2000)
    assert own.log_likelihood >= theirs.llf - 1e-3
    found = dict(zip(theirs.param_names, theirs.params, strict=False))
    there = Smoothing(
        found["smoothing_level"],
        found.get("smoothing_trend", 0.0),
        found.get("damping_trend", 1.0),
        found.get("smoothing_seasonal", 0.0),
        form.has_slope,
        form.period,
    )
    agreed = likelihood(form, there, counted("ets", series, _all(series)))[0]
    assert theirs.llf - 1e-6 <= agreed < theirs.llf + 0.6  # the same but for how near their states came


@pytest.mark.parametrize("form", SMOOTHERS, ids=lambda form: form.name)
def test_smoothing_forecasts_are_those_of_statsmodels(form):
    """Same smoothing, their search for the states: mean and variance ahead agree."""
    series = _seasonal(48)
    memory = _memory(form)
    names = {"smoothing_level": memory.level}
    names |= {"smoothing_trend": memory.slope} if form.has_slope else {}
    names |= {"damping_trend": memory.damping} if form.is_damped else {}
    names |= {"smoothing_seasonal": memory.season} if form.period > 1 else {}
    model = _statsmodels_ets(series, form)
    with warnings.catch_warnings(), model.fix_params(names):
        warnings.simplefilter("ignore")
        theirs = model.fit(disp=False, maxiter=5000, ftol=1e-14, gtol=1e-10)
    prediction = theirs.get_prediction(48, 55)
    own = fit(_parameters(form, memory), series, _all(series), 8)
    np.testing.assert_allclose(own.baseline[48:] + own.known, prediction.predicted_mean, atol=2e-3)
    np.testing.assert_allclose((own.spread**2).sum(axis=1), prediction.forecast_variance / theirs.mse, rtol=1e-6)


# ---- estimation ----


def test_memory_is_found_again_in_a_long_simulation():
    """φ̂ has the standard error sqrt((1 − φ²)/n)."""
    n, phi = 2000, 0.6
    shocks, noise = _rng(5).standard_normal(n), np.zeros(n)
    for t in range(1, n):
        noise[t] = phi * noise[t - 1] + 0.3 * shocks[t]
    found = estimate("constant", 2 + noise, _all(noise))
    assert abs(found.memory.phi - phi) < 4.5 * ((1 - phi**2) / n) ** 0.5
    assert abs(found.sigma - 0.3) < 4.5 * 0.3 / (2 * n) ** 0.5


def test_forecasts_of_smoothing_cover_what_comes():
    """3,000 series of a damped model with known memory: squared errors ahead average its variance, states known."""
    memory = Smoothing(0.5, 0.1, 0.9, has_slope=True)
    n_past, n_ahead, n_series = 60, 6, 3000
    noise = _rng(6).standard_normal((n_series, n_past + n_ahead)) @ memory.spread(n_past + n_ahead).T
    parameters = _parameters(Smoother(True, True), memory)
    past = prepare(parameters, np.ones(n_past, bool), np.ones(n_past, bool), n_ahead).fit(noise[:, :n_past])
    error = noise[:, n_past:] - past.baseline[:, n_past:] - past.known
    expected = (past.spread**2).sum(axis=1)
    assert (np.abs((error**2).mean(axis=0) / expected - 1) < 4.5 * (2 / n_series) ** 0.5).all()


def test_sigma_takes_degrees_of_freedom_for_states_and_memory():
    """White noise about a level: σ² = RSS/(m − 2), one for the level, one for φ."""
    series = _rng(8).standard_normal(12)
    found = estimate("constant", series, _all(series))
    white = found.memory.whiten(np.arange(12), np.column_stack([np.ones(12), series]))[0]
    rss = np.linalg.lstsq(white[:, :1], white[:, 1], rcond=None)[1][0]
    assert found.sigma == pytest.approx((rss / 10) ** 0.5)


def test_the_window_alone_decides_on_a_regression():
    series = _walk(40)
    moved = series + 50.0 * (np.arange(40) >= 25)
    window = np.arange(40) < 25
    first, second = estimate("linear", series, window), estimate("linear", moved, window)
    assert first == second
    np.testing.assert_allclose(fit(first, moved, window, 3).baseline, fit(first, series, window, 3).baseline)
    np.testing.assert_allclose(
        fit(first, moved, window, 3).residual[25:] - fit(first, series, window, 3).residual[25:], 50
    )


def test_ets_finds_seasons_and_goes_on_with_them():
    series = np.array([2.0, -1.0, 0.5, -1.5] * 10) + 0.05 * _rng(3).standard_normal(40)
    parameters = estimate("ets", series, _all(series), 4)
    assert parameters.form.name == "ETS(A,N,A)"
    ahead = fit(parameters, series, _all(series), 8).baseline[40:]
    np.testing.assert_allclose(ahead, [2.0, -1.0, 0.5, -1.5] * 2, atol=0.1)


def test_ets_leaves_seasons_out_below_two_full_years():
    series = np.array([2.0, -1.0, 0.5, -1.5] * 10)[:7] + 0.05 * _rng(3).standard_normal(7)
    assert estimate("ets", series, _all(series), 4).form.period == 1


def test_ets_prefers_the_simplest_model_for_a_level_with_noise():
    series = 5 + _rng(4).standard_normal(60)
    assert estimate("ets", series, _all(series)).form.name == "ETS(A,N,N)"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [0.0, 7.0])
def test_a_series_that_never_moves_has_no_noise(method, value):
    rest = np.full(12, value)
    parameters = estimate(method, rest, _all(rest), given=np.full(15, value))
    found = fit(parameters, rest, _all(rest), 3, np.full(15, value))
    assert parameters.sigma == 0
    np.testing.assert_allclose(found.baseline, value, atol=1e-9)
    np.testing.assert_allclose(found.residual, 0, atol=1e-9)


@pytest.mark.parametrize(
    ("method", "needed"), [("constant", 3), ("linear", 4), ("damped", 6), ("ets", 5), ("points", 2)]
)
def test_too_few_data_are_named_with_the_number_needed(method, needed):
    series = _walk(needed)
    assert estimate(method, series, _all(series), given=np.zeros(needed)).n_data == needed
    with pytest.raises(SeriesError, match=f"`{method}` needs at least {needed} data in its fit window; there are"):
        estimate(method, np.append(series[:-1], np.nan), np.ones(needed, bool), given=np.zeros(needed))


def test_no_data_in_the_window_is_an_error():
    with pytest.raises(SeriesError, match="needs at least 3 data in its fit window; there are 0"):
        estimate("constant", np.ones(5), np.zeros(5, bool))


def test_a_value_on_a_bound_is_an_error():
    with pytest.raises(SeriesError, match="lies on a bound"):
        estimate("constant", np.array([1.0, np.inf, 2.0, 3.0]), np.ones(4, bool))


def test_an_unknown_method_is_answered_with_the_known_ones():
    with pytest.raises(UsageError, match="'arima' is unknown; one of constant, linear, damped, ets, points"):
        estimate("arima", np.ones(5), np.ones(5, bool))


def test_points_need_their_course():
    with pytest.raises(UsageError, match="needs the given course for all 5 periods"):
        estimate("points", np.ones(5), np.ones(5, bool))


# ---- many draws ----


@pytest.mark.parametrize("method", METHODS)
def test_many_draws_at_once_are_each_draw_alone(method):
    series = _with_gaps(_seasonal(40))
    given = np.linspace(0, 1, 48)
    parameters = estimate(method, series, _all(series), 4, given)
    draws = series + 0.1 * _rng(9).standard_normal((5, 40))
    course = prepare(parameters, ~np.isnan(series), _all(series), 8)
    together = course.fit(draws, np.tile(given, (5, 1)))
    for p in range(5):
        alone = fit(parameters, draws[p], _all(series), 8, given)
        np.testing.assert_allclose(together.baseline[p], alone.baseline, atol=1e-10)
        np.testing.assert_allclose(together.residual[p], alone.residual, atol=1e-10)
        np.testing.assert_allclose(together.known[p], alone.known, atol=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_baseline_and_noise_add_up_to_the_data(method):
    series = _with_gaps(_seasonal(40))
    given = np.linspace(0, 1, 48)
    found = fit(estimate(method, series, _all(series), 4, given), series, _all(series), 8, given)
    np.testing.assert_allclose(found.baseline[:40] + found.residual, series, atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_a_missing_end_is_forecast_from_the_last_datum(method):
    """Periods without data after the last one are the horizon's first: the answer is that of the shorter series."""
    series = _seasonal(40)
    longer = np.append(series, [np.nan] * 3)
    parameters = estimate(method, longer, np.ones(43, bool), 4, np.zeros(60))
    short = fit(parameters, series, _all(series), 8, np.zeros(60))
    long = fit(parameters, longer, np.ones(43, bool), 8, np.zeros(60))
    assert long.last == 39
    np.testing.assert_array_equal(long.baseline, short.baseline)


@pytest.mark.parametrize("method", METHODS)
def test_the_level_of_the_series_moves_the_baseline_and_nothing_else(method):
    series = _seasonal(40)
    first = estimate(method, series, _all(series), 4, np.zeros(48))
    second = estimate(method, series + 3, _all(series), 4, np.full(48, 3.0))
    assert second.sigma == pytest.approx(first.sigma, rel=1e-5)
    before = fit(first, series, _all(series), 8, np.zeros(48))
    after = fit(first, series + 3, _all(series), 8, np.full(48, 3.0))
    np.testing.assert_allclose(after.baseline, before.baseline + 3, atol=1e-9)


def test_a_course_refuses_a_series_with_other_gaps():
    series = _walk(10)
    course = prepare(_parameters(Regression(1), Autoregression(0.2)), ~np.isnan(series), _all(series), 2)
    with pytest.raises(UsageError, match="other gaps"):
        course.fit(np.where(np.arange(10) == 4, np.nan, series))


@pytest.mark.parametrize("method", METHODS)
def test_no_horizon_gives_the_past_alone(method):
    series = _seasonal(40)
    found = fit(estimate(method, series, _all(series), given=series), series, _all(series), 0, series)
    assert (found.baseline.shape, found.known.shape, found.psi.shape, found.spread.shape) == ((40,), (0,), (0,), (0, 0))


# ---- to steps ----


def test_yearly_values_reach_steps_along_lines_between_middle_steps():
    """Middles 5 and 17: step 8 is a quarter of the way; nothing is said outside."""
    weights = interpolation(np.array([5, 17]), np.arange(20))
    np.testing.assert_allclose(weights[[5, 8, 17]], [[1, 0], [0.75, 0.25], [0, 1]])
    assert np.isnan(weights[[0, 4, 18, 19]]).all()


def test_interpolated_values_are_those_of_numpy():
    middles, values = np.array([2, 5, 11, 12]), np.array([1.0, -2.0, 4.0, 4.5])
    steps = np.arange(2, 13)
    np.testing.assert_allclose(interpolation(middles, steps) @ values, np.interp(steps, middles, values), atol=1e-12)


def test_a_single_period_speaks_for_its_middle_step_alone():
    np.testing.assert_array_equal(interpolation(np.array([3]), np.array([2, 3])), [[np.nan], [1]])
