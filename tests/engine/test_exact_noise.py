"""Which events feel random noise, and whose (method §3, §4)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from etia.engine.exact import enumerate_histories
from etia.engine.exact_noise import FeltNoise, felt_noise
from etia.engine.program import LINEAR, OPEN, Noise, Program
from tests.engine.programs import make_program

RATE = 0.3


def noisy(*, beta: float = 1.0, strength: float = 0.5, lag: int = 1, felt: int = 1, first: int = 1) -> Program:
    """Steps 0 … 3, as_of 0; trend 0 is noisy and coupled into trend 1; event 0 is sensitive to trend `felt`."""
    weight = np.ones((1, 4 - first, 1))
    noise = Noise.of(first, np.array([0]), weight, np.array([0]), np.array([1]), np.array([strength]), np.array([lag]))
    return make_program(4, 0, [OPEN], [RATE], kinds=[LINEAR] * 3, sensitivities=[(0, felt, beta)], noise=noise)


def test_an_event_feels_own_noise_and_coupled_noise() -> None:
    assert felt_noise(noisy(felt=0)) == [FeltNoise(event=0, trend=0, origin=0)]
    assert felt_noise(noisy(felt=1)) == [FeltNoise(event=0, trend=1, origin=0)]


@pytest.mark.parametrize(
    "program",
    [
        noisy(felt=2),
        noisy(beta=0.0),
        noisy(strength=0.0),
        noisy(lag=2),  # reaches trend 1 in step 3, the last, and no rate after it
        noisy(felt=0, first=3),
        noisy().do(0, 2),
        replace(noisy(), fixed_step=np.array([0], dtype=np.int32)),
        replace(noisy(), base_rate=np.array([[0, RATE, RATE, 0]])),
        replace(noisy(), trends=replace(noisy().trends, noise=None)),
    ],
    ids=["other trend", "no pull", "no coupling", "too late", "noise too late", "fixed", "past", "closed", "no noise"],
)
def test_what_noise_does_not_move_can_be_enumerated(program: Program) -> None:
    """Noise from step 1 on is in trend 1 from step 2, and would be felt in step 3."""
    assert felt_noise(program) == []
    assert enumerate_histories(program).probability.sum() == pytest.approx(1)


def test_up_to_a_step_before_noise_is_felt_histories_can_be_enumerated() -> None:
    assert felt_noise(noisy(), last_step=3)
    assert felt_noise(noisy(), last_step=2) == []
    assert len(enumerate_histories(noisy(), last_step=2)) == 3
