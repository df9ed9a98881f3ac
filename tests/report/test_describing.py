"""Sentences of the first page."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from etia.report.album import Album
from etia.report.describing import causes, chronicle, counterfactuals, evidence, shares, stakes, theory, transmission
from etia.report.describing.turning import break_sentence, turning_points
from etia.report.judgements import written_words
from etia.report.subject import locator_words
from etia.schema.evidence import Card


def plainly(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_the_past_is_counted_by_level(subject):
    said = plainly(chronicle.chronicle_sentences(subject)[0])
    assert said == (
        "The study rests on two past events, one of the macro level (changes in the system) and one of the meso "
        "level (policy made in response), from “A treaty is signed” (8 May 2021) to “A war elsewhere” (2022)."
    )


def test_a_course_is_told_from_its_start_to_now(subject):
    rows = subject.main("trend_projections", trend="trust")
    assert causes.course_sentence(subject, "trust", rows) == (
        "From 40 of 100 (“enemies”) in 2020 it has gone to 48 of 100 (“enemies”) in 2024."
    )


def test_causes_name_direct_effects_and_the_farthest_reach(subject):
    effects = causes.past_effects(subject, "trust")
    said = plainly(" ".join(causes.cause_sentences(subject, "trust", effects)))
    assert "raised most by “A treaty is signed” (8 May 2021, +4.0)" in said
    assert "lowered most by “A war elsewhere” (2022, −1.5)" in said
    assert "Farthest beyond itself reaches “A treaty is signed”: +4.0 directly, +6.0 (±0.4)" in said


def test_an_effect_within_its_error_is_said_to_be_none(subject):
    assert causes.effect_words(subject, "trust", -1.0, 0.6).endswith("cannot be told apart from nothing")
    assert causes.effect_words(subject, "trust", 6.0, 0.2) == "+6.0 (±0.4)"


def test_transmission_says_direction_and_what_cannot_be_seen(subject):
    rows = subject.main("transmission")
    against, none = (transmission.transmission_sentence(subject, row) for _, row in rows.iterrows())
    assert "pull in opposite directions" in against
    assert none.endswith("The part that goes through policy cannot be told apart from nothing.")


def test_shares_tell_the_whole_movement_and_then_what_events_did_of_it(subject):
    said = plainly(shares.share_sentence(subject, "trust", subject.main("shares")))
    # events −0.1 + 0.3 = 0.2 and the baseline 0.5 make 0.7: 29 and 71 %; error of the events 2 · (0.01 + 0.01) / 0.7
    # |−0.1| + |0.3| = 0.4: a quarter down, three quarters up; errors 2 · 0.01 / 0.4
    assert said == (
        "“Trust”, from 2020 to 2024: of its whole movement events make about a quarter, 29 % (±6); the baseline about "
        "three quarters, 71 %; and noise nothing. Of what events did: by level, meso +75 % (±5) and macro −25 % (±5)."
    )


def test_parts_of_a_movement_that_pull_against_each_other_are_told_in_the_trends_unit(subject):
    rows = subject.main("shares")
    noise = rows.iloc[[2]].assign(name="(noise)", direct=-0.6, total=-0.6, se=0.05)
    said = plainly(shares.share_sentence(subject, "trust", pd.concat([rows, noise])))
    # trust goes from 40 to 48 of 100: ln(48/52) − ln(40/60) = 0.3254, so a latent unit is 8 / 0.3254 = 24.6 points:
    # 0.2, 0.5 and −0.6 of these, the errors 2 · 0.02 and 2 · 0.05
    told = "parts pull against each other; in points, events +4.9 (±1.0), the baseline +12.3 and noise −15 (±3)."
    assert told in said


def test_a_movement_that_events_alone_made_is_told_so(subject):
    rows = subject.main("shares")
    said = shares.share_sentence(subject, "trust", rows[rows["name"] != "(baseline)"])
    assert said.startswith("“Trust”, from 2020 to 2024: events make all of its movement. Of what events did:")


def test_what_would_be_missing_is_told_by_cause(subject):
    said = plainly(counterfactuals.fallout_sentences(subject, subject.main("attributable_fractions"))[0])
    assert said.startswith("Without “A treaty is signed”")
    assert "“A war elsewhere” (50 %)" in said


def test_breaks_in_the_data_are_told_with_their_interval(subject):
    row = subject.table("turning_points").iloc[1]
    assert plainly(break_sentence(subject, row)) == (
        "“A war elsewhere” (2022): the level of “Freight” breaks by −20 per cent (−30 to −9); of all dates, 2 % show "
        "one at least as clear."
    )


def test_only_pairs_that_the_study_connects_are_listed_and_the_others_told_with_what_chance_gives(subject):
    section = turning_points(subject)
    opening, items = plainly(section.blocks[0].text), section.blocks[1].items
    assert "at a false-alarm rate of 5 %" in opening
    # war and treaty have no impact on freight: 0.05 · 2
    assert opening.endswith(
        "Of 2 pairs that the study does not connect, 1 shows a break; chance alone gives about 0.1."
    )
    assert [text.split("”")[0] for text in items] == ["“The dam is built"]
    assert plainly(section.blocks[2].text).startswith("Intervals cover 95 %. A break says")


def test_what_breaks_is_the_level_or_the_slope_or_both_together(subject):
    row = subject.table("turning_points").iloc[1].copy()
    row[["low", "high", "slope", "slope_low", "slope_high", "transition"]] = [-30.0, 2.0, 4.0, 1.0, 7.0, 2]
    slope = plainly(break_sentence(subject, row))
    assert slope.startswith("Within six months of “A war elsewhere”")
    assert "the slope of “Freight” breaks by +4 per cent a year (+1 to +7);" in slope
    row["slope_low"] = -1.0
    assert "level and slope of “Freight” together break" in plainly(break_sentence(subject, row))


def test_on_a_log_scale_values_a_third_apart_are_not_about_the_same(subject):
    """3,200 against 4,200: a ratio of 1.31, though less than a tenth of a band of 11,000."""
    cards = pd.DataFrame(
        {
            "lens": list(subject.model.lenses)[:2],
            "trend": "freight",
            "p5": [900.0, 900.0],
            "p50": [3200.0, 4200.0],
            "p95": [12e3, 12e3],
        }
    )
    assert "ends highest under" in theory._spread(subject, "freight", cards)
    cards["p50"] = [3200.0, 3500.0]
    assert "about the same value" in theory._spread(subject, "freight", cards)


def test_actors_are_named_without_their_brackets(subject):
    section = stakes.stakes(subject, Album())
    assert "Farthest apart: North and South (agreement 0.0, conflict 2.5)." in section.blocks[1].text
    assert section.blocks[-1].items[0].endswith("Against each other most on “Water for both”.")


@pytest.fixture
def sourced(run):
    """The study with a source of two claims."""
    from etia.report.subject import Subject

    card = Card.model_validate(
        {
            "id": "s1",
            "title": "A book",
            "author": "An Author",
            "claims": {
                "s1.1": {"text": "It does.", "where": "p. 3", "hypotheses": {"holds": "supports"}},
                "s1.2": {"text": "It does not.", "hypotheses": {"holds": "contradicts"}},
            },
        }
    )
    model = replace(run.model, loaded=replace(run.model.loaded, seeds={"s1": card}))
    return Subject(SimpleNamespace(**{**vars(run), "model": model}))


def test_what_a_claims_number_means_is_said_where_there_are_claims(subject, sourced):
    assert [block.kind for block in chronicle.chronicle_table(subject).blocks] == ["table"]
    assert [block.kind for block in chronicle.chronicle_table(sourced).blocks] == ["table", "aside"]


def test_a_hypothesis_is_told_under_each_lens_and_without_its_mechanisms(subject):
    said = [plainly(text) for text in theory.hypothesis_sentences(subject, "holds", subject.table("hypotheses"))]
    assert said[0] == "Under “Quarrel” it is unlikely, 31 % (±1)."
    assert said[1] == "Elsewhere: 62 % (±1) under “Commerce”. The theories disagree on it."
    assert said[2].startswith("Without the causal ideas that should carry it, 5 % is left (−26 points)")


def test_from_a_hypothesis_without_any_chance_nothing_can_be_taken(subject):
    rows = subject.table("hypotheses").assign(probability=0.0, se=0.0, without_mechanisms=0.0)
    (*_, said) = theory.hypothesis_sentences(subject, "holds", rows)
    assert plainly(said) == (
        "At 0 % there is nothing that could be lost without the causal ideas that should carry it (0 % is left): "
        "whether it hangs on them cannot be seen here."
    )
    rows = rows.assign(probability=0.02, se=0.015)
    assert plainly(theory.hypothesis_sentences(subject, "holds", rows)[-1]).startswith("At 2 % (±3) there is nothing")
    rows = rows.assign(without_mechanisms=0.5)
    assert "it would be likelier, 50 %" in plainly(theory.hypothesis_sentences(subject, "holds", rows)[-1])


def test_the_longest_chain_says_how_strong_its_links_are_and_the_whole(subject):
    said = plainly(chronicle.web(subject, Album()).blocks[-1].text)
    assert said == (
        "Call a link strong where at least 20 % of the later event goes back to the earlier one. The longest chain of "
        "strong links alone has one step: A treaty is signed → A war elsewhere (50 %)."
    )


def test_a_hypothesis_says_what_must_be_seen(subject):
    own = subject.model.hypotheses["holds"]
    assert theory.test_words(subject, own) == (
        "It holds if “Trust” stands at or above 50 of 100, the level “partners” at some time up to 2028."
    )


def test_claims_for_and_against_are_quoted_with_their_source(sourced):
    section = theory.hypotheses(sourced, Album()).parts[0]
    quotes = [block for block in section.blocks if block.kind == "quote"]
    assert [(quote.text, quote.source) for quote in quotes] == [
        ("For it: It does.", "An Author, A book, at p. 3 [s1.1]"),
        ("Against it: It does not.", "An Author, A book [s1.2]"),
    ]


def test_evidence_tells_what_rests_on_judgement_alone(subject):
    section = evidence.evidence(subject)
    text = plainly(" ".join(block.text for block in section.blocks if block.kind == "paragraph"))
    assert (
        "about three fifths rests on relations that cite a claim (60 %), and about two fifths on judgement alone"
        in text
    )
    assert text.count("2030") == 1
    assert "not the baselines of trends nor what data hold besides" in text
    assert "trend's value in 2030" in section.parts[0].blocks[0].text
    (item,) = section.parts[0].blocks[1].items
    assert plainly(item) == "What “A treaty is signed” does to “Trust” (written 2 to 9; 11 % of what events do there)."


@pytest.mark.parametrize("table", ["transmission", "shares", "convergence", "turning_points", "attributable_fractions"])
def test_sections_whose_table_is_missing_are_left_out(bare, table):
    from etia.report.subject import Subject

    none = Subject(bare)
    made = {
        "transmission": transmission.transmission,
        "shares": shares.shares,
        "convergence": lambda subject: stakes.stakes(subject, Album()),
        "turning_points": turning_points,
        "attributable_fractions": counterfactuals.counterfactuals,
    }
    assert made[table](none) is None
    assert isinstance(none.table(table), pd.DataFrame)


def test_what_reaches_a_trend_through_others_alone_has_not_lowered_it(subject):
    rows = pd.DataFrame({"event": ["treaty", "war"], "direct": [4.0, -1e-9], "total": [4.0, -2.0]})
    rows = rows.assign(indirect=rows["total"] - rows["direct"], se=0.1)
    assert "none has lowered it" in plainly(" ".join(causes.cause_sentences(subject, "trust", rows)))


def test_effects_that_round_to_nothing_or_are_a_trace_of_the_largest_are_not_told(subject):
    rows = pd.DataFrame({"event": ["treaty", "war"], "direct": [40.0, -0.3], "total": [40.0, -0.3]})
    rows = rows.assign(indirect=0.0, se=0.1)
    said = plainly(" ".join(causes.cause_sentences(subject, "trust", rows)))
    assert "none has visibly lowered it" in said
    assert "0.0)" not in said


def test_trends_that_rest_alike_on_judgement_are_not_held_against_each_other(subject):
    rows = pd.DataFrame({"trend": ["trust", "freight"], "evidence": 0.0, "data": 0.0, "judgement": 1.0})
    rows["date"] = "2030"
    assert "Most on judgement" not in evidence.evidence_sentences(subject, rows)[0]
    rows = rows.assign(judgement=[1.0, 0.4])
    assert "Most on judgement rests “Trust” (100 %), least “" in plainly(evidence.evidence_sentences(subject, rows)[0])


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("links.war -> dam", "1 to 3"),
        ("couplings.trust -> freight", "0.1"),
        ("impacts.dam -> freight", "0% to 30%"),
        ("trends.trust", ""),
    ],
)
def test_written_numbers_in_words(subject, path, words):
    assert written_words(subject.model, path) == words


def test_one_event_bears_by_itself(subject):
    rows = pd.DataFrame({"event": ["treaty"], "direct": [4.0], "total": [4.0], "indirect": [0.0], "se": [0.1]})
    said = plainly(" ".join(causes.cause_sentences(subject, "trust", rows)))
    assert "One past event bears on it today. By itself, in points: raised most by" in said


def test_a_value_on_a_ratio_scale_never_shrinks_to_nothing(subject):
    assert subject.value("freight", 0.0123) == "0.012"


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("L14", "line 14"),
        ("L9-12, L57", "lines 9–12 and 57"),
        ("L9-12", "lines 9–12"),
        ("chapter 2, L4", "at chapter 2, L4"),
    ],
)
def test_lines_of_a_source_are_called_lines(where, words):
    assert locator_words(where) == words
