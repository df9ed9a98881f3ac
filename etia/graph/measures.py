"""A model's web of relations measured as a whole: who drives, what comes back on itself, what all ways must pass.

Computed on the model's matrix (`structure.model_matrix`): each relation's central effect over the largest of its kind
and target trend. Times, dates and probabilities play no part here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etia.errors import UsageError
from etia.graph.build import build, relations
from etia.graph.matrix import checked, model_matrix
from etia.graph.paths import feedback_loops, passages
from etia.graph.structure import betweenness, influence_dependence, prominence_relation

if TYPE_CHECKING:
    import pandas as pd

    from etia.schema.model import Model

__all__ = ["FEEDBACK_LOOPS", "GATEKEEPERS", "INFLUENCE", "LONGEST_LOOP", "matrix_of", "measures"]

INFLUENCE = [
    "node", "kind", "influence", "dependence", "quadrant", "indirect_influence", "indirect_dependence",
    "indirect_quadrant", "prominence", "relation", "betweenness", "acts_on", "acted_on_by",
]  # fmt: skip
FEEDBACK_LOOPS = ["loop", "length", "strength", "sign"]
GATEKEEPERS = ["trend", "gatekeeper", "kind", "n_events", "n_reaching", "events"]

LONGEST_LOOP = 6
"""relations of the longest loop that is listed"""
_MOST_LOOPS = 1000


def matrix_of(model: Model) -> pd.DataFrame:
    """The model's matrix, events and trends in model order: see `model_matrix`."""
    graph = build(model)
    return model_matrix(relations(graph), list(graph.nodes))


def measures(model: Model) -> dict[str, pd.DataFrame]:
    """The three tables of a model's structure.

    Returns
    -------
    dict
        `influence`: a row a node, in model order: `influence_dependence` (MICMAC), `prominence_relation` (DEMATEL, of
        absolute values; nan where a closed group of nodes has none), `betweenness`, and how many others it `acts_on`
        and is `acted_on_by`: an orphan has 0 and 0.
        `feedback_loops`: every loop of up to LONGEST_LOOP relations (of fewer where there are more than a thousand),
        strongest first, as `a -> b -> a` from its first node by name.
        `gatekeepers`: a row a trend and node that every path from `n_events` of the `n_reaching` events passes; the
        most needed first, the events by name.
    """
    graph = build(model)
    matrix = model_matrix(sorted(relations(graph)), list(graph.nodes))  # no sum depends on the order of writing
    kinds = {name: data["kind"] for name, data in graph.nodes(data=True)}
    return {
        "influence": _influence(matrix, kinds),
        "feedback_loops": _loops(matrix),
        "gatekeepers": _gatekeepers(matrix, kinds),
    }


def _influence(matrix: pd.DataFrame, kinds: dict[str, str]) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    if matrix.empty:
        return pd.DataFrame(columns=INFLUENCE)
    written = list(matrix.index)
    matrix = matrix.loc[sorted(written), sorted(written)]  # nor does any here
    table = influence_dependence(matrix)
    try:
        shares = prominence_relation(matrix.abs())  # how much takes part, whatever its sign
    except UsageError:  # a closed group of nodes: the measure has no value, the others have
        shares = pd.DataFrame(np.nan, index=table.index, columns=["prominence", "relation"])
    values = checked(matrix)
    np.fill_diagonal(values, 0.0)
    table = table.assign(
        kind=[kinds[name] for name in table.index],
        prominence=shares["prominence"],
        relation=shares["relation"],
        betweenness=betweenness(matrix),
        acts_on=np.count_nonzero(values, axis=1),
        acted_on_by=np.count_nonzero(values, axis=0),
    )
    return table.loc[written].reset_index()[INFLUENCE]


def _loops(matrix: pd.DataFrame) -> pd.DataFrame:
    """All loops up to the greatest length at which they can be listed."""
    for longest in range(LONGEST_LOOP, 1, -1):
        found = feedback_loops(matrix, longest=longest, most=_MOST_LOOPS)
        if found.attrs["complete"]:
            break
    told = [" -> ".join((*nodes, nodes[0])) for nodes in found["loop"]]
    return found.assign(loop=told)[FEEDBACK_LOOPS]


def _gatekeepers(matrix: pd.DataFrame, kinds: dict[str, str]) -> pd.DataFrame:
    import pandas as pd

    rows: list[tuple[Any, ...]] = []
    for trend in (name for name in matrix.index if kinds[name] == "trend"):
        found = {name: gates for name, gates in passages(matrix, trend).items() if kinds[name] == "event"}
        behind: dict[str, list[str]] = {}
        for name, gates in found.items():
            for gate in gates:
                behind.setdefault(gate, []).append(name)
        # a gatekeeper that is an event reaches the trend too, but does not wait for itself
        for gate, names in sorted(behind.items(), key=lambda pair: -len(pair[1])):
            n_reaching = len(found) - (gate in found)
            rows.append((trend, gate, kinds[gate], len(names), n_reaching, ", ".join(sorted(names))))
    return pd.DataFrame(rows, columns=GATEKEEPERS)
