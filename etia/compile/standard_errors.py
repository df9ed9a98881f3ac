"""How far Monte Carlo error reaches: standard errors of means and quantiles, and the split of a spread (method §8).

Runs stand on the first axis, run p · R + r of draw p. The runs of one draw share its judgements, so with two draws or
more it is draws that count as independent; in the central model (one draw) it is the runs, and calibration's error
comes on top.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from etia.engine.shares import shares_below, sums_below

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etia.compile.study import Case

    Floats = NDArray[np.float64]
    Values = NDArray[np.float64] | NDArray[np.bool_]

__all__ = [
    "Spread",
    "calibration_variance",
    "draw_means",
    "mean_and_error",
    "mean_and_errors",
    "quantile_errors",
    "quantiles",
    "ratio_and_error",
    "spread",
    "standard_error",
]


def draw_means(values: Values, n_draws: int) -> Floats:
    """(P, ...) means of `values` (P · R, ...) over the runs of each draw."""
    shaped = np.asarray(values, dtype=np.float64).reshape(n_draws, -1, *np.shape(values)[1:])
    means: Floats = shaped.mean(axis=1)
    return means


def _scores(case: Case | None, values: Values) -> Floats | None:
    """Scores of the case's first runs, where `values` are of all its runs and calibration has an error; else None."""
    if case is None or case.rate_scores is None or len(values) != len(case.outcomes.steps):
        return None
    return case.rate_scores


def calibration_variance(case: Case | None, values: Values) -> Floats | float:
    """(...) variance of the mean of `values` (R, ...) from calibrating the central model on finitely many runs.

    gᵀ Σ g, with Σ the covariance of the calibrated ln λ0 and g_i = mean of (f − mean f) · s_i the answer of the mean to
    each of them, s_i the runs' scores. The one place where this part enters; with two draws or more it is inside the
    spread of draw means already.
    """
    scores = _scores(case, values)
    if scores is None:
        return 0.0
    assert case is not None
    f = np.asarray(values[: len(scores)], dtype=np.float64)
    flat = (f - f.mean(axis=0)).reshape(len(f), -1)
    answer = scores.T @ flat / len(f)
    part: Floats = np.einsum("io,ij,jo->o", answer, case.study.log_rate_covariance, answer)
    return np.maximum(part, 0.0).reshape(f.shape[1:])


def standard_error(values: Values, n_draws: int, case: Case | None = None) -> Floats:
    """(...) standard error of the mean of `values` (P · R, ...) over all runs.

    P ≥ 2: sd(draw means) / √P, which holds judgement, chance and calibration. P = 1: √(var(runs) / R + calibration's
    part), the latter only where `case` is given. nan where one run is all there is.
    """
    return _error(values, n_draws, 0.0 if n_draws > 1 else calibration_variance(case, values))


def _error(values: Values, n_draws: int, calibration: Floats | float) -> Floats:
    """As `standard_error`, the variance of calibration's part being known."""
    if n_draws > 1:
        return _error_of_draws(draw_means(values, n_draws))
    n_runs = len(values)
    if n_runs < 2:
        return np.full(np.shape(values)[1:], np.nan)
    chance = np.asarray(values, dtype=np.float64).var(axis=0, ddof=1) / n_runs
    error: Floats = np.sqrt(chance + calibration)
    return error


def _error_of_draws(means: Floats) -> Floats:
    error: Floats = means.std(axis=0, ddof=1) / np.sqrt(len(means))
    return error


def mean_and_error(case: Case, values: Values) -> tuple[Floats, Floats]:
    """(...) mean of `values` (P · R, ...) in a case, and its standard error, calibration's part included."""
    mean, error, _ = mean_and_errors(case, values)
    return mean, error


def mean_and_errors(case: Case, values: Values) -> tuple[Floats, Floats, Floats]:
    """(...) mean of `values` (P · R, ...), its standard error, and the part of it that more runs do not lessen.

    The latter is what calibration alone makes of it in the central model: error² = chance² + part². 0 with two draws or
    more, where it falls with the number of draws as all else does.
    """
    n_draws = case.study.settings.n_draws
    calibration = 0.0 if n_draws > 1 else calibration_variance(case, values)
    mean: Floats = np.asarray(values, dtype=np.float64).mean(axis=0)
    part: Floats = np.broadcast_to(np.sqrt(calibration), np.shape(mean))
    return mean, _error(values, n_draws, calibration), part


def ratio_and_error(case: Case, part: Values, whole: Values) -> tuple[Floats, Floats]:
    """(...) Σ part / Σ whole over runs, such as a conditional probability, and its standard error to first order.

    Both (P · R, ...). nan where the whole is nothing.
    """
    size = np.asarray(whole, dtype=np.float64).mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.asarray(part, dtype=np.float64).mean(axis=0) / size
        deviation = (part - whole * ratio) / size
    return ratio, standard_error(deviation, case.study.settings.n_draws, case)


def quantiles(in_order: Floats, levels: Sequence[float]) -> Floats:
    """(levels, ...) quantiles inf{y : F(y) ≥ p} of values sorted along the first axis."""
    n = len(in_order)
    return in_order[[_place(p, n) for p in levels]]


def _place(level: float, n: int) -> int:
    # 1e-9: a share that reaches the level but for rounding does reach it
    return min(max(int(np.ceil(level * n - 1e-9)) - 1, 0), n - 1)


def quantile_errors(
    values: Floats, in_order: Floats, levels: Sequence[float], n_draws: int, case: Case | None = None
) -> Floats:
    """(levels, ...) standard errors of the quantiles of `values` (P · R, steps), which `in_order` holds sorted.

    By order statistics: the share F of runs at or below the quantile q_p has a standard error s, over runs in the
    central model, over draws (the batches that are independent) else; then se(q_p) = (q_{p+s} − q_{p−s}) / 2
    (Woodruff, Journal of the American Statistical Association 47, 1952).
    """
    n = len(in_order)
    out = np.empty((len(levels), *in_order.shape[1:]))
    errors = _errors_of_shares(values, quantiles(in_order, levels), n_draws, case)
    for row, (p, error) in enumerate(zip(levels, errors, strict=True)):
        # with few draws none may fall on the other side: one run's share is the least that can be told apart
        error = np.maximum(np.nan_to_num(error, nan=1.0), 1.0 / n)
        low = np.clip(np.ceil((p - error) * n) - 1, 0, n - 1).astype(np.intp)
        high = np.clip(np.ceil((p + error) * n) - 1, 0, n - 1).astype(np.intp)
        reach = np.take_along_axis(in_order, np.stack([low, high]), axis=0)
        out[row] = (reach[1] - reach[0]) / 2.0
    return out


def _errors_of_shares(values: Floats, bounds: Floats, n_draws: int, case: Case | None) -> Floats:
    """(levels, ...) standard errors of the shares of `values` (P · R, ...) at or below the bounds (levels, ...)."""
    n, shares = len(values), shares_below(values, bounds, n_draws)
    if n_draws > 1:
        return np.array([_error_of_draws(by_draw) for by_draw in shares])
    if n < 2:
        return np.full(bounds.shape, np.nan)
    chance = shares[:, 0] * (1.0 - shares[:, 0]) / (n - 1)
    error: Floats = np.sqrt(chance + _calibration_of_shares(case, values, bounds))
    return error


def _calibration_of_shares(case: Case | None, values: Floats, bounds: Floats) -> Floats | float:
    """(levels, ...) what `calibration_variance` gives for the shares of `values` at or below bounds that rise."""
    scores = _scores(case, values)
    if scores is None:
        return 0.0
    assert case is not None
    flat = values[: len(scores)].reshape(len(scores), -1)
    flat_bounds = bounds.reshape(len(bounds), -1)
    share = shares_below(flat, flat_bounds, 1)[:, 0]
    answer = sums_below(flat, flat_bounds, scores) / len(scores) - share[..., None] * scores.mean(axis=0)
    part: Floats = np.einsum("lsi,ij,lsj->ls", answer, case.study.log_rate_covariance, answer, optimize=True)
    return np.maximum(part, 0.0).reshape(bounds.shape)


class Spread(NamedTuple):
    """The variance of an outcome by what it comes from: Var(y) = Var(E[y | draw]) + E[Var(y | draw)]."""

    judgement: Floats
    chance: Floats

    @property
    def total(self) -> Floats:
        return self.judgement + self.chance

    def share(self, part: Floats) -> Floats:
        """`part` of the total; 0 where nothing spreads."""
        return np.divide(part, self.total, out=np.zeros_like(part), where=self.total > 0)


def spread(values: Floats, n_draws: int, calibration: Floats | float = 0.0) -> Spread:
    """The split of the variance of `values` (P · R, ...) into judgement and chance (method §8).

    The variance of draw means holds within-variance / R of chance, and the mean variance `calibration` that each draw's
    own calibration puts into its mean; both are taken off, not below 0. With one run a draw the two cannot be told
    apart: nan.
    """
    shaped = np.asarray(values, dtype=np.float64).reshape(n_draws, -1, *np.shape(values)[1:])
    n_runs = shaped.shape[1]
    if n_runs == 1:
        nothing = np.full(shaped.shape[2:], np.nan)
        return Spread(nothing, nothing)
    chance: Floats = shaped.var(axis=1, ddof=1).mean(axis=0)
    if n_draws == 1:
        return Spread(np.zeros_like(chance), chance)
    between = shaped.mean(axis=1).var(axis=0, ddof=1) - chance / n_runs - calibration
    return Spread(np.maximum(between, 0.0), chance)
