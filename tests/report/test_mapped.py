"""Sentences of the second page."""

from etia.report.album import Album
from etia.report.judgements import judgement_words, relation_words
from etia.report.mapped.events import events
from etia.report.mapped.trends import driver_sentences, level_sentence, projection_sentences
from etia.report.mapped.uncertainty import sequence_words, uncertainty


def plainly(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_events_are_told_from_the_likeliest_to_the_least_likely(subject):
    section = events(subject, Album())
    assert plainly(section.blocks[0].text) == (
        "By 2030, from the likeliest to the least likely: “The dam is built” (60 % (±2)) and “A flood” (9 % (±1))."
    )
    table = section.blocks[1]
    assert table.columns == ("Event", "Level", "By 2025", "By 2027", "By 2030")
    assert plainly(table.rows[1][2]) == "2 % (±1)"


def test_pairs_that_hang_together_are_told_with_the_error_of_the_difference(subject):
    pairs = events(subject, Album()).parts[0].blocks[1]
    # 30 − 5 = 25 points; 2 · √(0.01² + 0.01²) = 2.8, rounded up
    assert plainly(pairs.rows[0][-1]) == "+25 points (±3)"


def test_a_projection_is_told_with_bands_levels_and_baseline(subject):
    rows, card = subject.main("trend_projections", trend="trust"), subject.main("trend_scores", trend="trust")
    said = [plainly(text) for text in projection_sentences(subject, "trust", rows, card)]
    assert said[1] == (
        "By 2030 the median of the projections is 60 of 100 (“partners”); nine courses in ten end between 40 and 80, "
        "every other one between 52 and 68."
    )
    assert said[2] == "Without any of the events, past and future, it would stand at 40 of 100."
    assert said[3] == "That it then stands higher than now is likely (70 %)."
    assert "about a third comes from what the judgements leave open (30 %)" in said[4]


def test_a_measured_trend_is_held_against_its_own_course(subject):
    rows, card = subject.main("trend_projections", trend="freight"), subject.main("trend_scores", trend="freight")
    assert "it would end at 2.0 bn USD a year: the median lies above that." in " ".join(
        projection_sentences(subject, "freight", rows, card)
    )


def test_levels_and_drivers_carry_their_errors(subject):
    assert plainly(level_sentence(subject.main("level_probabilities"))) == (
        "Its level in 2030: “partners” 69 % (±1) and “enemies” 31 % (±1)."
    )
    said = driver_sentences(subject, "trust", subject.main("drivers", trend="trust"))[0]
    assert said.endswith(
        "in points, raised most by “A treaty is signed” (+6.0 (±0.4)); lowered by none beyond the error."
    )


def test_orders_are_told_in_words(subject):
    assert sequence_words(subject, "dam > flood + flood#2 > …") == (
        "first “The dam is built”; then “A flood” and “A flood (second time)” in the same year; then others"
    )
    assert sequence_words(subject, "none") == "none of the events comes"
    assert sequence_words(subject, "dam") == "“The dam is built”, and nothing more"


def test_only_judgements_that_stand_out_from_the_error_are_named(subject):
    entries = [block for block in uncertainty(subject).blocks if block.kind == "entry"]
    assert [plainly(entry.text) for entry in entries] == ["the probability of “The dam is built” by 2028 (20 % (±4))."]


def test_judgements_are_called_by_what_they_are(subject):
    assert judgement_words(subject, "links.war -> dam.rate_ratio") == (
        "how much “A war elsewhere” changes the chance of “The dam is built”"
    )
    assert judgement_words(subject, "trends.trust.constructed.value") == "the level of “Trust” in 2020"
    assert judgement_words(subject, "couplings.trust -> freight.strength") == "how strongly “Trust” moves “Freight”"
    assert (
        relation_words(subject, "impacts.dam -> freight (late)") == "what “The dam is built” does to “Freight” (late)"
    )
