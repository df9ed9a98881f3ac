"""Small models for numbers worked out by hand: a year a step, 2010 … 2030, known up to 2020."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etia.compile.study import Case, Settings, Study
from etia.engine.plan import prepare
from etia.files.load import apply_scenario, load_dict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

YEARS = {"start": "2010", "as_of": "2020", "end": "2030", "step": "year"}
MONTHS = {"start": "2018", "as_of": "2020-08", "end": "2023", "step": "month"}
QUARTERS = {"start": "2018-05", "as_of": "2020", "end": "2023", "step": "quarter"}


def event(**keys: Any) -> dict[str, Any]:
    return {"title": "E", "level": "macro", **keys}


def chance(value: Any, by: str = "2030", **keys: Any) -> dict[str, Any]:
    """A base curve of one point."""
    return {"by": by, "value": value, "meaning": "base", **keys}


def judged(value: Any = 50, from_: str = "2010", scale: str = "linear", **keys: Any) -> dict[str, Any]:
    bounds = {"bounds": [0, 100]} if scale == "logit" else {}
    built = {"from": from_, "value": value, **keys}
    return {"title": "T", "level": "meso", "scale": scale, "constructed": built, **bounds}


def measured(values: dict[str, float], method: str = "constant", **keys: Any) -> dict[str, Any]:
    history = [{"at": at, "value": float(value)} for at, value in values.items()]
    return {"title": "T", "level": "meso", "history": history, "baseline": {"method": method}, **keys}


def study(
    scenarios: dict[str, dict[str, Any]] | None = None,
    *,
    calendar: dict[str, str] | None = None,
    settings: dict[str, Any] | None = None,
    **sections: Any,
) -> Study:
    loaded = load_dict({"etia": 1, "title": "M", "calendar": calendar or YEARS, **sections})
    laid = {name: apply_scenario(loaded, {"etia": 1, "title": name, **own}) for name, own in (scenarios or {}).items()}
    return Study(loaded.model, laid, Settings(**{"central": True, "runs": 20, **(settings or {})}))


def drawn(n: int = 200, runs: int = 2) -> dict[str, Any]:
    return {"central": False, "draws": n, "runs": runs}


def rate(case: Case, name: str) -> NDArray[np.float64]:
    """λ of an event in the steps after `as_of`, with all at work that is the same in every run."""
    plan = prepare(case.program(0))
    return plan.hazard[plan.open.tolist().index(case.compiled.index.place[name]), 1:]


def course(case: Case, name: str) -> NDArray[np.float64]:
    """The latent course of a trend by step, for models in which nothing is left to chance."""
    return case.outcomes.course(case.trend_names.index(name))[0]


def step(case: Case, name: str) -> NDArray[np.int32]:
    """(P,) the step of a dated event in each draw."""
    return case.compiled.fixed_step[:, case.compiled.index.place[name]]
