"""§3 of the method page, sentence by sentence: base rates, calibration, links, conditions, repeats, sensitivities."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from etia.compile.odd_draws import odd_draws
from etia.errors import CalibrationError, ModelError
from tests.compile.hand_models import MONTHS, QUARTERS, chance, drawn, event, judged, rate, study

TENTH = -log(0.9)  # the rate of an event that comes with 0.1 a step


def rates(probability, **more):
    return rate(study(events={"a": event(probability=probability, **more)}).case(), "a")


def test_the_rate_is_constant_between_points_and_the_last_one_goes_on_unless_until_closes_it():
    """0.19 by 2022: 0.9² is left. 1 − 0.81 · 0.5 by 2024: ½ over two years. The last rate holds to 2026."""
    found = rates([chance(0.19, "2022"), {"by": "2024", "value": 0.595, "until": "2026"}])
    assert found == pytest.approx([TENTH] * 2 + [log(2) / 2] * 4 + [0] * 4)


def test_a_curve_begins_with_the_first_step_that_from_covers():
    """Quarters; from 2021-05, in 2021-Q2, to the end of 2022: seven quarters after the one quarter of 2021-Q1."""
    events = {"a": event(probability=chance(1 - 0.9**7, "2022", **{"from": "2021-05"}))}
    assert rate(study(calendar=QUARTERS, events=events).case(), "a") == pytest.approx([0] + [TENTH] * 11)


def test_a_point_past_the_end_counts_as_the_curves_own_value_there():
    """0.19 by 2022, 0.9^18 left by 2038: 0.9 a year throughout, so 0.9^10 at the end of 2030."""
    events = {"a": event(probability=[chance(0.19, "2022"), {"by": "2038", "value": 1 - 0.9**18}])}
    found = study(events=events).case()
    assert rate(found, "a") == pytest.approx([TENTH] * 10)
    assert found.compiled.curves.probability[0] == pytest.approx([0.19, 1 - 0.9**10])


def test_a_curve_that_begins_past_the_end_has_no_rate():
    assert rates(chance(0.3, "2040", **{"from": "2035"})).tolist() == [0] * 10


def test_without_a_future_a_curve_has_no_steps():
    """as_of = end is allowed."""
    calendar = {"start": "2010", "as_of": "2020", "end": "2020", "step": "year"}
    found = study(calendar=calendar, events={"a": event(probability={"by": "2030", "value": 0.3})}).case()
    assert rate(found, "a").tolist() == []


def test_a_point_not_after_as_of_or_from_is_an_error():
    for probability in (chance(0.3, "2020"), chance(0.3, "2024", **{"from": "2025"})):
        with pytest.raises(ModelError, match="is not after"):
            study(events={"a": event(probability=probability)})


def test_two_points_in_one_step_are_an_error():
    """No rate leads from one to the other: n = 0 steps lie between them."""
    points = [chance(0.2, "2025-06"), {"by": "2025-12", "value": 0.4}]
    with pytest.raises(ModelError, match="lies in the step of the point before"):
        study(events={"a": event(probability=points)})


def test_a_probability_of_nought_is_a_rate_of_nought():
    found = study(events={"a": event(probability={"by": "2025", "value": 0})}, settings={"runs": 50}).case()
    assert rate(found, "a").tolist() == [0] * 10


def test_a_marginal_probability_considers_what_the_model_knows_a_base_one_does_not():
    """The past cause triples the rate from 2021 on: λ0 is a third of 0.9's for the marginal, and so λ is 0.9's."""
    links = {"cause -> a": {"rate_ratio": 3}}
    for meaning, factor in (("marginal", 1.0), ("base", 3.0)):
        events = {"cause": event(date="2015"), "a": event(probability=chance(0.19, "2022", meaning=meaning))}
        found = rate(study(events=events, links=links).case(), "a")
        assert found == pytest.approx([TENTH * factor] * 10, rel=2e-3)


def test_beyond_what_requirements_allow_an_error_names_event_elicited_and_reachable_value():
    """b can come from 2022 on and only if a came in 2021: 0.2 at most."""
    events = {"a": event(probability=chance(0.2, "2021")),
              "b": event(requires=["a"], probability={"by": "2022", "value": 0.5})}  # fmt: skip
    with pytest.raises(CalibrationError, match=r"'b'.*0\.5 by 2022.*at most 0\.199"):
        study(events=events).case().outcomes  # noqa: B018 - asking is what runs it


def test_a_past_preventer_leaves_nothing_to_reach():
    events = {"a": event(date="2015"), "b": event(prevented_by=["a"], probability={"by": "2022", "value": 0.5})}
    with pytest.raises(CalibrationError, match=r"'b'.*at most 0 can"):
        study(events=events).case().outcomes  # noqa: B018


BOUND = {"a": event(probability=[chance(0.1, "2021"), {"by": "2022", "value": 0.9}])}
"""what requires it has at most 0.1 by 2022"""


def test_in_a_draw_that_cannot_meet_one_probability_all_others_are_met():
    """c and d pull each other up, and b pulls c; b's draws beyond 0.1 take 0.1, c and d meet their own all the same."""
    mutual = {"c -> d": {"rate_ratio": 20}, "b -> c": {"rate_ratio": 6}, "d -> c": {"rate_ratio": 10}}
    events = {**BOUND, "b": event(requires=["a"], probability={"by": "2022", "value": [0.02, 0.06, 0.3]}),
              "c": event(probability={"by": "2025", "value": [0.2, 0.5, 0.8]}),
              "d": event(probability={"by": "2025", "value": [0.2, 0.5, 0.8]})}  # fmt: skip
    found = study(events=events, links=mutual, settings=drawn(60, 1))
    elicited, solved = found.case().compiled.curves.probability, found.calibrated
    unmet = [p for p in range(60) if elicited[p, 2] > 0.13]
    assert len(unmet) > 3
    for p in unmet:
        assert solved[p].is_met.tolist() == [True, True, False, True, True]
        assert solved[p].reached[2] == pytest.approx(0.1, abs=1e-3)
        assert solved[p].reached[3:] == pytest.approx(elicited[p, 3:], abs=5e-3)


def test_after_a_point_beyond_reach_the_next_point_is_met_where_it_can_be():
    """By 2022 0.1 at most; by 2024 up to 0.9, and so the elicited value is the nearest one."""
    points = [{"by": "2022", "value": [0.02, 0.04, 0.3]}, {"by": "2024", "value": [0.3, 0.5, 0.7]}]
    found = study(events={**BOUND, "b": event(requires=["a"], probability=points)}, settings=drawn(60, 1))
    elicited = found.case().compiled.curves.probability
    unmet = [p for p in range(60) if elicited[p, 2] > 0.12]
    assert len(unmet) > 3
    for p in unmet:
        assert found.calibrated[p].reached[2:] == pytest.approx([0.1, elicited[p, 3]], abs=5e-3)


def test_the_share_of_draws_in_which_a_small_probability_cannot_be_met_is_told():
    """a is scheduled for some month of 2023; from September on it leaves b no month up to September: 4 of 12."""
    events = {"a": event(date="2023"), "b": event(requires=["a"], probability={"by": "2023-09", "value": 0.02})}
    (told,) = odd_draws(study(calendar=MONTHS, events=events, settings=drawn(600, 1)))
    share = float(told.split("In ")[1].split("%")[0]) / 100
    assert share == pytest.approx(1 / 3, abs=0.08)


def ratio(links=None, events=None, **sections):
    """What multiplies the rate of b in the steps after 2020."""
    own = {"b": event(probability=chance(0.2)), **(events or {})}
    with_all = rate(study(events=own, links=links or {}, **sections).case(), "b")
    return with_all / -log(0.8) * 10


def test_a_cause_acts_from_the_next_step_on_whatever_its_lag():
    """a comes in 2022, scheduled: with lags 0, 1 month (rounded to 0) and 1 year alike it acts from 2023."""
    for lag in (0, "1 month", "1 year"):
        found = ratio({"a -> b": {"rate_ratio": 5, "lag": lag}}, {"a": event(date="2022")})
        assert found == pytest.approx([1, 1] + [5] * 8)


def test_a_pull_wanes_from_its_lag_on_and_parallel_links_multiply():
    """a in 2020; lag 2: from 2022 on 5 to the ½^((age − 2)/1.5); the parallel one is 0.5 from 2021."""
    links = {"a -> b": {"rate_ratio": 5, "lag": "2 years", "half_life": "18 months"},
             "a -> b (other)": {"rate_ratio": 0.5}}  # fmt: skip
    waned = 5.0 ** np.r_[0, 0.5 ** (np.arange(9) / 1.5)]
    assert ratio(links, {"a": event(date="2020")}) == pytest.approx(0.5 * waned)


def test_what_requires_a_scheduled_event_can_come_from_the_step_after():
    events = {"a": event(date="2023"), "b": event(probability=chance(0.2), requires=["a"])}
    assert ratio(events=events) == pytest.approx([0] * 3 + [1] * 7)
    events["b"] = event(probability=chance(0.2), prevented_by=["a"])
    assert ratio(events=events) == pytest.approx([1] * 3 + [0] * 7)


def test_copies_require_the_one_before_and_have_the_curve_by_the_calendar():
    """From 2023 on 0.1 a step, for b and b#2 alike, whenever b came."""
    events = {"b": event(probability=chance(1 - 0.9**8, **{"from": "2023"}), repeats=2)}
    found = study({"set": {"events": {"b": {"happens": "2021"}}}}, events=events).case("set")
    assert found.event_names == ("b", "b#2")
    assert rate(found, "b#2") == pytest.approx([0] * 2 + [TENTH] * 8)


def test_the_copies_of_a_past_event_follow_what_is_left_of_its_curve():
    """0.19 by 2018, then 0.9 a year for four years: 2021 and 2022 are left, and the last rate goes on."""
    points = [chance(0.19, "2018"), {"by": "2022", "value": 1 - 0.81 * 0.9**4}]
    assert rate(study(events={"b": event(date="2016", probability=points, repeats=2)}).case(), "b#2") == pytest.approx(
        [TENTH] * 10
    )


def test_the_copies_of_a_past_event_whose_curve_is_over_never_come():
    events = {"b": event(date="2016", probability=chance(0.19, "2018"), repeats=2)}
    assert rate(study(events=events).case(), "b#2").tolist() == [0] * 10


def test_copies_act_and_are_acted_on_like_the_first():
    """Each of the two copies triples c; in a world where both have come, in 2021 and 2022, c's ratio is 9 from 2023."""
    events = {"b": event(probability=chance(0.2), repeats=2), "c": event(probability=chance(0.2), requires=["b"])}
    found = study(events=events, links={"b -> c": {"rate_ratio": 3}}).case()
    program = found.program(0).do(0, 11).do(1, 12)
    from etia.engine.plan import prepare

    assert prepare(program).hazard[0, 1:] / -log(0.8) * 10 == pytest.approx([0, 3] + [9] * 8)


@pytest.mark.parametrize(("per", "expected"), [("+25%", 2.0), ("-20%", 0.5), ("+56.25%", 2**0.5)])
def test_a_sensitivity_counts_deviations_in_sizes_as_written(per, expected):
    """y is +25 % off its baseline: once +25 %, minus once −20 % (ln 0.8 = −ln 1.25), half of +56.25 % (1.25² − 1)."""
    events = {
        "a": event(date="2015"),
        "b": event(probability=chance(0.2), sensitive_to={"y": {"per": per, "rate_ratio": 2}}),
    }
    found = ratio(events=events, trends={"y": judged(scale="log")}, impacts={"a -> y": {"lasting": "+25%"}})
    assert found == pytest.approx([expected] * 10)


def test_the_total_pull_goes_through_couplings_and_lags_a_step():
    """a in 2022: x is 8 off from 2022, y = ½ x two years on 4 off from 2024, twice `per`: ratio 9 from 2025."""
    events = {
        "a": event(date="2022"),
        "b": event(probability=chance(0.2), sensitive_to={"y": {"per": 2, "rate_ratio": 3}}),
    }
    found = ratio(events=events, trends={"x": judged(), "y": judged()}, impacts={"a -> x": {"lasting": 8}},
                  couplings={"x -> y": {"strength": 0.5, "lag": "2 years"}})  # fmt: skip
    assert found == pytest.approx([1] * 4 + [9] * 6)


def test_links_to_past_events_that_can_never_act_are_warned_of():
    from etia.files.load import load_dict
    from tests.compile.hand_models import YEARS

    events = {"a": event(date="2015"), "b": event(date="2015"), "c": event(date="2016")}
    links = {
        "a -> b": {"rate_ratio": 2},
        "a -> c": {"rate_ratio": 2},
        "a -> c (late)": {"rate_ratio": 2, "lag": "2 years"},
    }
    loaded = load_dict({"etia": 1, "title": "M", "calendar": YEARS, "events": events, "links": links})
    told = [warning.message for warning in loaded.warnings if warning.code == "link-too-late"]
    assert len(told) == 2


def test_a_link_from_an_event_to_itself_is_an_error():
    with pytest.raises(ModelError, match="leads to itself"):
        study(events={"a": event(date="2015")}, links={"a -> a": {"rate_ratio": 2}})
