"""All trends at some steps are the same numbers as each trend's own paths."""

from __future__ import annotations

import numpy as np
import pytest

from etia.compile.study import Settings, Study
from etia.engine.snapshots import latent_at
from etia.files.load import load_dict

NOISY = {
    "etia": 1,
    "title": "Measured and judged",
    "calendar": {"start": 2000, "as_of": 2012, "end": 2020, "step": "year"},
    "events": {
        "past": {"title": "Past", "level": "macro", "date": 2005},
        "maybe": {"title": "Maybe", "level": "macro", "probability": {"by": 2020, "value": [0.3, 0.5, 0.7]}},
    },
    "trends": {
        "x": {
            "title": "X",
            "history": [{"at": 2000 + i, "value": v} for i, v in enumerate([3, 4, 2, 5, 4, 6, 5, 4, 6])],
        },
        "y": {"title": "Y", "scale": "log", "constructed": {"from": 2003, "value": [8, 10, 12]}},
    },
    "impacts": {"maybe -> x": {"lasting": 1}, "past -> y": {"lasting": "+10%"}},
    "couplings": {"x -> y": {"strength": 0.1, "lag": "1 year"}},
}


@pytest.mark.parametrize("jobs", [1, 2])
def test_all_trends_at_once_are_the_same_to_the_last_bit(jobs):
    case = Study(load_dict(NOISY).model, {}, Settings(draws=3, runs=40, jobs=jobs)).case()
    steps = np.array([1, 9, 12, 13, 20])
    found = latent_at(case.outcomes, steps, case.study.each_draw)
    for trend in range(2):
        wanted = case.outcomes.latent(trend)[:, steps]
        assert np.array_equal(found[trend], wanted, equal_nan=True)
