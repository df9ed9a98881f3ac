"""How far random noise reaches: into which trends, and whether an event feels it (method §3, §4, §12).

From the Program alone, by the recursion of §4 on single innovations: nothing is shared with the sampler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from etia.engine.program import OPEN

if TYPE_CHECKING:
    from etia.engine.program import Floats, Noise, Program

__all__ = ["FeltNoise", "felt_noise", "noise_spread"]


class FeltNoise(NamedTuple):
    """Random noise on which an event's rate hangs, by indices."""

    event: int
    trend: int  # the trend that the event is sensitive to
    origin: int  # the trend whose own noise it is; another one where couplings carry the noise


def noise_spread(program: Program) -> Floats:
    """(K, T) standard deviation of the trends' random noise, what couplings pass on included; 0 where there is none.

    Innovations are independent, so their shares add up as squares.
    """
    noise = program.trends.noise
    variance = np.zeros((program.n_trends, program.n_steps))
    if noise is not None:
        for j in range(len(noise.trend)):
            variance[:, noise.first_step :] += (_coupled(noise, j, program.n_trends) ** 2).sum(axis=2)
    return np.sqrt(variance)


def _coupled(noise: Noise, j: int, n_trends: int) -> Floats:
    """(K, T − first step, Q) what the innovations of noisy trend j add to every trend's deviation.

    n_k(t) = own noise_k(t) + Σ c_jk · n_j(t − lag), step after step.
    """
    n_steps = noise.n_steps
    weight = np.zeros((n_trends, n_steps, noise.n_periods))
    weight[noise.trend[j]] = noise.weight_of(j)
    couplings = (noise.coupling_source, noise.coupling_target, noise.coupling_strength, noise.coupling_lag)
    for step in range(n_steps):
        for source, target, strength, lag in zip(*(each.tolist() for each in couplings), strict=True):
            if step >= lag:
                weight[target, step] += strength * weight[source, step - lag]
    return weight


def felt_noise(program: Program, last_step: int | None = None) -> list[FeltNoise]:
    """Every event that may come by `last_step` and whose rate hangs on random noise, with the trends that it is from.

    λ_b(t) feels n_j(t − 1) (§3). A past or fixed event feels nothing: its step is given, and what is left of the past
    is decided without noise (§7).
    """
    noise, pairs = program.trends.noise, program.sensitivities
    if noise is None:
        return []
    final = program.n_steps - 1 if last_step is None else last_step
    may_come = (program.fixed_step[:, None] == OPEN) & (program.base_rate > 0)
    may_come[:, : program.as_of + 1] = may_come[:, final + 1 :] = False
    found = []
    for j, origin in enumerate(noise.trend.tolist()):
        is_random = np.zeros((program.n_trends, program.n_steps), dtype=bool)
        is_random[:, noise.first_step :] = (_coupled(noise, j, program.n_trends) != 0).any(axis=2)
        for event, trend, beta in zip(pairs.event.tolist(), pairs.trend.tolist(), pairs.beta.tolist(), strict=True):
            if beta != 0 and (may_come[event, 1:] & is_random[trend, :-1]).any():
                found.append(FeltNoise(event, trend, origin))
    return sorted(set(found))
