"""Layer 2, map: the tables on what may come (method, source's second layer)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.mapping.conditioning import conditional_outcomes
from etia.mapping.ends import ends, projected_ends
from etia.mapping.event_courses import event_probabilities
from etia.mapping.histories import histories
from etia.mapping.projections import projections, trend_projections
from etia.mapping.scorecards import level_probabilities, trend_scores
from etia.mapping.sensitivity import sensitivity

if TYPE_CHECKING:
    import pandas as pd

    from etia.compile.cases import Cases, Options
    from etia.compile.study import Case, Study

__all__ = ["TABLES", "tables"]

TABLES = (
    "event_probabilities",
    "trend_projections",
    "trend_quantile_errors",
    "trend_scores",
    "level_probabilities",
    "histories",
    "conditional_outcomes",
    "sensitivity",
)
"""the layer's tables in order"""


def tables(study: Study, cases: Cases, options: Options) -> dict[str, pd.DataFrame]:  # noqa: ARG001 - every layer's shape
    """All tables of the layer, by name."""
    projected = [(case, projections(case)) for case in cases]
    known = {_key(case): projected_ends(case, found) for case, found in projected}
    tabled, finals = list(cases), list(known.values())
    made = (
        event_probabilities(tabled),
        *trend_projections(projected),
        trend_scores(known.get(_key(case)) or ends(case) for case in cases.under_all_lenses()),
        level_probabilities(finals),
        histories(tabled),
        conditional_outcomes(finals),
        sensitivity(finals),
    )
    return dict(zip(TABLES, made, strict=True))


def _key(case: Case) -> tuple[str, str]:
    return case.scenario, case.lens
