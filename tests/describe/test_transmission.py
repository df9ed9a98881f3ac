"""Macro events' own part, their part through meso events, meso events' own part: by hand, by enumeration, adding up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from etia.describe.counterfactual import removal_effects
from etia.describe.transmission import TRANSMISSION, transmission
from etia.engine.exact import enumerate_histories
from etia.engine.exact_laws import trend_laws
from etia.engine.program import NEVER
from tests.describe.cases import assert_within_error, case_of, drafted_cases
from tests.describe.test_counterfactual import CHAIN


def test_the_parts_of_a_chain_are_those_worked_out_by_hand() -> None:
    """a is macro: 1 by itself; b and c go with 3/4, d with 5/12 (see the fractions); b, c and d are meso: 1110."""
    row = transmission(case_of(CHAIN, runs=20_000), steps=[10]).iloc[0]
    assert list(row.index) == TRANSMISSION
    assert row.macro_own == pytest.approx(1)
    assert row.meso_own == pytest.approx(1110)
    assert_within_error(row.macro_via_meso, 110 * 3 / 4 + 1000 * 5 / 12, row.se)


@pytest.mark.parametrize("seed", [100, 103, 107])
def test_macro_parts_add_up_to_the_removal_of_all_macro_events(seed: int) -> None:
    case = drafted_cases(seed)[0]
    macro = [name for name, event in case.model.events.items() if event.level == "macro"]
    parts, whole = transmission(case), removal_effects(case, macro)
    np.testing.assert_allclose(parts.macro_own + parts.macro_via_meso, whole.total, atol=1e-9)


@pytest.mark.parametrize("seed", [100, 103, 104, 107])
def test_own_parts_of_drafted_models_agree_with_enumeration(seed: int) -> None:
    case = drafted_cases(seed)[0]
    program, end = case.program(0), case.calendar.n_steps - 1
    histories = enumerate_histories(program)
    rows = transmission(case, steps=[end])

    def expectation(gone: list[int]) -> np.ndarray:
        steps = histories.steps.copy()
        steps[:, gone] = NEVER
        return trend_laws(program, replace(histories, steps=steps)).mean()[:, end]

    for level, part in (("macro", rows.macro_own), ("meso", rows.meso_own)):
        of_level = [name for name, event in case.model.events.items() if event.level == level]
        gone = [copy for name in of_level for copy in case.compiled.index.copies(name)]
        assert_within_error(part, expectation([]) - expectation(gone), rows.se, floor=1e-3)
