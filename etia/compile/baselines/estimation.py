"""Memory and noise of a baseline, by exact maximum likelihood (method §4)."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from etia.compile.baselines.forms import METHODS, Form, Smoother
from etia.errors import SeriesError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.compile.baselines.memory import Memory

__all__ = ["Counted", "Parameters", "counted", "estimate", "likelihood"]

_ZERO = 1e-10  # residuals smaller than this share of the largest value are rounding
_N_SEARCHES = 3


@dataclass(frozen=True)
class Parameters:
    """What a lens's central model settles for all its draws."""

    method: str
    form: Form
    memory: Memory
    sigma: float
    """Standard deviation of an innovation, latent scale: sqrt(RSS/(m − n_states − n_θ)), so degrees of freedom are
    taken for states and for memory parameters alike."""
    n_data: int
    log_likelihood: float
    aicc: float


@dataclass(frozen=True)
class Counted:
    """The data that count: periods from the first of them on, and values."""

    times: NDArray[np.intp]
    values: NDArray[np.float64]
    first: int
    """Period of the series that the first of them stands in."""

    @property
    def floor(self) -> float:
        """The residual sum of squares that is nought but rounding."""
        largest = float(np.abs(self.values).max())
        return max((_ZERO * largest) ** 2 * len(self.values), 1e-300)


def estimate(
    method: str,
    rest: NDArray[np.float64],
    fit_window: NDArray[np.bool_],
    periods_per_year: int = 1,
    given: NDArray[np.float64] | None = None,
) -> Parameters:
    """The memory and the innovations of a method's model for one series.

    Parameters
    ----------
    method
        One of `METHODS`.
    rest
        Shape (n,), latent scale, one value a period of the data, NaN where missing.
    fit_window
        Shape (n,): the periods that count.
    periods_per_year
        Above 1, `ets` considers seasons of this length where two full years are there.
    given
        For `points`: the experts' course, latent scale, at least n periods.

    Raises
    ------
    SeriesError
        Where the data are too few for the method, or not finite.
    """
    if method not in METHODS:
        raise UsageError(f"baseline method {method!r} is unknown; one of {', '.join(METHODS)}.")
    series = counted(method, rest, fit_window, given)
    forms = METHODS[method](periods_per_year)
    _check_enough(method, forms[0], len(series.values))
    candidates = [_maximise(method, form, series) for form in forms if form is forms[0] or _affords(form, series)]
    return min(candidates, key=lambda found: found.aicc)


def _own_course(method: str, given: NDArray[np.float64] | None, n_periods: int) -> NDArray[np.float64]:
    if given is None or given.shape[-1] < n_periods:
        raise UsageError(f"baseline method {method!r} needs the given course for all {n_periods} periods.")
    return given[..., :n_periods]


def counted(
    method: str, rest: NDArray[np.float64], fit_window: NDArray[np.bool_], given: NDArray[np.float64] | None = None
) -> Counted:
    """The data in the window, less the experts' own course where that is the method."""
    values = rest - _own_course(method, given, len(rest)) if method == "points" else rest
    if np.isinf(values).any():
        raise SeriesError("a value of the series is infinite on its latent scale: it lies on a bound.")
    times = np.flatnonzero(fit_window & ~np.isnan(values))
    first = int(times[:1].sum())
    return Counted(times - first, values[times], first)


def _check_enough(method: str, form: Form, n_data: int) -> None:
    """One degree of freedom for σ; `ets` compares models and needs one more for its AICc."""
    needed = form.n_states + len(form.box) + (3 if method == "ets" else 1)
    if n_data < needed:
        raise SeriesError(f"baseline `{method}` needs at least {needed} data in its fit window; there are {n_data}.")


def _affords(form: Form, series: Counted) -> bool:
    """Whether a further candidate of `ets` can be compared: AICc exists, and two full years for seasons."""
    enough = len(series.values) > form.n_states + len(form.box) + 2
    period = form.period if isinstance(form, Smoother) else 1
    if period == 1:
        return enough
    two_years = int(series.times[-1]) + 1 >= 2 * period
    return enough and two_years and len(np.unique(series.times % period)) == period


def _maximise(method: str, form: Form, series: Counted) -> Parameters:
    """A fixed grid of starts, then a search from the best of them: the same answer every time."""
    lower, upper = np.array(form.box).T

    def loss(theta: NDArray[np.float64]) -> float:
        return -likelihood(form, form.memory(np.clip(theta, lower, upper)), series)[0]

    starts = np.array(form.starts)
    without_noise = [theta for theta in starts if likelihood(form, form.memory(theta), series)[1] <= series.floor]
    if without_noise:
        return _parameters(method, form, without_noise[0], series)
    order = np.argsort([loss(theta) for theta in starts], kind="stable")
    found = [
        minimize(loss, starts[i], method="L-BFGS-B", bounds=form.box, options={"ftol": 1e-13, "gtol": 1e-7})
        for i in order[:_N_SEARCHES]
    ]
    return _parameters(method, form, np.clip(min(found, key=lambda end: float(end.fun)).x, lower, upper), series)


def _parameters(method: str, form: Form, theta: NDArray[np.float64], series: Counted) -> Parameters:
    memory = form.memory(theta)
    log_likelihood, rss, _ = likelihood(form, memory, series)
    n_data, n_free = len(series.values), form.n_states + len(form.box)
    sigma = sqrt(rss / (n_data - n_free)) if rss > series.floor else 0.0
    k = n_free + 1  # σ too
    spare = n_data - k - 1
    aicc = 2 * k - 2 * log_likelihood + (2 * k * (k + 1) / spare if spare > 0 else inf)
    return Parameters(method, form, memory, sigma, n_data, log_likelihood, aicc)


def likelihood(form: Form, memory: Memory, series: Counted) -> tuple[float, float, NDArray[np.float64]]:
    """The largest ln L over x and σ, the residual sum of squares e'Ω⁻¹e, and the root R of Z'Ω⁻¹Z = R'R.

    ln L = −m/2 (ln(2π RSS/m) + 1) − Σ ln L_ii,  L L' = Ω.
    """
    course = form.course(memory, int(series.times[-1]) + 1)[series.times]
    white, diagonal = memory.whiten(series.times, np.column_stack([course, series.values]))
    residual, triangle = white[:, -1], np.zeros((0, 0))
    if form.n_states:
        residual = residual - white[:, :-1] @ np.linalg.lstsq(white[:, :-1], residual, rcond=None)[0]
        triangle = np.asarray(np.linalg.qr(white[:, :-1], mode="r"))
    rss, m = float(residual @ residual), len(residual)
    log_likelihood = -m / 2 * (log(2 * pi * max(rss, series.floor) / m) + 1) - float(np.log(diagonal).sum())
    return log_likelihood, rss, triangle
