"""A small study with a bit of everything, and tables made up for it: reports are written from tables alone."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from etia.facade.model import Model
from etia.files.load import load_dict
from etia.report.subject import Subject

NAMES = {"scenario": "reference", "lens": "quarrel"}

STUDY = {
    "etia": 1,
    "title": "Two neighbours & a <river>",
    "question": "Does the treaty hold?",
    "calendar": {"start": "2020", "as_of": "2024", "end": "2030", "step": "year"},
    "domains": ["strategic", "geoeconomic"],
    "actors": {"north": {"title": "North (to 1990 the Union)"}, "south": {"title": "South"}},
    "mechanisms": {"fear": {"title": "Fear binds"}, "trade": {"title": "Trade binds"}},
    "lenses": {
        "quarrel": {"title": "Quarrel", "reference": True, "weights": {"fear": 1}},
        "commerce": {"title": "Commerce", "weights": {"fear": 0.5, "trade": 2}},
    },
    "events": {
        "treaty": {
            "title": "A treaty is signed",
            "date": "2021-05-08",
            "level": "meso",
            "domains": ["strategic"],
            "actors": ["north", "south"],
        },
        "war": {"title": "A war elsewhere", "date": "2022", "level": "macro", "domains": ["strategic"]},
        "dam": {"title": "The dam is built", "level": "meso", "probability": {"by": "2028", "value": [0.2, 0.4, 0.6]}},
        "flood": {"title": "A flood", "level": "macro", "probability": {"by": "2030", "value": 0.1}, "repeats": 2},
    },
    "links": {"war -> dam": {"rate_ratio": [1, 2, 3], "mechanism": "fear"}},
    "trends": {
        "trust": {
            "title": "Trust",
            "unit": "index",
            "level": "meso",
            "scale": "logit",
            "bounds": [0, 100],
            "levels": {0: "enemies", 50: "partners"},
            "constructed": {"from": "2020", "value": 40},
        },
        "freight": {
            "title": "Freight",
            "unit": "bn USD a year, at 2020 prices",
            "level": "meso",
            "scale": "log",
            "history": [{"at": str(y), "value": 2.0 + (y - 2020) / 10, "note": "a guess"} for y in range(2020, 2025)],
            "baseline": {"method": "constant"},
        },
    },
    "impacts": {
        "treaty -> trust": {"lasting": [2, 5, 9], "mechanism": "trade"},
        "dam -> freight": {"lasting": ["0%", "10%", "30%"], "mechanism": "trade"},
    },
    "couplings": {"trust -> freight": {"strength": 0.1}},
    "stakes": {
        "water": {
            "title": "Water for both",
            "positions": {"north": 3, "south": -2},
            "salience": {"north": 3, "south": 3},
        }
    },
    "hypotheses": {
        "holds": {
            "statement": "The treaty holds.",
            "trend": "trust",
            "at_least": "partners",
            "by": "2028",
            "carried_by": ["fear"],
        }
    },
    "policies": {
        "dredge": {"title": "Dredge the river", "actor": "north", "cost": 2, "from": "2026", "note": "Slow."},
        "talk": {"title": "Talk", "cost": 1, "from": "2026", "excludes": ["dredge"]},
    },
    "budget": {"value": 3, "unit": "points"},
    "objectives": {
        "trust": {"goal": "reach", "target": 50, "at": "2030"},
        "freight": {"goal": "maximise", "from": "2026", "until": "2030"},
    },
}

YEARS = [str(year) for year in range(2020, 2031)]


def rows(columns: str, *values: tuple[object, ...], **same: object) -> pd.DataFrame:
    """A table from rows, with columns that are the same in all of them in front."""
    table = pd.DataFrame(list(values), columns=columns.split())
    for place, (name, value) in enumerate(same.items()):
        table.insert(place, name, value)
    return table


def _course(trend: str, first: float, last: float, spread: float) -> pd.DataFrame:
    values = [first + (last - first) * i / 10 for i in range(11)]
    widths = [0.0] * 5 + [spread * i / 6 for i in range(1, 7)]
    return pd.DataFrame(
        {
            **NAMES,
            "trend": trend,
            "date": YEARS,
            "baseline": first,
            "mean": values,
            "se": 0.1,
            **{f"p{q}": [v + z * w for v, w in zip(values, widths, strict=True)] for q, z in
               ((5, -1.0), (25, -0.4), (50, 0.0), (75, 0.4), (95, 1.0))},
        }
    )  # fmt: skip


def _tables() -> dict[str, pd.DataFrame]:
    shares = ("trust", 45.0, "2030", 40.0, 60.0, 40.0, 80.0, 0.7, "enemies", "partners", 0.3, 0.7)
    other = ("freight", 2.4, "2030", 2.0, 3.0, 2.0, 4.0, 0.9, None, None, 0.1, 0.9)
    card = (
        "trend now horizon baseline p50 p5 p95 rise_probability level_now likeliest_level judgement_share chance_share"
    )
    cards = rows(card, shares, other, **NAMES)
    scores = "lens hypothesis probability se without_mechanisms claims_for claims_against claims_qualifying"
    worlds = [("reference", "quarrel"), ("reference", "commerce"), ("all", "all")]
    return {
        "event_probabilities": rows(
            "event date probability se",
            *(("dam", year, 0.1 * i, 0.01) for i, year in enumerate(YEARS[5:], 1)),
            *(("flood", year, 0.015 * i, 0.005) for i, year in enumerate(YEARS[5:], 1)),
            **NAMES,
        ),
        "trend_projections": pd.concat([_course("trust", 40, 60, 20), _course("freight", 2, 3, 1)], ignore_index=True),
        "trend_scores": pd.concat([cards, cards.assign(lens="commerce", p50=cards["p50"] * 0.8)], ignore_index=True),
        "level_probabilities": rows(
            "trend date level probability se",
            ("trust", "2030", "enemies", 0.31, 0.004),
            ("trust", "2030", "partners", 0.69, 0.004),
            **NAMES,
        ),
        "conditional_outcomes": rows(
            "event comes kind outcome date value se",
            ("dam", "yes", "event", "flood", "2030", 0.3, 0.01),
            ("dam", "no", "event", "flood", "2030", 0.05, 0.01),
            **NAMES,
        ),
        "histories": rows("rank sequence probability", (1, "dam > flood > …", 0.2), (2, "none", 0.1), **NAMES),
        "sensitivity": rows(
            "trend parameter index se",
            ("trust", "events.dam.probability.0.value", 0.2, 0.02),
            ("trust", "impacts.treaty -> trust.lasting", 0.01, 0.02),
            scenario="reference",
        ),
        "impact_scores": rows(
            "event trend date central total direct indirect se",
            ("treaty", "trust", "2024", "2021", 6.0, 4.0, 2.0, 0.2),
            ("war", "trust", "2024", "2022", -1.0, -1.5, 0.5, 0.6),
            **NAMES,
        ),
        "drivers": rows(
            "event trend date expected se",
            ("treaty", "trust", "2030", 6.0, 0.2),
            ("dam", "trust", "2030", 0.1, 0.2),
            **NAMES,
        ),
        "transmission": rows(
            "trend date macro_own macro_via_meso meso_own se",
            ("trust", "2024", -3.0, 1.0, 5.0, 0.2),
            ("freight", "2024", 0.4, 0.001, 0.0, 0.01),
            **NAMES,
        ),
        "shares": rows(
            "trend from to by name direct total se",
            ("trust", "2020", "2024", "level", "macro", -0.1, -0.1, 0.01),
            ("trust", "2020", "2024", "level", "meso", 0.3, 0.3, 0.01),
            ("trust", "2020", "2024", "level", "(baseline)", 0.5, 0.5, 0.0),
            **NAMES,
        ),
        "causal_links": rows("event cause rate_ratio attributable_fraction", ("war", "treaty", 2.0, 0.5), **NAMES),
        "attributable_fractions": rows("removed event fraction se", ("treaty", "war", 0.5, 0.01), **NAMES),
        "strongest_chains": rows("chain length strength", ("treaty -> war", 1, 0.5), **NAMES),
        "longest_chains": rows("chain length strength", ("treaty -> war", 1, 0.5), **NAMES),
        "turning_points": rows(
            "event trend size low high slope slope_low slope_high placebo_rank verdict transition",
            ("dam", "freight", -20.4, -30.0, -9.0, 0.0, -1.0, 1.0, 0.02, "break", 0),
            ("war", "freight", -20.4, -30.0, -9.0, 0.0, -1.0, 1.0, 0.02, "break", 0),
            ("treaty", "freight", 0.1, -9.0, 9.0, 0.0, -1.0, 1.0, 0.6, "no sign", 0),
        ),
        "convergence": rows("actor other domain level agreement conflict", ("north", "south", "all", "all", 0.0, 2.5)),
        "stake_drivers": rows(
            "actor other stake domain level agreement conflict", ("north", "south", "water", "none", "none", 0.0, 2.5)
        ),
        "hypotheses": rows(
            scores,
            ("quarrel", "holds", 0.31, 0.005, 0.05, 1, 0, 0),
            ("commerce", "holds", 0.62, 0.005, 0.62, 1, 0, 0),
            scenario="reference",
        ),
        "evidence": rows("trend date evidence data judgement", ("trust", "2030", 0.6, 0.0, 0.4), **NAMES),
        "uncited": rows("number influence trend share", ("impacts.treaty -> trust", 0.9, "trust", 0.11), **NAMES),
        "policy_gains": pd.concat(
            [
                rows("portfolio gain se", ("none", 0.0, 0.0), ("dredge", 0.2, 0.02), ("talk", 0.01, 0.02))
                .assign(scenario=scenario, lens=lens)
                for scenario, lens in worlds
            ],
            ignore_index=True,
        ),
        "portfolio_ranks": rows(
            "portfolio n_policies cost utility regret satisficing utility_rank regret_rank pareto",
            ("dredge", 1, 2.0, 0.7, 0.1, 0.4, 1, 1, True),
            ("talk", 1, 1.0, 0.51, 0.3, 0.3, 2, 2, True),
            ("none", 0, 0.0, 0.5, 0.4, 0.2, 3, 3, True),
        ),
        "policy_reversals": rows(
            "scenario lens best instead_of advantage se", ("reference", "commerce", "talk", "dredge", 0.1, 0.01)
        ),
        "signposts": rows(
            "signpost by probability value se switch_to",
            ("dam", "2027", 0.3, 0.05, 0.01, "talk; else dredge"),
            ("trust >= partners", "2027", 0.5, 0.001, 0.01, "else talk"),
        ),
        "waiting": rows("by cost se best_now best_then", ("2027", 0.02, 0.002, "dredge", "talk")),
        "strategy_notes": rows("about text"),
    }  # fmt: skip


def made_run(tables: dict[str, pd.DataFrame], study: dict[str, object] | None = None) -> SimpleNamespace:
    """What a report asks of a run: model, scenarios, options and tables."""
    request = SimpleNamespace(lens=None, exact=False, central=False, draws=200, runs=100, false_alarm=0.05)
    model = Model(load_dict(study or STUDY))
    # the central model has no draws that may be odd
    study_made = SimpleNamespace(settings=SimpleNamespace(central=True))
    return SimpleNamespace(
        model=model,
        scenarios={},
        request=request,
        settled=SimpleNamespace(request=request),
        tables=tables,
        jobs=1,
        study=study_made,
    )


@pytest.fixture(scope="session")
def tables():
    return _tables()


@pytest.fixture(scope="session")
def run(tables):
    return made_run(tables)


@pytest.fixture(scope="session")
def subject(run):
    return Subject(run)


@pytest.fixture(scope="session")
def bare():
    """The same study with no tables at all."""
    return made_run({})
