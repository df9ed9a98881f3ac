"""Layer 1, describe: the tables on what brought us here and how we know (method, source's first layer)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from etia.compile.study import REFERENCE
from etia.describe.chronicle import causal_links, chronicle, longest_chains, strongest_chains
from etia.describe.counterfactual import (
    attributable_fractions,
    contrasts_of,
    score_contrasts,
    score_steps,
    score_tables,
)
from etia.describe.effects import effects
from etia.describe.evidence import evidence_accounts, evidence_shares, uncited
from etia.describe.hypotheses import hypotheses
from etia.describe.shares import shares
from etia.describe.stakes import convergence, stake_drivers
from etia.describe.transmission import transmission_contrasts, transmission_table
from etia.graph.measures import measures

if TYPE_CHECKING:
    from collections.abc import Iterable

    from etia.compile.cases import Cases, Options
    from etia.compile.study import Case, Study

__all__ = ["TABLES", "tables"]

TABLES = (
    "impact_scores",
    "transmission",
    "hypotheses",
    "shares",
    "convergence",
    "drivers",
    "chronicle",
    "causal_links",
    "attributable_fractions",
    "strongest_chains",
    "longest_chains",
    "stake_drivers",
    "evidence",
    "uncited",
    "influence",
    "feedback_loops",
    "gatekeepers",
)
"""the layer's tables in order"""
_FALLOUT_RUNS = 4_000
"""runs that attributable fractions are taken from: their standard errors are below a hundredth"""


def tables(study: Study, cases: Cases, options: Options) -> dict[str, pd.DataFrame]:
    """All tables of the layer, by name."""
    reference = _reference(study, cases)
    scored = [_scores(case, reference, options) for case in cases]
    accounts = [evidence_accounts(case) for case in cases]
    links = [causal_links(case) for case in cases]
    paired = list(zip(cases, links, strict=True))
    made = (
        _stacked(score for score, _, _ in scored),
        _stacked(passed for _, _, passed in scored),
        hypotheses(cases.under_all_lenses(), options.claims),
        _stacked(shares(case) for case in cases),
        convergence(study.model),
        _stacked(driver for _, driver, _ in scored),
        chronicle(cases[0], links[0]),
        _stacked(links),
        _stacked(attributable_fractions(case, most_runs=_FALLOUT_RUNS) for case in cases),
        _stacked(strongest_chains(case, link) for case, link in paired),
        _stacked(longest_chains(case, link) for case, link in paired),
        stake_drivers(study.model),
        _stacked(evidence_shares(found) for found in accounts),
        _stacked(uncited(case, found) for case, found in zip(cases, accounts, strict=True)),
    )
    structure = measures(study.model)
    return dict(zip(TABLES, (*made, *structure.values()), strict=True))


def _reference(study: Study, cases: Cases) -> Case:
    """The reference model's case, from which central dates are read."""
    first = cases.of(REFERENCE)
    if first.lens == study.reference_lens and not first.policies:
        return first
    return study.case(lens=study.reference_lens, policies=())


def _scores(case: Case, reference: Case, options: Options) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Impact scores, expected impacts and transmission of a case, in one pass over its draws."""
    asked = score_contrasts(case, reference)
    contrasts = contrasts_of(asked)
    steps = score_steps(case, every_step=options.every_step)
    found = effects(case, [*contrasts, *transmission_contrasts(case)], steps)
    scores, drivers = score_tables(case, asked, contrasts, found)
    return scores, drivers, transmission_table(case, found, len(contrasts))


def _stacked(made: Iterable[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(list(made), ignore_index=True)
