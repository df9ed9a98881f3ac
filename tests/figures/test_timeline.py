"""The timeline: 64 events that can all be read."""

from __future__ import annotations

import pytest

from etia.figures import draw_timeline, figure_of


def test_sixty_events_are_told_without_words_running_into_each_other(events, written):
    found = written(draw_timeline(events, as_of="2025-11"))
    assert found.clashes == []
    assert found.outside == []
    assert {str(i + 1) for i in range(len(events))} <= set(found.words)


def test_every_title_stands_in_the_key_with_its_date(events, written):
    words = " ".join(written(draw_timeline(events)).words)
    for _, row in events.iterrows():
        assert f"{row.date}  {row.title.split()[0]}" in words


def test_what_is_to_come_stands_with_its_chance(events, written):
    assert any("(86\N{NO-BREAK SPACE}%)" in text for text in written(draw_timeline(events)).words)


def test_levels_and_domains_are_named(events, written):
    words = written(draw_timeline(events, as_of="2025-11")).words
    assert {"macro", "meso", "strategic", "geopolitical", "geoeconomic", "as of 2025-11"} <= set(words)


def test_it_fits_a_page(events):
    width, height = figure_of(draw_timeline(events)).get_size_inches()
    assert width == 12
    assert height < 10


@pytest.mark.parametrize("n", [1, 2, 9])
def test_few_events_have_a_timeline_too(events, written, n):
    found = written(draw_timeline(events.head(n), as_of="2025-11"))
    assert found.clashes == []
    assert str(n) in found.words


def test_decimal_years_will_do_as_dates(events, written):
    found = written(draw_timeline(events.head(3).assign(date=[1979.1, 1991.9, 2018.4])))
    assert any(text.startswith("2018  ") for text in found.words)
