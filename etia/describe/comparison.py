"""What differs between two runs: in what was written, and in what came of it, with paired standard errors.

Both are done again on the same random numbers, so that differences are taken run by run; chance that they share falls
out. They need the same seed, draws and runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from etia.compile.standard_errors import mean_and_error
from etia.engine.program import NEVER
from etia.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etia.compile.study import Case
    from etia.files.load import LoadedModel

__all__ = [
    "CHANGED_EVENTS",
    "CHANGED_INPUTS",
    "CHANGED_TRENDS",
    "changed_events",
    "changed_inputs",
    "changed_rows",
    "changed_trends",
    "table_changes",
]

CHANGED_INPUTS = ["path", "before", "after", "place_before", "place_after"]
CHANGED_EVENTS = ["event", "date", "before", "after", "difference", "se"]
CHANGED_TRENDS = ["trend", "date", "before", "after", "difference", "se"]


def changed_inputs(before: LoadedModel, after: LoadedModel) -> pd.DataFrame:
    """Every value that two models write differently, with where it stands: `file:line:column`; None where it is not."""
    rows: list[tuple[Any, ...]] = []
    _compare((), before.resolved(), after.resolved(), rows)
    table = [
        (".".join(map(str, path)), old, new, _place(before, path, old), _place(after, path, new))
        for path, old, new in rows
    ]
    return pd.DataFrame(table, columns=CHANGED_INPUTS, dtype=object)


def _compare(path: tuple[str | int, ...], old: object, new: object, rows: list[tuple[Any, ...]]) -> None:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            _compare((*path, key), old.get(key), new.get(key), rows)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for i, (one, other) in enumerate(zip(old, new, strict=True)):
            _compare((*path, i), one, other, rows)
    elif old != new:
        rows.append((path, old, new))


def _place(loaded: LoadedModel, path: tuple[str | int, ...], value: object) -> str | None:
    if value is None:
        return None
    found = loaded.places.get(path)
    return None if found is None else str(found)


def _check(before: Case, after: Case) -> None:
    one, other = before.study.settings, after.study.settings
    for name in ("seed", "n_draws", "runs"):
        if getattr(one, name) != getattr(other, name):
            word = name.removeprefix("n_")
            raise UsageError(
                f"the two runs have {word} {getattr(one, name)} and {getattr(other, name)}; "
                f"do them with the same {word}, so that they share their random numbers"
            )
    if before.calendar.labels() != after.calendar.labels():
        raise UsageError("the two runs have different calendars; their dates cannot be paired")


def changed_events(before: Case, after: Case) -> pd.DataFrame:
    """Differences of the probability that an event has come, at the last step of each year to come, run by run."""
    _check(before, after)
    rows = []
    for name in before.model.events:
        if name not in after.model.events:
            continue
        one, other = (case.outcomes.steps[:, case.compiled.index.place[name]] for case in (before, after))
        if (one == other).all():
            continue
        for step in _year_ends(before):
            old, new = ((steps <= step) & (steps != NEVER) for steps in (one, other))
            difference, error = mean_and_error(before, new.astype(np.float64) - old)
            if difference != 0.0 or error != 0.0:
                label = before.calendar.label(step)
                rows.append((name, label, old.mean(), new.mean(), float(difference), float(error)))
    return pd.DataFrame(rows, columns=CHANGED_EVENTS)


def changed_trends(before: Case, after: Case) -> pd.DataFrame:
    """Differences of each trend's mean, at `as_of` and the last step of each year after it, run by run."""
    _check(before, after)
    rows = []
    for name in before.model.trends:
        if name not in after.model.trends:
            continue
        for step in [before.calendar.as_of, *_year_ends(before)]:
            old, new = (
                case.outcomes.values(case.trend_names.index(name), step, step)[:, 0] for case in (before, after)
            )
            difference, error = mean_and_error(before, new - old)
            if np.any(new != old) and not np.isnan(difference):
                label = before.calendar.label(step)
                rows.append((name, label, old.mean(), new.mean(), float(difference), float(error)))
    return pd.DataFrame(rows, columns=CHANGED_TRENDS)


def _year_ends(case: Case) -> list[int]:
    calendar = case.calendar
    steps = range(calendar.as_of + 1, calendar.n_steps)
    return [t for t in steps if t == calendar.n_steps - 1 or calendar.year(t) != calendar.year(t + 1)]


def changed_rows(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """The rows of two tables of one name that differ, joined on what is no measured number.

    For every number column `x`: `x_before`, `x_after`, `x_difference`; nan where a row stands on one side only. The
    `se` of both are kept, not joined: differences of tables are not paired. For paired errors see `changed_trends`.
    """
    numbers = [c for c in before.columns if pd.api.types.is_float_dtype(before[c]) and c in after.columns]
    keys = [c for c in before.columns if c not in numbers and c in after.columns]
    joined = before[keys + numbers].merge(
        after[keys + numbers], on=keys, how="outer", suffixes=("_before", "_after"), sort=False
    )
    for name in numbers:
        if name != "se":
            joined[f"{name}_difference"] = joined[f"{name}_after"] - joined[f"{name}_before"]
    old, new = (joined[[f"{name}_{side}" for name in numbers]].to_numpy() for side in ("before", "after"))
    differs = ~((old == new) | (np.isnan(old) & np.isnan(new))).all(axis=1)
    return pd.DataFrame(joined[differs].reset_index(drop=True))


def table_changes(before: Mapping[str, pd.DataFrame], after: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """`changed_rows` of every table that two runs share, by name; tables that agree are left out."""
    found = {name: changed_rows(table, after[name]) for name, table in before.items() if name in after}
    return {name: table for name, table in found.items() if not table.empty}
