"""What learning from data adds to a run: the test of turning points always, the rest where it is asked for (method §9).

Fits, backtests and weights take a minute where a run takes seconds, so a plain run goes without them (`--learn`). In a
run they are made with fewer draws than by their own verbs, which changes a score by less than its standard error.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from etia.learn.backtest import backtest
from etia.learn.fit import fit_model
from etia.learn.lens_weights import lens_weights_table
from etia.learn.model_breaks import candidate_table, model_turning_points

if TYPE_CHECKING:
    import pandas as pd

    from etia.compile.cases import Cases, Options
    from etia.compile.study import Study

__all__ = ["TABLES", "tables"]

TABLES = (
    "turning_points", "candidate_breaks", "fit", "backtest", "backtest_events", "backtest_pit",
    "backtest_reliability", "lens_weights",
)  # fmt: skip
MOST_DRAWS, MOST_RUNS = 60, 50


def tables(study: Study, cases: Cases, options: Options) -> dict[str, pd.DataFrame]:
    """`turning_points`; with `options.learn` all of `TABLES`. All are of the model without scenarios."""
    model, asked = study.model, study.settings
    found = {"turning_points": model_turning_points(model, alpha=options.false_alarm)}
    if not options.learn:
        return found
    settings = replace(asked, central=False, draws=min(asked.draws, MOST_DRAWS), runs=min(asked.runs, MOST_RUNS))
    found["candidate_breaks"] = candidate_table(model)
    found["fit"] = fit_model(model, lens=cases.lens, seed=asked.seed).table
    found |= backtest(model, name=options.model, settings=settings, lens=cases.lens).tables
    found["lens_weights"] = lens_weights_table(model, settings=settings)
    return found
