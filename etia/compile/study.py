"""A model with everything that a question needs: its scenarios and lenses, calibrated draws, and their runs.

Base rates are solved once, for the plain model under the reference lens, and kept everywhere else (method §3, §10).
Layers put their questions to cases; none of them samples on its own.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from etia.compile.judgements import Judgements
from etia.compile.lens import LensWeights, lens_names, lens_weights, reference_lens
from etia.compile.program import Compiled, compile_model
from etia.engine.calibration import BATCH, Calibrated, calibrate, closed_form_rates
from etia.engine.ensemble import Kept, Outcomes, simulate_draw
from etia.engine.program import OPEN
from etia.engine.rate_scores import occurrences, rate_scores
from etia.engine.streams import Streams, keys
from etia.errors import CalibrationError, NotConvergedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from etia.calendar import Calendar
    from etia.engine.program import Program
    from etia.files.scenarios import Scenario
    from etia.schema.model import Model

    Floats = NDArray[np.float64]

__all__ = ["REFERENCE", "SCORED", "Case", "Settings", "Study"]

REFERENCE = "reference"
SCORED = 20_000
"""runs whose scores carry calibration's part of errors on"""
_T = TypeVar("_T")


@dataclass(frozen=True)
class Settings:
    """How many draws and runs, and from which seed (method §8).

    They may be one of several `groups` of as many draws each (central model: runs), which share no random number and
    together are those of one study.
    """

    draws: int = 200
    runs: int = 100
    seed: int = 0
    jobs: int = 1
    central: bool = False
    group: int = 0
    """number of the group"""
    groups: int = 1

    @property
    def n_draws(self) -> int:
        return 1 if self.central else self.draws

    @property
    def calibration_runs(self) -> int:
        """Runs on which each draw is calibrated: at least 20,000 for the central model, at least 1,000 a draw."""
        return 20_000 // self.groups if self.central else 1_000

    @property
    def first_draw(self) -> int:
        """Number of the first draw over all groups."""
        return self.group * self.n_draws

    def first_run(self, p: int, a_draw: int) -> int:
        """Number of draw p's first run over all groups, where a draw has so many."""
        return (self.first_draw + p) * a_draw

    def portion(self, n: int) -> int:
        """The group's part of a number that is meant for all draws together; 1 at least."""
        return max(n // self.groups, 1)

    def __post_init__(self) -> None:
        for name in ("draws", "runs", "jobs"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be 1 or more, not {getattr(self, name)}")


class Study:
    """One model, its scenarios and settings; cases, calibration and runs on demand."""

    def __init__(
        self, model: Model, scenarios: Mapping[str, Scenario] | None = None, settings: Settings | None = None
    ) -> None:
        self.model = model
        self.scenarios = dict(scenarios or {})
        self.settings = settings or Settings()
        chosen = self.settings
        self.judgements = Judgements(chosen.seed, chosen.n_draws, central=chosen.central, first_draw=chosen.first_draw)
        self._plain: dict[tuple[object, ...], Compiled] = {}
        self._kept: dict[tuple[str, int], Kept] = {}

    @property
    def calendar(self) -> Calendar:
        return self.model.timeline

    @property
    def lens_names(self) -> list[str]:
        return lens_names(self.model)

    @property
    def reference_lens(self) -> str:
        return reference_lens(self.model)

    def each_draw(self, work: Callable[[int], _T]) -> list[_T]:
        """`work` done for every draw, in order, on as many threads as `jobs` allows."""
        return self.in_parallel(work, range(self.settings.n_draws))

    def in_parallel(self, work: Callable[[int], _T], numbers: Sequence[int]) -> list[_T]:
        """`work` done for every number, in order, on as many threads as `jobs` allows."""
        if self.settings.jobs == 1 or len(numbers) == 1:
            return [work(number) for number in numbers]
        with ThreadPoolExecutor(self.settings.jobs) as pool:
            return list(pool.map(work, numbers))

    def plain(self, lens: LensWeights) -> Compiled:
        """The model as it stands under a lens, all draws."""
        known = _hashable(lens)
        if known not in self._plain:
            self._plain[known] = compile_model(self.model, lens, self.judgements)
        return self._plain[known]

    @cached_property
    def calibrated(self) -> list[Calibrated]:
        """Base rates of the reference model in every draw; CalibrationError where the central model's are unmet."""
        compiled = self.plain(lens_weights(self.model))
        solved = self._solve(compiled)
        if self.settings.central:
            _check_met(compiled, solved[0])
        return solved

    def _solve(
        self, compiled: Compiled, held: Sequence[Floats] | None = None, free: NDArray[np.bool_] | None = None
    ) -> list[Calibrated]:
        if len(compiled.curves.curves.event) == 0:
            nothing = np.zeros(0)
            return [
                Calibrated(nothing, nothing, np.zeros((0, 0)), nothing.astype(bool), nothing.astype(bool), 0)
            ] * self.settings.n_draws
        streams = self.streams(compiled, "calibration")
        n_runs = self.settings.calibration_runs
        guess = None if self.settings.central else self._central_guess(compiled, free)

        def solve(p: int) -> Calibrated:
            curves = compiled.curves.draw(p)
            start = None if guess is None else guess * closed_form_rates(curves)
            return calibrate(
                compiled.program(p), curves, streams.starting_at(self.settings.first_run(p, n_runs)), n_runs,
                held=None if held is None else held[p], free=free, start=start,
            )  # fmt: skip

        return self.each_draw(solve)

    @cached_property
    def _central_calibrated(self) -> Calibrated:
        """The reference model's central one, where draws are asked for: their solves start there."""
        return self._central(self.plain(lens_weights(self.model)))

    def _central(
        self, compiled: Compiled, held: Floats | None = None, free: NDArray[np.bool_] | None = None
    ) -> Calibrated:
        central = compiled.central or compiled
        curves, streams = central.curves.draw(0), self.streams(central, "calibration")
        found = calibrate(central.program(0), curves, streams, 4_000, held=held, free=free)
        _check_met(central, found)
        return found

    def _central_guess(self, compiled: Compiled, free: NDArray[np.bool_] | None) -> Floats:
        """(I,) calibrated over closed-form rates in the central model: where each draw's solve starts."""
        central, found = compiled.central or compiled, self._central_calibrated
        if free is not None:
            plain = self.plain(lens_weights(self.model))
            found = self._central(compiled, _held(plain.central or plain, central, 0, found.rate), free)
        closed = closed_form_rates(central.curves.draw(0))
        return np.divide(found.rate, closed, out=np.ones_like(closed), where=closed > 0)

    def streams(self, compiled: Compiled, purpose: str = "threshold") -> Streams:
        """Keys of thresholds (for runs or for calibration), of past uniforms and of noise, by name."""
        seed, names = self.settings.seed, compiled.index.names
        courses = (compiled.reference or compiled).courses
        noisy = [series.name for series in courses.series if series.name in compiled.model.trends] if courses else []
        suffix = "" if purpose == "threshold" else f" {purpose}"
        return Streams(keys(seed, purpose, names), keys(seed, "past", names), keys(seed, f"noise{suffix}", noisy))

    def case(
        self,
        scenario: str = REFERENCE,
        lens: str | None = None,
        policies: Sequence[str] | None = None,
        *,
        switched_off: Sequence[str] = (),
        spans: dict[str, tuple[int, int]] | None = None,
    ) -> Case:
        """The model under a scenario, a lens and policies.

        `lens` and `policies` win over the scenario's own. `switched_off` mechanisms weigh 0 (hypotheses, §5), with
        baselines and own noise as with them at work, so that what they did vanishes and is not taken up by the
        baseline; `spans` moves policies to other steps (signposts, §11). Raises UsageError for unknown names.
        """
        given = self._scenario(scenario)
        chosen_lens = lens or (given.lens if given else None)
        chosen = tuple(policies) if policies is not None else (given.policies if given else ())
        weights = lens_weights(given.model if given else self.model, chosen_lens)
        compiled = self._compiled(given, weights)
        if switched_off:
            off = weights.without(switched_off)
            compiled = compile_model(compiled.model, off, self.judgements, reference=compiled.reference or compiled)
        if chosen:
            compiled = compiled.with_policies(chosen, spans)
        return Case(self, scenario, weights.name, chosen, compiled)

    def _scenario(self, name: str) -> Scenario | None:
        if name == REFERENCE:
            return None
        if name not in self.scenarios:
            raise UsageError(
                f"there is no scenario {name!r} in this study; it has {', '.join(self.scenarios) or 'none'}"
            )
        return self.scenarios[name]

    def _compiled(self, given: Scenario | None, weights: LensWeights) -> Compiled:
        if given is None:
            return self.plain(weights)
        factual = _with_new_trends(self.model, given.model)
        reference = self.plain(weights) if factual is None else compile_model(factual, weights, self.judgements)
        return compile_model(given.model, weights, self.judgements, reference=reference)

    def sharing(self, lens: str, p: int, kept: Kept) -> Kept:
        """What is kept of draw p, its arrays those of the lens's first case, or of any, where they are equal."""
        first = self._kept.setdefault(("", -1), kept)
        return kept.sharing(first).sharing(self._kept.setdefault((lens, p), kept.sharing(first)))

    @lru_cache(maxsize=32)  # noqa: B019 - a study lives as long as its questions
    def rates(self, scenario: str) -> list[Floats]:
        """(I,) base rates of each draw for a scenario's curves: the reference model's, but where it gives its own."""
        given = self._scenario(scenario)
        if given is None:
            return [found.rate for found in self.calibrated]
        plain, compiled = self.plain(lens_weights(self.model)), self._compiled(given, lens_weights(given.model))
        names = [compiled.index.names[event] for event in compiled.curves.curves.event]
        free = np.array([name in given.given_probability for name in names], dtype=bool)
        held = [_held(plain, compiled, p, self.calibrated[p].rate) for p in range(self.settings.n_draws)]
        open_events = (compiled.fixed_step[:, compiled.curves.curves.event] == OPEN).any(axis=0)
        if not (free & open_events).any():
            return held
        solved = self._solve(compiled, held, free)
        if self.settings.central:
            _check_met(compiled, solved[0])
        return [found.rate for found in solved]

    @cached_property
    def log_rate_covariance(self) -> Floats:
        """(I, I) of ln λ0 in the central model: J⁻¹ S J⁻ᵀ, S of expected occurrences and J their answer to ln λ0."""
        found = self.calibrated[0]
        reference = self.case()
        counted = np.flatnonzero(np.diag(found.occurrence_covariance) > 0)
        out = np.zeros_like(found.occurrence_covariance)
        scores = reference.rate_scores
        if not len(counted) or scores is None:
            return out
        steps = reference.outcomes.steps[: len(scores)]
        came = occurrences(reference.compiled.curves.draw(0), steps)[:, counted]
        answer = came.T.astype(float) @ scores[:, counted] / len(came)
        solved = np.linalg.pinv(answer)
        spread = found.occurrence_covariance[np.ix_(counted, counted)]
        out[np.ix_(counted, counted)] = solved @ spread @ solved.T
        return out


def _hashable(lens: LensWeights) -> tuple[object, ...]:
    return lens.name, tuple(sorted(lens.weights.items())), tuple(sorted(lens.half_lives.items()))


def _with_new_trends(model: Model, scenario: Model) -> Model | None:
    """The factual model with the trends that a scenario adds, or measures instead of judges; None where there are none.

    What moves only these is the scenario's, so that their levels too stand on the factual past (method §4).
    """
    known = model.trends
    new = {
        name: trend
        for name, trend in scenario.trends.items()
        if name not in known or bool(known[name].history) != bool(trend.history)
    }
    if not new:
        return None
    impacts = {key: one for key, one in scenario.impacts.items() if one.target in new and one.source in model.events}
    couplings = {key: one for key, one in scenario.couplings.items() if one.target in new}
    return model.model_copy(
        update={
            "trends": {**known, **new},
            "impacts": {**model.impacts, **impacts},
            "couplings": {**model.couplings, **couplings},
        }
    )


def _held(plain: Compiled, compiled: Compiled, p: int, rate: Floats) -> Floats:
    """The plain model's base rates laid over a scenario's curves, by event and order of interval."""
    out = closed_form_rates(compiled.curves.draw(p))
    before, after = plain.curves.curves, compiled.curves.curves
    for name, place in compiled.index.place.items():
        if name not in plain.index.place:
            continue
        old = np.flatnonzero(before.event == plain.index.place[name])
        new = np.flatnonzero(after.event == place)
        if len(old) == len(new):
            out[new] = rate[old]
    return out


def _check_met(compiled: Compiled, found: Calibrated) -> None:
    """CalibrationError where a point cannot be met, NotConvergedError where it was only not found how."""
    missed = np.flatnonzero(~found.is_met)
    if not len(missed):
        return
    curves, events, names = compiled.curves.draw(0), compiled.model.events, compiled.index.names
    far = np.abs(found.reached - curves.probability)
    has_conditions = [bool(events[names[e]].requires or events[names[e]].prevented_by) for e in curves.event[missed]]
    adrift = missed[~(found.is_bound[missed] & has_conditions)]
    i = int(adrift[np.argmax(far[adrift])] if len(adrift) else missed[0])
    name, label = names[curves.event[i]], compiled.model.timeline.label(int(curves.by_step[i]))
    elicited, reached = float(curves.probability[i]), float(found.reached[i])
    if len(adrift):
        raise NotConvergedError(name, label, elicited, reached, found.n_sweeps)
    # surely within reach, whatever chance and the strata of thresholds have added
    chance = 0.0 if found.standard_error is None else 3.0 * float(found.standard_error[i]) + 1.0 / BATCH
    event = events[name]
    raise CalibrationError(
        name, label, elicited, max(reached - chance, 0.0), requires=event.requires, prevented_by=event.prevented_by
    )


@dataclass(frozen=True)
class Case:
    """The model under one scenario, lens and set of policies."""

    study: Study = field(repr=False)
    scenario: str
    lens: str
    policies: tuple[str, ...]
    compiled: Compiled = field(repr=False)

    @property
    def model(self) -> Model:
        """The model as the scenario has it."""
        return self.compiled.model

    @property
    def calendar(self) -> Calendar:
        return self.compiled.model.timeline

    @property
    def events_as_written(self) -> list[int]:
        """The engine's events, copies included, in model order: the order of tables' rows."""
        return [place for name in self.model.events for place in self.compiled.index.copies(name)]

    @property
    def event_names(self) -> tuple[str, ...]:
        """The engine's events in order, copies included."""
        return self.compiled.index.names

    @property
    def trend_names(self) -> list[str]:
        return list(self.compiled.model.trends)

    def program(self, p: int) -> Program:
        """The Program of draw p, with its calibrated base rates."""
        return self.compiled.program(p, self.study.rates(self.scenario)[p])

    @cached_property
    def _streams(self) -> Streams:
        return self.study.streams(self.compiled)

    def streams(self, p: int) -> Streams:
        """The streams of draw p's runs, numbered from p · R in the first group."""
        settings = self.study.settings
        return self._streams.starting_at(settings.first_run(p, settings.runs))

    @cached_property
    def outcomes(self) -> Outcomes:
        """All runs of all draws."""
        return self.world(lambda program: program)

    @property
    def has_calibration_error(self) -> bool:
        """Whether calibration of the central model has an error of its own that is followed into errors of results."""
        study = self.study
        if not study.settings.central or not study.calibrated[0].occurrence_covariance.any():
            return False
        # a scenario with events of its own: their part is not followed
        return len(self.compiled.curves.curves.event) == len(study.calibrated[0].rate)

    @cached_property
    def rate_scores(self) -> Floats | None:
        """(R, I) scores of the central model's ln λ0 in its first runs; None where there is nothing to calibrate.

        The first 20,000 tell what they are for, calibration's part of errors, well enough.
        """
        if not self.has_calibration_error:
            return None
        steps = self.outcomes.steps[:SCORED]
        return rate_scores(self.program(0), self.compiled.curves.draw(0), self.streams(0), steps)

    def world(self, change: Callable[[Program], Program]) -> Outcomes:
        """All runs of all draws of a changed world, on the same random numbers."""
        study, n_runs = self.study, self.study.settings.runs
        study.rates(self.scenario)

        def run(p: int) -> tuple[NDArray[np.int16], Kept]:
            steps, kept = simulate_draw(change(self.program(p)), self.streams(p), n_runs)
            return steps, study.sharing(self.lens, p, kept)

        done = study.each_draw(run)
        return Outcomes(np.concatenate([steps for steps, _ in done]), tuple(kept for _, kept in done), n_runs)

    def with_policies(self, policies: Sequence[str], spans: dict[str, tuple[int, int]] | None = None) -> Case:
        """The same case with other policies at work."""
        plain = self.compiled if not self.policies else self.study.case(self.scenario, self.lens, ()).compiled
        compiled = plain.with_policies(tuple(policies), spans) if policies else plain
        return replace(self, policies=tuple(policies), compiled=compiled)
