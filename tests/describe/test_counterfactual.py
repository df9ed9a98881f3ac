"""Scores, removals and attributable fractions against exact enumeration and against cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from etia.describe.counterfactual import (
    DRIVERS,
    IMPACT_SCORES,
    attributable_fractions,
    central_steps,
    expected_impacts,
    impact_scores,
    removal_effects,
)
from etia.engine import exact_scores
from etia.engine.exact import enumerate_histories
from etia.engine.exact_laws import trend_laws
from etia.engine.program import NEVER
from etia.errors import UsageError
from tests.describe.cases import assert_within_error, case_of, drafted_cases, known, known_case


@pytest.mark.parametrize("name", ["tiny1", "tiny4"])
def test_scores_of_the_known_models_are_the_known_ones(name: str) -> None:
    case, expected = known_case(name), known(name)
    scores, _ = impact_scores(case, reference=case, every_step=True)
    assert list(scores.columns) == IMPACT_SCORES
    for event, by_trend in expected["scores"].items():
        for trend, exact in by_trend.items():
            rows = scores[(scores.event == event) & (scores.trend == trend)]
            places = [expected["steps"].index(date) for date in rows.date]
            assert_within_error(rows.total, np.array(exact["total"])[places], rows.se)
            direct = np.array(exact["direct"])[places]
            np.testing.assert_allclose(rows.direct, direct, atol=0.02 * max(np.abs(direct).max(), 0.1))


@pytest.mark.parametrize("name", ["tiny1", "tiny4"])
def test_central_dates_are_the_known_ones(name: str) -> None:
    case, expected = known_case(name), known(name)
    for event, step in central_steps(case).items():
        assert case.calendar.label(step) == expected["central"][event]


@pytest.mark.parametrize("seed", range(100, 112))
def test_scores_of_drafted_models_agree_with_enumeration(seed: int) -> None:
    for case in drafted_cases(seed):
        reference = drafted_cases(seed)[0]
        scores, _ = impact_scores(case, reference=reference, every_step=True)
        program = case.program(0)
        for event in case.model.events:
            rows = scores[scores.event == event]
            step = case.calendar.labels().index(rows.central.iloc[0])
            exact = exact_scores.impact_scores(program, case.compiled.index.place[event], step)
            k = [case.trend_names.index(trend) for trend in rows.trend]
            t = [case.calendar.labels().index(date) for date in rows.date]
            spread = max(np.abs(exact.total[k, t]).max(initial=0.0), 1e-3)
            # what happens in less than one run in all is not seen, and its error neither
            reach = np.array([np.nanmax(np.ptp(case.outcomes.values(place), axis=0)) for place in k])
            floor = np.maximum(1e-4 * spread, reach / len(case.outcomes.steps))
            assert_within_error(rows.total, exact.total[k, t], np.maximum(rows.se, floor))


@pytest.mark.parametrize("seed", range(100, 106))
def test_expected_impacts_agree_with_enumeration(seed: int) -> None:
    case = drafted_cases(seed)[0]
    end = case.calendar.n_steps - 1
    drivers, program = expected_impacts(case, steps=[end], reference=case), case.program(0)
    assert list(drivers.columns) == DRIVERS

    def expectation(world: object) -> np.ndarray:
        return trend_laws(world, enumerate_histories(world)).mean()[:, end]

    factual = expectation(program)
    for event, rows in drivers.groupby("event", sort=False):
        place = case.compiled.index.place[event]
        gone = program.without([place]) if program.is_past()[place] else program.do(place, NEVER)
        exact = (factual - expectation(gone))[[case.trend_names.index(name) for name in rows.trend]]
        assert_within_error(rows.expected, exact, rows.se, floor=1e-4)


CHAIN = {
    "calendar": {"start": 2010, "as_of": 2020, "end": 2022, "step": "year"},
    "events": {
        "a": {"title": "A", "date": 2011, "level": "macro"},
        "b": {"title": "B", "date": 2013, "level": "meso"},
        "c": {"title": "C", "date": 2015, "level": "meso", "requires": ["b"]},
        "d": {"title": "D", "date": 2016, "level": "meso"},
    },
    "links": {"a -> b": {"rate_ratio": 4}, "a -> d": {"rate_ratio": 3}, "c -> d": {"rate_ratio": 0.5}},
    "trends": {"x": {"title": "X", "constructed": {"from": 2010, "value": 0}}},
    "impacts": {
        "a -> x": {"shape": "step", "lasting": 1},
        "b -> x": {"shape": "step", "lasting": 10},
        "c -> x": {"shape": "step", "lasting": 100},
        "d -> x": {"shape": "step", "lasting": 1000},
    },
}


def test_a_removed_event_takes_along_what_it_made_likelier() -> None:
    """B goes with 1 − 1/4, C with B; D: with 1 − 1/3 where B and C stay, with 1 − 1/(3·0.5) where C is gone too."""
    fractions = attributable_fractions(case_of(CHAIN, runs=20_000), ["a"]).set_index("event")
    exact = {"b": 3 / 4, "c": 3 / 4, "d": 1 / 4 * 2 / 3 + 3 / 4 * 1 / 3}
    for event, fraction in exact.items():
        assert_within_error(fractions.fraction[event], fraction, fractions.se[event])


def test_total_and_indirect_effects_of_a_removal_follow_the_fractions() -> None:
    """a: 1 itself, 10 · 3/4 + 100 · 3/4 + 1000 · 5/12 by what went with it."""
    case = case_of(CHAIN, runs=20_000)
    row = removal_effects(case, ["a"], steps=[10]).iloc[0]
    assert row.direct == pytest.approx(1)
    assert_within_error(row.indirect, 110 * 3 / 4 + 1000 * 5 / 12, row.se)
    assert row.total == pytest.approx(row.direct + row.indirect)


def test_a_set_of_events_is_removed_at_once() -> None:
    """a and b: C goes with B for sure; D goes with 1 − 1/(3 · 0.5) = 1/3."""
    row = removal_effects(case_of(CHAIN, runs=20_000), ["a", "b"], steps=[10]).iloc[0]
    assert row.direct == pytest.approx(11)
    assert_within_error(row.total, 111 + 1000 / 3, row.se)


def test_nothing_differs_before_the_event() -> None:
    scores, _ = impact_scores(case_of(CHAIN), every_step=True, events=["d"])
    assert (scores.total[scores.date < "2016"] == 0).all()
    assert (scores.central == "2016").all()


def test_with_two_draws_or_more_the_error_is_that_of_draw_means() -> None:
    """x rises by an uncertain 0 … 6 (PERT: variance (mean − low)(high − mean)/7 = 9/7): se √(9/7 / 400)."""
    uncertain = CHAIN | {"links": {}, "impacts": {"d -> x": {"shape": "step", "lasting": [0, 3, 6]}}}
    case = case_of(uncertain, draws=400, runs=2)
    row = removal_effects(case, ["d"], steps=[10]).iloc[0]
    assert row.se == pytest.approx(np.sqrt(9 / 7 / 400), rel=0.15)
    assert_within_error(row.total, 3, row.se)


def test_an_unknown_event_is_named() -> None:
    with pytest.raises(UsageError, match="there is no event 'z'; the model has a, b, c, d"):
        removal_effects(case_of(CHAIN), ["z"])
