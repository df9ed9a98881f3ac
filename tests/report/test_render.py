"""The same sections as Markdown and as HTML."""

import pytest

from etia.report.album import Plates
from etia.report.document import Aside, Bullets, Entry, Page, Paragraph, Quote, Section, Table, anchor
from etia.report.render import html, markdown

BLOCKS = (
    Paragraph("US$ 4 bn *of* <trade> & more | all"),
    Entry("Term.", "Text."),
    Bullets(("one", "two"), numbered=True),
    Quote("It is so.", "A source [s1.1]"),
    Table(("Event", "By 2030"), (("A | B", "31 %"),), (False, True), "Caption"),
    Aside("A remark."),
)


@pytest.fixture
def page():
    return Page("map", "Map", (Paragraph("Lead."),), (Section("First part", BLOCKS, (Section("Deeper", ()),)),))


def test_markdown_escapes_its_own_marks(page):
    text = markdown(page)
    assert r"US\$ 4 bn \*of\* \<trade\> & more \| all" in text
    assert "**Term.** Text." in text
    assert "1. one\n1. two" in text
    assert "> It is so.\n> — A source \\[s1.1\\]" in text
    assert "| Event | By 2030 |\n| --- | ---: |\n| A \\| B | 31 % |" in text
    assert "## First part" in text
    assert "### Deeper" in text


def test_a_number_at_the_start_of_a_line_makes_no_list():
    assert "84\\. event" in markdown(Page("map", "Map", (Paragraph("84. event"),)))


def test_html_escapes_texts_and_lists_its_contents(page, tmp_path):
    text = html("A & <b>", [page], Plates(tmp_path))
    assert "<title>A &amp; &lt;b&gt;</title>" in text
    assert "US$ 4 bn *of* &lt;trade&gt; &amp; more | all" in text
    place = anchor("map", "", "First part")
    assert f'<a href="#{place}">First part</a>' in text
    assert f'<section id="{place}">' in text
    assert '<td class="n">31 %</td>' in text


def test_anchors_are_plain():
    assert anchor("map", "Détente — of 2026!") == "map-detente-of-2026"
