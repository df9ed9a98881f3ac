"""§1 of the method page, sentence by sentence: steps, dates with their own precision, durations."""

from __future__ import annotations

import numpy as np
import pytest

from etia.compile.odd_draws import odd_draws
from etia.engine.program import OPEN
from tests.compile.hand_models import MONTHS, QUARTERS, chance, drawn, event, judged, rate, step, study


def test_a_date_belongs_to_the_step_that_contains_it():
    """Quarters from 2018-05, so step 0 is 2018-Q2: May 2018 is in it, 2019-Q1 is step 3, 2020-12-31 step 10 = as_of."""
    dates = {"may": "2018-05-08", "quarter": "2019-Q1", "last": "2020-12-31"}
    found = study(calendar=QUARTERS, events={name: event(date=date) for name, date in dates.items()}).case()
    assert [step(found, name)[0] for name in dates] == [0, 3, 10]
    assert (found.calendar.as_of, found.calendar.n_steps) == (10, 23)


def test_as_of_means_the_last_step_that_it_covers():
    """as_of 2020 in months is December: what comes then is past, and what comes in January is scheduled."""
    calendar = {"start": "2020", "as_of": "2020", "end": "2021", "step": "month"}
    program = (
        study(calendar=calendar, events={"a": event(date="2020-12"), "b": event(date="2021-01")}).case().program(0)
    )
    assert program.as_of == 11
    assert program.is_past().tolist() == [True, False]


def test_a_date_that_straddles_the_start_is_of_the_steps_within():
    """2018 in quarters from 2018-Q2 covers steps 0, 1, 2: the middle is 1, draws are uniform over the three."""
    assert step(study(calendar=QUARTERS, events={"a": event(date="2018")}).case(), "a")[0] == 1
    many = step(study(calendar=QUARTERS, settings=drawn(6000), events={"a": event(date="2018")}).case(), "a")
    assert np.bincount(many) / 6000 == pytest.approx([1 / 3] * 3, abs=0.025)


def test_a_past_date_that_straddles_as_of_lies_up_to_it():
    """2020 with as_of in August: steps 24 … 31, of eight the fourth is the earlier middle one (27)."""
    assert step(study(calendar=MONTHS, events={"a": event(date="2020")}).case(), "a")[0] == 27
    many = step(study(calendar=MONTHS, settings=drawn(8000), events={"a": event(date="2020")}).case(), "a")
    assert np.bincount(many)[24:] / 8000 == pytest.approx([1 / 8] * 8, abs=0.02)


def test_a_scheduled_coarse_date_stands_in_its_middle_step():
    """2022 in months from 2018: 48 … 59, the sixth of twelve is 53."""
    assert step(study(calendar=MONTHS, events={"a": event(date="2022")}).case(), "a")[0] == 53


def test_a_date_ahead_with_a_probability_is_prospective_and_a_past_ones_probability_is_not_used():
    found = study(events={
        "ahead": event(date="2025", probability=chance(0.3)),
        "past": event(date="2015", probability=chance(0.3, by="2016")),
    }).case()  # fmt: skip
    assert found.program(0).fixed_step.tolist() == [OPEN, 5]
    assert found.compiled.curves.curves.event.tolist() == [0]


def test_durations_are_rounded_to_whole_steps_halves_up():
    """Quarters: 4.5 months are 1.5, so 2; 4 months are 1.33, so 1; 1 month is 0.33, so 0."""
    events = {"a": event(date="2018-Q4")}
    trends = {name: judged(0, "2018-05") for name in "xyz"}
    impacts = {f"a -> {name}": {"shape": "step", "starts": starts, "lasting": 1}
               for name, starts in (("x", "4.5 months"), ("y", "4 months"), ("z", "1 month"))}  # fmt: skip
    found = study(calendar=QUARTERS, events=events, trends=trends, impacts=impacts).case()
    assert [int(np.argmax(found.outcomes.course(k)[0] > 0.5)) for k in range(3)] == [4, 3, 2]


def test_half_lives_are_not_rounded():
    """Four months are 4/3 of a quarter: from the first quarter on the ratio is 2 to the ½^(0, ¾, 1½)."""
    events = {"a": event(date="2020-Q4"), "b": event(probability=chance(0.5, by="2023"))}
    links = {"a -> b": {"rate_ratio": 2, "half_life": "4 months"}}
    with_link = rate(study(calendar=QUARTERS, events=events, links=links).case(), "b")
    plain = rate(study(calendar=QUARTERS, events=events).case(), "b")
    assert with_link[:3] / plain[:3] == pytest.approx(2**0.5 ** np.array([0, 0.75, 1.5]))


@pytest.mark.parametrize("relation", ["link", "requirement"])
def test_draws_with_a_cause_after_its_effect_are_allowed_and_their_share_is_told(relation):
    """Two uniform months of one year: the cause is not before with (12 + 66)/144 = 13/24."""
    links = {"a -> b": {"rate_ratio": 2}} if relation == "link" else {}
    events = {"a": event(date="2019"), "b": event(date="2019", requires=[] if links else ["a"])}
    found = study(calendar=MONTHS, settings=drawn(4000, 1), events=events, links=links)
    (told,) = odd_draws(found)
    share = float(told.split("In ")[1].split("%")[0]) / 100
    assert share == pytest.approx(13 / 24, abs=0.035)
