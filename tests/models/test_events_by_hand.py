"""Events (method §2, §3): probabilities of whole small models, each worked out by hand beside it.

Most curves have 0.1 or 0.2 a year: survival over n years is 0.9^n or 0.8^n, and a rate ratio ρ in a year turns 0.9 into
0.9^ρ, since survival of a step is exp(−λ).
"""

from __future__ import annotations

from math import sqrt

from tests.models.by_hand import YEARS, exactly


def test_a_curve_has_one_rate_between_its_points_and_the_last_rate_goes_on(worked):
    """0.19 = 1 − 0.9² by 2022, so 0.1 in 2021. 1 − 0.648/0.81 = 0.2 over the next two years: √0.8 survives each."""
    run = worked(f"""
        {YEARS}
        events:
          a: {{title: A, level: macro, probability: [{{by: 2022, value: 0.19}}, {{by: 2024, value: 0.352}}]}}
    """)
    s = sqrt(0.8)
    assert run.probabilities("a") == exactly([0.1, 0.19, 1 - 0.81 * s, 0.352, 1 - 0.648 * s])


def test_a_curve_begins_with_from_and_ends_with_until(worked):
    """0 in 2021; 0.9 survives each year from 2022 to 2024; then the rate is 0."""
    run = worked(f"""
        {YEARS}
        events:
          a: {{title: A, level: macro, probability: {{by: 2023, value: 0.19, from: 2022, until: 2024}}}}
    """)
    assert run.probabilities("a") == exactly([0, 0.1, 0.19, 0.271, 0.271])


def test_a_point_past_the_end_gives_its_rate_up_to_the_end(worked):
    """0.9^10 survives 2021 … 2030, so 0.9 a year; 0.9^5 is left at the end of 2025."""
    run = worked(f"""
        {YEARS}
        events:
          a: {{title: A, level: macro, probability: {{by: 2030, value: {1 - 0.9**10}}}}}
    """)
    assert run.probability("a", 2025) == exactly(1 - 0.9**5)


def test_quantities_stand_at_their_means(worked):
    """PERT (0 + 4 · 0.1 + 0.8)/6 = 0.2. The ratio on its logarithm: (0 + 4 ln 2 + ln 16)/6 = 4/3 ln 2, so 2^(4/3)."""
    run = worked(f"""
        {YEARS}
        events:
          past: {{title: Past, level: macro, date: 2020}}
          a: {{title: A, level: macro, probability: {{by: 2021, value: [0, 0.1, 0.8]}}}}
          b: {{title: B, level: macro, probability: {{by: 2021, value: 0.1, meaning: base}}}}
        links:
          past -> b: {{rate_ratio: [1, 2, 16]}}
    """)
    assert run.probability("a", 2021) == exactly(0.2)
    assert run.probability("b", 2021) == exactly(1 - 0.9 ** (2 ** (4 / 3)))


def test_a_past_cause_multiplies_the_rate_and_wanes_by_half_lives(worked):
    """Cause at the end of 2020, half-life a year: ratios 2, 2^½, 2^¼ in 2021, 2022, 2023 (ages 1, 2, 3)."""
    run = worked(f"""
        {YEARS}
        events:
          past: {{title: Past, level: macro, date: 2020}}
          b: {{title: B, level: macro, probability: {{by: 2021, value: 0.1, meaning: base}}}}
        links:
          past -> b: {{rate_ratio: 2, half_life: 1 year}}
    """)
    ratios = [2, 2 + 2**0.5, 2 + 2**0.5 + 2**0.25]
    assert run.probabilities("b")[:3] == exactly([1 - 0.9**sum_ for sum_ in ratios])


def test_a_lag_delays_the_pull_and_parallel_links_multiply(worked):
    """From 2022 on (age 2) the ratio is 2 · 3; in 2021 it is 3 alone, from the link without a lag."""
    run = worked(f"""
        {YEARS}
        events:
          past: {{title: Past, level: macro, date: 2020}}
          b: {{title: B, level: macro, probability: {{by: 2021, value: 0.1, meaning: base}}}}
        links:
          past -> b (slow): {{rate_ratio: 2, lag: 2 years}}
          past -> b (fast): {{rate_ratio: 3}}
    """)
    assert run.probabilities("b")[:2] == exactly([1 - 0.9**3, 1 - 0.9 ** (3 + 6)])


OPEN_CAUSE = """
    calendar: {start: 2015, as_of: 2020, end: 2022, step: year}
    events:
      a: {title: A, level: macro, probability: {by: 2021, value: 0.1, meaning: base}}
      b: {title: B, level: macro, probability: %s}
    links:
      a -> b: {rate_ratio: 3}
"""
BY_BASE = "{by: 2021, value: 0.2, meaning: base}"
BY_MARGINAL = "[{by: 2021, value: 0.2}, {by: 2022, value: 0.38304}]"


def test_a_cause_to_come_acts_from_the_step_after(worked):
    """2021: 0.2. 2022, if not yet (0.8): a came in 2021 (0.1), then 1 − 0.8³ = 0.488, or not (0.9), then 0.2.

    0.2 + 0.8 · (0.1 · 0.488 + 0.9 · 0.2) = 0.38304.
    """
    run = worked(OPEN_CAUSE % BY_BASE)
    assert run.probabilities("b") == exactly([0.2, 0.38304])


def test_marginal_probabilities_come_back_and_their_base_rates_outlive_the_scenario(worked):
    """0.2 and 0.38304 are what base rates of 0.2 a year give, so these are the base rates that calibration must find.

    Without a: 1 − 0.8² = 0.36. With a in 2021: 0.2 + 0.8 · 0.488 = 0.5904.
    """
    never, comes = {"events": {"a": {"happens": "never"}}}, {"events": {"a": {"happens": "2021"}}}
    run = worked(OPEN_CAUSE % BY_MARGINAL, scenarios=[never, comes])
    assert run.probabilities("b") == exactly([0.2, 0.38304])
    assert run.probabilities("b", scenario="scenario") == exactly([0.2, 0.36])
    assert run.probabilities("b", scenario="scenario_2") == exactly([0.2, 0.5904])


def test_a_probability_that_the_scenario_gives_holds_in_it(worked):
    """b's own point of 0.5 is met with a at work; a, whose probability is not given anew, keeps its 0.1 a year."""
    given = {"events": {"b": {"probability": {"by": "2022", "value": 0.5}}}}
    run = worked(OPEN_CAUSE % BY_MARGINAL, scenarios=[given])
    assert run.probability("b", 2022, scenario="scenario") == exactly(0.5)
    assert run.probabilities("a", scenario="scenario") == exactly([0.1, 0.19])


def test_required_and_preventing_events_act_from_the_step_after(worked):
    """b needs a: 0 in 2021, then 0.1 · 0.2 in 2022. c is stopped by a: 0.2, then 0.2 + 0.8 · 0.9 · 0.2 = 0.344."""
    run = worked("""
        calendar: {start: 2015, as_of: 2020, end: 2022, step: year}
        events:
          a: {title: A, level: macro, probability: {by: 2021, value: 0.1}}
          b: {title: B, level: macro, probability: {by: 2021, value: 0.2, meaning: base}, requires: [a]}
          c: {title: C, level: macro, probability: {by: 2021, value: 0.2, meaning: base}, prevented_by: [a]}
    """)
    assert run.probabilities("b") == exactly([0, 0.02])
    assert run.probabilities("c") == exactly([0.2, 0.344])


def test_an_event_that_repeats_comes_again_and_counts_again(worked):
    """First by 2022: 0.19. A second one only if the first came in 2021: 0.1 · 0.1. Each adds 10: 50 + 1.9 + 0.1."""
    run = worked("""
        calendar: {start: 2015, as_of: 2020, end: 2022, step: year}
        events:
          a: {title: A, level: macro, probability: {by: 2021, value: 0.1}, repeats: 2}
        trends:
          y: {title: Y, level: meso, constructed: {from: 2020, value: 50}}
        impacts:
          a -> y: {shape: step, lasting: 10}
    """)
    assert run.probabilities("a") == exactly([0.1, 0.19])
    assert run.means("y", 2020, 2021, 2022) == exactly([50, 51, 52])


SENSITIVE = """
    calendar: {start: 2015, as_of: 2020, end: 2022, step: year}
    events:
      past: {title: Past, level: macro, date: 2020}
      b:
        title: B
        level: macro
        probability: {by: 2021, value: 0.1, meaning: base}
        sensitive_to: {y: {per: %s, rate_ratio: 2}}
    trends:
      y: {title: Y, level: meso, scale: %s, constructed: {from: 2015, value: 50}%s}
    impacts:
      past -> y: {shape: step, lasting: %s}
"""


def test_a_trend_pulls_on_an_event_by_its_deviation_a_step_before(worked):
    """y is 10 above its baseline from 2020 on, once `per`: ratio 2 in 2021."""
    run = worked(SENSITIVE % ("10", "linear", "", "10"))
    assert run.probabilities("b") == exactly([1 - 0.9**2, 1 - 0.9**4])


def test_on_a_log_trend_deviations_are_counted_in_percent_on_percent(worked):
    """+21% is +10% twice: ratio 2² = 4."""
    run = worked(SENSITIVE % ("+10%", "log", "", "+21%"))
    assert run.probability("b", 2021) == exactly(1 - 0.9**4)


def test_on_a_logit_trend_points_are_those_at_mid_scale(worked):
    """5 points are half of 10 on the latent scale, wherever the trend stands: ratio √2."""
    run = worked(SENSITIVE % ("10", "logit", ", bounds: [0, 100]", "5"))
    assert run.probability("b", 2021) == exactly(1 - 0.9 ** sqrt(2))


def test_an_event_dated_ahead_comes_on_its_date(worked):
    """Scheduled for 2022: certain from then on, in its probability and in its effects."""
    run = worked(f"""
        {YEARS}
        events:
          a: {{title: A, level: macro, date: 2022}}
        trends:
          y: {{title: Y, level: meso, constructed: {{from: 2020, value: 50}}}}
        impacts:
          a -> y: {{shape: step, lasting: 10}}
    """)
    assert run.means("y", 2021, 2022, 2025) == exactly([50, 60, 60])
    assert run.probabilities("a") == [0, 1, 1, 1, 1]


def test_a_coarse_date_stands_at_its_middle_step_the_earlier_of_two(worked):
    """Of the twelve months of 2020 the sixth; of three months of a quarter the second."""
    run = worked("""
        calendar: {start: 2020-01, as_of: 2021-12, end: 2022-12, step: month}
        events:
          year: {title: Year, level: macro, date: 2020}
          quarter: {title: Quarter, level: macro, date: 2021-Q2}
        trends:
          y: {title: Y, level: meso, constructed: {from: 2020-01, value: 50}}
        impacts:
          year -> y: {shape: step, lasting: 1}
          quarter -> y: {shape: step, lasting: 10}
    """)
    assert run.means("y", "2020-05", "2020-06", "2021-04", "2021-05") == exactly([50, 51, 51, 61])
