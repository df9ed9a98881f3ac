"""Laws of trends with random noise over enumerated histories, worked out on paper (method §4, §12)."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log, sqrt

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import norm

from etia.engine.exact import Histories, enumerate_histories
from etia.engine.exact_laws import Laws, logistic_mean, trend_laws
from etia.engine.exact_outcomes import quantiles, to_units
from etia.engine.exact_scores import impact_scores
from etia.engine.program import LINEAR, LOG, LOGIT, OPEN, Noise, Program
from tests.engine.programs import impact_curve, make_program

RATE = 0.3
P = 1 - exp(-RATE)
"""probability that the event of `stepped` comes in step 1, its only one"""
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
NONE = np.zeros(0, dtype=np.int32)


def own_noise(*weights: tuple[int, list[list[float]]], first: int = 1) -> Noise:
    """Noise of some trends, without couplings: (trend, weights by step and innovation)."""
    trends = np.array([trend for trend, _ in weights], dtype=np.int32)
    return Noise.of(first, trends, np.array([weight for _, weight in weights]), NONE, NONE, np.zeros(0), NONE)


def stepped(kind: int, level: float, size: float, sigma: float) -> Program:
    """Steps 0 and 1; in 1 an event may come that moves a trend by `size` from `level`, noise of `sigma` about it."""
    return make_program(
        2, 0, [OPEN], [RATE], impacts={(0, 0): impact_curve(2, lasting=size)}, kinds=[kind], bounds=(10, 30),
        baseline=[level], noise=own_noise((0, [[sigma]])),
    )  # fmt: skip


def laws_of(program: Program) -> Laws:
    return trend_laws(program, enumerate_histories(program))


def test_a_trend_with_noise_about_a_step_is_a_mixture_of_two_normals() -> None:
    """10 or, with P, 14, both with σ = 3.

    Mean 10 + 4 P. Quantile q is the root of (1 − P) Φ((q − 10)/3) + P Φ((q − 14)/3) = p.
    """
    laws = laws_of(stepped(LINEAR, 10.0, 4.0, 3.0))
    roots = [
        brentq(lambda q, p=p: (1 - P) * norm.cdf(q, 10, 3) + P * norm.cdf(q, 14, 3) - p, 0, 30, xtol=1e-13)
        for p in LEVELS
    ]
    assert laws.mean()[0] == pytest.approx([10, 10 + 4 * P], abs=1e-14)
    assert laws.quantiles(LEVELS)[:, 0, 1] == pytest.approx(roots, abs=1e-10)
    assert laws.quantiles(LEVELS)[:, 0, 0] == pytest.approx([10] * 5)
    assert laws.reached(np.array([[10.0, 12.0]]))[0] == pytest.approx(
        [1, (1 - P) * norm.cdf(2 / 3) + P * norm.cdf(-2 / 3)]
    )


def test_the_median_of_two_equal_halves_lies_between_them() -> None:
    """At λ = ln 2 the event comes with ½: by symmetry p50 is the middle, 12, and p5 and p95 lie as far from it."""
    program = replace(stepped(LINEAR, 10.0, 4.0, 1.0), base_rate=np.array([[0, log(2)]]))
    low, middle, high = laws_of(program).quantiles((0.05, 0.5, 0.95))[:, 0, 1]
    assert middle == pytest.approx(12, abs=1e-10)
    assert high - 12 == pytest.approx(12 - low, abs=1e-10)


def test_on_a_log_scale_noise_lifts_the_mean_and_not_the_median_of_one_history() -> None:
    """Lognormal: E y = e^(m + σ²/2), here over m = ln 3 and ln 3.6; nothing may come: the median is 3 alone."""
    sigma = 0.4
    laws = laws_of(stepped(LOG, log(3), log(1.2), sigma))
    assert laws.mean()[0, 1] == pytest.approx((3 * (1 - P) + 3.6 * P) * exp(sigma**2 / 2), rel=1e-14)
    alone = laws_of(replace(stepped(LOG, log(3), 0.0, sigma)))
    assert alone.quantiles((0.5, norm.cdf(1)))[:, 0, 1] == pytest.approx([3, 3 * exp(sigma)], rel=1e-11)


@pytest.mark.parametrize("spread", [0.01, 0.3, 1.0, 2.5, 7.0, 40.0])
def test_the_logistic_mean_is_that_of_adaptive_quadrature(spread: float) -> None:
    """∫ φ(z) / (1 + e^−(m + s z)) dz cut where the logistic bends; at m = 0 it is ½ by symmetry."""
    middle = np.array([-6.0, -1.0, 0.0, 0.7, 12.0])
    found = logistic_mean(middle, spread)
    for m, y in zip(middle, found, strict=True):
        bend = [point for point in (-m / spread + shift / spread for shift in (-20, -3, 0, 3, 20)) if -12 < point < 12]
        exact, _ = quad(lambda z, m=m: norm.pdf(z) * expit(m + spread * z), -12, 12, points=bend or None, epsabs=1e-13,
                        epsrel=1e-12, limit=400)  # fmt: skip
        assert y == pytest.approx(exact, abs=1e-11)
    assert found[2] == pytest.approx(0.5, abs=1e-14)


def test_on_a_logit_scale_the_mean_is_in_units_and_quantiles_keep_within_the_bounds() -> None:
    """On (10, 30) about its middle: mean 10 + 20 E[1/(1 + e^−x)]; quantiles are the latent ones mapped."""
    laws = laws_of(stepped(LOGIT, 0.0, 1.5, 2.0))
    share = logistic_mean(np.array([0.0, 1.5]), 2.0)
    assert laws.mean()[0, 1] == pytest.approx(10 + 20 * (share[0] * (1 - P) + share[1] * P))
    q = laws.quantiles(LEVELS)[:, 0, 1]
    assert ((q > 10) & (q < 30)).all()
    latent = np.log((q - 10) / (30 - q))
    assert (1 - P) * norm.cdf(latent, 0, 2) + P * norm.cdf(latent, 1.5, 2) == pytest.approx(LEVELS, abs=1e-11)


def test_couplings_pass_noise_on_and_back() -> None:
    """n_0 = ε-walk: ε_1, ε_1 + ε_2, …; n_1(t) = ½ n_0(t − 1), n_0(t) += ¼ n_1(t − 2).

    In steps 1, 2, 3, 4 of trend 0: ε1; ε1 + ε2; ε1 + ε2 + ε3; (1 + ⅛) ε1 + ε2 + ε3 + ε4. Trend 1 halves them a step
    later: variances 0, ¼, ½, ¾.
    """
    weight = np.tril(np.ones((4, 4)))
    noise = Noise.of(
        1, np.array([0]), weight[None], np.array([0, 1]), np.array([1, 0]), np.array([0.5, 0.25]), np.array([1, 2])
    )
    program = make_program(5, 0, [], kinds=[LINEAR] * 2, baseline=[0.0, 0.0], noise=noise)
    laws = laws_of(program)
    assert laws.spread[0] ** 2 == pytest.approx([0, 1, 2, 3, 3 + 1.125**2])
    assert laws.spread[1] ** 2 == pytest.approx([0, 0, 0.25, 0.5, 0.75])
    z = norm.ppf(0.95)
    assert laws.quantiles((0.95,))[0, 1] == pytest.approx([0, 0, z * 0.5, z * sqrt(0.5), z * sqrt(0.75)], abs=1e-10)


def test_vanishing_noise_leaves_the_histories_own_quantiles() -> None:
    """σ = 1e-9 about 10 and 14: quantiles of the histories alone, also where a level is reached to the dot (P = ½)."""
    program = replace(stepped(LINEAR, 10.0, 4.0, 1e-9), base_rate=np.array([[0, log(2)]]))
    laws = laws_of(program)
    assert laws.quantiles(LEVELS)[:, 0, 1] == pytest.approx([10, 10, 10, 14, 14], abs=1e-7)
    bare = quantiles(to_units(laws.latent, laws.scales), laws.probability, LEVELS)
    assert laws.quantiles(LEVELS)[:, 0, 1] == pytest.approx(bare[:, 0, 1], abs=1e-7)


def test_a_trend_without_value_has_no_law() -> None:
    scales = stepped(LINEAR, 0.0, 0.0, 1.0).trends.scales
    laws = Laws(np.full((1, 1, 2), np.nan), np.ones(1), np.ones((1, 2)), scales)
    assert np.isnan(laws.mean()).all()
    assert np.isnan(laws.quantiles(LEVELS)).all()
    assert np.isnan(laws.reached(np.full((1, 2), np.nan))).all()


def test_scores_of_an_event_on_a_noisy_log_trend_hold_the_noise() -> None:
    """do(e at 1): 3.6 e^(σ²/2), never: 3 e^(σ²/2); all of the difference is direct."""
    scores = impact_scores(stepped(LOG, log(3), log(1.2), 0.4), 0, 1)
    assert scores.total[0, 1] == pytest.approx(0.6 * exp(0.08))
    assert scores.direct[0, 1] == pytest.approx(0.6 * exp(0.08))


def test_laws_of_many_histories_weigh_each_by_its_probability() -> None:
    """Three histories at 0, 1 and 1, the last two alike: P(x ≤ ½) = ½ Φ(½/σ) + ½ Φ(−½/σ) = ½."""
    histories = Histories(np.zeros((3, 0), dtype=np.int16), np.array([0.5, 0.2, 0.3]))
    scales = stepped(LINEAR, 0.0, 0.0, 1.0).trends.scales
    laws = Laws(np.array([0.0, 1.0, 1.0])[:, None, None], histories.probability, np.full((1, 1), 0.2), scales)
    assert laws.reached(np.array([[0.5]])) == pytest.approx(0.5)
    assert laws.quantiles((0.5,))[0, 0, 0] == pytest.approx(0.5, abs=1e-9)
