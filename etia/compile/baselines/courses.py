"""Level, slope, residual and forecast of each draw, given the memory (method §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import toeplitz

from etia.compile.baselines.memory import Smoothing
from etia.errors import SeriesError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.compile.baselines.estimation import Parameters
    from etia.compile.baselines.memory import Autoregression
    from etia.compile.baselines.uncertainty import Draw

__all__ = ["Course", "Fit", "fit", "prepare"]


@dataclass(frozen=True)
class Fit:
    """A baseline with its own noise; a leading axis of draws, if any, comes first."""

    baseline: NDArray[np.float64]
    """Shape (…, last + 1 + H): periods 0 … last of the data, then H ahead; latent scale."""
    residual: NDArray[np.float64]
    """Own noise up to the last datum, shape (…, last + 1), NaN where a datum is missing."""
    known: NDArray[np.float64]
    """Conditional mean of own noise 1 … H periods after the last datum, shape (…, H)."""
    psi: NDArray[np.float64]
    """Weights of the innovations, ψ_0 = 1, shape (H,)."""
    sigma: float
    """Standard deviation of an innovation, latent scale."""
    last: int
    """The period of the last datum."""

    @property
    def spread(self) -> NDArray[np.float64]:
        """(H, H), lower triangular: random noise h + 1 periods after the last datum is row h times ε.

        σ ψ_{h−i}; what gaps leave unsure about the states at the last datum is left out.
        """
        return np.asarray(self.sigma * toeplitz(self.psi, np.zeros(len(self.psi))))


@dataclass(frozen=True)
class Course:
    """The linear map from a series' data to its baseline, the same for all draws."""

    operator: NDArray[np.float64] | None
    """Shape (last + 1 + H, n_data): baseline = operator @ data. None: the baseline is given (`points`)."""
    observed: NDArray[np.bool_]
    """Shape (last + 1,)."""
    decay: NDArray[np.float64]
    """Shape (H,): what share of the last residual is left."""
    psi: NDArray[np.float64]
    sigma: float

    def fit(self, rest: NDArray[np.float64], given: NDArray[np.float64] | None = None, draw: Draw | None = None) -> Fit:
        """Baseline and own noise of one series, or of one a draw.

        Parameters
        ----------
        rest
            Shape (…, n), latent scale, missing where the course was prepared as missing.
        given
            For `points`: shape (…, at least last + 1 + H).
        draw
            What the data leave open, drawn; as if nothing were where left out.
        """
        n_past = len(self.observed)
        past = rest[..., :n_past]
        if np.isnan(past[..., self.observed]).any() or not np.isnan(rest[..., n_past:]).all():
            raise UsageError("this course was prepared for a series with other gaps.")
        baseline = self._given(given) if self.operator is None else past[..., self.observed] @ self.operator.T
        if draw is not None:
            baseline = baseline + draw.error
        residual = np.where(self.observed, past, np.nan) - baseline[..., :n_past]
        if draw is None:
            return Fit(baseline, residual, residual[..., -1:] * self.decay, self.psi, self.sigma, n_past - 1)
        known = residual[..., -1:] * draw.decay + draw.kept
        return Fit(baseline, residual, known, draw.psi, draw.sigma, n_past - 1)

    def _given(self, given: NDArray[np.float64] | None) -> NDArray[np.float64]:
        n_periods = len(self.observed) + len(self.psi)
        if given is None or given.shape[-1] < n_periods:
            raise UsageError(f"baseline method 'points' needs the given course for all {n_periods} periods.")
        return given[..., :n_periods]


def prepare(parameters: Parameters, observed: NDArray[np.bool_], fit_window: NDArray[np.bool_], horizon: int) -> Course:
    """The course for series with data where `observed`, H = `horizon` periods beyond the last datum.

    Parameters
    ----------
    parameters
        From `estimate`.
    observed, fit_window
        Shape (n,).
    """
    times = np.flatnonzero(observed)
    if not len(times):
        raise SeriesError("the series has no data.")
    n_past = int(times[-1]) + 1
    memory = parameters.memory
    if isinstance(memory, Smoothing):
        operator: NDArray[np.float64] | None = _filtered(memory, times, n_past + horizon)
        decay = np.zeros(horizon)
    else:
        operator = _regressed(parameters, memory, np.flatnonzero(observed & fit_window), times, n_past + horizon)
        decay = memory.weights(horizon + 1)[1:]
    return Course(operator, observed[:n_past], decay, memory.weights(horizon), parameters.sigma)


def fit(
    parameters: Parameters,
    rest: NDArray[np.float64],
    fit_window: NDArray[np.bool_],
    horizon: int,
    given: NDArray[np.float64] | None = None,
) -> Fit:
    """`prepare` and `Course.fit` in one, for a single series of shape (n,)."""
    return prepare(parameters, ~np.isnan(rest), fit_window, horizon).fit(rest, given)


def _regressed(
    parameters: Parameters,
    memory: Autoregression,
    counted: NDArray[np.intp],
    times: NDArray[np.intp],
    n_periods: int,
) -> NDArray[np.float64] | None:
    """Z x̂ by generalised least squares on the periods `counted`; shape (n_periods, len(times))."""
    if parameters.form.n_states == 0:
        return None
    course = parameters.form.course(memory, n_periods)
    whiten, _ = memory.whiten(counted, np.eye(len(counted)))
    operator = np.zeros((n_periods, len(times)))
    operator[:, np.searchsorted(times, counted)] = course @ np.linalg.pinv(whiten @ course[counted]) @ whiten
    return operator


def _filtered(memory: Smoothing, times: NDArray[np.intp], n_periods: int) -> NDArray[np.float64]:
    """Filtered level and season at data, predictions elsewhere; shape (n_periods, len(times)).

    With Ω = L L' of the data and u = L⁻¹(y − Z x̂), the prediction of period t from the data before it is
    z_t' x̂ + Σ_{o < t} (L⁻¹ Ω_{o t})_o u_o. At a datum the surprise L_oo u_o holds the innovation u_o / L_oo on
    average (all of it without gaps: L_oo = 1), of which α + γ is taken up: baseline = y − (1 − α − γ) u_o / L_oo.
    """
    whiten, diagonal = memory.whiten(times, np.eye(len(times)))
    course, spread = memory.course(n_periods), memory.spread(n_periods)
    states = np.linalg.pinv(whiten @ course[times]) @ whiten
    surprise = whiten @ (np.eye(len(times)) - course[times] @ states)
    carried = np.where(times[:, None] < np.arange(n_periods), whiten @ (spread[times] @ spread.T), 0.0)
    operator = course @ states + carried.T @ surprise
    operator[times] = np.eye(len(times)) - (1 - memory.taken_up) * surprise / diagonal[:, None]
    return np.asarray(operator)
