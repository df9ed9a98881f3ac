"""Where actors stand together and where against each other, pair by pair (MACTOR's convergences and divergences).

An actor's weighted position on a stake is v = position · salience / 3, from −3 to 3. Two actors with positions of one
sign agree on it by (|v_i| + |v_j|) / 2, with opposite signs they are in conflict by as much; where one is neutral,
neither. Sums over stakes. A stake of several domains counts in equal parts in each.

This is MACTOR's valued convergence and divergence (2CAA, 2DAA), computed from valued positions (2MAO), the sign of
which says for or against, the size how much is at stake for the actor; v takes their place. Simple positions of ±1
give the numbers of stakes (1CAA, 1DAA). Weights by the balance of power (3CAA, 3DAA) are not applied: the model
format has no means of one actor upon another.

The half-sum is that of an independent open program (github.com/llosimura/tio, tried on the MACTOR program's own
example); the printed formula has not been held against it. Others take the smaller of both sizes, which counts a
lukewarm ally for less.

References
----------
M. Godet, Actors' moves and strategies: the MACTOR method, Futures 23 (6), 1991, 605–622.
J. Arcade, M. Godet, F. Meunier and F. Roubelat, Structural analysis with the MICMAC method and actors' strategy with
MACTOR method, AC/UNU Millennium Project, 1999, sections 2.3–2.4.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from etia.schema.model import Model
    from etia.schema.theory import Stake

__all__ = ["ALL", "CONVERGENCE", "STAKE_DRIVERS", "convergence", "stake_drivers", "weighted_position"]

CONVERGENCE = ["actor", "other", "domain", "level", "agreement", "conflict"]
STAKE_DRIVERS = ["actor", "other", "stake", "domain", "level", "agreement", "conflict"]
ALL = "all"
"""stands for every domain or level together"""

_HIGHEST_SALIENCE = 3.0
_NONE = "none"


def weighted_position(stake: Stake, actor: str) -> float:
    """Position · salience / 3; 0 without a position, the position as written without a salience."""
    salience = stake.salience.get(actor, _HIGHEST_SALIENCE)
    return stake.positions.get(actor, 0.0) * salience / _HIGHEST_SALIENCE


def stake_drivers(model: Model) -> pd.DataFrame:
    """What each stake adds to a pair's agreement or conflict, a row a domain; each pair's strongest stakes first."""
    rows = []
    order = {actor: i for i, actor in enumerate(model.actors)}
    for name, stake in model.stakes.items():
        present = sorted(stake.positions, key=lambda actor: order.get(actor, len(order)))
        for actor, other in combinations(present, 2):
            one, two = weighted_position(stake, actor), weighted_position(stake, other)
            if one * two == 0:
                continue
            domains = stake.domains or (_NONE,)
            size = (abs(one) + abs(two)) / 2 / len(domains)
            parts = (size, 0.0) if one * two > 0 else (0.0, size)
            rows += [(actor, other, name, domain, stake.level or _NONE, *parts) for domain in domains]
    table = pd.DataFrame(rows, columns=STAKE_DRIVERS)
    if table.empty:
        return table
    ranked = table.assign(
        first=table["actor"].map(order), second=table["other"].map(order), size=table["agreement"] + table["conflict"]
    )
    ranked = ranked.sort_values(["first", "second", "size"], ascending=[True, True, False], kind="stable")
    return ranked[STAKE_DRIVERS].reset_index(drop=True)


def convergence(model: Model) -> pd.DataFrame:
    """The table `convergence`: a row a pair, domain and level, and one of each pair over all of them (`all`, `all`)."""
    drivers = stake_drivers(model)
    if drivers.empty:
        return pd.DataFrame(columns=CONVERGENCE)
    sums = ["agreement", "conflict"]
    by_cell = drivers.groupby(["actor", "other", "domain", "level"], sort=False)[sums].sum().reset_index()
    overall = drivers.groupby(["actor", "other"], sort=False)[sums].sum().reset_index()
    overall = overall.assign(domain=ALL, level=ALL)
    rank = {domain: i for i, domain in enumerate([ALL, *model.domains])}
    table = pd.concat([overall, by_cell], ignore_index=True)[CONVERGENCE]
    actors = {actor: i for i, actor in enumerate(model.actors)}
    keys = pd.DataFrame(
        {
            "actor": table["actor"].map(actors),
            "other": table["other"].map(actors),
            "domain": [rank.get(domain, len(rank)) for domain in table["domain"]],
            "level": [(ALL, "macro", "meso", _NONE).index(level) for level in table["level"]],
        }
    )
    return table.loc[keys.sort_values(list(keys.columns), kind="stable").index].reset_index(drop=True)
