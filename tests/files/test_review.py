"""The reviewer's table: each number with its source, its reason and its place."""

from __future__ import annotations

from pathlib import Path

from etia.files.load import load
from etia.files.review import as_markdown, reviewed

MODEL = "models/look_east"


def rows(tmp_path: Path, text: str):
    (tmp_path / "model.yaml").write_text(text, encoding="utf-8")
    return reviewed(load(tmp_path))


MINIMAL = """\
etia: 1
title: Two
calendar: {start: 2020, as_of: 2021, end: 2025, step: year}
events:
  a: {title: A, level: macro, date: 2020, note: a fact}
  b:
    title: B
    level: meso
    note: the reason for all of it
    probability:
      - {by: 2023, value: 0.2, note: the first reason}
      - {by: 2025, value: [0.2, 0.3, 0.4]}
links:
  a -> b: {rate_ratio: 2, lag: 1 year}
"""


def test_each_number_has_a_line_with_its_reason_and_place(tmp_path):
    found = [(row.what, row.numbers, row.reason, row.place, row.basis) for row in rows(tmp_path, MINIMAL)]
    assert found == [
        ("a", "date 2020", "a fact", "model.yaml:5", "judgement"),
        ("b: probability", "by 2023, value 0.2", "the first reason", "model.yaml:11", "judgement"),
        ("b: probability", "by 2025, value [0.2, 0.3, 0.4]", "the reason for all of it", "model.yaml:12", "judgement"),
        ("a -> b", "rate_ratio 2, lag 1 year", "", "model.yaml:14", "nothing"),
    ]


SERIES = """\
trends:
  t:
    title: T
    level: meso
    unit: u
    note: where the figures come from
    history: [{at: 2018, value: 1}, {at: 2019, value: 2, note: a rival says 3}, {at: 2020, value: 4}]
"""


def test_a_data_series_has_one_line_and_its_points_only_where_they_argue_for_themselves(tmp_path):
    found = [(row.what, row.numbers, row.reason) for row in rows(tmp_path, MINIMAL + SERIES) if row.kind == "data"]
    assert found == [
        ("t: history", "2018 … 2020, 2 values", "where the figures come from"),
        ("t: history", "at 2019, value 2", "a rival says 3"),
    ]


def test_lines_are_counted_by_kind(tmp_path):
    made = as_markdown(rows(tmp_path, MINIMAL), {}, "Two", "etia show")
    assert "4 lines:" in made
    for line in ("| dates | 1 | 0 | 1 | 0 |", "| probabilities | 2 | 0 | 2 | 0 |", "| links | 1 | 0 | 0 | 1 |"):
        assert line in made


def test_the_flagship_s_table_is_the_one_beside_its_readme():
    root = Path(__file__).parents[2]
    loaded = load(root / MODEL)
    made = as_markdown(reviewed(loaded), loaded.claims, loaded.model.title, f"etia show {MODEL} --numbers")
    kept = (root / MODEL / "NUMBERS.md").read_text(encoding="utf-8")
    assert made == kept, f"write it anew: etia show {MODEL} --numbers > {MODEL}/NUMBERS.md"


def test_seven_in_ten_relations_and_probabilities_of_the_flagship_cite_a_claim():
    root = Path(__file__).parents[2]
    judged = [
        row
        for row in reviewed(load(root / MODEL))
        if row.section in {"links", "impacts", "couplings"} or ": probability" in row.what
    ]
    assert sum(row.basis == "cited" for row in judged) >= 0.7 * len(judged)
    assert all(row.basis != "nothing" for row in judged)


def test_what_was_foreseen_does_not_rest_on_the_sources_of_what_came(tmp_path):
    dated = (
        "{title: A, level: macro, date: 2020, evidence: [x.1], foreseen: {as_of: 2020, by: 2021, value: 0.3, note: n}}"
    )
    (tmp_path / "cards").mkdir()
    card = "etia: 1\nid: x\ntitle: X\ndate: 2020\nclaims:\n  x.1: {text: A came}\n"
    (tmp_path / "cards" / "x.yaml").write_text(card, encoding="utf-8")
    found = rows(
        tmp_path, MINIMAL.replace("{title: A, level: macro, date: 2020, note: a fact}", dated) + "seeds: cards\n"
    )
    assert [(row.what, row.basis) for row in found[:2]] == [("a", "cited"), ("a: foreseen", "judgement")]
