"""The standard job: a model made by rule, in any size, and what it is run with.

20 prospective events with 4 incoming links each (lags of 1 to 12 months, rate ratios between 0.4 and 3,
lasting), marginal
probabilities over two points, the final ones spread evenly from 0.05 to 0.6, 120 months, 10 linear trends, 3 trapezoid
impacts an event, no noise. Variants: noise on all trends, three events sensitive to trends, half-lives on all links.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from etia.compile.judgements import Judgements
from etia.compile.lens import lens_weights
from etia.compile.program import compile_model
from etia.engine.calibration import calibrate
from etia.engine.program import Noise, Program
from etia.engine.streams import Streams, keys
from etia.files.load import load_dict

if TYPE_CHECKING:
    from etia.schema.model import Model

__all__ = ["Job", "job", "model", "streams"]

FIRST_YEAR = 2020


@dataclass(frozen=True)
class Job:
    """A calibrated Program and its streams; the steps after `as_of` are those that are looked at."""

    program: Program
    streams: Streams

    @property
    def n_months(self) -> int:
        return self.program.n_steps - 1


def _month(number: int) -> str:
    return f"{FIRST_YEAR + number // 12}-{number % 12 + 1:02d}"


def model(
    *, n_events: int = 20, n_months: int = 120, n_trends: int = 10, n_links: int = 4, sensitive: int = 0,
    half_life: int | None = None,
) -> Model:  # fmt: skip
    """The job as an analyst would write it, in its size and with its variants."""
    rng = np.random.default_rng(1)
    final = np.linspace(0.05, 0.6, n_events)
    events: dict[str, Any] = {}
    links: dict[str, Any] = {}
    impacts: dict[str, Any] = {}
    for b in range(n_events):
        points = [(n_months // 2, 0.45 * final[b]), (n_months, final[b])]
        events[f"e{b}"] = {
            "title": f"Event {b}", "level": "meso",
            "probability": [{"by": _month(at), "value": float(q)} for at, q in points],
        }  # fmt: skip
        for a in rng.choice([a for a in range(n_events) if a != b], min(n_links, n_events - 1), replace=False):
            ratio = float(np.exp(rng.uniform(np.log(0.4), np.log(3.0))))
            link = {"rate_ratio": ratio, "lag": f"{rng.integers(1, 13)} months"}
            links[f"e{a} -> e{b}"] = link if half_life is None else {**link, "half_life": f"{half_life} months"}
        for k in rng.choice(n_trends, min(3, n_trends), replace=False):
            starts, rises, falls = rng.integers(0, 7), rng.integers(1, 13), rng.integers(6, 25)
            peak = float(rng.normal())
            impacts[f"e{b} -> t{k}"] = {
                "starts": f"{starts} months", "peaks": f"{starts + rises} months",
                "settles": f"{starts + rises + falls} months", "peak": peak, "lasting": peak * float(rng.uniform()),
            }  # fmt: skip
    for b in range(sensitive):
        events[f"e{b}"]["sensitive_to"] = {f"t{b}": {"per": 1, "rate_ratio": 1.3}}
    trends = {
        f"t{k}": {
            "title": f"Trend {k}", "unit": "points", "level": "meso",
            "constructed": {"from": _month(0), "value": 10},
        } for k in range(n_trends)
    }  # fmt: skip
    written = {
        "etia": 1, "title": "Standard job",
        "calendar": {"start": _month(0), "as_of": _month(0), "end": _month(n_months), "step": "month"},
        "events": events, "links": links, "trends": trends, "impacts": impacts,
    }  # fmt: skip
    return load_dict(written).model


def _noise(n_trends: int, n_steps: int) -> Noise:
    """AR(1) noise on every trend from the first step after `as_of` on."""
    age = np.subtract.outer(np.arange(n_steps - 1), np.arange(n_steps - 1))
    weight = np.where(age >= 0, 0.9 ** np.maximum(age, 0), 0.0) * 0.2
    nothing = np.zeros(0, dtype=np.int32)
    return Noise.of(
        1, np.arange(n_trends, dtype=np.int32), np.repeat(weight[None], n_trends, axis=0), nothing, nothing,
        np.zeros(0), nothing,
    )  # fmt: skip


def streams(names: list[str], n_trends: int, purpose: str = "threshold") -> Streams:
    """Keys of a job's random numbers."""
    trends = [f"t{k}" for k in range(n_trends)]
    return Streams(keys(0, purpose, names), keys(0, "past", names), keys(0, "noise", trends))


def job(*, noise: bool = False, runs: int = 20_000, **size: Any) -> Job:
    """The calibrated job; arguments as those of `model`."""
    written = model(**size)
    compiled = compile_model(written, lens_weights(written), Judgements(0, 1, central=True))
    names, n_trends = list(compiled.index.names), len(written.trends)
    program = compiled.program(0)
    if noise:
        program = replace(program, trends=replace(program.trends, noise=_noise(n_trends, program.n_steps)))
    found = calibrate(program, compiled.curves.draw(0), streams(names, n_trends, "calibration"), runs)
    rated = compiled.program(0, found.rate)
    return Job(replace(rated, trends=program.trends), streams(names, n_trends))
