"""A draw under many portfolios at once: run by run the same as compiling each portfolio's policies in."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from etia.compile.policies import policies
from etia.compile.portfolios import OpenChoice
from etia.compile.study import Settings, Study
from etia.engine.plan import noise_felt
from etia.engine.propagation import noise_paths
from etia.engine.sampler import noise_factors, sample
from etia.engine.streams import thresholds
from etia.engine.variations import Windows, vary
from etia.files.load import apply_scenario, load_dict
from tests.strategies import tiny_model

RUNS = 300


def effects(case):
    c = case.compiled
    return {
        name: policies(c.model, [name], c.index, c.lens, c.judgements, c.links, c.impacts) for name in c.model.policies
    }


@cache
def cases(n_models=80):
    """Tiny models with policies, as they stand and under their scenarios, in the central model or in two draws."""
    found = []
    for seed in range(n_models):
        tiny = tiny_model(seed, with_data=False)
        if "policies" not in tiny.model:
            continue
        loaded = load_dict(tiny.model)
        over = {"shift": apply_scenario(loaded, tiny.scenario)} if tiny.scenario else {}
        study = Study(loaded.model, over, Settings(draws=2, runs=RUNS, seed=seed, central=seed % 3 > 0))
        found += [study.case(name, policies=()) for name in ("reference", *over)]
    return found


def portfolios(case):
    names = list(case.model.policies)
    return [[], names[:1], names] if len(names) > 1 else [[], names]


def final_windows(choice, choices):
    """Every trend at the last step, in its latent scale: plain sums, as if all trends were linear."""
    program, plan = choice.program, choice.plan
    n, k = program.n_steps, program.n_trends
    begin = program.as_of if not len(plan.loose.event) else 0
    rows = np.unique(program.copy_of[choice.sources])
    known = program.trends.response[rows][:, :, : n - begin]
    scaled = np.zeros((len(choices.response), *known.shape[1:]))
    scaled[:, :, : choices.response.shape[2]] = choices.response
    response = np.concatenate([known, scaled])
    zeros = np.zeros(k)
    course = (program.trends.baseline + plan.deviation)[:, -1] + choices.deviation[:, :, -1]
    return Windows(
        np.arange(k + 1), np.full(k, n - 1 - program.as_of), zeros.astype(np.int64), zeros, zeros, np.ones(k), course,
        np.zeros((1, k)), response, response, np.any(response, axis=2),
        np.searchsorted(rows, program.copy_of[choice.sources]),
        np.where(choices.schedule >= 0, choices.schedule + len(rows), -1), choices.scheduled,
    )  # fmt: skip


def read(case, p):
    """(V, R, K) latent trends at the last step in draw p, under every portfolio at once."""
    choice = OpenChoice(case.compiled, p, case.study.rates(case.scenario)[p], effects(case))
    choices = choice.under(portfolios(case))
    plan, streams = choice.plan, case.streams(p)
    threshold = thresholds(streams.threshold[plan.open], streams.first_run, RUNS)
    factors = np.ones((1, 1, 1))
    steps = sample(plan, streams, RUNS, threshold=threshold, factors=factors)
    return vary(plan, choices.pairs, steps, threshold, factors, choices.changes, final_windows(choice, choices))


def test_every_run_under_every_portfolio_is_that_of_the_compiled_policies():
    changed = 0
    for case in cases():
        p = case.study.settings.n_draws - 1
        found, last = read(case, p), case.calendar.n_steps - 1
        for v, portfolio in enumerate(portfolios(case)):
            outcomes = case.with_policies(portfolio).outcomes if portfolio else case.outcomes
            for k in range(len(case.trend_names)):
                expected = outcomes.latent(k, last, last)[p * RUNS :, 0]
                assert np.allclose(found[v, :, k], expected, atol=1e-11), (case, portfolio)
            changed += int(np.any(outcomes.steps != case.outcomes.steps, axis=1).sum())
    assert changed > 3_000


def curve(q):
    return {"by": 2030, "value": q, "meaning": "base"}


HISTORY = [{"at": str(year), "value": float(year % 4) + 3.0} for year in range(2000, 2011)]
NOISY = {
    "etia": 1,
    "title": "Noise, chains and conditions",
    "calendar": {"start": 2000, "as_of": 2010, "end": 2030, "step": "year"},
    "events": {f"e{i}": {"title": f"E {i}", "level": "meso", "probability": curve(0.2 + 0.05 * i)} for i in range(9)},
    "links": {},
    "trends": {
        "y": {"title": "Y", "history": HISTORY, "baseline": {"method": "constant"}},
        "x": {"title": "X", "scale": "logit", "bounds": [0, 100], "constructed": {"from": 2010, "value": 40}},
        "z": {"title": "Z", "scale": "log", "constructed": {"from": 2010, "value": 40}},
    },
    "impacts": {},
    "couplings": {"x -> y": {"strength": 0.3}, "y -> z": {"strength": 0.05}},
    "policies": {},
}


def noisy(seed):
    """A model in which everything acts on everything, drawn from a seed."""
    rng = np.random.default_rng(seed)
    model = {
        **NOISY,
        "events": {name: dict(body) for name, body in NOISY["events"].items()},
        "links": {},
        "impacts": {},
    }
    names = list(model["events"])
    for a in names:
        for b in names:
            if a != b and rng.random() < 0.35:
                body = {"rate_ratio": float(np.exp(rng.normal()))}
                body |= {"lag": f"{rng.integers(1, 6)} years"} if rng.random() < 0.5 else {}
                body |= {"half_life": f"{rng.integers(1, 9)} years"} if rng.random() < 0.5 else {}
                model["links"][f"{a} -> {b}"] = body
        trend = str(rng.choice(["x", "y", "z"]))
        size = float(rng.normal()) * (1 if trend == "y" else 8)
        size = f"{size}%" if trend == "z" else size
        course = {"shape": "ramp", "peaks": f"{rng.integers(1, 5)} years", "lasting": size}
        model["impacts"][f"{a} -> {trend}"] = course
    model["events"]["e1"]["sensitive_to"] = {"x": {"per": 10, "rate_ratio": 1.6}, "y": {"per": 1, "rate_ratio": 1.4}}
    model["events"]["e2"]["sensitive_to"] = {"z": {"per": "+20%", "rate_ratio": 0.6}}
    model["events"]["e3"] |= {"requires": ["e0"], "repeats": 3}
    model["events"]["e4"] |= {"prevented_by": ["e5"]}
    model["events"]["e6"] |= {"requires": ["e3", "e1"], "prevented_by": ["e8"]}
    for i, name in enumerate(("p", "q", "s")):
        link, impact = (str(rng.choice(list(model[part]))) for part in ("links", "impacts"))
        ratios = {str(e): {"rate_ratio": float(np.exp(rng.normal()))} for e in rng.choice(names, 3, replace=False)}
        body = {"title": name, "from": 2012 + 2 * i, "events": ratios, "links": {link: {"scale": 0.3}}}
        body |= {"until": 2022} if i == 1 else {}
        body |= {
            "impacts": {impact: {"scale": 1.8}},
            "trends": {"x": {"shape": "step", "lasting": float(rng.normal())}},
        }
        model["policies"] = {**model["policies"], name: body}
    return load_dict(model).model


@pytest.mark.parametrize("seed", range(12))
def test_noise_chains_half_lives_and_conditions_come_out_run_by_run_as_compiled(seed):
    """Rates by the closed form: the runs' agreement is at stake, not the curves'."""
    study = Study(noisy(seed), {}, Settings(runs=400, central=True, seed=seed))
    case = study.case()
    choice = OpenChoice(case.compiled, 0, study.rates("reference")[0], effects(case))
    names = list(case.model.policies)
    chosen = [[], *([name] for name in names), names[:2], names]
    choices = choice.under(chosen)
    program, plan, streams = choice.program, choice.plan, case.streams(0)
    first, paths = noise_paths(program.trends.noise, program.n_trends, streams, 400, noise_felt(program))
    noise = np.zeros((400, program.n_trends, program.n_steps - program.as_of))
    noise[:, :, first - program.as_of :] = paths
    threshold = thresholds(streams.threshold[plan.open], streams.first_run, 400)
    factors = noise_factors(plan, noise)
    steps = sample(plan, streams, 400, threshold=threshold, factors=factors)
    windows = final_windows(choice, choices)
    whole = noise_paths(program.trends.noise, program.n_trends, streams, 400)[1][:, :, -1]
    found = vary(plan, choices.pairs, steps, threshold, factors, choices.changes, replace(windows, noise=whole))
    last = case.calendar.n_steps - 1
    for v, portfolio in enumerate(chosen):
        outcomes = case.with_policies(portfolio).outcomes if portfolio else case.outcomes
        for k in range(3):
            assert np.allclose(found[v, :, k], outcomes.latent(k, last, last)[:, 0], atol=1e-9), portfolio


def test_the_empty_portfolio_and_policies_without_effects_change_nothing():
    case = cases()[0]
    nothing = {"events": {}, "links": {}, "impacts": {}, "trends": {}}
    idle = case.model.policies["policy_1"].model_copy(update=nothing)
    study = Study(case.model.model_copy(update={"policies": {"idle": idle}}), {}, Settings(draws=2, runs=RUNS))
    case = study.case()
    choices = OpenChoice(case.compiled, 0, study.rates("reference")[0], effects(case)).under([[], ["idle"]])
    assert not len(choices.changes.changed)
    assert not len(choices.changes.surface_pair)
    assert not choices.deviation.any()
