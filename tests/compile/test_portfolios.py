"""A draw under a portfolio made from the draw without policies: the same as compiling the policies in."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from etia.compile.policies import policies
from etia.compile.portfolios import OpenChoice
from etia.compile.study import Settings, Study
from etia.engine.plan import prepare
from etia.engine.sampler import sample
from etia.files.load import apply_scenario, load_dict
from tests.strategies import tiny_model

RUNS = 300


def effects(case, spans=None):
    plain = case.compiled
    return {
        name: policies(
            plain.model, [name], plain.index, plain.lens, plain.judgements, plain.links, plain.impacts, spans=spans
        )
        for name in plain.model.policies
    }


@cache
def cases(n_models=120):
    """Tiny models with policies, as they stand and under their scenarios, in the central model or in two draws."""
    found = []
    for seed in range(n_models):
        tiny = tiny_model(seed)
        if "policies" not in tiny.model:
            continue
        loaded = load_dict(tiny.model)
        over = {"shift": apply_scenario(loaded, tiny.scenario)} if tiny.scenario else {}
        study = Study(loaded.model, over, Settings(draws=2, runs=RUNS, seed=seed, central=seed % 3 > 0))
        found += [study.case(name, policies=()) for name in ("reference", *over)]
    return found


def both_roads(case, portfolio):
    """The plan and steps of the last draw: from the open choice, and with the policies compiled in."""
    p = case.study.settings.n_draws - 1
    choice = OpenChoice(case.compiled, p, case.study.rates(case.scenario)[p], effects(case))
    plan, compiled = choice.chosen(portfolio).plan, prepare(case.with_policies(portfolio).program(p))
    return choice, plan, compiled, sample(plan, case.streams(p), RUNS), sample(compiled, case.streams(p), RUNS)


def portfolios(case):
    names = list(case.model.policies)
    return [names[:1], names] if len(names) > 1 else [names]


def test_runs_under_a_portfolio_are_those_of_the_compiled_policies():
    compared = 0
    for case in cases():
        for portfolio in portfolios(case):
            _, _, _, found, compiled = both_roads(case, portfolio)
            assert np.array_equal(found, compiled), (case, portfolio)
            compared += 1
    assert compared > 100


def test_hazards_and_deviations_under_a_portfolio_are_those_of_the_compiled_policies():
    for case in cases():
        for portfolio in portfolios(case):
            choice, plan, compiled, _, _ = both_roads(case, portfolio)
            assert np.allclose(plan.hazard, compiled.hazard, rtol=1e-11, atol=0), (case, portfolio)
            moved = choice.plan.deviation[:, compiled.program.as_of :] + choice.chosen(portfolio).deviation
            assert np.allclose(moved, compiled.deviation[:, compiled.program.as_of :], atol=1e-12), (case, portfolio)


def test_responses_under_a_portfolio_are_those_of_the_compiled_policies():
    seen = 0
    for case in cases():
        for portfolio in portfolios(case):
            choice, _, compiled, _, _ = both_roads(case, portfolio)
            trends = compiled.program.trends
            as_of, n_steps = compiled.program.as_of, compiled.program.n_steps
            for source, rows in choice.chosen(portfolio).rows:
                for step in range(as_of + 1, n_steps):
                    row = rows[step - as_of]
                    expected = trends.response[trends.response_row[source, step], :, : n_steps - as_of]
                    plain = choice.program.trends.response[choice.program.copy_of[source], :, : n_steps - as_of]
                    found = choice.variants[row] if row >= 0 else plain
                    assert np.allclose(found, expected, atol=1e-12), (case, portfolio)
                    seen += 1
    assert seen > 100


def test_the_empty_portfolio_and_policies_without_effects_change_nothing():
    case = cases()[0]
    nothing = {"events": {}, "links": {}, "impacts": {}, "trends": {}}
    idle = case.model.policies["policy_1"].model_copy(update=nothing)
    model = case.model.model_copy(update={"policies": {"idle": idle}})
    study = Study(model, {}, Settings(draws=2, runs=RUNS))
    case = study.case()
    choice = OpenChoice(case.compiled, 0, study.rates("reference")[0], effects(case))
    for portfolio in ([], ["idle"]):
        chosen = choice.chosen(portfolio)
        assert chosen.plan is choice.plan
        assert not chosen.deviation.any()


@pytest.mark.parametrize("seed", [0, 7])
def test_what_other_portfolios_were_asked_for_before_changes_nothing(seed):
    case = next(case for case in cases() if len(case.model.policies) == 2 and case.study.settings.seed >= seed)
    names, p = list(case.model.policies), 0
    rate = case.study.rates(case.scenario)[p]
    alone = OpenChoice(case.compiled, p, rate, effects(case)).chosen(names).plan
    choice = OpenChoice(case.compiled, p, rate, effects(case))
    for portfolio in ([], names[1:], names[:1]):
        choice.chosen(portfolio)
    again = choice.chosen(names).plan
    assert np.array_equal(again.hazard, alone.hazard)
    assert np.array_equal(again.marched.surface, alone.marched.surface)
