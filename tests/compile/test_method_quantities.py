"""§2 of the method page, sentence by sentence: what a written judgement is worth, and which share a percentile."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from tests.compile.hand_models import chance, drawn, event, judged, study


def curve(found, name="a"):
    """(P, points) drawn probabilities."""
    compiled = found.case().compiled
    return compiled.curves.probability[:, compiled.curves.curves.event == compiled.index.place[name]]


def experts(pool="linear", weights=None, **own):
    return {"experts": own, "pool": pool, **({"weights": weights} if weights else {})}


def central_curve(value):
    return curve(study(events={"a": event(probability=chance(value))}))[0, 0]


@pytest.mark.parametrize(
    ("written", "log_ratio"),
    [
        (["1/3", 1, 3], 0.0),  # (−ln 3 + 0 + ln 3)/6
        ([1, 2, 16], 4 / 3 * log(2)),  # (0 + 4 ln 2 + 4 ln 2)/6
        ({"experts": {"x": 2, "y": [1, 2, 16]}, "weights": {"x": 3, "y": 1}}, (3 + 4 / 3) / 4 * log(2)),
    ],
)
def test_a_rate_ratio_stands_at_its_geometric_mean(written, log_ratio):
    events = {"a": event(date="2015"), "b": event(probability=chance(0.2))}
    links = study(events=events, links={"a -> b": {"rate_ratio": written}}).case().compiled.links
    assert links.log_ratio[0, 0] == pytest.approx(log_ratio, abs=1e-12)


def test_a_probability_stands_at_its_mean_and_a_pool_of_odds_at_its_odds_geometric_mean():
    """PERT (0.1 + 0.8 + 0.6)/6 = 0.25. Odds ¼ and 4: with equal weights 1; with 3 : 1, 4^(−¾ + ¼) = ½, so ⅓."""
    assert central_curve([0.1, 0.2, 0.6]) == pytest.approx(0.25)
    assert central_curve(experts("odds", x=0.2, y=0.8)) == pytest.approx(0.5)
    assert central_curve(experts("odds", {"x": 3, "y": 1}, x=0.2, y=0.8)) == pytest.approx(1 / 3)
    assert central_curve(experts("linear", {"x": 3, "y": 1}, x=0.2, y=0.8)) == pytest.approx(0.35)


def test_a_duration_stands_at_its_mode_a_pooled_one_at_the_weighted_mean_of_its_experts():
    """[1, 2, 30] years: 2. Experts 3 : 1 at 2 and 6 years: 3."""
    events = {"a": event(date="2015"), "b": event(probability=chance(0.2))}
    ranged = ["1 year", "2 years", "30 years"]
    for written, lag in ((ranged, 2), (experts("linear", {"x": 3, "y": 1}, x=ranged, y="6 years"), 3)):
        links = study(events=events, links={"a -> b": {"rate_ratio": 2, "lag": written}}).case().compiled.links
        assert links.lag[0, 0] == lag


def test_a_linear_pool_is_one_experts_judgement_in_each_draw():
    found = curve(study(settings=drawn(4000), events={
        "a": event(probability=chance(experts("linear", {"x": 3, "y": 1}, x=0.2, y=0.8)))
    }))  # fmt: skip
    assert set(np.unique(found)) == {0.2, 0.8}
    assert (found == 0.2).mean() == pytest.approx(0.75, abs=0.03)


@pytest.mark.parametrize("pool", ["linear", "odds"])
def test_points_of_a_curve_share_percentile_and_expert_in_whatever_order_they_are_listed(pool):
    """Each expert says the same of 2030 as of 2025, so every draw does; the second point lists them otherwise."""
    own = {"x": [0.1, 0.2, 0.3], "y": [0.3, 0.6, 0.9]}
    first, second = experts(pool, **own), experts(pool, **dict(reversed(own.items())))
    found = curve(study(settings=drawn(300), events={
        "a": event(probability=[chance(first, "2025"), {"by": "2030", "value": second}])
    }))  # fmt: skip
    assert found[:, 1] == pytest.approx(found[:, 0], abs=1e-12)


def test_a_running_maximum_keeps_a_curve_from_falling():
    """One percentile; the wide range passes the narrow one high up, and there both points are the wide one's."""
    wide, narrow = [0.1, 0.3, 0.9], [0.25, 0.35, 0.4]
    both = curve(study(settings=drawn(300), events={
        "a": event(probability=[chance(wide, "2025"), {"by": "2030", "value": narrow}])
    }))  # fmt: skip
    assert (both[:, 1] >= both[:, 0]).all()
    assert (both[:, 1] == both[:, 0]).any()
    assert ((both[:, 1] > both[:, 0]) & (both[:, 1] <= 0.4)).any()


def sized(**impact):
    found = study(settings=drawn(300), events={"a": event(date="2015")}, trends={"y": judged()},
                  impacts={"a -> y": impact, "a -> y (other)": impact})  # fmt: skip
    return found.case().compiled.impacts


def test_peak_and_lasting_share_a_percentile_and_other_impacts_do_not():
    """The peak's range is ten times the lasting one's, so the drawn peak is ten times the drawn lasting."""
    found = sized(peaks="1 year", settles="2 years", peak=[0, 10, 30], lasting=[0, 1, 3])
    assert found.peak == pytest.approx(10 * found.lasting)
    assert abs(np.corrcoef(found.peak.T)[0, 1]) < 0.2


def test_drawn_times_are_put_in_order_by_a_running_maximum():
    found = sized(starts=["0 years", "2 years", "9 years"], peaks=["1 year", "3 years", "5 years"],
                  settles=["2 years", "4 years", "6 years"], peak=4, lasting=2)  # fmt: skip
    assert (found.peaks >= found.starts).all()
    assert (found.settles >= found.peaks + 1).all()
    assert (found.peaks == found.starts).any()


def test_sizes_are_drawn_as_written_and_then_turned_into_the_latent_scale():
    """On a log trend the drawn per cent x of [0, 10, 38] is ln(1 + x/100); the mean is that of x, 13 %."""
    trends = {"y": judged(scale="log")}
    options = {
        "events": {"a": event(date="2015")},
        "trends": trends,
        "impacts": {"a -> y": {"lasting": ["0%", "10%", "38%"]}},
    }
    found = study(settings=drawn(4000), **options).case().compiled.impacts.lasting
    assert 100 * np.expm1(found).mean() == pytest.approx(13, abs=0.5)
    assert study(**options).case().compiled.impacts.lasting[0, 0] == pytest.approx(log(1.13))
