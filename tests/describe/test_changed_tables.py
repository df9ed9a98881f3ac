"""Tables held against each other row by row, and the errors of their differences from groups of draws."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import etia
from etia.describe.changed_tables import changed_rows, with_errors

if TYPE_CHECKING:
    from collections.abc import Mapping

TINY1 = Path(__file__).parent.parent / "tiny_models" / "tiny1"


def chances(*values: float) -> pd.DataFrame:
    return pd.DataFrame({"event": list("ab")[: len(values)], "probability": values, "se": 0.1})


def test_rows_are_joined_on_what_they_are_about():
    table = changed_rows(chances(0.4, 0.3), chances(0.5, 0.3))
    assert table.event.tolist() == ["a"]
    assert table.probability_difference.tolist() == pytest.approx([0.1])
    assert changed_rows(chances(0.4, 0.3), chances(0.4, 0.3)).empty


def test_words_that_were_found_stand_beside_each_other():
    """A level that became another is one row with both, not a row on each side."""
    one, two = (pd.DataFrame({"trend": ["x"], "likeliest_level": [level], "p50": [1.0]}) for level in ("low", "high"))
    table = changed_rows(one, two)
    assert table.to_numpy().tolist() == [["x", "low", "high", 1.0, 1.0, 0.0]]


def test_a_row_on_one_side_only_has_nothing_on_the_other():
    table = changed_rows(chances(0.4), chances(0.4, 0.3)).iloc[0]
    assert table.event == "b"
    assert np.isnan([table.probability_before, table.probability_difference]).all()


def test_the_error_of_a_difference_is_that_of_the_groups_differences():
    """Groups: 0.1 and 0.3 more, sd 0.1·√2, over √2: 0.1; unpaired: sides with sd 0.1·√2 and 0: 0.1 and 0."""
    rows = changed_rows(chances(0.4, 0.3), chances(0.6, 0.3))
    one, two = [chances(0.4, 0.3), chances(0.2, 0.3)], [chances(0.5, 0.3), chances(0.5, 0.3)]
    found = with_errors(rows, one, two, is_paired=True)
    assert list(found) == [
        "event", "probability_before", "probability_after", "probability_difference", "probability_difference_se",
        "se_before", "se_after",
    ]  # fmt: skip
    assert found.probability_difference_se.tolist() == pytest.approx([0.1])
    assert with_errors(rows, one, two, is_paired=False).probability_difference_se.tolist() == pytest.approx([0.1])


def test_a_row_that_a_group_lacks_and_a_single_group_have_no_error():
    rows = changed_rows(chances(0.4, 0.3), chances(0.6, 0.2))
    some = with_errors(rows, [chances(0.4, 0.3), chances(0.4)], [chances(0.6, 0.2)] * 2, is_paired=True)
    assert np.isnan(some.probability_difference_se).tolist() == [False, True]
    assert with_errors(rows, [rows], [rows], is_paired=True).probability_difference_se.isna().all()


@pytest.mark.parametrize("central", [False, True])
def test_groups_are_the_runs_of_the_whole_in_order(central):
    """Event steps of four groups, laid end to end, are those of the run; rates are calibrated once a draw."""
    size = {"runs": 400, "central": True} if central else {"draws": 8, "runs": 30}
    base = [f"events.{point}.meaning=base" for point in ("a.probability.0", "b.probability")]
    whole = etia.run(TINY1, **size, seed=3, set=base)
    parts = [group.cases[0].outcomes.steps for group in whole.in_groups(4)]
    assert (np.concatenate(parts) == whole.cases[0].outcomes.steps).all()


NUMBERS = ("direct", "total", "macro_own", "macro_via_meso", "meso_own")


def looked_at(tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """One row of shares and one of transmission."""
    shares, passed = tables["shares"], tables["transmission"]
    share = shares[(shares.by == "event") & (shares.trend == "y") & (shares.name == "a")]
    return {**share[share["from"] == "2020"].iloc[0], **passed[(passed.trend == "y") & (passed.date == "2026")].iloc[0]}


@pytest.mark.parametrize("size", [{"draws": 20, "runs": 10}, {"central": True, "runs": 1000}], ids=["draws", "central"])
def test_errors_from_groups_are_those_that_repetition_shows(size):
    """Five differences of shares and transmission spread over 16 seeds as the errors of three of them say.

    The spread is off by 18 % and the root mean square of three errors, each with 9 degrees of freedom, by 14 %.
    Were Shapley's orders or calibration the same in all groups, or the sides not paired, some would lie far outside.
    """
    changes: list[list[str]] = [[], ["events.b.probability.value=0.6"]]
    found, errors = [], []
    for seed in range(16):
        runs = [etia.run(TINY1, **size, seed=seed, jobs=1, set=change) for change in changes]
        before, after = (looked_at(run.tables) for run in runs)
        found.append([after[number] - before[number] for number in NUMBERS])
        if seed < 3:
            row = looked_at(etia.compare(*runs, tables=["shares", "transmission"]).rows)
            assert [row[f"{number}_difference"] for number in NUMBERS] == pytest.approx(found[-1])
            errors.append([row[f"{number}_difference_se"] for number in NUMBERS])
    ratio = np.std(found, axis=0, ddof=1) / np.sqrt(np.mean(np.square(errors), axis=0))
    assert (ratio > 0.45).all()
    assert (ratio < 2.0).all()
