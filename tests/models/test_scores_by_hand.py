"""Impact scores, transmission and hypotheses (method §5, §7) of small models, worked out by hand, then sampled."""

from __future__ import annotations

import pytest

from tests.models.by_hand import exactly, within

PAST = """
    calendar: {start: 2015, as_of: 2020, end: 2022, step: year}
    events:
      cause: {title: Cause, level: macro, date: 2018}
      effect: {title: Effect, level: meso, date: 2019}
    trends:
      y: {title: Y, level: meso, constructed: {from: 2015, value: 50}}
    links:
      cause -> effect: {rate_ratio: 4}
    impacts:
      cause -> y: {shape: step, lasting: 2}
      effect -> y: {shape: step, lasting: 8}
    hypotheses:
      high: {statement: Y has risen by ten., trend: y, at_least: 60, by: 2021}
"""
AHEAD = """
    calendar: {start: 2015, as_of: 2020, end: 2022, step: year}
    events:
      a: {title: A, level: macro, probability: {by: 2021, value: 0.1, meaning: base}}
      b: {title: B, level: meso, probability: {by: 2021, value: 0.2, meaning: base}}
    trends:
      y: {title: Y, level: meso, constructed: {from: 2015, value: 50}}
    links:
      a -> b: {rate_ratio: 3}
    impacts:
      a -> y: {shape: step, lasting: 5}
      b -> y: {shape: step, lasting: 10}
    hypotheses:
      high: {statement: Y is high in 2022., trend: y, at_least: 60, at: 2022}
"""
SAMPLED = {"exact": False, "central": True, "runs": 20_000}


def test_removing_a_past_cause_takes_along_the_attributable_part_of_its_effect(worked):
    """Without the cause its effect stays with 1/4: 2 direct, 8 · ¾ = 6 indirect."""
    row = worked(PAST, **SAMPLED).row("impact_scores", event="cause", trend="y", date="2022")
    assert row["direct"] == exactly(2)
    assert row["indirect"] == within(6, row["se"])
    assert row["total"] == within(8, row["se"])


def test_removing_a_past_effect_leaves_its_cause(worked):
    """8, all of it direct."""
    row = worked(PAST, **SAMPLED).row("impact_scores", event="effect", trend="y", date="2022")
    assert row[["total", "direct", "indirect"]].tolist() == exactly([8, 8, 0])


def test_macro_events_reach_trends_themselves_and_through_meso_events(worked):
    """The cause's own 2; through the effect 8 · ¾; the effect's own 8 with the cause's date kept."""
    row = worked(PAST, **SAMPLED).row("transmission", trend="y", date="2022")
    assert row["macro_own"] == exactly(2)
    assert row["macro_via_meso"] == within(6, row["se"])
    assert row["meso_own"] == exactly(8)


def test_the_score_of_an_event_to_come_is_its_coming_less_its_staying_away(worked):
    """Central date of a: P = 0.1 in 2021, 0.19 in 2022; 0.1 is half of 0.19 and more: 2021.

    Then b by 2022 with 0.2 + 0.8 · 0.488 = 0.5904, never else 0.36: 5 direct, 10 · 0.2304 indirect.
    """
    row = worked(AHEAD, **SAMPLED).row("impact_scores", event="a", trend="y", date="2022")
    assert str(row["central"]) == "2021"
    assert row["direct"] == exactly(5)
    assert row["indirect"] == within(2.304, row["se"])


def test_standard_errors_are_those_of_chance(worked):
    """P(b by 2022) = 0.38304: √(p(1 − p)/20,000) = 0.00344, base probabilities needing no calibration."""
    row = worked(AHEAD, **SAMPLED).row("event_probabilities", event="b", date="2022")
    assert row["probability"] == within(0.38304, 0.00344)
    assert row["se"] == pytest.approx(0.00344, rel=0.03)


def test_a_hypothesis_has_the_probability_of_the_runs_that_meet_it(worked):
    """The past one is met in every run; the one ahead when b has come: 0.38304. a alone brings 55."""
    assert worked(PAST, **SAMPLED).row("hypotheses", hypothesis="high")["probability"] == 1
    row = worked(AHEAD, **SAMPLED).row("hypotheses", hypothesis="high")
    assert row["probability"] == within(0.38304, row["se"])
