"""Sentences on what holds the graph together."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from etia.graph.measures import FEEDBACK_LOOPS, GATEKEEPERS, measures
from etia.report.album import Album
from etia.report.describing.structure import gatekeeper_sentences, loop_sentences, rank_sentences, structure
from etia.report.structure_lines import structure_lines
from etia.report.subject import Subject
from tests.report.conftest import made_run

TITLED = SimpleNamespace(title=str.upper)


def plainly(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture
def measured(subject):
    return Subject(made_run(measures(subject.model)))


def test_the_section_names_each_quadrant_and_what_stands_alone(measured):
    blocks = structure(measured, Album(None)).blocks
    texts = [plainly(getattr(block, "text", "")) for block in blocks]
    kinds = plainly(" ".join(blocks[2].items))
    # every relation is the largest of its kind: 1; so dam and trust have one in and one out, the flood has none
    assert "Two (relay) both drive and are driven" in kinds
    assert "“The dam is built” and “Trust”. One (dependent) is driven and drives little: “Freight”." in kinds
    assert texts[-1] == "Without any relation stands “A flood”."


def test_loops_are_counted_by_sign_and_told_by_titles():
    table = pd.DataFrame(
        [["a -> b -> a", 2, 0.5, "reinforcing"], ["a -> b -> c -> a", 3, -0.25, "balancing"]], columns=FEEDBACK_LOOPS
    )
    lead, items = loop_sentences(TITLED, table)
    assert "close two loops of up to three relations: one reinforcing" in lead
    assert items == ["A ⇄ B (reinforcing, 0.50)", "A → B → C → and back (balancing, 0.25)"]


def test_no_loop_is_said_to_be_none():
    lead, items = loop_sentences(TITLED, pd.DataFrame(columns=FEEDBACK_LOOPS))
    assert (lead, items) == ("Nothing comes back on itself: the relations close no loop.", [])


def test_a_gatekeeper_of_several_trends_is_told_once():
    rows = [["k", "g", "event", 5, 9, "…"], ["j", "g", "event", 4, 9, "…"], ["k", "h", "event", 1, 9, "a"]]
    _, items = gatekeeper_sentences(TITLED, pd.DataFrame(rows, columns=GATEKEEPERS))
    assert items == ["“G”, on the way of events to “K” (5 of 9) and “J” (4 of 9)."]


def test_where_no_event_lies_on_all_paths_of_two_others_that_is_said_and_no_more():
    single = pd.DataFrame([["k", "h", "event", 1, 9, "a"]], columns=GATEKEEPERS)
    for gates in (single, pd.DataFrame(columns=GATEKEEPERS)):
        lead, items = gatekeeper_sentences(TITLED, gates)
        assert lead == "No event stands in the way of several others: none lies on every path of two others to a trend."
        assert items == []


def test_ranks_without_any_measure_are_not_told():
    n = 30
    table = pd.DataFrame({"node": [f"v{i}" for i in range(n)], "influence": [float(n - i) for i in range(n)]})
    table = table.assign(indirect_influence=0.0, dependence=1.0, indirect_dependence=1.0)
    assert rank_sentences(TITLED, table) == []
    table.loc[0:11, "indirect_influence"] = [float(i + 1) for i in range(12)]  # the first is now the twelfth
    (said,) = rank_sentences(TITLED, table)
    assert "“V0” (from place 1 to 12)" in said


def test_lines_for_the_terminal_hold_all_parts(measured):
    told = "\n".join(structure_lines(measures(measured.model)))
    assert "Most influential" in told
    assert "Feedback loops: none" in told
    assert told.endswith("Without any relation: flood")
