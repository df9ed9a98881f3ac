"""Every other kind of figure: what it says, and that its words keep apart."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import FancyArrowPatch

import etia.figures as figures
from etia.figures.style import PALETTE


def curves(n):
    rows = [
        (f"e{i}", f"{y}-12", (i + 1) / (n + 1) * (y - 2025) / 10, 0.005) for i in range(n) for y in range(2026, 2036)
    ]
    return pd.DataFrame(rows, columns=["event", "date", "probability", "se"])


@pytest.mark.parametrize("n", [1, 7, 8, 9, 13])
def test_event_probabilities_are_named_with_their_last_value(events, written, n):
    titles = dict(zip(events["id"], events["title"], strict=True))
    found = written(figures.draw_probabilities(curves(n), titles=titles, levels={"e0": "macro"}))
    assert found.clashes == []
    assert found.outside == []
    words = " ".join(found.words).replace("\N{NO-BREAK SPACE}", " ")
    assert f"{100 / (n + 1):.0f} %" in words
    assert "Russia, Iran and" in words


@pytest.mark.parametrize("n", [1, 2, 4, 5])
def test_scenarios_stand_side_by_side_on_one_scale(projections, written, n):
    names = ["reference", "snapback", "war", "opening", "drift"][:n]
    table = pd.concat([projections.assign(scenario=name) for name in names])
    titles = {"snapback": "The snapback holds and the channel to Europe closes"}
    axes = figures.draw_scenarios(table, title="Trade", unit="bn USD", titles=titles, as_of="2025-11", since="2018")
    parts = axes.child_axes
    assert len(parts) == n
    assert len({part.get_ylim() for part in parts}) == 1
    assert parts[0].get_ylabel() == "bn USD"
    found = written(axes)
    assert found.clashes == []
    assert found.outside == []


def test_impact_bars_rank_by_size_and_tell_what_is_left_out(events, written):
    table = events.assign(direct=np.linspace(-1, 2, len(events)), se=0.05)
    axes = figures.draw_impacts(table, title="Past events on trade", unit="bn USD", most=6)
    found = written(axes)
    assert found.clashes == []
    assert found.outside == []
    assert "+2" in found.words
    assert "6 of 64 events" in axes.get_xlabel()
    assert "effect (bn USD)" in axes.get_xlabel()


def test_a_fall_is_written_with_a_minus(events, written):
    table = events.head(2).assign(direct=[-0.5, 0.25])
    assert {"−0.5", "+0.25"} <= set(written(figures.draw_impacts(table, title="Effects")).words)


def test_hypotheses_near_nothing_or_certain_are_not_rounded_to_it(written):
    table = pd.DataFrame({"lens": ["l"] * 3, "hypothesis": ["a", "b", "c"], "probability": [0.001, 0.999, 1.0]})
    assert {"<1 %", ">99 %", "100 %"} <= set(written(figures.draw_lenses(table)).words)


def test_the_waterfall_ends_where_the_terms_add_up_to(written):
    table = pd.DataFrame({"name": ["a", "b", "c"], "contribution": [1.0, -0.25, 0.5]})
    found = written(figures.draw_waterfall(table, start=3.0, title="Trade in 2030", unit="bn USD"))
    assert {"3.00", "+1.00", "−0.25", "+0.50", "4.25"} <= set(found.words)
    assert found.clashes == []


@pytest.mark.parametrize(("start", "n_bars"), [(50.0, 2), (1.0, 4), (-0.5, 4)])
def test_the_ends_of_the_waterfall_are_bars_only_where_they_can_begin_at_zero(start, n_bars):
    table = pd.DataFrame({"name": ["a", "b"], "contribution": [1.0, -0.25]})
    axes = figures.draw_waterfall(table, start=start, title="Trade", unit="bn USD")
    assert len(axes.patches) == n_bars
    assert axes.get_xlabel().endswith("the axis does not show 0") == (n_bars == 2)
    if n_bars == 4:
        left, right = axes.get_xlim()
        assert left <= 0 <= right
        assert [bar.get_x() for bar in axes.patches[:2]] == [0.0, 0.0]


def test_paths_that_begin_alike_are_told_apart_by_their_ends(written):
    way = " → ".join(f"a long title of the step number {i}" for i in range(6))
    table = pd.DataFrame({"name": [f"{way} → {end}" for end in ("trade", "trust")], "contribution": [1.0, 0.5]})
    found = written(figures.draw_waterfall(table, start=3.0, title="Trade"))
    assert [sum(word.endswith(end) for word in found.words) for end in ("trade", "trust")] == [1, 1]
    assert found.clashes == []
    alike = table.assign(name=[f"{way} {middle} {way}" for middle in ("one", "two")])
    axes = figures.draw_waterfall(alike, start=3.0, title="Trade")
    assert len({label.get_text() for label in axes.get_yticklabels()}) == 4
    assert written(axes).clashes == []


def test_the_waterfall_gathers_small_terms(written):
    table = pd.DataFrame({"name": [f"n{i}" for i in range(30)], "contribution": np.linspace(0.1, 3, 30)})
    found = written(figures.draw_waterfall(table, start=0.0, title="Trade", most=8))
    assert "the other 23 terms" in found.words
    assert f"{np.linspace(0.1, 3, 30).sum():.3g}" in found.words


def test_the_pareto_front_is_numbered_and_spelled_out(written):
    table = pd.DataFrame(
        {
            "portfolio": ["none", "dear and bad", "corridor", "both"],
            "cost": [0, 4, 2, 5.0],
            "utility": [0, 0.1, 0.3, 0.5],
        }
    )
    found = written(figures.draw_portfolios(table, cost_unit="bn USD", budget=6))
    words = " ".join(found.words)
    assert "both: cost 5, utility +0.5" in words
    assert "dear and bad" not in words
    assert "cost (bn USD)" in found.words
    assert found.clashes == []
    assert found.outside == []


def test_portfolios_are_called_by_the_numbers_that_they_have_elsewhere(written):
    table = pd.DataFrame({"portfolio": ["none", "dear", "both"], "number": [17, 4, 1], "cost": [0, 4, 5.0],
                          "utility": [0, 0.1, 0.5]})  # fmt: skip
    found = written(figures.draw_portfolios(table))
    assert {"1", "4", "17"} <= set(found.words)


def test_lenses_are_compared_hypothesis_by_hypothesis(written):
    rows = [
        (lens, h, p, 0.01, p / 2)
        for h in ("raised to an alliance " * 4, "b")
        for lens, p in (("one", 0.4), ("two", 0.97))
    ]
    table = pd.DataFrame(rows, columns=["lens", "hypothesis", "probability", "se", "without_mechanisms"])
    found = written(figures.draw_lenses(table, lens_titles={"one": "Competitive balancing"}))
    assert {"Competitive balancing", "two", "40 %", "97 %", "without its mechanisms"} <= set(found.words)
    assert found.clashes == []
    assert found.outside == []


def test_convergence_writes_agreement_and_conflict_of_each_pair(written):
    pairs = pd.DataFrame(list(combinations(["iran", "russia", "us"], 2)), columns=["actor", "other"])
    table = pairs.assign(agreement=[3.0, 0.5, 1.0], conflict=[1.0, 2.0, 1.0])
    found = written(figures.draw_convergence(pd.concat([table, table]), titles={"us": "United States"}))
    assert {"+4\n(6 − 2)", "−3\n(1 − 4)", "+0\n(2 − 2)"} <= set(found.words)
    assert found.clashes == []


def test_the_web_is_thinned_to_what_can_be_read_and_says_so(graph, written):
    found = written(figures.draw_web(graph, as_of="2025-11", most=40))
    assert "Shown: the 40 strongest of 140 relations; the wider, the stronger" in found.words
    assert {"macro", "meso", "makes likelier, raises"} <= set(found.words)
    assert found.clashes == []
    assert found.outside == []


def test_a_small_web_is_drawn_whole(graph, written):
    small = graph.subgraph(list(graph)[-14:])
    found = written(figures.draw_web(small, most=500))
    assert f"Shown: all {small.number_of_edges()} relations; the wider, the stronger" in found.words


def test_relations_of_about_one_strength_have_one_width_and_the_web_says_so(graph, written):
    alike = graph.copy()
    for place, (_, _, data) in enumerate(alike.edges(data=True)):
        data["strength"] = 1.0 if place % 2 else 0.9
    axes = figures.draw_web(alike, as_of="2025-11", most=140)
    widths = {line.get_linewidth() for line in axes.findobj(FancyArrowPatch)}
    assert len(widths) == 1
    told = next(text for text in written(axes).words if text.startswith("Shown")).replace("\N{NO-BREAK SPACE}", " ")
    assert told.endswith("each at least 90 % as strong as the strongest of its kind (at a trend: on that trend)")


def test_the_web_names_which_chance_it_gives_of_what_is_to_come(graph, written):
    to_come = [name for name, data in graph.nodes(data=True) if data.get("prospective")]
    for key, words, entry in (
        ("by", "to come (chance as written)", "by 2031-06"),
        ("central", "to come (chance by the end)", "2031-06"),
    ):
        told = graph.copy()
        for name in to_come:
            told.nodes[name].update({"date": None, key: "2031-06", "probability": 0.28})
        found = written(figures.draw_web(told, as_of="2025-11", most=140))
        assert words in found.words
        assert any(text.startswith(f"{entry}  ") for text in found.words)
        assert any("(28" in text for text in found.words)
        assert found.outside == []


def test_the_influence_map_names_quadrants_and_outstanding_nodes(written):
    rng = np.random.Generator(np.random.Philox(key=2))
    table = pd.DataFrame(
        rng.random((40, 2)), columns=["influence", "dependence"], index=[f"event {i}" for i in range(40)]
    )
    found = written(figures.draw_influence(table, most=10))
    named = {text.partition(":")[0] for text in found.words}
    assert {"determinant", "relay", "autonomous", "dependent"} <= named
    assert sum(text.startswith("event") for text in found.words) == 10
    assert found.clashes == []


def test_the_pit_histogram_counts_outcomes(written):
    axes = figures.draw_pit([0.05, 0.15, 0.15, 0.95])
    assert [patch.get_height() for patch in axes.patches if patch.get_width() == pytest.approx(0.1)][:2] == [1, 2]
    assert axes.get_ylabel() == "outcomes (of 4)"


def test_reliability_shows_the_number_of_forecasts(written):
    table = pd.DataFrame({"mean_probability": [0.2, 0.9], "frequency": [0.1, 1.0], "n": [10, 7]})
    found = written(figures.draw_reliability(table))
    assert {"10", "7", "stated probability"} <= set(found.words)


def test_the_table_of_figures_is_whole():
    assert {f"draw_{kind}" for kind in figures.FIGURES} | {"FIGURES", "figure_of", "save"} == set(figures.__all__)
    assert all(callable(getattr(figures, f"draw_{kind}")) for kind in figures.FIGURES)


def test_an_unknown_figure_is_named():
    with pytest.raises(AttributeError, match=r"etia\.figures has no 'draw_pie'"):
        _ = figures.draw_pie


def test_colours_of_the_palette_differ():
    assert len(set(PALETTE)) == len(PALETTE)
