"""The sampler proved against exact enumeration on 300 whole tiny models that use every feature (method §12).

Worlds in which an event feels a measured trend's random noise cannot be enumerated: there the sampler is held to its
plain twin, run by run on the same noise, and to the probabilities that it was calibrated on.

Thousands of comparisons bring chance outliers: what lies outside 4.5 standard errors (taken from the exact values) is
run again on another seed with ten times the runs, and must then lie within.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from etia.compile.judgements import Judgements
from etia.compile.lens import lens_weights
from etia.compile.program import Compiled, compile_model
from etia.engine import exact_calibration
from etia.engine.calibration import Calibrated, calibrate, closed_form_rates
from etia.engine.exact import Histories, enumerate_histories
from etia.engine.exact_laws import Laws, trend_laws
from etia.engine.exact_noise import felt_noise
from etia.engine.exact_outcomes import event_probabilities
from etia.engine.exact_outcomes import to_units as exact_units
from etia.engine.plan import prepare
from etia.engine.propagation import noise_paths, propagate, to_units
from etia.engine.sampler import felt_factors, sample
from etia.engine.streams import Streams, keys, normals, thresholds, uniforms
from etia.errors import LimitError
from etia.files.load import apply_scenario, load_dict
from tests.engine.plain_sampler import plain_noise, plain_propagate, plain_sample
from tests.engine.programs import with_rates
from tests.strategies import FEATURES, tiny_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etia.engine.program import Curves, Floats, Program

N_MODELS = 300
RUNS = 20_000
WIDEST = 4.5


@dataclass(frozen=True)
class Drafted:
    """One world of a tiny model: its Program with calibrated rates, and its exact histories.

    `histories` is None where an event feels random noise. `calibrated` are simulated rates: of a reference model where
    an event does; else rates are exact.
    """

    seed: int
    world: str
    compiled: Compiled
    program: Program
    histories: Histories | None
    calibrated: Calibrated | None = None

    def streams(self, seed: int) -> Streams:
        return _streams(self.compiled, seed)

    @property
    def is_enumerated(self) -> bool:
        return self.histories is not None

    @property
    def exact_events(self) -> Floats:
        """(N, T) probabilities by enumeration."""
        assert self.histories is not None
        return np.clip(event_probabilities(self.histories, self.program.n_steps), 0.0, 1.0)

    @property
    def laws(self) -> Laws:
        assert self.histories is not None
        return trend_laws(self.program, self.histories)


def _streams(compiled: Compiled, seed: int) -> Streams:
    names, courses = compiled.index.names, (compiled.reference or compiled).courses
    measured = [series.name for series in courses.series] if courses else []
    return Streams(keys(seed, "threshold", names), keys(seed, "past", names), keys(seed, "noise", measured))


def _drafted(
    seed: int, world: str, compiled: Compiled, program: Program, calibrated: Calibrated | None = None
) -> Drafted:
    histories = None if felt_noise(program) else enumerate_histories(program)
    return Drafted(seed, world, compiled, program, histories, calibrated)


def _reference(seed: int, world: str, compiled: Compiled, p: int) -> tuple[Drafted, Floats]:
    """A world of a reference model, and its rates: exact ones, or simulated ones where an event feels noise."""
    bare, curves = compiled.program(p, closed_form_rates(compiled.curves.draw(p))), compiled.curves.draw(p)
    found = calibrate(bare, curves, _streams(compiled, seed), RUNS) if felt_noise(bare) else None
    rates = (
        exact_calibration.calibrate(lambda rates: _with_rates(compiled, bare, curves, rates), curves).rates
        if found is None
        else found.rate
    )
    return _drafted(seed, world, compiled, _with_rates(compiled, bare, curves, rates), found), rates


def _with_rates(compiled: Compiled, program: Program, curves: Curves, rates: Floats) -> Program:
    """The program at other base rates, those of a repeating event for its copies too."""
    return replace(program, base_rate=with_rates(program, curves, rates).base_rate[compiled.index.copy_of])


def _worlds(seed: int) -> Iterator[Drafted]:
    tiny = tiny_model(seed)
    loaded = load_dict(tiny.model)
    model = loaded.model
    lens = lens_weights(model)
    central = compile_model(model, lens, Judgements(seed, 1, central=True))
    reference, rates = _reference(seed, "central", central, 0)
    program = reference.program
    yield reference
    yield _reference(seed, "draw", compile_model(model, lens, Judgements(seed, 2), central=central), 1)[0]
    if model.policies:
        acted = central.with_policies(list(model.policies))
        yield _drafted(seed, "policies", acted, acted.program(0, rates))
    past = np.flatnonzero(program.is_past())
    if len(past):
        yield _drafted(seed, "removed", central, program.without([int(past[seed % len(past)])]))
    opened = np.flatnonzero(program.fixed_step < 0)
    if len(opened):
        yield _drafted(seed, "do", central, program.do(int(opened[seed % len(opened)]), program.as_of + 2))
    if tiny.scenario:
        scenario = apply_scenario(loaded, tiny.scenario)
        weights = lens_weights(scenario.model, scenario.lens)
        judgements = Judgements(seed, 1, central=True)
        plain = central if weights == lens else compile_model(model, weights, judgements)
        shifted = compile_model(scenario.model, weights, judgements, chosen=scenario.policies, reference=plain)
        yield _drafted(seed, "scenario", shifted, shifted.program(0, np.full(len(shifted.curves.curves.event), 0.2)))


@cache
def drafted() -> list[Drafted]:
    """Every world of every tiny model, enumerated where no event feels random noise."""
    return [case for seed in range(N_MODELS) for case in _worlds(seed)]


def enumerated() -> list[Drafted]:
    return [case for case in drafted() if case.is_enumerated]


def feeling() -> list[Drafted]:
    """The worlds in which an event feels random noise."""
    return [case for case in drafted() if not case.is_enumerated]


def _paths(case: Drafted, seed: int, n_runs: int) -> Floats:
    """(n_runs, K, T) sampled trends in the latent scale, random noise in them."""
    program, streams = case.program, case.streams(seed)
    noise = noise_paths(program.trends.noise, program.n_trends, streams, n_runs)
    return propagate(program, sample(prepare(program), streams, n_runs), noise=noise)


def _event_misses(case: Drafted, seed: int, n_runs: int) -> Floats:
    """(N, T) distance of sampled from exact event probabilities, in standard errors."""
    exact = case.exact_events
    steps = sample(prepare(case.program), case.streams(seed), n_runs)
    found = (steps[:, :, None] <= np.arange(case.program.n_steps)).mean(axis=0)
    return _missed(found, exact, np.sqrt(np.maximum(exact * (1 - exact), 1e-9) / n_runs))


def _trend_misses(case: Drafted, seed: int, n_runs: int) -> Floats:
    """(K, T) distance of sampled from exact means of trends in their units, in standard errors of the exact law."""
    laws = case.laws
    mean = laws.mean()
    spread = np.sqrt(_variance(laws, mean) / n_runs)
    found = to_units(_paths(case, seed, n_runs), case.program.trends.scales).mean(axis=0)
    return _missed(found, mean, spread + 1e-9 * (1 + np.abs(mean)))


def _variance(laws: Laws, mean: Floats) -> Floats:
    """(K, T) variance of the trends in their units, over histories and, by Gauss and Hermite's quadrature, noise."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(1 if not laws.spread.any() else 24)
    found = np.zeros_like(mean)
    for z, weight in zip(nodes, weights / weights.sum(), strict=True):
        values = exact_units(laws.latent + z * laws.spread, laws.scales)
        found += weight * np.tensordot(laws.probability, (values - mean) ** 2, axes=1)
    return found


def _quantile_misses(case: Drafted, seed: int, n_runs: int) -> Floats:
    """(3, K, T) distance of sampled from exact P(y ≤ exact 5, 50 and 95 % quantile), in standard errors."""
    laws, paths, misses = case.laws, _paths(case, seed, n_runs), []
    for quantile in laws.latent_quantiles((0.05, 0.5, 0.95)) + 1e-9:
        exact = np.where(np.isnan(quantile), np.nan, np.clip(laws.reached(quantile), 0, 1))
        found = np.where(np.isnan(paths).any(axis=0), np.nan, (paths <= quantile).mean(axis=0))
        misses.append(_missed(found, exact, np.sqrt(np.maximum(exact * (1 - exact), 1e-9) / n_runs)))
    return np.array(misses)


def _missed(found: Floats, exact: Floats, error: Floats) -> Floats:
    """Distances in standard errors: 0 where neither has a value, infinite where only one of them has."""
    known = np.isfinite(found) & np.isfinite(exact)
    apart = np.divide(np.abs(found - exact), error, out=np.full(np.shape(known), np.inf), where=known)
    return np.where(np.isnan(found) & np.isnan(exact), 0.0, apart)


def _worst(misses: Floats) -> float:
    return float(np.max(misses, initial=0.0))


def test_a_value_that_only_one_side_has_is_a_miss():
    nothing = np.nan
    found, exact = np.array([1.0, nothing, 2.0, nothing]), np.array([1.5, nothing, nothing, 3.0])
    assert _missed(found, exact, np.full(4, 0.25)).tolist() == [2.0, 0.0, np.inf, np.inf]
    assert _worst(_missed(found, exact, np.full(4, 0.25))) > WIDEST


@pytest.mark.parametrize(
    "misses", [_event_misses, _trend_misses, _quantile_misses], ids=["events", "means", "quantiles"]
)
def test_sampled_worlds_agree_with_exact_enumeration(misses):
    outside = [case for case in enumerated() if _worst(misses(case, case.seed, RUNS)) > WIDEST]
    again = [(case, _worst(misses(case, case.seed + 10_007, 10 * RUNS))) for case in outside]
    assert [(case.seed, case.world, miss) for case, miss in again if miss > WIDEST] == []
    assert len(outside) < 0.05 * len(enumerated())


def test_every_feature_of_the_format_occurs_in_at_least_20_models():
    count = Counter(feature for seed in range(N_MODELS) for feature in tiny_model(seed).features)
    assert {feature: count[feature] for feature in FEATURES if count[feature] < 20} == {}


def test_many_models_have_noise_that_an_event_feels_and_many_have_noise_that_none_does():
    felt, unfelt = ({case.seed for case in cases if case.program.trends.noise} for cases in (feeling(), enumerated()))
    assert len(felt) >= 20
    assert len(unfelt - felt) >= 20


def test_enumeration_refuses_every_world_in_which_an_event_feels_noise():
    for case in feeling():
        with pytest.raises(LimitError, match="takes no random noise into rates"):
            enumerate_histories(case.program)


def _noise(case: Drafted, seed: int, n_runs: int) -> Floats:
    """(n_runs, K, T) the engine's random noise, 0 before its first step."""
    program, out = case.program, np.zeros((n_runs, case.program.n_trends, case.program.n_steps))
    paths = noise_paths(program.trends.noise, program.n_trends, case.streams(seed), n_runs)
    if paths is not None:
        out[:, :, paths[0] :] = paths[1]
    return out


def test_sampler_equals_its_plain_twin_bit_for_bit_on_the_same_thresholds_and_noise():
    for case in drafted():
        plan, n_runs, streams = prepare(case.program), 12, case.streams(case.seed)
        names = case.compiled.index.names
        threshold = thresholds(keys(5, "threshold", names), 0, n_runs)
        uniform, noise = uniforms(streams.past, 0, n_runs), _noise(case, case.seed, n_runs)
        opened = np.ascontiguousarray(threshold[:, plan.open])
        plain = plain_sample(case.program, threshold, noise=noise, uniforms=uniform)
        fast = sample(plan, streams, n_runs, threshold=opened, noise=noise[:, :, case.program.as_of :])
        assert np.array_equal(fast, plain), case
        # the noise of the streams, made only where it is felt
        made = sample(plan, streams, n_runs, threshold=opened, factors=felt_factors(plan, streams, n_runs))
        assert np.array_equal(made, plain), case


def test_noise_equals_its_plain_twin_on_the_same_innovations():
    cases = [case for case in drafted() if case.program.trends.noise and case.world in {"central", "policies"}]
    for case in cases:
        noise, streams = case.program.trends.noise, case.streams(case.seed)
        innovations = [normals(streams.noise[j], 0, 4, noise.weight.shape[2]) for j in range(len(noise.trend))]
        plain = plain_noise(case.program, np.stack(innovations, axis=1))
        np.testing.assert_allclose(_noise(case, case.seed, 4), plain, rtol=1e-12, atol=1e-12)


def test_propagation_equals_its_plain_twin():
    for case in drafted()[::5]:
        streams, noise = case.streams(1), _noise(case, 1, 6)
        steps = sample(prepare(case.program), streams, 6)
        fast = propagate(case.program, steps, noise=(0, noise))
        assert np.allclose(fast, plain_propagate(case.program, steps, noise=noise), equal_nan=True, atol=1e-12)


def test_simulated_calibration_meets_every_elicited_point():
    """Rates solved by simulation, put through enumeration, give back every point within the simulation's error."""
    outside = []
    for case in enumerated():
        if case.world not in {"central", "draw"}:
            continue
        p = 0 if case.world == "central" else 1
        curves = case.compiled.curves.draw(p)
        if not curves.marginal.any():
            continue
        found = calibrate(case.compiled.program(p), curves, case.streams(case.seed), RUNS)
        assert found.is_met.all(), case
        exact = event_probabilities(enumerate_histories(case.compiled.program(p, found.rate)), case.program.n_steps)
        q = curves.probability[curves.marginal]
        reached = exact[curves.event, curves.by_step][curves.marginal]
        worst = np.max(np.abs(reached - q) / np.sqrt(q * (1 - q) / RUNS))
        if worst > WIDEST:
            outside.append((case.seed, case.world, worst))
    assert outside == []


def test_simulated_calibration_meets_every_elicited_point_where_noise_is_felt():
    """Sampled anew on other thresholds and other noise: the errors of both simulations add up."""
    outside = []
    for case in feeling():
        if case.calibrated is None:
            continue
        assert case.calibrated.is_met.all(), case
        curves = case.compiled.curves.draw(0 if case.world == "central" else 1)
        plan, streams = prepare(case.program), case.streams(case.seed + 10_007)
        steps = sample(plan, streams, RUNS, factors=felt_factors(plan, streams, RUNS))
        reached = (steps[:, curves.event] <= curves.by_step).mean(axis=0)[curves.marginal]
        q = curves.probability[curves.marginal]
        worst = np.max(np.abs(reached - q) / np.sqrt(2 * q * (1 - q) / RUNS), initial=0.0)
        if worst > WIDEST:
            outside.append((case.seed, case.world, worst))
    assert outside == []


def test_leaving_calibration_out_misses_elicited_probabilities_by_tens_of_points():
    """A curve read as if nothing else were at work: the README's 40 %, pushed by a link to 93 %."""
    model = {
        "etia": 1, "title": "Chain", "calendar": {"start": 2020, "as_of": 2020, "end": 2030, "step": "year"},
        "events": {
            "pressure": {"title": "Pressure", "level": "macro", "probability": {"by": 2022, "value": 0.9}},
            "answer": {"title": "Answer", "level": "meso", "probability": {"by": 2030, "value": 0.4}},
        },
        "links": {"pressure -> answer": {"rate_ratio": 6}},
    }  # fmt: skip
    compiled = compile_model(
        load_dict(model).model, lens_weights(load_dict(model).model), Judgements(0, 1, central=True)
    )
    curves = compiled.curves.draw(0)
    naive = enumerate_histories(compiled.program(0, exact_calibration.closed_form_rates(curves)))
    answer = compiled.index.place["answer"]
    naively = event_probabilities(naive, compiled.model.timeline.n_steps)[answer, -1]
    assert naively == pytest.approx(0.93, abs=0.005)
    names = compiled.index.names
    streams = Streams(keys(0, "calibration", names), keys(0, "past", names), keys(0, "noise", []))
    found = calibrate(compiled.program(0), curves, streams, RUNS)
    met = enumerate_histories(compiled.program(0, found.rate))
    assert event_probabilities(met, compiled.model.timeline.n_steps)[answer, -1] == pytest.approx(0.4, abs=0.005)


def test_a_copy_of_a_program_with_an_unlinked_event_more_leaves_all_draws_as_they_were():
    tiny = tiny_model(3).model
    at = str(tiny["calendar"]["end"])
    alone = {"title": "Alone", "level": "meso", "probability": {"by": at, "value": 0.5, "meaning": "base"}}
    more = {**tiny, "events": {**tiny["events"], "zz": alone}}
    steps = []
    for model in (tiny, more):
        compiled = compile_model(
            load_dict(model).model, lens_weights(load_dict(model).model), Judgements(0, 1, central=True)
        )
        names = compiled.index.names
        streams = Streams(keys(0, "threshold", names), keys(0, "past", names), keys(0, "noise", []))
        calibrated = calibrate(compiled.program(0), compiled.curves.draw(0), replace(streams), 4000)
        steps.append(sample(prepare(compiled.program(0, calibrated.rate)), streams, 500))
    assert np.array_equal(steps[0], steps[1][:, : steps[0].shape[1]])
