"""Policies (method §11) in force from the start of a run, worked out by hand."""

from __future__ import annotations

from tests.models.by_hand import exactly

MODEL = """
    calendar: {start: 2015, as_of: 2020, end: 2024, step: year}
    actors:
      us: {title: Us}
    events:
      past: {title: Past, level: macro, date: 2020}
      b: {title: B, level: macro, probability: {by: 2021, value: 0.1, meaning: base}}
      later: {title: Later, level: macro, date: 2022}
      last: {title: Last, level: macro, date: 2024}
    trends:
      y: {title: Y, level: meso, constructed: {from: 2015, value: 50}}
    links:
      past -> b: {rate_ratio: 4}
    impacts:
      past -> y: {shape: step, lasting: 1}
      later -> y: {shape: step, lasting: 10}
      last -> y: {shape: step, lasting: 10}
    policies:
      %s
"""


def test_a_policy_multiplies_rates_in_the_steps_that_it_covers(worked):
    """Ratio 4 every year by the link; doubled in 2022 and 2023."""
    policy = "hasten: {title: Hasten, actor: us, cost: 1, from: 2022, until: 2023, events: {b: {rate_ratio: 2}}}"
    run = worked(MODEL % policy, policies=["hasten"])
    assert run.probabilities("b") == exactly([1 - 0.9**n for n in (4, 12, 20, 24)])


def test_a_scaled_link_has_its_ratio_raised_to_the_scale(worked):
    """4^½ = 2 from 2022 on, although the cause came before."""
    policy = "damp: {title: Damp, actor: us, cost: 1, from: 2022, links: {past -> b: {scale: 0.5}}}"
    run = worked(MODEL % policy, policies=["damp"])
    assert run.probabilities("b") == exactly([1 - 0.9**n for n in (4, 6, 8, 10)])


def test_a_scaled_impact_is_that_of_events_that_come_while_the_policy_lasts(worked):
    """The event of 2022 moves y by 5 for good, that of 2024, after the policy, by 10."""
    effects = "impacts: {past -> y: {scale: 0}, later -> y: {scale: 0.5}, last -> y: {scale: 0.5}}"
    policy = f"shield: {{title: Shield, actor: us, cost: 1, from: 2021, until: 2022, {effects}}}"
    run = worked(MODEL % policy, policies=["shield"])
    assert run.means("y", 2020, 2021, 2022, 2023, 2024) == exactly([51, 51, 56, 56, 66])


def test_a_policy_moves_a_trend_from_its_start_and_beyond_its_end(worked):
    """A ramp to 4 over two years from 2021: 0, 2, 4, 4, though the policy itself ends in 2022."""
    effects = "trends: {y: {shape: ramp, peaks: 2 years, lasting: 4}}"
    policy = f"push: {{title: Push, actor: us, cost: 1, from: 2021, until: 2022, {effects}}}"
    run = worked(MODEL % policy, policies=["push"])
    assert run.means("y", 2021, 2022, 2023, 2024) == exactly([51, 63, 65, 75])


def test_several_policies_multiply(worked):
    """2 · 3 on top of the link's 4, from 2022."""
    one = "one: {title: One, actor: us, cost: 1, from: 2022, events: {b: {rate_ratio: 2}}}"
    two = "two: {title: Two, actor: us, cost: 1, from: 2022, events: {b: {rate_ratio: 3}}}"
    run = worked(MODEL % f"{one}\n      {two}", policies=["one", "two"])
    assert run.probabilities("b")[:2] == exactly([1 - 0.9**4, 1 - 0.9**28])
