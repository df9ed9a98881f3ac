from __future__ import annotations

import numpy as np
import pytest

from etia.engine.paths import courses, fill_paths
from etia.engine.program import NEVER

N_STEPS = 150


def _world(n_events: int, n_runs: int = 300):
    """Responses of some events on 3 trends by age, and runs in which half of the events come; all events move."""
    rng = np.random.default_rng(n_events)
    response = rng.normal(size=(n_events, 3, N_STEPS)) * (rng.random((n_events, 3, 1)) < 0.6)
    steps = rng.integers(0, N_STEPS, size=(n_runs, n_events)).astype(np.int16)
    steps[rng.random(steps.shape) < 0.5] = NEVER
    return rng.normal(size=(3, N_STEPS)), response, steps


def _plain(shared, response, row, steps, first, n):
    """The same sums, event by event and step by step."""
    out = np.repeat(shared[None, :, first : first + n], len(steps), axis=0)
    for run, came in zip(out, steps.tolist(), strict=True):
        for event, tau in enumerate(came):
            if tau < first + n:
                begin = max(tau, first)
                run[:, begin - first :] += response[row[event, tau], :, begin - tau : first + n - tau]
    return out


@pytest.mark.parametrize("n_runs", [1, 300])
@pytest.mark.parametrize("n_events", [1, 5, 20, 64, 70, 150])
@pytest.mark.parametrize(("first", "n"), [(0, N_STEPS), (30, 120), (20, 56), (20, 33), (140, 10), (149, 1)])
def test_paths_are_sums_of_look_ups_to_the_last_bit(n_events, first, n, n_runs):
    shared, response, steps = _world(n_events, n_runs)
    row = np.repeat(np.arange(n_events)[:, None], N_STEPS, axis=1)
    laid_out = courses(shared[:, first : first + n], response, np.arange(n_events), row, first, 0)
    out = np.empty((len(steps), 3, n))
    fill_paths(laid_out, steps, out)
    assert np.array_equal(out, _plain(shared, response, row, steps, first, n))


@pytest.mark.parametrize("shift", [1, 3, 8, 15])
def test_paths_may_lie_anywhere_in_memory(shift):
    shared, response, steps = _world(9)
    row = np.repeat(np.arange(9)[:, None], N_STEPS, axis=1)
    memory = np.full(len(steps) * 3 * N_STEPS + 32, np.nan, dtype=np.float32)
    out = memory[shift : shift + len(steps) * 3 * N_STEPS].reshape(len(steps), 3, N_STEPS)
    fill_paths(courses(shared, response, np.arange(9), row, 0, 0, kind=np.float32), steps, out)
    assert np.allclose(out, _plain(shared, response, row, steps, 0, N_STEPS), atol=1e-5)
    assert np.isnan(memory[:shift]).all()
    assert np.isnan(memory[shift + out.size :]).all()


def test_events_that_move_none_of_the_trends_may_stand_among_those_that_do():
    shared, response, steps = _world(90)
    response[::2] = 0.0
    moving = np.arange(10, 90)
    row = np.repeat(moving[:, None], N_STEPS, axis=1)
    out = np.empty((len(steps), 3, N_STEPS))
    fill_paths(courses(shared, response, moving, row, 0, 0), steps, out)
    still = np.where(np.arange(90) < 10, NEVER, steps)
    assert np.array_equal(
        out, _plain(shared, response, np.repeat(np.arange(90)[:, None], N_STEPS, 1), still, 0, N_STEPS)
    )


def test_moving_events_may_stand_in_any_order():
    """Past events that a removal may take along follow the open ones, whatever their numbers are."""
    shared, response, steps = _world(5)
    response[:] = np.random.default_rng(2).normal(size=response.shape)
    moving = np.array([1, 4, 2, 0, 3])
    row, out = np.repeat(moving[:, None], N_STEPS, axis=1), np.empty((len(steps), 3, N_STEPS))
    fill_paths(courses(shared, response, moving, row, 0, 0), steps, out)
    plain = _plain(shared, response, np.repeat(np.arange(5)[:, None], N_STEPS, axis=1), steps, 0, N_STEPS)
    assert np.allclose(out, plain, rtol=0, atol=1e-12)  # added up in another order


def test_trends_that_nothing_moves_keep_their_shared_course():
    shared, response, steps = _world(4)
    for axis, shape in ((1, (len(steps), 3, N_STEPS)), (0, (3, len(steps), N_STEPS))):
        out = np.empty(shape)
        fill_paths(
            courses(shared, 0.0 * response, np.arange(4), np.zeros((4, N_STEPS), int), 0, 0),
            steps,
            out,
            trend_axis=axis,
        )
        assert np.array_equal(out, np.broadcast_to(np.expand_dims(shared, 1 - axis), shape))


def test_a_response_may_hang_on_the_step_at_which_the_event_comes():
    shared, response, steps = _world(6)
    row = np.random.default_rng(1).integers(0, 6, size=(6, N_STEPS))
    out = np.empty((3, len(steps), N_STEPS))
    fill_paths(courses(shared, response, np.arange(6), row, 0, 0), steps, out, trend_axis=0)
    assert np.array_equal(out.transpose(1, 0, 2), _plain(shared, response, row, steps, 0, N_STEPS))


def test_paths_in_single_precision_differ_by_rounding_alone():
    shared, response, steps = _world(20)
    row = np.repeat(np.arange(20)[:, None], N_STEPS, axis=1)
    out = np.empty((len(steps), 3, N_STEPS), dtype=np.float32)
    fill_paths(courses(shared, response, np.arange(20), row, 0, 0, kind=np.float32), steps, out)
    assert np.allclose(out, _plain(shared, response, row, steps, 0, N_STEPS), atol=1e-5)
