"""Grounds kept once: whoever asks first and however often, every case stands on the plain model's own."""

from __future__ import annotations

import numpy as np
import pytest

from etia.compile.study import Case, Settings, Study
from etia.files.load import apply_scenario, load_dict
from tests.compile.hand_models import chance, event, judged, measured

HISTORY = {str(year): 10 + (year * 7) % 5 for year in range(2010, 2021)}
RAW = {
    "etia": 1,
    "title": "Grounds",
    "calendar": {"start": "2010", "as_of": "2020", "end": "2030", "step": "year"},
    "mechanisms": {"m": {"title": "M"}},
    "events": {"a": event(date="2015"), "b": event(probability=chance([0.2, 0.4, 0.6]))},
    "trends": {"x": measured(HISTORY, "damped"), "y": judged([40, 50, 60])},
    "impacts": {
        "a -> x": {"shape": "step", "lasting": [1, 2, 3], "mechanism": "m"},
        "a -> y": {"shape": "step", "lasting": [1, 2, 3], "mechanism": "m"},
        "b -> x": {"shape": "step", "lasting": 4},
    },
    "couplings": {"x -> y": {"strength": [0.1, 0.2, 0.3], "lag": "1 year"}},
    "policies": {"p": {"title": "P", "cost": 1, "from": "2021", "trends": {"y": {"shape": "step", "lasting": 5}}}},
}
OTHER = {"title": "Other levels", "trends": {"y": {"constructed": {"value": 70}}}}


def asked(study: Study, which: str) -> Case:
    if which == "other":
        return study.case("other")
    if which == "switched off":
        return study.case(switched_off=["m"])
    return study.case(policies=["p"] if which == "policy" else [])


def made() -> Study:
    loaded = load_dict(RAW)
    return Study(loaded.model, {"other": apply_scenario(loaded, OTHER)}, Settings(draws=3, runs=5))


WHICH = ("plain", "policy", "switched off", "other")


@pytest.fixture(scope="module")
def alone():
    """Each case's trends in a study that was asked for nothing else."""
    return {which: [asked(made(), which).program(p).trends for p in range(3)] for which in WHICH}


@pytest.mark.parametrize("first", range(4))
def test_no_case_s_baselines_depend_on_who_asked_before(first, alone):
    study = made()
    for which in (*WHICH[first:], *WHICH[:first]):
        for p in range(3):
            found, own = asked(study, which).program(p).trends, alone[which][p]
            np.testing.assert_array_equal(found.baseline, own.baseline)
            np.testing.assert_array_equal(found.known_deviation, own.known_deviation)


def test_policies_and_switched_off_mechanisms_keep_the_factual_baseline_and_a_scenario_its_own_levels():
    study = made()
    plain, off, policy, other = (
        asked(study, which).program(1).trends.baseline for which in ("plain", "switched off", "policy", "other")
    )
    np.testing.assert_array_equal(off, plain)
    np.testing.assert_array_equal(policy, plain)
    np.testing.assert_array_equal(other[0], plain[0])
    assert not np.array_equal(other[1], plain[1])
