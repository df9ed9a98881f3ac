"""The exact tables of models with measured trends: mixtures over histories of what their data leave random."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import norm

from etia.compile.cases import Cases
from etia.compile.exact_study import ExactStudy
from etia.compile.study import Settings, Study
from etia.errors import LimitError
from etia.files.load import apply_scenario, load_dict
from etia.mapping.enumeration import exact_tables
from etia.mapping.projections import projections

DATA = [3.1, 2.8, 3.4, 3.0, 2.7, 3.2, 3.3, 2.9]
"""a measured trend's values from 2013 to 2020"""


def measured(**changes: Any) -> dict[str, Any]:
    """One event, with ½ by 2022, lifts a measured trend by 20 % at once; an index hangs on the trend a year later."""
    history = [{"at": 2013 + i, "value": value} for i, value in enumerate(DATA)]
    return {
        "etia": 1,
        "title": "Measured",
        "calendar": {"start": 2013, "as_of": 2020, "end": 2023, "step": "year"},
        "events": {
            "deal": {"title": "Deal", "level": "macro", "probability": {"by": 2022, "value": 0.5}},
            "answer": {"title": "Answer", "level": "meso", "probability": {"by": 2023, "value": 0.3}},
        },
        "links": {"deal -> answer": {"rate_ratio": 3}},
        "trends": {
            "trade": {"title": "Trade", "scale": "log", "history": history, "baseline": {"method": "constant"}},
            "tie": {"title": "Tie", "scale": "logit", "bounds": [0, 100], "constructed": {"from": 2019, "value": 40}},
        },
        "impacts": {"deal -> trade": {"shape": "step", "lasting": "+20%"}},
        "couplings": {"trade -> tie": {"strength": 2.0}},
    } | changes  # fmt: skip


def study_of(raw: dict[str, Any], *scenarios: dict[str, Any]) -> ExactStudy:
    loaded = load_dict(raw)
    return ExactStudy(loaded.model, {f"s{i}": apply_scenario(loaded, s) for i, s in enumerate(scenarios)}, Settings())


def test_the_first_year_ahead_is_a_mixture_of_two_lognormals() -> None:
    """Latent: m = level + φ · last residual, or m + ln 1.2 where the deal has come, each with the innovations' σ.

    The deal comes in 2021 with 1 − √½: ½ by 2022, nothing else at work, is λ = ½ ln 2 a year.
    """
    case = study_of(measured()).case()
    trends = case.program(0).trends
    assert trends.noise is not None
    step, sigma = 8, float(trends.noise.weight[0, 0, 0])
    m = float(trends.baseline[0, step] + trends.known_deviation[0, step])
    p = 1 - np.sqrt(0.5)
    tables = exact_tables([case])
    row = tables["trend_projections"].query("trend == 'trade' and date == '2021'").iloc[0]
    assert row["mean"] == pytest.approx(np.exp(m + sigma**2 / 2) * (1 - p + 1.2 * p), rel=1e-10)
    for level, name in ((0.05, "p5"), (0.5, "p50"), (0.95, "p95")):
        root = brentq(
            lambda x, level=level: (1 - p) * norm.cdf(x, m, sigma) + p * norm.cdf(x, m + np.log(1.2), sigma) - level,
            m - 9, m + 9, xtol=1e-13,
        )  # fmt: skip
        assert row[name] == pytest.approx(np.exp(root), rel=1e-9)
    past = tables["trend_projections"].query("trend == 'trade' and date <= '2020'")
    np.testing.assert_allclose(past[["mean", "p5", "p95"]], np.repeat(np.array(DATA)[:, None], 3, axis=1), rtol=1e-12)


def test_noise_that_a_coupling_passes_on_widens_the_coupled_trend() -> None:
    """In 2022 the index feels twice the noise of 2021 in trade and twice the deal's ln 1.2: a logistic normal mixture.

    The mean by a Riemann sum over z of the same.
    """
    case = study_of(measured()).case()
    trends = case.program(0).trends
    assert trends.noise is not None
    sigma, m = 2.0 * trends.noise.weight[0, 0, 0], trends.baseline[1, 9] + trends.known_deviation[1, 9]
    p, z = 1 - np.sqrt(0.5), np.linspace(-10, 10, 200_001)
    share = [(norm.pdf(z) * expit(m + d + sigma * z)).sum() * (z[1] - z[0]) for d in (0.0, 2.0 * np.log(1.2))]
    found = exact_tables([case])["trend_projections"].query("trend == 'tie' and date == '2022'").iloc[0]
    assert found["mean"] == pytest.approx(100 * ((1 - p) * share[0] + p * share[1]), rel=1e-10)
    latent = np.log(found["p95"] / (100 - found["p95"]))
    reached = (1 - p) * norm.cdf(latent, m, sigma) + p * norm.cdf(latent, m + 2 * np.log(1.2), sigma)
    assert reached == pytest.approx(0.95, abs=1e-10)
    quiet = exact_tables([case])["trend_projections"].query("trend == 'tie' and date == '2021'").iloc[0]
    assert quiet["p5"] == quiet["p95"]


def test_probabilities_are_met_exactly_beside_noise() -> None:
    found = exact_tables([study_of(measured()).case()])["event_probabilities"].set_index(["event", "date"])
    assert found.loc[("deal", "2022"), "probability"] == pytest.approx(0.5, abs=1e-11)
    assert found.loc[("answer", "2023"), "probability"] == pytest.approx(0.3, abs=1e-11)


def test_sampling_comes_to_the_same_bands() -> None:
    """The central model on 20,000 runs: means and quantiles within 4.5 of the errors that it states."""
    exact = exact_tables([study_of(measured()).case()])["trend_projections"]
    case = Study(load_dict(measured()).model, {}, Settings(central=True, runs=20_000)).case()
    for name, found in projections(case).items():
        rows = exact[exact["trend"] == name]
        assert (np.abs(found.mean - rows["mean"]) <= 4.5 * found.se + 1e-9).all()
        misses = np.abs(found.quantiles - rows[["p5", "p25", "p50", "p75", "p95"]].to_numpy().T)
        assert (misses <= 4.5 * found.errors + 1e-3).all()


def felt(trend: str, **changes: Any) -> dict[str, Any]:
    raw = measured()
    per = "+10%" if trend == "trade" else 10
    raw["events"]["answer"]["sensitive_to"] = {trend: {"per": per, "rate_ratio": 1.5, **changes}}
    return raw


@pytest.mark.parametrize(
    ("trend", "told"),
    [
        ("trade", r"event 'answer' is sensitive to trend 'trade'\. Leave out --exact"),
        ("tie", r"sensitive to trend 'tie', to which couplings carry the noise of trend 'trade'\. Leave out --exact"),
    ],
)
def test_an_event_that_feels_noise_is_refused_by_name(trend: str, told: str) -> None:
    with pytest.raises(LimitError, match=told):
        exact_tables(Cases(study_of(felt(trend))))


def test_copies_of_an_event_are_named_once() -> None:
    raw = felt("trade")
    raw["events"]["answer"]["repeats"] = 3
    with pytest.raises(LimitError) as refused:
        exact_tables([study_of(raw).case()])
    assert str(refused.value).count("answer") == 1


def test_noise_that_only_a_scenario_lets_an_event_feel_is_refused_there() -> None:
    study = study_of(measured(), {"events": {"answer": {"sensitive_to": {"trade": {"per": "+10%", "rate_ratio": 2}}}}})
    assert len(exact_tables([study.case()])["event_probabilities"])
    with pytest.raises(LimitError, match="event 'answer' is sensitive to trend 'trade'"):
        exact_tables([study.case("s0")])


def test_a_lens_that_weighs_the_sensitivity_by_nothing_can_be_enumerated() -> None:
    raw = felt("trade", mechanism="m") | {"mechanisms": {"m": {"title": "M"}}}
    raw |= {"lenses": {"none": {"reference": True, "weights": {"m": 0}}, "some": {"weights": {"m": 1}}}}
    study = study_of(raw)
    assert len(exact_tables([study.case()])["trend_projections"])
    with pytest.raises(LimitError, match="feels the random noise"):
        exact_tables([study.case(lens="some")])
