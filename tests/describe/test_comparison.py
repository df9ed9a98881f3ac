"""Comparisons: what was written otherwise, and what came of it, paired run by run."""

from __future__ import annotations

import numpy as np
import pytest

from etia.compile.study import Settings, Study
from etia.describe.comparison import (
    changed_events,
    changed_hypotheses,
    changed_inputs,
    changed_scores,
    changed_trends,
    is_paired,
)
from etia.files.load import load, load_dict
from etia.files.origins import as_origins, origins_rows
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
    places = [as_origins(origins_rows(model.root, {})) for model in (before, after)]
    table = changed_inputs(before.resolved(), after.resolved(), (places[0], places[1]))
    assert table.path.tolist() == ["events.snap.probability.value"]
    assert (table.before[0], table.after[0]) == (0.4, 0.5)
    file, line = table.place_before[0].split(":")
    assert "0.4" in (TINY / "tiny4" / file).read_text().splitlines()[int(line) - 1]
    assert table.place_after[0] == "--set events.snap.probability.value:1"


def test_one_value_on_one_side_only_is_a_change_with_one_place() -> None:
    table = changed_inputs({"title": "T"}, {"title": "T", "question": "Why?"}, ({}, {"question": "m.yaml:3"}))
    assert table.to_numpy().tolist() == [["question", None, "Why?", None, "m.yaml:3"]]


def test_points_are_gone_through_and_ranges_are_whole() -> None:
    before = {"points": [{"by": 1, "value": [1, 2, 3]}, {"by": 2}]}
    after = {"points": [{"by": 1, "value": [1, 2, 4]}, {"by": 2}]}
    assert changed_inputs(before, after).to_numpy().tolist() == [["points.0.value", [1, 2, 3], [1, 2, 4], None, None]]


def test_differences_are_paired_run_by_run() -> None:
    """The same thresholds: a comes in 0.1 of the runs more, and no run differs otherwise: se √(0.1 · 0.9 / n)."""
    before, after = case_of(RAW, runs=20_000), case_of(LIKELIER, runs=20_000)
    trends = changed_trends(before, after)
    last = trends[trends.date == "2022"].iloc[0]
    assert_within_error(last.difference, 1.0, last.se)
    assert last.se == pytest.approx(10 * np.sqrt(0.09 / 20_000), rel=0.1)
    events = changed_events(before, after).set_index("event")
    assert events.loc["a", "se"] == pytest.approx(np.sqrt(0.09 / 20_000), rel=0.1)
    assert events.loc["b", ["difference", "se"]].tolist() == [0, 0]


def test_without_shared_random_numbers_both_errors_count() -> None:
    model = load_dict({"etia": 1, "title": "test", **RAW}).model
    one, other = (Study(model, {}, Settings(2, 4000, seed=seed, central=True)).case() for seed in (0, 1))
    assert not is_paired(one, other)
    row = changed_trends(one, other).iloc[0]
    # each side: 10 · √(0.4 · 0.6 / 4000)
    assert row.se == pytest.approx(np.sqrt(2) * 10 * np.sqrt(0.24 / 4000), rel=0.1)


def test_scores_differ_by_what_was_changed_paired_draw_by_draw() -> None:
    """do(a) less never(a) is the impact: 10 before and 13 after, in every draw, so without error."""
    stronger = RAW | {"impacts": {"a -> x": {"shape": "step", "lasting": 13}}}
    before, after = (case_of(raw, draws=3, runs=50) for raw in (RAW, stronger))
    table = changed_scores(before, after)
    assert table[["event", "trend", "date"]].to_numpy().tolist() == [["a", "x", "2022"]]
    assert table[["before", "after", "difference"]].iloc[0].tolist() == pytest.approx([10, 13, 3])
    assert table.se[0] == pytest.approx(0, abs=1e-12)


def test_scores_of_the_central_model_are_paired_run_by_run() -> None:
    """a brings 10 or 13, and more runs have the second event b: do(a) less never(a) is 3 more in every run.

    What b does to x under a, 1 in each run where it comes, falls out: paired, its difference has no error at all.
    """
    also = RAW | {"impacts": {**RAW["impacts"], "b -> x": {"shape": "step", "lasting": 1}},
                  "links": {"a -> b": {"rate_ratio": 2}}}  # fmt: skip
    stronger = also | {"impacts": {**also["impacts"], "a -> x": {"shape": "step", "lasting": 13}}}
    table = changed_scores(*(case_of(raw, runs=3000) for raw in (also, stronger)))
    row = table[table.event == "a"].iloc[0]
    assert row.difference == pytest.approx(3)
    assert row.se == pytest.approx(0, abs=1e-9)


def test_the_error_of_a_score_s_difference_holds_calibration_s_part() -> None:
    """The link a -> b from ratio 2 to 3: b comes in more runs of do(a) and, to keep its 30 %, in fewer of never(a).

    Forty repetitions with other seeds spread as far as the error of one says.
    """
    linked = RAW | {"impacts": {"b -> x": {"shape": "step", "lasting": 10}}, "links": {"a -> b": {"rate_ratio": 2}}}
    stronger = linked | {"links": {"a -> b": {"rate_ratio": 3}}}
    found = []
    for seed in range(40):
        table = changed_scores(*(case_of(raw, runs=1000, seed=seed) for raw in (linked, stronger)))
        found.append(table[table.event == "a"].iloc[0])
    spread = np.std([row.difference for row in found], ddof=1)
    assert np.mean([row.se for row in found]) == pytest.approx(spread, rel=0.35)


def test_a_hypothesis_is_compared_run_by_run() -> None:
    """x reaches 5 exactly where a has come."""
    held = {"hypotheses": {"h": {"statement": "H.", "trend": "x", "at_least": 5, "at": 2022}}}
    row = changed_hypotheses(case_of(RAW | held, runs=4000), case_of(LIKELIER | held, runs=4000)).iloc[0]
    assert_within_error(row.difference, 0.1, row.se)
    assert row.se == pytest.approx(np.sqrt(0.09 / 4000), rel=0.15)
