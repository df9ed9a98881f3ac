from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from etia.calendar import parse_period
from etia.learn.break_rows import COLUMNS, Series, event_span, say, turning_point_table
from etia.learn.candidates import candidate_breaks, candidates_beside_events
from etia.learn.local_breaks import break_interval, breaks_at_all_dates, window_offsets
from etia.learn.turning_points import WINDOWS, turning_points

SHARED = Path(os.environ.get("ETIA_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared series are not here")

# TWh a year, 1985 to 2020: Our World in Data from BP and Ember (CC BY)
JAPAN_NUCLEAR = [
    159.578, 165.37, 188.605, 173.897, 185.814, 194.571, 208.694, 217.035, 247.7, 258.248, 286.888, 296.501, 321.157,
    325.974, 317.235, 305.947, 303.865, 280.339, 228.012, 268.32, 280.502, 291.542, 267.337, 241.254, 263.053, 280.25,
    156.182, 17.23, 13.947, 0.0, 4.346, 9.266, 11.61, 49.199, 65.682, 43.0263,
]  # fmt: skip
# packs a head, California, 1970 to 2000: Abadie, Diamond and Hainmueller (2010), from Orzechowski and Walker
CALIFORNIA_PACKS = [
    123, 121, 123.5, 124.4, 126.7, 127.1, 128, 126.4, 126.1, 121.9, 120.2, 118.6, 115.4, 110.8, 104.8, 102.8, 99.7,
    97.5, 90.1, 82.4, 77.8, 68.7, 67.5, 63.4, 58.6, 56.4, 54.5, 53.8, 52.3, 47.2, 41.6,
]  # fmt: skip


def japan():
    return Series("nuclear", np.array(JAPAN_NUCLEAR), parse_period("1985"), unit="TWh")


def shared_series(file, log=True):
    """Every series of a file on an even grid, (name, latent values, first date, precision)."""
    table = pd.read_csv(SHARED / file)
    for name, rows in table.groupby("series") if "series" in table else [(file, table)]:
        precision = "month" if "monthly" in file else "year"
        at = pd.PeriodIndex(rows["date"].str[:10], freq="M" if precision == "month" else "Y")
        values = pd.Series(rows["value"].to_numpy(float), index=at)
        values = values.reindex(pd.period_range(at[0], at[-1]))
        yield name, np.log(values.where(values > 0)).to_numpy() if log else values.to_numpy(), at[0], precision


def verdict(latent, at, precision="year", **options):
    return turning_points(latent, {"event": (at, at)}, window=WINDOWS[precision], **options)[0].verdict


def ar1(rng, n, phi):
    noise = np.zeros(n + 100)
    for t in range(1, n + 100):
        noise[t] = phi * noise[t - 1] + rng.normal()
    return noise[100:]


def test_fukushima_broke_japan_s_nuclear_generation():
    table, (found,) = turning_point_table(japan(), {"fukushima": parse_period("2011-03-11")})
    row = table.iloc[0]
    assert list(table.columns) == COLUMNS
    assert row["verdict"] == "break"
    # from about 280 TWh to nearly nothing, with the year 2011 itself set aside
    assert row["low"] < -250 < row["high"]
    assert row["high"] < -150
    assert found.transition == 1
    assert row["placebo_rank"] == pytest.approx(1 / found.n_dates)


def test_proposition_99_is_the_foremost_break_of_california_s_packs():
    """It comes first among 23 dates; the long bend from 1978 on comes close behind (see the placebo dates)."""
    series = Series("packs", np.log(CALIFORNIA_PACKS), parse_period("1970"), "log", unit="packs a head")
    row = turning_point_table(series, {"prop99": parse_period("1988-11-08")})[0].iloc[0]
    assert row["verdict"] == "break"
    assert row["high"] < 0
    assert row["slope_high"] < 0
    breaks = breaks_at_all_dates(series.latent, gap=1, reach=20, least=4)
    assert np.sort(breaks.p_value)[1] < 3 * breaks.p_value.min()


@needs_shared
def test_the_brexit_vote_broke_uk_policy_uncertainty():
    ((_, latent, first, _),) = shared_series("epu_uk_monthly.csv")
    series = Series("epu", latent, parse_period(str(first)), "log")
    row = turning_point_table(series, {"brexit": parse_period("2016-06-23")})[0].iloc[0]
    assert row["verdict"] == "break"
    assert row["low"] > 0
    assert row["slope"] < 0


@needs_shared
def test_the_exit_from_the_jcpoa_broke_the_rial():
    ((_, latent, first, _),) = shared_series("usd_irr_free_monthly.csv")
    series = Series("rial", latent, parse_period(str(first)), "log")
    row = turning_point_table(series, {"jcpoa_exit": parse_period("2018-05-08")})[0].iloc[0]
    assert row["verdict"] == "break"
    assert row["low"] > 25


FILES = [
    ("oil_production_annual.csv", True), ("gdp_usd_annual.csv", True), ("military_expenditure_share_annual.csv", True),
    ("trade_iran_cow_annual.csv", True), ("nuclear_generation_annual.csv", False),
    ("california_prop99_packs_annual.csv", True), ("brent_monthly.csv", True), ("gpr_monthly.csv", True),
    ("epu_global_us_monthly.csv", True), ("epu_uk_monthly.csv", True), ("usd_irr_free_monthly.csv", True),
]  # fmt: skip


@needs_shared
def test_placebo_dates_of_the_shared_series_are_called_breaks_at_most_at_the_nominal_rate():
    rng, called = np.random.default_rng(5), []
    for file, log in FILES:
        for _, latent, _, precision in shared_series(file, log):
            least = WINDOWS[precision].least
            dates = rng.integers(least, len(latent) - least, 5)
            called += [verdict(latent, int(date), precision) for date in dates]
    tried = [word for word in called if word != "too few data"]
    assert len(tried) >= 200
    # 5 % and two standard errors of that many tests
    assert tried.count("break") / len(tried) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / len(tried))


@needs_shared
def test_other_countries_nuclear_generation_shows_no_sign_of_fukushima():
    found = {name[:3]: verdict(latent, 26) for name, latent, _, _ in shared_series(FILES[4][0], log=False)}
    assert found["JPN"] == "break"
    assert {found[name] for name in ("FRA", "KOR", "USA")} == {"no sign"}


NOISES = {
    "white": lambda rng, n: rng.normal(size=n),
    "autoregressive": lambda rng, n: ar1(rng, n, 0.8),
    "random walk": lambda rng, n: np.cumsum(rng.normal(size=n)),
    "heavy-tailed random walk": lambda rng, n: np.cumsum(rng.standard_t(3, n)),
    "trend and memory": lambda rng, n: 0.2 * np.arange(n) + ar1(rng, n, 0.5),
    "walk and measurement error": lambda rng, n: np.cumsum(rng.normal(size=n)) + 2 * rng.normal(size=n),
}


@pytest.mark.parametrize("kind", NOISES)
def test_noise_is_called_a_break_at_most_at_the_nominal_rate(kind):
    rng = np.random.default_rng(1)
    called = [verdict(NOISES[kind](rng, 30), 18) == "break" for _ in range(200)]
    # 5 % and two standard errors of 200 tests
    assert np.mean(called) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 200)


@pytest.mark.parametrize("starts", [0, 1])
@pytest.mark.parametrize(("size", "memory"), [(6.0, 0.3), (8.0, 1.0)])
def test_clear_breaks_are_found_in_most_series(size, memory, starts):
    """A level break of six or eight innovations' standard deviations, at the event or a datum later, in 40 data."""
    rng, after = np.random.default_rng(2), np.arange(40) >= 20 + starts
    called = [verdict(ar1(rng, 40, memory) + size * after, 20) == "break" for _ in range(60)]
    assert np.mean(called) > 0.65


def test_a_turn_of_the_slope_is_found_but_its_date_is_hard_to_tell():
    """A turn of three innovations' standard deviations a datum: dates nearby look alike, so fewer are called."""
    rng, turn = np.random.default_rng(12), 3.0 * np.maximum(np.arange(40) - 20, 0)
    called = [verdict(ar1(rng, 40, 0.3) + turn, 20) == "break" for _ in range(60)]
    assert np.mean(called) > 0.3


def test_the_interval_covers_the_true_size():
    rng, hits = np.random.default_rng(3), 0
    for _ in range(200):
        latent = ar1(rng, 40, 0.5) + 4.0 * (np.arange(40) > 20)
        (found,) = turning_points(latent, {"event": (20, 20)}, window=WINDOWS["year"])
        hits += found.low <= 4.0 <= found.high
    # 95 % asked for; the choice between two lengths of transition and short memory estimates cost some
    assert hits / 200 > 0.88


def test_the_estimates_are_those_of_least_squares_where_there_is_no_memory():
    import statsmodels.api as sm

    from etia.learn import local_breaks

    latent = np.random.default_rng(4).normal(size=30)
    breaks = breaks_at_all_dates(latent, gap=0, reach=50, least=10)
    white = local_breaks.MEMORIES.index((0.0, 0.0))
    t, at = np.arange(30.0), int(np.flatnonzero(breaks.dates == 15)[0])
    design = np.column_stack([np.ones(30), t, t >= 15, (t >= 15) * (t - 15)])
    fit = sm.OLS(latent, design).fit()
    np.testing.assert_allclose(breaks.estimate[at, white], fit.params[2:], rtol=1e-8)
    np.testing.assert_allclose(breaks.se[at, white], fit.bse[2:], rtol=1e-8)


def test_a_placebo_near_a_true_break_is_told_apart_or_said_not_to_be():
    rng = np.random.default_rng(5)
    latent = 0.3 * rng.normal(size=60) + 6.0 * (np.arange(60) >= 30)
    near = turning_points(latent, {"true": (30, 30), "same": (30, 30)}, window=WINDOWS["year"])
    assert [found.verdict for found in near] == ["not separable", "not separable"]
    apart = turning_points(latent, {"true": (30, 30), "later": (36, 36)}, window=WINDOWS["year"])
    assert [found.verdict for found in apart] == ["break", "no sign"]


def test_two_true_breaks_apart_are_both_found():
    rng = np.random.default_rng(6)
    t = np.arange(80)
    latent = 0.3 * rng.normal(size=80) + 5.0 * (t >= 30) - 7.0 * (t >= 45)
    found = turning_points(latent, {"up": (30, 30), "down": (45, 45)}, window=WINDOWS["year"])
    assert [point.verdict for point in found] == ["break", "break"]


def test_neighbouring_years_of_fukushima_are_not_separable():
    table, _ = turning_point_table(japan(), {"a": parse_period("2011-03-11"), "b": parse_period("2012-05-05")})
    assert table["verdict"].tolist() == ["not separable", "not separable"]


def test_too_few_data_on_a_side_or_to_compare_with_are_said():
    assert verdict(np.random.default_rng(7).normal(size=40), 2) == "too few data"
    assert verdict(np.random.default_rng(7).normal(size=40), 37) == "too few data"
    assert verdict(np.random.default_rng(7).normal(size=18), 9) == "too few data"
    assert verdict(np.full(30, np.nan), 9) == "too few data"
    assert verdict(np.random.default_rng(7).normal(size=40), 90) == "too few data"


def test_gaps_are_stepped_over():
    latent = np.array(JAPAN_NUCLEAR)
    latent[[3, 12, 30]] = np.nan
    assert verdict(latent, 26) == "break"
    assert window_offsets(np.isfinite(latent), 26, 1, 5) == (-5, -4, -3, -2, -1, 1, 2, 3, 5)


@pytest.mark.parametrize("latent", [np.zeros(40), np.arange(40.0)], ids=["constant", "straight line"])
def test_a_series_without_noise_and_without_break_shows_no_sign(latent):
    assert verdict(latent, 20) == "no sign"


def test_the_scale_of_the_data_does_not_matter():
    values = np.array(JAPAN_NUCLEAR)
    (first,) = turning_points(values, {"e": (26, 26)}, window=WINDOWS["year"])
    (second,) = turning_points(values * 1e9 + 1e10, {"e": (26, 26)}, window=WINDOWS["year"])
    assert second.size == pytest.approx(first.size * 1e9, rel=1e-6)
    assert second.p_value == pytest.approx(first.p_value, rel=1e-3)


def test_an_event_known_only_by_its_year_sets_its_months_aside():
    latent = np.concatenate([np.zeros(60), np.linspace(0, 5, 12), np.full(60, 5.0)])
    latent = latent + 0.1 * np.random.default_rng(8).normal(size=132)
    series = Series("x", latent, parse_period("2010-01"))
    assert event_span(parse_period("2015"), series) == (60, 71)
    table, (found,) = turning_point_table(series, {"e": parse_period("2015")})
    assert table["verdict"].tolist() == ["break"]
    assert found.transition >= 11
    assert table["size"][0] == pytest.approx(5, abs=0.5)


def test_sizes_are_told_in_the_trend_s_units():
    latent = np.repeat([0.0, np.log(1.5)], 20) + 1e-3 * np.random.default_rng(9).normal(size=40)
    log = turning_point_table(Series("x", latent, parse_period("1980"), "log"), {"e": parse_period("2000")})[0]
    assert log["size"][0] == pytest.approx(50, abs=1)
    # a logit level of 0 is 50 on (0, 100); ln 1.5 on is 60
    logit = Series("x", latent, parse_period("1980"), "logit", (0, 100), "points")
    table, (found,) = turning_point_table(logit, {"e": parse_period("2000")})
    assert table["size"][0] == pytest.approx(10, abs=0.3)
    assert say(found, logit).startswith("e on x: break; level +9.95 points (")


def test_daily_data_have_no_window():
    with pytest.raises(ValueError, match="data by the day have no window"):
        turning_point_table(Series("x", np.zeros(9), parse_period("2020-01-01")), {"e": parse_period("2020-01-05")})


def test_median_lies_inside_its_interval():
    breaks = breaks_at_all_dates(np.array(JAPAN_NUCLEAR), gap=1, reach=20, least=4)
    for row in range(len(breaks.dates)):
        low, middle, high = break_interval(breaks, row, coverage=0.95)
        assert (low < middle).all()
        assert (middle < high).all()


def test_candidates_are_listed_beside_events_and_those_without_are_marked():
    found = candidate_breaks(np.array(JAPAN_NUCLEAR), least=4)
    assert 26 in found
    labels = [str(year) for year in range(1985, 2021)]
    table = candidates_beside_events((*found, 10), {"fukushima": (26, 26)}, labels, tolerance=1)
    assert table.set_index("date")["events"].to_dict() == {"2011": "fukushima", "1995": ""}


def test_quiet_noise_has_no_candidates():
    assert candidate_breaks(np.random.default_rng(10).normal(size=60), least=4) == ()
    assert candidate_breaks(np.zeros(60), least=4) == ()
    assert candidate_breaks(np.array([1.0, np.nan, 2.0]), least=4) == ()
