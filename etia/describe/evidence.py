"""What each trend's movement rests on, and the most influential numbers that cite nothing (method §6, §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from etia.describe.explanation import Account, accounts
from etia.describe.relations import Ground, name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etia.compile.study import Case

__all__ = ["EVIDENCE", "UNCITED", "evidence_accounts", "evidence_shares", "uncited"]

EVIDENCE = ["scenario", "lens", "trend", "date", "evidence", "data", "judgement"]
UNCITED = ["scenario", "lens", "number", "influence", "trend", "share"]

# shares need no more runs than this
_RUNS_A_DRAW = 10
_DRAWS = 50
_LEAST_SHARE = 0.05


def evidence_accounts(case: Case) -> list[Account]:
    """Accounts of every trend at `end`, from some of the runs: enough for shares."""
    end = case.calendar.n_steps - 1
    asked = [(trend, end) for trend in case.trend_names]
    n_draws, wanted = case.outcomes.n_draws, case.study.settings.portion(_DRAWS)
    runs = None if n_draws == 1 else _RUNS_A_DRAW
    return accounts(case, asked, least_share=_LEAST_SHARE, most_runs=runs, every=max(n_draws // wanted, 1))


def evidence_shares(found: Sequence[Account]) -> pd.DataFrame:
    """Shares of Σ |terms| of events in each account by what their relations rest on; nan where no event moves it."""
    rows = [(a.scenario, a.lens, a.trend, a.date, *a.evidence_shares().values()) for a in found]
    return pd.DataFrame(rows, columns=EVIDENCE)


def uncited(case: Case, found: Sequence[Account], most: int = 10) -> pd.DataFrame:
    """The most influential numbers that cite nothing: their part in the trends' movement, the largest first.

    Relations, and the probabilities of the events that terms go back to. influence: Σ over trends of the share of that
    trend's Σ |terms| that rests on the number (a term in equal parts over its relations and its probability); `trend`:
    where that is largest, and `share` how large; `number`: where it stands in the model.
    """
    influence: dict[str, dict[str, float]] = {}
    for account in found:
        total = sum(abs(term.latent) for term in account.event_terms if term.grounds)
        for term in account.event_terms:
            grounds = [*term.grounds, *_probability(case, term.events[0])]
            for ground in grounds:
                if ground.basis == "judgement" and total > 0:
                    by_trend = influence.setdefault(ground.path, {})
                    by_trend[account.trend] = by_trend.get(account.trend, 0.0) + abs(term.latent) / len(grounds) / total
    ranked = sorted(influence.items(), key=lambda item: -sum(item[1].values()))[:most]
    head = (found[0].scenario, found[0].lens) if found else ("", "")
    rows = []
    for path, by in ranked:
        most_moved = max(by, key=lambda trend: by[trend])
        rows.append((*head, path, sum(by.values()), most_moved, by[most_moved]))
    table = pd.DataFrame(rows, columns=UNCITED)
    return table.astype({"influence": np.float64, "share": np.float64})


def _probability(case: Case, name: str) -> list[Ground]:
    """The probability of an event that chance decides, with the claims that it or the event cites."""
    event = case.model.events[name_of(name)]
    if not event.probability or (case.compiled.fixed_step[:, case.compiled.index.place[name]] >= 0).all():
        return []
    claims = tuple(claim for point in event.probability for claim in point.evidence) or event.evidence
    return [Ground(f"events.{name_of(name)}.probability", None, claims, "evidence" if claims else "judgement")]
