"""How macro events reach trends: by themselves, and through the meso events that answer them (method §7)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from etia.describe.counterfactual import grid, score_steps, without
from etia.describe.effects import Contrast, Effects, effects
from etia.engine.worlds import World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etia.compile.study import Case

__all__ = ["TRANSMISSION", "transmission", "transmission_contrasts", "transmission_table"]

TRANSMISSION = ["scenario", "lens", "trend", "date", "macro_own", "macro_via_meso", "meso_own", "se"]


def transmission_contrasts(case: Case) -> list[Contrast]:
    """The three comparisons: macro events' own part, their part through meso events, meso events' own part.

    Macro events gone while meso events keep their dates, taken off the factual world, leaves the first; macro events
    gone with meso events answering, taken off that world, the second; meso events gone while macro events keep their
    dates, taken off the factual world, the third. So the first two add up to all that macro events do.
    """
    levels = {name: event.level for name, event in case.model.events.items()}
    answering = without(case, [name for name, level in levels.items() if level == "macro"])
    macro_alone = replace(answering, dates_kept=True)
    meso_alone = replace(without(case, [name for name, level in levels.items() if level == "meso"]), dates_kept=True)
    factual = World()
    return [Contrast(factual, macro_alone), Contrast(macro_alone, answering), Contrast(factual, meso_alone)]


def transmission_table(case: Case, found: Effects, begin: int = 0) -> pd.DataFrame:
    """The table `transmission`, the three contrasts standing at `begin` …; se is the largest of the three."""
    parts, errors = found.total[begin : begin + 3], found.total_error[begin : begin + 3]
    known = ~np.isnan(parts[0])
    macro_own, via_meso, meso_own = (part[known] for part in parts)
    columns = grid(case, found.steps, known) | {
        "macro_own": macro_own, "macro_via_meso": via_meso, "meso_own": meso_own, "se": errors.max(axis=0)[known],
    }  # fmt: skip
    return pd.DataFrame(columns)[TRANSMISSION]


def transmission(
    case: Case, *, steps: Sequence[int] | NDArray[np.int64] | None = None, every_step: bool = False
) -> pd.DataFrame:
    """The table `transmission` of one case, by trend and date, in trend units."""
    wanted = score_steps(case, every_step=every_step) if steps is None else np.unique(np.asarray(steps, dtype=np.int64))
    return transmission_table(case, effects(case, transmission_contrasts(case), wanted))
