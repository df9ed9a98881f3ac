"""In which order prospective events are likeliest to come: the most probable histories (method §3).

A history is the order of events alone, not their dates: `a > b` is a before b, `a + b` both in one step. Where there
are many events every full history is improbable; then histories are told by how they begin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from etia.engine.program import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from etia.compile.study import Case

__all__ = ["COLUMNS", "histories", "likeliest"]

COLUMNS = ["scenario", "lens", "rank", "sequence", "probability"]
MOST = 20
"""histories that are tabled"""
ENOUGH = 0.1
"""the tabled histories together are at least so probable, or they are told by fewer events"""

_NOTHING = "none"
_MORE = " > …"


def likeliest(steps: NDArray[np.int16], names: Sequence[str]) -> list[tuple[str, float]]:
    """The most probable histories with their probabilities, from events' steps (runs, events).

    Full ones where the tabled ones hold at least ENOUGH of the probability together, else the longest beginnings that
    do.
    """
    order = np.argsort(steps, axis=1, kind="stable").astype(np.int16)
    in_order = np.take_along_axis(steps, order, axis=1)
    longest = int((in_order != NEVER).sum(axis=1).max(initial=0))
    for length in range(longest, 0, -1):
        found, counts = _counted(order, in_order, length)
        if counts.sum() >= ENOUGH * len(steps) or length == 1:
            return [(_told(row, names), int(n) / len(steps)) for row, n in zip(found, counts, strict=True)]
    return [(_NOTHING, 1.0)]


def _counted(
    order: NDArray[np.int16], in_order: NDArray[np.int16], length: int
) -> tuple[list[list[int]], NDArray[np.intp]]:
    """The most frequent beginnings of `length` events as codes, and how often each came.

    Codes: event + 1, negative where it comes in the step of the one before; 0 nothing more; a last 1 where more follow.
    """
    came = in_order[:, :length] != NEVER
    tied = np.zeros_like(came)
    tied[:, 1:] = came[:, 1:] & (in_order[:, 1:length] == in_order[:, : length - 1])
    codes = np.where(came, np.where(tied, -(order[:, :length] + 1), order[:, :length] + 1), 0)
    more = in_order[:, length : length + 1] != NEVER if length < in_order.shape[1] else np.zeros((len(codes), 1), bool)
    rows, counts = np.unique(np.hstack([codes, more]).astype(np.int16), axis=0, return_counts=True)
    best = np.argsort(-counts, kind="stable")[:MOST]
    return rows[best].tolist(), counts[best]


def _told(codes: list[int], names: Sequence[str]) -> str:
    *events, more = codes
    told = ""
    for code in events:
        if code == 0:
            break
        sign = "" if not told else " + " if code < 0 else " > "
        told += sign + names[abs(code) - 1]
    return (told or _NOTHING) + (_MORE if more else "")


def histories(cases: Iterable[Case]) -> pd.DataFrame:
    """The table `histories`: ranks 1 … of the orders in which prospective events come, copies included."""
    rows = []
    for case in cases:
        steps = case.outcomes.steps
        open_events = np.flatnonzero(((steps > case.calendar.as_of) & (steps != NEVER)).any(axis=0))
        names = [case.event_names[event] for event in open_events]
        for rank, (sequence, probability) in enumerate(likeliest(steps[:, open_events], names), start=1):
            rows.append([case.scenario, case.lens, rank, sequence, probability])
    return pd.DataFrame(rows, columns=COLUMNS)
