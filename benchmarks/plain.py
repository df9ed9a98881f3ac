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
    from collections.abc import Iterator

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
    """Any variant of the job by a loop over months in which all links and impacts are looked up by age for all runs.

    Ages are kept as places in tables that begin with what acts before an event comes; rate ratios are multiplied; all
    passes are in place, row by row.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.hazard = np.ascontiguousarray(program.base_rate.T)[:, :, None]  # (T, N, 1)
        trends = program.trends
        self.kind = np.float64 if len(program.sensitivities.event) else np.float32
        self.baseline = trends.baseline.astype(self.kind)[:, :, None]  # (K, T, 1)
        self.known = trends.known_deviation.astype(self.kind)[:, :, None]
        self.impacts = [
            (event, int(k), np.r_[0.0, trends.response[event, k]].astype(self.kind))
            for event in range(program.n_events)
            for k in np.flatnonzero(trends.response[event].any(axis=1))
        ]
        links = program.links
        self.links = [
            (int(a), int(b), np.exp(np.r_[0.0, row]))
            for a, b, row in zip(links.source, links.target, links.log_ratio, strict=True)
        ]

    def run(self, threshold: np.ndarray, noise: Iterator[np.ndarray] | None, out: np.ndarray) -> np.ndarray:
        """(runs, N) steps, and into `out` (K, months, runs) the trajectories; `threshold` (N, runs), `noise` month by
        month (K, runs).
        """
        program, n_runs = self.program, threshold.shape[1]
        age = np.full(threshold.shape, -program.n_steps, dtype=np.intp)  # below 0: has not come, clipped to place 0
        steps = np.full(threshold.shape, NEVER, dtype=np.int16)
        left, spent, fires = threshold.copy(), np.empty(threshold.shape), np.empty(threshold.shape, dtype=bool)
        ratio, shift = np.empty(n_runs), np.empty(n_runs, dtype=self.kind)
        deviation = np.zeros((program.n_trends, n_runs), dtype=self.kind)
        links = [(age[a], spent[b], table) for a, b, table in self.links]
        impacts = [(age[event], deviation[k], table) for event, k, table in self.impacts]
        sensitivities = program.sensitivities
        for t in range(1, program.n_steps):
            age += 1
            spent[:] = self.hazard[t]
            for source, target, table in links:
                table.take(source, None, ratio, "clip")
                np.multiply(target, ratio, out=target)
            for event, trend, beta in zip(sensitivities.event, sensitivities.trend, sensitivities.beta, strict=True):
                np.multiply(deviation[trend], beta, out=ratio)
                np.exp(ratio, out=ratio)
                spent[event] *= ratio
            left -= spent
            np.less_equal(left, 0.0, out=fires)
            came = np.flatnonzero(fires)
            left.flat[came], age.flat[came], steps.flat[came] = np.inf, 1, t
            deviation[:] = self.known[:, t]
            if noise is not None:
                deviation += next(noise)
            for source, target, table in impacts:
                table.take(source, None, shift, "clip")
                np.add(target, shift, out=target)
            np.add(deviation, self.baseline[:, t], out=out[:, t - 1], casting="same_kind")
        return steps.T
