"""Words for what numbers say."""

import pytest

from etia.report.words import LIKELIHOODS, chance, date_words, in_words, likelihood, listed


@pytest.mark.parametrize(
    ("date", "words"),
    [
        ("2018-05-08", "8 May 2018"),
        ("2018-05", "May 2018"),
        ("2018-Q2", "the second quarter of 2018"),
        ("2018", "2018"),
        ("soon", "soon"),
    ],
)
def test_dates_are_as_precise_as_they_are_written(date, words):
    assert date_words(date).replace("\N{NO-BREAK SPACE}", " ") == words


def test_each_probability_has_one_word_and_words_rise_with_it():
    found = [likelihood(i / 1000) for i in range(1001)]
    assert list(dict.fromkeys(found)) == [word for _, word in LIKELIHOODS]
    assert chance(0.31, 0.004).startswith("unlikely, 31")


def test_lists_have_an_and_and_semicolons_where_items_hold_commas():
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a, b", "c"]) == "a, b and c"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a, b", "c", "d"]) == "a, b; c; and d"


def test_shares_are_told_in_rough_words():
    assert in_words(0.33) == "about a third"
    assert in_words(0.5) == "about half"
    assert in_words(0.001) == "next to nothing"
