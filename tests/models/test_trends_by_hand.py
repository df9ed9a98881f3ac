"""Trends (method §4, §5): shapes, scales, couplings, baselines and lenses of small models, worked out by hand."""

from __future__ import annotations

from math import exp

import pytest

from tests.models.by_hand import MONTHS, YEARS, exactly


def monthly(impact: str) -> str:
    return f"""
        {MONTHS}
        events:
          past: {{title: Past, level: macro, date: 2020-01}}
        trends:
          y: {{title: Y, level: meso, constructed: {{from: 2020-01, value: 50}}}}
        impacts:
          past -> y: {{{impact}}}
    """


@pytest.mark.parametrize(
    ("impact", "values"),
    [
        ("shape: step, lasting: 8", [58, 58, 58, 58, 58, 58]),
        ("shape: step, starts: 4 months, lasting: 8", [50, 50, 58, 58, 58, 58]),
        ("shape: ramp, peaks: 8 months, lasting: 8", [50, 52, 54, 58, 58, 58]),
        ("shape: pulse, starts: 2 months, peaks: 4 months, settles: 8 months, peak: 8", [50, 50, 58, 50, 50, 50]),
        # up from 2 to 6 months, down to half of it at 10: at 4 half of 8, at 8 between 8 and 4
        ("starts: 2 months, peaks: 6 months, settles: 10 months, peak: 8, lasting: 4", [50, 50, 54, 56, 54, 54]),
        # as before; what is left halves in the ten months after 10
        (
            "starts: 2 months, peaks: 6 months, settles: 10 months, peak: 8, lasting: 4, fades: 10 months",
            [50, 50, 54, 56, 54, 52],
        ),
    ],
)
def test_an_impact_runs_through_its_corners(worked, impact, values):
    """Ages 0, 2, 4, 8, 10 and 20 months."""
    dates = ("2020-01", "2020-03", "2020-05", "2020-09", "2020-11", "2021-09")
    assert worked(monthly(impact)).means("y", *dates) == exactly(values)


def scaled(scale: str, sizes: str, drift: str = "0") -> str:
    return f"""
        {YEARS}
        events:
          past: {{title: Past, level: macro, date: 2019}}
          later: {{title: Later, level: macro, date: 2022}}
        trends:
          y: {{title: Y, level: meso, {scale}, constructed: {{from: 2018, value: 50, drift: {drift}}}}}
        impacts:
          past -> y: {{shape: step, lasting: {sizes.split()[0]}}}
          later -> y: {{shape: step, lasting: {sizes.split()[1]}}}
    """


def test_on_a_log_trend_percentages_multiply(worked):
    """50, 50 · 1.1 · 1.25 in 2019, and · 0.8 in 2022, which undoes the 1.25: 50 · 1.1⁴."""
    run = worked(scaled("scale: log", "+25% -20%", "+10%"))
    assert run.means("y", 2018, 2019, 2022) == exactly([50, 50 * 1.1 * 1.25, 50 * 1.1**4])


def test_on_a_logit_trend_points_count_less_near_the_bounds(worked):
    """10 of 100 points are 0.4 in the latent scale, 90 are 3.6: from 50 up to 100/(1 + e^−0.4), then e^−4."""
    run = worked(scaled("scale: logit, bounds: [0, 100]", "10 90"))
    assert run.means("y", 2018, 2019, 2022) == exactly([50, 100 / (1 + exp(-0.4)), 100 / (1 + exp(-4))])


def test_the_mean_of_a_percentage_is_taken_as_written(worked):
    """PERT (0 + 4 · 10 + 38)/6 = 13 %, then ln 1.13."""
    run = worked(scaled("scale: log", "[0%,+10%,+38%] +0%"))
    assert run.mean("y", 2019) == exactly(50 * 1.13)


def test_a_constructed_level_holds_what_earlier_events_had_done(worked):
    """A ramp from 2016 to +10 in 2020. At `from`, 2018, half of it is in the level: 45 + 5, later 45 + 10."""
    run = worked(f"""
        {YEARS}
        events:
          past: {{title: Past, level: macro, date: 2016}}
        trends:
          y: {{title: Y, level: meso, constructed: {{from: 2018, value: 50}}}}
        impacts:
          past -> y: {{shape: ramp, peaks: 4 years, lasting: 10}}
    """)
    assert run.means("y", 2018, 2019, 2020, 2025) == exactly([50, 52.5, 55, 55])
    assert "2017" not in run.run.tables["trend_projections"]["date"].tolist()
    assert run.row("trend_projections", trend="y", date="2025")["baseline"] == exactly(45)


def test_a_coupling_hands_deviations_on_after_its_lag(worked):
    """x is 8 up from 2019 on; y, with half of it two years later, 4 up from 2021 on."""
    run = worked(f"""
        {YEARS}
        events:
          past: {{title: Past, level: macro, date: 2019}}
        trends:
          x: {{title: X, level: meso, constructed: {{from: 2015, value: 20}}}}
          y: {{title: Y, level: meso, constructed: {{from: 2015, value: 50}}}}
        impacts:
          past -> x: {{shape: step, lasting: 8}}
        couplings:
          x -> y: {{strength: 0.5, lag: 2 years}}
    """)
    assert run.means("x", 2018, 2019, 2025) == exactly([20, 28, 28])
    assert run.means("y", 2019, 2020, 2021, 2025) == exactly([50, 50, 54, 54])


def test_a_loop_of_couplings_adds_up_round_by_round(worked):
    """x: 8, 8, 8 + ½ · 4 = 10, 10, 8 + ½ · 5 = 10.5. y, a year behind, half of it: 0, 4, 4, 5, 5."""
    run = worked("""
        calendar: {start: 2015, as_of: 2020, end: 2025, step: year}
        events:
          later: {title: Later, level: macro, date: 2021}
        trends:
          x: {title: X, level: meso, constructed: {from: 2015, value: 0}}
          y: {title: Y, level: meso, constructed: {from: 2015, value: 0}}
        impacts:
          later -> x: {shape: step, lasting: 8}
        couplings:
          x -> y: {strength: 0.5}
          y -> x: {strength: 0.5}
    """)
    years = range(2021, 2026)
    assert run.means("x", *years) == exactly([8, 8, 10, 10, 10.5])
    assert run.means("y", *years) == exactly([0, 4, 4, 5, 5])


def test_chance_of_an_event_is_the_weight_of_its_impact(worked):
    """0.1 a year: by 2022 it has come with 0.19: 50 + 10 · 0.19, and of the quantiles only p95 is 60."""
    run = worked("""
        calendar: {start: 2015, as_of: 2020, end: 2022, step: year}
        events:
          a: {title: A, level: macro, probability: {by: 2021, value: 0.1}}
        trends:
          y: {title: Y, level: meso, constructed: {from: 2020, value: 50}}
        impacts:
          a -> y: {shape: step, lasting: 10}
    """)
    row = run.row("trend_projections", trend="y", date="2022")
    assert row[["mean", "p5", "p50", "p75", "p95"]].tolist() == exactly([51.9, 50, 50, 50, 60])


HISTORY = """
    calendar: {start: 2012, as_of: 2020, end: 2023, step: year}
    events:
      past: {title: Past, level: macro, date: 2017}
    trends:
      y:
        title: Y
        level: meso
        history: [%s]
        baseline: {method: %s}
    impacts:
      past -> y: {shape: step, lasting: 10}
"""


def history(values: list[float]) -> str:
    return ", ".join(f"{{at: {2013 + i}, value: {value}}}" for i, value in enumerate(values))


def test_what_events_had_done_is_taken_off_before_a_baseline_is_fitted(worked):
    """Twenty until 2016, thirty from 2017: less the event's ten nothing but a level of 20 is left, without noise."""
    run = worked(HISTORY % (history([20, 20, 20, 20, 30, 30, 30, 30]), "constant"), exact=False, central=True, runs=100)
    row = run.row("trend_projections", trend="y", date="2023")
    assert row[["baseline", "mean", "p5", "p95"]].tolist() == exactly([20, 30, 30, 30], abs=1e-5)


def test_a_linear_baseline_goes_on_as_the_rest_of_the_history_did(worked):
    """10, 12, 14, 16 and, with the event's ten, 28, 30, 32, 34: two a year, 24 in 2020, 30 in 2023, and ten."""
    run = worked(HISTORY % (history([10, 12, 14, 16, 28, 30, 32, 34]), "linear"), exact=False, central=True, runs=100)
    row = run.row("trend_projections", trend="y", date="2023")
    assert row[["baseline", "mean"]].tolist() == exactly([30, 40], abs=1e-4)


LENSES = """
    calendar: {start: 2015, as_of: 2020, end: 2022, step: year}
    mechanisms:
      push: {title: Push}
    lenses:
      full: {reference: true}
      half: {weights: {push: 0.5}}
      none: {weights: {push: 0}}
    events:
      past: {title: Past, level: macro, date: 2020}
      b: {title: B, level: macro, probability: {by: 2021, value: 0.19}}
    trends:
      y: {title: Y, level: meso, scale: log, constructed: {from: 2015, value: 50}}
    links:
      past -> b: {rate_ratio: 4, mechanism: push}
    impacts:
      past -> y: {shape: step, lasting: +21%, mechanism: push}
    hypotheses:
      high: {statement: Y is high., trend: y, at_least: 54, at: 2022, carried_by: [push]}
"""


@pytest.mark.parametrize(
    ("lens", "exponent", "level"),
    [("full", 4, 50 * 1.21), ("half", 2, 50 * 1.1), ("none", 1, 50)],
)
def test_a_lens_weighs_ratios_and_sizes_on_base_rates_that_stay(worked, lens, exponent, level):
    """0.81 = s⁴ survives 2021 in the reference lens, s without the past; ½ gives ratio 2 and √1.21, 0 neither."""
    run = worked(LENSES, lens=lens)
    survival = 0.81 ** (1 / 4)
    assert run.probability("b", 2021) == exactly(1 - survival**exponent)
    assert run.mean("y", 2022) == exactly(level)
