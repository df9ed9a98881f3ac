from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from etia.engine.mixture import mixture, noise_spread
from etia.engine.program import Noise
from etia.engine.propagation import noise_paths
from etia.engine.streams import Streams, keys

LEVELS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])


def test_one_history_gives_the_normal_law():
    spread = np.array([0.1, 2.0])
    found = mixture(np.array([[3.0, -1.0]]), spread).quantiles(np.repeat(LEVELS[:, None], 2, axis=1))
    assert np.allclose(found, np.array([3.0, -1.0]) + norm.ppf(LEVELS)[:, None] * spread, atol=1e-3 * spread)


def test_two_histories_give_the_mixture_of_two_normals():
    """P(y ≤ q) = 0.3 Φ(q) + 0.7 Φ(q − 10): at the quantile it is the level."""
    means = np.where(np.arange(1000) < 300, 0.0, 10.0)[:, None]
    found = mixture(means, np.array([1.0])).quantiles(LEVELS[:, None])[:, 0]
    assert np.allclose(0.3 * norm.cdf(found) + 0.7 * norm.cdf(found - 10.0), LEVELS, atol=2e-4)


@pytest.mark.parametrize("spread", [1e-4, 0.03, 1.0])
def test_the_bins_are_fine_enough_whatever_the_noise(spread):
    means = np.random.default_rng(0).normal(size=20_000)[:, None]
    found = mixture(means, np.array([spread])).quantiles(LEVELS[:, None])[:, 0]
    reached = [norm.cdf((bound - means[:, 0]) / spread).mean() for bound in found]
    assert np.allclose(reached, LEVELS, atol=2e-3)


def test_the_spread_of_coupled_noise_is_that_of_its_paths():
    rng = np.random.default_rng(2)
    weight = np.tril(rng.normal(size=(2, 8, 8)))
    noise = Noise.of(
        1, np.array([0, 1]), weight, np.array([0, 1, 2]), np.array([2, 2, 0]), np.array([0.5, -0.3, 0.2]),
        np.array([1, 2, 3]),
    )  # fmt: skip
    paths = noise_paths(noise, 3, Streams(keys(0, "a", []), keys(0, "b", []), keys(0, "noise", ["x", "y"])), 40_000)
    found = noise_spread(noise, 3)
    assert np.allclose(paths[1].std(axis=0), found, rtol=4.5 / np.sqrt(2 * 40_000), atol=1e-12)
