"""The prescribe layer's tables as a whole."""

from __future__ import annotations

from copy import deepcopy

import pandas as pd
import pytest

from etia.compile.cases import Cases, Options
from etia.prescribe.layer import TABLES, tables
from tests.prescribe.choices import WORKED, study_of


def made(body, policies=None, lens=None, **settings):
    study = study_of(body, **settings)
    return tables(study, Cases(study, (), lens, policies), Options())


def lensed():
    body = deepcopy(WORKED)
    body["mechanisms"] = {"m": {"title": "M"}}
    body["lenses"] = {"ours": {"reference": True}, "theirs": {"weights": {"m": 0}}}
    body["policies"]["a"]["events"]["e"]["mechanism"] = "m"
    return body


def test_the_layer_gives_all_its_tables():
    assert tuple(made(WORKED, draws=3, runs=20)) == TABLES


def test_scores_hold_every_lens_unless_one_is_asked_for():
    assert list(made(lensed(), draws=3, runs=20)["policy_scores"]["lens"].unique()) == ["ours", "theirs", "all"]
    assert list(made(lensed(), lens="theirs", draws=3, runs=20)["policy_scores"]["lens"].unique()) == ["theirs", "all"]


def test_a_lens_without_a_policys_mechanism_takes_its_effect_away():
    scores = made(lensed(), draws=3, runs=50)["policy_scores"].set_index(["lens", "portfolio"])["utility"]
    assert scores["theirs", "a"] == scores["theirs", "none"]
    assert scores["ours", "a"] > scores["ours", "none"]


def test_policies_that_were_asked_for_are_in_every_portfolio_but_none():
    scores = made(WORKED, policies=["a"], draws=3, runs=20)["policy_scores"]
    assert list(scores["portfolio"].unique()) == ["none", "a", "a + b"]


@pytest.mark.parametrize("missing", ["policies", "objectives"])
def test_without_policies_or_objectives_the_tables_are_empty_and_keep_their_columns(missing):
    body = deepcopy(WORKED)
    del body[missing]
    found = made(body, draws=2, runs=10)
    assert all(not len(table) for table in found.values())
    assert list(found["policy_scores"].columns)[:3] == ["scenario", "lens", "portfolio"]


def test_the_central_model_gives_the_same_tables():
    assert tuple(made(WORKED, central=True, runs=200)) == TABLES


def test_the_tables_are_the_same_whatever_the_number_of_threads():
    one, two = (made(lensed(), draws=5, runs=30, jobs=jobs) for jobs in (1, 3))
    for name in TABLES:
        pd.testing.assert_frame_equal(one[name], two[name], check_exact=True)
