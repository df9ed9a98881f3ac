"""Figures in the folder and in the page."""

import re

import pytest

from etia.report.album import Album, Plates


@pytest.fixture(scope="module")
def drawn(tmp_path_factory, projections):
    from etia.figures import draw_fan

    folder = tmp_path_factory.mktemp("album")
    album = Album(folder)
    figures = [
        album.figure(name, lambda: draw_fan(projections, title="Trust & fear"), caption="A fan", alt='Fan of "trust"')[
            0
        ]
        for name in ("one", "two")
    ]
    album.finish()
    return folder, figures


@pytest.fixture(scope="module")
def projections(tables):
    table = tables["trend_projections"]
    return table[table["trend"] == "trust"]


def test_figures_are_written_as_svg_and_png(drawn):
    folder, _ = drawn
    assert sorted(file.name for file in (folder / "figures").iterdir()) == ["one.png", "one.svg", "two.png", "two.svg"]


def test_several_processes_draw_what_one_does(drawn, tmp_path, projections):
    from etia.figures import draw_fan

    album = Album(tmp_path)
    for name in ("one", "two"):
        album.figure(name, lambda: draw_fan(projections, title="Trust & fear"), caption="", alt="")
    album.finish(2)
    for file in (tmp_path / "figures").iterdir():
        assert file.read_bytes() == (drawn[0] / "figures" / file.name).read_bytes()


def test_without_a_folder_nothing_is_drawn():
    assert Album().figure("one", lambda: pytest.fail("drawn"), caption="", alt="") == ()


def test_embedded_figures_share_letters_and_nothing_else(drawn):
    folder, figures = drawn
    plates = Plates(folder)
    page = "".join(plates.element(figure) for figure in figures) + plates.glyphs
    ids = re.findall(r' id="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    referred = set(re.findall(r'(?:href="#|url\(#)([^")]+)', page))
    assert referred <= set(ids)
    assert 'aria-label="Fan of &quot;trust&quot;"' in page
    assert "http" not in page


def test_an_embedded_figure_is_much_smaller_than_its_file(drawn):
    folder, figures = drawn
    plates = Plates(folder)
    size = len(plates.element(figures[0]))
    assert size < 0.7 * (folder / "figures" / "one.svg").stat().st_size
