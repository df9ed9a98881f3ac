from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from etia.engine.elementary import log, sine_and_cosine
from etia.engine.memory import memory_of
from etia.engine.program import Noise
from etia.engine.propagation import noise_paths
from etia.engine.streams import Streams, keys, normals

STREAMS = Streams(keys(0, "a", []), keys(0, "b", []), keys(0, "noise", ["x", "y", "z"]))
NONE = np.zeros(0, dtype=np.int32)


@njit
def _of_all(x, turn, out):
    for i in range(len(x)):
        out[0, i] = log(x[i])
        out[1, i], out[2, i] = sine_and_cosine(turn[i])


def test_polynomials_are_the_functions_to_rounding():
    """Within two units in the last place; near their roots, of 1, as the angle 2π · turn itself is rounded."""
    rng = np.random.default_rng(0)
    x = np.r_[2.0**-54, 1 - 2.0**-53, 2.0 ** -rng.uniform(0, 54, 10_000), rng.random(10_000)]
    turn = np.r_[0.0, 0.125, 0.25, 0.5, 0.75, 1.0, rng.random(len(x) - 6)]
    out = np.empty((3, len(x)))
    _of_all(x, turn, out)
    np.testing.assert_allclose(out[0], np.log(x), rtol=5e-16)
    np.testing.assert_allclose(out[1], np.sin(2 * np.pi * turn), atol=1e-15)
    np.testing.assert_allclose(out[2], np.cos(2 * np.pi * turn), atol=1e-15)


def test_normals_are_normal_and_independent():
    """Mean 0, variance 1, fourth moment 3, no correlation of neighbours, each within 4.5 standard errors."""
    x = normals(STREAMS.noise[0], 3, 20_000, 13)
    n = x.size
    assert abs(x.mean()) < 4.5 / np.sqrt(n)
    assert abs(x.var() - 1) < 4.5 * np.sqrt(2 / n)
    assert abs((x**4).mean() - 3) < 4.5 * np.sqrt(96 / n)
    assert np.abs(np.corrcoef(x.T) - np.eye(13)).max() < 4.5 / np.sqrt(len(x))


def _first_order(n_steps, phi, sigma, late):
    age = np.subtract.outer(np.arange(n_steps) - late, np.arange(n_steps))
    return np.where(age >= 0, sigma * phi ** np.maximum(age, 0), 0.0)


@pytest.mark.parametrize("late", [0, 5])
def test_a_memory_of_first_order_is_found_in_its_weights(late):
    found = memory_of(_first_order(40, 0.8, 0.3, late))
    assert (found.n_periods, found.first, len(found.weight)) == (40 - late, late, 0)
    assert (found.phi, found.sigma) == (pytest.approx(0.8, rel=1e-15), 0.3)


def test_any_other_memory_keeps_its_weights():
    for weight in (np.tril(np.ones((9, 9))) * np.arange(9, 0, -1), np.ones((9, 3)), np.ones((1, 1))):
        assert len(memory_of(weight).weight) == weight.shape[1]


def test_a_memory_is_laid_out_as_the_weights_that_it_was_made_of():
    rng = np.random.default_rng(2)
    for weight in (_first_order(40, 0.8, 0.3, 5), np.tril(rng.normal(size=(9, 9))), np.zeros((4, 2)), np.ones((1, 1))):
        np.testing.assert_array_equal(memory_of(weight).laid_out(*weight.shape), weight)


@pytest.mark.parametrize("n_steps", [1, 2, 40, 121])
def test_noise_is_its_weights_times_its_innovations_whatever_runs_are_made_together(n_steps):
    rng = np.random.default_rng(1)
    weight = np.zeros((3, n_steps, n_steps))
    weight[0] = _first_order(n_steps, 0.9, 0.2, min(3, n_steps - 1))
    weight[1] = np.tril(rng.normal(size=(n_steps, n_steps)))
    weight[2, :, : n_steps // 2] = rng.normal(size=(n_steps, n_steps // 2))
    noise = Noise.of(4, np.array([2, 0, 3]), weight, NONE, NONE, np.zeros(0), NONE)
    first, paths = noise_paths(noise, 4, STREAMS, 150)
    assert first == 4
    assert not paths[:, 1].any()
    for j, trend in enumerate(noise.trend):
        plain = normals(STREAMS.noise[j], 0, 150, n_steps) @ weight[j].T
        np.testing.assert_allclose(paths[:, trend], plain, atol=1e-12)
    parts = [noise_paths(noise, 4, STREAMS.starting_at(at), n)[1] for at, n in ((0, 7), (7, 100), (107, 43))]
    assert np.array_equal(np.concatenate(parts), paths)
