"""How likely each hypothesis comes true under each lens, with and without the mechanisms that should carry it (§5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from etia.compile.standard_errors import mean_and_error
from etia.describe.blocks import in_order
from etia.engine.ensemble import Outcomes, simulate_draw

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from etia.compile.study import Case
    from etia.engine.ensemble import Kept
    from etia.schema.evidence import Claim
    from etia.schema.theory import Hypothesis, Threshold
    from etia.schema.trend import Trend

__all__ = ["HYPOTHESES", "claim_counts", "hypotheses", "reached", "threshold_value"]

HYPOTHESES = [
    "scenario", "lens", "hypothesis", "probability", "se", "without_mechanisms",
    "claims_for", "claims_against", "claims_qualifying",
]  # fmt: skip

# Draws in which mechanisms are switched off: all of a small model's, fewer of a large one's.
_EVENT_DRAWS = 2_500
_LEAST_DRAWS = 25

_ROUNDING = 1e-9  # a level turned into the latent scale and back is off by less than this share


def threshold_value(trend: Trend, threshold: Threshold) -> float:
    """A threshold in trend units: as written, or the rung of a named level."""
    if isinstance(threshold, str):
        return next(rung for rung, name in trend.levels.items() if name == threshold)
    return float(threshold)


def reached(case: Case, hypothesis: Hypothesis, outcomes: Outcomes | None = None) -> NDArray[np.bool_]:
    """(runs,) whether the hypothesis comes true: `at` its date, or `by` it in some step from `as_of` on.

    In all runs of the case, or in given outcomes of it.
    """
    calendar, trend = case.calendar, case.model.trends[hypothesis.trend]
    date = hypothesis.at or hypothesis.by
    last = calendar.n_steps - 1 if date is None else min(calendar.last_step(date), calendar.n_steps - 1)
    first = last if hypothesis.at is not None else min(calendar.as_of, last)
    asked, place = outcomes or case.outcomes, case.trend_names.index(hypothesis.trend)

    def reached_in(p: int) -> NDArray[np.bool_]:
        values = asked.draw(p).values(place, first, last)
        met: NDArray[np.bool_] = np.ones(values.shape, dtype=bool)
        for threshold, sign in ((hypothesis.at_least, 1.0), (hypothesis.at_most, -1.0)):
            if threshold is not None:
                value = threshold_value(trend, threshold)
                met &= np.asarray(sign * (values - value) >= -_ROUNDING * max(abs(value), 1.0), dtype=bool)
        return np.asarray(met.any(axis=1))

    return np.concatenate(case.study.in_parallel(reached_in, range(asked.n_draws)))


def claim_counts(claims: Mapping[str, Claim], hypothesis: str) -> tuple[int, int, int]:
    """How many claims support, contradict and qualify a hypothesis."""
    stances = [claim.hypotheses[hypothesis] for claim in claims.values() if hypothesis in claim.hypotheses]
    return stances.count("supports"), stances.count("contradicts"), stances.count("qualifies")


def hypotheses(cases: Iterable[Case], claims: Mapping[str, Claim]) -> pd.DataFrame:
    """The table `hypotheses` of several cases, one a scenario and lens.

    without_mechanisms: the probability with the mechanisms of `carried_by` at weight 0 and base rates kept; nan where
    the hypothesis names none. Where the model is large it comes from some of the draws, set against the same draws
    with the mechanisms at work.
    """
    rows = []
    for case in cases:
        bare: dict[tuple[str, ...], _Bare] = {}
        for name, hypothesis in case.model.hypotheses.items():
            comes_true = reached(case, hypothesis)
            probability, error = mean_and_error(case, comes_true)
            carriers = tuple(hypothesis.carried_by)
            if carriers and carriers not in bare:
                bare[carriers] = _without(case, carriers)
            without = _probability_without(case, hypothesis, comes_true, bare[carriers]) if carriers else np.nan
            head = (case.scenario, case.lens, name, float(probability), float(error))
            rows.append((*head, without, *claim_counts(claims, name)))
    return pd.DataFrame(rows, columns=HYPOTHESES)


class _Bare(NamedTuple):
    """Some draws of a case with mechanisms switched off."""

    draws: range
    outcomes: Outcomes


def _without(case: Case, mechanisms: tuple[str, ...]) -> _Bare:
    bare = case.study.case(case.scenario, case.lens, case.policies, switched_off=mechanisms)
    settings = case.study.settings
    n_wanted = settings.portion(max(_EVENT_DRAWS // max(len(case.event_names), 1), _LEAST_DRAWS))
    draws = range(0, settings.n_draws, max(settings.n_draws // n_wanted, 1))
    case.study.rates(case.scenario)

    def simulate(p: int) -> tuple[NDArray[np.int16], Kept]:
        return simulate_draw(bare.program(p), bare.streams(p), case.outcomes.n_runs)

    done = list(in_order(simulate, draws, settings.jobs))
    steps = np.concatenate([steps for steps, _ in done])
    return _Bare(draws, Outcomes(steps, tuple(kept for _, kept in done), case.outcomes.n_runs))


def _probability_without(case: Case, hypothesis: Hypothesis, comes_true: NDArray[np.bool_], bare: _Bare) -> float:
    """Probability in the bare world: that of all draws, changed as the bare draws change it."""
    every = comes_true.reshape(case.outcomes.n_draws, -1)
    whole, some = float(every.mean()), float(every[bare.draws].mean())
    without = float(reached(case, hypothesis, bare.outcomes).mean())
    if without <= some:
        return whole * without / some if some > 0 else without
    return 1.0 - (1.0 - whole) * (1.0 - without) / (1.0 - some)
