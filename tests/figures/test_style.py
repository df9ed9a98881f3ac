"""One look, and the same bytes for the same figure."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest

from etia.figures import draw_fan, draw_timeline, figure_of, save
from etia.figures.dates import decimal_year
from etia.figures.labels import spread, stack, wrap
from etia.figures.style import domain_colours


def test_the_same_figure_has_the_same_bytes(projections, tmp_path):
    files = []
    for name in ("first", "second"):
        axes = draw_fan(projections, title="Trade", unit="bn USD")
        files.append([path.read_bytes() for path in save(figure_of(axes), tmp_path / name)])
    assert files[0] == files[1]


def test_files_carry_no_date_and_no_program(projections, tmp_path):
    svg, png = save(figure_of(draw_fan(projections, title="Trade")), tmp_path / "runs.v2")
    assert (svg.name, png.name) == ("runs.v2.svg", "runs.v2.png")
    assert b"<dc:date>" not in svg.read_bytes()
    assert b"Matplotlib" not in svg.read_bytes()
    assert b"Software" not in png.read_bytes()


def test_the_readers_own_settings_do_not_change_the_look(projections, tmp_path):
    plain = save(figure_of(draw_fan(projections, title="Trade")), tmp_path / "a")[1].read_bytes()
    with matplotlib.rc_context({"font.size": 22, "axes.facecolor": "black", "lines.linewidth": 9}):
        assert save(figure_of(draw_fan(projections, title="Trade")), tmp_path / "b")[1].read_bytes() == plain


def test_money_is_no_formula(events):
    axes = draw_timeline(events.head(4))
    texts = axes.get_figure(root=True).findobj(match=lambda artist: hasattr(artist, "get_parse_math"))
    assert not any(text.get_parse_math() for text in texts if "US$" in text.get_text())


def test_a_domain_keeps_its_colour_in_every_figure():
    assert domain_colours(["strategic"])["strategic"] == domain_colours(["geoeconomic", "strategic"])["strategic"]
    assert len(set(domain_colours(["a", "b", "c", "strategic"]).values())) == 4


@pytest.mark.parametrize(
    ("date", "year"),
    # 2018-02: days 31 to 58 of 365, middle 45; a quarter: days 90 to 180; a day: its start
    [
        ("2018-02", 2018 + 45 / 365),
        ("2018-Q2", 2018 + 135.5 / 365),
        ("2018", 2018.5),
        ("2018-01-01", 2018),
        (2018.25, 2018.25),
    ],
)
def test_dates_stand_in_the_middle_of_their_period(date, year):
    assert decimal_year(date) == pytest.approx(year, abs=0.003)


def test_spreading_moves_no_more_than_need_be():
    assert spread([0, 10, 20], 5).tolist() == [0, 10, 20]
    assert spread([10, 10, 40], 6).tolist() == [7, 13, 40]


def test_spread_positions_keep_their_order_and_their_gap():
    wanted = np.random.Generator(np.random.Philox(key=1)).random(30)
    placed = spread(wanted, 0.1)
    assert (np.diff(placed[np.argsort(wanted)]) >= 0.1 - 1e-12).all()
    assert placed.mean() == pytest.approx(wanted.mean(), abs=0.2)


def test_stacked_marks_take_the_lowest_free_row():
    assert stack([0, 0.5, 1.2, 1.4], 1.0) == [0, 1, 0, 2]


def test_wrapped_lines_end_in_an_ellipsis_where_room_ends():
    lines = wrap("one two three four five six seven eight nine ten", 1.0, most=2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert wrap("short", 1.0) == ["short"]
