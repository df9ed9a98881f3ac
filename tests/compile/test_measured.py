"""Measured trends through the model road: data met, nothing counted twice, noise as its model says (method §4)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from etia.compile import baselines
from etia.compile.study import Case, Settings, Study
from etia.engine.plan import noise_felt, prepare
from etia.engine.propagation import noise_paths, noise_since
from etia.engine.sampler import sample
from etia.engine.streams import thresholds
from etia.errors import SeriesError
from etia.files.load import load_dict
from tests.engine.plain_sampler import plain_sample

YEARS = range(2000, 2021)


def model(trends: dict[str, Any], **more: Any) -> dict[str, Any]:
    calendar = {"start": "2000", "as_of": "2020", "end": "2030", "step": "year"}
    events = {"shock": {"title": "Shock", "date": "2010", "level": "macro"}}
    return {"etia": 1, "title": "Measured", "calendar": calendar, "events": events, "trends": trends, **more}


def trend(values: list[float], method: str = "constant", scale: str = "linear", **more: Any) -> dict[str, Any]:
    history = [{"at": str(year), "value": float(v)} for year, v in zip(YEARS, values, strict=True) if v is not None]
    return {
        "title": "Y",
        "unit": "units",
        "level": "meso",
        "scale": scale,
        "history": history,
        "baseline": {"method": method},
        **more,
    }


def case(raw: dict[str, Any], **settings: Any) -> Case:
    return Study(load_dict(raw).model, settings=Settings(**{"central": True, "runs": 20_000, **settings})).case()


WAVY = [10 + 0.3 * np.sin(1.7 * i) + 0.05 * ((7 * i) % 5) for i in range(21)]


@pytest.mark.parametrize("method", ["constant", "linear", "damped", "ets"])
def test_history_is_the_data_whatever_the_baseline(method):
    found = case(model({"y": trend(WAVY, method)}, impacts={"shock -> y": {"shape": "step", "lasting": 2}}))
    assert found.outcomes.course(0)[0, :21] == pytest.approx(WAVY, abs=1e-9)


def test_a_past_impact_is_taken_off_before_the_baseline_is_fitted():
    """Data: 10 up to 2009, 15 from 2010. With a step of 5 in 2010 the rest is 10 throughout: constant baseline 10, no
    noise. The future is 10 + 5 for ever, and without the shock 10."""
    found = case(
        model({"y": trend([10.0] * 10 + [15.0] * 11)}, impacts={"shock -> y": {"shape": "step", "lasting": 5}})
    )
    program = found.program(0)
    assert program.trends.baseline[0] == pytest.approx(np.full(31, 10.0))
    assert found.outcomes.values(0)[:5, 21:] == pytest.approx(np.full((5, 10), 15.0))
    without = found.world(lambda p: p.without([0]))
    assert without.values(0)[:5, 10:] == pytest.approx(np.full((5, 21), 10.0))


def test_what_a_coupling_brings_is_taken_off_too():
    """x (measured) is 10, then 14 from 2010, which the shock's step of 4 explains; y = 20 + 0.5 · d_x(t − 1) exactly:
    22 from 2011. The rest of y is 20 throughout."""
    x, y = [10.0] * 10 + [14.0] * 11, [20.0] * 11 + [22.0] * 10
    raw = model({"x": trend(x), "y": trend(y)}, impacts={"shock -> x": {"shape": "step", "lasting": 4}},
                couplings={"x -> y": {"strength": 0.5, "lag": "1 year"}})  # fmt: skip
    assert case(raw).program(0).trends.baseline[1] == pytest.approx(np.full(31, 20.0))


def test_coupled_noise_of_the_past_is_taken_off_whichever_trend_stands_first():
    """y = 5 + 0.5 · (x − baseline of x) a year before, with x wavy: y's own noise is 0 once x's noise is known."""
    x = WAVY
    base = case(model({"x": trend(x)})).program(0).trends.baseline[0, 0]
    y = [5.0] + [5.0 + 0.5 * (x[i - 1] - base) for i in range(1, 21)]
    for names in (("x", "y"), ("y", "x")):
        series = {"x": trend(x), "y": trend(y)}
        raw = model({name: series[name] for name in names}, couplings={"x -> y": {"strength": 0.5, "lag": "1 year"}})
        found = case(raw)
        place = names.index("y")
        assert found.program(0).trends.baseline[place] == pytest.approx(np.full(31, 5.0), abs=1e-6)
        assert found.outcomes.course(place)[0, :21] == pytest.approx(y, abs=1e-9)


def test_noise_ahead_has_the_variance_of_its_autoregression():
    """AR(1): h years on the variance is σ² Σ_{i<h} φ^{2i}, the mean baseline + φ^h · last residual."""
    found = case(model({"y": trend(WAVY)}), runs=40_000)
    course = found.compiled.courses.courses[0]
    phi, sigma = course.psi[1], course.sigma
    values = found.outcomes.values(0, 21)
    h = np.arange(1, 11)
    variance = sigma**2 * np.cumsum(phi ** (2 * (h - 1)))
    assert values.var(axis=0) == pytest.approx(variance, rel=4.5 * np.sqrt(2 / 40_000))
    program = found.program(0).trends
    mean = program.baseline[0, 21:] + (WAVY[20] - program.baseline[0, 20]) * phi**h
    assert np.abs(values.mean(axis=0) - mean).max() < 4.5 * np.sqrt(variance.max() / 40_000)


def test_coupled_noise_adds_its_share_of_variance():
    """z has no data; z(t) = 50 + 0.4 · d_x(t − 1): its variance is 0.16 times x's a year before."""
    z = {"title": "Z", "level": "meso", "constructed": {"from": "2000", "value": 50}}
    found = case(model({"x": trend(WAVY), "z": z}, couplings={"x -> z": {"strength": 0.4, "lag": "1 year"}}))
    x, z_values = found.outcomes.values(0), found.outcomes.values(1)
    assert z_values[:, 25].var() == pytest.approx(0.16 * x[:, 24].var(), rel=1e-9)


def test_gaps_stay_missing_and_the_future_goes_on_from_the_last_datum():
    gappy = [None if i in (5, 6, 12) else WAVY[i] for i in range(21)]
    found = case(model({"y": trend(gappy)}))
    course = found.outcomes.course(0)[0]
    assert np.isnan(course[[5, 6, 12]]).all()
    assert course[[4, 7, 11, 13]] == pytest.approx([WAVY[i] for i in (4, 7, 11, 13)])


def test_annual_data_stand_in_the_middle_of_their_year_and_are_interpolated():
    """Monthly steps: 2019's value stands in June (the earlier of the two middle months), 2020's in the next June."""
    raw = model({"y": trend(WAVY)})
    raw["calendar"] = {"start": "2000", "as_of": "2020-12", "end": "2022", "step": "month"}
    course = case(raw, runs=10).outcomes.course(0)[0]
    june = [12 * 19 + 5, 12 * 20 + 5]
    assert course[june] == pytest.approx([WAVY[19], WAVY[20]])
    assert course[june[0] + 6] == pytest.approx((WAVY[19] + WAVY[20]) / 2)
    assert np.isnan(course[:5]).all()


def test_data_after_as_of_are_never_read():
    raw = model({"y": trend(WAVY)})
    raw["calendar"]["as_of"] = "2015"
    later = model({"y": trend(WAVY[:16] + [99.0] * 5)})
    later["calendar"]["as_of"] = "2015"
    first, second = case(raw, runs=50), case(later, runs=50)
    assert np.array_equal(first.outcomes.latent(0, 16), second.outcomes.latent(0, 16))


def test_too_few_data_are_an_error_that_names_the_number_needed():
    short = {
        **trend(WAVY),
        "history": [{"at": "2018", "value": 1.0}, {"at": "2019", "value": 2.0}],
        "baseline": {"method": "linear"},
    }
    with pytest.raises(SeriesError, match=r"trend 'y'.*4"):
        case(model({"y": short})).outcomes  # noqa: B018 - asking is what runs it


def noisy_model() -> dict[str, Any]:
    raw = model(
        {"y": trend(WAVY, scale="log"), "x": trend(WAVY)},
        couplings={"x -> y": {"strength": 0.1, "lag": "2 years"}},
        impacts={"talks -> y": {"shape": "step", "lasting": "+20%"}},
    )
    raw["events"] |= {
        "talks": {"title": "T", "level": "meso", "probability": {"by": "2026", "value": 0.4},
                  "sensitive_to": {"y": {"per": "+5%", "rate_ratio": 1.8}}},
        "deal": {"title": "D", "level": "meso", "probability": {"by": "2028", "value": 0.5}, "requires": ["talks"],
                 "sensitive_to": {"x": {"per": 0.2, "rate_ratio": 0.6}}},
        "crisis": {"title": "C", "level": "macro", "probability": {"by": "2025", "value": 0.3},
                   "prevented_by": ["deal"]},
    }  # fmt: skip
    raw["events"]["deal"]["probability"]["value"] = 0.2
    raw["links"] = {
        "crisis -> talks": {"rate_ratio": 0.5, "lag": "1 year"},
        "talks -> crisis": {"rate_ratio": 0.3, "half_life": "2 years"},
    }
    return raw


def test_events_that_feel_noise_equal_their_plain_twin():
    found = case(noisy_model())
    program, streams, n_runs = found.program(0), found.streams(0), 200
    first, paths = noise_paths(program.trends.noise, program.n_trends, streams, n_runs, noise_felt(program))
    whole = np.zeros((n_runs, program.n_trends, program.n_steps))
    whole[:, :, first:] = paths
    threshold = thresholds(streams.threshold, 0, n_runs)
    plan = prepare(program)
    fast = sample(
        plan,
        streams,
        n_runs,
        noise=noise_since((first, paths), program.as_of),
        threshold=np.ascontiguousarray(threshold[:, plan.open]),
    )
    assert np.array_equal(fast, plain_sample(program, threshold, noise=whole))


def test_calibration_meets_elicited_points_of_events_that_feel_noise():
    found = case(noisy_model(), runs=200_000)
    steps = found.outcomes.steps
    for name, by, q in (("talks", 26, 0.4), ("deal", 28, 0.2), ("crisis", 25, 0.3)):
        reached = (steps[:, found.compiled.index.place[name]] <= by).mean()
        assert abs(reached - q) < 4.5 * np.sqrt(q * (1 - q) * (1 / 200_000 + 1 / 20_000)), name


def test_a_scenario_keeps_baseline_and_own_noise():
    """A scenario that doubles the past shock's size: history moves by the difference, the baseline stays."""
    from etia.files.load import apply_scenario

    loaded = load_dict(model({"y": trend(WAVY)}, impacts={"shock -> y": {"shape": "step", "lasting": 2}}))
    scenario = apply_scenario(loaded, {"etia": 1, "title": "Double", "impacts": {"shock -> y": {"lasting": 4}}})
    study = Study(loaded.model, {"double": scenario}, Settings(central=True, runs=50))
    plain, double = study.case(), study.case("double")
    assert double.program(0).trends.baseline == pytest.approx(plain.program(0).trends.baseline, nan_ok=True)
    assert double.outcomes.latent(0, 21) == pytest.approx(plain.outcomes.latent(0, 21) + 2.0)


def test_memories_of_trends_that_are_coupled_both_ways_are_sought_a_few_times_only(monkeypatch: pytest.MonkeyPatch):
    """Each pass shrinks the change by the couplings' product, 0.04; a search is no finer than about 1e-7."""
    sought, estimate = [], baselines.estimate

    def counted(*given: Any) -> Any:
        sought.append(given[0])
        return estimate(*given)

    monkeypatch.setattr(baselines, "estimate", counted)
    rng = np.random.default_rng(7)
    trends = {"a": trend(rng.normal(10, 1, 21), "ets"), "b": trend(rng.normal(10, 1, 21))}
    couplings = {"a -> b": {"strength": 0.2}, "b -> a": {"strength": 0.2}}
    raw = model(trends, couplings=couplings)
    case = Study(load_dict(raw).model, settings=Settings(central=True)).case()
    values = case.program(0).trends
    assert len(sought) <= 20
    known = values.baseline + values.known_deviation
    for k, name in enumerate(trends):
        data = [datum["value"] for datum in raw["trends"][name]["history"]]
        np.testing.assert_allclose(known[k, :21], data, atol=1e-10)
