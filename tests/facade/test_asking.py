"""What the command line's verbs do, in one call each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import etia
from etia.facade.model import Model
from tests.learn.models import ar1, study

TINY1 = Path(__file__).parent.parent / "tiny_models" / "tiny1"


@pytest.fixture(scope="module")
def stepped():
    """A measured trend that rose by 6 with an event."""
    values = ar1(np.random.default_rng(0), 40) + 6 * (np.arange(40) >= 25)
    return Model(study(values, events={"a": {"date": "2005"}}, impacts={"a -> y": {"lasting": [5, 6, 7]}}))


def test_runs_are_compared_as_they_are_or_by_their_folders(tmp_path):
    one, two = (etia.run(TINY1, draws=4, runs=20, set=[f"events.b.probability.value={value}"]) for value in (0.5, 0.6))
    found = etia.compare(one, two, tables=["event_probabilities"])
    assert found.paired
    assert found.inputs["path"].tolist() == ["events.b.probability.value"]
    folders = [run.save(tmp_path / name) for run, name in ((one, "one"), (two, "two"))]
    assert etia.compare(*folders).events["difference"].tolist() == found.events["difference"].tolist()


def test_the_ledger_keeps_a_run_and_scores_it(tmp_path):
    folder = etia.run(Path(__file__).parents[2] / "models" / "minimal", draws=2, runs=5).save(tmp_path / "run")
    ledger = etia.ledger(tmp_path / "ledger.sqlite")
    entry, is_new = ledger.add_run(folder)
    assert (entry.body["model"], is_new) == ("minimal", True)
    assert ledger.score().events.empty


def test_a_run_answers_its_model_s_tests():
    run = etia.run(TINY1.parent.parent.parent / "models" / "minimal", draws=4, runs=20)
    assert [result.test for result in run.test()] == list(run.model.tests)


def test_a_model_is_fitted_to_its_data(stepped):
    table = stepped.fit(draws=4).table
    assert table["event"].tolist() == ["a"]


def test_a_model_is_tested_from_past_dates(stepped):
    found = stepped.backtest(origins=["2010", "2012"], draws=5, runs=20)
    assert [str(origin) for origin in found.origins] == ["2010", "2012"]
