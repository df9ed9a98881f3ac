from __future__ import annotations

import numpy as np
import pytest

from etia.compile.study import Settings, Study
from etia.describe.explanation import explain
from etia.files.load import load_dict
from etia.mapping.ends import ends
from etia.mapping.projections import LEVELS, projections

RUNS = 20_000


def _model(**more):
    history = [{"at": str(2000 + i), "value": 50 + 3 * np.sin(7.0 * i)} for i in range(20)]
    return load_dict({
        "etia": 1, "title": "Noisy", "calendar": {"start": 2000, "as_of": 2019, "end": 2029, "step": "year"},
        "events": {"a": {"title": "A", "level": "meso", "probability": {"by": 2029, "value": 0.6}, **more}},
        "trends": {"y": {"title": "Y", "unit": "points", "level": "meso", "history": history}},
        "impacts": {"a -> y": {"shape": "step", "lasting": 8}},
    }).model  # fmt: skip


@pytest.fixture(scope="module")
def case():
    return Study(_model(), {}, Settings(runs=RUNS, central=True)).case()


def test_bands_of_the_mixture_are_those_of_many_noisy_samples(case):
    """The share of samples at or below a band's edge is its level but for its own and the samples' error."""
    found, after = projections(case)["y"], case.calendar.as_of + 1
    values = case.outcomes.values(0, after)
    share = (values <= found.quantiles[:, after - found.first :, None].swapaxes(1, 2)).mean(axis=1)
    level = np.array(LEVELS)[:, None]
    assert np.all(np.abs(share - level) < 4.5 * np.sqrt(level * (1 - level) / RUNS))
    assert np.all(found.errors[:, after - found.first :] > 0)


def test_an_explanation_states_the_median_of_the_tables(case):
    found = projections(case)["y"]
    assert explain(case, "y", "2029").median == found.quantiles[LEVELS.index(0.5), -1]


def test_errors_of_the_mixture_are_smaller_than_those_of_samples(case):
    from etia.compile.standard_errors import quantile_errors

    found, values = projections(case)["y"], case.outcomes.values(0, case.calendar.n_steps - 1)
    sampled = quantile_errors(values, np.sort(values, axis=0), LEVELS, 1, case)[:, 0]
    assert np.all(found.errors[:, -1] < sampled)


def test_score_cards_and_projections_name_the_same_band(case):
    assert np.allclose(ends(case).band[0], projections(case)["y"].quantiles[[0, 2, 4], -1], rtol=1e-12)


def test_samples_serve_where_an_event_depends_on_noise():
    sensitive = _model(sensitive_to={"y": {"per": 1, "rate_ratio": 1.2}})
    feeling = Study(sensitive, {}, Settings(runs=2000, central=True)).case()
    values = np.sort(feeling.outcomes.values(0, feeling.calendar.n_steps - 1)[:, 0])
    assert projections(feeling)["y"].quantiles[2, -1] == values[999]
