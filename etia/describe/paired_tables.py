"""Paired errors for the rows of whole tables: two sides' runs on the same random numbers (method §8).

For `event_probabilities`, the means of `trend_projections`, and `transmission`, whose error is the largest of its three
parts. Without shared random numbers, and for `transmission` in the central model, the errors of both sides count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from etia.compile.standard_errors import draw_means, standard_error
from etia.describe.comparison import Side, difference_of, is_paired, paired_sides
from etia.describe.transmission import transmission_contrasts
from etia.engine.ensemble import to_units_of
from etia.engine.snapshots import latent_at

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from etia.compile.study import Case

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["PAIRED_TABLES", "paired_errors"]

_MOST_VALUES = 8_000_000
"""values (runs × steps × trends) of a side that are held at once: 64 MB"""


def paired_errors(table: str, before: Case, after: Case, names: Sequence[str], dates: Sequence[str]) -> pd.DataFrame:
    """Event or trend, date and `se_difference`, for the named events or trends at the dates that both sides have."""
    shared = [date for date in dates if all(date in case.calendar.labels() for case in (before, after))]
    kind, measure = PAIRED_TABLES[table]
    errors = measure(before, after, names, shared) if len(names) and len(shared) else np.zeros((0,))
    index = pd.MultiIndex.from_product([names, shared], names=[kind, "date"])
    return pd.DataFrame({"se_difference": errors.ravel()}, index=index).reset_index()


def _steps(case: Case, dates: Sequence[str]) -> Ints:
    place = {label: step for step, label in enumerate(case.calendar.labels())}
    return np.array([place[date] for date in dates], dtype=np.int64)


def _of_events(before: Case, after: Case, names: Sequence[str], dates: Sequence[str]) -> Floats:
    """(E, S) errors of differences of probabilities."""
    made = []
    for name in names:
        shares = [_come(case, name, _steps(case, dates)) for case in (before, after)]
        made.append(_error(before, after, *shares))
    return np.array(made)


def _come(case: Case, event: str, steps: Ints) -> Floats:
    """(P, S) shares of each draw's runs in which the event has come; in the central model (R, S) whether it has."""
    when = case.outcomes.steps[:, case.compiled.index.place[event]].astype(np.int64)
    if case.outcomes.n_draws == 1:
        return np.asarray(when[:, None] <= steps, dtype=np.float64)
    in_order = np.sort(when.reshape(case.outcomes.n_draws, -1), axis=1)
    come = [np.searchsorted(row, steps, side="right") for row in in_order]
    return np.asarray(np.array(come) / in_order.shape[1])


def _error(before: Case, after: Case, one: Floats, two: Floats) -> Floats:
    """(S,) errors of differences of means, from draws' means (P, S) or, in the central model, runs (R, S)."""
    if before.outcomes.n_draws == 1 or after.outcomes.n_draws == 1:
        return np.asarray(difference_of(before, after, one, two)[1])
    if is_paired(before, after):
        return standard_error(two - one, len(one))
    off, other = (standard_error(side, len(side)) for side in (one, two))
    return np.asarray(np.hypot(off, other))


def _of_trends(before: Case, after: Case, names: Sequence[str], dates: Sequence[str]) -> Floats:
    """(K, S) errors of differences of means."""
    most = max(len(case.outcomes.steps) * len(case.trend_names) for case in (before, after))
    length = max(_MOST_VALUES // most, 1)
    spans = [dates[begin : begin + length] for begin in range(0, len(dates), length)]
    return np.concatenate([_of_span(before, after, names, span) for span in spans], axis=1)


def _of_span(before: Case, after: Case, names: Sequence[str], dates: Sequence[str]) -> Floats:
    latent = [
        latent_at(case.outcomes, _steps(case, dates), case.study.each_draw) for case in (before, after)
    ]  # (K, P · R, S) each
    made = []
    for name in names:
        one, two = (
            _by_unit(case, to_units_of(values[k], case.outcomes.scales, k))
            for case, values in zip((before, after), latent, strict=True)
            for k in (case.trend_names.index(name),)
        )
        made.append(_error(before, after, one, two))
    return np.array(made)


def _by_unit(case: Case, values: Floats) -> Floats:
    return values if case.outcomes.n_draws == 1 else draw_means(values, case.outcomes.n_draws)


def _of_transmission(before: Case, after: Case, names: Sequence[str], dates: Sequence[str]) -> Floats:
    """(K, S) the largest of the errors of the three parts' differences."""
    sides = [Side(case, transmission_contrasts(case), list(names), list(dates)) for case in (before, after)]
    return np.asarray(paired_sides(*sides)[2].max(axis=0))


PAIRED_TABLES: dict[str, tuple[str, Callable[[Case, Case, Sequence[str], Sequence[str]], Floats]]] = {
    "event_probabilities": ("event", _of_events),
    "trend_projections": ("trend", _of_trends),
    "transmission": ("trend", _of_transmission),
}
"""by table: what its rows are of, and how the errors of their differences are had"""
