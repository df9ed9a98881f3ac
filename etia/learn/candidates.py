"""Where a series seems to break when no date is given, beside the events that are known (method §9).

Piecewise straight lines are fitted by optimal partitioning (PELT, from ruptures). The penalty a break has to earn is
stated: 3 parameters (level, slope, place) at ln n each, times the variance of a break-free neighbourhood, times the
factor by which the errors' memory inflates it. These are candidates, not verdicts: no false-alarm rate is claimed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["candidate_breaks", "candidates_beside_events", "penalty"]


def _innovations(latent: Floats) -> tuple[float, float]:
    """Robust variance of the innovations and AR(1) coefficient of the detrended series.

    Both from first and second differences, which breaks hardly touch: with variances v1, v2 of differences over one
    and two data, an AR(1) has v2/v1 = 1 + φ.
    """

    def spread(difference: Floats) -> float:
        centred = np.abs(difference - np.median(difference))
        return float(1.4826 * np.median(centred)) ** 2

    one, two = spread(np.diff(latent)), spread(latent[2:] - latent[:-2])
    phi = float(np.clip(two / one - 1, 0.0, 0.8)) if one > 0 else 0.0
    return one * (1 + phi) / 2, phi


def penalty(latent: Floats) -> float:
    """3 · ln n · σ² · (1 + φ)/(1 − φ): the fall in squared error that one more break must earn; σ² marginal.

    (1 + φ)/(1 − φ) is the factor by which an AR(1) makes the variance of a mean larger.
    """
    innovation, phi = _innovations(latent)
    return 3 * float(np.log(len(latent))) * innovation / (1 - phi**2) * (1 + phi) / (1 - phi)


def candidate_breaks(latent: Floats, *, least: int) -> tuple[int, ...]:
    """Indices of the first datum after each candidate break, ascending.

    Parameters
    ----------
    latent
        shape (n,), latent scale; missing data (NaN) are bridged by straight lines
    least
        data that a piece must hold
    """
    import ruptures

    present = np.flatnonzero(np.isfinite(latent))
    if len(present) < 2 * least:
        return ()
    times = np.arange(present[0], present[-1] + 1)
    bridged = np.interp(times, present, latent[present])
    price = penalty(bridged)
    if price <= 0:
        return ()
    signal = np.column_stack([bridged, np.ones(len(times)), times - times.mean()])
    ends = ruptures.Pelt(model="linear", min_size=least, jump=1).fit(signal).predict(pen=price)
    return tuple(int(end + present[0]) for end in ends[:-1])


def candidates_beside_events(
    breaks: tuple[int, ...], events: Mapping[str, tuple[int, int]], labels: list[str], *, tolerance: int
) -> pd.DataFrame:
    """Each candidate break with the events near it; `events` is empty where none is within `tolerance` data.

    Parameters
    ----------
    breaks
        as `candidate_breaks` gives them
    events
        first and last datum that each event's date covers
    labels
        the date of each datum, as written
    tolerance
        data between an event and a break that it may explain
    """
    rows = [
        {
            "date": labels[at],
            "events": ", ".join(
                event for event, (first, last) in events.items() if first - tolerance <= at <= last + 1 + tolerance
            ),
        }
        for at in breaks
    ]
    return pd.DataFrame(rows, columns=["date", "events"])
