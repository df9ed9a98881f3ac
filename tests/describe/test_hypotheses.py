"""Hypotheses: thresholds, dates, what vanishes without the carrying mechanisms, claims for and against."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from etia.describe.hypotheses import HYPOTHESES, claim_counts, hypotheses
from tests.describe.cases import assert_within_error, case_of

RAW: dict[str, Any] = {
    "calendar": {"start": 2018, "as_of": 2020, "end": 2024, "step": "year"},
    "mechanisms": {"m": {"title": "M"}},
    "events": {"e": {"title": "E", "level": "macro", "probability": {"by": 2024, "value": 0.4}}},
    "trends": {
        "x": {
            "title": "X",
            "scale": "logit",
            "bounds": [0, 100],
            "levels": {0: "low", 50: "high"},
            "constructed": {"from": 2018, "value": 40},
        }
    },
    "impacts": {"e -> x": {"shape": "pulse", "settles": "1 year", "peak": 30, "mechanism": "m"}},
    "hypotheses": {
        "by": {"statement": "S.", "trend": "x", "at_least": "high", "by": 2024, "carried_by": ["m"]},
        "at": {"statement": "S.", "trend": "x", "at_least": 50, "at": 2024},
        "low": {"statement": "S.", "trend": "x", "at_most": "high", "at": 2020},
        "edge": {"statement": "S.", "trend": "x", "at_least": 40, "at": 2019},
    },
}


def test_by_asks_for_some_step_and_at_for_that_step() -> None:
    """A pulse of one step: seen by 2024 with 0.4, in 2024 with P(not by 2023) − P(not by 2024) = 0.6^(3/4) − 0.6."""
    table = hypotheses([case_of(RAW, runs=20_000)], {}).set_index("hypothesis")
    assert list(table.reset_index()[HYPOTHESES]) == HYPOTHESES
    assert_within_error(table.probability["by"], 0.4, table.se["by"])
    assert_within_error(table.probability["at"], 0.6**0.75 - 0.6, table.se["at"])


def test_without_its_mechanisms_nothing_carries_it() -> None:
    table = hypotheses([case_of(RAW)], {}).set_index("hypothesis")
    assert table.without_mechanisms["by"] == 0
    assert np.isnan(table.without_mechanisms["at"])


def test_thresholds_hold_downwards_and_at_the_rung_itself() -> None:
    table = hypotheses([case_of(RAW)], {}).set_index("hypothesis")
    assert table.probability["low"] == 1
    assert table.probability["edge"] == 1


def test_claims_are_counted_by_their_stance() -> None:
    stances = [{"by": "supports"}, {"by": "supports", "at": "contradicts"}, {"by": "qualifies"}, {}]
    claims = {str(i): SimpleNamespace(hypotheses=stance) for i, stance in enumerate(stances)}
    assert claim_counts(claims, "by") == (2, 0, 1)  # type: ignore[arg-type]
    assert claim_counts(claims, "at") == (0, 1, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", HYPOTHESES)
def test_every_column_of_the_table_is_there(name: str) -> None:
    assert name in hypotheses([case_of(RAW)], {}).columns
