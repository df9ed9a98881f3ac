"""Sentences of the third page."""

import pandas as pd
import pytest

from etia.report.prescribing.portfolios import choice_sentences, goal_words, options
from etia.report.prescribing.ranking import Ranking
from etia.report.prescribing.robustness import reversal_sentences, robustness
from etia.report.prescribing.signposts import plan_sentences, sign_words, signposts
from etia.report.subject import Subject
from tests.report.conftest import made_run


def plainly(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture(scope="module")
def ranking(subject):
    return Ranking(subject)


def test_portfolios_are_numbered_by_what_they_bring(ranking):
    assert ranking.table["number"].tolist() == [1, 2, 3]
    assert ranking.called("talk") == "portfolio 2 (“Talk”)"
    assert ranking.called("dredge + talk") == "“Dredge the river” and “Talk”"
    assert ranking.called("none") == "no policy"


def test_portfolios_that_do_just_the_same_count_once(tables):
    ranks = tables["portfolio_ranks"]
    twin = ranks[ranks["portfolio"] == "dredge"].assign(portfolio="dredge + idle", n_policies=2)
    both = {**tables, "portfolio_ranks": pd.concat([ranks, twin], ignore_index=True)}
    ranking = Ranking(Subject(made_run(both)))
    assert ranking.table["portfolio"].tolist() == ["dredge", "talk", "none"]
    assert ranking.short("dredge + idle") == "portfolio 1"


def test_the_best_is_named_with_its_gain_and_its_cost(ranking):
    said = [plainly(text) for text in choice_sentences(ranking)]
    assert said[0] == (
        "Best on average over all futures compared is “Dredge the river”: over no policy it brings +0.20 (±0.04) of "
        "utility, at a cost of 2.0 points. It is called portfolio 1 here."
    )
    assert said[1].startswith("It is also the choice to regret least")
    assert said[2] == "All targets at once are met in 40 % of the futures with portfolio 1 (with no policy, in 20 %)."


def test_objectives_are_sentences(subject):
    objectives = subject.model.objectives
    assert goal_words(subject, "trust", objectives["trust"]) == "“Trust” is to be at least 50 of 100 in 2030."
    assert goal_words(subject, "freight", objectives["freight"]) == (
        "“Freight” is to be as high as can be on average from 2026 to 2030."
    )


def test_a_policy_within_its_error_brings_nothing_that_can_be_seen(subject):
    section = options(subject)
    assert section.blocks[2].text == "What “Talk” would bring cannot be told apart from nothing."
    assert "What cannot go together: “Talk” with “Dredge the river”." in section.blocks[0].text


def test_worlds_in_which_another_is_better_are_told(ranking):
    assert reversal_sentences(ranking, 2)[1] == (
        "Portfolio 2 (“Talk”): in “The model as it stands” under “Commerce” (+0.10 (±0.02))."
    )
    assert "In every one it does better than no policy." in robustness(ranking).blocks[0].text


def test_nothing_turns_the_choice_where_advantages_are_within_their_error(tables):
    rows = tables["policy_reversals"].assign(se=0.2)
    ranking = Ranking(Subject(made_run({**tables, "policy_reversals": rows})))
    assert reversal_sentences(ranking, 2) == [
        "In one world another portfolio comes out ahead, but by no more than the error: nothing here turns the choice."
    ]


def test_the_plan_says_what_to_begin_with_to_watch_and_to_change_to(ranking):
    subject = ranking.subject
    said = [plainly(text) for text in plan_sentences(ranking, subject.table("signposts"), subject.table("waiting"))]
    assert said[1] == (
        "Begin with portfolio 1 (“Dredge the river”). Then watch whether by 2027 “The dam is built” has come (30 %): "
        "if so by 2027, change to portfolio 2 (“Talk”); if not, change to portfolio 1 (“Dredge the river”). To know "
        "it first would be worth 0.05 (±0.02) of utility."
    )
    assert said[2].endswith("less than the knowledge is worth: what can be put off should be.")
    assert len(signposts(ranking).blocks[-1].rows) == 2


def test_signs_of_trends_are_told_by_level_or_value(subject):
    assert sign_words(subject, "trust >= partners") == "“Trust” has reached “partners” (50 of 100)"
    assert sign_words(subject, "trust >= 61.2") == "“Trust” stands at 61 of 100 or above"
