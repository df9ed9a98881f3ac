"""§4 of the method page, sentence by sentence: impacts, sizes, couplings, responses, baselines."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from etia.errors import StabilityError
from tests.compile.hand_models import MONTHS, QUARTERS, course, drawn, event, judged, measured, study

WAVY = {str(2010 + i): 10 + (7 * i) % 5 for i in range(11)}


def moved(impact, date="2010", **trend):
    """What an event of step 0 does to a trend, by age."""
    found = study(events={"a": event(date=date)}, trends={"y": judged(0, **trend)}, impacts={"a -> y": impact})
    return course(found.case(), "y")[int(date) - 2010 :]


def test_an_impact_is_piecewise_linear_through_its_corners_then_fades():
    """(2, 0), (4, 8), (6, 4), then 4 · ½^((age − 6)/1.5)."""
    found = moved({"starts": "2 years", "peaks": "4 years", "settles": "6 years", "peak": 8, "lasting": 4,
                   "fades": "18 months"})  # fmt: skip
    assert found[:7] == pytest.approx([0, 0, 0, 4, 8, 6, 4])
    assert found[7:11] == pytest.approx(4 * 0.5 ** (np.arange(1, 5) / 1.5))


def test_what_is_left_out_of_an_impact():
    """`starts` 0, `peaks` = `starts`, `settles` = `peaks`, `peak` = `lasting`, `lasting` 0; a step to settle where
    peak and lasting differ."""
    assert moved({"lasting": 4})[:3] == pytest.approx([4, 4, 4])
    assert moved({"starts": "1 year", "lasting": 4})[:3] == pytest.approx([0, 4, 4])
    assert moved({"peak": 6})[:3] == pytest.approx([6, 0, 0])
    assert moved({"peak": 6, "lasting": 2})[:3] == pytest.approx([6, 2, 2])
    assert moved({"shape": "ramp", "peaks": "2 years", "lasting": 4})[:4] == pytest.approx([0, 2, 4, 4])
    assert moved({"shape": "pulse", "peaks": "1 year", "settles": "3 years", "peak": 4})[:5] == pytest.approx(
        [0, 4, 2, 0, 0]
    )


def test_parallel_impacts_add_in_the_latent_scale():
    """+25 % and −20 % undo each other: ln 1.25 + ln 0.8 = 0. Points on logit: 4 · 5/100 twice."""
    for scale, sizes, expected in (("log", ("+25%", "-20%"), 0.0), ("logit", (5, 5), 0.4)):
        impacts = {"a -> y": {"lasting": sizes[0]}, "a -> y (b)": {"lasting": sizes[1]}}
        found = study(events={"a": event(date="2015")}, trends={"y": judged(50, scale=scale)}, impacts=impacts).case()
        by_step = course(found, "y")
        assert by_step[5] - by_step[4] == pytest.approx(expected, abs=1e-12)


def test_a_constructed_level_stands_before_the_events_of_its_own_step():
    """50 from 2015: the event of 2014 (+3, growing to +9 by 2017) has done 6 of it, that of 2015 (+5) comes on top."""
    impacts = {"early -> y": {"starts": "0 years", "peaks": "2 years", "lasting": 12}, "same -> y": {"lasting": 5}}
    found = study(events={"early": event(date="2014"), "same": event(date="2015")}, trends={"y": judged(50, "2015")},
                  impacts=impacts).case()  # fmt: skip
    by_step = course(found, "y")
    assert np.isnan(by_step[:5]).all()
    assert by_step[5:8] == pytest.approx([55, 61, 61])  # early: 6 of 12 by 2015, all of it in 2016


def test_events_whose_uncertain_date_reaches_the_levels_step_count_as_before_or_after_by_the_draw():
    """2019 in months, level from 2019-07: an event of January … June is inside it, one of July … December on top."""
    found = study(calendar=MONTHS, settings=drawn(100, 1), events={"a": event(date="2019")},
                  trends={"y": judged(50, "2019-07")}, impacts={"a -> y": {"lasting": 5}}).case()  # fmt: skip
    latest, date = found.outcomes.course(0)[:, -1], found.compiled.fixed_step[:, 0]
    assert latest == pytest.approx(np.where(date < 18, 50, 55))


def test_a_drift_is_a_size_a_year_in_the_latent_scale():
    """+21 % a year is ln 1.21 / 4 a quarter; 5 points a year on logit 4 · 5/100 / 4."""
    for scale, drift, a_quarter in (("log", "+21%", log(1.21) / 4), ("logit", 5, 0.05), ("linear", 2, 0.5)):
        found = study(calendar=QUARTERS, trends={"y": judged(50, "2018-05", scale, drift=drift)}).case()
        assert np.diff(course(found, "y")) == pytest.approx(np.full(22, a_quarter))


def test_a_short_coupling_lag_is_one_step():
    found = study(events={"a": event(date="2015")}, trends={"x": judged(0), "y": judged(0)},
                  impacts={"a -> x": {"lasting": 8}},
                  couplings={"x -> y": {"strength": 0.5, "lag": "1 month"}}).case()  # fmt: skip
    assert course(found, "y")[4:8] == pytest.approx([0, 0, 4, 4])


LOOP = {"x": judged(0), "y": judged(0)}


def test_loops_that_could_amplify_are_errors_whatever_signs_and_parallels():
    """√(1.2 · 1) > 1 with opposite signs, where the signed matrix has |radius| > 1 too; 0.6 + |−0.6| in parallel."""
    for couplings in (
        {"x -> y": {"strength": 1.2}, "y -> x": {"strength": -1}},
        {"x -> y": {"strength": 0.6}, "x -> y (b)": {"strength": -0.6}, "y -> x": {"strength": 1}},
    ):
        with pytest.raises(StabilityError, match=r"x -> y -> x|y -> x -> y"):
            study(trends=LOOP, couplings=couplings).case().outcomes  # noqa: B018


def test_a_loop_may_break_in_a_draw_alone():
    """[0.2, 0.5, 3]: mean 5.2/6 < 1 in the central model; draws above 1 are an error."""
    couplings = {"x -> y": {"strength": [0.2, 0.5, 3]}, "y -> x": {"strength": 1}}
    assert study(trends=LOOP, couplings=couplings).case().outcomes.n_draws == 1
    with pytest.raises(StabilityError):
        study(trends=LOOP, couplings=couplings, settings=drawn(50)).case().outcomes  # noqa: B018


def test_a_lens_may_break_a_loop():
    lenses = {"plain": {"reference": True}, "strong": {"weights": {"m": 3}}}
    couplings = {"x -> y": {"strength": 0.5, "mechanism": "m"}, "y -> x": {"strength": 1}}
    found = study(trends=LOOP, couplings=couplings, lenses=lenses, mechanisms={"m": {"title": "M"}})
    assert found.case().outcomes.n_draws == 1
    with pytest.raises(StabilityError):
        found.case(lens="strong").outcomes  # noqa: B018


def test_the_error_names_the_loop_that_breaks_however_long():
    """A ring of nine with strengths of 1; a small weak loop beside it is not to blame."""
    ring = [f"t{i}" for i in range(9)]
    couplings = {f"{a} -> {b}": {"strength": 1} for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)}
    weak = {"x -> y": {"strength": 0.1}, "y -> x": {"strength": 0.1}}
    trends = {**LOOP, **{name: judged(0) for name in ring}}
    with pytest.raises(StabilityError, match=" -> ".join(ring)):
        study(trends=trends, couplings={**weak, **couplings}).case().outcomes  # noqa: B018


def test_several_data_in_a_step_count_as_their_latent_mean():
    """Months of 10 and 40 on a log trend with years as steps: √400 = 20."""
    values = {f"{year}-{month:02d}": 10 if month < 7 else 40 for year in range(2015, 2021) for month in range(1, 13)}
    found = study(trends={"y": measured(values, scale="log")}).case()
    assert course(found, "y")[5:11] == pytest.approx([log(20)] * 6)


def test_quarterly_data_stand_in_their_middle_month():
    """2019-Q1 in February (13), 2019-Q2 in May (16): a third of the way in March."""
    values = {"2018-Q4": 3, "2019-Q1": 4, "2019-Q2": 7, "2019-Q3": 5, "2019-Q4": 6}
    by_step = course(study(calendar=MONTHS, trends={"y": measured(values)}).case(), "y")
    assert by_step[13:17] == pytest.approx([4, 5, 6, 7])


def test_a_baseline_by_points_is_latent_linear_between_them_and_level_beyond():
    """10 in 2014, 40 in 2024 on log: ln 10 + ln 4 · (t − 2014)/10."""
    points = [{"at": "2014", "value": 10}, {"at": "2024", "value": 40}]
    values = {str(2010 + i): 10 * 1.1**i for i in range(11)}
    trend = {**measured(values, scale="log"), "baseline": {"method": "points", "points": points}}
    baseline = study(trends={"y": trend}).case().program(0).trends.baseline[0]
    assert baseline == pytest.approx(log(10) + log(4) * np.clip((np.arange(21) - 4) / 10, 0, 1))


def test_policies_scenarios_and_removals_keep_baseline_and_own_noise():
    scenario = {"no": {"events": {"a": {"happens": "never"}}}, "later": {"events": {"a": {"date": "2018"}}}}
    found = study(scenario, events={"a": event(date="2015")}, trends={"y": measured(WAVY), "z": judged(50, "2017")},
                  impacts={"a -> y": {"lasting": 2}, "a -> z": {"lasting": 3}})  # fmt: skip
    plain = found.case().program(0).trends
    for name in scenario:
        other = found.case(name).program(0).trends
        assert other.baseline == pytest.approx(plain.baseline, nan_ok=True)
        assert other.known_deviation == pytest.approx(plain.known_deviation)
    without = found.case("no").outcomes.latent(1)[:, -1]  # 50 in 2017 held 3 of a
    assert without == pytest.approx(47)


def test_own_noise_is_kept_and_goes_along_the_couplings_of_the_world():
    """Own noise of x in a scenario without the coupling: z keeps its 50; with twice the strength twice its noise."""
    options = {
        "trends": {"x": measured(WAVY), "z": judged()},
        "couplings": {"x -> z": {"strength": 0.5, "lag": "1 year"}},
    }
    scenarios = {"off": {"couplings": {"x -> z": {"strength": 0}}}, "twice": {"couplings": {"x -> z": {"strength": 1}}}}
    found = study(scenarios, **options)
    plain, off, twice = (found.case(name).outcomes.latent(1) for name in ("reference", "off", "twice"))
    x = found.case().outcomes.latent(0)
    noise = x - found.case().program(0).trends.baseline[0]
    assert plain[:, 1:] - 50 == pytest.approx(0.5 * noise[:, :-1], abs=1e-9)
    assert off == pytest.approx(np.full_like(off, 50))
    assert twice - 50 == pytest.approx(2 * (plain - 50), abs=1e-9)
    assert np.array_equal(found.case("off").outcomes.latent(0), x)


def test_after_the_last_datum_the_noise_is_random_up_to_as_of_as_well():
    """Data up to 2015: known until then, and from 2016 on σ² Σ φ^2i about b + φ^h times the last residual."""
    values = {year: value for year, value in WAVY.items() if year <= "2015"}
    found = study(trends={"y": measured(values)}, settings={"runs": 20_000}).case()
    y, fitted = found.outcomes.latent(0), found.compiled.courses.courses[0]
    h = np.arange(1, 16)
    assert np.ptp(y[:, :6], axis=0) == pytest.approx(np.zeros(6))
    variance = fitted.sigma**2 * np.cumsum(fitted.psi[1] ** (2 * (h - 1)))
    assert y[:, 6:].var(axis=0) == pytest.approx(variance, rel=0.05)
    baseline = found.program(0).trends.baseline[0]
    mean = baseline[6:] + (values["2015"] - baseline[5]) * fitted.psi[1] ** h
    assert y[:, 6:].mean(axis=0) == pytest.approx(mean, abs=5 * float(np.sqrt(variance.max() / 20_000)))


def test_data_after_as_of_and_before_start_are_never_read():
    """A value of 2009 or of 2021 changes nothing; the first is a warning."""
    plain = study(trends={"y": measured(WAVY)}).case()
    for extra in ({"2009": 99.0}, {"2021": 99.0}):
        other = study(trends={"y": measured({**WAVY, **extra})}).case()
        assert np.array_equal(plain.outcomes.latent(0), other.outcomes.latent(0))
