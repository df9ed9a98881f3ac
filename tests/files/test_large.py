"""A model of 5,000 events is read and checked."""

from __future__ import annotations

from benchmarks.reading import large_model
from etia.files.load import check, load


def test_five_thousand_events_are_read_and_checked(tmp_path):
    path = tmp_path / "model.yaml"
    path.write_text(large_model(5_000))
    assert [found for found in check(path) if found.code != "no-reason"] == []
    assert len(load(path).model.events) == 5_000
