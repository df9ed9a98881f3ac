"""Shares of a movement: exact direct parts, Shapley's totals, one sum, equal parts of what counts several times."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from etia.describe import shapley
from etia.describe.shares import GROUPINGS, SHARES, shares, split
from tests.describe.cases import assert_within_error, case_of, drafted_cases
from tests.describe.test_counterfactual import CHAIN

SPAN = [("x", 0, 10)]


def test_direct_parts_are_the_events_own_responses() -> None:
    table = shares(case_of(CHAIN), [("x", 3, 10)])
    assert list(table.columns) == SHARES
    by_event = table[table.by == "event"].set_index("name")
    assert by_event.direct.to_dict() == pytest.approx({"a": 0, "b": 0, "c": 100, "d": 1000})
    assert (by_event["from"] == "2013").all()


def test_totals_are_shapley_values_worked_out_by_hand() -> None:
    """Movement by coalition, from the fractions of the chain; Shapley's rule over all 24 orders."""
    found = split(case_of(CHAIN, runs=20_000), SPAN)

    def movement(present: frozenset[str]) -> float:
        b = 1.0 if "a" in present else 1 / 4
        b *= "b" in present
        c = b * ("c" in present)
        # d: 1/K of what is gone: a (3) and c (0.5)
        stay = {(a, c_): min(1.0, (1.0 if a else 1 / 3) * (1.0 if c_ else 2.0)) for a in (0, 1) for c_ in (0, 1)}
        a = int("a" in present)
        d = (c * stay[a, 1] + (1 - c) * stay[a, 0]) * ("d" in present)
        return 1 * a + 10 * b + 100 * c + 1000 * d

    exact = dict.fromkeys("abcd", 0.0)
    for order in itertools.permutations("abcd"):
        for i, event in enumerate(order):
            exact[event] += (movement(frozenset(order[: i + 1])) - movement(frozenset(order[:i]))) / 24
    n = len(found.events)
    assert_within_error(found.total[0, :n], [exact[name] for name in found.events], found.error[0, :n])


def test_direct_and_total_parts_have_one_sum_with_baseline_and_noise_the_whole_movement() -> None:
    for case in drafted_cases(201):
        end = case.calendar.n_steps - 1
        spans = [(trend, case.calendar.as_of, end) for trend in case.trend_names]
        found = split(case, spans)
        alone = np.arange(len(found.events))
        np.testing.assert_allclose(found.direct[:, alone].sum(axis=1), found.total[:, alone].sum(axis=1), atol=1e-9)
        for s, (trend, first, last) in enumerate(spans):
            k = case.trend_names.index(trend)
            latent = case.outcomes.latent(k, first, last)
            whole = found.direct[s, alone].sum() + found.rest[:, s].sum()
            assert whole == pytest.approx((latent[:, -1] - latent[:, 0]).mean(), abs=1e-9)


def test_drawn_orders_agree_with_all_coalitions(monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_of(CHAIN, runs=4_000)
    exact = split(case, SPAN)
    monkeypatch.setattr(shapley, "MOST_EXACT", 0)
    drawn = split(case, SPAN)
    assert_within_error(drawn.total[0], exact.total[0], np.hypot(drawn.error[0], exact.error[0]), floor=0.05 * 1000)


def test_an_event_of_two_domains_counts_half_in_each() -> None:
    events = CHAIN["events"] | {
        "d": {"title": "D", "date": 2016, "level": "meso", "domains": ["strategic", "geoeconomic"]}
    }
    table = shares(case_of(CHAIN | {"events": events, "links": {}}), SPAN)
    domains = table[table.by == "domain"].set_index("name")
    assert domains.direct.to_dict() == pytest.approx({"(none)": 111, "strategic": 500, "geoeconomic": 500})


CAUSED = {
    "calendar": {"start": 2018, "as_of": 2020, "end": 2024, "step": "year"},
    "events": {
        "a": {"title": "A", "level": "macro", "domains": ["strategic"], "probability": {"by": 2022, "value": 0.4}},
        "b": {"title": "B", "level": "meso", "domains": ["strategic"], "probability": {"by": 2024, "value": 0.3}},
        "c": {"title": "C", "level": "meso", "domains": ["geopolitical"], "probability": {"by": 2024, "value": 0.5}},
    },
    "links": {"a -> b": {"rate_ratio": 6}, "b -> c": {"rate_ratio": 3}},
    "trends": {"x": {"title": "X", "constructed": {"from": 2018, "value": 0}}},
    "impacts": {f"{name} -> x": {"shape": "step", "lasting": 10} for name in "abc"},
}


@pytest.mark.parametrize("size", [{"runs": 500}, {"draws": 12, "runs": 30}], ids=["central", "draws"])
def test_errors_of_events_and_of_their_groups_are_those_that_repetition_shows(
    size: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over 50 seeds totals spread by what their errors say, to a few times the 10 % to which 50 tell a spread.

    Orders are drawn. What a passes on, b lacks: with both in one domain, that domain is surer than two events apart.
    """
    monkeypatch.setattr(shapley, "MOST_EXACT", 0)
    found = [split(case_of(CAUSED, seed=seed, **size), [("x", 2, 6)]) for seed in range(50)]
    totals, errors = (np.array([getattr(one, what)[0] for one in found]) for what in ("total", "error"))
    ratio = totals.std(axis=0, ddof=1) / np.sqrt((errors**2).mean(axis=0))
    assert (ratio > 0.7).all()
    assert (ratio < 1.4).all()


@pytest.mark.parametrize("by", GROUPINGS)
def test_every_grouping_has_the_same_sum(by: str) -> None:
    table = shares(case_of(CHAIN), SPAN)
    assert table[table.by == by].direct.sum() == pytest.approx(1111)
    assert table[table.by == by].total.sum() == pytest.approx(1111)
