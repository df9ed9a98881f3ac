from __future__ import annotations

import numpy as np
import pytest

from etia.learn.skill import mean_difference, skill


def test_the_interval_is_students_where_nothing_overlaps():
    # differences 1, 2, 3: mean 2, variance of the mean with n−1: (1/√3)² = 1/3; t(0.95; 2) = 2.920
    found = mean_difference([1.0, 2.0, 3.0], [0.0, 0.0, 0.0])
    assert found.value == pytest.approx(2.0)
    assert found.se == pytest.approx(np.sqrt(1 / 3))
    assert found.high == pytest.approx(2.0 + 2.91999 * np.sqrt(1 / 3), rel=1e-5)


def test_skill_is_the_share_of_the_loss_that_is_saved():
    found = skill([1.0, 2.0, 3.0], [2.0, 4.0, 6.0])
    assert found.value == pytest.approx(0.5)
    assert found.se == pytest.approx(0.0, abs=1e-12)


def test_overlapping_horizons_widen_the_interval():
    errors = np.repeat(np.random.default_rng(0).normal(size=20), 4)
    assert mean_difference(errors, 0 * errors, horizon=4).se > 1.5 * mean_difference(errors, 0 * errors).se


def test_intervals_of_overlapping_differences_cover_zero_at_the_stated_rate():
    rng, hits = np.random.default_rng(3), 0
    for _ in range(500):
        noise = rng.normal(size=43)
        moving = noise[:-3] + noise[1:-2] + noise[2:-1] + noise[3:]
        found = mean_difference(moving, np.zeros(40), horizon=4)
        hits += found.low <= 0 <= found.high
    # 90 % asked for; long-run variances from 40 points fall somewhat short, as the literature reports
    assert 0.80 <= hits / 500 <= 0.96


def test_missing_pairs_are_left_out_and_too_few_are_refused():
    assert mean_difference([1.0, np.nan, 2.0, 3.0], [0.0, 1.0, 0.0, 0.0]).n == 3
    with pytest.raises(ValueError, match="2 pairs of scores are too few"):
        mean_difference([1.0, 2.0], [0.0, 0.0])
    with pytest.raises(ValueError, match="must be positive for a skill"):
        skill([1.0, 2.0, 3.0], [-1.0, 0.0, 0.5])
