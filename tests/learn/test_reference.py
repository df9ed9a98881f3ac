from __future__ import annotations

import numpy as np
import pytest

from etia.errors import SeriesError
from etia.learn.reference import exponential_smoothing, random_walk, seasonal_naive
from etia.learn.scores import covered


def test_random_walk_with_drift_by_hand():
    # steps 1, 3: drift 2, s² = (1 + 1)/1 = 2; two ahead: 4 + 2·2, variance 2·(2 + 4/2)
    found = random_walk(np.array([0.0, 1.0, 4.0]), 2)
    assert found.mean == pytest.approx([6.0, 8.0])
    assert found.sd[1] == pytest.approx(np.sqrt(8))


def test_random_walk_steps_over_gaps():
    # steps 1 and 4 over two data: drift 5/3; what is left: −2/3 and 4 − 10/3 = 2/3 over √2
    found = random_walk(np.array([0.0, 1.0, np.nan, 5.0, np.nan]), 1)
    assert found.mean == pytest.approx([5 + 5 / 3])
    assert found.sd == pytest.approx([np.sqrt((4 / 9 + 4 / 18) * (1 + 1 / 3))])


def test_seasonal_naive_by_hand():
    # seasons of 2: year-on-year differences 1, 1, 2 -> s² = 2; three ahead is two seasons on
    found = seasonal_naive(np.array([0.0, 10.0, 1.0, 11.0, 3.0]), 3, season=2)
    assert found.mean == pytest.approx([11.0, 3.0, 11.0])
    assert found.sd == pytest.approx(np.sqrt([2.0, 2.0, 4.0]))


def test_ets_is_statsmodels_own_forecast():
    import pandas as pd
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    series = np.cumsum(np.random.default_rng(0).normal(size=60))
    found = exponential_smoothing(series, 5)
    fits = [
        ETSModel(pd.Series(series), error="add", trend=trend, damped_trend=damped).fit(disp=False)
        for trend, damped in ((None, False), ("add", False), ("add", True))
    ]
    best = min(fits, key=lambda fit: fit.aicc)
    np.testing.assert_allclose(found.mean, best.forecast(5), rtol=1e-6)
    interval = best.get_prediction(start=60, end=64).summary_frame(alpha=0.1)[["pi_lower", "pi_upper"]]
    np.testing.assert_allclose(found.quantiles([0.05, 0.95]), interval.to_numpy(), rtol=1e-4)


def test_ets_takes_up_a_season():
    series = np.tile([0.0, 5.0, 1.0, -3.0], 10) + 0.01 * np.random.default_rng(1).normal(size=40)
    np.testing.assert_allclose(exponential_smoothing(series, 4, season=4).mean, [0, 5, 1, -3], atol=0.1)


def test_a_series_that_never_moves_is_forecast_to_stay():
    found = exponential_smoothing(np.full(10, 2.0), 3)
    assert found.mean.tolist() == [2, 2, 2]
    assert found.sd.tolist() == [0, 0, 0]


def test_forecasts_are_deterministic():
    series = np.cumsum(np.random.default_rng(2).normal(size=40))
    first, again = exponential_smoothing(series, 3), exponential_smoothing(series, 3)
    assert first.mean.tobytes() == again.mean.tobytes()


def test_intervals_cover_what_comes_at_about_the_stated_rate():
    rng, hits = np.random.default_rng(3), []
    for _ in range(300):
        series = np.cumsum(0.3 + rng.normal(size=44))
        interval = random_walk(series[:40], 4).quantiles([0.05, 0.95])
        hits.append(covered(interval[:, 0], interval[:, 1], series[40:]))
    # 90 % ± 3 standard errors of 300 correlated paths
    assert np.mean(hits) == pytest.approx(0.9, abs=0.05)


def test_too_few_data_are_refused_with_the_number_needed():
    with pytest.raises(SeriesError, match="exponential smoothing needs 8 data, the series has 7"):
        exponential_smoothing(np.arange(7.0), 1)
    with pytest.raises(SeriesError, match="a random walk needs 3 data"):
        random_walk(np.array([1.0, np.nan, 2.0]), 1)
    with pytest.raises(SeriesError, match="needs 14 data"):
        seasonal_naive(np.arange(12.0), 1, season=12)
