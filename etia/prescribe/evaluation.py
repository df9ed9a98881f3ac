"""How well every portfolio does in every future: the same runs under each, over scenarios, lenses, draws (method §11).

What is kept of a draw's runs are means and covariances of the objectives' outcomes: utility is linear in them, and
its unit (mean and standard deviation without policies over all futures) is known only when all have been run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from etia.compile.policies import policies
from etia.compile.portfolios import OpenChoice
from etia.compile.standard_errors import standard_error
from etia.engine.plan import noise_felt
from etia.engine.propagation import noise_paths
from etia.engine.sampler import noise_factors, sample
from etia.engine.streams import thresholds
from etia.prescribe.objectives import Goals, Readings, goals_of
from etia.prescribe.portfolios import portfolio_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from etia.compile.policies import PolicyDraws
    from etia.compile.portfolios import Chosen
    from etia.compile.study import Case
    from etia.engine.program import Steps
    from etia.engine.streams import Streams
    from etia.prescribe.portfolios import Feasible, Portfolio

    Floats = NDArray[np.float64]
    Spans = dict[str, tuple[int, int]]

__all__ = ["Scale", "Scores", "evaluate", "outcomes_of_draw", "policy_effects"]

_CHUNK = 10_000
"""runs handled at once, so that noise stays small"""


class Scale(NamedTuple):
    """The unit of utility: of each objective's outcomes without policies over all futures compared."""

    mean: Floats  # (O,)
    spread: Floats  # (O,) standard deviation; 1 where it is 0

    def utilities(self, goals: Goals, outcomes: Floats) -> Floats:
        """(...) U of outcomes (..., O): Σ_o w_o · ±(y − m)/s, or w_o · 1{target met}."""
        factor = np.where(goals.has_target, 1.0, goals.sign / self.spread) * goals.weight
        return np.asarray((outcomes - np.where(goals.has_target, 0.0, self.mean)) @ factor)

    def variances(self, goals: Goals, covariance: Floats) -> Floats:
        """(...) variance of U, given that of the outcomes (..., O, O)."""
        factor = np.where(goals.has_target, 1.0, goals.sign / self.spread) * goals.weight
        return np.asarray(np.maximum(np.einsum("...ij,i,j->...", covariance, factor, factor), 0.0))


@dataclass(frozen=True)
class Scores:
    """Outcomes of all portfolios: C cells (scenario, lens), P draws, F portfolios, O objectives."""

    feasible: Feasible
    goals: Goals
    cells: tuple[tuple[str, str], ...]
    n_runs: int
    outcomes: Floats = field(repr=False)  # (C, P, F, O) means over the runs of a draw
    met: Floats = field(repr=False)  # (C, P, F) share of runs in which all targets are met
    covariance: Floats = field(repr=False)  # (C, O, O) of outcomes without policies, within draws
    chance: Floats = field(
        repr=False
    )  # (C, F, O, O) of outcomes in the central model; else F = 0: draws tell the error
    gain_chance: Floats = field(repr=False)  # (C, F, O, O) the same of outcomes less those without policies

    @property
    def names(self) -> list[str]:
        return [portfolio_name(portfolio) for portfolio in self.feasible.portfolios]

    @property
    def n_draws(self) -> int:
        return int(self.outcomes.shape[1])

    @cached_property
    def scale(self) -> Scale:
        """The unit of utility; the empty portfolio is the first."""
        without = self.outcomes[:, :, 0]
        between = without.var(axis=(0, 1))
        spread = np.sqrt(between + np.einsum("coo->co", self.covariance).mean(axis=0))
        mean = without.mean(axis=(0, 1))
        # what rounding makes of a constant is no spread
        return Scale(mean, np.where(spread > 1e-12 * (1.0 + np.abs(mean)), spread, 1.0))

    @cached_property
    def utility(self) -> Floats:
        """(C, P, F) expected utility over the runs of a draw."""
        return self.scale.utilities(self.goals, self.outcomes)

    @cached_property
    def regret(self) -> Floats:
        """(C, P, F) the best expected utility in a cell's draw, less the portfolio's."""
        return np.asarray(self.utility.max(axis=2, keepdims=True) - self.utility)

    def utility_error(self, cells: Sequence[int]) -> Floats:
        """(F,) standard error of the expected utility over some cells, which share their random numbers."""
        if self.n_draws > 1:
            return standard_error(self.utility[list(cells)].mean(axis=0), self.n_draws)
        return self._error_of_runs(self.chance, cells)

    def gain_error(self, cells: Sequence[int]) -> Floats:
        """(F,) standard error of the gain over no policy, taken run by run."""
        if self.n_draws > 1:
            gain = self.utility - self.utility[:, :, :1]
            return standard_error(gain[list(cells)].mean(axis=0), self.n_draws)
        return self._error_of_runs(self.gain_chance, cells)

    def _error_of_runs(self, covariance: Floats, cells: Sequence[int]) -> Floats:
        """(F,) √(variance over runs / R) in the central model; of several cells, which share their chance, at most."""
        errors = np.sqrt(self.scale.variances(self.goals, covariance[list(cells)]) / self.n_runs)
        return np.asarray(errors.mean(axis=0))


def policy_effects(case: Case, spans: Spans | None = None) -> dict[str, PolicyDraws]:
    """Every policy of a case's model by itself, drawn; `spans` moves some."""
    c = case.compiled
    return {
        name: policies(c.model, [name], c.index, c.lens, c.judgements, c.links, c.impacts, spans=spans)
        for name in c.model.policies
    }


def outcomes_of_draw(
    case: Case, effects: Mapping[str, PolicyDraws], goals: Goals, portfolios: Sequence[Portfolio], p: int
) -> Iterator[tuple[int, Floats]]:
    """Portfolio by portfolio its number and the objectives' outcomes (R, O) in the runs of draw p, in chunks of runs.

    Portfolios whose policies with effects are the same share their runs.
    """
    choice = OpenChoice(case.compiled, p, case.study.rates(case.scenario)[p], effects)
    acting: dict[Portfolio, list[int]] = {}
    for f, portfolio in enumerate(portfolios):
        acts = tuple(name for name in portfolio if name in effects and effects[name].acts)
        acting.setdefault(acts, []).append(f)
    chosen = [choice.chosen(portfolio) for portfolio in acting]
    n_runs = case.study.settings.runs
    for begin in range(0, n_runs, _CHUNK):
        n = min(_CHUNK, n_runs - begin)
        streams = case.streams(p)
        run = _Runs(choice, goals, streams.starting_at(streams.first_run + begin), n)
        for one, numbers in zip(chosen, acting.values(), strict=True):
            outcomes = goals.outcomes(run.readings.values(one, run.steps(one)))
            for f in numbers:
                yield f, outcomes


class _Runs:
    """Some runs of one draw: their random numbers, drawn once for all portfolios."""

    def __init__(self, choice: OpenChoice, goals: Goals, streams: Streams, n_runs: int) -> None:
        program, plan = choice.program, choice.plan
        wanted = noise_felt(program)
        wanted[goals.trend] = True
        noise = noise_paths(program.trends.noise, program.n_trends, streams, n_runs, wanted)
        self._streams, self._n = streams, n_runs
        self._threshold = thresholds(streams.threshold[plan.open], streams.first_run, n_runs)
        self._factors = noise_factors(plan, _from_as_of(noise, program.as_of, program.n_steps))
        self.readings = Readings(choice, goals, noise)

    def steps(self, chosen: Chosen) -> Steps:
        """(R, N) event steps under a portfolio."""
        return sample(chosen.plan, self._streams, self._n, threshold=self._threshold, factors=self._factors)


def _from_as_of(noise: tuple[int, Floats] | None, as_of: int, n_steps: int) -> Floats | None:
    """(R, K, H + 1) noise by offset; 0 before it is random."""
    if noise is None:
        return None
    first, paths = noise
    out = np.zeros((*paths.shape[:2], n_steps - as_of))
    begin = max(first, as_of)
    out[:, :, begin - as_of :] = paths[:, :, begin - first :]
    return out


def evaluate(cases: Sequence[Case], found: Feasible) -> Scores:
    """Outcomes of every portfolio in every case, none of which has policies of its own at work."""
    goals = goals_of(cases[0].model)
    portfolios = found.portfolios
    objectives = cases[0].model.objectives
    parts = [_cell(case, goals_of(case.model, objectives), portfolios) for case in cases]
    outcomes, met, *covariances = (np.array(column) for column in zip(*parts, strict=True))
    cells = tuple((case.scenario, case.lens) for case in cases)
    return Scores(found, goals, cells, cases[0].study.settings.runs, outcomes, met, *covariances)


class _Moments:
    """Running means (F, O) and covariances of outcomes that come in chunks (Chan, Golub and LeVeque, 1983)."""

    def __init__(self, n_portfolios: int, n_goals: int, n_with_covariance: int) -> None:
        self._count = np.zeros(n_portfolios)
        self._products = np.zeros((n_with_covariance, n_goals, n_goals))
        self.mean = np.zeros((n_portfolios, n_goals))

    def add(self, f: int, outcomes: Floats) -> None:
        """Take in outcomes (R, O) of portfolio f."""
        n, before = len(outcomes), self._count[f]
        mean = outcomes.sum(axis=0) / n
        shift = mean - self.mean[f]
        self._count[f] += n
        self.mean[f] += shift * (n / (before + n))
        if f < len(self._products):
            centred = outcomes - mean
            self._products[f] += centred.T @ centred + np.outer(shift, shift) * (before * n / (before + n))

    @property
    def covariance(self) -> Floats:
        """(F with covariance, O, O)."""
        return self._products / self._count[: len(self._products), None, None]


def _cell(case: Case, goals: Goals, portfolios: Sequence[Portfolio]) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Outcomes (P, F, O), shares with all targets met (P, F), and the covariances that `Scores` keeps, by draw."""
    effects, settings = policy_effects(case), case.study.settings
    n, n_goals = len(portfolios), len(goals)
    n_told_by_runs = n if settings.n_draws == 1 else 0

    def run(p: int) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        own, gains = _Moments(n, n_goals, max(n_told_by_runs, 1)), _Moments(n, n_goals, n_told_by_runs)
        met, without = np.zeros(n), np.zeros((0, n_goals))
        for f, outcomes in outcomes_of_draw(case, effects, goals, portfolios, p):
            without = outcomes if f == 0 else without
            own.add(f, outcomes)
            met[f] += goals.are_met(outcomes).sum()
            if n_told_by_runs:
                gains.add(f, outcomes - without)
        return own.mean, met / settings.runs, own.covariance[0], own.covariance[:n_told_by_runs], gains.covariance

    case.study.rates(case.scenario)
    means, met, covariance, chance, gain_chance = zip(*case.study.each_draw(run), strict=True)
    return np.array(means), np.array(met), np.mean(covariance, axis=0), chance[0], gain_chance[0]
