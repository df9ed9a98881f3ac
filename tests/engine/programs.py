"""Programs built by hand: what the method page says in formulas, in the plainest code (method §3, §4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from etia.engine.program import (
    LOG,
    LOGIT,
    OPEN,
    Conditions,
    Curves,
    Links,
    Noise,
    Program,
    Scales,
    Sensitivities,
    Trends,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etia.engine.program import Floats

__all__ = ["couple", "curves", "impact_curve", "latent", "link_curve", "make_program", "size", "with_rates"]

Coupling = tuple[int, int, float, int]
"""source trend, target trend, strength, lag in steps"""


def link_curve(rate_ratio: float, n_steps: int, *, lag: int = 1, half_life: float = np.inf) -> Floats:
    """(T,) ln M(age) = w(age) · ln ρ (§3)."""
    lag = max(lag, 1)
    return np.array(
        [0.0 if age < lag else np.log(rate_ratio) * 0.5 ** ((age - lag) / half_life) for age in range(n_steps)]
    )


def impact_curve(
    n_steps: int,
    *,
    starts: float = 0,
    peaks: float | None = None,
    settles: float | None = None,
    peak: float | None = None,
    lasting: float = 0.0,
    fades: float = np.inf,
) -> Floats:
    """(T,) own response by age: (starts, 0), (peaks, peak), (settles, lasting) joined, then constant or fading (§4)."""
    peaks = starts if peaks is None else peaks
    settles = peaks if settles is None else settles
    peak = lasting if peak is None else peak

    def at(age: int) -> float:
        if age < starts:
            return 0.0
        if age < peaks:
            return peak * (age - starts) / (peaks - starts)
        if age < settles:
            return peak + (lasting - peak) * (age - peaks) / (settles - peaks)
        return lasting * float(0.5 ** ((age - settles) / fades))

    return np.array([at(age) for age in range(n_steps)])


def size(written: float, kind: int, bounds: tuple[float, float] = (0, 100)) -> float:
    """A size in the latent scale: percent on LOG, points at mid-scale on LOGIT (§4)."""
    if kind == LOG:
        return float(np.log1p(written / 100))
    return 4 * written / (bounds[1] - bounds[0]) if kind == LOGIT else written


def latent(value: float, kind: int, bounds: tuple[float, float] = (0, 100)) -> float:
    """g(y) (§4)."""
    if kind == LOG:
        return float(np.log(value))
    return float(np.log((value - bounds[0]) / (bounds[1] - value))) if kind == LOGIT else value


def couple(own: Floats, couplings: Sequence[Coupling]) -> Floats:
    """(K, T) total response to own response (K, T): G_k(age) = own_k(age) + Σ c_jk · G_j(age − lag) (§4)."""
    total = np.zeros_like(own)
    for age in range(own.shape[1]):
        for trend in range(own.shape[0]):
            total[trend, age] = own[trend, age] + sum(
                strength * total[source, age - lag]
                for source, target, strength, lag in couplings
                if target == trend and age >= lag
            )
    return total


def curves(points: Sequence[tuple[int, int, int, int, float, bool]]) -> Curves:
    """Intervals (event, first_step, last_step, by_step, probability, marginal)."""
    columns = list(zip(*points, strict=True)) if points else [()] * 6
    event, first_step, last_step, by_step = (np.array(column, dtype=np.int32) for column in columns[:4])
    return Curves(event, first_step, last_step, by_step, np.array(columns[4], float), np.array(columns[5], bool))


def make_program(
    n_steps: int,
    as_of: int,
    fixed: Sequence[int],
    rates: Sequence[float | Sequence[float] | Floats] | None = None,
    *,
    links: Sequence[tuple[int, int, Floats]] = (),
    link_scale: Floats | None = None,
    requires: Sequence[tuple[int, int]] = (),
    prevented_by: Sequence[tuple[int, int]] = (),
    sensitivities: Sequence[tuple[int, int, float]] = (),
    impacts: Mapping[tuple[int, int], Floats] | None = None,
    couplings: Sequence[Coupling] = (),
    kinds: Sequence[int] = (),
    bounds: tuple[float, float] = (0, 100),
    baseline: Sequence[float | Floats] = (),
    known_deviation: Floats | None = None,
    noise: Noise | None = None,
    copy_of: Sequence[int] | None = None,
) -> Program:
    """A Program with N = len(fixed) events and K = len(kinds) trends; what is left out is empty.

    `fixed`: OPEN, NEVER or the step; `rates`: base rate per step of each event (a number: in all steps after `as_of`,
    0 for events that are not open); `impacts`: own response by (event, trend); pairs are (event, on).
    """
    n_events, n_trends = len(fixed), len(kinds)
    base_rate = np.zeros((n_events, n_steps))
    for event, rate in enumerate(rates if rates is not None else [0.0] * n_events):
        base_rate[event, as_of + 1 :] = rate if isinstance(rate, (int, float)) else np.asarray(rate)[as_of + 1 :]
        base_rate[event] *= fixed[event] == OPEN
    response = np.zeros((n_events + 1, n_trends, n_steps))  # the last row: no impact
    for (event, trend), own in (impacts or {}).items():
        response[event, trend] += own
    response = np.stack([couple(own, couplings) for own in response])
    scales = Scales(
        np.array(kinds, dtype=np.int32),
        np.where(np.array(kinds) == LOGIT, bounds[0], np.nan) if kinds else np.zeros(0),
        np.where(np.array(kinds) == LOGIT, bounds[1], np.nan) if kinds else np.zeros(0),
    )
    trends = Trends(
        scales=scales,
        baseline=_rows(baseline or [0.0] * n_trends, n_steps),
        known_deviation=np.zeros((n_trends, n_steps)) if known_deviation is None else known_deviation,
        response=response,
        response_row=np.repeat(np.arange(n_events, dtype=np.int32)[:, None], n_steps, axis=1),
        noise=noise,
    )
    return Program(
        n_steps=n_steps,
        as_of=as_of,
        fixed_step=np.array(fixed, dtype=np.int32),
        base_rate=base_rate,
        links=Links(
            _column(links, 0),
            _column(links, 1),
            np.array([link[2] for link in links]).reshape(-1, n_steps),
            link_scale,
        ),
        requires=Conditions(_column(requires, 0), _column(requires, 1)),
        prevented_by=Conditions(_column(prevented_by, 0), _column(prevented_by, 1)),
        sensitivities=Sensitivities(
            _column(sensitivities, 0), _column(sensitivities, 1), np.array([pair[2] for pair in sensitivities], float)
        ),
        trends=trends,
        copy_of=np.array(range(n_events) if copy_of is None else copy_of, dtype=np.int32),
    )


def with_rates(program: Program, elicited: Curves, rates: Floats) -> Program:
    """The program whose base rates are those of the intervals, each at work from its first to its last step (§3)."""
    base_rate = np.zeros_like(program.base_rate)
    for interval, rate in enumerate(rates):
        first, last = elicited.first_step[interval], elicited.last_step[interval]
        base_rate[elicited.event[interval], first : last + 1] = rate
    return replace(program, base_rate=base_rate)


def _rows(values: Sequence[float | Floats], n_steps: int) -> Floats:
    return np.array([np.broadcast_to(value, n_steps) for value in values], dtype=float).reshape(-1, n_steps)


def _column(pairs: Sequence[tuple[object, ...]], place: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array([pair[place] for pair in pairs], dtype=np.int32)
