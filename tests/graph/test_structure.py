"""Measures of structure: published examples, cases worked out by hand, and brute force beside the fast code."""

from __future__ import annotations

import math
import time
from itertools import pairwise, permutations, product

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from etia import structure
from etia.errors import UsageError


def labelled(rows, names=None):
    values = np.array(rows, dtype=float)
    names = list(names) if names is not None else [f"v{i + 1}" for i in range(len(values))]
    return pd.DataFrame(values, index=names, columns=names)


def random_matrix(seed, n, density=0.5):
    rng = np.random.Generator(np.random.Philox(key=seed))
    values = rng.uniform(-1, 1, (n, n)) * (rng.random((n, n)) < density)
    np.fill_diagonal(values, 0)
    return labelled(values)


def brute_force_chains(matrix, maximum, threshold):
    """Every ordering of every subset: the definition, word for word."""
    n = len(matrix)
    relative = matrix.to_numpy() / maximum
    sums = np.zeros((n, n))
    for length in range(2, n + 1):
        for chain in permutations(range(n), length):
            value, cut = 1.0, False
            for source, target in pairwise(chain):
                value *= relative[source, target]
                cut = cut or abs(value) < threshold
            if not cut:
                sums[chain[0], chain[-1]] += value
    return sums


class TestInfluenceAndDependence:
    def test_reproduces_the_powers_of_a_published_example(self):
        # The ten-node example of Jorge Catumba's MICMAC for networkx (test_micmac.py of that branch, after R. Diaz,
        # Indirect influences, Adv. Stud. Contemp. Math. 23, 2013): shares of the 16 paths of four relations.
        edges = [(0, 5), (1, 0), (3, 0), (1, 2), (1, 9), (3, 1), (2, 9), (2, 3), (3, 5), (4, 3), (6, 3), (6, 5)]
        edges += [(6, 7), (6, 8), (7, 9)]
        values = np.zeros((10, 10))
        values[tuple(zip(*edges, strict=True))] = 1
        found = structure.influence_dependence(labelled(values), power=4)
        influence = [0, 0.25, 0.1875, 0.1875, 0.1875, 0, 0.1875, 0, 0, 0]
        dependence = [0.125, 0.0625, 0.0625, 0.1875, 0, 0.3125, 0, 0, 0, 0.25]
        assert found["indirect_influence"].to_numpy() / found["indirect_influence"].sum() == pytest.approx(influence)
        assert found["indirect_dependence"].to_numpy() / found["indirect_dependence"].sum() == pytest.approx(dependence)

    def test_direct_sums_and_quadrants_by_hand(self):
        # rows: a 5, b 3, c 1, d 0 (mean 2.25); columns: a 0, b 3, c 4, d 2 (mean 2.25)
        matrix = labelled([[0, -3, 1, 1], [0, 0, 3, 0], [0, 0, 0, 1], [0, 0, 0, 0]], "abcd")
        found = structure.influence_dependence(matrix)
        assert found["influence"].tolist() == [5, 3, 1, 0]
        assert found["dependence"].tolist() == [0, 3, 4, 2]
        assert found["quadrant"].tolist() == ["determinant", "relay", "dependent", "autonomous"]

    def test_indirect_is_the_first_power_whose_rankings_hold(self):
        # M = [[0,1,1],[1,0,0],[0,1,0]]: row sums 2 1 1,
        # M² = [[1,1,0],[0,1,1],[1,0,0]]: 2 2 1, M³ = [[1,1,1],[1,1,0],[0,1,1]]:
        # 3 2 2, M⁴: 4 3 2, M⁵: 5 4 3; columns M⁴ 3 4 2 and M⁵ 4 5 3: both rankings of M⁵ are those of M⁴
        values = np.array([[0, 1, 1], [1, 0, 0], [0, 1, 0]])
        found = structure.influence_dependence(labelled(values))
        assert found.attrs == {"power": 5, "settled": True}
        assert found["indirect_influence"].tolist() == [5, 4, 3]
        assert found["indirect_dependence"].tolist() == [4, 5, 3]

    def test_without_loops_every_indirect_path_counts(self):
        # a -> b -> c -> d with strengths 2, 3, 4: M² has ac 6, bd 12; M³ has ad 24
        found = structure.influence_dependence(labelled(np.diag([2.0, 3, 4], 1), "abcd"))
        assert found["indirect_influence"].tolist() == [30, 12, 0, 0]
        assert found["indirect_dependence"].tolist() == [0, 0, 6, 36]
        assert found.attrs == {"power": 3, "settled": False}

    def test_loops_that_beat_in_time_end_and_are_named(self):
        # a ⇄ b with a -> c: odd and even powers rank differently for ever
        found = structure.influence_dependence(labelled([[0, 3, 1], [1, 0, 0], [0, 0, 0]]))
        assert not found.attrs["settled"]
        assert np.isfinite(found["indirect_influence"]).all()

    def test_equal_values_are_all_low(self):
        found = structure.influence_dependence(labelled([[0, 0.1, 0.2], [0.2, 0, 0.1], [0.1, 0.2, 0]]))
        assert set(found["quadrant"]) == set(found["indirect_quadrant"]) == {"autonomous"}


class TestChainImpacts:
    def test_one_chain_by_hand(self):
        # 5-point scale: a -> b 4, b -> c −2, a -> c 1: ac = 1/5 + (4/5)(−2/5) = −0.12
        found = structure.chain_impacts(labelled([[0, 4, 1], [0, 0, -2], [0, 0, 0]], "abc"), 5)
        assert found.loc["a", "c"] == pytest.approx(-0.12)
        assert found.loc["a", "b"] == pytest.approx(0.8)
        assert not found.attrs["sampled"]

    def test_a_branch_below_the_threshold_is_cut(self):
        # a -> b 0.5, b -> c 0.5, c -> d 1: the product is 0.25 at c; at 0.26 neither c nor d is reached
        matrix = labelled(np.diag([0.5, 0.5, 1.0], 1), "abcd")
        assert structure.chain_impacts(matrix, 1, 0.25).loc["a"].tolist() == [0, 0.5, 0.25, 0.25]
        assert structure.chain_impacts(matrix, 1, 0.26).loc["a"].tolist() == [0, 0.5, 0, 0]

    @pytest.mark.parametrize(("seed", "threshold"), list(product(range(4), [0.0, 0.05, 0.3])))
    def test_equals_brute_force(self, seed, threshold):
        matrix = random_matrix(seed, 6, density=0.7)
        found = structure.chain_impacts(matrix, 1.5, threshold)
        assert found.to_numpy() == pytest.approx(brute_force_chains(matrix, 1.5, threshold), abs=1e-12)

    def test_sampled_sums_agree_within_their_error(self):
        matrix = random_matrix(7, 9, density=0.8)
        exact = structure.chain_impacts(matrix, 1, 1e-9).to_numpy()
        found = structure.chain_impacts(matrix, 1, 1e-9, budget=10, walks=20_000)
        assert found.attrs["sampled"]
        se = found.attrs["se"].to_numpy()
        off = ~np.eye(9, dtype=bool)
        z = (found.to_numpy() - exact)[off] / se[off]
        assert abs(z).max() < 4.5  # 72 values: beyond 4.5 with probability 5e-4
        assert 0.7 < z.std() < 1.3

    def test_the_sample_is_decided_by_its_seed(self):
        matrix = random_matrix(1, 8)
        first, same, other = (structure.chain_impacts(matrix, 1, 1e-9, budget=1, walks=50, seed=s) for s in (3, 3, 4))
        assert np.array_equal(first, same)
        assert not np.array_equal(first, other)

    def test_reproduces_a_published_run(self):
        # Printed result of the method's own program, EXIT (github.com/jmpaon/EXIT, EXIT/kurr.txt): the Finnish
        # electricity study, ten variables, maximum 4. The tables are printed to two decimals, and that run estimated
        # the longer chains from 50 of each length: their sums have a standard error of up to 0.5 (over chains of
        # nine and ten nodes alone). So most sums agree to the last digits, and none can be held to less than 0.5.
        direct = """
            0 2.25 1.50 1.81 1.44 -1.62 .81 1.12 1.00 -1.44
            -.12 0 2.31 2.06 -1.94 .06 2.62 1.00 1.38 -.19
            -.19 2 0 0 -.44 .31 -1.31 -.88 -.44 .06
            -1.75 1 .12 0 0 -.06 -1.12 -.56 -.31 -.06
            -.25 -1.44 -.31 -.38 0 1.19 -.69 .81 -.31 -.75
            1.94 1.75 .94 1.44 1.69 0 1.69 1.56 1.19 .56
            .88 -.31 2.44 2.88 -.25 -.06 0 .88 1.75 -.19
            -1.06 .06 -1.38 -.69 0 .44 -1.19 0 -.56 .06
            1.69 -.25 2.06 2.06 -.69 .12 2.62 .69 0 -.12
            .19 3.5 1.38 1.25 -.94 .19 1.62 .88 .88 0"""
        summed = """
            0 -.03 -.07 .01 .28 -.36 -.19 .03 -.05 -.42
            -.37 0 1.29 1.37 -.75 -.03 .52 -.26 .40 .16
            -.20 .54 0 .61 -.41 -.02 .11 -.22 .17 .11
            -.46 .15 .19 0 -.19 .09 -.07 -.25 -.05 .20
            .22 -.51 -.56 -.78 0 .18 -.36 .30 -.23 -.09
            .10 .77 .82 1.71 -.51 0 .68 .14 .53 .03
            -.13 .54 .84 1.17 -.44 -.05 0 .01 .43 .01
            -.02 -.31 -.59 -.62 .21 .16 -.24 0 -.19 .03
            -.05 .61 .91 .91 -.49 -.06 .58 -.09 0 0
            -.47 1.41 1.92 2.63 -1.31 -.14 .86 -.28 .67 0"""
        read = [np.array([line.split() for line in table.split("\n")[1:]], dtype=float) for table in (direct, summed)]
        found = structure.chain_impacts(labelled(read[0]), 4)
        apart = abs(found.to_numpy() - read[1])[~np.eye(10, dtype=bool)]
        assert np.median(apart) < 0.015
        assert np.quantile(apart, 0.95) < 0.1
        assert apart.max() < 0.5
        assert np.corrcoef(found.to_numpy().ravel(), read[1].ravel())[0, 1] > 0.995

    def test_fifteen_joined_nodes_take_seconds(self):
        rng = np.random.Generator(np.random.Philox(key=5))
        matrix = labelled(rng.integers(-4, 5, (15, 15)))
        structure.chain_impacts(matrix.iloc[:3, :3], 4, 0.01)  # compiled before the clock starts
        start = time.perf_counter()
        found = structure.chain_impacts(matrix, 4, 0.01)
        assert time.perf_counter() - start < 20
        assert np.isfinite(found).all(axis=None)

    def test_a_strength_beyond_the_maximum_is_refused(self):
        with pytest.raises(UsageError, match="'a -> b' is 6, beyond the maximum 5"):
            structure.chain_impacts(labelled([[0, 6], [0, 0]], "ab"), 5)

    def test_a_maximum_or_threshold_without_meaning_is_refused(self):
        matrix = labelled([[0, 1], [0, 0]])
        with pytest.raises(UsageError, match="maximum is 0; the largest strength that the scale"):
            structure.chain_impacts(matrix, 0)
        with pytest.raises(UsageError, match="threshold is -1; at least 0"):
            structure.chain_impacts(matrix, 1, -1)


class TestTotalRelation:
    def test_reproduces_a_published_example(self):
        # Y. Çelikbilek, Çok Kriterli Karar Verme Yöntemleri (2018), the example in ten criteria that JMcDM's test
        # testdematel.jl reproduces: row and column sums of T, and its mean as the threshold.
        rows = """0 3 0 2 0 0 0 0 3 0|3 0 0 0 0 0 0 0 0 2|4 1 0 2 1 3 1 2 3 2|4 1 4 0 1 2 0 1 0 0|3 2 3 1 0 3 0 2 0 0
            |4 1 4 4 0 0 0 1 1 3|3 0 0 0 0 2 0 0 0 0|3 0 4 3 2 3 1 0 0 0|4 3 2 0 0 1 0 0 0 2|2 1 0 0 0 0 0 0 3 0"""
        matrix = labelled([row.split() for row in rows.split("|")])
        given = [0.3991458, 0.2261648, 1.0204318, 0.7538625, 0.8096760, 0.9780926, 0.2717874, 0.9455390, 0.5960514]
        received = [1.5527024, 0.7251791, 0.8551461, 0.6895615, 0.2059141, 0.6790404, 0.1057168, 0.3163574, 0.6484014]
        found = structure.prominence_relation(matrix)
        assert found["given"].to_numpy() == pytest.approx([*given, 0.2937537], abs=1e-7)
        assert found["received"].to_numpy() == pytest.approx([*received, 0.5164858], abs=1e-7)
        assert structure.total_relation(matrix).to_numpy().mean() == pytest.approx(0.062945, abs=1e-6)

    def test_two_nodes_by_hand(self):
        # a -> b 2, b -> a 1: scale 2, D = [[0, 1], [.5, 0]], D² = .5 I,
        # T = D (1 + .5 + .25 + …) + .5 I (1 + .5 + …) = 2D + I
        found = structure.total_relation(labelled([[0, 2], [1, 0]], "ab"))
        assert found.to_numpy() == pytest.approx(np.array([[1, 2], [1, 1]]))
        shown = structure.prominence_relation(labelled([[0, 2], [1, 0]], "ab"))
        assert shown.loc["a"].tolist() == pytest.approx([3, 2, 5, 1])

    def test_equals_the_sum_of_powers(self):
        matrix = random_matrix(2, 7, 0.6)
        absolute = abs(matrix.to_numpy())
        direct = matrix.to_numpy() / max(absolute.sum(0).max(), absolute.sum(1).max())
        powers = sum(np.linalg.matrix_power(direct, k) for k in range(1, 400))
        assert structure.total_relation(matrix).to_numpy() == pytest.approx(powers, abs=1e-10)

    def test_steps_that_do_not_die_away_are_refused(self):
        with pytest.raises(UsageError, match="no total relation: a closed group"):
            structure.total_relation(labelled([[0, 1], [1, 0]]))

    def test_no_relations_give_zeros(self):
        assert not structure.total_relation(labelled(np.zeros((2, 2)))).to_numpy().any()


class TestPlaces:
    def test_all_between_two_ends_pass_the_middle(self):
        # of the 2 ordered pairs without b that could pass it, a -> c does, c -> a has no path: 1 of 2
        found = structure.betweenness(labelled([[0, 2, 0], [0, 0, 1], [0, 0, 0]], "abc"))
        assert found.to_dict() == {"a": 0, "b": 0.5, "c": 0}

    def test_strong_relations_are_short(self):
        # a -> c directly is 4/1 long, over b 4/4 + 4/4
        found = structure.betweenness(labelled([[0, 4, 1], [0, 0, 4], [0, 0, 0]], "abc"))
        assert found["b"] == 0.5

    def test_orphans_have_no_relation(self):
        assert structure.orphans(labelled([[0, 1, 0], [0, 0, 0], [0, 0, 3]], "abc")) == ["c"]


class TestMatrix:
    def test_each_relation_is_scaled_within_its_kind_and_target_trend(self):
        rows = [
            ("a", "k", "impact", 0.2),
            ("a", "k", "impact", 0.2),
            ("b", "k", "impact", -0.1),
            ("b", "m", "impact", -3.0),
            ("a", "b", "link", 1.0),
            ("c", "b", "link", -2.0),
        ]
        found = structure.model_matrix(rows, nodes=["a", "b", "c", "k", "m", "z"])
        assert found.loc["a"].to_dict() == {"a": 0, "b": 0.5, "c": 0, "k": 1, "m": 0, "z": 0}
        assert found.loc["b"].to_dict() == {"a": 0, "b": 0, "c": 0, "k": -0.25, "m": -1, "z": 0}
        assert found.loc["c", "b"] == -1
        assert structure.orphans(found) == ["z"]

    def test_a_relation_to_an_unknown_node_is_refused(self):
        with pytest.raises(UsageError, match="'a -> b' names 'b', which is not among the nodes"):
            structure.model_matrix([("a", "b", "link", 1)], nodes=["a"])

    @pytest.mark.parametrize(
        ("matrix", "message"),
        [
            ([[0, 1], [1, 0]], "a labelled matrix is expected, got list"),
            (pd.DataFrame(np.zeros((2, 3))), "has 2 rows and 3 columns; a square one is needed"),
            (labelled([[0, np.nan], [0, 0]], "ab"), "has nan at row 'a', column 'b'; write 0 for no relation"),
            (labelled(np.zeros((2, 2)), "aa"), "the label 'a' names two rows"),
            (pd.DataFrame(np.zeros((2, 2)), index=["a", "b"], columns=["a", "c"]), "same labels; 'c' stands on one"),
            (pd.DataFrame([["x", 0], [0, 0]], index=["a", "b"], columns=["a", "b"]), "something that is no number"),
        ],
    )
    def test_a_faulty_matrix_is_named(self, matrix, message):
        for measure in (structure.influence_dependence, structure.total_relation, structure.orphans):
            with pytest.raises(UsageError, match=message):
                measure(matrix)

    def test_the_order_of_the_columns_is_of_no_account(self):
        matrix = random_matrix(3, 5)
        turned = matrix[list(reversed(matrix.columns))]
        pd.testing.assert_frame_equal(structure.chain_impacts(matrix, 1), structure.chain_impacts(turned, 1))


def test_chains_of_a_loopless_matrix_are_the_sum_of_all_paths():
    values = np.triu(np.abs(random_matrix(4, 20, 0.3).to_numpy()), 1)
    found = structure.chain_impacts(labelled(values), 1)
    graph = nx.from_numpy_array(values, create_using=nx.DiGraph)
    paths = [nx.path_weight(graph, path, "weight") for path in nx.all_simple_paths(graph, 0, 19)]
    assert paths
    products = sum(np.prod([values[s, t] for s, t in pairwise(p)]) for p in nx.all_simple_paths(graph, 0, 19))
    assert found.iloc[0, 19] == pytest.approx(products)


def test_nothing_drives_and_nothing_depends_where_there_is_nothing():
    table = structure.influence_dependence(pd.DataFrame())
    assert table.empty
    assert list(table) == list(structure.influence_dependence(pd.DataFrame([[0.0]], index=["a"], columns=["a"])))


def test_all_chains_of_a_dense_matrix_are_summed_exactly_up_to_eighteen_nodes():
    """Equal strengths 1/10 of 1: from one node to another Σ_k 16!/(16 − k)! · 0.1^(k + 1) over k nodes between."""
    names = [f"n{i}" for i in range(18)]
    found = structure.chain_impacts(pd.DataFrame(0.1, index=names, columns=names), 1.0)
    assert not found.attrs["sampled"]
    assert found.loc["n0", "n5"] == pytest.approx(sum(math.perm(16, k) * 0.1 ** (k + 1) for k in range(17)))
