"""The plain way: numpy, vectorised over runs, a loop over months, blocks of runs that fit the cache.

`LoopJob` is what a good numpy user would write: a loop over months, vectorised over runs; it is the reference.
`PlainJob` is what one comes to who knows this job's weak spots: only occurrences are looked at run by run, every pass
over a block is in place, and a response is taken from a table of all its shifts. It holds for lasting pulls alone; the
fastest of its two ways to find steps and two to make trajectories is told beside the reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from etia.engine.program import Program

__all__ = ["LoopJob", "PlainJob"]

NEVER = 32767


class PlainJob:
    """The standard job's tables, and its steps and trajectories for a block of runs. All pulls last from their
    lag on.
    """

    def __init__(self, program: Program, threshold_of: np.random.Generator | None = None) -> None:
        self.rng = threshold_of or np.random.default_rng(0)
        self.n_events, self.n_steps = program.n_events, program.n_steps
        self.hazard = np.ascontiguousarray(program.base_rate.T)  # (T, N)
        links = program.links
        self.links: list[list[tuple[int, int, float]]] = [[] for _ in range(self.n_events)]
        for i in range(len(links.source)):
            acting = np.flatnonzero(links.log_ratio[i])
            if len(acting):
                ratio = float(np.exp(links.log_ratio[i, -1]))
                self.links[links.source[i]].append((int(links.target[i]), int(acting[0]), ratio))
        trends, last = program.trends, self.n_steps - 1
        self.shared = (trends.baseline + trends.known_deviation)[:, 1:].astype(np.float32)
        self.impacts: list[list[tuple[int, np.ndarray]]] = [[] for _ in range(self.n_events)]
        for event in range(self.n_events):
            for k in np.flatnonzero(trends.response[event].any(axis=1)):
                shifts = np.zeros((self.n_steps, last), dtype=np.float32)  # by step of the event
                for tau in range(1, self.n_steps):
                    shifts[tau, tau - 1 :] = trends.response[event, k, : self.n_steps - tau]
                self.impacts[event].append((int(k), shifts))

    def draw(self, n_runs: int) -> np.ndarray:
        """(N, runs) Exp(1) thresholds."""
        return self.rng.standard_exponential((self.n_events, n_runs))

    def steps_by_lists(self, threshold: np.ndarray) -> np.ndarray:
        """(runs, N) steps of the events: what an occurrence does later is kept in lists by month."""
        left, spent = threshold.copy(), np.empty_like(threshold)
        factor = np.ones_like(left)
        out = np.full(left.shape, NEVER, dtype=np.int16)
        pending: list[list[tuple[int, np.ndarray, float]]] = [[] for _ in range(self.n_steps)]
        for t in range(1, self.n_steps):
            for target, runs, ratio in pending[t]:
                factor[target, runs] *= ratio
            np.multiply(factor, self.hazard[t][:, None], out=spent)
            np.subtract(left, spent, out=left)
            came = np.flatnonzero(left <= 0.0)
            if not len(came):
                continue
            events, runs = np.divmod(came, left.shape[1])
            out.flat[came] = t
            left.flat[came] = np.inf
            bounds = np.searchsorted(events, np.arange(self.n_events + 1))
            for event in range(self.n_events):
                own = runs[bounds[event] : bounds[event + 1]]
                if len(own):
                    for target, lag, ratio in self.links[event]:
                        if t + lag < self.n_steps:
                            pending[t + lag].append((target, own, ratio))
        return out.T

    def steps_by_links(self, threshold: np.ndarray) -> np.ndarray:
        """The same; the month from which every link acts stands in a table by link and run."""
        flat = [(source, *link) for source, links in enumerate(self.links) for link in links]
        target, lag, ratio = (np.array([link[i] for link in flat]) for i in (1, 2, 3))
        most = max(len(links) for links in self.links)
        own = np.full((self.n_events, most), len(flat))  # links of each event; the last row of `acts_from` is no link
        for event in range(self.n_events):
            links = [i for i, link in enumerate(flat) if link[0] == event]
            own[event, : len(links)] = links
        lag = np.r_[lag, 0].astype(np.int16)
        n_runs = threshold.shape[1]
        left, spent = threshold.copy(), np.empty_like(threshold)
        factor = np.ones_like(left)
        out = np.full(left.shape, NEVER, dtype=np.int16)
        acts_from = np.zeros((len(flat) + 1, n_runs), dtype=np.int16)
        for t in range(1, self.n_steps):
            link, runs = np.divmod(np.flatnonzero(acts_from[:-1] == t), n_runs)
            np.multiply.at(factor, (target[link], runs), ratio[link])
            np.multiply(factor, self.hazard[t][:, None], out=spent)
            np.subtract(left, spent, out=left)
            came = np.flatnonzero(left <= 0.0)
            out.flat[came] = t
            left.flat[came] = np.inf
            events, runs = np.divmod(came, n_runs)
            acts_from[own[events], runs[:, None]] = t + lag[own[events]]
        return out.T

    def trajectories_by_event(self, steps: np.ndarray, out: np.ndarray) -> None:
        """Add every impact's row in the runs in which its event comes; `out` (runs, K, months) float32."""
        out[:] = self.shared
        for event, impacts in enumerate(self.impacts):
            runs = np.flatnonzero(steps[:, event] != NEVER)
            came = steps[runs, event]
            for k, shifts in impacts:
                out[runs, k] += shifts[came]

    def trajectories_by_trend(self, steps: np.ndarray, out: np.ndarray) -> None:
        """The same with a row of noughts for runs in which the event does not come; whole columns are added."""
        out[:] = self.shared
        row = np.where(steps == NEVER, 0, steps)
        for event, impacts in enumerate(self.impacts):
            for k, shifts in impacts:
                out[:, k] += np.take(shifts, row[:, event], axis=0)


class LoopJob:
    """Any variant of the job by a loop over months in which all links and impacts are looked up by age for all runs."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.hazard = np.ascontiguousarray(program.base_rate.T)
        trends = program.trends
        self.shared = trends.baseline + trends.known_deviation
        self.known = trends.known_deviation
        self.impacts = [
            (event, int(k), np.r_[trends.response[event, k], 0.0])
            for event in range(program.n_events)
            for k in np.flatnonzero(trends.response[event].any(axis=1))
        ]
        links = program.links
        self.links = [
            (int(a), int(b), np.r_[row, 0.0])
            for a, b, row in zip(links.source, links.target, links.log_ratio, strict=True)
        ]

    def run(self, threshold: np.ndarray, noise: np.ndarray | None, out: np.ndarray) -> np.ndarray:
        """(runs, N) steps, and into `out` (K, months, runs) the trajectories; `threshold` (N, runs), `noise`
        (K, T, runs).
        """
        program, n_runs = self.program, threshold.shape[1]
        none = program.n_steps  # age of what has not come: the tables end on 0
        came = np.full(threshold.shape, 2 * none, dtype=np.int64)
        left = threshold.copy()
        deviation = np.zeros((program.n_trends, n_runs))
        sensitivities = program.sensitivities
        for t in range(1, none):
            age = t - came
            age[age < 0] = none
            pull = np.zeros(threshold.shape)
            for source, target, table in self.links:
                pull[target] += table[age[source]]
            for event, trend, beta in zip(sensitivities.event, sensitivities.trend, sensitivities.beta, strict=True):
                pull[event] += beta * deviation[trend]
            left -= self.hazard[t][:, None] * np.exp(pull)
            fires = (left <= 0.0) & (came > none)
            came[fires] = t
            age[fires] = 0
            deviation[:] = self.known[:, t, None]
            if noise is not None:
                deviation += noise[:, t]
            for event, k, table in self.impacts:
                deviation[k] += table[age[event]]
            out[:, t - 1] = deviation + (self.shared - self.known)[:, t, None]
        return np.where(came > none, NEVER, came).T.astype(np.int16)
