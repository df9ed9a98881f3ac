"""§5 of the method page, sentence by sentence: what a lens weighs, sets and leaves alone."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from etia.compile.study import Settings, Study
from etia.files.load import load_dict
from tests.compile.hand_models import chance, course, event, judged, measured, rate, study

MECHANISM = {"m": {"title": "M"}}


def lenses(half_lives=None, weight=0.5, reference=1.0):
    rival = {"weights": {"m": weight}, **({"half_lives": {"m": half_lives}} if half_lives else {})}
    return {
        "mechanisms": MECHANISM,
        "lenses": {"first": {"reference": True, "weights": {"m": reference}}, "rival": rival},
    }


EVENTS = {"a": event(date="2020"), "b": event(probability=chance(0.2))}


def ratio(found, lens):
    return rate(found.case(lens=lens), "b") / -log(0.8) * 10


@pytest.mark.parametrize(("weight", "expected"), [(0.5, 2), (0, 1), (2, 16)])
def test_a_weight_raises_a_rate_ratio_to_its_power(weight, expected):
    """4^w; the link without a mechanism stays at 3."""
    links = {"a -> b": {"rate_ratio": 4, "mechanism": "m"}, "a -> b (plain)": {"rate_ratio": 3}}
    found = study(events=EVENTS, links=links, **lenses(weight=weight))
    assert ratio(found, "rival") == pytest.approx([3 * expected] * 10)
    assert ratio(found, None) == pytest.approx([12] * 10)


def test_a_weight_raises_the_ratio_of_a_sensitivity():
    events = {
        **EVENTS,
        "b": event(probability=chance(0.2), sensitive_to={"y": {"per": 2, "rate_ratio": 4, "mechanism": "m"}}),
    }
    found = study(events=events, trends={"y": judged()}, impacts={"a -> y": {"lasting": 2}}, **lenses())
    assert ratio(found, "rival") == pytest.approx([2] * 10)


def test_a_weight_scales_sizes_and_strengths_in_the_latent_scale():
    """+21 % at weight ½ is +10 %; the coupling of 0.8 is 0.4: ln 1.1 · 0.4."""
    found = study(events={"a": event(date="2015")}, trends={"x": judged(scale="log"), "y": judged(0)},
                  impacts={"a -> x": {"lasting": "+21%", "mechanism": "m"}},
                  couplings={"x -> y": {"strength": 0.8, "mechanism": "m"}}, **lenses()).case(lens="rival")  # fmt: skip
    assert np.exp(course(found, "x")[4:6]) == pytest.approx([50, 55])
    assert course(found, "y")[6] == pytest.approx(0.4 * log(1.1))


def test_a_lens_sets_the_half_life_of_links_and_the_fading_of_impacts_written_or_not():
    """Half-life 18 months = 1.5 steps, from lag (1) and from `settles` (0) on; a weight of 1 leaves the sizes."""
    links = {"a -> b": {"rate_ratio": 4, "mechanism": "m", "half_life": "9 years"}}
    found = study(events=EVENTS, links=links, trends={"y": judged(0)},
                  impacts={"a -> y": {"lasting": 8, "mechanism": "m"}}, **lenses("18 months", weight=1))  # fmt: skip
    left = 0.5 ** (np.arange(10) / 1.5)
    assert ratio(found, "rival") == pytest.approx(4**left)
    assert found.case(lens="rival").outcomes.course(0)[0, 10:20] == pytest.approx(8 * left)
    assert found.case().outcomes.course(0)[0, 10:20] == pytest.approx([8] * 10)


def test_the_reference_lens_weights_apply_and_base_rates_solved_under_it_are_kept_under_rivals():
    """Reference weight 2: the ratio is 9, so λ0 is a ninth of the elicited rate; under the rival (½) √3 of that."""
    events = {"a": event(date="2015"), "b": event(probability={"by": "2022", "value": 0.19})}
    links = {"a -> b": {"rate_ratio": 3, "mechanism": "m"}}
    found = study(events=events, links=links, **lenses(reference=2))
    assert rate(found.case(), "b") == pytest.approx([-log(0.9)] * 10, rel=2e-3)
    assert rate(found.case(lens="rival"), "b") == pytest.approx([-log(0.9) / 9 * 3**0.5] * 10, rel=2e-3)


def test_requirements_are_not_weighed():
    events = {"a": event(date="2022"), "b": event(probability=chance(0.2), requires=["a"])}
    found = study(events=events, links={"a -> b": {"rate_ratio": 4, "mechanism": "m"}}, **lenses(weight=0))
    assert ratio(found, "rival") == pytest.approx([0] * 2 + [1] * 8)


def test_each_lens_fits_its_own_baseline():
    """Data 10, and 14 from 2015: under the reference the event's step of 4 explains it all, under weight 0 nothing."""
    values = {str(2010 + i): 10 if i < 5 else 14 for i in range(11)}
    found = study(events={"a": event(date="2015")}, trends={"y": measured(values)},
                  impacts={"a -> y": {"lasting": 4, "mechanism": "m"}}, **lenses(weight=0))  # fmt: skip
    baselines = [found.case(lens=lens).program(0).trends.baseline[0] for lens in (None, "rival")]
    assert baselines[0] == pytest.approx(np.full(21, 10.0))
    assert baselines[1].mean() > 11
    assert found.case(lens="rival").outcomes.course(0)[0, :11] == pytest.approx(list(values.values()))


def test_switching_a_mechanism_off_keeps_the_baseline_and_takes_away_what_it_did():
    """§5, §4: data 10, then 14 from 2010, all of it an impact of 4 with mechanism m. With m at weight 0 the trend goes
    on at 10; refitted, the baseline would take the step up and hide what the mechanism did."""
    history = [{"at": str(year), "value": 10.0 if year < 2010 else 14.0} for year in range(2000, 2021)]
    raw = {
        "etia": 1, "title": "Off", "calendar": {"start": 2000, "as_of": 2020, "end": 2030, "step": "year"},
        "mechanisms": {"m": {"title": "M"}},
        "events": {"shock": {"title": "Shock", "date": "2010", "level": "macro"}},
        "trends": {"y": {"title": "Y", "level": "meso", "unit": "units", "history": history}},
        "impacts": {"shock -> y": {"shape": "step", "lasting": 4, "mechanism": "m"}},
    }  # fmt: skip
    found = Study(load_dict(raw).model, settings=Settings(central=True, runs=10))
    assert found.case().outcomes.values(0, 30)[0, 0] == pytest.approx(14.0)
    assert found.case(switched_off=["m"]).outcomes.values(0, 30)[0, 0] == pytest.approx(10.0)
