"""The small real cases beside the flagship: sound, and their pages say of turning points what the tests find."""

from __future__ import annotations

from pathlib import Path

import pytest

from etia.files.load import check, load
from etia.learn.fit import fit_model
from etia.learn.model_breaks import model_turning_points

MODELS = Path(__file__).parents[2] / "models"
CASES = ["japan_nuclear", "california_tobacco", "uk_uncertainty", "iran_rial"]


@pytest.mark.parametrize("name", CASES)
def test_a_case_has_no_finding_and_a_page(name):
    assert check(MODELS / name) == []
    page = (MODELS / name / "README.md").read_text(encoding="utf-8")
    for part in ("**Question.**", "**Turning points**", "**Fit**", "**Backtest**", "**What to conclude.**"):
        assert part in page
    assert "seed 0" in page


@pytest.mark.parametrize("name", CASES)
def test_every_size_of_a_case_meets_its_data(name):
    fits = fit_model(load(MODELS / name).model, central=True)
    assert not fits.left_out
    assert len(fits.table) >= 8


def verdicts(name):
    table = model_turning_points(load(MODELS / name).model)
    return dict(zip(zip(table["event"], table["trend"], strict=True), table["verdict"], strict=True))


def test_fukushima_is_a_break_in_japan_and_none_where_nothing_happened():
    found = verdicts("japan_nuclear")
    assert found["fukushima", "japan"] == "break"
    assert found["german_moratorium", "germany"] == "not separable"
    assert {verdict for (_, trend), verdict in found.items() if trend in ("france", "south_korea")} == {"no sign"}


def test_the_exit_from_the_deal_is_a_break_of_the_rial_and_its_signing_is_none():
    found = verdicts("iran_rial")
    assert found["jcpoa_exit", "rial_rate"] == "break"
    assert found["jcpoa", "rial_rate"] == "no sign"


def test_what_is_no_clear_break_is_not_called_one():
    assert "break" not in verdicts("uk_uncertainty").values()
    assert verdicts("california_tobacco")["prop99", "relative"] == "no sign"


def test_the_laws_effect_is_found_by_the_fit_beside_a_comparison():
    table = fit_model(load(MODELS / "california_tobacco").model).table
    row = table[(table.trend == "relative") & (table.parameter == "lasting (campaign)")].iloc[0]
    assert row["p95"] < 0
    assert row["p50"] < row["prior_p50"]
