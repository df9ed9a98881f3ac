"""§8 of the method page, sentence by sentence: which random numbers go where."""

from __future__ import annotations

import numpy as np

from etia.engine import ensemble
from etia.engine.streams import keys, thresholds
from tests.compile.hand_models import drawn, event, judged, measured, study

VALUES = {str(2010 + i): 10 + (7 * i) % 5 for i in range(11)}
MODEL = {
    "events": {
        "a": event(probability={"by": "2026", "value": [0.2, 0.4, 0.6]}),
        "b": event(probability={"by": "2026", "value": 0.5}, sensitive_to={"y": {"per": 2, "rate_ratio": 2}}),
    },
    "links": {"a -> b": {"rate_ratio": [1, 2, 6]}},
    "trends": {"y": measured(VALUES), "z": judged([40, 50, 60])},
    "impacts": {"a -> z": {"lasting": [2, 4, 9]}},
}


def test_the_runs_of_all_draws_are_numbered_through():
    """Run r of draw p reads number p · R + r of each event's stream."""
    found = study(settings=drawn(3, 5), **MODEL)
    case = found.case()
    stream = keys(0, "threshold", ["a", "b"])
    for p in range(3):
        streams = case.streams(p)
        assert streams.first_run == p * 5
        assert np.array_equal(thresholds(streams.threshold, streams.first_run, 5), thresholds(stream, p * 5, 5))


def test_threads_and_chunks_change_no_number(monkeypatch):
    one = study(settings=drawn(6, 11), **MODEL).case()
    expected = one.outcomes.steps, one.outcomes.latent(0), one.outcomes.latent(1)
    monkeypatch.setattr(ensemble, "_CHUNK", 4)
    again = study(settings={**drawn(6, 11), "jobs": 3}, **MODEL).case()
    for before, after in zip(
        expected, (again.outcomes.steps, again.outcomes.latent(0), again.outcomes.latent(1)), strict=True
    ):
        assert np.array_equal(before, after, equal_nan=True)


def test_a_further_event_leaves_every_other_ones_draws_as_they_were():
    """Its name is the first, so that every index moves; judgements, thresholds and noise stay those of the names."""
    more = {"A": event(probability={"by": "2026", "value": [0.1, 0.3, 0.5]}), **MODEL["events"]}
    plain = study(settings=drawn(4, 30), **MODEL).case()
    wider = study(settings=drawn(4, 30), **{**MODEL, "events": more}).case()
    assert np.array_equal(plain.compiled.curves.probability[:, 0], wider.compiled.curves.probability[:, 1])
    assert np.array_equal(plain.compiled.links.log_ratio, wider.compiled.links.log_ratio)
    assert np.array_equal(plain.outcomes.latent(0), wider.outcomes.latent(0), equal_nan=True)
    assert np.array_equal(plain.outcomes.steps[:, 0], wider.outcomes.steps[:, 1])


def test_scenarios_lenses_and_policies_share_all_random_numbers():
    """What they do not touch comes in the same step in every run, and what they leave of the noise is the same."""
    extra = {
        "mechanisms": {"m": {"title": "M"}},
        "lenses": {"first": {"reference": True}, "other": {"weights": {"m": 0}}},
        "policies": {"act": {"title": "P", "from": "2022", "trends": {"z": {"lasting": 3, "mechanism": "m"}}}},
    }
    found = study({"s": {"events": {"b": {"happens": "2024"}}}}, settings=drawn(4, 30), **MODEL, **extra)
    plain = found.case()
    for other in (found.case("s"), found.case(lens="other"), found.case(policies=["act"])):
        assert np.array_equal(plain.outcomes.steps[:, 0], other.outcomes.steps[:, 0])
        assert np.array_equal(plain.outcomes.latent(0), other.outcomes.latent(0), equal_nan=True)


def test_the_central_model_is_calibrated_on_20_000_runs_and_each_draw_on_1_000():
    assert study(**MODEL).settings.calibration_runs >= 20_000
    assert study(settings=drawn(), **MODEL).settings.calibration_runs >= 1_000
