"""Calibration where links pull so strongly that sweeps alone do not settle, and what is said where nothing settles."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from etia.compile.exact_study import ExactStudy
from etia.compile.study import Settings, Study
from etia.engine import calibration, newton, sweeps
from etia.engine.calibration import Calibrated
from etia.engine.exact import enumerate_histories
from etia.engine.exact_outcomes import event_probabilities
from etia.errors import CalibrationError, NotConvergedError
from etia.files.load import load_dict

CALENDAR = {"start": 2015, "as_of": 2018, "end": 2024, "step": "year"}


def _event(*points: tuple[int, float], **keys: Any) -> dict[str, Any]:
    return {"title": "E", "level": "meso", "probability": [{"by": by, "value": q} for by, q in points], **keys}


def _random(seed: int, largest: float) -> dict[str, Any]:
    """Four events of two points each, ln of the rate ratios within ±`largest`."""
    rng = np.random.default_rng(seed)
    events = {}
    for i in range(4):
        first = rng.uniform(0.05, 0.5)
        second = first + rng.uniform(0.05, 0.4)
        events[f"e{i}"] = _event((2020, round(first, 3)), (2024, round(second, 3)))
    pairs = [(i, j) for i in range(4) for j in range(4) if i != j and rng.random() < 0.8]
    links = {f"e{i} -> e{j}": {"rate_ratio": float(np.exp(rng.uniform(-largest, largest)))} for i, j in pairs}
    return {"events": events, "links": links}


STRONG = {
    "events": {
        "a": _event((2019, 0.02), (2022, 0.6)),
        "b": _event((2020, 0.5), (2024, 0.9)),
        "c": _event((2024, 0.05), requires=["a"], prevented_by=["b"]),
    },
    "links": {
        "a -> b": {"rate_ratio": 300}, "b -> a": {"rate_ratio": 0.003},
        "b -> a (other)": {"rate_ratio": 20, "lag": "3 years"},
        "a -> c": {"rate_ratio": 50, "lag": "1 year", "half_life": "0.3 years"},
    },
}  # fmt: skip
PULLED = {
    "events": {
        "e0": _event((2020, 0.196), (2024, 0.255)), "e1": _event((2020, 0.075), (2024, 0.471)),
        "e2": _event((2020, 0.438), (2024, 0.681)), "e3": _event((2020, 0.486), (2024, 0.883)),
    },
    "links": {
        "e0 -> e1": {"rate_ratio": 0.165}, "e0 -> e3": {"rate_ratio": 1.97}, "e1 -> e3": {"rate_ratio": 1.27},
        "e2 -> e0": {"rate_ratio": 0.503}, "e2 -> e1": {"rate_ratio": 0.127}, "e2 -> e3": {"rate_ratio": 0.00682},
        "e3 -> e0": {"rate_ratio": 147},
    },
}  # fmt: skip
BOUND = {"events": {
    "a": _event((2019, 0.1003), (2024, 0.4)),
    "b": _event((2020, 0.5), requires=["a"]),
}}  # fmt: skip


def _model(sections: dict[str, Any]) -> Any:
    return load_dict({"etia": 1, "title": "M", "calendar": CALENDAR, **sections}).model


def _study(sections: dict[str, Any], seed: int = 0) -> Study:
    return Study(_model(sections), settings=Settings(central=True, runs=20, seed=seed))


def _farthest(study: Study) -> float:
    """Largest miss of what the solved rates lead to by enumeration, in standard errors of 20,000 runs."""
    case = study.case()
    curves = case.compiled.curves.draw(0)
    exact = event_probabilities(enumerate_histories(case.program(0)), case.calendar.n_steps)
    q = curves.probability
    return float(np.max(np.abs(exact[curves.event, curves.by_step] - q) / np.sqrt(q * (1 - q) / 20_000)))


@pytest.mark.parametrize("seed", [0, 89, 120])
def test_promotion_and_inhibition_by_hundreds_in_a_cycle_are_met(seed):
    assert _farthest(_study(STRONG, seed)) < 4.5


def test_an_event_that_another_holds_back_by_more_than_a_hundred_is_met():
    """Once e2 has come, e3 needs a rate far above 1, which is no sign that none is enough."""
    assert _farthest(_study(PULLED)) < 4.5


@pytest.mark.parametrize("largest", [5, 7, 9])
def test_random_strong_links_are_met(largest):
    for seed in range(5):
        found = _study(_random(seed, largest)).calibrated[0]
        assert found.is_met.all(), seed


@pytest.mark.parametrize("sections", [STRONG, PULLED], ids=["strong", "pulled"])
def test_newtons_method_gets_there_without_the_sweeps(sections, monkeypatch):
    monkeypatch.setattr(sweeps, "_MOST_SWEEPS", 1)
    assert _farthest(_study(sections)) < 4.5


def test_what_was_not_found_is_not_called_out_of_reach(monkeypatch):
    monkeypatch.setattr(sweeps, "_MOST_SWEEPS", 3)
    monkeypatch.setattr(newton, "_MOST_JACOBIANS", 1)
    with pytest.raises(
        NotConvergedError, match=r"did not converge after 3 sweeps; worst is event '\w'.*elicited by 20"
    ):
        _study(STRONG).calibrated  # noqa: B018 - asking is what solves


def test_what_is_named_as_reachable_is_accepted_by_sampling_and_by_enumeration():
    with pytest.raises(CalibrationError, match=r"what it requires \(a\), at most 0\.\d+ can") as raised:
        _study(BOUND).calibrated  # noqa: B018
    advised = float(re.search(r"at most (\S+) can", str(raised.value)).group(1))
    assert 0.098 < advised <= 0.1003
    lowered = {"events": {**BOUND["events"], "b": _event((2020, advised), requires=["a"])}}
    assert _study(lowered).calibrated[0].is_met.all()
    assert ExactStudy(_model(lowered), {}, Settings()).calibrated[0].is_met.all()


def test_the_exact_reachable_value_is_rounded_down():
    """0.100361 can be reached; 0.1004 would again be too much."""
    sections = {"events": {"a": _event((2019, 0.100361), (2024, 0.4)), "b": BOUND["events"]["b"]}}
    with pytest.raises(CalibrationError, match=r"at most 0\.1003 can"):
        ExactStudy(_model(sections), {}, Settings()).calibrated  # noqa: B018


def test_an_event_without_conditions_is_never_said_to_be_bound(monkeypatch):
    def capped(*_: object, **__: object) -> Calibrated:
        no, rate = np.zeros(1, dtype=bool), np.ones(1)
        return Calibrated(rate, 0.3 * rate, np.zeros((1, 1)), no, ~no, 60, 0 * rate)

    monkeypatch.setattr("etia.compile.study.calibrate", capped)
    with pytest.raises(
        NotConvergedError, match=r"after 60 sweeps; worst is event 'a': 0\.5 elicited by 2020, 0\.3 reached"
    ):
        _study({"events": {"a": _event((2020, 0.5))}}).calibrated  # noqa: B018


def test_moderate_links_are_solved_by_the_sweeps_alone(monkeypatch):
    def never(*_: object) -> None:
        raise AssertionError("Newton's method was called")

    monkeypatch.setattr(calibration, "newton", never)
    for seed in range(5):
        assert _study(_random(seed, 1.5)).calibrated[0].is_met.all()
