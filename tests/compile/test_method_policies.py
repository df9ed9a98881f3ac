"""§11 of the method page, sentence by sentence: what a policy does while it is active, and what outlasts it."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from etia.errors import ModelError
from tests.compile.hand_models import QUARTERS, chance, course, event, judged, rate, study

EVENTS = {"a": event(date="2018"), "b": event(probability=chance(0.2))}
LINKS = {"a -> b": {"rate_ratio": 4}}


def acting(policies, chosen=None, lens=None, **sections):
    own = {name: {"title": "P", **policy} for name, policy in policies.items()}
    found = study(policies=own, **{"events": EVENTS, **sections})
    return found.case(lens=lens, policies=chosen or list(own))


def ratio(*args, **sections):
    return rate(acting(*args, **sections), "b") / -log(0.8) * 10


def test_rate_ratios_act_in_the_steps_that_the_policy_covers():
    assert ratio({"p": {"from": "2023", "until": "2025", "events": {"b": {"rate_ratio": 3}}}}) == pytest.approx(
        [1, 1, 3, 3, 3] + [1] * 5
    )


def test_dates_of_a_policy_cover_their_steps_whole():
    """In quarters `from: 2021-05` is 2021-Q2, `until: 2022` its fourth quarter."""
    policy = {"p": {"from": "2021-05", "until": "2022", "events": {"b": {"rate_ratio": 3}}}}
    events = {"b": event(probability=chance(1 - 0.9**12, "2023"))}
    found = rate(acting(policy, calendar=QUARTERS, events=events), "b") / -log(0.9)
    assert found == pytest.approx([1] + [3] * 7 + [1] * 4)


def test_a_policy_starts_after_as_of():
    with pytest.raises(ModelError, match="not after as_of"):
        acting({"p": {"from": "2020", "events": {"b": {"rate_ratio": 3}}}})


def test_a_scaled_link_has_the_power_of_its_ratio_by_the_calendar_whenever_the_cause_came():
    """4^½ in 2022 … 2024 although a came in 2018; two scales of ½ make ¼; 0 shuts the link off."""
    half = {"links": {"a -> b": {"scale": 0.5}}}
    policies = {"p": {"from": "2022", "until": "2024", **half}, "q": {"from": "2024", "until": "2025", **half},
                "r": {"from": "2027", "links": {"a -> b": {"scale": 0}}}}  # fmt: skip
    assert ratio(policies, links=LINKS) == pytest.approx([4, 2, 2, 2**0.5, 2, 4, 1, 1, 1, 1])


def test_a_scaled_link_of_a_cause_still_open():
    """a set to 2022: from 2023 on 4, in 2024 … 2025 its square root."""
    case = acting({"p": {"from": "2024", "until": "2025", "links": {"a -> b": {"scale": 0.5}}}}, links=LINKS,
                  events={**EVENTS, "a": event(probability=chance(0.3))})  # fmt: skip
    from etia.engine.plan import prepare

    hazard = prepare(case.program(0).do(0, 12)).hazard[0, 1:]
    assert hazard / -log(0.8) * 10 == pytest.approx([1, 1, 4, 2, 2] + [4] * 5)


def test_a_scaled_impact_is_that_of_events_that_come_in_these_steps_and_keeps_its_course():
    """Scale 0.3 in 2022 … 2023 on a ramp to 10 over two years: only the event of 2023 has 3, and in 2025 still; what
    is scaled is the latent size: 1.21^0.3 on log."""
    dates = {"past": "2018", "before": "2021", "within": "2023", "after": "2024"}
    names = list(dates)
    impacts = {f"{name} -> {name}": {"shape": "ramp", "peaks": "2 years", "lasting": "+21%"} for name in names}
    policy = {"p": {"from": "2022", "until": "2023", "impacts": {key: {"scale": 0.3} for key in impacts}}}
    case = acting(policy, events={name: event(date=date) for name, date in dates.items()}, impacts=impacts,
                  trends={name: judged(100, scale="log") for name in names})  # fmt: skip
    found = [course(case, name)[20] - log(100) for name in names]
    assert found == pytest.approx(np.array([1, 1, 0.3, 1]) * log(1.21))
    assert course(case, "within")[14] - log(100) == pytest.approx(0.15 * log(1.21))


def test_what_a_scaled_impact_moves_is_felt_through_couplings_and_sensitivities():
    """c in 2022: x is 8 · ½ = 4, y half of it a year on: 2 from 2023, once `per`: ratio 3 from 2024 (9 unscaled)."""
    events = {
        "c": event(date="2022"),
        "b": event(probability=chance(0.2), sensitive_to={"y": {"per": 2, "rate_ratio": 3}}),
    }
    policy = {"p": {"from": "2022", "until": "2022", "impacts": {"c -> x": {"scale": 0.5}}}}
    options = {"events": events, "trends": {"x": judged(), "y": judged()}, "impacts": {"c -> x": {"lasting": 8}},
               "couplings": {"x -> y": {"strength": 0.5}}}  # fmt: skip
    assert ratio(policy, **options) == pytest.approx([1] * 3 + [3] * 7)
    policy["p"]["until"] = policy["p"]["from"] = "2023"
    assert ratio(policy, **options) == pytest.approx([1] * 3 + [9] * 7)


def test_a_direct_impact_begins_with_from_does_not_end_with_until_and_is_passed_on():
    """+8 on x from 2022 for good; ½ of it on y a year on, and b's ratio 3 per 4 another year on."""
    events = {"b": event(probability=chance(0.2), sensitive_to={"y": {"per": 4, "rate_ratio": 3}})}
    case = acting({"p": {"from": "2022", "until": "2023", "trends": {"x": {"lasting": 8}}}}, events=events,
                  trends={"x": judged(0), "y": judged(0)}, couplings={"x -> y": {"strength": 0.5}})  # fmt: skip
    assert course(case, "x")[10:] == pytest.approx([0] * 2 + [8] * 9)
    assert course(case, "y")[10:] == pytest.approx([0] * 3 + [4] * 8)
    assert rate(case, "b") / -log(0.8) * 10 == pytest.approx([1] * 3 + [3] * 7)


LENSES = {"mechanisms": {"m": {"title": "M"}},
          "lenses": {"first": {"reference": True}, "rival": {"weights": {"m": 0.5}, "half_lives": {"m": "1 year"}},
                     "none": {"weights": {"m": 0}}}}  # fmt: skip


@pytest.mark.parametrize(("lens", "event_ratio", "link_ratio", "size"), [
    (None, 9, 4**0.25, [8, 8]), ("rival", 3, 2, [4, 2]), ("none", 1, 4, [0, 0])
])  # fmt: skip
def test_an_effect_that_names_a_mechanism_is_weighed_by_the_lens(lens, event_ratio, link_ratio, size):
    """π^w; ρ^(scale^w): ¼ at weight ½ is ½; w · size, which the rival lens lets fade by half a year on."""
    effect = {"mechanism": "m"}
    policy = {
        "p": {"from": "2021", "events": {"b": {"rate_ratio": 9, **effect}}, "trends": {"y": {"lasting": 8, **effect}}}
    }
    case = acting(policy, lens=lens, trends={"y": judged(0)}, **LENSES)
    assert rate(case, "b") / -log(0.8) * 10 == pytest.approx([event_ratio] * 10)
    assert course(case, "y")[11:13] == pytest.approx(size)
    policy = {"p": {"from": "2021", "links": {"a -> b": {"scale": 0.25, **effect}}}}
    assert ratio(policy, lens=lens, links=LINKS, **LENSES) == pytest.approx([link_ratio] * 10)


def test_policies_act_on_every_copy():
    events = {"b": event(probability=chance(0.2), repeats=2)}
    case = acting({"p": {"from": "2022", "events": {"b": {"rate_ratio": 3}}}}, events=events)
    assert np.array_equal(case.program(0).base_rate[0], case.program(0).base_rate[1])
    assert case.program(0).base_rate[1, 12] == pytest.approx(3 * -log(0.8) / 10)


def test_base_rates_do_not_know_of_policies():
    events = {"b": event(probability={"by": "2022", "value": 0.19})}
    assert rate(
        acting({"p": {"from": "2021", "events": {"b": {"rate_ratio": 3}}}}, events=events), "b"
    ) == pytest.approx([3 * -log(0.9)] * 10, rel=2e-3)
