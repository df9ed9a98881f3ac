"""The chronicle: events in order of time, what made what likelier, causal chains."""

from __future__ import annotations

import pytest

from etia.describe.chronicle import causal_links, chronicle, longest_chains, strongest_chains
from tests.describe.cases import case_of
from tests.describe.test_counterfactual import CHAIN

LINKED = CHAIN | {
    "links": {
        "a -> b": {"rate_ratio": 4},
        "b -> c": {"rate_ratio": 2},
        "c -> d": {"rate_ratio": 5},
        "a -> d": {"rate_ratio": 0.5},
    }
}


def test_rate_ratios_and_fractions_are_those_of_the_links() -> None:
    links = causal_links(case_of(LINKED)).set_index(["cause", "event"])
    assert links.rate_ratio["a", "b"] == pytest.approx(4)
    assert links.attributable_fraction["c", "d"] == pytest.approx(0.8)
    assert links.attributable_fraction["a", "d"] == 0


def test_the_chronicle_says_what_each_event_made_likelier() -> None:
    case = case_of(LINKED)
    table = chronicle(case, causal_links(case)).set_index("event")
    assert table.index.tolist() == ["a", "b", "c", "d"]
    assert table.made_likelier["a"] == "b"
    assert table.made_less_likely["a"] == "d"
    assert table.made_likelier_by["d"] == "c"


def test_the_strongest_chain_has_the_largest_product_of_fractions() -> None:
    """a → b → c: 3/4 · 1/2; b → c → d: 1/2 · 4/5."""
    case = case_of(LINKED)
    table = strongest_chains(case, causal_links(case))
    assert table.chain.tolist() == ["b -> c -> d", "a -> b -> c", "a -> b -> c -> d"]
    assert abs(table.strength[0] - 0.4) < 1e-12


def test_the_longest_chain_takes_in_the_shorter_ones() -> None:
    case = case_of(LINKED)
    table = longest_chains(case, causal_links(case))
    assert table.chain.tolist() == ["a -> b -> c -> d"]
    assert table.length.tolist() == [3]


def test_a_model_without_links_has_no_chains() -> None:
    case = case_of(CHAIN | {"links": {}})
    links = causal_links(case)
    assert links.empty
    assert strongest_chains(case, links).empty
    assert longest_chains(case, links).empty
    assert len(chronicle(case, links)) == 4
