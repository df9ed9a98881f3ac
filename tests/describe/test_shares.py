"""Shares of a movement: exact direct parts, Shapley's totals, one sum, equal parts of what counts several times."""

from __future__ import annotations

import itertools
from math import factorial

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


def chain_values(n: int) -> np.ndarray:
    """Shapley's values of n events in a chain, of whether the last one comes: ½ of each goes with its cause.

    In a coalition S: p_0 = [0 ∈ S], p_i = [i ∈ S] (p_{i−1} + (1 − p_{i−1}) / 2).
    """
    member = np.arange(1 << n)[:, None] >> np.arange(n) & 1
    there = member[:, 0].astype(float)
    for i in range(1, n):
        there = member[:, i] * (1.0 + there) / 2.0
    weight = np.array([factorial(k) * factorial(n - k - 1) / factorial(n) for k in range(n)])
    size = member.sum(axis=1)
    return np.array(
        [
            np.where(member[:, i] == 1, weight[size - 1] * there, -weight[np.minimum(size, n - 1)] * there).sum()
            for i in range(n)
        ]
    )


def test_drawn_orders_scatter_as_their_errors_say() -> None:
    """13 events in a chain, so that it matters who enters first; only the last one moves x.

    12 seeds and the five largest values: the mean square of the misses in errors is 1, known to 0.2.
    """
    names = [f"e{i:02d}" for i in range(13)]
    chain = {
        "calendar": {"start": 2000, "as_of": 2020, "end": 2021, "step": "year"},
        "events": {name: {"title": name, "date": 2002 + i, "level": "macro"} for i, name in enumerate(names)},
        "links": {f"{a} -> {b}": {"rate_ratio": 2} for a, b in itertools.pairwise(names)},
        "trends": {"x": {"title": "X", "constructed": {"from": 2000, "value": 0}}},
        "impacts": {f"{names[-1]} -> x": {"shape": "step", "lasting": 1}},
    }
    misses = []
    for seed in range(12):
        found = split(case_of(chain, runs=1_000, seed=seed), [("x", 0, 20)])
        misses.append((found.total[0, 8:13] - chain_values(13)[8:]) / found.error[0, 8:13])
    assert 0.4 < np.mean(np.square(misses)) < 1.8


def test_mechanisms_and_sources_are_those_by_which_an_event_moves_the_trend() -> None:
    """a moves x by m1, and v by m2, which is not x; c moves w, and so x along a coupling; b acts through a alone."""
    dates = {"b": 2011, "a": 2013, "c": 2013}
    raw = {
        "calendar": {"start": 2010, "as_of": 2020, "end": 2021, "step": "year"},
        "mechanisms": {name: {"title": name} for name in ("m1", "m2", "m3", "m4")},
        "events": {name: {"title": name, "date": date, "level": "macro"} for name, date in dates.items()},
        "links": {"b -> a": {"rate_ratio": 4, "mechanism": "m4"}},
        "trends": {name: {"title": name, "constructed": {"from": 2010, "value": 0}} for name in ("x", "w", "v")},
        "impacts": {
            "a -> x": {"shape": "step", "lasting": 3, "mechanism": "m1"},
            "a -> v": {"shape": "step", "lasting": 3, "mechanism": "m2"},
            "c -> w": {"shape": "step", "lasting": 4, "mechanism": "m3"},
        },
        "couplings": {"w -> x": {"strength": 0.5, "lag": "1 year"}},
    }
    table = shares(case_of(raw, runs=2_000), [("x", 0, 10)])
    by = table[table.by == "mechanism"].set_index("name")
    assert by.direct.to_dict() == pytest.approx({"m1": 3, "m3": 2, "m4": 0})
    # b's part of a: 3 · ¾ goes with it, half of that by Shapley's rule
    assert_within_error(by.total["m4"], 3 * 0.75 / 2, by.se["m4"])


@pytest.mark.parametrize("by", GROUPINGS)
def test_every_grouping_has_the_same_sum(by: str) -> None:
    table = shares(case_of(CHAIN), SPAN)
    assert table[table.by == by].direct.sum() == pytest.approx(1111)
    assert table[table.by == by].total.sum() == pytest.approx(1111)
