"""Sampling over many steps against its plain twin: what goes in vectors goes over whole ones and their rests."""

from __future__ import annotations

import numpy as np
import pytest

from etia.engine.plan import prepare
from etia.engine.program import LINEAR, OPEN, Noise
from etia.engine.propagation import noise_paths, noise_since
from etia.engine.sampler import sample
from etia.engine.streams import Streams, keys, thresholds
from tests.engine.plain_sampler import plain_sample
from tests.engine.programs import impact_curve, link_curve, make_program

N_EVENTS, N_RUNS = 9, 60
NAMES = [f"e{i}" for i in range(N_EVENTS)]
STREAMS = Streams(keys(3, "threshold", NAMES), keys(3, "past", NAMES), keys(3, "noise", ["a", "b"]))


def _world(n_steps: int, seed: int, *, noisy: bool, acting: bool):
    """Eight open events and a past one; fading, late and lasting links, impacts that are felt, a loop of conditions."""
    rng = np.random.default_rng(seed)
    as_of = 2
    links = []
    for target in range(1, N_EVENTS):
        for source in rng.choice([e for e in range(N_EVENTS) if e != target], 3, replace=False):
            half_life = [np.inf, 3.0, 20.0][rng.integers(3)] if target > 3 else np.inf
            curve = link_curve(np.exp(rng.normal()), n_steps, lag=int(rng.integers(0, 12)), half_life=half_life)
            links.append((int(source), target, curve))
    noise = None
    if noisy:
        age = np.subtract.outer(np.arange(n_steps - 3), np.arange(n_steps - 3))
        weight = np.where(age >= 0, 0.5 * 0.8 ** np.maximum(age, 0), 0.0)
        none = np.zeros(0, dtype=np.int32)
        noise = Noise.of(3, np.array([0, 1]), np.array([weight, weight]), none, none, np.zeros(0), none)
    scale = None
    if acting:
        scale = np.ones((len(links), n_steps))
        scale[::4, n_steps // 2 :] = 0.3
    return make_program(
        n_steps, as_of, [1, *[OPEN] * (N_EVENTS - 1)], [0.0, *rng.uniform(0.2, 1.5, N_EVENTS - 1) / n_steps],
        links=links, link_scale=scale, requires=[(4, 2)], prevented_by=[(5, 3), (2, 6)],
        sensitivities=[(7, 0, 0.4), (8, 1, -0.3), (7, 1, 0.2)],
        impacts={(e, e % 2): impact_curve(n_steps, starts=2, peaks=9, lasting=rng.normal()) for e in range(N_EVENTS)},
        kinds=[LINEAR, LINEAR], noise=noise,
    )  # fmt: skip


@pytest.mark.parametrize("acting", [False, True])
@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("n_steps", [5, 11, 19, 70, 131])
def test_many_steps_agree_with_the_plain_twin(n_steps, noisy, acting):
    program = _world(n_steps, n_steps, noisy=noisy, acting=acting)
    paths = noise_paths(program.trends.noise, 2, STREAMS, N_RUNS)
    whole = None if paths is None else np.pad(paths[1], ((0, 0), (0, 0), (paths[0], 0)))
    found = sample(prepare(program), STREAMS, N_RUNS, noise=noise_since(paths, program.as_of))
    expected = plain_sample(program, thresholds(STREAMS.threshold, 0, N_RUNS), noise=whole)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("first", [0, 1, 59])
def test_a_run_is_the_same_whatever_runs_are_sampled_with_it(first):
    program = _world(70, 1, noisy=False, acting=False)
    plan = prepare(program)
    alone = sample(plan, STREAMS.starting_at(first), 1)
    assert np.array_equal(alone[0], sample(plan, STREAMS, N_RUNS)[first])


def _strong(n_events: int, n_steps: int):
    """Open events alone, each pulled on by four others, tenfold or a tenth, and one in five shut off by another."""
    rng = np.random.default_rng(n_events)
    links = [
        (int(source), target, link_curve(10.0 ** rng.uniform(-1, 1), n_steps, lag=int(rng.integers(0, 9))))
        for target in range(n_events)
        for source in rng.choice(np.delete(np.arange(n_events), target), 4, replace=False)
    ]
    shut = [(b, (7 * b + 1) % n_events) for b in range(0, n_events, 5)]
    rates = rng.uniform(0.02, 1.5, n_events) / n_steps
    return make_program(n_steps, 0, [OPEN] * n_events, rates, links=links, prevented_by=shut)


def _streams(n_events: int) -> Streams:
    names = [f"e{i}" for i in range(n_events)]
    return Streams(keys(5, "threshold", names), keys(5, "past", names), keys(5, "noise", []))


def _agrees(program, n_runs: int) -> None:
    streams = _streams(program.n_events)
    assert np.array_equal(
        sample(prepare(program), streams, n_runs), plain_sample(program, thresholds(streams.threshold, 0, n_runs))
    )


@pytest.mark.parametrize("n_events", [6, 64, 70, 130])
def test_strong_links_between_many_events_agree_with_the_plain_twin(n_events):
    _agrees(_strong(n_events, 40), 60)


def test_an_event_may_both_quicken_another_and_prevent_it():
    """A chain of 60: what quickens an event shuts it off at the same step, and nothing is looked up any more."""
    n_events, n_steps = 60, 200
    links = [(a, a + 1, link_curve(3.0, n_steps, lag=2)) for a in range(n_events - 1)]
    shut = [(a + 1, a) for a in range(n_events - 1)]
    program = make_program(n_steps, 0, [OPEN] * n_events, [0.02] * n_events, links=links, prevented_by=shut)
    _agrees(program, 40)


@pytest.mark.parametrize(("rate_ratio", "n_links"), [(1e6, 1), (1e6, 3), (1e18, 1), (1e6, 40)])
def test_an_event_does_not_come_before_what_brings_it_however_strong_that_is(rate_ratio, n_links):
    """The target cannot come from step 20 to 39, its causes come at 28: what rounding loses of a rest is not all."""
    rate, at_28 = np.where(np.arange(60) < 20, 1e-7, 0.02), np.zeros(60)
    rate[20:40], at_28[28] = 0.0, 5.0
    links = [(a, n_links, link_curve(rate_ratio, 60)) for a in range(n_links)]
    _agrees(make_program(60, 0, [OPEN] * (n_links + 1), [at_28] * n_links + [rate], links=links), 200)


@pytest.mark.parametrize("log_ratio", [-720.0, -600.0, 698.0])
def test_ratios_beyond_what_numbers_hold_neither_warn_nor_mislead(log_ratio):
    """With another pull that slows the event down, and one that shuts it off."""
    late = np.where(np.arange(60) < 30, 0.0, log_ratio)
    links = [(0, 2, late), (1, 2, link_curve(0.05, 60))]
    _agrees(make_program(60, 0, [OPEN] * 3, [0.2, 0.05, 0.001], links=links, prevented_by=[(2, 1)]), 400)
    _agrees(make_program(60, 0, [OPEN] * 3, [0.2, 0.05, 0.1], links=links), 400)


def test_runs_do_not_depend_on_the_block_that_they_are_taken_in():
    program, n_runs = _world(70, 2, noisy=False, acting=False), 5000
    plan = prepare(program)
    pieces = [sample(plan, STREAMS.starting_at(first), 625) for first in range(0, n_runs, 625)]
    assert np.array_equal(sample(plan, STREAMS, n_runs), np.concatenate(pieces))
