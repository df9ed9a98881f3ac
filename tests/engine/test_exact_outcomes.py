"""What exact histories say of trends, quantiles and scores, worked out on paper."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest

from etia.engine import exact_outcomes
from etia.engine.exact import Histories, enumerate_histories
from etia.engine.exact_outcomes import (
    central_step,
    impact_scores,
    mean,
    quantiles,
    to_units,
    trend_values,
)
from etia.engine.program import LINEAR, LOG, LOGIT, NEVER, OPEN, Noise, Program, Scales
from etia.errors import LimitError
from tests.engine.programs import impact_curve, latent, link_curve, make_program, size

RATE = 0.3
P = 1 - exp(-RATE)


def expected_values(program: Program) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    histories = enumerate_histories(program)
    return mean(to_units(trend_values(program, histories), program.trends.scales), histories.probability)


def test_units_are_those_of_the_scale() -> None:
    """ln 3 is 3 on log; logit 0 on (10, 30) is the middle, ln 3 three quarters up: 25."""
    kinds = np.array([LINEAR, LOG, LOGIT], dtype=np.int32)
    scales = Scales(kinds, np.array([np.nan, np.nan, 10]), np.array([np.nan, np.nan, 30]))
    y = to_units(np.array([[7.0, np.nan], [log(3), 0], [0, log(3)]]), scales)
    np.testing.assert_allclose(y, np.array([[7, np.nan], [3, 1], [20, 25]]))


def test_mean_of_a_trend_weighs_when_the_event_comes() -> None:
    """A ramp to 4 over two steps from 10: a at 1 (P) gives 10, 12, 14; a at 2 ((1 − P) P) gives 10, 10, 12."""
    program = make_program(
        4, 0, [OPEN], [[0, RATE, RATE, 0]], impacts={(0, 0): impact_curve(4, peaks=2, lasting=4)}, kinds=[LINEAR],
        baseline=[10.0],
    )  # fmt: skip
    assert expected_values(program)[0] == pytest.approx([10, 10, 10 + 2 * P, 10 + 4 * P + 2 * (1 - P) * P])


@pytest.mark.parametrize(
    ("shape", "by_age"),
    [
        ({"starts": 1, "lasting": 8}, [0, 8, 8, 8, 8]),
        ({"lasting": 8, "fades": 1}, [8, 4, 2, 1, 0.5]),
        ({"starts": 1, "peaks": 3, "lasting": 8}, [0, 0, 4, 8, 8]),
        ({"peaks": 2, "settles": 4, "peak": 8}, [0, 4, 8, 4, 0]),
        ({"peaks": 1, "settles": 3, "peak": 8, "lasting": 4, "fades": 1}, [0, 8, 6, 4, 2]),
    ],
    ids=["step", "step that fades", "ramp", "pulse", "trapezoid"],
)
def test_trend_follows_the_shape_of_a_past_impact(shape: dict[str, float], by_age: list[float]) -> None:
    """The event stands at step 1, so the trend at step t holds the shape at age t − 1; nothing before."""
    program = make_program(6, 5, [1], impacts={(0, 0): impact_curve(6, **shape)}, kinds=[LINEAR])
    assert expected_values(program)[0] == pytest.approx([0, *by_age])


def test_effects_add_up_in_the_latent_scale() -> None:
    """+25 % and −20 % cancel on log; 25 points on (0, 100) are latent 1, so 50 goes to 100 / (1 + 1/e)."""
    impacts = {
        (0, 0): impact_curve(2, lasting=size(25, LOG)),
        (1, 0): impact_curve(2, lasting=size(-20, LOG)),
        (0, 1): impact_curve(2, lasting=size(25, LOGIT)),
    }
    program = make_program(2, 1, [1, 1], impacts=impacts, kinds=[LOG, LOGIT], baseline=[log(6), latent(50, LOGIT)])
    assert expected_values(program)[:, 1] == pytest.approx([6, 100 / (1 + exp(-1))])


def test_couplings_pass_deviations_on_with_their_lags() -> None:
    """1 on x at age 0; x → y (0.5, lag 1), y → x (0.4, lag 1): x = 1, 1, 1.2, 1.2; y = 0, 0.5, 0.5, 0.6."""
    program = make_program(
        4, 3, [0], impacts={(0, 0): impact_curve(4, lasting=1)}, couplings=[(0, 1, 0.5, 1), (1, 0, 0.4, 1)],
        kinds=[LINEAR, LINEAR],
    )  # fmt: skip
    np.testing.assert_allclose(expected_values(program), [[1, 1, 1.2, 1.2], [0, 0.5, 0.5, 0.6]])


def test_trend_without_a_value_yet_is_nan() -> None:
    program = make_program(3, 0, [OPEN], [RATE], kinds=[LINEAR], baseline=[np.array([np.nan, 5, 5])])
    np.testing.assert_allclose(expected_values(program), np.array([[np.nan, 5, 5]]))


def test_policy_may_switch_the_response_of_later_events() -> None:
    """Impact 4; an event from step 2 on follows another row, scaled by ½: E[y(2)] = 4 P + 2 (1 − P) P."""
    program = make_program(3, 0, [OPEN, NEVER], [RATE, 0], kinds=[LINEAR], impacts={
        (0, 0): impact_curve(3, lasting=4), (1, 0): impact_curve(3, lasting=2)})  # fmt: skip
    program.trends.response_row[0, 2] = 1
    assert expected_values(program)[0] == pytest.approx([0, 4 * P, 4 * P + 2 * (1 - P) * P])


def test_quantiles_are_the_least_values_that_reach_the_level() -> None:
    """F = 0.2 at 1, 0.5 at 2, 1 at 4: the median is 2 exactly at the jump, anything above it 4."""
    values = np.array([[4.0, np.nan], [1.0, np.nan], [2.0, np.nan]])
    found = quantiles(values, np.array([0.5, 0.2, 0.3]), [0.05, 0.2, 0.5, 0.501, 1.0])
    np.testing.assert_array_equal(found[:, 0], [1, 1, 2, 4, 4])
    assert np.isnan(found[:, 1]).all()


def test_a_level_met_but_for_rounding_is_met() -> None:
    """0.1 + 0.2 + … summed in floating point stays below 0.6 or above it; the quantile is the sixth value."""
    assert quantiles(np.arange(10.0), np.full(10, 0.1), [0.6, 0.3]) == pytest.approx([5, 2])


def test_central_date_is_where_half_of_the_probability_is_reached() -> None:
    """Shares 0.1, 0.2, 0.3 over steps 1 … 3 of 5: half of 0.6 is reached at step 2."""
    histories = Histories(np.array([[1], [2], [3], [NEVER]], dtype=np.int16), np.array([0.1, 0.2, 0.3, 0.4]))
    assert central_step(histories, 0, as_of=0, n_steps=5) == 2


@pytest.mark.parametrize(("n_steps", "middle"), [(4, 2), (5, 2), (6, 3)])
def test_central_date_of_what_cannot_come_is_the_middle_of_the_future(n_steps: int, middle: int) -> None:
    """Future steps 1 … n − 1 after `as_of` 0; of two middle ones the earlier."""
    histories = enumerate_histories(make_program(n_steps, 0, [OPEN]))
    assert central_step(histories, 0, as_of=0, n_steps=n_steps) == middle


def test_scores_of_a_prospective_event_compare_setting_it_with_never() -> None:
    """a (impact 2) → b (impact 10, ρ = 3), three steps, do(a at 1): direct 2; indirect 10 · (P₃ − P₁) in step 2,

    where b comes by 2 with 1 − e^−4λ after a, and with 1 − e^−2λ without.
    """
    impacts = {(0, 0): impact_curve(3, lasting=2), (1, 0): impact_curve(3, lasting=10)}
    program = make_program(
        3, 0, [OPEN, OPEN], [RATE, RATE], links=[(0, 1, link_curve(3, 3))], impacts=impacts, kinds=[LINEAR]
    )
    scores = impact_scores(program, 0, 1)
    assert scores.direct[0] == pytest.approx([0, 2, 2])
    assert scores.indirect[0] == pytest.approx([0, 0, 10 * (exp(-2 * RATE) - exp(-4 * RATE))])


def test_scores_of_a_past_event_count_what_it_brought() -> None:
    """a → B with ρ = 4, log trend at 1, a doubles it, B triples it. Factual 6.

    Without a: 3 with ¼, 1 with ¾, so total 6 − 1.5 = 4.5; without a's own response 6 − 3 = 3.
    """
    impacts = {(0, 0): impact_curve(3, lasting=log(2)), (1, 0): impact_curve(3, lasting=log(3))}
    program = make_program(3, 2, [0, 1], links=[(0, 1, link_curve(4, 3))], impacts=impacts, kinds=[LOG])
    scores = impact_scores(program, 0, NEVER)
    assert scores.total[0, 2] == pytest.approx(4.5)
    assert scores.direct[0, 2] == pytest.approx(3)


def test_random_noise_and_too_many_values_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    none = np.zeros(0, dtype=np.int32)
    noise = Noise.of(1, none, np.zeros((0, 2, 0)), none, none, np.zeros(0), none)
    noisy = make_program(3, 0, [OPEN], [RATE], kinds=[LINEAR], noise=noise)
    with pytest.raises(LimitError, match="know no random noise"):
        trend_values(noisy, enumerate_histories(noisy))
    monkeypatch.setattr(exact_outcomes, "MAX_VALUES", 8)
    program = make_program(3, 0, [OPEN], [RATE], kinds=[LINEAR])
    with pytest.raises(LimitError, match="9 exact trend values asked for; at most 8"):
        trend_values(program, enumerate_histories(program))
