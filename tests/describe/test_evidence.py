"""Evidence shares and the most influential numbers that cite nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from etia.describe.evidence import EVIDENCE, evidence_accounts, evidence_shares, uncited
from tests.describe.cases import case_of
from tests.describe.test_counterfactual import CHAIN

if TYPE_CHECKING:
    from pathlib import Path

MIXED: dict[str, Any] = CHAIN | {
    "seeds": "seeds",
    "links": {},
    "impacts": {
        "a -> x": {"shape": "step", "lasting": 2, "evidence": ["s1.1"]},
        "b -> x": {"shape": "step", "lasting": -1, "evidence": ["s1.1"], "fitted_on": ["x"]},
        "c -> x": {"shape": "step", "lasting": 1},
    },
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "s1.yaml").write_text("{id: s1, title: S, claims: {s1.1: {text: T}}}\n")
    return tmp_path


def test_shares_are_those_of_absolute_terms_by_what_they_rest_on(folder: Path) -> None:
    """2 of 4 on claims, 1 on data, 1 on judgement."""
    table = evidence_shares(evidence_accounts(case_of(MIXED, folder=folder)))
    assert list(table.columns) == EVIDENCE
    assert table.iloc[0][["evidence", "data", "judgement"]].tolist() == pytest.approx([0.5, 0.25, 0.25])


def test_numbers_that_cite_nothing_are_ranked_by_what_rests_on_them(folder: Path) -> None:
    """Of x's 4, 1 rests on c's impact; y moves by an impact and an open event's probability alone."""
    raw = MIXED | {
        "events": MIXED["events"] | {"e": {"title": "E", "level": "meso", "probability": {"by": 2022, "value": 0.5}}},
        "trends": MIXED["trends"] | {"y": {"title": "Y", "constructed": {"from": 2010, "value": 0}}},
        "impacts": MIXED["impacts"] | {"e -> y": {"shape": "step", "lasting": 5}},
    }
    case = case_of(raw, folder=folder)
    table = uncited(case, evidence_accounts(case))
    influence = dict(zip(table.number, table.influence, strict=True))
    assert influence["events.e.probability"] == pytest.approx(0.5)
    assert influence["impacts.e -> y"] == pytest.approx(0.5)
    assert influence["impacts.c -> x"] == pytest.approx(0.25)
    # each moves one trend alone
    assert table.share.tolist() == pytest.approx(table.influence.tolist())
    assert table.influence.is_monotonic_decreasing
