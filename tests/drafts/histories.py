"""Drafted histories of measured trends: data, some of them missing, and the baseline beneath them (method §4)."""

from __future__ import annotations

from dataclasses import replace
from math import exp
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.drafts.clock import PARTS
from tests.drafts.quill import Quill

if TYPE_CHECKING:
    from tests.drafts.clock import Clock
    from tests.drafts.events import EventDraft
    from tests.drafts.relations import TrendDraft

__all__ = ["METHODS", "draft_gauge", "mark_noise", "measure"]

Mapping = dict[str, Any]

METHODS = ("constant", "linear", "damped", "ets", "points")

COARSER = {"quarter": PARTS["quarter"], "month": PARTS["month"] // PARTS["quarter"]}
"""steps that a period of coarser data has"""


def draft_gauge(seed: int, clock: Clock, features: set[str]) -> Quill | None:
    """The quill of a model's measured trends, its clock with a longer past; None where it has none.

    It draws from numbers of its own, so that models without measured trends stay as they were.
    """
    rng = np.random.default_rng([seed, 2])
    if rng.random() < 0.5:
        return None
    is_coarse = clock.step in COARSER and rng.random() < 0.35
    longer = 8 * COARSER[clock.step] if is_coarse else int(rng.integers(7, 11))
    longer_clock = replace(clock, as_of=clock.as_of + longer, n_steps=clock.n_steps + longer)
    if is_coarse:
        features.add("data_coarser")
    return Quill(rng, longer_clock, features)


def measure(gauge: Quill, draft: TrendDraft, value: float) -> None:
    """Give the trend a history about `value`, and a baseline of some method."""
    gauge.features.add("measured")
    dates = _dates(gauge)
    values = _course(gauge, draft, value, len(dates))
    kept = _kept(gauge, len(dates))
    draft.body["history"] = [{"at": dates[i], "value": values[i]} for i in kept]
    method = gauge.pick(list(METHODS))
    gauge.features.add(f"baseline_{method}")
    baseline: Mapping = {"method": method}
    if method == "points":
        clock = gauge.clock
        ends = sorted({int(gauge.rng.integers(0, clock.as_of)), clock.n_steps - 1})
        baseline["points"] = [{"at": clock.date(at), "value": gauge.number(value)} for at in ends]
    elif gauge.chance(0.3):
        gauge.features.add("fit_window")
        baseline["fit"] = [dates[kept[1]], dates[kept[-1]]]
    if method != "constant" or "fit" in baseline or gauge.chance(0.7):
        draft.body["baseline"] = baseline


def _dates(gauge: Quill) -> list[int | str]:
    """The periods of the data up to `as_of`: steps, or the coarser periods within a calendar that was made for them."""
    clock = gauge.clock
    if "data_coarser" not in gauge.features:
        return [clock.date(index) for index in range(clock.as_of + 1)]
    return clock.periods(COARSER[clock.step], 0, clock.as_of)


def _course(gauge: Quill, draft: TrendDraft, value: float, n: int) -> list[float]:
    """Values of an AR(1) about a slope, in the latent scale, about half a middling size wide."""
    slope, memory = gauge.between(-0.05, 0.05), gauge.between(0.0, 0.7)
    shocks, path = gauge.rng.normal(size=n) * 0.4, [0.0]
    for shock in shocks:
        path.append(memory * path[-1] + float(shock))
    moved = [draft.size_latent * (noise + slope * i) for i, noise in enumerate(path[1:])]
    if draft.scale == "linear":
        return [round(value + x, 4) for x in moved]
    if draft.scale == "log":
        return [round(value * exp(x), 4) for x in moved]
    lower, upper = draft.body["bounds"]
    odds = (value - lower) / (upper - value)
    return [round(lower + (upper - lower) / (1 + exp(-x) / odds), 4) for x in moved]


def _kept(gauge: Quill, n: int) -> list[int]:
    """The data that there are: now and then one or two are missing within, or the last is not there yet."""
    kept = list(range(n))
    if gauge.chance(0.5):
        gauge.features.add("missing_datum")
        for _ in range(int(gauge.rng.integers(1, 3)) if n > 8 else 1):
            kept.remove(gauge.pick(kept[1:-1]))
    if len(kept) > 7 and gauge.chance(0.3):
        gauge.features.add("data_end_early")
        kept.pop()
    return kept


def mark_noise(features: set[str], events: list[EventDraft], trends: list[TrendDraft], model: Mapping) -> None:
    """Mark what becomes of the measured trends' noise, and that past events act on them."""
    measured = {trend.name for trend in trends if trend.is_measured}
    ends = [key.split(" (")[0].split(" -> ") for key in model["couplings"]]
    reached = set(measured)
    while spread := {target for source, target in ends if source in reached} - reached:
        reached |= spread
    if any(source in measured for source, _ in ends):
        features.add("noise_coupled")
    prospective = [event for event in events if event.kind == "prospective"]
    if any(reached & set(event.body.get("sensitive_to", {})) for event in prospective):
        features.add("noise_felt")
    elif measured:
        features.add("noise_unfelt")
    past = {event.name for event in events if event.kind == "past"}
    hits = [key.split(" (")[0].split(" -> ") for key in model["impacts"]]
    if any(source in past and target in measured for source, target in hits):
        features.add("impact_on_data")
