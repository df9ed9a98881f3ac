"""A model's own tests: what must hold of its results, and what was found (model format, `tests:`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etia.compile.cases import Cases
from etia.compile.standard_errors import mean_and_error, quantile_errors, quantiles
from etia.compile.study import REFERENCE
from etia.describe.hypotheses import reached
from etia.errors import UsageError

if TYPE_CHECKING:
    from etia.compile.study import Case, Study
    from etia.facade.running import Run
    from etia.schema.model import Test

__all__ = ["TestResult", "test_results"]

_TOLERANCE = 3.0
"""standard errors by which a result may lie outside"""


@dataclass(frozen=True)
class TestResult:
    """One test, and what was found."""

    __test__ = False

    test: str
    what: str
    """what was measured, in words"""
    found: float
    se: float
    low: float
    high: float
    note: str | None

    @property
    def holds(self) -> bool:
        """Whether the result lies in its interval, or outside by no more than three standard errors."""
        slack = _TOLERANCE * (0.0 if np.isnan(self.se) else self.se)
        return bool(self.low - slack <= self.found <= self.high + slack)

    def as_row(self) -> dict[str, object]:
        """The keys of `etia test --json`."""
        return {**self.__dict__, "holds": self.holds}


def test_results(run: Run) -> list[TestResult]:
    """All tests of the run's model, in order; tests' own scenario, lens and policies go before the run's."""
    known: dict[tuple[str, tuple[str, ...] | None], Cases] = {}

    def case(test: Test) -> Case:
        scenario = test.scenario or REFERENCE
        policies = test.policies or run.request.policies
        if (scenario, policies) not in known:
            known[scenario, policies] = Cases(run.study, (), None, policies)
        return known[scenario, policies].of(scenario, test.lens or run.request.lens)

    _refuse_unknown_scenarios(run.study, run.model.tests.values())
    return [_result(name, test, case(test)) for name, test in run.model.tests.items()]


test_results.__test__ = False  # type: ignore[attr-defined]


def _refuse_unknown_scenarios(study: Study, tests: object) -> None:
    for test in tests:  # type: ignore[attr-defined]
        if test.scenario and test.scenario != REFERENCE and test.scenario not in study.scenarios:
            raise UsageError(f"a test needs the scenario '{test.scenario}', which this run was not given")


def _result(name: str, test: Test, case: Case) -> TestResult:
    what, found, se, (low, high) = _measured(test, case)
    over = [f"scenario {case.scenario}"] if case.scenario != REFERENCE else []
    over += [f"lens {test.lens}"] if test.lens else []
    over += [f"with {', '.join(test.policies)}"] if test.policies else []
    told = f"{what} ({'; '.join(over)})" if over else what
    return TestResult(name, told, float(found), float(se), low, high, test.note)


def _measured(test: Test, case: Case) -> tuple[str, float, float, tuple[float, float]]:
    """What a test measures, its value, its standard error, and the interval in which it must lie."""
    calendar, last = case.calendar, case.calendar.n_steps - 1
    if test.event is not None:
        assert test.probability is not None
        by = last if test.by is None else min(calendar.last_step(test.by), last)
        come = case.outcomes.steps[:, case.compiled.index.place[test.event]] <= by
        mean, se = mean_and_error(case, come)
        return f"P({test.event} by {calendar.label(by)})", float(mean), float(se), test.probability
    if test.hypothesis is not None:
        assert test.probability is not None
        mean, se = mean_and_error(case, reached(case, case.model.hypotheses[test.hypothesis]))
        return f"P({test.hypothesis})", float(mean), float(se), test.probability
    assert test.trend is not None
    at = last if test.at is None else min(calendar.last_step(test.at), last)
    values = case.outcomes.values(case.trend_names.index(test.trend), at, at)
    if test.mean is not None:
        mean, se = mean_and_error(case, values)
        return f"mean of {test.trend} at {calendar.label(at)}", float(mean[0]), float(se[0]), test.mean
    assert test.median is not None
    in_order = np.sort(values, axis=0)
    error = quantile_errors(values, in_order, (0.5,), case.study.settings.n_draws, case)[0, 0]
    return (
        f"median of {test.trend} at {calendar.label(at)}",
        float(quantiles(in_order, (0.5,))[0, 0]),
        error,
        test.median,
    )
