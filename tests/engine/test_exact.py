"""Exact enumeration against cases worked out on paper; the derivation stands in each docstring."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
import pytest

from etia.engine.exact import Histories, enumerate_histories
from etia.engine.exact_outcomes import event_probabilities
from etia.engine.program import LINEAR, NEVER, OPEN, Noise, Program
from etia.errors import LimitError
from tests.engine.programs import impact_curve, link_curve, make_program

RATE = 0.3
P = 1 - exp(-RATE)


def probabilities(program: Program) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return event_probabilities(enumerate_histories(program), program.n_steps)


# Rates (§3)


def test_constant_rate_comes_as_in_an_exponential_law() -> None:
    """n steps at rate λ are survived with exp(−λ n)."""
    found = probabilities(make_program(4, 0, [OPEN], [RATE]))
    assert found[0] == pytest.approx([0, 1 - exp(-RATE), 1 - exp(-2 * RATE), 1 - exp(-3 * RATE)])


def test_rates_change_with_the_interval() -> None:
    """Rates 0.1, 0.1, 0.5: survival exp(−0.1), exp(−0.2), exp(−0.7)."""
    found = probabilities(make_program(4, 0, [OPEN], [[0, 0.1, 0.1, 0.5]]))
    assert found[0, 1:] == pytest.approx([1 - exp(-0.1), 1 - exp(-0.2), 1 - exp(-0.7)])


def test_fixed_events_come_at_their_step_and_never_is_never() -> None:
    """A past, a scheduled and a cancelled event: certain from their step on, or not at all; one history in all."""
    program = make_program(5, 1, [0, 3, NEVER])
    assert len(enumerate_histories(program)) == 1
    np.testing.assert_array_equal(probabilities(program), [[1, 1, 1, 1, 1], [0, 0, 0, 1, 1], [0, 0, 0, 0, 0]])


def test_unlinked_events_come_independently() -> None:
    """Two events over two steps: 3 · 3 histories; both by the end with (1 − e^−2λ)²."""
    histories = enumerate_histories(make_program(3, 0, [OPEN, OPEN], [RATE, RATE]))
    both = (histories.steps < NEVER).all(axis=1)
    assert len(histories) == 9
    assert histories.probability[both].sum() == pytest.approx((1 - exp(-2 * RATE)) ** 2)


# Links (§3)


def test_link_acts_from_its_lag_on() -> None:
    """A cause at step 0, ρ = 3, lag 2: rates λ at age 1, 3λ at ages 2 and 3."""
    program = make_program(4, 0, [0, OPEN], [0, RATE], links=[(0, 1, link_curve(3, 4, lag=2))])
    assert probabilities(program)[1, 1:] == pytest.approx([1 - exp(-RATE * n) for n in (1, 4, 7)])


def test_link_of_lag_zero_acts_from_the_next_step() -> None:
    """Lag 0 counts as one step: the cause at step 1 leaves step 1 alone and triples the rate in step 2."""
    program = make_program(3, 0, [1, OPEN], [0, RATE], links=[(0, 1, link_curve(3, 3, lag=0))])
    assert probabilities(program)[1, 1:] == pytest.approx([1 - exp(-RATE), 1 - exp(-4 * RATE)])


def test_link_with_half_life_weakens_in_the_exponent() -> None:
    """ρ = 4, half-life one step: M = 4, 4^½ = 2, 4^¼ = √2 at ages 1, 2, 3."""
    program = make_program(4, 0, [0, OPEN], [0, RATE], links=[(0, 1, link_curve(4, 4, half_life=1))])
    assert probabilities(program)[1, -1] == pytest.approx(1 - exp(-RATE * (4 + 2 + sqrt(2))))


def test_parallel_links_multiply() -> None:
    """ρ = 2 at once and ρ = 3 with lag 2: factors 2, then 6."""
    links = [(0, 1, link_curve(2, 3)), (0, 1, link_curve(3, 3, lag=2))]
    program = make_program(3, 0, [0, OPEN], [0, RATE], links=links)
    assert probabilities(program)[1, 1:] == pytest.approx([1 - exp(-2 * RATE), 1 - exp(-8 * RATE)])


def test_policy_scales_a_link_by_calendar_step() -> None:
    """ρ = 4 with scale 1, then ½ in step 2: factors 4, then 4^½ = 2."""
    scale = np.array([[1, 1, 0.5]])
    program = make_program(3, 0, [0, OPEN], [0, RATE], links=[(0, 1, link_curve(4, 3))], link_scale=scale)
    assert probabilities(program)[1, -1] == pytest.approx(1 - exp(-6 * RATE))


def test_prospective_cause_acts_by_when_it_comes() -> None:
    """Two steps, a → b with ρ = 5. In step 1 b comes with P, independent of a; in step 2 at rate 5λ if a came first:

    P(b not by 2) = e^−λ · [e^−λ · e^−λ + (1 − e^−λ) · e^−5λ].
    """
    program = make_program(3, 0, [OPEN, OPEN], [RATE, RATE], links=[(0, 1, link_curve(5, 3))])
    survival = exp(-RATE) * ((1 - P) * exp(-RATE) + P * exp(-5 * RATE))
    assert probabilities(program)[1, -1] == pytest.approx(1 - survival)


def test_cycle_of_links_over_time_is_sound() -> None:
    """a ⇄ b, ρ = 5 both ways, two steps. By symmetry a = b, and b's chance is that of the case without the way back:

    within two steps a's own past is only step 1, which nothing reaches.
    """
    links = [(0, 1, link_curve(5, 3)), (1, 0, link_curve(5, 3))]
    found = probabilities(make_program(3, 0, [OPEN, OPEN], [RATE, RATE], links=links))
    survival = exp(-RATE) * ((1 - P) * exp(-RATE) + P * exp(-5 * RATE))
    assert found[:, -1] == pytest.approx([1 - survival, 1 - survival])


# Conditions and copies (§3)


def test_event_waits_for_what_it_requires_until_the_step_after() -> None:
    """b requires a: by step 1 never; by step 2 only where a came in step 1: P · P."""
    found = probabilities(make_program(3, 0, [OPEN, OPEN], [RATE, RATE], requires=[(1, 0)]))
    assert found[1] == pytest.approx([0, 0, P * P])


def test_event_waits_for_all_that_it_requires() -> None:
    """c requires a (step 0) and b (scheduled at 2): rate λ in step 3 alone."""
    found = probabilities(make_program(4, 0, [0, 2, OPEN], [0, 0, RATE], requires=[(2, 0), (2, 1)]))
    assert found[2] == pytest.approx([0, 0, 0, P])


def test_event_is_shut_off_from_the_step_after_its_preventer() -> None:
    """b prevented by a, two steps: P in step 1 whatever a does there; in step 2 only where neither came."""
    found = probabilities(make_program(3, 0, [OPEN, OPEN], [RATE, RATE], prevented_by=[(1, 0)]))
    assert found[1, 1:] == pytest.approx([P, P + (1 - P) ** 2 * P])


def test_copies_come_one_after_the_other() -> None:
    """b#2 requires b, both at rate λ over three steps. b#2 by 3: b at 1, then two steps; or b at 2, then one."""
    found = probabilities(make_program(4, 0, [OPEN, OPEN], [RATE, RATE], requires=[(1, 0)], copy_of=[0, 0]))
    assert found[1] == pytest.approx([0, 0, P * P, P * (1 - exp(-2 * RATE)) + (1 - P) * P * P])


# Sensitivity to trends (§3, §4)


def test_rate_follows_a_trend_of_the_step_before() -> None:
    """A past event lifts the trend by 2 from step 0 on, β = ln 3 / 2: rate 3λ in every future step."""
    impacts = {(0, 0): impact_curve(3, lasting=2.0)}
    program = make_program(
        3, 0, [0, OPEN], [0, RATE], impacts=impacts, sensitivities=[(1, 0, log(3) / 2)], kinds=[LINEAR]
    )
    assert probabilities(program)[1, 1:] == pytest.approx([1 - exp(-3 * RATE), 1 - exp(-6 * RATE)])


def test_trend_passes_a_pull_on_one_step_after_its_impact() -> None:
    """a scheduled at 1 with an impact of 2 that starts at age 1: d(1) = 0, d(2) = 2, so b's rates are λ, λ, 3λ."""
    impacts = {(0, 0): impact_curve(4, starts=1, lasting=2.0)}
    program = make_program(
        4, 0, [1, OPEN], [0, RATE], impacts=impacts, sensitivities=[(1, 0, log(3) / 2)], kinds=[LINEAR]
    )
    assert probabilities(program)[1, 1:] == pytest.approx([1 - exp(-RATE * n) for n in (1, 2, 5)])


def test_known_deviation_pulls_on_rates() -> None:
    """A known deviation of −1 at step 0 and +1 at step 1, β = ln 2: rates λ/2, then 2λ."""
    program = make_program(
        3, 0, [OPEN], [RATE], sensitivities=[(0, 0, log(2))], kinds=[LINEAR], known_deviation=np.array([[-1.0, 1, 9]])
    )
    assert probabilities(program)[0, 1:] == pytest.approx([1 - exp(-RATE / 2), 1 - exp(-2.5 * RATE)])


def test_coupled_trend_pulls_with_its_lag() -> None:
    """A past event lifts trend 0 by 1 at step 0; coupled with 0.5 at lag 1 into trend 1; β = ln 4: rates λ, then 2λ."""
    program = make_program(
        3,
        0,
        [0, OPEN],
        [0, RATE],
        impacts={(0, 0): impact_curve(3, lasting=1.0)},
        couplings=[(0, 1, 0.5, 1)],
        sensitivities=[(1, 1, log(4))],
        kinds=[LINEAR, LINEAR],
    )
    assert probabilities(program)[1, 1:] == pytest.approx([1 - exp(-RATE), 1 - exp(-3 * RATE)])


# Removal of past events (§7)


def staying(histories: Histories, event_index: int) -> float:
    return float(histories.probability[histories.steps[:, event_index] < NEVER].sum())


def test_what_a_removed_event_brought_falls_out_by_its_fraction() -> None:
    """a → b with ρ = 4: without a, b stays with ¼."""
    program = make_program(3, 2, [0, 1], links=[(0, 1, link_curve(4, 3))])
    assert staying(enumerate_histories(program.without([0])), 1) == pytest.approx(1 / 4)


def test_what_requires_a_removed_event_goes_too() -> None:
    """a → b (ρ = 4), c requires b: c stays where b does, ¼. d requires a: gone. e, unlinked: stays."""
    program = make_program(6, 5, [0, 1, 1, 2, 3], links=[(0, 1, link_curve(4, 6))], requires=[(2, 1), (3, 0)])
    histories = enumerate_histories(program.without([0]))
    assert [staying(histories, event) for event in range(5)] == pytest.approx([0, 1 / 4, 1 / 4, 0, 1])
    assert len(histories) == 2


def test_pull_of_the_past_is_taken_at_the_age_that_it_had() -> None:
    """ρ = 16, half-life 1, B two steps after a: M = 16^½ = 4, stays with ¼. Before its lag, or in its step, no pull."""
    links = [
        (0, 1, link_curve(16, 5, half_life=1)),
        (0, 2, link_curve(16, 5, lag=3)),
        (0, 3, link_curve(16, 5)),
    ]
    histories = enumerate_histories(make_program(5, 4, [0, 2, 2, 0], links=links).without([0]))
    assert [staying(histories, event) for event in range(1, 4)] == pytest.approx([1 / 4, 1, 1])


def test_an_inhibitor_that_fell_out_offsets_a_promoter() -> None:
    """a → c (2), a → B (4), c → B (½). Without a: c falls with ½, then B stays with 1/(4 · ½) = ½, else with ¼.

    P(B stays) = ½ · ½ + ½ · ¼ = 3/8. An inhibitor alone leaves B: min(1, ·).
    """
    links = [(0, 1, link_curve(2, 3)), (0, 2, link_curve(4, 3)), (1, 2, link_curve(0.5, 3))]
    program = make_program(3, 2, [0, 1, 2], links=links)
    assert staying(enumerate_histories(program.without([0])), 2) == pytest.approx(3 / 8)
    assert staying(enumerate_histories(program.without([1])), 2) == pytest.approx(1)


def test_removal_works_through_trends_at_the_age_before() -> None:
    """a lifts a trend by 0, 1, 2 at ages 0, 1, 2; β = ln 3. B at age 2 saw d = 1: K = 3, stays with ⅓."""
    impacts = {(0, 0): impact_curve(4, peaks=2, lasting=2.0)}
    program = make_program(4, 3, [0, 2], impacts=impacts, sensitivities=[(1, 0, log(3))], kinds=[LINEAR])
    assert staying(enumerate_histories(program.without([0])), 1) == pytest.approx(1 / 3)


def test_future_rates_forget_what_fell_out() -> None:
    """a → B (past, 4), B → c (5). Without a, B is there with ¼: P(c) = ¼ (1 − e^−5λ) + ¾ (1 − e^−λ)."""
    links = [(0, 1, link_curve(4, 3)), (1, 2, link_curve(5, 3))]
    program = make_program(3, 1, [0, 1, OPEN], [0, 0, RATE], links=links)
    assert probabilities(program)[2, -1] == pytest.approx(1 - exp(-5 * RATE))
    assert probabilities(program.without([0]))[2, -1] == pytest.approx((1 - exp(-5 * RATE)) / 4 + 3 * P / 4)


def test_only_past_events_can_be_removed() -> None:
    program = make_program(3, 0, [0, 2, OPEN], [0, 0, RATE]).without([1, 2])
    with pytest.raises(ValueError, match=r"only past events can be removed, not \[1, 2\]"):
        enumerate_histories(program)


# Interventions (§7)


def test_set_event_comes_whatever_its_rate_and_requirements() -> None:
    """do(b at 1) though b requires a, which cannot come; c, linked with ρ = 2, then feels it in step 2."""
    program = make_program(
        3, 0, [OPEN, OPEN, OPEN], [0, RATE, RATE], requires=[(1, 0)], links=[(1, 2, link_curve(2, 3))]
    )
    assert probabilities(program.do(1, 1))[1:, 1:] == pytest.approx(np.array([[1, 1], [P, 1 - exp(-3 * RATE)]]))


def test_event_that_is_set_to_never_takes_its_copies_along() -> None:
    """The second copy set to come at 1 still leaves the first to chance; `never` clears both."""
    program = make_program(3, 0, [OPEN, OPEN], [RATE, RATE], requires=[(1, 0)], copy_of=[0, 0])
    assert probabilities(program.do(0, NEVER)).sum() == 0
    assert probabilities(program.do(0, 1))[1] == pytest.approx([0, 0, P])


# Limits


def test_too_many_histories_are_refused_by_number() -> None:
    program = make_program(3, 0, [OPEN] * 4, [RATE] * 4)
    with pytest.raises(LimitError, match=r"met 16 event histories at step 1; at most 15 are held"):
        enumerate_histories(program, limit=15)


def test_rates_that_hang_on_random_noise_are_refused() -> None:
    """Trend 0 is noisy and coupled into trend 1, to which an event is sensitive."""
    one, two = np.array([0], dtype=np.int32), np.array([1], dtype=np.int32)
    noise = Noise.of(1, one, np.ones((1, 3, 1)), one, two, np.ones(1), two)
    program = make_program(4, 0, [OPEN], [RATE], kinds=[LINEAR] * 2, sensitivities=[(0, 1, 1.0)], noise=noise)
    with pytest.raises(LimitError, match=r"event 0 is sensitive to trend 1, which the noise of trend 0 reaches"):
        enumerate_histories(program)


def test_enumeration_may_stop_early() -> None:
    """By step 1 an event has come with P, and there are two histories."""
    histories = enumerate_histories(make_program(9, 0, [OPEN], [RATE]), last_step=1)
    assert sorted(histories.probability) == pytest.approx(sorted([P, 1 - P]))
    assert repr(histories) == "Histories(2 of 1 events)"


def test_enormous_rates_are_certain() -> None:
    """Pulls beyond what exp can hold make the event come at once; the world without it has probability 0."""
    program = make_program(3, 0, [0, OPEN], [0, 1.0], links=[(0, 1, link_curve(9, 3) * 400)])
    assert len(enumerate_histories(program)) == 1
