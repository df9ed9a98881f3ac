"""§10 of the method page, sentence by sentence: overrides, `happens`, which base rates are solved anew."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from scipy.optimize import brentq

from etia.engine.program import NEVER
from etia.errors import CalibrationError, ModelError
from tests.compile.hand_models import MONTHS, chance, course, drawn, event, judged, measured, rate, step, study

TENTH = -log(0.9)


def test_happens_is_as_do_whatever_rate_and_requirements():
    """b requires a, which never comes; it happens in 2023 all the same, and its copy may follow, from 2024 on."""
    events = {"a": event(probability=chance(0.3)), "b": event(probability=chance(0.3), requires=["a"], repeats=2)}
    found = study({"s": {"events": {"a": {"happens": "never"}, "b": {"happens": "2023"}}}}, events=events).case("s")
    assert found.compiled.fixed_step[0].tolist()[:2] == [NEVER, 13]
    assert (found.outcomes.steps[:, 1] == 13).all()
    assert (found.outcomes.steps[:, 2] == NEVER).all()  # the copy requires a as well


def test_happens_with_a_coarse_date_is_uncertain_over_its_steps():
    """2021 in months from 2018: steps 36 … 47, in the central model 41."""
    options = {"calendar": MONTHS, "events": {"b": event(probability=chance(0.3, "2023"))}}
    scenario = {"s": {"events": {"b": {"happens": "2021"}}}}
    assert step(study(scenario, **options).case("s"), "b")[0] == 41
    many = step(study(scenario, settings=drawn(6000), **options).case("s"), "b")
    assert np.bincount(many)[36:] / 6000 == pytest.approx([1 / 12] * 12, abs=0.02)


def test_never_on_a_past_event_is_its_removal_and_takes_along_what_requires_it():
    """b past and c scheduled require a; d, open, requires b; e, scheduled, requires nothing."""
    events = {"a": event(date="2012"), "b": event(date="2014", requires=["a"]), "c": event(date="2023", requires=["a"]),
              "d": event(probability=chance(0.9), requires=["b"]), "e": event(date="2024")}  # fmt: skip
    found = study({"s": {"events": {"a": {"happens": "never"}}}}, events=events).case("s")
    assert (found.outcomes.steps[:, :4] == NEVER).all()
    assert (found.outcomes.steps[:, 4] == 14).all()


def test_never_on_a_scheduled_event_shuts_what_waits_for_it():
    events = {"a": event(date="2022"), "b": event(probability=chance(0.9), requires=["a"])}
    found = study({"s": {"events": {"a": {"happens": "never"}}}}, events=events).case("s")
    assert (found.outcomes.steps == NEVER).all()


LENSES = {"first": {"reference": True}, "rival": {"weights": {"m": 0}}}
PULLED = {
    "events": {"a": event(probability=chance(0.1, "2021")), "b": event(probability={"by": "2022", "value": 0.5}),
               "c": event(probability={"by": "2022", "value": 0.3})},
    "links": {"a -> b": {"rate_ratio": 4, "mechanism": "m"}, "b -> c": {"rate_ratio": 5}},
    "mechanisms": {"m": {"title": "M"}},
    "lenses": LENSES,
}  # fmt: skip


def base_rate(q):
    """λ of b with 1 − q = e^−λ (0.9 e^−λ + 0.1 e^−4λ): a comes in 2021 with 0.1 and acts in 2022."""
    return brentq(lambda x: np.exp(-x) * (0.9 * np.exp(-x) + 0.1 * np.exp(-4 * x)) - (1 - q), 1e-6, 5)


def test_only_the_event_whose_probability_is_given_is_solved_anew():
    """b's 0.6 holds; c's λ0 is the reference model's, so b's higher chance moves c."""
    found = study({"s": {"events": {"b": {"probability": {"value": 0.6}}}}}, **PULLED)
    plain, given = found.case().program(0).base_rate, found.case("s").program(0).base_rate
    assert plain[1, 11] == pytest.approx(base_rate(0.5), rel=5e-3)
    assert given[1, 11] == pytest.approx(base_rate(0.6), rel=5e-3)
    assert np.array_equal(given[[0, 2]], plain[[0, 2]])


def test_it_is_solved_under_the_reference_lens_with_the_scenarios_other_overrides():
    """The rival lens shuts the link off, but 0.6 is met under the reference; with a in 2021 for sure, e^−5λ = 0.4."""
    b = {"probability": {"value": 0.6}}
    found = study({"lens": {"lens": "rival", "events": {"b": b}}, "set": {"events": {"a": {"happens": "2021"}, "b": b}},
                   "both": {"lens": "rival", "events": {"a": {"happens": "2021"}, "b": b}}}, **PULLED)  # fmt: skip
    assert found.case("lens").program(0).base_rate[1, 11] == pytest.approx(base_rate(0.6), rel=5e-3)
    assert rate(found.case("set"), "b")[:2] == pytest.approx(np.array([1, 4]) * -log(0.4) / 5, rel=5e-3)
    assert rate(found.case("both"), "b")[:2] == pytest.approx(np.array([1, 1]) * -log(0.4) / 5, rel=5e-3)


def test_it_is_solved_without_policies():
    policies = {"act": {"title": "P", "from": "2021", "events": {"b": {"rate_ratio": 3}}}}
    found = study(
        {"s": {"policies": ["act"], "events": {"b": {"probability": {"value": 0.6}}}}}, policies=policies, **PULLED
    )
    assert found.case("s").program(0).base_rate[1, 11] == pytest.approx(3 * base_rate(0.6), rel=5e-3)


def test_an_overridden_link_moves_other_events_on_kept_base_rates():
    found = study({"s": {"links": {"a -> b": {"rate_ratio": 1}}, "events": {"a": {"happens": "2021"}}}}, **PULLED)
    assert rate(found.case("s"), "b") == pytest.approx([base_rate(0.5)] * 10, rel=5e-3)


def test_an_added_event_is_solved_anew_and_the_others_kept():
    added = {"d": event(probability={"by": "2021", "value": 0.25})}
    found = study({"s": {"events": added, "links": {"d -> b": {"rate_ratio": 2}}}}, **PULLED)
    given = found.case("s").program(0).base_rate
    assert given[3, 11] == pytest.approx(-log(0.75), rel=2e-3)
    assert np.array_equal(given[:3], found.case().program(0).base_rate)


@pytest.mark.parametrize("settings", [{}, drawn(3)])
@pytest.mark.parametrize("other", [{}, {"a": {"happens": "never"}}])
def test_a_probability_that_the_scenario_gives_and_that_cannot_be_met_is_an_error(other, settings):
    """b needs a, which has 0.2 in 2021: 0.5 by 2022 is out of reach, and with a ruled out anything is."""
    events = {"a": event(probability=chance(0.2, "2021")),
              "b": event(requires=["a"], probability={"by": "2022", "value": 0.1})}  # fmt: skip
    scenario = {"events": {**other, "b": {"probability": {"value": 0.5}}}}
    with pytest.raises(CalibrationError, match=rf"'b'.*at most {'0 can' if other else '0.199'}"):
        study({"s": scenario}, events=events, settings=settings).case("s").outcomes  # noqa: B018 - asking is what runs it


def test_a_probability_of_nought_may_be_given():
    found = study({"s": {"events": {"b": {"probability": {"value": 0}}}}}, **PULLED).case("s")
    assert rate(found, "b").tolist() == [0] * 10


def test_a_changed_past_impact_keeps_the_baseline():
    """50 in 2017 held 3 of the step in 2015; with a step of 8 the trend stands 5 higher throughout, in 2017 too."""
    found = study({"s": {"impacts": {"a -> z": {"lasting": 8}}}}, events={"a": event(date="2015")},
                  trends={"z": judged(50, "2017")}, impacts={"a -> z": {"lasting": 3}})  # fmt: skip
    assert course(found.case(), "z")[7:] == pytest.approx([50] * 14)
    assert course(found.case("s"), "z")[7:] == pytest.approx([55] * 14)


VALUES = {str(2010 + i): 10 + (7 * i) % 5 for i in range(11)}


def test_a_scenario_may_add_a_trend_or_take_one_out():
    """z, judged at 30 in 2018, holds the 7 of 2015, with y before it or not; an added measured trend is fitted."""
    impacts = {"a -> z": {"lasting": 7}}
    z = judged(30, "2018")
    out = study(
        {"s": {"trends": {"y": None}}},
        events={"a": event(date="2015")},
        trends={"y": judged(), "z": z},
        impacts=impacts,
    )
    added = study({"s": {"trends": {"z": z, "m": measured(VALUES)}, "impacts": impacts,
                         "couplings": {"m -> z": {"strength": 0.5}}}},
                  events={"a": event(date="2015")}, trends={"y": judged()})  # fmt: skip
    assert course(out.case("s"), "z")[8:] == pytest.approx([30] * 13)
    found = added.case("s")
    assert course(found, "m")[:11] == pytest.approx(list(VALUES.values()))
    program = found.program(0)
    assert program.trends.baseline[1, 8:] == pytest.approx([23] * 13)
    assert found.outcomes.latent(1).std(axis=0)[12:].min() > 0


def test_a_scenario_keeps_the_models_calendar():
    with pytest.raises(ModelError, match="a scenario has the model's calendar"):
        study({"s": {"calendar": {"end": "2035"}}}, **PULLED)
