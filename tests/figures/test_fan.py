"""A trend's fan chart: unit, bands, rungs and events."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from etia.figures import draw_fan, draw_scenarios, figure_of
from etia.figures.dates import decimal_years
from etia.figures.fan import at_dates_of_data

LEVELS = {0: "rival", 2: "transactional", 4: "partner", 9: "strategic partner"}


def plot_of(host):
    return next(a for a in [*host.child_axes, host] if a.get_ylabel())


def test_the_unit_stands_on_the_axis(projections, written):
    axes = draw_fan(projections, title="Trade", unit="bn USD a year", as_of="2025-11")
    assert axes.get_ylabel() == "bn USD a year"
    assert {"Trade", "median", "90 % band", "as of 2025-11"} <= set(written(axes).words)


def test_nothing_overlaps_with_all_that_it_can_show(projections, history, events, written):
    axes = draw_fan(
        projections, title="Trade", unit="bn", as_of="2025-11", history=history, events=events.head(54), levels=LEVELS
    )
    found = written(axes)
    assert found.clashes == []
    assert found.outside == []


def test_named_levels_stand_on_their_rungs(projections, written):
    axes = draw_fan(projections, title="Position", levels=LEVELS)
    assert {"transactional", "partner", "strategic partner"} <= set(written(axes).words)


def test_the_events_with_the_largest_effect_are_kept_and_the_cut_is_told(projections, events, written):
    marked = events.head(40).assign(effect=np.arange(40.0), date="2010-01")
    words = written(draw_fan(projections, title="Trade", events=marked, most=5, counted="events before 2011")).words
    assert "The 5 with the largest effect of 40 events before 2011." in words
    assert sum("2010-01" in text for text in words) == 5
    assert any("39" in text for text in words)


def test_a_long_tail_is_cut_and_told(projections, written):
    tail = projections.assign(p95=projections["p95"] * 50)
    axes = draw_fan(tail, title="Trade")
    assert axes.get_ylim()[1] < 60
    assert f"90 % band (goes on to {tail['p95'].max():.3g})" in written(axes).words


def test_how_far_a_cut_band_goes_on_is_told_outside_of_lines_and_bands(projections, history, events, written):
    tail = projections.assign(p95=projections["p95"] * 50)
    host = draw_fan(tail, title="Trade", as_of="2025-11", history=history, events=events.head(54), levels=LEVELS)
    found = written(host)
    assert (found.clashes, found.outside) == ([], [])
    plot = plot_of(host)
    note = next(text for text in plot.get_legend().get_texts() if "goes on" in text.get_text())
    assert note.get_window_extent().y0 >= plot.get_window_extent().y1


def test_the_limits_hold_to_the_bounds_and_to_zero(projections):
    assert draw_fan(projections, title="Share", bounds=(0, 10)).get_ylim()[1] <= 10.2
    small = projections.assign(p5=projections["p5"] * 0.05)
    assert draw_fan(small, title="Trade").get_ylim()[0] == 0


def test_the_view_starts_where_it_is_asked_to(projections, history):
    axes = draw_fan(projections, title="Trade", history=history, since="2018")
    assert 2017.5 < axes.get_xlim()[0] < 2018.1


def test_lines_and_bands_break_where_rows_are_missing(projections):
    """A year without rows in 2005: no segment of a line and no piece of a band lies over its middle."""
    gappy = projections[~projections["date"].str.startswith("2005")]
    axes = draw_fan(gappy, title="Index")
    for line in [line for line in axes.lines if len(line.get_xdata()) > 2]:
        x = np.asarray(line.get_xdata(), dtype=float)
        (hole,) = np.flatnonzero(np.isnan(np.asarray(line.get_ydata(), dtype=float)))
        assert 2005 < x[hole] < 2006
        assert x[hole + 1] - x[hole - 1] > 1
    assert [len(band.get_paths()) for band in axes.collections] == [2, 2]


def test_the_line_of_every_scenario_breaks_where_rows_are_missing(projections):
    gappy = projections[~projections["date"].str.startswith("2005")]
    both = pd.concat([gappy.assign(scenario=name) for name in ("reference", "other")])
    drawn = draw_scenarios(both, title="Index").child_axes
    lines = [line for part in drawn for line in part.lines if len(line.get_xdata()) > 100]
    assert len(lines) == 3
    assert [int(np.isnan(np.asarray(line.get_ydata(), dtype=float)).sum()) for line in lines] == [1, 1, 1]


def test_values_may_be_missing_before_a_trend_begins(projections):
    late = projections.copy()
    late.loc[:200, ["baseline", "mean", "p5", "p25", "p50", "p75", "p95"]] = np.nan
    assert draw_fan(late, title="Index").get_xlim()[0] > 2016


def test_it_draws_on_given_axes(projections):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4))
    axes = figure.add_subplot()
    assert draw_fan(projections, title="Trade", axes=axes) is axes
    assert figure_of(axes) is figure


@pytest.mark.parametrize("column", ["p5", "p95"])
def test_bands_are_where_the_table_says(projections, column):
    axes = draw_fan(projections, title="Trade")
    heights = np.concatenate([band.get_paths()[0].vertices[:, 1] for band in axes.collections])
    assert np.isclose(heights, projections[column].iloc[-1]).any()


def test_limits_are_those_of_what_is_seen(projections, history):
    early = history.assign(value=history["value"].where(history["date"].astype(str).str[:4] >= "2018", 900.0))
    assert draw_fan(projections, title="Trade", history=early, since="2018").get_ylim()[1] < 100


def test_bands_of_annual_data_have_no_teeth():
    months = [f"{year}-{month:02d}" for year in range(2024, 2028) for month in range(1, 13)]
    year = decimal_years(months)
    narrower = 0.6 + 0.8 * np.abs((year + 0.5) % 1.0 - 0.5)  # half way between two data the band is narrowest
    table = pd.DataFrame({"year": year, "p5": -narrower, "p25": -narrower, "p75": narrower, "p95": narrower})
    history = pd.DataFrame({"date": ["2023", "2024"], "value": [0.0, 0.0]})
    drawn = at_dates_of_data(table, history)
    later = (year > 2024.6) & (year < 2027.5)
    assert (table["p95"][later] < 0.8).any()
    assert (drawn["p95"][later] > 0.9).all()
    assert drawn["p95"].iloc[-1] == table["p95"].iloc[-1]
    monthly = pd.DataFrame({"date": months[:6], "value": 0.0})
    assert at_dates_of_data(table, monthly).equals(table)
