from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from etia.learn.stacking import stack, stack_from_even, stack_with_uncertainty


def test_two_lenses_by_hand():
    # lens A gives density 2 once, B three times, else 1: ln(1 + w) + 3 ln(2 − w) falls from w = 0 on, by 1 − 3/2
    assert stack(-np.log([[2, 1], [1, 2], [1, 2], [1, 2]])) == pytest.approx([0, 1], abs=1e-6)
    # with 3 and 1: ln(1 + 2w) + ln(3 − 2w), greatest at w = ½
    assert stack(-np.log([[3, 1], [1, 3]])) == pytest.approx([0.5, 0.5])


def test_it_is_the_optimum_that_a_general_optimiser_finds():
    losses = np.random.default_rng(0).gamma(2, 1, (40, 4))
    softmax = lambda x: np.exp(x) / np.exp(x).sum()  # noqa: E731
    value = lambda w: np.log(np.exp(-losses) @ w).mean()  # noqa: E731
    best = minimize(lambda x: -value(softmax(x)), np.zeros(4), method="BFGS")
    assert value(stack(losses)) == pytest.approx(-best.fun, abs=1e-6)


def test_the_true_lens_gets_the_weight_in_the_long_run():
    rng = np.random.default_rng(1)
    y = rng.normal(0, 1, 2000)
    losses = np.stack([0.5 * (y - mean) ** 2 for mean in (0.0, 1.0, -1.5)], axis=1)
    assert stack(losses)[0] > 0.9


def test_lenses_that_forecast_alike_share_evenly():
    assert stack(np.ones((5, 3))) == pytest.approx([1 / 3] * 3)


def test_scores_far_apart_do_not_underflow():
    assert stack([[5000.0, 1.0], [4000.0, 2.0]]) == pytest.approx([0, 1])
    assert stack([[np.inf, 1.0], [0.0, 2.0]])[0] < 1


def test_what_cannot_be_weighed_is_refused():
    with pytest.raises(ValueError, match="every lens gave what came no probability"):
        stack([[np.inf, np.inf], [0.0, 1.0]])
    with pytest.raises(ValueError, match="none missing"):
        stack([[np.nan, 1.0]])
    with pytest.raises(ValueError, match=r"must be \(resamples, 2\)"):
        stack_with_uncertainty(np.zeros((4, 2)), np.zeros((10, 4)), block=2)


def test_the_interval_narrows_with_origins_and_holds_the_weight():
    rng = np.random.default_rng(2)
    widths = []
    for n in (20, 200):
        y = rng.normal(0.5, 1, n)
        losses = np.stack([0.5 * y**2, 0.5 * (y - 1) ** 2], axis=1)
        found = stack_with_uncertainty(losses, rng.random((100, n // 2)), block=2)
        assert (found.low <= found.weight + 1e-9).all()
        assert (found.weight <= found.high + 1e-9).all()
        widths.append(found.high[0] - found.low[0])
    assert widths[1] < widths[0]


def test_lenses_that_forecast_alike_keep_even_weights_with_wide_intervals():
    rng = np.random.default_rng(0)
    losses = np.repeat(rng.normal(size=(60, 1)), 3, axis=1) + 0.001 * rng.normal(size=(60, 3))
    found = stack_from_even(losses, rng.uniform(size=(20_000, 3)))
    assert found.weight == pytest.approx([1 / 3] * 3, abs=0.02)
    # Beta(1, 2) of each: 5 % at 1 − √0.95 = 0.025, 95 % at 1 − √0.05 = 0.776
    assert found.low == pytest.approx([0.025] * 3, abs=0.01)
    assert found.high == pytest.approx([0.776] * 3, abs=0.02)


def test_with_one_forecast_the_mean_is_worked_out():
    # two lenses, densities 2 and 1 at one datum: density of w is (1 + w)/1.5 on (0, 1); its mean (1/2 + 1/3)/1.5 = 5/9
    losses = np.array([[-np.log(2), 0.0]])
    found = stack_from_even(losses, np.random.default_rng(1).uniform(size=(40_000, 2)))
    assert found.weight == pytest.approx([5 / 9, 4 / 9], abs=0.005)


def test_a_lens_that_is_clearly_better_gets_the_weight():
    losses = np.column_stack([np.zeros(60), np.full(60, 2.0)])
    found = stack_from_even(losses, np.random.default_rng(2).uniform(size=(20_000, 2)))
    assert found.low[0] > 0.9


def test_uniforms_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="must be"):
        stack_from_even(np.zeros((3, 2)), np.full((10, 3), 0.5))
