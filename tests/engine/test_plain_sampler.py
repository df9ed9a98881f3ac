"""The plain sampler against hand-made runs and against exact enumeration: the twin must itself be right."""

from __future__ import annotations

from functools import partial
from math import log

import numpy as np
import pytest

from etia.engine.exact import enumerate_histories
from etia.engine.exact_calibration import calibrate
from etia.engine.exact_outcomes import event_probabilities, mean, trend_values
from etia.engine.program import LINEAR, NEVER, OPEN
from tests.engine.plain_sampler import plain_past, plain_propagate, plain_rate, plain_sample
from tests.engine.programs import impact_curve, link_curve, make_program, with_rates
from tests.engine.tiny_programs import Tiny, tiny1, tiny4


def test_event_comes_in_the_step_in_which_its_threshold_is_spent() -> None:
    """Rate 0.5 a step from step 1 on: 0.5 is spent in step 1, 0.6 in step 2, 1.6 never by step 3."""
    program = make_program(4, 0, [OPEN], [0.5])
    steps = plain_sample(program, np.array([[0.5], [0.6], [1.6]]))
    np.testing.assert_array_equal(steps[:, 0], [1, 2, NEVER])


def test_cause_spends_the_threshold_faster_from_the_next_step_on() -> None:
    """a scheduled at 1, ρ = 3: rates 0.5, 1.5, 1.5; a threshold of 2 is just spent in step 2."""
    program = make_program(4, 0, [1, OPEN], [0, 0.5], links=[(0, 1, link_curve(3, 4))])
    assert plain_sample(program, np.array([[9.0, 1.999]]))[0, 1] == 2


def test_noise_moves_rates_by_the_step_before() -> None:
    """n(0) = 1 and n(1) = −1 with β = ln 2: rates 2λ, then λ/2, over a known deviation of 0."""
    program = make_program(3, 0, [OPEN], [0.4], kinds=[LINEAR], sensitivities=[(0, 0, log(2))])
    noise = np.array([[1.0, -1.0, 7.0]])
    assert [plain_rate(program, 0, t, [np.inf], noise) for t in (1, 2)] == pytest.approx([0.8, 0.2])


def test_event_falls_out_where_its_uniform_is_not_below_its_chance() -> None:
    """ρ = 4: B stays below ¼. c requires B and shares its step."""
    program = make_program(3, 2, [0, 1, 1], links=[(0, 1, link_curve(4, 3))], requires=[(2, 1)]).without([0])
    assert plain_past(program, np.array([0.0, 0.24, 0.9])) == [np.inf, 1, 1]
    assert plain_past(program, np.array([0.0, 0.25, 0.0])) == [np.inf, np.inf, np.inf]


def test_trends_sum_responses_from_the_step_of_each_event() -> None:
    """Level 10, a ramp to 4 in two steps from step 1 on, noise 0.5 in the last step."""
    program = make_program(
        4, 0, [OPEN], [1], impacts={(0, 0): impact_curve(4, peaks=2, lasting=4)}, kinds=[LINEAR], baseline=[10.0]
    )
    noise = np.array([[[0, 0, 0, 0.5]], [[0, 0, 0, 0.5]]])
    latent = plain_propagate(program, np.array([[1], [NEVER]], dtype=np.int16), noise=noise)
    np.testing.assert_allclose(latent[:, 0], [[10, 10, 12, 14.5], [10, 10, 10, 10.5]])


@pytest.mark.parametrize("tiny", [tiny1(), tiny4()], ids=["tiny1", "tiny4"])
@pytest.mark.parametrize("remove_first", [False, True], ids=["factual", "first event removed"])
def test_runs_agree_with_exact_enumeration(tiny: Tiny, remove_first: bool) -> None:
    """Event probabilities and latent means of 2,000 runs lie within 4.5 standard errors of the exact values."""
    n_runs = 2_000
    rates = calibrate(partial(with_rates, tiny.program, tiny.curves), tiny.curves).rates
    program = with_rates(tiny.program, tiny.curves, rates)
    program = program.without([0]) if remove_first else program
    rng = np.random.default_rng(7)
    shape = (n_runs, program.n_events)
    steps = plain_sample(program, rng.exponential(size=shape), uniforms=rng.random(shape))
    histories = enumerate_histories(program)
    exact = event_probabilities(histories, program.n_steps)
    come = (steps[:, :, None] <= np.arange(program.n_steps)).mean(axis=0)
    assert (np.abs(come - exact) <= 4.5 * np.sqrt(np.clip(exact * (1 - exact), 0, 1) / n_runs) + 1e-12).all()
    values, weights = trend_values(program, histories), histories.probability
    spread = np.sqrt(np.clip(mean(values**2, weights) - mean(values, weights) ** 2, 0, None))
    sampled = plain_propagate(program, steps).mean(axis=0)
    assert (np.abs(sampled - mean(values, weights)) <= 4.5 * spread / np.sqrt(n_runs) + 1e-9).all()
