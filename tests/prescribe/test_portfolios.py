"""Which sets of policies may be chosen together."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etia.errors import UsageError
from etia.files.load import load_dict
from etia.prescribe.portfolios import feasible, menu_of, portfolio_name


def model(policies, budget=None):
    body = {
        "etia": 1, "title": "Choices", "calendar": {"start": 2020, "as_of": 2020, "end": 2025, "step": "year"},
        "trends": {"x": {"title": "X", "constructed": {"from": 2020, "value": 1}}},
        "policies": {
            name: {"title": name, "from": 2021, "trends": {"x": {"shape": "step", "lasting": 1}}, **keys}
            for name, keys in policies.items()
        },
        "objectives": {"x": {"goal": "maximise", "at": 2025}},
    }  # fmt: skip
    return load_dict(body if budget is None else {**body, "budget": budget}).model


def names(found):
    return [portfolio_name(portfolio) for portfolio in found.portfolios]


def test_without_a_budget_every_subset_is_feasible_and_the_empty_one_comes_first():
    found = feasible(model({"a": {}, "b": {}}))
    assert names(found) == ["none", "a", "b", "a + b"]
    assert found.remark == ""


def test_a_portfolio_costs_no_more_than_the_budget_by_central_costs():
    # PERT [1, 2, 6] has mean (1 + 4·2 + 6)/6 = 2.5; with 1.5 it costs 4.0, which the budget just meets
    policies = {"a": {"cost": [1, 2, 6]}, "b": {"cost": 1.5}, "c": {"cost": 2}}
    found = feasible(model(policies, budget=4))
    assert names(found) == ["none", "a", "b", "c", "a + b", "b + c"]
    assert found.menu.cost_of(("a", "b")) == pytest.approx(4.0)


def test_what_excludes_each_other_is_never_chosen_together_whoever_says_so():
    assert names(feasible(model({"a": {}, "b": {"excludes": ["a"]}}))) == ["none", "a", "b"]


def test_a_policy_comes_with_all_that_it_requires_at_any_remove():
    policies = {"a": {"requires": ["b"]}, "b": {"requires": ["c"]}, "c": {}}
    assert names(feasible(model(policies))) == ["none", "c", "b + c", "a + b + c"]


def test_names_stand_in_model_order():
    assert names(feasible(model({"z": {}, "a": {}})))[-1] == "z + a"


def test_beyond_the_limit_the_smaller_portfolios_are_kept_and_the_result_says_so():
    found = feasible(model({name: {} for name in "abcd"}), most=7)
    # 1 empty + 4 single = 5; two of the six pairs fill the rest
    assert names(found) == ["none", "a", "b", "c", "d", "a + b", "a + c"]
    assert "more than 7 feasible portfolios" in found.remark
    assert "with 2 or more only some" in found.remark


def test_held_policies_are_in_every_portfolio_but_the_empty_one():
    found = feasible(model({"a": {}, "b": {}, "c": {"excludes": ["a"]}}), held=["b"])
    assert names(found) == ["none", "b", "a + b", "b + c"]


def test_held_policies_that_exclude_each_other_are_refused():
    with pytest.raises(UsageError, match=r"a \+ b cannot be chosen together"):
        feasible(model({"a": {}, "b": {"excludes": ["a"]}}), held=["a", "b"])


def test_an_unknown_held_policy_is_named():
    with pytest.raises(UsageError, match="no policy 'q'; the model has a"):
        feasible(model({"a": {}}), held=["q"])


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_growing_finds_just_the_feasible_subsets(data):
    ids = list("abcde")
    pick = st.lists(st.sampled_from(ids), max_size=2, unique=True)
    policies = {}
    for name in ids:
        excluded, required = data.draw(pick), data.draw(pick)
        required = [other for other in required if other != name and other not in excluded]
        policies[name] = {
            "cost": data.draw(st.integers(0, 4)), "excludes": [o for o in excluded if o != name], "requires": required,
        }  # fmt: skip
    found = feasible(model(policies, budget=6))
    menu = menu_of(model(policies, budget=6))
    every = [chosen for n in range(6) for chosen in combinations(ids, n)]
    assert set(found.portfolios) == {chosen for chosen in every if menu.is_feasible(chosen)}
