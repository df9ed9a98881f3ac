"""What the data support, in the reports of a run that learns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import etia
from etia.report.album import Album
from etia.report.document import Bullets, Figure, Table
from etia.report.learned import learned
from etia.report.subject import Subject

MODELS = Path(__file__).parents[2] / "models"


def plainly(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture(scope="module")
def subject():
    return Subject(etia.run(etia.load(MODELS / "japan_nuclear"), draws=4, runs=20, learn=True))


@pytest.fixture(scope="module")
def section(subject):
    return learned(subject)


def test_the_paragraph_names_events_by_their_titles(section):
    text = section.blocks[0].text
    assert "Fukushima Daiichi” on “Nuclear electricity in Japan”" in text
    assert "nuclear_japan" not in text


def test_skill_stands_by_trend_variant_and_rival_with_its_error(section):
    table = next(block for block in section.blocks if isinstance(block, Table))
    assert {row[1] for row in table.rows} == {"known events", "forecast"}
    assert all("(±" in row[4] for row in table.rows)


def test_numbers_are_written_as_in_the_rest_of_the_report(section):
    written = [cell for block in section.blocks if isinstance(block, Table) for row in block.rows for cell in row[3:]]
    written += [text for block in section.blocks if isinstance(block, Bullets) for text in block.items]
    written.append(section.blocks[0].text)
    assert any("−" in text for text in written)
    assert not any(re.search(r"\d ?%|(?<!\w)-\d", text) for text in written)


def test_every_trend_is_said_what_its_bands_held(section):
    told = next(block for block in section.blocks if isinstance(block, Bullets)).items
    assert [text.split(":")[0] for text in told[:2]] == [
        "“Nuclear electricity in Japan”",
        "“Nuclear electricity in Germany”",
    ]
    assert all("Its 90 % bands held, 1 and 5 data ahead" in plainly(text) for text in told[:4])
    assert told[4].startswith("Events: ")


def test_sizes_say_which_they_are_and_in_what_unit(section):
    table = [block for block in section.blocks if isinstance(block, Table)][1]
    assert {row[2] for row in table.rows} == {"largest, TWh a year", "lasting, TWh a year"}


def test_breaks_without_a_date_stand_beside_the_events_near_them(section):
    undated = [block for block in section.blocks if isinstance(block, Bullets)][1].items
    assert undated[0].startswith("“Nuclear electricity in Japan”: 2011 (beside “Earthquake, tsunami")


def test_calibration_is_drawn_where_there_is_a_folder(subject, tmp_path):
    album = Album(tmp_path)
    found = learned(subject, album)
    album.finish()
    figures = [block.name for block in found.blocks if isinstance(block, Figure)]
    assert figures == ["backtest_pit", "backtest_reliability"]
    assert all((tmp_path / "figures" / f"{name}.png").exists() for name in figures)


def test_a_run_that_does_not_learn_has_no_such_section():
    run = etia.run(etia.load(MODELS / "minimal"), draws=2, runs=5)
    assert learned(Subject(run)) is None
