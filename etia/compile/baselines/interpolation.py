"""From the periods of the data to the steps of the calendar (method §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["interpolation"]


def interpolation(middle_steps: NDArray[np.intp], steps: NDArray[np.intp]) -> NDArray[np.float64]:
    """Weights that carry values at periods to steps, linear between the periods' middle steps.

    Parameters
    ----------
    middle_steps
        Shape (n_periods,), strictly rising: where each period's value stands.
    steps
        Shape (n_steps,).

    Returns
    -------
    Shape (n_steps, n_periods), rows summing to 1; NaN rows before the first and after the last middle step.

    Examples
    --------
    >>> interpolation(np.array([0, 4]), np.array([0, 1, 4, 5])).tolist()
    [[1.0, 0.0], [0.75, 0.25], [0.0, 1.0], [nan, nan]]
    """
    n_periods = len(middle_steps)
    position = np.interp(steps, middle_steps, np.arange(n_periods, dtype=float), left=np.nan, right=np.nan)
    return np.asarray(np.maximum(0.0, 1 - np.abs(position[:, None] - np.arange(n_periods))))
