"""What differs between two tables of one name, with the standard error of every difference (method §8).

The error of a table's number, of whatever kind it is, comes from groups: both sides are done again in groups of draws
(in the central model, of runs and of the runs that calibrate it) that share no random number with each other, each
draw with the numbers that it has in the whole. The differences of G groups are independent; the standard error of the
whole's is their standard deviation over √G. With ten groups such an error is itself off by about a quarter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["changed_rows", "with_errors"]

NAMING = frozenset({
    "scenario", "lens", "event", "trend", "date", "removed", "cause", "hypothesis", "actor", "other", "domain",
    "level", "stake", "from", "to", "by", "name", "portfolio", "best", "instead_of", "signpost", "sequence",
    "comes", "kind", "outcome", "node", "loop", "chain", "number", "parameter", "gatekeeper", "horizon", "about",
    "model", "origin", "variant", "against", "known",
})  # fmt: skip
"""columns that say what a row is about; all others say what was found"""
WITHOUT_NOTHING = frozenset({"shares", "attributable_fractions"})
"""tables that leave out rows in which nothing is found"""
SIDES = ("_before", "_after")
ENDS = "_difference"
_ROUNDING = 1e-12


def changed_rows(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """The rows of two tables of one name that differ, joined on what they are about.

    For every other column `x`: `x_before` and `x_after`, for measured numbers `x_difference` too (but for `se`, each
    side's own); missing where a row stands on one side only. What rounding alone sets apart is the same.
    """
    names, found = _columns(before, after)
    numbers = [column for column in found if _is_measured(before[column], after[column])]
    sides = [
        _keyed(table, names)[["_all", *names, *found]].astype(dict.fromkeys(numbers, float))
        for table in (before, after)
    ]
    joined = sides[0].merge(
        sides[1], on=["_all", *names], how="outer", suffixes=("_before", "_after"), sort=False, indicator="_side"
    )
    same = joined["_side"] == "both"
    for column in found:
        old, new = joined[f"{column}_before"], joined[f"{column}_after"]
        if column in numbers:
            same &= np.isclose(old, new, rtol=_ROUNDING, atol=0.0, equal_nan=True)
        else:
            same &= (old == new) | (old.isna() & new.isna())
        if column in numbers and column != "se":
            joined[f"{column}{ENDS}"] = new - old
    parts = [f"{column}{end}" for column in found for end in (*SIDES, ENDS)]
    kept = joined.loc[~same, [*names, *(part for part in parts if part in joined)]]
    return pd.DataFrame(kept.reset_index(drop=True))


def with_errors(
    rows: pd.DataFrame,
    one: Sequence[pd.DataFrame],
    two: Sequence[pd.DataFrame],
    *,
    is_paired: bool,
    absent: float = np.nan,
) -> pd.DataFrame:
    """Differing rows with `x_difference_se` beside every `x_difference`.

    Parameters
    ----------
    one, two
        The table of both sides in each group.
    is_paired
        Whether both sides share their random numbers; where they do not, the errors of both count.
    absent
        What a row that a group lacks stands for: nothing (0) in tables that leave such rows out, else unknown.

    An error is missing in rows that some group lacks, where all groups differ alike but the whole does not, and where
    there are fewer than two groups.
    """
    numbers = [column.removesuffix(ENDS) for column in rows.columns if column.endswith(ENDS)]
    if rows.empty or not numbers:
        return rows
    names = [column for column in rows.columns if not column.endswith((*SIDES, ENDS))]
    before, after = (np.array([_aligned(table, rows, names, numbers, absent) for table in side]) for side in (one, two))
    errors = _error(after - before) if is_paired else np.hypot(_error(before), _error(after))
    if is_paired:
        # groups that do not move where the whole does, as a quantile's may, say nothing of its error
        gap = rows[[f"{number}{ENDS}" for number in numbers]].to_numpy(dtype=float)
        still = (errors == 0.0) & ~np.isclose((after - before).mean(axis=0), gap, rtol=1e-9, atol=_ROUNDING)
        errors = np.where(still, np.nan, errors)
    out = rows.copy()
    for i, number in enumerate(numbers):
        place = int(out.columns.get_loc(f"{number}{ENDS}"))  # type: ignore[arg-type]
        out.insert(place + 1, f"{number}{ENDS}_se", errors[:, i])
    return out


def _error(groups: Floats) -> Floats:
    """(rows, numbers) standard error of the mean over groups (G, rows, numbers)."""
    if len(groups) < 2:
        return np.full(groups.shape[1:], np.nan)
    error: Floats = groups.std(axis=0, ddof=1) / np.sqrt(len(groups))
    return error


def _aligned(table: pd.DataFrame, rows: pd.DataFrame, names: list[str], numbers: list[str], absent: float) -> Floats:
    """(rows, numbers) values of a table in the rows of another; `absent` where it lacks a row."""
    known = [number for number in numbers if number in table]
    kept = _keyed(table, names)[["_all", *names, *known]].drop_duplicates(["_all", *names])
    wanted = _keyed(rows, names)[["_all", *names]]
    found = wanted.merge(kept, on=["_all", *names], how="left", sort=False, indicator="_side")
    values: Floats = found.reindex(columns=numbers).to_numpy(dtype=float)
    return np.where((found["_side"] == "both").to_numpy()[:, None], values, absent)


def _keyed(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The table with its naming columns as words; `_all` stands in where there is none."""
    return table.assign(**{column: table[column].astype(str) for column in names}, _all=0)


def _columns(before: pd.DataFrame, after: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Columns of both sides: those that name a row, and what was found.

    Where the names do not tell all rows apart, whatever is no measured number does.
    """
    shared = [column for column in before.columns if column in after.columns]
    names = [column for column in shared if column in NAMING]
    if any(len(table) > 1 and table[names].astype(str).duplicated().any() for table in (before, after)):
        names = [column for column in shared if column in NAMING or not _is_measured(before[column], after[column])]
    return names, [column for column in shared if column not in names]


def _is_measured(*columns: pd.Series[Any]) -> bool:
    """Whether a column holds measured numbers: floats on one side at least, floats or nothing on the other."""
    floats = [pd.api.types.is_float_dtype(column) and column.notna().any() for column in columns]
    return any(floats) and all(
        is_float or pd.api.types.is_numeric_dtype(column) or column.isna().all()
        for is_float, column in zip(floats, columns, strict=True)
    )
