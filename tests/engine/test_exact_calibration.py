"""Exact calibration against closed forms, and its answer where a probability is out of reach."""

from __future__ import annotations

from functools import partial
from math import exp, log

import numpy as np
import pytest

from etia.engine.exact import enumerate_histories
from etia.engine.exact_calibration import ExactCalibration, calibrate, closed_form_rates
from etia.engine.exact_outcomes import event_probabilities
from etia.engine.program import NEVER, OPEN, Curves, Program
from tests.engine.programs import curves, link_curve, make_program, with_rates


def solve(program: Program, elicited: Curves) -> ExactCalibration:
    return calibrate(partial(with_rates, program, elicited), elicited)


def test_curve_of_an_unmoved_event_has_the_closed_form() -> None:
    """0.3 by step 2 and 0.6 by 5: −ln 0.7 / 2, then (ln 0.7 − ln 0.4) / 3; base and marginal agree."""
    for marginal in (False, True):
        elicited = curves([(0, 1, 2, 2, 0.3, marginal), (0, 3, 7, 5, 0.6, marginal)])
        rates = solve(make_program(8, 0, [OPEN]), elicited).rates
        assert rates == pytest.approx([-log(0.7) / 2, log(0.7 / 0.4) / 3])


def test_curve_may_start_late_and_its_last_rate_goes_on() -> None:
    """0.5 by step 3 from step 2 on: ln 2 / 2 per step in steps 2 … 4, so 1 − 2^−1.5 by step 4."""
    elicited = curves([(0, 2, 4, 3, 0.5, True)])
    program = with_rates(make_program(6, 0, [OPEN]), elicited, closed_form_rates(elicited))
    by_step = event_probabilities(enumerate_histories(program), 6)[0]
    assert by_step == pytest.approx([0, 0, 1 - 2**-0.5, 0.5, 1 - 2**-1.5, 1 - 2**-1.5])


def test_marginal_rate_allows_for_a_past_promoter() -> None:
    """ρ = 4 from the first step on: λ0 is a quarter of the closed form; a base probability keeps the closed form."""
    program = make_program(3, 0, [0, OPEN], links=[(0, 1, link_curve(4, 3))])
    assert solve(program, curves([(1, 1, 2, 2, 0.5, True)])).rates == pytest.approx([log(2) / 8])
    assert solve(program, curves([(1, 1, 2, 2, 0.5, False)])).rates == pytest.approx([log(2) / 2])


def test_marginal_rate_of_what_waits_allows_for_the_wait() -> None:
    """b requires a, one step each: P(b by 2) = P_a · (1 − e^−λ) with P_a = 0.5 by 1: 0.2 needs e^−λ = 0.6."""
    program = make_program(3, 0, [OPEN, OPEN], requires=[(1, 0)])
    rates = solve(program, curves([(0, 1, 1, 1, 0.5, True), (1, 1, 2, 2, 0.2, True)])).rates
    assert rates[1] == pytest.approx(-log(0.6))


def test_events_that_drive_each_other_are_met_jointly() -> None:
    """A cycle of a strong promoter and a strong inhibitor, two points each: every point is met to 1e-12."""
    links = [(0, 1, link_curve(exp(3), 6)), (1, 0, link_curve(exp(-3), 6, half_life=2))]
    points = [
        (e, 1 + 3 * half, 3 + 2 * half, 3 + 2 * half, q, True) for e in (0, 1) for half, q in enumerate([0.4, 0.7])
    ]
    elicited = curves(points)
    found = solve(make_program(6, 0, [OPEN, OPEN], links=links), elicited)
    np.testing.assert_allclose(found.reached, elicited.probability, atol=1e-12)
    assert found.shortfalls == ()


def test_only_free_intervals_are_solved() -> None:
    """b is held at 0.2 a step: a, which b promotes by ρ = 3 from the step after, is met all the same."""
    program = make_program(3, 0, [OPEN, OPEN], links=[(1, 0, link_curve(3, 3))])
    elicited = curves([(0, 1, 2, 2, 0.5, True), (1, 1, 2, 2, 0.9, True)])
    free, held = np.array([True, False]), np.array([9.0, 0.2])
    found = calibrate(partial(with_rates, program, elicited), elicited, free=free, held=held)
    assert found.rates[1] == 0.2
    assert found.reached == pytest.approx([0.5, 1 - exp(-0.4)])


def test_level_curve_has_the_rate_zero() -> None:
    """0.4 by 2 and still 0.4 by 4: nothing may come in between."""
    rates = solve(make_program(5, 0, [OPEN]), curves([(0, 1, 2, 2, 0.4, True), (0, 3, 4, 4, 0.4, True)])).rates
    assert rates == pytest.approx([-log(0.6) / 2, 0])


def test_out_of_reach_names_the_interval_and_the_reachable_probability() -> None:
    """b requires a, which comes by step 1 with 0.5: b can reach 0.5 by step 2 and no more; a is met all the same."""
    program = make_program(3, 0, [OPEN, OPEN], requires=[(1, 0)])
    found = solve(program, curves([(0, 1, 1, 1, 0.5, True), (1, 1, 2, 2, 0.8, True)]))
    assert found.reached == pytest.approx([0.5, 0.5])
    (short,) = found.shortfalls
    assert short.interval == 1
    assert short.reachable == pytest.approx(0.5)


def test_event_that_cannot_come_falls_short_with_zero() -> None:
    """A past preventer shuts the event off for good."""
    program = make_program(3, 0, [0, OPEN], prevented_by=[(1, 0)])
    (short,) = solve(program, curves([(1, 1, 2, 2, 0.3, True)])).shortfalls
    assert (short.interval, short.reachable) == (0, 0)


def test_without_curves_there_is_nothing_to_solve() -> None:
    assert len(solve(make_program(3, 0, [NEVER]), curves([])).rates) == 0
