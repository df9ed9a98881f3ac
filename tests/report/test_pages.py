"""All four files of a run, from full tables, from none, and what must never stand in them."""

import re

import pytest

from etia.report import pages
from etia.report.render import markdown

JARGON = ("latent", "quantile", "CRN", "common random", "log-odds", "logit", "rate ratio", "nan", "None", "DataFrame")
FILES = ("describe.md", "map.md", "prescribe.md", "report.html")


@pytest.fixture(scope="module")
def folder(run, tmp_path_factory):
    place = tmp_path_factory.mktemp("run")
    pages.write(run, place)
    return place


@pytest.mark.parametrize("name", FILES)
def test_every_page_is_written_and_speaks_plainly(folder, name):
    text = (folder / name).read_text(encoding="utf-8")
    words = re.sub(r"<(svg|style)\b.*?</\1>", " ", text, flags=re.S)
    found = [word for word in JARGON if re.search(rf"\b{word}\b", words)]
    assert found == []


def test_the_report_needs_nothing_but_itself(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "http" not in text
    assert "<script" not in text
    assert not re.search(r'(?:src|href)="(?!#|data:)', text)
    assert not re.search(r"url\((?!#)|@import", text)


def test_links_of_the_contents_lead_somewhere_and_ids_are_unique(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    ids = re.findall(r' id="([^"]*)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'<a href="#([^"]*)"', text)) <= set(ids)


def test_every_figure_has_a_file_a_caption_and_an_alternative_text(folder):
    text = "".join((folder / name).read_text(encoding="utf-8") for name in FILES[:3])
    figures = re.findall(r"!\[([^\n]*)\]\(figures/(\w+)\.svg\)\n\n\*(.+)\*", text)
    assert {file.stem for file in (folder / "figures").glob("*.svg")} == {name for _, name, _ in figures}
    assert all(alt and caption for alt, _, caption in figures)
    assert (folder / "report.html").read_text(encoding="utf-8").count("<figure ") == len(figures)


def test_the_same_run_gives_the_same_bytes(folder, run, tmp_path):
    pages.write(run, tmp_path)
    written = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert written == sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert all((folder / path).read_bytes() == (tmp_path / path).read_bytes() for path in written)


@pytest.mark.parametrize("layer", pages.LAYERS)
def test_without_tables_a_page_says_so_in_sentences(bare, layer):
    page = pages.page(bare, layer)
    text = markdown(page)
    assert text.startswith("# ")
    assert all(section.blocks or section.parts for section in page.sections)
    assert "nan" not in text


def test_a_page_without_figures_needs_no_folder(run):
    assert pages.page(run, "map").figures() == []


@pytest.mark.parametrize("gone", ["impact_scores", "trend_scores", "hypotheses", "policy_gains", "waiting", "drivers"])
def test_a_missing_table_takes_only_its_own_part_away(run, tables, gone):
    from tests.report.conftest import made_run

    left = made_run({name: table for name, table in tables.items() if name != gone})
    for layer in pages.LAYERS:
        assert markdown(pages.page(left, layer)).count("\n## ") >= 1 or layer == "prescribe"


def test_empty_tables_are_as_good_as_none(tables):
    from tests.report.conftest import made_run

    empty = made_run({name: table.iloc[:0] for name, table in tables.items()})
    for layer in pages.LAYERS:
        assert "nan" not in markdown(pages.page(empty, layer))
