"""Paths of trends asked for step by step are those of the whole course."""

from __future__ import annotations

import numpy as np
import pytest

from etia.compile.study import Settings, Study
from etia.files.load import load_dict
from tests.strategies import tiny_model


@pytest.mark.parametrize("seed", range(12))
def test_values_at_a_step_are_those_of_the_whole_course(seed):
    case = Study(load_dict(tiny_model(seed).model).model, settings=Settings(draws=2, runs=30, seed=seed)).case()
    outcomes = case.outcomes
    for k in range(len(case.trend_names)):
        whole = outcomes.values(k)
        for step in range(outcomes.n_steps):
            assert np.array_equal(outcomes.values(k, step, step)[:, 0], whole[:, step], equal_nan=True), step
