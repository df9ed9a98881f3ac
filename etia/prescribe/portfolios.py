"""Which sets of policies may be chosen together: in the budget, none excluded, all required ones in (method §11)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etia.distributions import distribution
from etia.errors import UsageError
from etia.quantity import Kind, Number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from etia.schema.model import Model

__all__ = ["MOST_PORTFOLIOS", "NONE", "Feasible", "Menu", "feasible", "menu_of", "portfolio_name"]

MOST_PORTFOLIOS = 512
"""feasible portfolios that are compared; beyond it the largest ones are left out, which the result says"""

NONE = "none"
"""the portfolio without a policy"""

Portfolio = tuple[str, ...]

_ROUNDING = 1e-9
"""costs that meet the budget but for rounding do meet it"""


@dataclass(frozen=True)
class Menu:
    """The policies of a model as choices, in model order."""

    names: tuple[str, ...]
    cost: dict[str, float]
    """central costs, in the budget's unit"""
    excludes: dict[str, frozenset[str]]
    """policies that cannot go with it, whichever of the two says so"""
    requires: dict[str, frozenset[str]]
    """policies that it needs, at any remove"""
    budget: float | None

    def cost_of(self, portfolio: Iterable[str]) -> float:
        """The central cost of a portfolio."""
        return sum(self.cost[name] for name in portfolio)

    def in_order(self, chosen: Iterable[str]) -> Portfolio:
        """Policies in model order, each once."""
        wanted = set(chosen)
        return tuple(name for name in self.names if name in wanted)

    def is_feasible(self, portfolio: Portfolio) -> bool:
        """Whether the policies may be chosen together."""
        chosen = set(portfolio)
        if any(self.excludes[name] & chosen or not self.requires[name] <= chosen for name in portfolio):
            return False
        return self.budget is None or self.cost_of(portfolio) <= self.budget * (1 + _ROUNDING) + _ROUNDING

    def grown(self, portfolio: Portfolio) -> list[Portfolio]:
        """The feasible portfolios with one policy more, and what that one requires."""
        more = (self.in_order({*portfolio, name, *self.requires[name]}) for name in self.names if name not in portfolio)
        return [wider for wider in more if self.is_feasible(wider)]


@dataclass(frozen=True)
class Feasible:
    """The portfolios that are compared, by number of policies, then in model order; the empty one first."""

    portfolios: tuple[Portfolio, ...]
    menu: Menu = field(repr=False)
    is_whole: bool = True
    """False where there are more than the limit"""

    @property
    def remark(self) -> str:
        """What was left out, in a sentence; empty where nothing was."""
        if self.is_whole:
            return ""
        most = max(len(portfolio) for portfolio in self.portfolios)
        return (
            f"There are more than {len(self.portfolios)} feasible portfolios: those with fewer policies were taken "
            f"first, of those with {most} or more only some or none. Lower the budget, or name policies with "
            "--policy, to compare the rest."
        )


def portfolio_name(portfolio: Portfolio) -> str:
    """`a + b` in model order; `none` for the empty one."""
    return " + ".join(portfolio) or NONE


def menu_of(model: Model) -> Menu:
    """The policies of a model with their central costs."""
    policies = model.policies
    cost = {
        name: policy.cost.value
        if isinstance(policy.cost, Number)
        else float(distribution(policy.cost, Kind.POSITIVE).central())
        for name, policy in policies.items()
    }
    excludes: dict[str, set[str]] = {name: set(policy.excludes) for name, policy in policies.items()}
    for name, policy in policies.items():
        for other in policy.excludes:
            excludes[other].add(name)
    return Menu(
        tuple(policies),
        cost,
        {name: frozenset(others) for name, others in excludes.items()},
        {name: _required(model, name) for name in policies},
        None if model.budget is None else model.budget.value,
    )


def _required(model: Model, name: str) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(model.policies[name].requires)
    while waiting:
        other = waiting.pop()
        if other not in found:
            found.add(other)
            waiting += model.policies[other].requires
    return frozenset(found - {name})


def feasible(model: Model, *, held: Sequence[str] = (), most: int = MOST_PORTFOLIOS) -> Feasible:
    """All feasible portfolios, or the `most` with the fewest policies.

    Grown a policy at a time: every feasible set is reached through smaller feasible ones, as costs are not negative.
    Where policies are `held`, every portfolio has them, but for the empty one, which all are measured against.
    Raises UsageError where the held ones cannot be chosen together.
    """
    menu = menu_of(model)
    root = _root(menu, held)
    found: list[Portfolio] = [()] if not root else [(), root]
    layer, is_whole = [root], True
    while layer and is_whole:
        wider = {portfolio: None for base in layer for portfolio in menu.grown(base)}
        seen = set(found)
        layer = sorted((portfolio for portfolio in wider if portfolio not in seen), key=lambda p: _rank(menu, p))
        is_whole = len(found) + len(layer) <= most
        found += layer[: max(most - len(found), 0)]
    return Feasible(tuple(sorted(found, key=lambda p: _rank(menu, p))), menu, is_whole)


def _root(menu: Menu, held: Sequence[str]) -> Portfolio:
    unknown = [name for name in held if name not in menu.names]
    if unknown:
        raise UsageError(f"there is no policy {unknown[0]!r}; the model has {', '.join(menu.names) or 'none'}")
    root = menu.in_order({*held, *(other for name in held for other in menu.requires[name])})
    if not menu.is_feasible(root):
        raise UsageError(
            f"the policies {portfolio_name(root)} cannot be chosen together: they exclude each other, "
            f"or cost {menu.cost_of(root):.4g} against a budget of {menu.budget}"
        )
    return root


def _rank(menu: Menu, portfolio: Portfolio) -> tuple[int, tuple[int, ...]]:
    return len(portfolio), tuple(menu.names.index(name) for name in portfolio)
