"""Which ways lead from cause to result: chains, loops, and what every way must pass."""

from __future__ import annotations

import heapq
from itertools import count, islice, pairwise
from typing import TYPE_CHECKING, Any

from etia.errors import UsageError
from etia.graph.matrix import checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["causal_chains", "feedback_loops", "gatekeepers", "passages"]


def feedback_loops(matrix: pd.DataFrame, *, longest: int | None = None, most: int = 1000) -> pd.DataFrame:
    """The loops along which a node comes to act on itself, strongest first; the order of the matrix plays no part.

    Parameters
    ----------
    longest
        Relations that a loop may have; all where left out.
    most
        Loops listed before the search ends; `attrs["complete"]` says whether that were all.

    Returns
    -------
    pandas.DataFrame
        `loop` (the nodes in order, from the first by name), `length`, `strength` (product of the relations) and
        `sign`: `reinforcing` (product above 0: a change comes back as more of the same) or `balancing`. Of equally
        strong loops the shorter come first, then those of the earlier names.
    """
    import networkx as nx
    import pandas as pd

    values = checked(matrix)
    order = sorted(range(len(values)), key=lambda i: str(matrix.index[i]))
    names = [matrix.index[i] for i in order]
    values = values[order][:, order]
    found = list(islice(nx.simple_cycles(_digraph(values), length_bound=longest), most + 1))
    rows = [_loop(values, nodes) for nodes in found[:most]]
    rows.sort(key=lambda row: (-abs(row[2]), row[1], row[0]))
    table = pd.DataFrame(
        [
            (tuple(names[i] for i in nodes), length, strength, "reinforcing" if strength > 0 else "balancing")
            for nodes, length, strength in rows
        ],
        columns=["loop", "length", "strength", "sign"],
    )
    table.attrs["complete"] = len(found) <= most
    return table


def _loop(values: NDArray[np.float64], nodes: Sequence[int]) -> tuple[tuple[int, ...], int, float]:
    start = nodes.index(min(nodes))
    turned = (*nodes[start:], *nodes[:start])
    strength = 1.0
    for source, target in pairwise((*turned, turned[0])):
        strength *= float(values[source, target])
    return turned, len(turned), strength


def gatekeepers(matrix: pd.DataFrame, sources: Iterable[str] | str, target: str) -> list[str]:
    """The nodes that every path from the sources to the target passes, in the order in which they are passed.

    The target itself does not count, nor does a source that is the only one. Empty where no path leads there.
    """
    import networkx as nx

    values = checked(matrix)
    names = [sources] if isinstance(sources, str) else list(sources)
    places = {name: i for i, name in enumerate(matrix.index)}
    for name in (*names, target):
        if name not in places:
            raise UsageError(f"'{name}' is no node of the matrix; its nodes are {', '.join(map(str, places))}")
    graph = _digraph(values)
    entry, end = -1, places[target]
    graph.add_edges_from((entry, places[name]) for name in names)
    above = nx.immediate_dominators(graph, entry)
    passed = []
    while end in above and above[end] not in (None, entry, end):
        end = above[end]
        passed.append(matrix.index[end])
    return [name for name in reversed(passed) if names != [name]]


def passages(matrix: pd.DataFrame, target: str) -> dict[str, list[str]]:
    """By node from which a path leads to the target: the nodes that every such path passes, in order.

    `gatekeepers` of each node alone, all at once: the dominators of the graph turned about, seen from the target.
    """
    import networkx as nx

    values = checked(matrix)
    names = list(matrix.index)
    if target not in names:
        raise UsageError(f"'{target}' is no node of the matrix; its nodes are {', '.join(map(str, names))}")
    end = names.index(target)
    above = nx.immediate_dominators(_digraph(values).reverse(copy=False), end)
    found = {}
    for start in sorted(above):
        passed, here = [], above[start]
        while start != end and here not in (None, end):
            passed.append(names[here])
            here = above[here]
        if start != end:
            found[names[start]] = passed
    return found


def causal_chains(
    matrix: pd.DataFrame,
    *,
    sources: Iterable[str] | None = None,
    targets: Iterable[str] | None = None,
    most: int = 10,
    by: str = "strength",
    shortest: int = 1,
    budget: int = 100_000,
) -> pd.DataFrame:
    """The strongest or the longest chains without a repeated node that cannot be drawn out at either end.

    Parameters
    ----------
    sources, targets
        Where chains may start and end; where left out, the nodes that nothing acts on and those that act on nothing.
    by
        `strength` (the absolute product of the relations, each over the largest of the matrix) or `length`; the
        other one decides between equals.
    shortest
        Relations that a chain has at least.
    budget
        Chains looked at, the strongest of all; `attrs["complete"]` says whether the order is certain.

    Returns
    -------
    pandas.DataFrame
        `chain` (tuple of nodes), `length` (its relations), `strength` (signed product).
    """
    import numpy as np
    import pandas as pd

    if by not in ("strength", "length"):
        raise UsageError(f"by is {by!r}; 'strength' or 'length' is allowed")
    values = checked(matrix)
    np.fill_diagonal(values, 0.0)
    top = np.abs(values).max(initial=0.0)
    relative = values / top if top > 0 else values
    places = {name: i for i, name in enumerate(matrix.index)}
    starts = [places[s] for s in sources] if sources is not None else np.flatnonzero(~np.any(values, axis=0)).tolist()
    ends = {places[t] for t in targets} if targets is not None else set(np.flatnonzero(~np.any(values, axis=1)))
    looked = _strongest_first(relative, starts)
    found = []
    left = budget
    for strength, nodes in islice(looked, budget):
        left -= 1
        if len(nodes) > shortest and nodes[-1] in ends:
            found.append((tuple(matrix.index[i] for i in nodes), len(nodes) - 1, strength))
            if by == "strength" and len(found) == most:
                break
    if by == "length":
        found.sort(key=lambda row: (-row[1], -abs(row[2])))
    table = pd.DataFrame(found[:most], columns=["chain", "length", "strength"])
    table.attrs["complete"] = left > 0
    return table


def _strongest_first(relative: NDArray[np.float64], starts: Sequence[int]) -> Iterator[tuple[float, tuple[int, ...]]]:
    """All chains from the starts by falling |product|: no relation is above 1, so a longer one is never stronger."""
    order = count()
    onward = [[(t, float(row[t])) for t in row.nonzero()[0].tolist()] for row in relative]
    heap: list[tuple[float, int, float, tuple[int, ...]]] = [(-1.0, next(order), 1.0, (s,)) for s in starts]
    heapq.heapify(heap)
    while heap:
        _, _, strength, nodes = heapq.heappop(heap)
        yield strength, nodes
        for target, relation in onward[nodes[-1]]:
            if target not in nodes:
                product = strength * relation
                heapq.heappush(heap, (-abs(product), next(order), product, (*nodes, target)))


def _digraph(values: NDArray[np.float64]) -> Any:
    import networkx as nx
    import numpy as np

    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(values)))
    graph.add_edges_from((int(s), int(t)) for s, t in np.argwhere(values) if s != t)
    return graph
