"""The sampler and the propagation as the method page says them, a loop for every sign: slow, and easy to see right.

Shares nothing with the compiled sampler nor with exact enumeration but the Program.
"""

from __future__ import annotations

from math import exp, inf
from typing import TYPE_CHECKING

import numpy as np

from etia.engine.program import NEVER, OPEN

if TYPE_CHECKING:
    from etia.engine.program import Floats, Program, Steps

__all__ = ["plain_noise", "plain_past", "plain_propagate", "plain_rate", "plain_sample"]


def plain_sample(
    program: Program, thresholds: Floats, *, noise: Floats | None = None, uniforms: Floats | None = None
) -> Steps:
    """(R, N) step at which each event comes, NEVER where it does not (§3).

    `thresholds`: (R, N) E_b; `noise`: (R, K, T) coupled random noise n_k of the trends, 0 up to its first random step;
    `uniforms`: (R, N) for past events when some are removed: B stays where its uniform lies below its probability (§7).
    """
    n_runs, n_events = thresholds.shape
    steps = np.empty((n_runs, n_events), dtype=np.int16)
    for run in range(n_runs):
        at = plain_past(program, None if uniforms is None else uniforms[run])
        spent = [0.0] * n_events
        for t in range(program.as_of + 1, program.n_steps):
            before = list(at)  # events of one step do not see each other
            for b in range(n_events):
                if program.fixed_step[b] == OPEN and before[b] == inf:
                    spent[b] += plain_rate(program, b, t, before, None if noise is None else noise[run])
                    if spent[b] > 0 and spent[b] >= thresholds[run, b]:
                        at[b] = t
        steps[run] = [NEVER if tau == inf else int(tau) for tau in at]
    return steps


def plain_rate(program: Program, b: int, t: int, at: list[float], noise: Floats | None = None) -> float:
    """λ_b(t), given the steps `at` which events have come (inf: not yet)."""
    for event, a in zip(program.requires.event, program.requires.on, strict=True):
        if event == b and not at[a] < t:
            return 0.0
    for event, a in zip(program.prevented_by.event, program.prevented_by.on, strict=True):
        if event == b and at[a] < t:
            return 0.0
    log_factor = 0.0
    links = program.links
    for link, (a, target) in enumerate(zip(links.source, links.target, strict=True)):
        if target == b and at[a] < t:
            scale = 1.0 if links.scale is None else links.scale[link, t]
            log_factor += links.log_ratio[link, t - int(at[a])] * scale
    pairs = program.sensitivities
    for event, trend, beta in zip(pairs.event, pairs.trend, pairs.beta, strict=True):
        if event == b:
            log_factor += beta * _deviation(program, trend, t - 1, at)
            log_factor += beta * noise[trend, t - 1] if noise is not None else 0.0
    return float(program.base_rate[b, t]) * exp(log_factor)


def _deviation(program: Program, trend: int, t: int, at: list[float]) -> float:
    """d_k(t) without random noise: what is known, and the response to every event that has come by t (§4)."""
    trends = program.trends
    deviation = float(trends.known_deviation[trend, t])
    for event, tau in enumerate(at):
        if tau <= t:
            deviation += trends.response[trends.response_row[event, int(tau)], trend, t - int(tau)]
    return deviation


def plain_past(program: Program, uniforms: Floats | None = None) -> list[float]:
    """Steps of the fixed events in one world, inf for all others and for what fell out with the removed ones (§7)."""
    at = [float(step) if 0 <= step < program.n_steps else inf for step in program.fixed_step]
    if not program.removed.any():
        return at
    past = [b for b in range(program.n_events) if at[b] <= program.as_of]
    fallen = {b for b in past if program.removed[b]}
    fallen |= _waiting_for(program, fallen, past)
    for step in range(program.as_of + 1):
        of_this_step = {b for b in past if at[b] == step} - fallen
        earlier = set(fallen)  # what falls out within a step does not pull on that step
        for b in of_this_step:
            assert uniforms is not None, "removal needs a uniform number per past event"
            if uniforms[b] >= _staying(program, b, at, earlier):
                fallen.add(b)
        fallen |= _waiting_for(program, fallen, of_this_step)
    for b in fallen:
        at[b] = inf
    return at


def _waiting_for(program: Program, fallen: set[int], among: list[int] | set[int]) -> set[int]:
    """Events `among` those given that require a fallen one, at any remove."""
    waiting: set[int] = set()
    for _ in among:
        for b, a in zip(program.requires.event.tolist(), program.requires.on.tolist(), strict=True):
            if b in among and a in fallen | waiting:
                waiting.add(b)
    return waiting


def _staying(program: Program, b: int, at: list[float], fallen: set[int]) -> float:
    """min(1, Π 1/K_aB(τ_B − τ_a)) over the fallen a before B."""
    log_pull = 0.0
    for a in fallen:
        age = int(at[b] - at[a])
        if age >= 1:
            log_pull += _log_pull(program, a, b, int(at[a]), age)
    return min(1.0, exp(-log_pull))


def _log_pull(program: Program, a: int, b: int, tau: int, age: int) -> float:
    """ln K_ab(age) for a cause a that came at `tau` (§3)."""
    links, pairs, trends = program.links, program.sensitivities, program.trends
    from_links = sum(
        links.log_ratio[link, age]
        for link in range(len(links.source))
        if links.source[link] == a and links.target[link] == b
    )
    from_trends = sum(
        beta * trends.response[trends.response_row[a, tau], trend, age - 1]
        for event, trend, beta in zip(pairs.event, pairs.trend, pairs.beta, strict=True)
        if event == b
    )
    return float(from_links + from_trends)


def plain_noise(program: Program, innovations: Floats) -> Floats:
    """(R, K, T) random noise n_k(t) = own noise + Σ c_jk · n_j(t − lag), 0 up to its first random step (§4).

    `innovations`: (R, J, Q) standard normals ε of the J noisy trends.
    """
    noise = program.trends.noise
    paths = np.zeros((len(innovations), program.n_trends, program.n_steps))
    if noise is None:
        return paths
    couplings = (noise.coupling_source, noise.coupling_target, noise.coupling_strength, noise.coupling_lag)
    for run in range(len(innovations)):
        for t in range(noise.first_step, program.n_steps):
            for j, trend in enumerate(noise.trend):
                for i, weight in enumerate(noise.weight[j, t - noise.first_step]):
                    paths[run, trend, t] += weight * innovations[run, j, i]
            for source, target, strength, lag in zip(*couplings, strict=True):
                if t >= lag:
                    paths[run, target, t] += strength * paths[run, source, t - lag]
    return paths


def plain_propagate(program: Program, steps: Steps, *, noise: Floats | None = None) -> Floats:
    """(R, K, T) values of the trends in the latent scale, given (R, N) event steps (§4); `noise` as there."""
    trends = program.trends
    latent = np.empty((len(steps), program.n_trends, program.n_steps))
    for run, at in enumerate(steps.tolist()):
        come = [inf if tau == NEVER else float(tau) for tau in at]
        for trend in range(program.n_trends):
            for t in range(program.n_steps):
                random = 0.0 if noise is None else noise[run, trend, t]
                latent[run, trend, t] = trends.baseline[trend, t] + _deviation(program, trend, t, come) + random
    return latent
