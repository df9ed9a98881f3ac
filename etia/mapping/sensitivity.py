"""Which judgement matters for which trend: first-order indices from the draws that are there anyway (method §8).

Index = Var(E[y | judgement]) / Var(y), y the trend at the horizon over all runs (Sobol's first-order index). A
given-data estimator: draws are cut into bins of equal count by the judgement's value, and what bins differ by chance is
taken off (Kelley's ε², Proceedings of the National Academy of Sciences 21, 1935). So an index about 0 or below is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from etia.compile.standard_errors import draw_means

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from etia.compile.study import Case
    from etia.mapping.ends import Ends
    from etia.schema.model import Model

    Floats = NDArray[np.float64]

__all__ = ["COLUMNS", "first_order", "sensitivity", "used_judgements"]

COLUMNS = ["scenario", "trend", "parameter", "index", "se"]
_GROUPS = 20
"""groups of draws that are left out in turn for the standard error"""


def first_order(parameters: Floats, outcomes: Floats) -> tuple[Floats, Floats]:
    """(Q, K) shares of the variance of `outcomes` (P, K) that bins of each of `parameters` (Q, P) explain, and errors.

    The error is the jackknife's over groups of draws, but at least that of a judgement without effect.
    """
    n_draws = outcomes.shape[0]
    n_bins = int(np.clip(n_draws // 20, 2, 10))
    ranks = np.argsort(np.argsort(parameters, axis=1, kind="stable"), axis=1, kind="stable")
    member = (ranks * n_bins // n_draws)[:, None, :] == np.arange(n_bins)[:, None]  # (Q, bins, P)
    member = member.astype(np.float64)
    found = _explained(member, outcomes)
    group = np.arange(n_draws) * min(_GROUPS, n_draws) // n_draws
    n_groups = int(group[-1]) + 1
    left = np.array([_explained(member[:, :, group != g], outcomes[group != g]) for g in range(n_groups)])
    jackknife = np.sqrt((n_groups - 1) / n_groups * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
    null = np.sqrt(2.0 * (n_bins - 1)) / n_draws
    return found, np.maximum(jackknife, null)


def _explained(member: Floats, outcomes: Floats) -> Floats:
    """ε² = (SS_between − (B − 1) · MS_within) / SS_total of every judgement and outcome; 0 where nothing varies."""
    centred = outcomes - outcomes.mean(axis=0)
    count = member.sum(axis=2)  # (Q, bins)
    sums = member @ centred  # (Q, bins, K)
    between = (sums**2 / np.maximum(count, 1.0)[:, :, None]).sum(axis=1)
    total = (centred**2).sum(axis=0)
    n_bins, n_draws = member.shape[1], len(outcomes)
    explained = between - (n_bins - 1) * (total - between) / (n_draws - n_bins)
    shares: Floats = np.divide(
        explained, total, out=np.zeros_like(between), where=np.broadcast_to(total > 1e-24, between.shape)
    )
    return shares


def used_judgements(case: Case) -> dict[str, Floats]:
    """(P,) drawn values of the uncertain judgements at work in a case, by path, in model order.

    With them, as `trends.k.baseline`, what the data leave open about a measured trend's baseline.
    """
    case.program(0)  # what a case has not been asked for is not drawn yet
    model, drawn = case.model, {**case.study.judgements.used, **case.compiled.baseline_errors}
    order = {section: i for i, section in enumerate(type(model).model_fields)}
    paths = [path for path in drawn if _is_at_work(path, case) and len(np.unique(drawn[path])) > 1]
    return {path: drawn[path] for path in sorted(paths, key=lambda path: _place(path, model, order))}


def _is_at_work(path: str, case: Case) -> bool:
    section, _, rest = path.partition(".")
    entities = getattr(case.model, section, None)
    if not isinstance(entities, dict):
        return False
    if section == "policies":
        return rest.partition(".")[0] in case.policies
    return any(rest == name or rest.startswith(f"{name}.") for name in entities)


def _place(path: str, model: Model, order: dict[str, int]) -> tuple[int, int, str]:
    section, _, rest = path.partition(".")
    names = list(getattr(model, section))
    owner = next(i for i, name in enumerate(names) if rest == name or rest.startswith(f"{name}."))
    return order[section], owner, rest


def sensitivity(found: Iterable[Ends]) -> pd.DataFrame:
    """The table `sensitivity`; empty in the central model, and with too few draws to tell."""
    parts = []
    for case, _, finals, _ in found:
        n_draws = case.study.settings.n_draws
        drawn = used_judgements(case) if n_draws >= 2 * _GROUPS and case.trend_names else {}
        if not drawn:
            continue
        means = draw_means(finals.T, n_draws)  # (P, K)
        whole = finals.var(axis=1)
        share = np.divide(means.var(axis=0), whole, out=np.zeros_like(whole), where=whole > 0)
        index, se = (part * share for part in first_order(np.array(list(drawn.values())), means))
        for k, trend in enumerate(case.trend_names):
            columns = [case.scenario, trend, list(drawn), index[:, k], se[:, k]]
            parts.append(pd.DataFrame(dict(zip(COLUMNS, columns, strict=True))))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
