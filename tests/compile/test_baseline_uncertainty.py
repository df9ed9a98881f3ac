"""What the data leave open about baselines: bands that hold what comes, about best values that stay (method §4, §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.linalg import null_space, toeplitz
from scipy.special import ndtr

from etia.compile import baselines
from etia.compile.baselines.estimation import counted
from etia.compile.baselines.forms import METHODS, Regression
from etia.compile.baselines.memory import Smoothing
from etia.compile.baselines.uncertainty import _at_percentiles, _course, _log_evidence, _memories
from etia.compile.study import Settings, Study
from etia.engine.streams import keys, uniforms
from etia.files.load import load_dict
from etia.mapping.sensitivity import used_judgements
from tests.compile.hand_models import drawn, event, judged, measured, study

if TYPE_CHECKING:
    from collections.abc import Callable

    Floats = np.ndarray[Any, np.dtype[np.float64]]

HORIZONS = np.array([1, 3, 10])


def percentiles(seed: int, n_draws: int) -> Callable[[str], Floats]:
    return lambda name: uniforms(keys(seed, "baseline", [name]), 0, n_draws)[:, 0]


def forecast(method: str, past: Floats, n_draws: int, seed: int = 0, horizon: int = 10) -> tuple[Floats, Floats]:
    """Means and standard deviations of every draw, (draws, horizon) each; without draws the best values' alone."""
    window = np.ones(len(past), dtype=bool)
    found = baselines.estimate(method, past, window)
    prepared = baselines.prepare(found, ~np.isnan(past), window, horizon)
    drawn = baselines.draws(found, past, window, horizon, percentiles(seed, n_draws)) if n_draws else None
    fits = [prepared.fit(past, None, drawn[p]) for p in range(n_draws)] if drawn else [prepared.fit(past)]
    means = np.array([fit.baseline[..., fit.last + 1 :] + fit.known for fit in fits])
    return means, np.array([np.sqrt((fit.spread**2).sum(axis=1)) for fit in fits])


def places(method: str, series: list[Floats], n_draws: int, horizon: int = 10) -> Floats:
    """(series, horizons) the percentile of what came in what was forecast."""
    found = []
    for seed, one in enumerate(series):
        means, sds = forecast(method, one[:-horizon], n_draws, seed, horizon)
        found.append(ndtr((one[-horizon:] - means) / sds).mean(axis=0)[HORIZONS - 1])
    return np.array(found)


def held(at: Floats, share: float) -> Floats:
    return np.asarray((np.abs(at - 0.5) < share / 2).mean(axis=0))


def autoregression(rng: np.random.Generator, n: int, phi: float) -> Floats:
    noise = rng.normal(size=n)
    noise[0] /= np.sqrt(1 - phi**2)
    for t in range(1, n):
        noise[t] += phi * noise[t - 1]
    return noise


def smoothed(rng: np.random.Generator, memory: Smoothing, n: int) -> Floats:
    return memory.course(n) @ np.array([0.0, 0.3]) + memory.spread(n) @ rng.normal(size=n)


@pytest.mark.parametrize("method", ["constant", "linear"])
def test_bands_of_a_level_and_of_a_line_hold_what_they_say(method):
    """Series with φ from its prior: then percentiles of what comes are uniform, whatever the length of the series."""
    rng, n = np.random.default_rng(5), 120
    phis = 0.99 * np.sin(np.pi * (rng.random(n) - 0.5))
    at = places(method, [5 + autoregression(rng, 24, phi) for phi in phis], 40)
    for share in (0.5, 0.9):
        error = np.sqrt(share * (1 - share) / n)
        assert held(at, share) == pytest.approx(np.full(3, share), abs=3 * error + 0.01), share


def test_bands_of_a_damped_trend_hold_what_they_say():
    """Smoothing and damping even over their box, which is their prior; the normal about the mode costs a little."""
    rng, n = np.random.default_rng(6), 80
    form = METHODS["damped"](1)[0]
    lower, upper = np.array(form.box).T
    memories = [form.memory(lower + (upper - lower) * rng.random(3)) for _ in range(n)]
    at = places("damped", [smoothed(rng, memory, 40) for memory in memories], 40)
    for share in (0.5, 0.9):
        error = np.sqrt(share * (1 - share) / n)
        assert held(at, share) == pytest.approx(np.full(3, share), abs=3 * error + 0.03), share


def test_best_values_alone_hold_too_little_of_a_line_with_memory():
    """φ = 0.8 and 24 data, ten ahead: as if known 90 % bands hold about half of what comes, drawn ones 85 % or more."""
    rng, n = np.random.default_rng(7), 80
    series = [autoregression(rng, 34, 0.8) for _ in range(n)]
    error = np.sqrt(0.9 * 0.1 / n)
    assert held(places("linear", series, 0), 0.9)[-1] < 0.7
    assert held(places("linear", series, 40), 0.9)[-1] > 0.87 - 2 * error


@pytest.mark.parametrize("n_states", [0, 1, 2])
def test_the_evidence_of_a_memory_is_that_of_what_is_free_of_states(n_states):
    """States integrated out = the density of contrasts K'y, K'Z = 0: |K'ΩK|^−½ (y'K (K'ΩK)⁻¹ K'y)^−(m−k)/2."""
    y, form = np.random.default_rng(1).normal(size=12).cumsum(), Regression(n_states)
    series = counted("linear", y, np.ones(12, dtype=bool))
    contrast = null_space(np.vander(np.arange(12.0), n_states, increasing=True).T) if n_states else np.eye(12)

    def by_contrasts(phi: float) -> float:
        omega = contrast.T @ toeplitz(phi ** np.arange(12) / (1 - phi**2)) @ contrast
        free = contrast.T @ y
        return float(
            -np.linalg.slogdet(omega)[1] / 2 - (12 - n_states) / 2 * np.log(free @ np.linalg.solve(omega, free))
        )

    own = [_log_evidence(form, np.array([phi]), series)[0] for phi in (-0.3, 0.4, 0.9)]
    assert np.diff(own) == pytest.approx(np.diff([by_contrasts(phi) for phi in (-0.3, 0.4, 0.9)]))


def test_short_series_are_not_taken_for_forgetful():
    """φ = 0.7, 20 data about a line: the likeliest φ is far too low on the mean, the median of its draws is not."""
    rng, best, middle = np.random.default_rng(2), [], []
    form, window = Regression(2), np.ones(20, dtype=bool)
    for _ in range(60):
        y = autoregression(rng, 20, 0.7)
        best.append(baselines.estimate("linear", y, window).memory.weights(2)[1])
        middle.append(_at_percentiles(*_memories(form, counted("linear", y, window)), np.array([0.5]))[0])
    assert np.mean(best) < 0.5
    assert np.mean(middle) == pytest.approx(0.7, abs=0.12)


def test_states_given_memory_and_innovations_vary_as_generalised_least_squares_says():
    """Var(z'x̂) = σ² z'(Z'Ω⁻¹Z)⁻¹z at every period, for each draw's own φ: errors over their spread are standard."""
    y = np.random.default_rng(3).normal(size=15)
    window = np.ones(15, dtype=bool)
    found = baselines.estimate("linear", y, window)
    drawn = baselines.draws(found, y, window, 5, percentiles(0, 4000))
    z = np.vander(np.arange(20.0), 2, increasing=True)
    scores = []
    for p in range(0, 4000, 4):
        phi = drawn.psi[p, 1]
        omega = toeplitz(phi ** np.arange(15) / (1 - phi**2))
        spread = drawn.sigma[p] * np.sqrt(np.diag(z @ np.linalg.inv(z[:15].T @ np.linalg.solve(omega, z[:15])) @ z.T))
        scores.append(drawn.error[p] / spread)
    assert np.mean(scores, axis=0) == pytest.approx(np.zeros(20), abs=4 / np.sqrt(1000))
    assert np.std(scores, axis=0) == pytest.approx(np.ones(20), abs=4 / np.sqrt(2000))


def test_what_gaps_leave_open_is_drawn_from_the_innovations_given_the_data():
    """Twin: dense conditioning of the innovations on the observed periods."""
    memory = Smoothing(0.6, 0.1, 0.9, has_slope=True)
    rng = np.random.default_rng(4)
    rest = smoothed(rng, memory, 12)
    rest[[4, 5, 9]] = np.nan
    times = np.flatnonzero(~np.isnan(rest))
    normals = rng.normal(size=(20_000, 3))
    ahead = np.array([_course(memory, rest, times, 4, gaps=one)[12:] for one in normals[:4000]])
    spread, z = memory.spread(16), memory.course(16)
    observed = spread[times, :12]
    omega = observed @ observed.T
    x = np.linalg.solve(z[times].T @ np.linalg.solve(omega, z[times]), z[times].T @ np.linalg.solve(omega, rest[times]))
    mean = z[12:] @ x + spread[12:, :12] @ observed.T @ np.linalg.solve(omega, rest[times] - z[times] @ x)
    left = spread[12:, :12] @ (np.eye(12) - observed.T @ np.linalg.solve(omega, observed)) @ spread[12:, :12].T
    assert ahead.mean(axis=0) == pytest.approx(mean, abs=4 * np.sqrt(left.max() / 4000))
    assert np.cov(ahead.T) == pytest.approx(left, abs=4 * left.max() / np.sqrt(2000))


@pytest.mark.parametrize("method", METHODS)
def test_a_series_that_never_moves_leaves_nothing_open(method):
    window, given = np.ones(20, dtype=bool), np.full(30, 7.0)
    found = baselines.estimate(method, np.full(20, 7.0), window, 1, given)
    assert baselines.draws(found, np.full(20, 7.0), window, 5, percentiles(0, 3), given) is None


# Through the model

SERIES = {str(1996 + i): 10 + 0.4 * i + float(np.sin(1.3 * i) + np.cos(0.4 * i)) for i in range(25)}
LONG = {"start": "1996", "as_of": "2020", "end": "2030", "step": "year"}


def fitted(method: str, **more: Any) -> Any:
    return study(calendar=LONG, trends={"y": measured(SERIES, method)}, **more)


@pytest.mark.parametrize("method", ["constant", "linear", "damped", "ets"])
def test_baseline_past_responses_and_residual_add_up_to_the_data_in_every_draw(method):
    found = fitted(method, settings=drawn(8, 1), events={"a": event(date="2005")},
                   impacts={"a -> y": {"lasting": [0, 2, 5]}}).case()  # fmt: skip
    for run in found.outcomes.latent(0):
        assert run[:25] == pytest.approx(list(SERIES.values()), abs=1e-9)
    ends = [found.program(p).trends.baseline[0, -1] for p in range(8)]
    assert len(set(ends)) == 8


@pytest.mark.parametrize("method", ["constant", "linear", "damped", "ets"])
def test_draws_lie_about_the_central_model_s_values(method):
    """Means over 400 draws of baseline and of all that is known at every later step, within 4 standard errors of the
    central model's; `damped` and `ets` are centred on the mode of their smoothing, not on its mean."""
    many, central = fitted(method, settings=drawn(400, 1)).case(), fitted(method).case()
    best, slack = central.program(0).trends, 0.1 if method in ("damped", "ets") else 0.0
    for name in ("baseline", "known_deviation"):
        values = np.array([getattr(many.program(p).trends, name)[0, 24:] for p in range(400)])
        expected, spread = getattr(best, name)[0, 24:], values.std(axis=0)
        assert (abs(values.mean(axis=0) - expected) <= (4 / np.sqrt(400) + slack) * spread + 1e-9).all(), name
        assert spread.max() > 0 or name == "known_deviation"


def test_a_further_trend_or_event_leaves_a_baseline_s_draws_as_they_were():
    alone = fitted("linear", settings=drawn(5, 1)).case()
    more = study(calendar=LONG, settings=drawn(5, 1), events={"a": event(date="2005")},
                 trends={"z": measured(SERIES), "y": measured(SERIES, "linear")}).case()  # fmt: skip
    for p in range(5):
        assert np.array_equal(alone.program(p).trends.baseline[0], more.program(p).trends.baseline[1])


def test_scenarios_policies_and_counterfactuals_keep_a_draw_s_baseline_and_noise():
    scenario = {"no": {"events": {"a": {"happens": "never"}}}}
    trends = {"y": measured(SERIES, "linear")}
    found = study(scenario, calendar=LONG, settings=drawn(4, 2), events={"a": event(date="2005")}, trends=trends,
                  impacts={"a -> y": {"lasting": [0, 2, 5]}})  # fmt: skip
    for p in range(4):
        plain, other = found.case().program(p).trends, found.case("no").program(p).trends
        assert np.array_equal(plain.baseline, other.baseline)
        assert np.array_equal(plain.noise.weight, other.noise.weight)


def test_lenses_share_the_percentiles_of_a_baseline():
    """Under both lenses the same draws lie high: where impacts hardly differ, errors hardly do."""
    raw = {"etia": 1, "title": "T", "calendar": LONG, "events": {"a": event(date="2005")},
           "mechanisms": {"m": {"title": "M"}},
           "lenses": {"one": {"reference": True}, "two": {"weights": {"m": 0.9}}},
           "trends": {"y": measured(SERIES, "linear")},
           "impacts": {"a -> y": {"lasting": 1, "mechanism": "m"}}}  # fmt: skip
    found = study_of(raw, drawn(40, 1))
    ends = [
        [found.case(lens=lens).compiled.baseline_draws[0].error[p, -1] for p in range(40)] for lens in ("one", "two")
    ]
    assert np.corrcoef(ends)[0, 1] > 0.99


def study_of(raw: dict[str, Any], settings: dict[str, Any]) -> Any:
    return Study(load_dict(raw).model, settings=Settings(**settings))


def test_the_fit_of_a_baseline_stands_in_the_sensitivity_table():
    trends = {"y": measured(SERIES, "linear"), "z": judged(50, "2017")}
    found = study(calendar=LONG, settings=drawn(60, 4), trends=trends).case()
    assert list(used_judgements(found)) == ["trends.y.baseline"]
