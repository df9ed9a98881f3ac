"""Cases of tiny models for the tests of the first layer, and the one measure of Monte Carlo tolerance."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from etia.compile.study import Case, Settings, Study
from etia.files.load import apply_scenario, load, load_dict
from tests.strategies import SCENARIO, tiny_model, write_model

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

TINY = Path(__file__).parent.parent / "tiny_models"


@cache
def known_case(name: str, runs: int = 20_000) -> Case:
    """The central model of a tiny model with known results."""
    return Study(load(TINY / name).model, {}, Settings(runs=runs, central=True)).case()


def known(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((TINY / name / "expected.json").read_text())
    return found


@cache
def drafted_cases(seed: int, runs: int = 4_000) -> tuple[Case, ...]:
    """The central model of a drafted tiny model, and of its scenario where it has one; no event feels random noise."""
    tiny = tiny_model(seed)
    if "noise_felt" in tiny.features:
        tiny = tiny_model(seed, with_data=False)
    with TemporaryDirectory() as folder:
        loaded = load(write_model(tiny, Path(folder) / "model"))
        scenarios = {SCENARIO: apply_scenario(loaded, SCENARIO)} if tiny.scenario else {}
    study = Study(loaded.model, scenarios, Settings(runs=runs, central=True))
    return tuple(study.case(name) for name in ("reference", *scenarios))


def case_of(
    raw: dict[str, Any], *, draws: int | None = None, runs: int = 2_000, seed: int = 0, folder: Path | None = None
) -> Case:
    """The case of a model written in Python: the central model's, but where draws are asked for."""
    model = load_dict({"etia": 1, "title": "test", **raw}, folder=folder or ".").model
    return Study(model, {}, Settings(draws or 1, runs, seed, central=draws is None)).case()


def assert_within_error(found: ArrayLike, exact: ArrayLike, error: ArrayLike, *, floor: float = 1e-9) -> None:
    """Found agrees with exact to 4.5 standard errors: one miss in 150,000 by chance."""
    misses = np.abs(np.asarray(found) - np.asarray(exact)) / np.maximum(np.asarray(error), floor)
    assert np.max(misses, initial=0.0) <= 4.5, f"{np.max(misses):.2f} standard errors off"
