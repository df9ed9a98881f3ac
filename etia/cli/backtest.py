"""`etia backtest`: what the model would have forecast from past dates, scored."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from etia.cli.asking import print_lines, records
from etia.cli.options import RunOptions, print_json, run_options, say, told_anew, verb
from etia.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from etia.compile.study import Settings
    from etia.files.load import LoadedModel
    from etia.learn.backtest import Backtest

__all__ = ["command"]


@verb("backtest")
@click.argument("model", metavar="MODEL")
@told_anew("output", "Write the tables into this folder too.")
@told_anew("force", "Not needed: the tables' files are replaced.")
@run_options
@click.option("--origins", metavar="DATE,…", help="Past dates to forecast from; else the ends of the last 20 years.")
@click.option(
    "--fitted", type=click.Path(), metavar="FILE", help="A proposal of `etia fit` to use (no test of itself)."
)
def command(model: str, options: RunOptions, origins: str | None, fitted: str | None) -> int:
    """Forecasts of MODEL from past origins: scores, and skill against simple forecasts."""
    from etia.learn.backtest import backtest

    loaded = _asked_model(model, options, fitted)
    wanted = tuple(part.strip() for part in origins.split(",") if part.strip()) if origins else ()
    found = backtest(
        loaded.model, name=loaded.name, origins=wanted, settings=_settings(options), lens=options.lens,
        progress=_tell_origin,
    )  # fmt: skip
    tables = found.tables
    if options.output:
        _save(options.output, tables)
    if options.as_json:
        print_json({name: records(table) for name, table in tables.items()})
        return 0
    print_lines(_lines(found, loaded))
    for remark in dict.fromkeys(found.remarks):
        say(remark)
    return 0


def _tell_origin(origin: object) -> None:
    """How far it has come, where someone watches."""
    if sys.stderr.isatty():
        say(f"from {origin}")


def _settings(options: RunOptions) -> Settings:
    import os

    from etia.compile.study import Settings

    jobs = options.jobs or os.cpu_count() or 1
    return Settings(options.n_draws, options.n_runs, options.seed, jobs, options.central)


def _asked_model(model: str, options: RunOptions, fitted: str | None) -> LoadedModel:
    from etia.files.load import apply_scenario, load

    loaded = load(model, overrides=options.overrides, as_of=options.as_of)
    if options.policies:
        raise UsageError("policies start after as_of: no past origin knows of them; leave --policy out")
    if len(options.scenarios) > 1:
        raise UsageError("a backtest is of one model: give one --scenario at most")
    for scenario in options.scenarios:
        loaded = replace(loaded, model=apply_scenario(loaded, scenario).model)
    if fitted is not None:
        from etia.learn.proposal import overlay

        loaded = overlay(loaded, fitted)
    return loaded


def _save(folder: str, tables: dict[str, pd.DataFrame]) -> None:
    from pathlib import Path

    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_csv(place / f"{name}.csv", index=False, lineterminator="\n")
    say(f"tables in {place}")


def _lines(found: Backtest, loaded: LoadedModel) -> list[str]:
    from etia.learn.judgement import trend_sentences
    from etia.learn.model_series import baseline_methods
    from etia.learn.telling import backtest_lines, event_lines

    tables = found.tables
    span = f"{found.origins[0]} to {found.origins[-1]}" if found.origins else "no origins"
    lines = [f"{loaded.name}: {len(found.origins)} origins, {span}", "", *backtest_lines(tables["backtest"]), ""]
    lines += event_lines(tables["backtest_events"], tables["backtest_reliability"])
    if found.unforeseen:
        lines.append(f"Without a stated probability at some origin, so left out there: {', '.join(found.unforeseen)}")
    return [*lines, "", *trend_sentences(tables["backtest"], None, baseline_methods(loaded.model))]
