"""What the web of relations says by itself: who drives, who depends, what comes back, what everything passes.

Measures of structural analysis on one labelled matrix (row = source, column = target). They rank and sort; they are
no forecast: times, dates and probabilities play no part here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.errors import UsageError
from etia.graph.matrix import checked, model_matrix
from etia.graph.paths import causal_chains, feedback_loops, gatekeepers, passages

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = [
    "betweenness",
    "causal_chains",
    "chain_impacts",
    "feedback_loops",
    "gatekeepers",
    "influence_dependence",
    "model_matrix",
    "orphans",
    "passages",
    "prominence_relation",
    "total_relation",
]

MOST_POWERS = 60
"""Powers tried before a matrix counts as one whose rankings never settle (its loops beat in time)."""

MOST_NODES_BY_SUBSETS = 18
"""Up to here all chains of a dense matrix are summed exactly by subsets of nodes (18: about a second)."""


def influence_dependence(matrix: pd.DataFrame, *, power: int | None = None) -> pd.DataFrame:
    """How strongly each node acts on the others and is acted on, directly and along chains (MICMAC).

    Influence is a node's row sum in the absolute matrix |M|, dependence its column sum. The indirect ones are the
    same sums in |M|ᵏ, with the first k ≥ 2 whose two rankings are those of |M|ᵏ⁻¹. Where the powers vanish first
    (no loops: nothing can settle) or the rankings never settle (loops that beat in time), every indirect path
    counts instead: the sums in |M|² + |M|³ + …, each power over the spectral radius to that power where there is
    a loop. A node stands high where its value is strictly above the mean of all.

    Parameters
    ----------
    power
        Take this power, settled or not.

    Returns
    -------
    pandas.DataFrame
        By node: `influence`, `dependence`, `quadrant`, `indirect_influence`, `indirect_dependence`,
        `indirect_quadrant`; quadrants are `determinant` (high influence, low dependence), `relay` (both high),
        `dependent` (low influence, high dependence) and `autonomous` (both low). `attrs` has `power` (k, or the last
        one summed) and `settled`.

    References
    ----------
    J.-C. Duperrin and M. Godet, Méthode de hiérarchisation des éléments d'un système, CEA-R-4541, 1973.
    """
    import numpy as np
    import pandas as pd

    direct = np.abs(checked(matrix))
    if not len(direct):
        names = ("influence", "dependence", "quadrant")
        empty = pd.DataFrame({f"{prefix}{name}": [] for prefix in ("", "indirect_") for name in names})
        empty.index.name = "node"
        empty.attrs = {"power": power or 2, "settled": True}
        return empty.astype({f"{prefix}quadrant": object for prefix in ("", "indirect_")})
    indirect, last, settled = (
        _indirect(direct) if power is None else (np.linalg.matrix_power(direct, power), power, True)
    )
    columns: dict[str, object] = {}
    for prefix, values in (("", direct), ("indirect_", indirect)):
        influence, dependence = values.sum(axis=1), values.sum(axis=0)
        columns[f"{prefix}influence"] = influence
        columns[f"{prefix}dependence"] = dependence
        columns[f"{prefix}quadrant"] = _quadrants(influence, dependence)
    table = pd.DataFrame(columns, index=pd.Index(matrix.index, name="node"))
    table.attrs = {"power": last, "settled": settled}
    return table


def _indirect(direct: NDArray[np.float64]) -> tuple[NDArray[np.float64], int, bool]:
    import numpy as np

    radius = float(max(abs(np.linalg.eigvals(direct)), default=0.0))
    has_loop = radius > 1e-12
    scaled = direct / radius if has_loop else direct
    before, total = scaled, np.zeros_like(direct)
    for k in range(2, MOST_POWERS + 1):
        power = before @ scaled
        if not np.any(power):
            return total, k - 1, False
        if has_loop and all(np.array_equal(_ranks(power.sum(axis=a)), _ranks(before.sum(axis=a))) for a in (0, 1)):
            return np.linalg.matrix_power(direct, k), k, True
        total += power
        before = power
    return total, MOST_POWERS, False


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks with ties where values differ by rounding alone."""
    import numpy as np
    from scipy.stats import rankdata

    top = values.max(initial=0.0)
    return np.asarray(rankdata(np.round(values / top, 9) if top > 0 else values))


def _quadrants(influence: NDArray[np.float64], dependence: NDArray[np.float64]) -> list[str]:
    # a mean of equal values may differ from them in the last bit; none of them is above it
    names = {(True, False): "determinant", (True, True): "relay", (False, True): "dependent"}
    drives = influence > influence.mean() * (1 + 1e-12)
    depends = dependence > dependence.mean() * (1 + 1e-12)
    return [names.get((bool(i), bool(d)), "autonomous") for i, d in zip(drives, depends, strict=True)]


def chain_impacts(
    matrix: pd.DataFrame,
    maximum: float,
    threshold: float = 0.0,
    *,
    budget: int = 50_000_000,
    walks: int = 50_000,
    seed: int = 0,
) -> pd.DataFrame:
    """All that reaches each node from each other one, direct and along every chain without a repeated node.

    Sum over chains s → … → t of Π (strength / maximum); a branch is cut when the absolute value of its product is
    below the threshold. With mixed signs a chain's sign is the product of its relations'.

    Parameters
    ----------
    maximum
        The largest strength that the matrix's scale allows (5 on a scale of −5 … 5): above 0, no value beyond it.
    threshold
        At least 0; 0 counts every chain: exactly where there is no loop, in any matrix of up to 18 nodes
        (`MOST_NODES_BY_SUBSETS`), and where the chains stay within the budget; else the strongest ones exactly, and a
        sample of the others with its error.
    budget
        Chains counted one by one. Where there are more, the strongest are, and a sample stands for the others.
    walks
        Random walks from each node where a sample is needed; `seed` decides them.

    Returns
    -------
    pandas.DataFrame
        Source × target, 0 on the diagonal. `attrs["sampled"]` says whether the sums are estimates; then
        `attrs["se"]` has their standard errors, in the same form.

    References
    ----------
    J. Panula-Ontto and K. Piirainen, EXIT: an alternative approach for structural cross-impact modeling and
    analysis, Technological Forecasting and Social Change 137, 2018.
    """
    import numpy as np
    import pandas as pd

    from etia.graph import chains

    values = checked(matrix)
    np.fill_diagonal(values, 0.0)
    _check_scale(matrix, values, maximum, threshold)
    relative = values / maximum
    sums = chains.all_chains(relative) if threshold == 0 else None
    if sums is None and threshold == 0 and len(values) <= MOST_NODES_BY_SUBSETS:
        sums = chains.subset_sums(relative)
    se = None
    if sums is None:
        sums, above = _strongest_chains(relative, float(threshold), budget)
        if above > threshold:
            rest, se = chains.walk_sums(relative, float(threshold), above, walks, np.uint64(seed))
            sums = sums + rest
    table = pd.DataFrame(sums, index=matrix.index, columns=matrix.index)
    table.attrs["sampled"] = se is not None
    if se is not None:
        table.attrs["se"] = pd.DataFrame(se, index=matrix.index, columns=matrix.index)
    return table


def _strongest_chains(
    relative: NDArray[np.float64], threshold: float, budget: int
) -> tuple[NDArray[np.float64], float]:
    """Sums over the chains whose |product| is not below a limit, and that limit: the threshold if the budget allows.

    Chains only grow weaker as they grow longer, so the limit is lowered by halves from 1 as long as the count of all
    tries stays within the budget.
    """
    import numpy as np

    from etia.graph import chains

    sums, n_chains = chains.chain_sums(relative, threshold, budget // 2)
    if n_chains >= 0:
        return sums, threshold
    best, above, left = np.zeros_like(relative), float("inf"), budget // 2
    limit = 1.0
    while limit > threshold:
        sums, n_chains = chains.chain_sums(relative, limit, left)
        if n_chains < 0:
            break
        best, above, left, limit = sums, limit, left - n_chains, limit / 2
    return best, above


def _check_scale(matrix: pd.DataFrame, values: NDArray[np.float64], maximum: float, threshold: float) -> None:
    import numpy as np

    if not maximum > 0:
        raise UsageError(f"maximum is {maximum!r}; the largest strength that the scale allows must be above 0")
    if not threshold >= 0:
        raise UsageError(f"threshold is {threshold!r}; at least 0 is allowed")
    if values.size and (largest := np.abs(values).max()) > maximum:
        source, target = np.argwhere(np.abs(values) == largest)[0]
        raise UsageError(
            f"'{matrix.index[source]} -> {matrix.index[target]}' is {values[source, target]:g}, beyond the maximum "
            f"{maximum:g}; give the largest strength that the scale allows"
        )


def total_relation(matrix: pd.DataFrame) -> pd.DataFrame:
    """What acts on what in all, directly and over any number of steps (DEMATEL): T = D(I − D)⁻¹.

    So T = D + D² + …; D is the matrix over the larger of its largest row and column sum of absolute
    values. Returns source × target. Raises UsageError where the steps do not die away.
    """
    import numpy as np
    import pandas as pd

    values = checked(matrix)
    absolute = np.abs(values)
    scale = max(absolute.sum(axis=0).max(initial=0.0), absolute.sum(axis=1).max(initial=0.0))
    direct = values / scale if scale > 0 else values
    if values.size and max(abs(np.linalg.eigvals(direct))) > 1 - 1e-9:
        raise UsageError(
            "the matrix has no total relation: a closed group of nodes passes on all that it receives, so the steps "
            "do not die away"
        )
    total = direct @ np.linalg.inv(np.eye(len(direct)) - direct)
    return pd.DataFrame(total, index=matrix.index, columns=matrix.index)


def prominence_relation(matrix: pd.DataFrame) -> pd.DataFrame:
    """How much a node takes part, and whether it gives more than it receives (DEMATEL).

    By node: `given` and `received` (row and column sums of `total_relation`), `prominence` (their sum) and
    `relation` (their difference: above 0 a cause, below 0 an effect).
    """
    import pandas as pd

    total = total_relation(matrix)
    given, received = total.sum(axis=1), total.sum(axis=0)
    columns = {"given": given, "received": received, "prominence": given + received, "relation": given - received}
    return pd.DataFrame(columns).rename_axis("node")


def betweenness(matrix: pd.DataFrame) -> pd.Series[float]:
    """The share of shortest paths between other nodes that pass each node, in [0, 1].

    A relation is as long as the largest |strength| over its own, so strong relations are short.
    """
    import networkx as nx
    import numpy as np
    import pandas as pd

    values = np.abs(checked(matrix))
    top = values.max(initial=0.0)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(values)))
    graph.add_edges_from((int(s), int(t), {"length": top / values[s, t]}) for s, t in np.argwhere(values) if s != t)
    found = nx.betweenness_centrality(graph, weight="length")
    return pd.Series([found[i] for i in range(len(values))], index=matrix.index, name="betweenness", dtype=float)


def orphans(matrix: pd.DataFrame) -> list[str]:
    """The nodes without any relation to another one, in order."""
    import numpy as np

    values = checked(matrix)
    np.fill_diagonal(values, 0.0)
    alone = ~(np.any(values, axis=0) | np.any(values, axis=1))
    return [name for name, is_alone in zip(matrix.index, alone, strict=True) if is_alone]
