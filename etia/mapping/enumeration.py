"""The map's tables of a tiny model without Monte Carlo error: every history with its probability (method §12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from etia.compile.exact_study import refuse_felt_noise
from etia.engine.exact import enumerate_histories
from etia.engine.exact_laws import trend_laws
from etia.engine.exact_outcomes import event_probabilities
from etia.mapping import event_courses
from etia.mapping.projections import LEVELS, QUANTILES, baselines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from etia.compile.study import Case
    from etia.engine.exact_laws import Laws

__all__ = ["exact_tables"]

_HEAD = ["scenario", "lens", "trend", "date", "baseline", "mean", "se"]


def exact_tables(cases: Iterable[Case]) -> dict[str, pd.DataFrame]:
    """The tables `event_probabilities` and `trend_projections` by enumeration, with standard errors of 0.

    Random noise of measured trends is in their means and quantiles: over histories, a mixture of normal laws.
    Raises LimitError for models with too many histories, and where an event feels random noise.
    """
    events: list[pd.DataFrame] = []
    trends: list[pd.DataFrame] = []
    for case in cases:
        program = case.program(0)
        refuse_felt_noise(case.compiled, program)
        histories = enumerate_histories(program)
        events += _event_rows(case, event_probabilities(histories, program.n_steps))
        trends += _trend_rows(case, trend_laws(program, histories))
    return {
        "event_probabilities": _joined(events, event_courses.COLUMNS),
        "trend_projections": _joined(trends, [*_HEAD, *QUANTILES]),
    }


def _joined(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _event_rows(case: Case, probability: np.ndarray) -> list[pd.DataFrame]:
    """A frame an event from P (N, T)."""
    future = slice(case.calendar.as_of + 1, None)
    place, labels = case.compiled.index.place, case.calendar.labels()[future]
    return [
        pd.DataFrame(
            dict(zip(event_courses.COLUMNS, (*head, labels, probability[place[event], future], 0.0), strict=True))
        )
        for event in event_courses.prospective_events(case)
        if (head := (case.scenario, case.lens, event))
    ]


def _trend_rows(case: Case, laws: Laws) -> list[pd.DataFrame]:
    """A frame a trend from its laws at all steps."""
    expected, levels, baseline = laws.mean(), laws.quantiles(LEVELS), baselines(case)
    frames = []
    for k, name in enumerate(case.trend_names):
        known = np.flatnonzero(~np.isnan(expected[k]))
        labels = [case.calendar.label(int(t)) for t in known]
        columns = (case.scenario, case.lens, name, labels, baseline[k, known], expected[k, known], 0.0)
        frames.append(
            pd.DataFrame(
                dict(zip(_HEAD, columns, strict=True)) | dict(zip(QUANTILES, levels[:, k, known], strict=True))
            )
        )
    return frames
