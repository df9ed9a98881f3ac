"""A model as Python sees it: its chapters as mappings by id, and scenarios over it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from etia.files import load as files
from etia.files.places import Places
from etia.files.resolved import joined, scenario_layers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from etia.calendar import Calendar
    from etia.errors import Finding
    from etia.files.load import LoadedModel
    from etia.files.scenarios import Scenario
    from etia.learn.backtest import Backtest
    from etia.learn.fit import Fits
    from etia.schema import model as chapters
    from etia.schema.event import Event
    from etia.schema.evidence import Card, Claim
    from etia.schema.policy import Objective, Policy
    from etia.schema.relation import Coupling, Impact, Link
    from etia.schema.theory import Actor, Hypothesis, Lens, Mechanism, Stake
    from etia.schema.trend import Trend

__all__ = ["Model", "load"]


def load(path: str | Path, *, overrides: Iterable[str] = (), as_of: str | None = None) -> Model:
    """The model of a folder or a single file.

    `overrides` are `PATH=VALUE` texts applied in order, `as_of` moves the present. Raises ModelError with every fault
    at once, UsageError where there is no model or an override makes no sense.
    """
    given = tuple(overrides)
    return Model(files.load(path, overrides=given, as_of=as_of), overrides=given, as_of=as_of)


@dataclass(frozen=True, repr=False)
class Model:
    """A sound model, with or without a scenario over it. Chapters are read-only mappings by id."""

    loaded: LoadedModel
    """the model as its files have it"""
    scenario: Scenario | None = None
    """what lies over it; rates stay those of the model without"""
    layers: tuple[Mapping[str, Any], ...] = field(default=())
    """the scenario's layers as plain data, the first to apply first"""
    overrides: tuple[str, ...] = ()
    """`PATH=VALUE` texts that were applied when it was loaded"""
    as_of: str | None = None
    """the date to which `as_of` was moved, if it was"""
    fitted: Path | None = None
    """the proposal of `etia fit` whose sizes were taken over, if one was"""

    @property
    def name(self) -> str:
        """The folder's name, or the file's without its ending."""
        return self.loaded.name

    @property
    def content(self) -> chapters.Model:
        """The whole as the format has it, the scenario applied."""
        return self.loaded.model if self.scenario is None else self.scenario.model

    @property
    def title(self) -> str:
        return self.content.title

    @property
    def question(self) -> str | None:
        return self.content.question

    @property
    def calendar(self) -> Calendar:
        """The steps."""
        return self.content.timeline

    @property
    def actors(self) -> Mapping[str, Actor]:
        return MappingProxyType(self.content.actors)

    @property
    def mechanisms(self) -> Mapping[str, Mechanism]:
        return MappingProxyType(self.content.mechanisms)

    @property
    def lenses(self) -> Mapping[str, Lens]:
        return MappingProxyType(self.content.lenses)

    @property
    def events(self) -> Mapping[str, Event]:
        return MappingProxyType(self.content.events)

    @property
    def links(self) -> Mapping[str, Link]:
        return MappingProxyType(self.content.links)

    @property
    def trends(self) -> Mapping[str, Trend]:
        return MappingProxyType(self.content.trends)

    @property
    def impacts(self) -> Mapping[str, Impact]:
        return MappingProxyType(self.content.impacts)

    @property
    def couplings(self) -> Mapping[str, Coupling]:
        return MappingProxyType(self.content.couplings)

    @property
    def stakes(self) -> Mapping[str, Stake]:
        return MappingProxyType(self.content.stakes)

    @property
    def hypotheses(self) -> Mapping[str, Hypothesis]:
        return MappingProxyType(self.content.hypotheses)

    @property
    def policies(self) -> Mapping[str, Policy]:
        return MappingProxyType(self.content.policies)

    @property
    def objectives(self) -> Mapping[str, Objective]:
        return MappingProxyType(self.content.objectives)

    @property
    def tests(self) -> Mapping[str, chapters.Test]:
        return MappingProxyType(self.content.tests)

    @property
    def seeds(self) -> Mapping[str, Card]:
        """The source cards by id."""
        return MappingProxyType(self.loaded.seeds)

    @property
    def claims(self) -> Mapping[str, Claim]:
        """All claims of the sources by number."""
        return MappingProxyType(self.loaded.claims)

    @property
    def scenarios(self) -> Mapping[str, Path]:
        """The scenario files that there are for this model, by name."""
        return MappingProxyType(self.loaded.scenarios)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is odd but legal."""
        return self.loaded.warnings + (self.scenario.warnings if self.scenario else ())

    def structure(self) -> dict[str, pd.DataFrame]:
        """The measures of the model's graph: tables `influence`, `feedback_loops` and `gatekeepers`.

        Who drives and who depends, which loops close, what every path to a trend passes. `etia.structure` has the
        measures themselves, for `model.matrix()` or any other.
        """
        from etia.graph.measures import measures

        return measures(self.content)

    def matrix(self) -> pd.DataFrame:
        """Who acts on whom how strongly, row = source: what `etia.structure`'s measures of the model are taken of.

        Events and trends in model order; each relation's largest central effect in the latent scale over the largest of
        its kind and target trend, in [−1, 1].
        """
        from etia.graph.measures import matrix_of

        return matrix_of(self.content)

    def turning_points(self, *, false_alarm: float = 0.05) -> pd.DataFrame:
        """Table `turning_points` without a run, at a false-alarm rate; intervals cover 1 − `false_alarm`.

        Raises UsageError unless the rate lies strictly between 0 and 0.5.
        """
        from etia.learn.connected import checked_rate
        from etia.learn.model_breaks import model_turning_points

        return model_turning_points(self.content, alpha=checked_rate(false_alarm))

    def fit(self, *, lens: str | None = None, seed: int = 0, draws: int | None = None, central: bool = False) -> Fits:
        """What the data say of the sizes of past impacts on measured trends, as `etia fit`; `.table` has them all."""
        from etia.learn.fit import DRAWS, fit_model

        return fit_model(self.content, lens=lens, seed=seed, draws=draws or DRAWS, central=central)

    def backtest(
        self,
        *,
        origins: Sequence[str] = (),
        lens: str | None = None,
        draws: int = 200,
        runs: int | None = None,
        seed: int = 0,
        jobs: int | None = None,
        central: bool = False,
    ) -> Backtest:
        """What the model would have forecast from past dates, scored, as `etia backtest`; `.tables` has the scores.

        `origins`: the dates; where left out the ends of the last twenty years. Raises UsageError for an origin at which
        nothing can be scored.
        """
        from etia.compile.study import Settings
        from etia.learn.backtest import backtest

        n_runs = runs if runs is not None else 20_000 if central else 100
        settings = Settings(1 if central else draws, n_runs, seed, jobs or os.cpu_count() or 1, central)
        return backtest(self.content, name=self.name, origins=origins, settings=settings, lens=lens)

    def with_scenario(self, scenario: str | Path | Mapping[str, Any]) -> Model:
        """The model with a scenario over it: a name, a file, or a mapping in the words of the format.

        A second one is laid over the first. Raises ModelError with every fault of it, UsageError where there is none.
        """
        below = self.loaded
        if self.scenario is not None:
            root = self.scenario.root
            below = replace(below, model=self.scenario.model, root=root, places=Places(root))
        found = files.apply_scenario(below, scenario)
        layers = scenario_layers(below, found, scenario if isinstance(scenario, Mapping) else None)
        if self.scenario is not None:
            found = joined(self.scenario, found)
        return replace(self, scenario=found, layers=(*self.layers, *layers))

    def with_fitted(self, proposal: str | Path) -> Model:
        """The model with the sizes of a proposal of `etia fit` in place of its own; scenarios lie over them.

        Raises UsageError where there is no such file, ModelError with every fault in it.
        """
        from etia.learn.proposal import overlay

        changed = replace(self.without_scenario(), loaded=overlay(self.loaded, proposal), fitted=Path(proposal))
        for layer in self.layers:
            changed = changed.with_scenario(layer)
        return changed

    def without_scenario(self) -> Model:
        """The model as its files have it."""
        return replace(self, scenario=None, layers=())

    def __repr__(self) -> str:
        over = f" under {self.scenario.name!r}" if self.scenario else ""
        counts = ("events", "links", "trends", "impacts", "couplings", "policies")
        return f"Model({self.name!r}{over}: {', '.join(f'{len(getattr(self, part))} {part}' for part in counts)})"
