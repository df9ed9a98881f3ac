"""Ways from cause to result: loops with their sign, gatekeepers, the strongest and the longest chains."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from etia.errors import UsageError
from etia.structure import causal_chains, feedback_loops, gatekeepers


def web(**relations):
    """A matrix from `ab=0.5`: the relation a -> b with strength 0.5."""
    names = sorted({name for pair in relations for name in pair})
    matrix = pd.DataFrame(0.0, index=names, columns=names)
    for (source, target), strength in relations.items():
        matrix.loc[source, target] = strength
    return matrix


def test_loops_carry_the_product_of_their_relations():
    found = feedback_loops(web(ab=0.5, ba=-0.4, bc=1, ca=0.5))
    assert found["loop"].tolist() == [("a", "b", "c"), ("a", "b")]
    assert found["strength"].tolist() == pytest.approx([0.25, -0.2])
    assert found["sign"].tolist() == ["reinforcing", "balancing"]
    assert found.attrs["complete"]


def test_a_loop_begins_with_its_first_name_and_equal_loops_stand_by_name_whatever_the_matrix_order():
    """Three loops of two, each 0.5 · 0.5 = 0.25, and one of three, 0.5³ = 0.125."""
    matrix = web(ab=0.5, ba=0.5, bc=0.5, cb=0.5, ca=0.5, de=0.5, ed=0.5)
    expected = [("a", "b"), ("b", "c"), ("d", "e"), ("a", "b", "c")]
    for names in ("abcde", "edcba", "cadeb"):
        found = feedback_loops(matrix.loc[list(names), list(names)])
        assert found["loop"].tolist() == expected
        assert found["strength"].tolist() == [0.25, 0.25, 0.25, 0.125]


def test_the_search_for_loops_ends_and_says_so():
    names = list("abcdefgh")
    dense = pd.DataFrame(1 - np.eye(8), index=names, columns=names)
    found = feedback_loops(dense, most=20)
    assert len(found) == 20
    assert not found.attrs["complete"]
    assert (feedback_loops(dense, longest=2)["length"] == 2).all()


def test_a_web_without_loops_has_an_empty_table():
    found = feedback_loops(web(ab=1, bc=1))
    assert found.empty
    assert list(found.columns) == ["loop", "length", "strength", "sign"]


def test_what_all_paths_pass_stands_in_order():
    # a -> b | c -> d -> e | f -> g -> t: d and g are on every path, b c e f are not
    matrix = web(ab=1, ac=1, bd=1, cd=1, de=1, df=1, eg=1, fg=1, gt=1)
    assert gatekeepers(matrix, "a", "t") == ["d", "g"]
    assert gatekeepers(matrix, ["b", "c"], "t") == ["d", "g"]


def test_a_source_that_the_others_pass_is_a_gatekeeper():
    assert gatekeepers(web(ab=1, cb=1, bt=1), ["a", "b", "c"], "t") == ["b"]
    assert gatekeepers(web(ab=1, bt=1), ["a"], "t") == ["b"]


def test_without_a_path_there_is_no_gatekeeper():
    assert gatekeepers(web(ab=1, tc=1), "a", "t") == []


def test_a_direct_way_leaves_no_gatekeeper():
    assert gatekeepers(web(ab=1, bt=1, at=0.1), "a", "t") == []


def test_an_unknown_node_is_named():
    with pytest.raises(UsageError, match="'z' is no node of the matrix; its nodes are a, b"):
        gatekeepers(web(ab=1), "z", "b")


def test_chains_come_by_strength_or_by_length():
    # a -> t 0.5; a -> b -> t 0.8 · 0.8 = 0.64; a -> b -> c -> t 0.8 · 0.5 · −1 = −0.4
    matrix = web(at=0.5, ab=0.8, bt=0.8, bc=0.5, ct=-1)
    strongest = causal_chains(matrix)
    assert strongest["chain"].tolist() == [("a", "b", "t"), ("a", "t"), ("a", "b", "c", "t")]
    assert strongest["strength"].tolist() == pytest.approx([0.64, 0.5, -0.4])
    longest = causal_chains(matrix, by="length", most=1)
    assert longest["chain"].tolist() == [("a", "b", "c", "t")]


def test_short_chains_can_be_passed_over():
    found = causal_chains(web(at=0.5, ab=0.8, bt=0.8), shortest=2)
    assert found["chain"].tolist() == [("a", "b", "t")]


def test_chains_keep_to_the_ends_asked_for():
    found = causal_chains(web(ab=1, bc=1, cd=1), sources=["b"], targets=["c"])
    assert found["chain"].tolist() == [("b", "c")]


def test_a_search_cut_short_says_so():
    names = list("abcdefgh")
    dense = pd.DataFrame(1 - np.eye(8), index=names, columns=names)
    assert not causal_chains(dense, sources=["a"], targets=["h"], by="length", budget=50).attrs["complete"]


def test_an_unknown_order_is_refused():
    with pytest.raises(UsageError, match="by is 'fame'; 'strength' or 'length'"):
        causal_chains(web(ab=1), by="fame")
