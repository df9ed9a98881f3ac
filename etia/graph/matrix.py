"""Who acts on whom, as one labelled matrix: what the measures of structure are computed on.

Row = source, column = target. Any square DataFrame will do; `model_matrix` makes the one of a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["checked", "model_matrix"]

KINDS_BY_TARGET = frozenset({"impact", "coupling"})
"""Relations that end at a trend: their effects compare only within that trend's latent scale."""


def checked(matrix: pd.DataFrame) -> NDArray[np.float64]:
    """The values of a labelled square matrix, shape (n, n), in the order of its rows.

    Raises UsageError where the matrix is no DataFrame, has other labels on its columns than on its rows, a label
    twice, or a value that is no finite number; the message names the first such place.
    """
    import numpy as np
    import pandas as pd

    if not isinstance(matrix, pd.DataFrame):
        raise UsageError(
            f"a labelled matrix is expected, got {type(matrix).__name__}; write pandas.DataFrame(values, index=names, "
            "columns=names)"
        )
    if matrix.shape[0] != matrix.shape[1]:
        raise UsageError(f"the matrix has {matrix.shape[0]} rows and {matrix.shape[1]} columns; a square one is needed")
    _check_labels(matrix)
    ordered = matrix[list(matrix.index)]
    try:
        values = np.array(ordered, dtype=np.float64)  # a copy: callers clear its diagonal
    except (TypeError, ValueError) as error:
        raise UsageError(f"the matrix holds something that is no number: {error}") from error
    faulty = np.argwhere(~np.isfinite(values))
    if len(faulty):
        source, target = (matrix.index[i] for i in faulty[0])
        raise UsageError(
            f"the matrix has {values[tuple(faulty[0])]} at row '{source}', column '{target}'; write 0 for no relation"
        )
    return values


def _check_labels(matrix: pd.DataFrame) -> None:
    twice = matrix.index[matrix.index.duplicated()]
    if len(twice):
        raise UsageError(f"the label '{twice[0]}' names two rows of the matrix; each node needs its own")
    if set(matrix.index) != set(matrix.columns) or matrix.columns.has_duplicates:
        odd = [str(name) for name in matrix.columns if name not in set(matrix.index)]
        odd += [str(name) for name in matrix.index if name not in set(matrix.columns)]
        raise UsageError(
            "the rows and the columns of the matrix must bear the same labels"
            + (f"; '{odd[0]}' stands on one side only" if odd else "; a column's label stands twice")
        )


def model_matrix(relations: Iterable[tuple[str, str, str, float]], nodes: Sequence[str] | None = None) -> pd.DataFrame:
    """The matrix of a model: each relation's largest central effect over the largest of its kind and target trend.

    Parameters
    ----------
    relations
        Rows (source, target, kind, effect): the kind as in the graph (`link`, `impact`, `coupling`, `sensitivity`,
        `requires`, `prevented_by`), the effect signed, in the latent scale (a link's: ln ρ). Parallel relations of
        one kind add up first. Relations that end at a trend are scaled within it, those that end at an event
        within their kind.
    nodes
        All events and trends in the order wanted, so that those without relations stand in the matrix too; the
        order of first mention where left out.

    Returns
    -------
    pandas.DataFrame
        Row = source, column = target, values in [-1, 1]. Where relations of several kinds join the same two nodes,
        the strongest of them counts.
    """
    import pandas as pd

    if hasattr(relations, "matrix"):
        raise UsageError(
            "a model's own matrix is model.matrix(); model_matrix takes rows (source, target, kind, effect)"
        )
    effects: dict[tuple[str, str, str], float] = {}
    for source, target, kind, effect in relations:
        key = (source, target, kind)
        effects[key] = effects.get(key, 0.0) + float(effect)
    if nodes is None:
        nodes = list(dict.fromkeys(name for source, target, _ in effects for name in (source, target)))
    largest: dict[tuple[str, str | None], float] = {}
    for (_, target, kind), effect in effects.items():
        group = _group(kind, target)
        largest[group] = max(largest.get(group, 0.0), abs(effect))
    matrix = pd.DataFrame(0.0, index=list(nodes), columns=list(nodes))
    for (source, target, kind), effect in effects.items():
        unknown = [name for name in (source, target) if name not in matrix.index]
        if unknown:
            raise UsageError(f"'{source} -> {target}' names '{unknown[0]}', which is not among the nodes")
        scaled = effect / largest[_group(kind, target)] if effect else 0.0
        if abs(scaled) > abs(float(matrix.loc[source, target])):  # type: ignore[arg-type]
            matrix.loc[source, target] = scaled
    return matrix


def _group(kind: str, target: str) -> tuple[str, str | None]:
    return (kind, target if kind in KINDS_BY_TARGET else None)
