"""Small measured models for the tests of learning from data."""

from __future__ import annotations

import numpy as np

from etia.files.load import load_dict


def study(values, *, first=1980, events=None, impacts=None, scale="linear", baseline="constant", as_of=None, **more):
    """A model of one annual trend `y` with these values from the year `first` on."""
    last = first + len(values) - 1
    history = [{"at": str(first + i), "value": float(v)} for i, v in enumerate(values) if np.isfinite(v)]
    trend = {"title": "Y", "scale": scale, "history": history, "baseline": {"method": baseline}}
    return load_dict(
        {
            "etia": 1,
            "title": "A measured trend",
            "domains": ["x"],
            "calendar": {"start": str(first), "as_of": str(as_of or last), "end": str(last + 5), "step": "year"},
            "events": {
                name: {"title": name, "level": "macro", "domains": ["x"], **event}
                for name, event in (events or {}).items()
            },
            "trends": {"y": trend, **more.pop("trends", {})},
            "impacts": impacts or {},
            **more,
        }
    )


def ar1(rng, n, phi=0.3, sigma=1.0):
    noise = np.empty(n)
    noise[0] = rng.normal() * sigma / np.sqrt(1 - phi**2)
    for t in range(1, n):
        noise[t] = phi * noise[t - 1] + sigma * rng.normal()
    return noise
