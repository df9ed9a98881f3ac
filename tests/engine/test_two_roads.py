"""Two further roads to the sampler's numbers: a Bayesian network solved by a library, a Poisson process."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import stats

from etia.compile.study import Case, Settings, Study
from etia.files.load import load_dict

RUNS = 200_000


def case(events: dict[str, Any], end: str, **more: Any) -> Case:
    calendar = {"start": "2020", "as_of": "2020", "end": end, "step": "year"}
    raw = {"etia": 1, "title": "Two roads", "calendar": calendar, "events": events, **more}
    return Study(load_dict(raw).model, settings=Settings(central=True, runs=RUNS)).case()


def prospective(value: float, by: str, **more: Any) -> dict[str, Any]:
    return {"title": "E", "level": "meso", "probability": {"by": by, "value": value, "meaning": "base"}, **more}


def test_a_bayesian_network_of_the_same_events_gives_the_same_probabilities():
    """Links without half-life and with a lag of a step make "has come by t" a Markov chain: one node an event and step.

    P(comes in a step) = 1 − exp(−λ0 Π ρ) over the causes that had come the step before; pyAgrum solves it exactly.
    """
    gum = pytest.importorskip("pyagrum")
    base = {"a": 0.5, "b": 0.3, "c": 0.4}
    ratio = {("a", "b"): 3.0, ("b", "c"): 0.4, ("c", "a"): 2.0, ("a", "c"): 1.5}
    horizon = 4
    found = case(
        {name: prospective(q, "2024", requires=["b"] if name == "c" else []) for name, q in base.items()},
        "2024",
        links={f"{a} -> {b}": {"rate_ratio": r} for (a, b), r in ratio.items()},
    )
    network = gum.BayesNet()
    rate = {name: -np.log1p(-q) / horizon for name, q in base.items()}
    for name, t in product(base, range(horizon + 1)):
        network.add(gum.LabelizedVariable(f"{name}{t}", "", 2))
    for name, t in product(base, range(1, horizon + 1)):
        for other in base:
            network.addArc(f"{other}{t - 1}", f"{name}{t}")
    for name in base:
        network.cpt(f"{name}0").fillWith([1.0, 0.0])
    for name, t in product(base, range(1, horizon + 1)):
        for states in product((0, 1), repeat=len(base)):
            had_come = dict(zip(base, states, strict=True))
            factor = np.prod([r for (a, b), r in ratio.items() if b == name and had_come[a]])
            is_held = name == "c" and not had_come["b"]
            p = 1.0 if had_come[name] else 0.0 if is_held else -np.expm1(-rate[name] * factor)
            network.cpt(f"{name}{t}")[{f"{other}{t - 1}": state for other, state in had_come.items()}] = [1 - p, p]
    inference = gum.LazyPropagation(network)
    inference.makeInference()
    for place, name in enumerate(base):
        for t in range(1, horizon + 1):
            exact = inference.posterior(f"{name}{t}")[1]
            sampled = (found.outcomes.steps[:, place] <= t).mean()
            assert abs(sampled - exact) <= 4.5 * np.sqrt(exact * (1 - exact) / RUNS), (name, t)


def test_one_event_alone_comes_as_a_poisson_process_does():
    """P(comes by t) = 1 − exp(−Λ(t)) with Λ piecewise linear through the curve's points −ln(1 − q)."""
    points = [{"by": "2024", "value": 0.2, "meaning": "base"}, {"by": "2030", "value": 0.7}]
    found = case({"a": {"title": "A", "level": "macro", "probability": points}}, "2030")
    cumulated = np.interp(np.arange(11), [0, 4, 10], [0, -np.log(0.8), -np.log(0.3)])
    exact = -np.expm1(-cumulated)
    sampled = (found.outcomes.steps[:, :1] <= np.arange(11)).mean(axis=0)
    assert np.abs(sampled - exact).max() < 4.5 * np.sqrt(0.25 / RUNS)


def test_a_repeating_event_counts_as_a_process_with_at_most_one_occurrence_a_step():
    """With λ the same in every step and a copy a step, one copy is at risk in each: the count is Binomial(T, 1 − e^−λ),
    the Poisson process of rate λ seen in steps."""
    found = case({"a": prospective(0.9, "2032", repeats=12)}, "2032")
    p = -np.expm1(np.log(0.1) / 12)
    count = (found.outcomes.steps <= 12).sum(axis=1)
    exact = stats.binom(12, p)
    for n in range(13):
        assert abs((count == n).mean() - exact.pmf(n)) < 4.5 * np.sqrt(exact.pmf(n) / RUNS) + 1e-9
    assert count.mean() == pytest.approx(12 * p, abs=4.5 * np.sqrt(12 * p * (1 - p) / RUNS))
