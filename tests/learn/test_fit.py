"""The fit over the model's own road: sizes that made the data are found again, nothing counts twice, priors hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.stats import kstest

import etia
from etia.cli.fit import command
from etia.errors import UsageError
from etia.files.load import load, load_dict
from etia.learn.designs import size_line
from etia.learn.fit import COLUMNS, fit_model
from etia.learn.proposal import overlay, proposal_text, write_proposal
from tests.learn.models import ar1, study

LOOK_EAST = Path(__file__).parents[2] / "models" / "look_east"
N, AT = 40, 20
EVENTS = {"a": {"date": "2000"}}


IMPACT = {"lasting": [-20, 0, 20]}


def step(n=N, at=AT):
    return (np.arange(n) >= at).astype(float)


def fitted(values, impact, **more):
    return fit_model(study(values, events=more.pop("events", EVENTS), impacts={"a -> y": impact}, **more).model)


def noise(seed=0, n=N, sigma=1.0):
    return ar1(np.random.default_rng(seed), n, sigma=sigma)


def test_the_tables_columns_are_those_of_the_outputs_page():
    table = fitted(noise() + 5 * step(), {"lasting": [0, 4, 8]}).table
    assert list(table.columns) == COLUMNS
    assert table[["event", "trend", "parameter"]].values.tolist() == [["a", "y", "lasting"]]


def test_a_step_that_made_the_data_is_found_whatever_the_prior_says():
    row = fitted(noise(sigma=0.3) + 5 * step(), {"lasting": [-10, 0, 10]}).table.iloc[0]
    assert row["p5"] < 5 < row["p95"]
    assert row["p95"] - row["p5"] < 2
    assert not row["contradicted"]  # ±10 with the best guess 0 allows for 5


def test_a_size_far_from_the_elicited_range_is_contradicted():
    row = fitted(noise(sigma=0.3) + 5 * step(), {"lasting": [-2, -1, 0]}).table.iloc[0]
    assert row["contradicted"]
    assert row["moved"] > 2


def test_without_information_the_prior_stays():
    # the response begins with the last datum but one: level and noise of two data say little against ±0.1
    row = fitted(noise(), {"lasting": [-0.1, 0, 0.1]}, events={"a": {"date": "2018"}}).table.iloc[0]
    assert (row["p5"], row["p95"]) == pytest.approx((row["prior_p5"], row["prior_p95"]), abs=0.01)
    assert abs(row["moved"]) < 0.1


def test_a_certain_size_is_taken_off_and_has_no_row():
    impacts = {"a -> y": {"lasting": 5}, "b -> y": {"lasting": [-8, 0, 8]}}
    values = noise(sigma=0.2) + 5 * step() + 3 * step(at=30)
    model = study(values, events={**EVENTS, "b": {"date": "2010"}}, impacts=impacts).model
    table = fit_model(model).table.set_index("event")
    assert table.index.tolist() == ["b"]
    assert table.loc["b", "p5"] < 3 < table.loc["b", "p95"]


def test_peak_and_lasting_move_together_as_they_are_drawn():
    impact = {"peaks": 0, "settles": "4 years", "peak": [0, 10, 20], "lasting": [0, 5, 10]}
    table = fitted(noise(sigma=0.2), impact).table.set_index("parameter")
    assert table.loc["peak", "moved"] == table.loc["lasting", "moved"]
    assert table.loc["peak", "p50"] == pytest.approx(2 * table.loc["lasting", "p50"], abs=0.05)
    assert table.loc["peak", "contradicted"]


def test_sizes_are_in_the_units_that_the_analyst_writes():
    doubled = np.exp(noise(sigma=0.05) + np.log(2) * step())
    row = fitted(doubled, {"lasting": ["+10%", "+80%", "+200%"]}, scale="log").table.iloc[0]
    assert row["p5"] < 100 < row["p95"]
    # from 50 to 73.1 of 100 is logit 1: 25 points at mid-scale
    share = 100 / (1 + np.exp(-(noise(sigma=0.02) + step())))
    history = {"title": "Y", "scale": "logit", "bounds": [0, 100], "baseline": {"method": "constant"}}
    points = [{"at": str(1980 + i), "value": float(v)} for i, v in enumerate(share)]
    model = study(np.zeros(N), events=EVENTS, impacts={"a -> y": {"lasting": [0, 20, 50]}},
                  trends={"y": {**history, "history": points}}).model  # fmt: skip
    row = fit_model(model).table.iloc[0]
    assert row["p5"] < 25 < row["p95"]


def test_data_after_as_of_are_not_known():
    values = noise(sigma=0.3) + 5 * step()
    early = fitted(values, {"lasting": [-1, 0, 8]}, as_of=2005).table
    changed = np.where(np.arange(N) > 25, -1e3, values)
    assert fitted(changed, {"lasting": [-1, 0, 8]}, as_of=2005).table.equals(early)


def test_an_event_after_as_of_has_no_row():
    assert not len(fitted(noise(), {"lasting": [0, 1, 2]}, as_of=1995).table)


@pytest.mark.parametrize("method", ["linear", "damped", "ets"])
def test_a_clear_step_is_found_beside_every_baseline(method):
    values = noise(sigma=0.2) + 6 * step() + 0.1 * np.arange(N)
    row = fitted(values, {"lasting": [0, 5, 10]}, baseline=method).table.iloc[0]
    assert row["p5"] < 6 < row["p95"]
    assert row["p95"] - row["p5"] < 0.7 * (row["prior_p95"] - row["prior_p5"])


def test_under_given_points_the_course_is_not_fitted():
    points = {"title": "Y", "baseline": {"method": "points", "points": [{"at": "1980", "value": 1}]}}
    history = [{"at": str(1980 + i), "value": float(v)} for i, v in enumerate(1 + noise(sigma=0.2) + 3 * step())]
    model = study(np.zeros(N), events=EVENTS, impacts={"a -> y": {"lasting": [0, 2, 8]}},
                  trends={"y": {**points, "history": history}}).model  # fmt: skip
    row = fit_model(model).table.iloc[0]
    assert row["p5"] < 3 < row["p95"]


def test_what_couplings_bring_is_taken_off():
    # x jumps by 4 and passes half of it on to y a year later; a itself does 3 to y
    extra = {"x": {"title": "X", "constructed": {"from": "1980", "value": 0}}}
    later = np.r_[0, step()[:-1]]
    values = noise(sigma=0.2) + 3 * step() + 2 * later
    impacts = {"a -> y": {"lasting": [-5, 2, 9]}, "a -> x": {"lasting": 4}}
    coupled = {"x -> y": {"strength": 0.5, "lag": "1 year"}}
    model = study(values, events=EVENTS, impacts=impacts, trends=extra, couplings=coupled).model
    row = fit_model(model).table.set_index("trend").loc["y"]
    assert row["p5"] < 3 < row["p95"]
    assert row["p95"] < 4.5


def test_uncertain_timing_is_summed_over():
    values = noise(sigma=0.3) + 5 * step(at=AT + 3)
    certain = fitted(values, {"starts": "3 years", "lasting": [-10, 0, 10]})
    open_ = fitted(values, {"starts": ["0 years", "3 years", "6 years"], "lasting": [-10, 0, 10]})
    assert len(certain.trends[0].posterior.log_evidence) == 1
    assert len(open_.trends[0].posterior.log_evidence) == 40
    row = open_.table.iloc[0]
    assert row["p5"] < 5 < row["p95"]


def test_a_lens_that_halves_a_mechanism_reads_twice_the_size():
    theory = {
        "mechanisms": {"m": {"title": "M"}},
        "lenses": {"one": {"reference": True}, "half": {"weights": {"m": 0.5}}},
    }
    values = noise(sigma=0.2) + 3 * step()
    model = study(
        values, events=EVENTS, impacts={"a -> y": {"lasting": [-20, 0, 20], "mechanism": "m"}}, **theory
    ).model
    one, half = fit_model(model).table.iloc[0], fit_model(model, lens="half").table.iloc[0]
    assert half["p50"] == pytest.approx(2 * one["p50"], rel=0.1)


def test_simulation_based_calibration_over_the_models_own_road():
    """Sizes drawn from the prior lie at uniform percentiles of their posteriors, for 120 simulated histories."""
    rng, percentiles = np.random.default_rng(5), []
    fading = {"peaks": "2 years", "settles": "6 years", "peak": {"p5": -3, "p50": 0, "p95": 3}}
    impacts = {"a -> y": {"lasting": {"p5": -2, "p50": 1, "p95": 4}}, "b -> y": fading}
    events = {"a": {"date": "1992"}, "b": {"date": "2001"}}
    ages = np.arange(30) - 21
    pulse = np.interp(ages, [0, 2, 6], [0, 1, 0], left=0, right=0)
    for _ in range(120):
        scores = rng.normal(size=2)
        sizes = np.array([1 + 3 / 1.6449 * scores[0], 3 / 1.6449 * scores[1]])
        values = sizes[0] * step(30, 12) + sizes[1] * pulse + ar1(rng, 30, phi=rng.uniform(-0.4, 0.9), sigma=0.8)
        fits = fit_model(study(values, events=events, impacts=impacts).model, draws=1)
        percentiles.append(fits.trends[0].posterior.cdf(np.r_[scores, 1.0])[:2])
    p_values = [kstest(column, "uniform").pvalue for column in np.array(percentiles).T]
    assert min(p_values) > 0.01


def test_an_elicited_range_becomes_a_normal_with_its_median_and_width():
    model = study(noise(), events=EVENTS, impacts={"a -> y": {"lasting": {"p5": -2, "p50": 1, "p95": 4}}}).model
    line = size_line(model.impacts["a -> y"].lasting, model.trends["y"])
    assert line == pytest.approx((1.0, 6 / (2 * 1.6448536)), abs=0.02)


def test_the_proposal_is_read_back_with_the_fitted_sizes(tmp_path):
    loaded = study(
        noise(sigma=0.3) + 5 * step(), events=EVENTS, impacts={"a -> y": {"lasting": [-10, 0, 10], "note": "So."}}
    )
    fits = fit_model(loaded.model)
    path = write_proposal(proposal_text(fits, loaded.model, name="m", seed=0), tmp_path / "p.yaml", model_path=None)
    impact = overlay(loaded, path).model.impacts["a -> y"]
    assert impact.fitted_on == ("y",)
    assert impact.lasting.quantity.p50 == pytest.approx(fits.table["p50"].iloc[0], rel=0.01)
    assert "40 data of y, 1980 to 2019" in impact.note
    assert impact.note.endswith("So.")


def test_what_the_data_say_nothing_of_is_not_called_fitted():
    model = study(noise(3), events={"a": {"date": "2018"}}, impacts={"a -> y": {"lasting": [-0.1, 0, 0.1]}}).model
    text = proposal_text(fit_model(model), model, name="m", seed=0)
    assert "impacts: {}" in text
    assert "0 impacts; 1 more" in text


def test_the_analysts_own_files_are_never_written(tmp_path):
    (tmp_path / "model").mkdir()
    own = tmp_path / "model" / "model.yaml"
    own.write_text("etia: 1")
    with pytest.raises(UsageError, match="never written"):
        write_proposal("x", own, model_path=tmp_path / "model")
    with pytest.raises(UsageError, match="never written"):
        write_proposal("x", own, model_path=own, force=True)
    other = tmp_path / "notes.yaml"
    other.write_text("mine")
    with pytest.raises(UsageError, match="no proposal"):
        write_proposal("x", other, model_path=tmp_path / "model")


def test_a_file_that_is_no_proposal_is_refused(tmp_path):
    loaded = study(noise(), events={**EVENTS, "b": {"probability": {"by": "2022", "value": 0.2}}})
    with pytest.raises(UsageError, match="there is no file"):
        overlay(loaded, tmp_path / "none.yaml")
    scenario = tmp_path / "s.yaml"
    scenario.write_text("etia: 1\nevents: {b: {probability: {by: 2022, value: 0.9}}}\n")
    with pytest.raises(UsageError, match="use --scenario"):
        overlay(loaded, scenario)


def test_the_verb_prints_what_moved_and_writes_the_proposal(tmp_path):
    place = tmp_path / "p.yaml"
    result = CliRunner().invoke(command, [str(LOOK_EAST), "-o", str(place), "--draws", "4"])
    assert result.exit_code == 0, result.output
    assert "trade: baseline linear, 15 data 2005 to 2024" in result.output
    assert overlay(load(LOOK_EAST), place).model.impacts["jcpoa_exit -> rial_rate"].fitted_on == ("rial_rate",)


def test_a_model_without_data_has_nothing_to_fit():
    model = load_dict(
        {"etia": 1, "title": "T", "calendar": {"start": "2000", "as_of": "2020", "end": "2030", "step": "year"}}
    ).model
    assert not len(fit_model(model).table)


def test_the_false_alarm_rate_is_asked_for_and_lies_below_a_half(tmp_path):
    asked = [str(LOOK_EAST.parent / "iran_rial"), "-o", str(tmp_path / "p.yaml"), "--draws", "2", "--false-alarm"]
    made = CliRunner().invoke(command, [*asked, "0.2"])
    assert made.exit_code == 0, made.output
    assert "Turning points at a false-alarm rate of 20 %" in made.output
    for wrong in ("0.5", "nan"):
        assert "lies strictly between 0 and 0.5" in str(CliRunner().invoke(command, [*asked, wrong]).exception)
    with pytest.raises(UsageError, match=r"strictly between 0 and 0\.5"):
        etia.load(LOOK_EAST).turning_points(false_alarm=0.5)
