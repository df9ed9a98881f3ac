"""How likely each hypothesis comes true under each lens, with and without the mechanisms that should carry it (§5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from etia.compile.standard_errors import mean_and_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from etia.compile.study import Case
    from etia.schema.evidence import Claim
    from etia.schema.theory import Hypothesis, Threshold
    from etia.schema.trend import Trend

__all__ = ["HYPOTHESES", "claim_counts", "hypotheses", "reached", "threshold_value"]

HYPOTHESES = [
    "scenario", "lens", "hypothesis", "probability", "se", "without_mechanisms",
    "claims_for", "claims_against", "claims_qualifying",
]  # fmt: skip

_ROUNDING = 1e-9  # a level turned into the latent scale and back is off by less than this share


def threshold_value(trend: Trend, threshold: Threshold) -> float:
    """A threshold in trend units: as written, or the rung of a named level."""
    if isinstance(threshold, str):
        return next(rung for rung, name in trend.levels.items() if name == threshold)
    return float(threshold)


def reached(case: Case, hypothesis: Hypothesis) -> NDArray[np.bool_]:
    """(P · R,) runs in which the hypothesis comes true: `at` its date, or `by` it in some step from `as_of` on."""
    calendar, trend = case.calendar, case.model.trends[hypothesis.trend]
    date = hypothesis.at or hypothesis.by
    last = calendar.n_steps - 1 if date is None else min(calendar.last_step(date), calendar.n_steps - 1)
    first = last if hypothesis.at is not None else min(calendar.as_of, last)
    values = case.outcomes.values(case.trend_names.index(hypothesis.trend), first, last)
    met: NDArray[np.bool_] = np.ones(values.shape, dtype=bool)
    for threshold, sign in ((hypothesis.at_least, 1.0), (hypothesis.at_most, -1.0)):
        if threshold is not None:
            value = threshold_value(trend, threshold)
            met &= np.asarray(sign * (values - value) >= -_ROUNDING * max(abs(value), 1.0), dtype=bool)
    out: NDArray[np.bool_] = met.any(axis=1)
    return out


def claim_counts(claims: Mapping[str, Claim], hypothesis: str) -> tuple[int, int, int]:
    """How many claims support, contradict and qualify a hypothesis."""
    stances = [claim.hypotheses[hypothesis] for claim in claims.values() if hypothesis in claim.hypotheses]
    return stances.count("supports"), stances.count("contradicts"), stances.count("qualifies")


def hypotheses(cases: Iterable[Case], claims: Mapping[str, Claim]) -> pd.DataFrame:
    """The table `hypotheses` of several cases, one a scenario and lens.

    without_mechanisms: the probability with the mechanisms of `carried_by` at weight 0 and base rates kept; nan where
    the hypothesis names none.
    """
    rows = []
    for case in cases:
        bare: dict[tuple[str, ...], Case] = {}
        for name, hypothesis in case.model.hypotheses.items():
            probability, error = mean_and_error(case, reached(case, hypothesis))
            carriers = tuple(hypothesis.carried_by)
            if carriers and carriers not in bare:
                bare[carriers] = case.study.case(case.scenario, case.lens, case.policies, switched_off=carriers)
            without = float(reached(bare[carriers], hypothesis).mean()) if carriers else np.nan
            head = (case.scenario, case.lens, name, float(probability), float(error))
            rows.append((*head, without, *claim_counts(claims, name)))
    return pd.DataFrame(rows, columns=HYPOTHESES)
