"""One run of a model: what was asked, the study that answers, and its tables, figures and explanations on demand."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etia.errors import UsageError
from etia.facade.model import Model, load
from etia.facade.tables import Tables
from etia.learn.connected import FALSE_ALARM, checked_rate

if TYPE_CHECKING:
    from etia.compile.cases import Cases, Options
    from etia.compile.study import Settings, Study
    from etia.describe.explanation import Account
    from etia.facade.plot import Plot
    from etia.facade.testing import TestResult
    from etia.files.scenarios import Scenario

    Wanted = str | Path | Mapping[str, Any]

__all__ = ["Request", "Run", "run"]


@dataclass(frozen=True)
class Request:
    """What a run was asked for besides model and scenarios; with them, all that its numbers depend on."""

    lens: str | None = None
    """applies to every row; None: each scenario's own, else the reference lens"""
    policies: tuple[str, ...] | None = None
    """apply to every row; None: each scenario's own"""
    draws: int = 200
    runs: int = 100
    seed: int = 0
    central: bool = False
    exact: bool = False
    every_step: bool = False
    until_se: float | None = None
    learn: bool = False
    """fits, backtests and weights of lenses too"""
    false_alarm: float = FALSE_ALARM
    """of the test of turning points"""

    @property
    def size(self) -> int:
        """How many independent units there are: draws, or the runs of the central model."""
        return self.runs if self.central or self.exact else self.draws

    def settings(self, jobs: int, group: int = 0, groups: int = 1) -> Settings:
        """The study's settings."""
        from etia.compile.study import Settings

        central = self.central or self.exact
        draws, runs = (self.draws, self.runs // groups) if central else (self.draws // groups, self.runs)
        return Settings(draws, runs, self.seed, jobs, central, group, groups)


@dataclass(frozen=True, repr=False)
class Run:
    """A run; nothing is computed until a table, a figure or an explanation is asked for."""

    model: Model
    """the model without scenarios"""
    scenarios: Mapping[str, Model]
    """the same under each scenario, by name, in order"""
    request: Request
    jobs: int = 1
    folder: Path | None = None
    """where it was read from, if it was"""
    remarks: tuple[str, ...] = field(default=())
    """what the person should know of how it went"""
    group: tuple[int, int] = (0, 1)
    """the number of the group of its draws (central model: runs) that it looks at, and of how many"""

    @cached_property
    def settled(self) -> Run:
        """The run with as many draws and runs as it takes for the standard errors that were asked for."""
        if self.request.until_se is None:
            return self
        from etia.facade.enough import enough

        return enough(self.asking(until_se=None), self.request.until_se)

    @cached_property
    def study(self) -> Study:
        """Calibrated draws and their runs."""
        if self.settled is not self:
            return self.settled.study
        from etia.compile.exact_study import ExactStudy
        from etia.compile.study import Study

        over: dict[str, Scenario] = {name: model.scenario for name, model in self.scenarios.items() if model.scenario}
        kind = ExactStudy if self.request.exact else Study
        return kind(self.model.content, over, self.request.settings(self.jobs, *self.group))

    @cached_property
    def cases(self) -> Cases:
        """The reference and each scenario, under the lens and policies asked for."""
        from etia.compile.cases import Cases

        if self.settled is not self:
            return self.settled.cases
        return Cases(self.study, list(self.scenarios), self.request.lens, self.request.policies)

    @property
    def options(self) -> Options:
        """What layers are told besides the cases."""
        from etia.compile.cases import Options

        asked = self.request
        return Options(self.model.claims, asked.every_step, self.model.name, asked.learn, asked.false_alarm)

    @cached_property
    def tables(self) -> Tables:
        """All tables by name, each layer computed when one of its tables is first asked for."""
        return Tables(self) if self.settled is self else self.settled.tables

    @cached_property
    def plot(self) -> Plot:
        """Figures of this run, each on new axes or on given ones."""
        from etia.facade.plot import Plot

        return Plot(self)

    def explain(
        self, trend: str, at: str | None = None, *, scenario: str = "reference", lens: str | None = None
    ) -> Account:
        """The additive account of a trend's value at a date (at `as_of` where left out).

        Raises UsageError for an unknown trend, date, scenario or lens.
        """
        from etia.describe.explanation import explain

        return explain(self.cases.of(scenario, lens), trend, at)

    def test(self) -> list[TestResult]:
        """The model's own tests, each with what was found; `holds` says whether it passed.

        Raises UsageError where a test names a scenario that this run has not.
        """
        from etia.facade.testing import test_results

        return list(test_results(self))

    def save(self, folder: str | Path | None = None, *, force: bool = False, parquet: bool = False) -> Path:
        """Write the run folder, `runs/<model>-<hash>` unless named, and return its path.

        Where the same run lies there already, nothing is computed. Raises UsageError where another run lies in
        `folder`, unless `force`.
        """
        from etia.report.folder import save

        return save(self, Path(folder) if folder is not None else None, force=force, parquet=parquet)

    def asking(self, **changes: Any) -> Run:
        """The same run with other numbers of draws or runs, or another seed."""
        return replace(self, request=replace(self.request, **changes), folder=None)

    def in_groups(self, most: int) -> Iterator[Run]:
        """The same run in up to `most` groups of as many draws (central model: runs), which are independent.

        No draw or run is in two groups; a remainder is in none. Each draw and run is the one that it is in the whole.
        """
        whole = self.settled
        n = min(most, whole.request.size)
        return (replace(whole, folder=None, group=(number, n)) for number in range(n))

    def __repr__(self) -> str:
        asked, over = self.request, f" with {', '.join(self.scenarios)}" if self.scenarios else ""
        size = "exact" if asked.exact else f"{1 if asked.central else asked.draws} draws × {asked.runs} runs"
        return f"Run({self.model.name!r}{over}: {size}, seed {asked.seed})"


def run(
    model: Model | str | Path,
    *,
    scenarios: Iterable[Wanted] | Wanted = (),
    lens: str | None = None,
    policies: Sequence[str] | None = None,
    draws: int = 200,
    runs: int | None = None,
    seed: int = 0,
    jobs: int | None = None,
    central: bool = False,
    exact: bool = False,
    as_of: str | None = None,
    set: Sequence[str] = (),  # noqa: A002 - the command line's own word
    every_step: bool = False,
    until_se: float | None = None,
    learn: bool = False,
    false_alarm: float = FALSE_ALARM,
    fitted: str | Path | None = None,
) -> Run:
    """A run of a model, given or to be loaded.

    Parameters
    ----------
    scenarios
        Names, files or mappings; the reference is tabled too.
    lens, policies
        In place of the reference lens and of the scenarios' own; they apply to every row.
    draws, runs
        Draws of the judgements, and runs of chance in each: 100, or 20,000 for the central model.
    jobs
        Threads; all processors where left out. Numbers do not depend on it.
    central
        The central model: every judgement at its mean.
    exact
        The central model by enumeration, for tiny models (LimitError else).
    as_of, set
        Another present, and `PATH=VALUE` texts applied to the model.
    learn
        Fits, backtests and weights of lenses from the data too (a minute or more); turning points are always tested.
    false_alarm
        How often the test of turning points may call one where there is none, between 0 and 0.5; their intervals
        cover the rest.
    fitted
        A proposal of `etia fit`, whose sizes take the place of the model's own.
    until_se
        Go on with more draws (central: runs) until every stated standard error is at most this. In the central model
        calibration has an error of its own, which more runs do not lessen: where that is larger, the run ends and says
        so.

    Raises
    ------
    UsageError
        For unknown names and options without meaning.
    ModelError
        With every fault of the model or of a scenario.
    """
    base = _with_changes(model if isinstance(model, Model) else load(model), tuple(set), as_of)
    base = base if fitted is None else base.with_fitted(fitted)
    n_runs = runs if runs is not None else 20_000 if central else 100
    over = _under_scenarios(base, [scenarios] if isinstance(scenarios, (str, Path, Mapping)) else list(scenarios))
    chosen = None if policies is None else tuple(policies)
    request = Request(lens, chosen, draws, n_runs, seed, central, exact, every_step, until_se, learn, false_alarm)
    _check(base, request)
    return Run(base.without_scenario(), over, request, jobs or os.cpu_count() or 1)


def _with_changes(model: Model, overrides: tuple[str, ...], as_of: str | None) -> Model:
    """The model loaded anew with further overrides or another present; its scenarios laid over it again."""
    if not overrides and as_of is None:
        return model
    path = model.loaded.path
    if path is None:
        raise UsageError("a model made in Python takes no `set` and no `as_of`; change it before loading")
    changed = load(path, overrides=(*model.overrides, *overrides), as_of=as_of or model.as_of)
    changed = changed if model.fitted is None else changed.with_fitted(model.fitted)
    for layer in model.layers:
        changed = changed.with_scenario(layer)
    return changed


def _under_scenarios(model: Model, wanted: Sequence[Wanted]) -> dict[str, Model]:
    """The model's own scenario, if it has one, and the wanted ones, by name."""
    found: dict[str, Model] = {}
    given = [model] if model.scenario is not None else []
    plain = model.without_scenario()
    for under in [*given, *(plain.with_scenario(one) for one in wanted if str(one) != "reference")]:
        assert under.scenario is not None
        name = under.scenario.name
        if name in found and name != "scenario":
            raise UsageError(f"two scenarios are called '{name}'; rename one of the files")
        if name in found:  # scenarios from Python have no name of their own
            name = f"scenario_{len(found) + 1}"
        found[name] = under
    return found


def _check(model: Model, request: Request) -> None:
    """Raise UsageError for names that the model lacks and for numbers without meaning."""
    from etia.schema.fault import did_you_mean

    known: list[tuple[str, Iterable[str], Mapping[str, Any]]] = [
        ("lens", [request.lens] if request.lens else [], model.lenses),
        ("policy", request.policies or (), model.policies),
    ]
    for word, names, there in known:
        for name in names:
            if name not in there:
                plural = {"lens": "lenses", "policy": "policies"}[word]
                raise UsageError(f"there is no {word} '{name}'. {did_you_mean(name, there, what=plural)}".strip())
    for word in ("draws", "runs"):
        if getattr(request, word) < 1:
            raise UsageError(f"{word} must be 1 or more, not {getattr(request, word)}")
    if request.until_se is not None and not 0 < request.until_se < float("inf"):
        raise UsageError(f"--until-se {request.until_se:g}: a standard error is above 0")
    if request.until_se is not None and request.exact:
        raise UsageError("--until-se asks for more runs, and --exact needs none: leave one of them out")
    checked_rate(request.false_alarm)
