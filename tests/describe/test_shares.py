"""Shares of a movement: exact direct parts, Shapley's totals, one sum, equal parts of what counts several times."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from etia.describe import shares as module
from etia.describe.shares import SHARES, shares, split
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
    assert_within_error(found.total[0], [exact[name] for name in found.events], found.error[0])


def test_direct_and_total_parts_have_one_sum_with_baseline_and_noise_the_whole_movement() -> None:
    for case in drafted_cases(201):
        end = case.calendar.n_steps - 1
        spans = [(trend, case.calendar.as_of, end) for trend in case.trend_names]
        found = split(case, spans)
        np.testing.assert_allclose(found.direct.sum(axis=1), found.total.sum(axis=1), atol=1e-9)
        for s, (trend, first, last) in enumerate(spans):
            k = case.trend_names.index(trend)
            latent = case.outcomes.latent(k, first, last)
            whole = found.direct[s].sum() + found.baseline[s] + found.noise[s]
            assert whole == pytest.approx((latent[:, -1] - latent[:, 0]).mean(), abs=1e-9)


def test_drawn_orders_agree_with_all_coalitions(monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_of(CHAIN, runs=4_000)
    exact = split(case, SPAN)
    monkeypatch.setattr(module, "MOST_EXACT", 0)
    drawn = split(case, SPAN)
    assert_within_error(drawn.total[0], exact.total[0], np.hypot(drawn.error[0], exact.error[0]), floor=0.05 * 1000)


def test_an_event_of_two_domains_counts_half_in_each() -> None:
    events = CHAIN["events"] | {
        "d": {"title": "D", "date": 2016, "level": "meso", "domains": ["strategic", "geoeconomic"]}
    }
    table = shares(case_of(CHAIN | {"events": events, "links": {}}), SPAN)
    domains = table[table.by == "domain"].set_index("name")
    assert domains.direct.to_dict() == pytest.approx({"(none)": 111, "strategic": 500, "geoeconomic": 500})


@pytest.mark.parametrize("by", module.GROUPINGS)
def test_every_grouping_has_the_same_sum(by: str) -> None:
    table = shares(case_of(CHAIN), SPAN)
    assert table[table.by == by].direct.sum() == pytest.approx(1111)
    assert table[table.by == by].total.sum() == pytest.approx(1111)
