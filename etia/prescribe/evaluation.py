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
from etia.engine.variations import vary
from etia.prescribe.objectives import goals_of, windows_of
from etia.prescribe.portfolios import portfolio_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from etia.compile.policies import PolicyDraws
    from etia.compile.portfolios import Choices
    from etia.compile.study import Case
    from etia.engine.streams import Streams
    from etia.prescribe.objectives import Goals
    from etia.prescribe.portfolios import Feasible, Portfolio

    Floats = NDArray[np.float64]
    Spans = dict[str, tuple[int, int]]

__all__ = ["Scale", "Scores", "evaluate", "outcomes_of_draw", "policy_effects"]

_MOST_VALUES = 4_000_000
"""outcomes (portfolios × runs × objectives) that are held at once"""


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
    case: Case, offers: Sequence[Mapping[str, PolicyDraws]], goals: Goals, portfolios: Sequence[Portfolio], p: int
) -> Iterator[list[Floats]]:
    """(F, R, O) the objectives' outcomes under every portfolio in the runs of draw p, in chunks of runs.

    One such array for each of the `offers`, the policies' effects by name: on the same runs, sampled once. Portfolios
    whose policies with effects are the same share their runs.
    """
    first = OpenChoice(case.compiled, p, case.study.rates(case.scenario)[p], offers[0])
    asked = [_asked(first if i == 0 else first.with_effects(own), own, portfolios) for i, own in enumerate(offers)]
    n_runs, streams = case.study.settings.runs, case.streams(p)
    chunk = max(_MOST_VALUES // (max(len(one.choices.deviation) for one in asked) * len(goals)), 100)
    for begin in range(0, n_runs, chunk):
        here = streams.starting_at(streams.first_run + begin)
        runs = _runs(first, goals, here, min(chunk, n_runs - begin))
        yield [goals.outcomes(_read(one.choice, one.choices, goals, runs))[one.place] for one in asked]


class _Asked(NamedTuple):
    """The portfolios under one offer of effects, those of the same effects once."""

    choice: OpenChoice
    choices: Choices
    place: NDArray[np.intp]  # (F,) of each portfolio among the choices


def _asked(choice: OpenChoice, effects: Mapping[str, PolicyDraws], portfolios: Sequence[Portfolio]) -> _Asked:
    acting = [tuple(name for name in portfolio if name in effects and effects[name].acts) for portfolio in portfolios]
    distinct = {portfolio: i for i, portfolio in enumerate(dict.fromkeys(acting))}
    return _Asked(choice, choice.under(list(distinct)), np.array([distinct[portfolio] for portfolio in acting]))


class _Runs(NamedTuple):
    """Some runs of a draw without any policy."""

    noise: tuple[int, Floats] | None  # first step, and paths of the trends that count
    threshold: Floats  # (R, M)
    factors: Floats  # (R, rows, H + 1) noise on hazards
    steps: NDArray[np.int16]  # (R, N)


def _runs(choice: OpenChoice, goals: Goals, streams: Streams, n_runs: int) -> _Runs:
    program, plan = choice.program, choice.plan
    wanted = noise_felt(program)
    wanted[goals.trend] = True
    noise = noise_paths(program.trends.noise, program.n_trends, streams, n_runs, wanted)
    threshold = thresholds(streams.threshold[plan.open], streams.first_run, n_runs)
    factors = noise_factors(plan, _from_as_of(noise, program.as_of, program.n_steps))
    return _Runs(noise, threshold, factors, sample(plan, streams, n_runs, threshold=threshold, factors=factors))


def _read(choice: OpenChoice, choices: Choices, goals: Goals, runs: _Runs) -> Floats:
    """(V, R, O) what the objectives read off the runs."""
    windows = windows_of(choice, choices, goals, runs.noise)
    return vary(choice.plan, choices.pairs, runs.steps, runs.threshold, runs.factors, choices.changes, windows)


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
        self._count = 0
        self._products = np.zeros((n_with_covariance, n_goals, n_goals))
        self.mean = np.zeros((n_portfolios, n_goals))

    def add(self, outcomes: Floats) -> None:
        """Take in outcomes (F, R, O)."""
        n, before = outcomes.shape[1], self._count
        mean = outcomes.sum(axis=1) / n
        shift = mean - self.mean
        self._count += n
        self.mean += shift * (n / self._count)
        k = len(self._products)
        centred, moved = outcomes[:k] - mean[:k, None], shift[:k]
        between = moved[:, :, None] * moved[:, None, :] * (before * n / self._count)
        self._products += centred.transpose(0, 2, 1) @ centred + between

    @property
    def covariance(self) -> Floats:
        """(F with covariance, O, O)."""
        return self._products / self._count


def _cell(case: Case, goals: Goals, portfolios: Sequence[Portfolio]) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Outcomes (P, F, O), shares with all targets met (P, F), and the covariances that `Scores` keeps, by draw."""
    effects, settings = policy_effects(case), case.study.settings
    n, n_goals = len(portfolios), len(goals)
    n_told_by_runs = n if settings.n_draws == 1 else 0

    def run(p: int) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        own, gains = _Moments(n, n_goals, max(n_told_by_runs, 1)), _Moments(n, n_goals, n_told_by_runs)
        met = np.zeros(n)
        for (outcomes,) in outcomes_of_draw(case, [effects], goals, portfolios, p):
            own.add(outcomes)
            met += goals.are_met(outcomes).sum(axis=1)
            if n_told_by_runs:
                gains.add(outcomes - outcomes[:1])
        return own.mean, met / settings.runs, own.covariance[0], own.covariance[:n_told_by_runs], gains.covariance

    case.study.rates(case.scenario)
    means, met, covariance, chance, gain_chance = zip(*case.study.each_draw(run), strict=True)
    return np.array(means), np.array(met), np.mean(covariance, axis=0), chance[0], gain_chance[0]
