"""Small whole valid models, at random but reproducible: each a folder that an analyst could have written.

With few open events and few future steps all are within reach of exact enumeration, but for those in which an event
feels the random noise of a measured trend.
Every marginal probability can be met: what waits for an event is below it, what another prevents has time or
probability left, or it is a base probability.

>>> tiny_model(7).model == tiny_model(7).model
True
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml
from hypothesis import strategies as st

from tests.drafts.clock import Clock
from tests.drafts.events import draft_events, n_future_steps
from tests.drafts.histories import draft_gauge, mark_noise
from tests.drafts.quill import Quill
from tests.drafts.relations import (
    MECHANISMS,
    draft_couplings,
    draft_impacts,
    draft_links,
    draft_trends,
    make_sensitive,
)
from tests.drafts.variants import draft_lenses, draft_policies, draft_scenario

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FEATURES", "SCENARIO", "TinyModel", "tiny_model", "tiny_models", "write_model"]

SCENARIO = "shift"
"""name of a tiny model's scenario, where it has one"""

FEATURES = frozenset(
    " ".join(
        (
            "step_year step_quarter step_month uncertain_date scheduled",
            "certain range quantiles pool_linear pool_odds pool_weights uncertain_duration",
            "marginal_probability base_probability several_points from until point_past_end",
            "requires requires_past requires_points repeats",
            "prevented_by prevented_past prevented_from prevented_points",
            "link_promotes link_inhibits link_strong link_lag link_half_life link_parallel",
            "link_cycle link_between_past",
            "scale_linear scale_log scale_logit constructed_later drift levels",
            "sensitive_linear sensitive_log sensitive_logit sensitive_prospective sensitive_past",
            "impact_step impact_ramp impact_pulse impact_trapezoid impact_fades impact_parallel",
            "impact_past impact_scheduled impact_prospective",
            "coupling coupling_loop",
            "measured baseline_constant baseline_linear baseline_damped baseline_ets baseline_points",
            "missing_datum data_coarser data_end_early fit_window impact_on_data",
            "noise_felt noise_unfelt noise_coupled",
            "lens_weights lens_half_lives",
            "policy_events policy_links policy_impacts policy_trends policy_until",
            "happens_date happens_never_prospective happens_never_past",
            "scenario_probability scenario_link scenario_lens scenario_policies",
        )
    ).split()
)
"""every feature that a tiny model may be marked with"""


@dataclass(frozen=True)
class TinyModel:
    """A model as plain dicts in the YAML format, and the features that it uses."""

    seed: int
    model: dict[str, Any]
    scenario: dict[str, Any]  # {} for none
    features: frozenset[str]

    def __repr__(self) -> str:
        return f"tiny_model({self.seed})"


def tiny_model(seed: int, *, with_data: bool = True) -> TinyModel:
    """The tiny model of a seed: the same for the same seed. Without data, all trends are constructed."""
    rng = np.random.default_rng([seed, 1])
    n_prospective = int(rng.integers(1, 5))
    n_copies = int(rng.integers(1, 3)) if n_prospective < 4 and rng.random() < 0.3 else 0
    most = n_future_steps(n_prospective + n_copies)
    clock = Clock.draw(rng, int(rng.integers(3, most + 1)))
    features = {f"step_{clock.step}"}
    gauge = draft_gauge(seed, clock, features) if with_data else None
    quill = Quill(rng, clock if gauge is None else gauge.clock, features)
    clock = quill.clock
    if not quill.is_uncertain:
        features.add("certain")
    events = draft_events(quill, n_prospective, n_copies)
    trends = draft_trends(quill, gauge)
    make_sensitive(quill, events, trends)
    links, impacts = draft_links(quill, events), draft_impacts(quill, events, trends)
    model: dict[str, Any] = {
        "etia": 1,
        "title": f"Tiny model {seed}",
        "calendar": {
            "start": clock.date(0),
            "as_of": clock.date(clock.as_of),
            "end": clock.date(clock.n_steps - 1),
            "step": clock.step,
        },
        "actors": {"us": {"title": "Us"}},
        "mechanisms": {name: {"title": name.capitalize()} for name in MECHANISMS},
        "lenses": draft_lenses(quill),
        "events": {event.name: event.body for event in events},
        "links": links,
        "trends": {trend.name: trend.body for trend in trends},
        "impacts": impacts,
        "couplings": draft_couplings(quill, trends),
        "policies": draft_policies(quill, events, links, impacts, trends),
    }
    mark_noise(features, events, trends, model)
    if not model["policies"]:
        del model["policies"], model["actors"]
    if not model["lenses"]:
        del model["lenses"]
    return TinyModel(seed, model, draft_scenario(quill, model, events), frozenset(features))


def tiny_models() -> st.SearchStrategy[TinyModel]:
    """Hypothesis' way to tiny models; shrinking leads to small seeds, which are no simpler than others."""
    return st.builds(tiny_model, st.integers(0, 2**32 - 1))


def write_model(tiny: TinyModel, folder: Path) -> Path:
    """Write the model, and its scenario where it has one, as YAML; returns the model's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.yaml").write_text(_yaml(tiny.model), encoding="utf-8")
    if tiny.scenario:
        (folder / "scenarios").mkdir(exist_ok=True)
        (folder / "scenarios" / f"{SCENARIO}.yaml").write_text(_yaml(tiny.scenario), encoding="utf-8")
    return folder


def _yaml(chapter: dict[str, Any]) -> str:
    text: str = yaml.safe_dump(chapter, sort_keys=False, allow_unicode=True, width=120)
    return text
