"""Reruns from factual runs against the sampler, run by run: two roads to the same worlds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from etia.compile.study import Case, Settings, Study
from etia.engine.plan import prepare
from etia.engine.program import NEVER
from etia.engine.sampler import felt_factors, sample
from etia.engine.worlds import World, ground, rerun
from etia.files.load import apply_scenario, load
from tests.strategies import SCENARIO, tiny_model, write_model

if TYPE_CHECKING:
    from pathlib import Path

    from etia.engine.program import Program, Steps
    from etia.engine.streams import Streams
    from etia.engine.worlds import Ground

RUNS = 200


def _cases(seed: int, folder: Path) -> list[Case]:
    tiny = tiny_model(seed)
    loaded = load(write_model(tiny, folder / "model"))
    scenarios = {SCENARIO: apply_scenario(loaded, SCENARIO)} if tiny.scenario else {}
    study = Study(loaded.model, scenarios, Settings(2, RUNS))
    return [study.case(name) for name in ("reference", *scenarios)]


def _sampled(program: Program, streams: Streams) -> Steps:
    plan = prepare(program)
    return sample(plan, streams, RUNS, factors=felt_factors(plan, streams, RUNS))


def _steps(found: Ground, program: Program, world: World) -> Steps:
    run = rerun(found, world)
    out = np.empty((RUNS, program.n_events), dtype=np.int16)
    out[:, found.past.event] = np.where(run.fell, NEVER, found.past.step)
    out[:, found.mover] = np.where(run.offset >= program.n_steps - program.as_of, NEVER, run.offset + program.as_of)
    return out


def _worlds(program: Program, event: int) -> list[tuple[World, Program]]:
    if program.is_past()[event]:
        return [(World(removed=(event,)), program.without([event]))]
    if program.copy_of[event] != event:
        return []
    copies = np.flatnonzero(program.copy_of == event).tolist()
    step = program.as_of + 1 + (7 * event) % (program.n_steps - program.as_of - 1)
    never = World(fixed=tuple((copy, NEVER) for copy in copies))
    return [(World(fixed=((event, step),)), program.do(event, step)), (never, program.do(event, NEVER))]


@pytest.mark.parametrize("seed", range(12))
def test_a_rerun_is_what_the_sampler_gives_in_the_changed_world(seed: int, tmp_path: Path) -> None:
    for case in _cases(seed, tmp_path):
        program, streams = case.program(1), case.streams(1)
        found = ground(program, streams, _sampled(program, streams))
        for event in range(program.n_events):
            for world, changed in _worlds(program, event):
                expected = _sampled(changed, streams)
                np.testing.assert_array_equal(_steps(found, program, world), expected, err_msg=f"{case} {world}")


def test_a_world_without_a_change_is_the_factual_one(tmp_path: Path) -> None:
    case = _cases(3, tmp_path)[0]
    program, streams = case.program(0), case.streams(0)
    factual = _sampled(program, streams)
    np.testing.assert_array_equal(_steps(ground(program, streams, factual), program, World()), factual)
