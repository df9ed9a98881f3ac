"""The two tiny models with known exact results: calibration, probabilities, trends, central dates and scores."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from etia.engine.exact import Histories, enumerate_histories
from etia.engine.exact_calibration import calibrate
from etia.engine.exact_outcomes import (
    central_step,
    event_probabilities,
    mean,
    quantiles,
    to_units,
    trend_values,
)
from etia.engine.exact_scores import impact_scores
from tests.engine.programs import with_rates
from tests.engine.tiny_programs import Tiny, tiny1, tiny4

if TYPE_CHECKING:
    from collections.abc import Callable

    from etia.engine.program import Program


@pytest.fixture(scope="module", params=[tiny1, tiny4], ids=["tiny1", "tiny4"])
def tiny(request: pytest.FixtureRequest) -> Tiny:
    make: Callable[[], Tiny] = request.param
    return make()


@pytest.fixture(scope="module")
def program(tiny: Tiny) -> Program:
    rates = calibrate(partial(with_rates, tiny.program, tiny.curves), tiny.curves).rates
    return with_rates(tiny.program, tiny.curves, rates)


@pytest.fixture(scope="module")
def histories(program: Program) -> Histories:
    return enumerate_histories(program)


def test_calibrated_base_rates_are_the_known_ones(tiny: Tiny, program: Program) -> None:
    for event, rates in tiny.expected["lambda0"].items():
        np.testing.assert_allclose(program.base_rate[tiny.events.index(event)], rates, rtol=1e-9)


def test_event_probabilities_are_the_known_ones(tiny: Tiny, program: Program, histories: Histories) -> None:
    assert histories.probability.sum() == pytest.approx(1, abs=1e-12)
    found = event_probabilities(histories, program.n_steps)
    for event, by_step in tiny.expected["events"].items():
        np.testing.assert_allclose(found[tiny.events.index(event)], by_step, atol=1e-11)


def test_trend_means_and_quantiles_are_the_known_ones(tiny: Tiny, program: Program, histories: Histories) -> None:
    values = to_units(trend_values(program, histories), program.trends.scales)
    means = mean(values, histories.probability)
    for name, level in {"p5": 0.05, "p50": 0.5, "p95": 0.95}.items():
        low, at, high = quantiles(values, histories.probability, [level - 0.01, level, level + 0.01])
        for k, trend in enumerate(tiny.trends):
            expected = tiny.expected["trends"][trend]
            np.testing.assert_allclose(means[k], expected["mean"], rtol=1e-10)
            np.testing.assert_allclose(at[k], expected[name], rtol=1e-10)
            np.testing.assert_allclose(np.stack([low[k], high[k]], axis=1), expected[f"{name}_range"], rtol=1e-10)


def test_central_dates_and_scores_are_the_known_ones(tiny: Tiny, program: Program, histories: Histories) -> None:
    labels = tiny.expected["steps"]
    for event_index, event in enumerate(tiny.events):
        step = central_step(histories, event_index, as_of=program.as_of, n_steps=program.n_steps)
        assert labels[step] == tiny.expected["central"][event]
        scores = impact_scores(program, event_index, step)
        for k, trend in enumerate(tiny.trends):
            expected = tiny.expected["scores"][event][trend]
            np.testing.assert_allclose(scores.total[k], expected["total"], atol=1e-9)
            np.testing.assert_allclose(scores.direct[k], expected["direct"], atol=1e-9)
