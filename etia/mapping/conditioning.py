"""What follows if an event comes, and if it does not: other events' probabilities and trends' medians (method §7).

Conditional on what happens of itself, not set by hand: an event that comes also tells of its causes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from etia.compile.standard_errors import ratio_and_error
from etia.mapping.event_courses import prospective_events

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from etia.compile.study import Case
    from etia.mapping.ends import Ends

    Floats = NDArray[np.float64]

__all__ = ["COLUMNS", "conditional_median", "conditional_outcomes"]

COLUMNS = ["scenario", "lens", "event", "comes", "kind", "outcome", "date", "value", "se"]


def conditional_median(case: Case, values: Floats, given: NDArray[np.bool_]) -> tuple[float, float]:
    """Median of `values` (P · R,) in the runs `given`, and its standard error by order statistics."""
    chosen = np.sort(values[given])
    middle = chosen[(len(chosen) - 1) // 2]
    _, share_error = ratio_and_error(case, given & (values <= middle), given.astype(float))
    reach = max(float(np.nan_to_num(share_error, nan=0.5)), 1.0 / len(chosen))
    low, high = (int(np.clip(np.ceil((0.5 + sign * reach) * len(chosen)) - 1, 0, len(chosen) - 1)) for sign in (-1, 1))
    return float(middle), float(chosen[high] - chosen[low]) / 2.0


def _rows(found: Ends, event: str, comes: bool, given: NDArray[np.bool_], come: Floats) -> list[list[Any]]:
    """The outcomes of one condition: events, in the columns of `come` (P · R, events), and trends."""
    case, horizon = found.case, found.horizon
    head = [case.scenario, case.lens, event, "yes" if comes else "no"]
    others = prospective_events(case)
    weight = given.astype(float)
    probability, se = ratio_and_error(case, come * weight[:, None], weight[:, None])
    rows = [[*head, "event", other, horizon, probability[i], se[i]] for i, other in enumerate(others) if other != event]
    for trend, values in zip(case.trend_names, found.final, strict=True):
        if not np.isnan(values).any():
            rows.append([*head, "trend", trend, horizon, *conditional_median(case, values, given)])
    return rows


def conditional_outcomes(found: Iterable[Ends]) -> pd.DataFrame:
    """The table `conditional_outcomes`.

    For every event that may or may not come by the horizon, given that it does and that it does not: the probability of
    every other event (`kind` event) and the median of every trend (`kind` trend) there.
    """
    rows: list[list[Any]] = []
    for own in found:
        events = prospective_events(own.case)
        places = [own.case.compiled.index.place[event] for event in events]
        come = own.case.outcomes.steps[:, places] < own.case.calendar.n_steps
        for column, event in enumerate(events):
            for comes in (True, False):
                given = come[:, column] == comes
                if 1 < given.sum() < len(given) - 1:
                    rows += _rows(own, event, comes, given, come.astype(float))
    return pd.DataFrame(rows, columns=COLUMNS)
