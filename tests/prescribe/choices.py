"""Models with policies and objectives for the tests of this layer, and what enumeration says of them."""

from __future__ import annotations

import numpy as np

from etia.compile.study import Settings, Study
from etia.engine.exact import enumerate_histories
from etia.engine.exact_outcomes import to_units, trend_values
from etia.files.load import load_dict
from tests.strategies import tiny_model

OBJECTIVES = ("maximise", "minimise", "reach")

WORKED = {
    "etia": 1,
    "title": "One event, two policies",
    "calendar": {"start": 2020, "as_of": 2020, "end": 2022, "step": "year"},
    "events": {"e": {"title": "E", "level": "meso", "probability": {"by": 2022, "value": 0.75, "meaning": "base"}}},
    "trends": {"x": {"title": "X", "constructed": {"from": 2020, "value": 10}}},
    "impacts": {"e -> x": {"shape": "step", "lasting": 4}},
    "policies": {
        "a": {"title": "A", "from": 2021, "cost": 1, "events": {"e": {"rate_ratio": 2}}},
        "b": {"title": "B", "from": 2022, "cost": 2, "trends": {"x": {"shape": "step", "lasting": 1}}},
    },
    "objectives": {
        "more": {"trend": "x", "goal": "maximise", "at": 2022, "weight": 3},
        "high": {"trend": "x", "goal": "reach", "target": 14.5, "at": 2022, "weight": 1},
    },
}  # fmt: skip


def study_of(body, **settings):
    return Study(load_dict(body).model, {}, Settings(**settings))


def tiny_with_objectives(seed):
    """A tiny model with policies, and objectives of every kind on its trends; None where it has no policy."""
    tiny = tiny_model(seed, with_data=False)
    if "policies" not in tiny.model:
        return None
    program = study_of(tiny.model, central=True, runs=1).case().program(0)
    calendar = load_dict(tiny.model).model.timeline
    last = calendar.n_steps - 1
    objectives = {}
    for k, name in enumerate(tiny.model["trends"]):
        middle = to_units(program.trends.baseline[None], program.trends.scales)[0, k, last]
        goal = OBJECTIVES[(seed + k) % 3]
        body = {"trend": name, "goal": goal, "weight": k + 1}
        if goal == "reach":
            body |= {"target": float(middle), "at_most": bool(seed % 2)}
        span = (seed + k) % 2 == 0
        body |= (
            {"from": calendar.label(last - 1), "until": calendar.label(last)} if span else {"at": calendar.label(last)}
        )
        objectives[f"goal_{k}"] = body
    return {**tiny.model, "objectives": objectives}


def exact_outcomes(case, portfolio, goals, spans=None):
    """(histories, O) outcomes of a portfolio in the central model, and the histories' probabilities."""
    chosen = case.with_policies(list(portfolio), spans) if portfolio else case
    program = chosen.program(0)
    histories = enumerate_histories(program)
    values = to_units(trend_values(program, histories), program.trends.scales)
    read = [values[:, k, a : b + 1].mean(axis=1) for k, a, b in zip(goals.trend, goals.first, goals.last, strict=True)]
    return goals.outcomes(np.array(read).T), histories
