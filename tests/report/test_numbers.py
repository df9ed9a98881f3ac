"""Numbers in prose."""

import math

import pytest

from etia.report.numbers import count, is_nothing, percent, plain, points, signed, with_error


@pytest.mark.parametrize(
    ("value", "se", "written"),
    [
        (4.6234, 0.012, "4.62 (±0.03)"),  # two standard errors, 0.024, stand in the second place, and are rounded up
        (31.4, 2.6, "31 (±6)"),
        (1234.0, 60.0, "1,200 (±200)"),  # ±120: hundreds are all that can be stated
        (-5.04, 0.45, "−5.0 (±0.9)"),
        (2.0, 0.0, "2.00"),
        (0.1, math.nan, "0.100"),
    ],
)
def test_a_number_has_the_digits_that_its_error_lets_stand(value, se, written):
    assert with_error(value, se) == written


def test_a_finest_step_keeps_digits_that_nobody_asked_for_away():
    assert with_error(4.6234, 0.000_1, least=0.05) == "4.62 (±0.01)"


@pytest.mark.parametrize(
    ("p", "se", "written"),
    [
        (0.314, 0.004, "31 % (±1)"),
        (0.314, 0.02, "31 % (±4)"),
        (0.002, 0.001, "less than 1 %"),
        (0.9991, 0.001, "more than 99 %"),
        (0.0, None, "0 %"),
        (1.0, None, "100 %"),
        (0.5, None, "50 %"),
    ],
)
def test_probabilities_are_whole_per_cents_and_never_more_certain_than_they_are(p, se, written):
    assert percent(p, se).replace("\N{NO-BREAK SPACE}", " ") == written


def test_changes_carry_their_sign():
    assert signed(0.5) == "+0.500"
    assert signed(-12.3, 0) == "−12"
    assert signed(0.0, 1) == "0.0"
    assert points(-0.32, 0.02) == "−32 points (±4)"
    assert points(0.01) == "+1 point"


def test_thousands_are_marked_and_unknown_is_said():
    assert plain(1234567, 0) == "1,234,567"
    assert plain(math.nan) == "unknown"


def test_what_is_no_larger_than_two_standard_errors_is_nothing():
    assert is_nothing(1.9, 1.0)
    assert not is_nothing(2.1, 1.0)
    assert not is_nothing(0.1, math.nan)


def test_counts_agree_with_their_noun():
    assert [count(n, "policy", "policies") for n in (0, 1, 2, 64)] == [
        "no policies", "one policy", "two policies", "64 policies"
    ]  # fmt: skip
