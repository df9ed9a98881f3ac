"""Effects against whole worlds sampled anew: two roads to the same runs, with noise and policies."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from etia.compile.study import Case, Settings, Study
from etia.describe.counterfactual import contrasts_of, score_contrasts
from etia.describe.effects import effects
from etia.describe.transmission import transmission_contrasts
from etia.files.load import load_dict

if TYPE_CHECKING:
    from etia.engine.ensemble import Outcomes
    from etia.engine.program import Program
    from etia.engine.worlds import World

MODEL: dict[str, Any] = {
    "etia": 1,
    "title": "Measured",
    "calendar": {"start": 2000, "as_of": 2015, "end": 2024, "step": "year"},
    "actors": {"us": {"title": "Us"}},
    "events": {
        "old": {"title": "Old", "date": 2004, "level": "macro"},
        "answer": {
            "title": "Answer", "date": 2008, "level": "meso", "sensitive_to": {"y": {"per": 5, "rate_ratio": 2}},
        },
        "new": {
            "title": "New", "level": "macro", "probability": {"by": 2022, "value": [0.3, 0.5, 0.7]}, "repeats": 2,
            "sensitive_to": {"x": {"per": "+20%", "rate_ratio": [1.2, 1.8, 2.5]}},
        },
        "next": {"title": "Next", "level": "meso", "probability": {"by": 2024, "value": 0.4}, "prevented_by": ["halt"]},
        "halt": {"title": "Halt", "date": 2020, "level": "meso"},
    },
    "links": {
        "old -> answer": {"rate_ratio": [1.5, 3, 5]},
        "answer -> next": {"rate_ratio": 2, "half_life": "10 years"},
        "new -> next": {"rate_ratio": 3, "half_life": "3 years"},
    },
    "trends": {
        "x": {
            "title": "X", "scale": "log", "baseline": {"method": "linear"},
            "history": [{"at": 2000 + i, "value": 5 + 0.2 * i + 0.4 * (i * 7 % 5)} for i in range(14)],
        },
        "y": {"title": "Y", "scale": "logit", "bounds": [0, 50], "constructed": {"from": 2002, "value": [15, 20, 30]}},
    },
    "impacts": {
        "old -> y": {"shape": "ramp", "peaks": "3 years", "lasting": [2, 5, 9]},
        "answer -> x": {"shape": "step", "lasting": "-10%", "fades": "6 years"},
        "new -> x": {"shape": "step", "lasting": "+30%"},
        "next -> y": {"shape": "pulse", "peaks": "1 year", "settles": "4 years", "peak": -8},
        "halt -> x": {"shape": "step", "lasting": "+5%"},
    },
    "couplings": {"x -> y": {"strength": 0.5, "lag": "1 year"}},
    "policies": {
        "p": {
            "title": "P", "actor": "us", "cost": 1, "from": 2017, "until": 2020,
            "events": {"next": {"rate_ratio": 1.5}}, "links": {"new -> next": {"scale": 0.5}},
            "impacts": {"new -> x": {"scale": 0.3}}, "trends": {"y": {"shape": "step", "lasting": 2}},
        }
    },
}  # fmt: skip


@cache
def _case(policies: tuple[str, ...]) -> Case:
    return Study(load_dict(MODEL).model, {}, Settings(draws=4, runs=300)).case(policies=policies)


def _sampled(case: Case, world: World) -> Outcomes:
    def change(program: Program) -> Program:
        for event, step in world.fixed:
            program = program.do(event, step)
        return program.without(list(world.removed)) if world.removed else program

    return case.world(change) if world else case.outcomes


@pytest.mark.parametrize("policies", [(), ("p",)])
def test_effects_are_those_of_worlds_sampled_anew(policies: tuple[str, ...]) -> None:
    case = _case(policies)
    steps = np.arange(case.calendar.n_steps)
    contrasts = contrasts_of(score_contrasts(case, _case(())))
    found = effects(case, contrasts, steps)
    for c, contrast in enumerate(contrasts):
        first, second = _sampled(case, contrast.first), _sampled(case, contrast.second)
        for k in range(len(case.trend_names)):
            difference = first.values(k) - second.values(k)
            np.testing.assert_allclose(found.total[c, k], difference.mean(axis=0), atol=1e-9)
            means = difference.reshape(4, 300, -1).mean(axis=1)
            np.testing.assert_allclose(found.total_error[c, k], means.std(axis=0, ddof=1) / 2, atol=1e-9)


def test_kept_dates_move_nothing_but_the_events_taken_out() -> None:
    """Macro events' own part: y less y without the responses of `old` and `new`, in the factual runs."""
    case = _case(())
    end = case.calendar.n_steps - 1
    own = effects(case, transmission_contrasts(case)[:1], [end]).total[0, :, 0]
    index, outcomes = case.compiled.index, case.outcomes
    macro = [index.place["old"], *index.copies("new")]
    by_draw = [case.program(p).trends for p in range(4)]
    for k in range(len(case.trend_names)):
        latent = outcomes.latent(k, end, end)[:, 0]
        gone = latent.copy()
        for run, steps in enumerate(outcomes.steps):
            trends = by_draw[run // 300]
            for event in macro:
                if steps[event] <= end:
                    gone[run] -= trends.response[trends.response_row[event, steps[event]], k, end - steps[event]]
        y, without = _units(case, k, latent), _units(case, k, gone)
        assert own[k] == pytest.approx((y - without).mean())


def _units(case: Case, trend: int, latent: np.ndarray) -> np.ndarray:
    return np.exp(latent) if trend == 0 else 50 / (1 + np.exp(-latent))


def test_a_trend_without_a_value_has_no_effect() -> None:
    case = _case(())
    found = effects(case, transmission_contrasts(case), [0, 5])
    k = case.trend_names.index("y")
    assert np.isnan(found.total[:, k, 0]).all()
    assert not np.isnan(found.total[:, k, 1]).any()
