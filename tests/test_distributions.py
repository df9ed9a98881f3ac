"""What a quantity stands for: quantiles met, means exact, bounds kept."""

import subprocess
import sys
from math import exp, log, pi, sin

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.special import expit, logit

from etia.distributions import distribution
from etia.distributions.laws import Metalog, SplitNormal
from etia.distributions.quadrature import logistic_nodes, unit_nodes, unit_points
from etia.errors import UsageError
from etia.quantity import Kind, Number, Pool, Quantiles, Range

P = np.array([0.05, 0.5, 0.95])
QUANTILES = {
    Kind.PROBABILITY: [(0.1, 0.3, 0.6), (0.01, 0.02, 0.9), (0.001, 0.5, 0.999), (0.2, 0.2, 0.4)],
    Kind.RATE_RATIO: [(0.5, 2, 8), (1.0, 1.01, 9), (0.001, 1, 1000)],
    Kind.DURATION: [(3, 6, 24), (1, 59, 60)],
    Kind.PERCENT: [(-50, 10, 40), (-99, -98.9, 500)],
    Kind.SIZE: [(-3, 1, 2), (-3, 1.99, 2)],
    Kind.STRENGTH: [(-0.1, 0.2, 0.3)],
    Kind.POSITIVE: [(1, 10, 20), (1, 100, 100000)],
}
CASES = [(Quantiles(*three), kind) for kind, threes in QUANTILES.items() for three in threes]


@pytest.mark.parametrize(("quantity", "kind"), CASES)
def test_three_quantiles_are_met_exactly(quantity, kind):
    met = distribution(quantity, kind).values(P[None])
    np.testing.assert_allclose(met, [quantity.p5, quantity.p50, quantity.p95], rtol=1e-10)


def test_a_level_on_bounds_meets_its_quantiles_within_them():
    level = distribution(Quantiles(-8, 2, 9.5), Kind.SIZE, (-10, 10))
    np.testing.assert_allclose(level.values(P[None]), [-8, 2, 9.5], rtol=1e-10)
    far = level.values(np.array([[1e-300, 1 - 1e-16]]))
    assert -10 < far[0] < far[1] < 10


@pytest.mark.parametrize(
    ("quantity", "kind", "law"),
    [
        (Quantiles(0, 5, 10), Kind.SIZE, Metalog),  # symmetric: a logistic
        (Quantiles(0, 1.26, 10), Kind.SIZE, Metalog),  # the median just over 12.49 % of the span
        (Quantiles(0, 1.24, 10), Kind.SIZE, SplitNormal),  # just under
        (Quantiles(1, 20, 400), Kind.RATE_RATIO, Metalog),  # a heavy tail: the geometric mean is there all the same
        (Quantiles(1, 20, 400), Kind.POSITIVE, SplitNormal),  # a2 = ln 400 / (2 ln 19) = 1.02 ≥ 1: no mean
    ],
)
def test_the_metalog_gives_way_where_it_is_no_distribution_or_has_no_mean(quantity, kind, law):
    assert isinstance(distribution(quantity, kind).law, law)


def test_the_metalog_is_feasible_up_to_keelins_bound():
    """Keelin (2016, Decision Analysis 13): feasible where |a3|/a2 < 1.66711; the slopes just stay positive."""
    y = expit(np.linspace(-6, 6, 20001))
    assert (np.diff(Metalog(0, 1, 1.6671).quantile(y)) > 0).all()
    assert (np.diff(Metalog(0, 1, 1.6672).quantile(y)) < 0).any()


def test_the_metalogs_coefficients_are_keelins():
    """Keelin (2016): a2 = ½ ln(1/α − 1)⁻¹ (q₁₋α − qα), a3 = ((1 − 2α) ln(1/α − 1))⁻¹ (1 − 2r)(q₁₋α − qα), α = 0.05."""
    law = distribution(Quantiles(10, 20, 40), Kind.SIZE).law
    span, r = 30, (20 - 10) / 30
    assert law == Metalog(20, pytest.approx(0.5 * span / log(19)), pytest.approx((1 - 2 * r) * span / (0.9 * log(19))))


@pytest.mark.parametrize(("low", "best", "high"), [(0.1, 0.2, 0.6), (0, 0, 0.5), (0.1, 0.8, 0.8)])
def test_pert_has_the_moments_of_its_beta(low, best, high):
    span = high - low
    beta = stats.beta(1 + 4 * (best - low) / span, 1 + 4 * (high - best) / span, loc=low, scale=span)
    pert = distribution(Range(low, best, high), Kind.PROBABILITY)
    nodes, weights = unit_nodes()
    drawn = pert.values(nodes[None])
    assert pert.central() == pytest.approx(beta.mean(), abs=1e-14)
    assert weights @ drawn == pytest.approx(beta.mean(), abs=1e-10)
    assert weights @ drawn**2 == pytest.approx(beta.moment(2), abs=1e-10)
    np.testing.assert_allclose(drawn, beta.ppf(nodes), rtol=1e-9, atol=1e-12)


def test_a_rate_ratio_range_stands_on_the_logarithm_so_thirds_and_threes_cancel():
    """[1/3, 1, 3] means no effect on balance (§2)."""
    ratio = distribution(Range(1 / 3, 1, 3), Kind.RATE_RATIO)
    assert ratio.central() == pytest.approx(1, abs=1e-15)
    up, down = ratio.values(np.array([[0.9, 0.1]]))
    assert up * down == pytest.approx(1, abs=1e-12)


def test_a_rate_ratios_central_value_is_the_geometric_mean():
    """PERT on ln: exp((ln 1 + 4 ln 2 + ln 8)/6) = 2^(7/6)."""
    assert distribution(Range(1, 2, 8), Kind.RATE_RATIO).central() == pytest.approx(2 ** (7 / 6))


def test_a_durations_central_value_is_its_mode_or_median():
    assert distribution(Range(1, 2, 12), Kind.DURATION).central() == 2
    assert distribution(Quantiles(1, 3, 12), Kind.DURATION).central() == 3
    pool = Pool((("a", Range(1, 2, 12)), ("b", Number(6))), (0.25, 0.75))
    assert distribution(pool, Kind.DURATION).central() == 5  # 0.25 · 2 + 0.75 · 6


@pytest.mark.parametrize("quantity", [Number(0.3), Range(0.3, 0.3, 0.3), Quantiles(0.3, 0.3, 0.3)])
@pytest.mark.parametrize("kind", list(Kind))
def test_a_certain_quantity_is_its_value_in_every_draw(quantity, kind):
    certain = distribution(quantity, kind)
    assert certain.is_certain
    assert certain.central() == 0.3
    assert certain.values(np.array([[0.01, 0.99]])).tolist() == [0.3, 0.3]


def test_the_mean_of_a_log_logistic_is_its_closed_form():
    """A symmetric log-metalog is log-logistic: E = p50 · πb/sin(πb), b = a2."""
    b = 0.8
    q = 19.0**b
    assert distribution(Quantiles(1 / q, 1, q), Kind.POSITIVE).central() == pytest.approx(
        pi * b / sin(pi * b), rel=1e-11
    )


@pytest.mark.parametrize(("below", "above"), [(0.5, 0.5), (0.1, 2.0), (3.0, 0.0)])
def test_the_means_of_a_split_normal_are_its_integrals(below, above):
    law = SplitNormal(0.3, below, above)

    def bend(z):
        return 0.3 + (below if z < 0 else above) * z

    halves = [(-40, 0), (0, 40)]
    mean = sum(integrate.quad(lambda z: bend(z) * stats.norm.pdf(z), *half)[0] for half in halves)
    power = sum(integrate.quad(lambda z: exp(bend(z)) * stats.norm.pdf(z), *half)[0] for half in halves)
    assert law.mean() == pytest.approx(mean, abs=1e-9)
    assert law.mean_exponential() == pytest.approx(power, rel=1e-9)


@pytest.mark.parametrize(("quantity", "kind"), [case for case in CASES if case[1] is Kind.PROBABILITY])
def test_the_mean_of_a_probability_is_the_integral_of_its_quantile_function(quantity, kind):
    judged = distribution(quantity, kind)

    def point(u):
        return float(judged.values(np.array([[u]]))[0])

    direct = sum(integrate.quad(point, *half, epsabs=1e-12, limit=400)[0] for half in [(0, 0.5), (0.5, 1)])
    assert judged.central() == pytest.approx(direct, abs=1e-9)


POOL = Pool(
    (("a", Range(0.1, 0.2, 0.6)), ("b", Quantiles(0.05, 0.3, 0.5)), ("c", Number(0.4))), (0.5, 0.3, 0.2), "linear"
)


def test_a_linear_pool_draws_each_expert_by_its_weight():
    pool = distribution(POOL, Kind.PROBABILITY)
    percentile = np.full((1, 6), 0.5)
    expert = np.array([0.001, 0.4999, 0.5, 0.7999, 0.8001, 0.9999])
    median = distribution(POOL.experts[0][1], Kind.PROBABILITY).values(np.array([[0.5]]))[0]
    np.testing.assert_allclose(pool.values(percentile, expert), [median, median, 0.3, 0.3, 0.4, 0.4], rtol=1e-12)


def test_a_linear_pools_mean_is_the_weighted_mean():
    pool = distribution(POOL, Kind.PROBABILITY)
    second = distribution(POOL.experts[1][1], Kind.PROBABILITY).central()
    assert pool.central() == pytest.approx(0.5 * 0.25 + 0.3 * second + 0.2 * 0.4)


def test_a_linear_pool_without_a_choice_of_expert_is_refused():
    with pytest.raises(UsageError, match="selects its expert"):
        distribution(POOL, Kind.PROBABILITY).values(np.array([[0.5]]))


def test_a_pool_of_rate_ratios_has_the_weighted_geometric_mean():
    pool = Pool((("a", Number(2)), ("b", Number(8))), (0.5, 0.5))
    assert distribution(pool, Kind.RATE_RATIO).central() == pytest.approx(4)


def test_a_pool_of_odds_takes_the_geometric_mean_of_the_odds_of_the_draws():
    """Odds 1/4 and 4 with equal weights: 1, so p = ½; with weights ¼, ¾: 4^½ = 2, so p = ⅔."""
    experts = (("a", Number(0.2)), ("b", Number(0.8)))
    assert distribution(Pool(experts, (0.5, 0.5), "odds"), Kind.PROBABILITY).central() == pytest.approx(0.5)
    uneven = distribution(Pool(experts, (0.25, 0.75), "odds"), Kind.PROBABILITY)
    assert uneven.n_percentiles == 2
    np.testing.assert_allclose(uneven.values(np.array([[0.1, 0.9], [0.5, 0.5]])), 2 / 3)


def test_each_expert_of_a_pool_of_odds_has_his_own_percentile():
    experts = (("a", Quantiles(0.1, 0.2, 0.4)), ("b", Quantiles(0.3, 0.5, 0.8)))
    pool = distribution(Pool(experts, (0.5, 0.5), "odds"), Kind.PROBABILITY)
    drawn = pool.values(np.array([[0.05, 0.95], [0.95, 0.5]]))
    np.testing.assert_allclose(logit(drawn), [(logit(0.1) + logit(0.8)) / 2, (logit(0.4) + logit(0.5)) / 2])
    with pytest.raises(UsageError, match="2 experts needs as many percentiles a draw, not 1"):
        pool.values(np.array([0.5]))


def test_an_expert_who_is_sure_of_nought_settles_a_pool_of_odds_only_with_a_weight():
    experts = (("a", Number(0.0)), ("b", Number(0.5)))
    assert distribution(Pool(experts, (0.5, 0.5), "odds"), Kind.PROBABILITY).central() == 0
    assert distribution(Pool(experts, (0.0, 1.0), "odds"), Kind.PROBABILITY).central() == 0.5


@pytest.mark.parametrize("n_experts", [1, 2, 3, 4, 6])
def test_the_mean_of_a_pool_of_odds_is_that_of_its_draws(n_experts):
    kinds = [Range(0.05, 0.1, 0.7), Quantiles(0.1, 0.5, 0.9), Range(0, 0, 0.9), Quantiles(0.01, 0.02, 0.9)] * 2
    experts = (*((f"e{i}", kinds[i]) for i in range(n_experts)), ("sure", Number(0.3)))
    pool = distribution(Pool(experts, (1 / len(experts),) * len(experts), "odds"), Kind.PROBABILITY)
    drawn = pool.values(np.random.Generator(np.random.Philox(n_experts)).random((len(experts), 400_000)))
    assert abs(pool.central() - drawn.mean()) < 4.5 * drawn.std() / 400_000**0.5


def test_the_tensor_rule_is_exact_to_nine_digits():
    """Against a rule with steps less than half as long."""
    experts = (("a", Quantiles(0.01, 0.5, 0.9)), ("b", Quantiles(0.01, 0.02, 0.9)))
    pool = distribution(Pool(experts, (0.5, 0.5), "odds"), Kind.PROBABILITY)
    nodes, weights = unit_nodes()
    first, second = (logit(own.values(nodes)) / 2 for own in pool.experts)
    finer = weights @ expit(first[:, None] + second) @ weights
    assert pool.central() == pytest.approx(finer, abs=1e-9)


def test_the_quasi_random_points_are_even_in_many_dimensions():
    points = unit_points(20)
    assert points.shape == (20, 2**14)
    np.testing.assert_allclose(points.mean(axis=1), 0.5, atol=1e-3)
    assert np.abs(np.corrcoef(points) - np.eye(20)).max() < 0.03


def test_the_logistic_rule_integrates_one_to_one():
    assert np.exp(logistic_nodes()[1]).sum() == pytest.approx(1, abs=1e-13)


def _threes(low, high):
    return st.lists(st.floats(low, high), min_size=3, max_size=3).map(sorted)


_EDGES = {
    Kind.PROBABILITY: (0.001, 0.999),
    Kind.RATE_RATIO: (0.01, 100.0),
    Kind.DURATION: (0.5, 600.0),
    Kind.PERCENT: (-95.0, 400.0),
    Kind.SIZE: (-100.0, 100.0),
    Kind.STRENGTH: (-2.0, 2.0),
    Kind.POSITIVE: (0.1, 1000.0),
}
_BOUNDS = {Kind.PROBABILITY: (0, 1), Kind.PERCENT: (-100, np.inf)} | dict.fromkeys(
    (Kind.RATE_RATIO, Kind.DURATION, Kind.POSITIVE), (0, np.inf)
)


@settings(deadline=None)
@given(data=st.data(), kind=st.sampled_from(list(Kind)), form=st.sampled_from([Range, Quantiles]))
def test_every_quantile_function_rises_inside_its_bounds(data, kind, form):
    judged = distribution(form(*data.draw(_threes(*_EDGES[kind]))), kind)
    drawn = judged.values(np.linspace(0, 1, 999)[None, 1:-1])
    low, high = _BOUNDS.get(kind, (-np.inf, np.inf))
    assert (np.diff(drawn) >= -1e-12 * np.abs(drawn[1:])).all()
    assert low < drawn.min() <= drawn.max() < high
    assert low < judged.central() < high


@settings(deadline=None)
@given(data=st.data(), kind=st.sampled_from([Kind.PROBABILITY, Kind.SIZE, Kind.PERCENT, Kind.RATE_RATIO]))
def test_the_central_value_is_the_mean_of_the_draws(data, kind):
    low, high = (-40.0, 60.0) if kind is Kind.PERCENT else _EDGES[kind]  # tails with a variance, for a standard error
    judged = distribution(data.draw(st.sampled_from([Range, Quantiles]))(*data.draw(_threes(low, high))), kind)
    drawn = judged.values((np.arange(1, 20_001) - 0.5)[None] / 20_000)
    centre = judged.central()
    if kind is Kind.RATE_RATIO:
        drawn, centre = np.log(drawn), log(centre)
    assert abs(drawn.mean() - centre) <= 4.5 * drawn.std() / 20_000**0.5 + 1e-9


@pytest.mark.parametrize(("quantity", "kind"), [(Range(0.1, 0.3, 0.8), Kind.PROBABILITY), CASES[0], CASES[-2]])
def test_the_central_value_is_the_monte_carlo_mean(quantity, kind):
    judged = distribution(quantity, kind)
    drawn = judged.values(np.random.Generator(np.random.Philox(7)).random((1, 400_000)))
    assert abs(drawn.mean() - judged.central()) < 4.5 * drawn.std() / 400_000**0.5


def test_a_faulty_quantity_is_refused_with_its_faults():
    with pytest.raises(UsageError, match=r"1\.2 is not a probability"):
        distribution(Number(1.2), Kind.PROBABILITY)


def test_reading_a_quantity_needs_no_numpy():
    code = "import sys, etia.quantity; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
