"""What differs between runs, or between the scenarios of one: in what went in, and in what came out (method §8).

Runs with the same seed, draws and runs are done again on the same random numbers, and their outcomes taken from each
other run by run. Tables are held against each other as they were written; those that are asked for are done again in
groups too, so that every difference in them has its paired error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etia.compile.study import REFERENCE
from etia.describe.changed_tables import WITHOUT_NOTHING, changed_rows, with_errors
from etia.describe.comparison import (
    CHANGED_EVENTS,
    CHANGED_HYPOTHESES,
    CHANGED_INPUTS,
    CHANGED_SCORES,
    CHANGED_TRENDS,
    changed_events,
    changed_hypotheses,
    changed_scores,
    changed_trends,
    is_paired,
)
from etia.errors import UsageError
from etia.facade.compared_inputs import compared_inputs, name_of_run
from etia.facade.tables import layers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from etia.compile.study import Case
    from etia.facade.running import Run

__all__ = ["CHANGED_TABLES", "Comparison", "compare"]

CHANGED_TABLES = ["run", "table", "rows", "differing"]
_GROUPS = 10
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
    """the differing rows of tables that were asked for, both sides beside each other

    `se_before` and `se_after` are each side's own, `x_difference_se` is that of `x_difference`, from groups of draws.
    """

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
    paired = all(is_paired(before, after) for _, before, after in pairs)
    counts, rows = _tables(runs, list(tables), paired=paired)
    return Comparison(
        inputs=_stacked(compared_inputs(runs), CHANGED_INPUTS),
        **found,
        tables=counts,
        paired=paired,
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
                yield name_of_run(other), first.cases.of(case.scenario), case


def _stacked(parts: Iterable[tuple[str, pd.DataFrame]], columns: Sequence[str]) -> pd.DataFrame:
    """Tables of several runs or scenarios below each other, `run` in front."""
    import pandas as pd

    made = [table.assign(run=name)[["run", *columns]] for name, table in parts if len(table)]
    return pd.concat(made, ignore_index=True) if made else pd.DataFrame(columns=["run", *columns])


def _tables(
    runs: Sequence[Run], wanted: Sequence[str], *, paired: bool
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """How many rows of each table differ, and the rows of those that are wanted."""
    import pandas as pd

    counts: list[tuple[str, str, int, int]] = []
    names: list[str] = []
    rows: dict[str, dict[int, pd.DataFrame]] = {table: {} for table in wanted}  # by place in `names`, which may repeat
    there: set[str] = set()
    for place, (name, before, after) in enumerate(_sides(runs, wanted)):
        names.append(name)
        there |= set(before) & set(after)
        for table in (t for t in before if t in after):
            differing = changed_rows(before[table], after[table])
            n_rows = max(len(before[table]), len(after[table]), len(differing))
            counts.append((name, table, n_rows, len(differing)))
            if table in rows:
                rows[table][place] = differing
    for table in wanted:
        if table not in there:
            raise UsageError(
                f"there is no table '{table}' on both sides; there are {', '.join(sorted(there)) or 'none'}"
            )
    if any(len(part) for parts in rows.values() for part in parts.values()):
        rows = _with_errors(runs, rows, paired=paired)
    made = {
        table: _stacked(
            ((names[place], part) for place, part in parts.items()),
            list(next(iter(parts.values())).columns) if parts else [],
        )
        for table, parts in rows.items()
    }
    return pd.DataFrame(counts, columns=CHANGED_TABLES), made


def _with_errors(
    runs: Sequence[Run], rows: Mapping[str, Mapping[int, pd.DataFrame]], *, paired: bool
) -> dict[str, dict[int, pd.DataFrame]]:
    """By table and place of what is compared the differing rows, with errors from groups of the runs' draws."""
    out = {table: dict(parts) for table, parts in rows.items()}
    # what is learned from data is no mean over draws
    by_chance = [table for table in rows if "learn" not in layers_of(table)]
    sides: dict[tuple[int, str], tuple[list[pd.DataFrame], list[pd.DataFrame]]] = {}
    for alike in zip(*(run.in_groups(_GROUPS) for run in runs), strict=False):
        for place, (_, before, after) in enumerate(_sides(alike, by_chance)):
            for table in (table for table in by_chance if place in rows[table]):
                one, two = sides.setdefault((place, table), ([], []))
                one.append(before[table])
                two.append(after[table])
    for (place, table), (one, two) in sides.items():
        absent = 0.0 if table in WITHOUT_NOTHING else float("nan")
        out[table][place] = with_errors(out[table][place], one, two, is_paired=paired, absent=absent)
    return out


def _sides(
    runs: Sequence[Run], wanted: Sequence[str]
) -> Iterator[tuple[str, dict[str, pd.DataFrame], dict[str, pd.DataFrame]]]:
    """The tables of every pair that is compared; a scenario's rows against the reference's."""
    first = _known_tables(runs[0], wanted)
    if len(runs) > 1:
        for other in runs[1:]:
            shared = {REFERENCE, *(set(runs[0].scenarios) & set(other.scenarios))}
            yield name_of_run(other), _of(shared, first), _of(shared, _known_tables(other, wanted))
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


def _of(scenarios: set[str], tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The rows of scenarios that both runs have; all others have nothing to be held against."""
    return {
        name: table[table["scenario"].isin(scenarios)] if "scenario" in table else table
        for name, table in tables.items()
    }


def _known_tables(run: Run, wanted: Sequence[str]) -> dict[str, pd.DataFrame]:
    """All tables of a saved run; of another those that are wanted and those that were made.

    The rest would take the time of the whole run.
    """
    if run.folder is not None:
        return dict(run.tables)
    asked = {name: run.tables[name] for name in wanted if name in run.tables}
    return run.tables.made | asked
