"""Agreement and conflict of actors, worked out by hand."""

from __future__ import annotations

from itertools import combinations

import pytest

from etia.describe.stakes import CONVERGENCE, convergence, stake_drivers, weighted_position
from etia.files.load import load_dict

MODEL = load_dict(
    {
        "etia": 1,
        "title": "Stakes",
        "calendar": {"start": 2010, "as_of": 2020, "end": 2022, "step": "year"},
        "actors": {name: {"title": name.upper()} for name in ("a", "b", "c")},
        "stakes": {
            "route": {
                "title": "Route",
                "domains": ["geoeconomic", "strategic"],
                "level": "meso",
                "positions": {"b": -1, "a": -3, "c": 2},
                "salience": {"a": 3, "b": 1.5, "c": 3},
            },
            "pact": {
                "title": "Pact",
                "domains": ["strategic"],
                "level": "macro",
                "positions": {"a": 1, "b": 2, "c": 0},
            },
        },
    }
).model


def test_a_position_is_weighted_by_its_salience() -> None:
    assert weighted_position(MODEL.stakes["route"], "b") == -0.5
    assert weighted_position(MODEL.stakes["pact"], "b") == 2
    assert weighted_position(MODEL.stakes["pact"], "z") == 0


def test_agreement_and_conflict_are_half_sums_of_weighted_positions() -> None:
    """a, b: route (3 + 0.5)/2 and pact (1 + 2)/2 agree; a, c: route (3 + 2)/2 conflicts, on the pact c is neutral."""
    table = convergence(MODEL)
    assert list(table.columns) == CONVERGENCE
    overall = table[table.domain == "all"].set_index(["actor", "other"])
    assert tuple(overall.loc[("a", "b"), ["agreement", "conflict"]]) == (1.75 + 1.5, 0)
    assert tuple(overall.loc[("a", "c"), ["agreement", "conflict"]]) == (0, 2.5)
    assert tuple(overall.loc[("b", "c"), ["agreement", "conflict"]]) == (0, 1.25)


def test_simple_positions_count_the_stakes_that_two_actors_share() -> None:
    """MACTOR's first order: each stake adds 1, to convergence or to divergence, and nothing where one is neutral."""
    table = convergence(of_positions("ab", [[1, -1, 1, 0], [1, -1, -1, 1]]))
    assert table.loc[table.level == "all", ["agreement", "conflict"]].to_numpy().tolist() == [[2, 1]]


def test_the_air_transport_case_of_mactor() -> None:
    """Valued positions of the example that comes with the MACTOR program, Aéroport de Paris (Godet's case of 1991).

    Positions as they stand in github.com/llosimura/tio (mactor/test.rb), whose mactor.rb computes 1CAA to 3DAA by the
    half-sum. Not a published result: neither the program's own matrices nor those of 1991 were at hand, so these are
    worked out by hand. Regular and charter airlines agree on aircraft (2 + 1)/2 and noise (3 + 2)/2, and part over
    rights (3 + 3)/2 and organised flights (1 + 3)/2.
    """
    names = ("makers", "regular", "charter", "state", "airports", "residents")
    valued = [
        [2, 3, 0, 0, 1],
        [-2, 0, 3, -1, -3],
        [-1, 0, -3, 3, -2],
        [0, 3, 2, 0, 1],
        [-1, 0, -2, 2, -2],
        [0, 0, 0, 0, 3],
    ]
    converge = [*(0, 0, 4, 0, 2), *(4, 2.5, 4, 0), *(0, 8, 0), *(0, 2), 0]
    diverge = [*(4, 3, 0, 3, 0), *(5, 2, 4, 3), *(4, 0, 2.5), *(3.5, 0), 2.5]
    shared = [*(0, 0, 2, 0, 1), *(2, 1, 2, 0), *(0, 4, 0), *(0, 1), 0]
    pairs = list(combinations(names, 2))
    found = convergence(of_positions(names, valued)).query("level == 'all'").set_index(["actor", "other"])
    assert found["agreement"].reindex(pairs).fillna(0).tolist() == converge
    assert found["conflict"].reindex(pairs).fillna(0).tolist() == diverge
    simple = [[(value > 0) - (value < 0) for value in row] for row in valued]
    found = convergence(of_positions(names, simple)).query("level == 'all'").set_index(["actor", "other"])
    assert found["agreement"].reindex(pairs).fillna(0).tolist() == shared


def of_positions(actors, rows):
    """A model with these actors, a row of positions each, a column a stake."""
    stakes = {
        f"stake_{n}": {"title": "S", "positions": dict(zip(actors, column, strict=True))}
        for n, column in enumerate(zip(*rows, strict=True))
    }
    calendar = {"start": 2010, "as_of": 2020, "end": 2022, "step": "year"}
    titles = {name: {"title": name} for name in actors}
    return load_dict({"etia": 1, "title": "T", "calendar": calendar, "actors": titles, "stakes": stakes}).model


def test_domains_and_levels_add_up_to_the_whole() -> None:
    table = convergence(MODEL)
    whole = table[table.domain == "all"].groupby(["actor", "other"])[["agreement", "conflict"]].sum()
    cells = table[table.domain != "all"].groupby(["actor", "other"])[["agreement", "conflict"]].sum()
    assert (whole - cells).abs().to_numpy().max() == pytest.approx(0)


def test_the_stakes_that_drive_a_pair_come_strongest_first() -> None:
    drivers = stake_drivers(MODEL)
    assert drivers[(drivers.actor == "a") & (drivers.other == "b")].stake.tolist() == ["pact", "route", "route"]


def test_a_model_without_stakes_has_an_empty_table() -> None:
    assert convergence(MODEL.model_copy(update={"stakes": {}})).empty
