"""What differs between runs, or between the scenarios of one: in what went in, and in what came out (method §8).

Runs with the same seed, draws and runs are done again on the same random numbers, and their outcomes taken from each
other run by run. All other tables are held against each other as they were written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from etia.compile.study import REFERENCE
from etia.describe.comparison import (
    CHANGED_EVENTS,
    CHANGED_HYPOTHESES,
    CHANGED_INPUTS,
    CHANGED_SCORES,
    CHANGED_TRENDS,
    changed_events,
    changed_hypotheses,
    changed_inputs,
    changed_rows,
    changed_scores,
    changed_trends,
    is_paired,
)
from etia.errors import UsageError
from etia.files.resolved import resolved_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from etia.compile.study import Case
    from etia.facade.running import Run
    from etia.files.places import Node

__all__ = ["CHANGED_TABLES", "Comparison", "compare"]

CHANGED_TABLES = ["run", "table", "rows", "differing"]
_OF_PAIRS = {
    "events": (changed_events, CHANGED_EVENTS),
    "trends": (changed_trends, CHANGED_TRENDS),
    "hypotheses": (changed_hypotheses, CHANGED_HYPOTHESES),
    "scores": (changed_scores, CHANGED_SCORES),
}
"""each part that is paired run by run: what computes it, and its columns"""


@dataclass(frozen=True)
class Comparison:
    """Differences of runs or scenarios to the first."""

    inputs: pd.DataFrame
    """values of the models that differ: run, path, before, after, and the file and line of both"""
    events: pd.DataFrame
    """probabilities at the horizon, with the paired error of their difference"""
    trends: pd.DataFrame
    """means at the horizon, likewise, with the medians beside them"""
    hypotheses: pd.DataFrame
    """their probabilities, likewise"""
    scores: pd.DataFrame
    """impact scores at `as_of` and the horizon that differ, likewise"""
    tables: pd.DataFrame
    """of every table that both sides have: its rows, and how many differ or stand on one side only"""
    paired: bool
    """whether both sides share their random numbers"""
    rows: Mapping[str, pd.DataFrame] = field(default_factory=dict, repr=False)
    """the differing rows of tables that were asked for, both sides beside each other; their errors are not paired"""

    @property
    def parts(self) -> dict[str, pd.DataFrame]:
        """All that differs, by name."""
        own = {name: getattr(self, name) for name in ("inputs", *_OF_PAIRS, "tables")}
        return own | dict(self.rows)


def compare(runs: Sequence[Run], *, tables: Iterable[str] = ()) -> Comparison:
    """The runs against the first one; of a single run its scenarios against the reference.

    `tables` names those whose differing rows are wanted. Raises UsageError where there is nothing to compare, or for a
    table that no run has.
    """
    pairs = list(_pairs(runs))
    if not pairs:
        raise UsageError("there is nothing to compare: name two runs, or one with scenarios")
    found = {
        name: _stacked(((other, changed(before, after)) for other, before, after in pairs), columns)
        for name, (changed, columns) in _OF_PAIRS.items()
    }
    counts, rows = _tables(runs, list(tables))
    return Comparison(
        inputs=_stacked(_inputs(runs), CHANGED_INPUTS),
        **found,
        tables=counts,
        paired=all(is_paired(before, after) for _, before, after in pairs),
        rows=rows,
    )


def _pairs(runs: Sequence[Run]) -> Iterator[tuple[str, Case, Case]]:
    first = runs[0]
    if len(runs) == 1:
        yield from ((name, first.cases[0], first.cases.of(name)) for name in first.scenarios)
        return
    for other in runs[1:]:
        for case in other.cases:
            if case.scenario in first.cases.scenarios:
                yield _name(other), first.cases.of(case.scenario), case


def _name(run: Run) -> str:
    return run.folder.name if run.folder is not None else run.model.name


def _stacked(parts: Iterable[tuple[str, pd.DataFrame]], columns: Sequence[str]) -> pd.DataFrame:
    """Tables of several runs or scenarios below each other, `run` in front."""
    import pandas as pd

    made = [table.assign(run=name)[["run", *columns]] for name, table in parts if len(table)]
    return pd.concat(made, ignore_index=True) if made else pd.DataFrame(columns=["run", *columns])


def _inputs(runs: Sequence[Run]) -> Iterator[tuple[str, pd.DataFrame]]:
    first = runs[0]
    known = _places(first)
    if len(runs) == 1:
        for name, under in first.scenarios.items():
            assert under.scenario is not None
            before, after = (_plain(root) for root in (first.model.loaded.root, under.scenario.root))
            yield name, changed_inputs(before, after, (known, known | _under(known, name)))
        return
    for other in runs[1:]:
        yield _name(other), changed_inputs(_content(first), _content(other), (known, _places(other)))


def _plain(root: Node) -> dict[str, Any]:
    found = root.resolved()
    assert isinstance(found, dict)
    return found


def _under(places: Mapping[str, str], scenario: str) -> dict[str, str]:
    """The places that a scenario sets, by the paths of the model."""
    head = f"scenarios.{scenario}."
    return {path.removeprefix(head): place for path, place in places.items() if path.startswith(head)}


def _content(run: Run) -> dict[str, Any]:
    options = {key: value for key, value in vars(run.request).items() if value is not None}
    layers = {name: model.layers for name, model in run.scenarios.items()}
    return {**resolved_document(run.model.loaded, layers), "options": options}


def _places(run: Run) -> dict[str, str]:
    """Where the run's values were written: as the folder has kept it, else as the model was loaded."""
    from etia.files.origins import as_origins, origins_rows, read_origins

    kept = {} if run.folder is None else read_origins(run.folder)
    over = {name: model.scenario.root for name, model in run.scenarios.items() if model.scenario}
    return kept or as_origins(origins_rows(run.model.loaded.root, over))


def _tables(runs: Sequence[Run], wanted: Sequence[str]) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """How many rows of each table differ, and the rows of those that are wanted."""
    import pandas as pd

    counts: list[tuple[str, str, int, int]] = []
    rows: dict[str, list[tuple[str, pd.DataFrame]]] = {name: [] for name in wanted}
    there: set[str] = set()
    for name, before, after in _sides(runs):
        there |= set(before) & set(after)
        for table in (t for t in before if t in after):
            differing = changed_rows(before[table], after[table])
            n_rows = max(len(before[table]), len(after[table]), len(differing))
            counts.append((name, table, n_rows, len(differing)))
            if table in rows:
                rows[table].append((name, differing))
    for table in wanted:
        if table not in there:
            raise UsageError(
                f"there is no table '{table}' on both sides; there are {', '.join(sorted(there)) or 'none'}"
            )
    made = {name: _stacked(parts, list(parts[0][1].columns) if parts else []) for name, parts in rows.items()}
    return pd.DataFrame(counts, columns=CHANGED_TABLES), made


def _sides(runs: Sequence[Run]) -> Iterator[tuple[str, dict[str, pd.DataFrame], dict[str, pd.DataFrame]]]:
    """The tables of every pair that is compared; a scenario's rows against the reference's."""
    first = _known_tables(runs[0])
    if len(runs) > 1:
        for other in runs[1:]:
            yield _name(other), first, _known_tables(other)
        return
    for name in runs[0].scenarios:
        sides = [
            {
                table: rows[rows["scenario"] == scenario].drop(columns="scenario")
                for table, rows in first.items()
                if "scenario" in rows
            }
            for scenario in (REFERENCE, name)
        ]
        yield name, sides[0], sides[1]


def _known_tables(run: Run) -> dict[str, pd.DataFrame]:
    """All tables of a saved run; of another those that were made, for the rest would take the time of the whole run."""
    return dict(run.tables) if run.folder is not None else run.tables.made
