"""Comparisons: what was written otherwise, and what came of it, paired run by run."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from etia.compile.study import Settings, Study
from etia.describe.comparison import changed_events, changed_inputs, changed_rows, changed_trends, table_changes
from etia.errors import UsageError
from etia.files.load import load, load_dict
from tests.describe.cases import TINY, assert_within_error, case_of

RAW = {
    "calendar": {"start": 2018, "as_of": 2020, "end": 2022, "step": "year"},
    "events": {
        "a": {"title": "A", "level": "macro", "probability": {"by": 2022, "value": 0.4}},
        "b": {"title": "B", "level": "macro", "probability": {"by": 2022, "value": 0.3}},
    },
    "trends": {"x": {"title": "X", "constructed": {"from": 2018, "value": 0}}},
    "impacts": {"a -> x": {"shape": "step", "lasting": 10}},
}
LIKELIER = RAW | {"events": RAW["events"] | {"a": RAW["events"]["a"] | {"probability": {"by": 2022, "value": 0.5}}}}


def test_changed_inputs_name_values_and_places() -> None:
    before, after = load(TINY / "tiny4"), load(TINY / "tiny4", overrides=["events.snap.probability.value=0.5"])
    table = changed_inputs(before, after)
    assert table.path.tolist() == ["events.snap.probability.value"]
    assert table.before.tolist() == ["0.4"] or table.before.tolist() == [0.4]
    assert table.place_before[0].startswith("model.yaml:")


def test_one_value_on_one_side_only_is_a_change() -> None:
    one = load_dict({"etia": 1, "title": "test", **RAW})
    other = load_dict({"etia": 1, "title": "test", **RAW, "question": "Why?"})
    table = changed_inputs(one, other)
    assert (table.path[0], table.before[0], table.after[0]) == ("question", None, "Why?")


def test_differences_are_paired_run_by_run() -> None:
    """The same thresholds: a comes in 0.1 of the runs more, and no run differs otherwise: se √(0.1 · 0.9 / n)."""
    before, after = case_of(RAW, runs=20_000), case_of(LIKELIER, runs=20_000)
    trends = changed_trends(before, after)
    last = trends[trends.date == "2022"].iloc[0]
    assert_within_error(last.difference, 1.0, last.se)
    assert last.se == pytest.approx(10 * np.sqrt(0.09 / 20_000), rel=0.1)
    assert set(changed_events(before, after).event) == {"a"}


def test_runs_that_share_no_random_numbers_are_not_compared() -> None:
    model = load_dict({"etia": 1, "title": "test", **RAW}).model
    one, other = (Study(model, {}, Settings(2, 10, seed=seed)).case() for seed in (0, 1))
    with pytest.raises(UsageError, match="seed 0 and 1"):
        changed_trends(one, other)


def test_rows_of_tables_are_joined_on_their_names() -> None:
    before = pd.DataFrame({"event": ["a", "b"], "probability": [0.4, 0.3], "se": [0.1, 0.1]})
    after = pd.DataFrame({"event": ["a", "b"], "probability": [0.5, 0.3], "se": [0.1, 0.1]})
    table = changed_rows(before, after)
    assert table.event.tolist() == ["a"]
    assert table.probability_difference.tolist() == pytest.approx([0.1])
    assert list(table_changes({"t": before, "u": before}, {"t": after, "u": before})) == ["t"]
