"""Agreement and conflict of actors, worked out by hand."""

from __future__ import annotations

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
    signs = {"s": (1, 1), "t": (-1, -1), "u": (1, -1), "v": (0, 1)}
    stakes = {name: {"title": name, "positions": {"a": a, "b": b}} for name, (a, b) in signs.items()}
    actors = {name: {"title": name} for name in ("a", "b")}
    calendar = {"start": 2010, "as_of": 2020, "end": 2022, "step": "year"}
    model = load_dict({"etia": 1, "title": "T", "calendar": calendar, "actors": actors, "stakes": stakes}).model
    table = convergence(model)
    assert table.loc[table.level == "all", ["agreement", "conflict"]].to_numpy().tolist() == [[2, 1]]


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
