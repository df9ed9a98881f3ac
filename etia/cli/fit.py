"""`etia fit`: what the data say of impact sizes, and a proposal for the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from etia.cli.asking import print_lines, records
from etia.cli.options import RunOptions, print_json, run_options, say, told_anew, verb
from etia.cli.options import false_alarm as with_false_alarm
from etia.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from etia.files.load import LoadedModel
    from etia.learn.fit import Fits

__all__ = ["command"]


@verb("fit")
@click.argument("model", metavar="MODEL")
@told_anew("output", "The file of the proposal (NAME-fitted.yaml here).", "FILE")
@told_anew("force", "Replace a file that is there.")
@run_options
@with_false_alarm
def command(model: str, options: RunOptions, false_alarm: float) -> int:
    """Posterior impact sizes of MODEL, printed and written as a proposal (`-o FILE`; else NAME-fitted.yaml here)."""
    from etia.learn.connected import checked_rate
    from etia.learn.fit import DRAWS, fit_model
    from etia.learn.model_breaks import model_turning_points
    from etia.learn.proposal import proposal_text, write_proposal

    checked_rate(false_alarm)
    loaded = _under_scenario(model, options)
    fits = fit_model(
        loaded.model, lens=options.lens, seed=options.seed, draws=options.draws or DRAWS, central=options.central
    )
    text = proposal_text(fits, loaded.model, name=loaded.name, seed=options.seed)
    target = options.output or f"{loaded.name}-fitted.yaml"
    path = write_proposal(text, target, model_path=loaded.path, force=options.force) if fits.trends else None
    breaks = model_turning_points(loaded.model, alpha=false_alarm)
    if options.as_json:
        proposal = None if path is None else str(path)
        found = {"false_alarm": false_alarm, "turning_points": records(breaks)}
        print_json({**found, "fit": records(fits.table), "proposal": proposal})
        return 0
    print_lines(_lines(loaded, fits, breaks, false_alarm))
    if path is not None:
        print_lines(["", f"Proposal: {path}   (use it with: etia run {model} --fitted {path})"])
    for remark in fits.left_out:
        say(f"not fitted: {remark}")
    return 0


def _under_scenario(model: str, options: RunOptions) -> LoadedModel:
    """The model, under the one scenario that may be asked for."""
    from dataclasses import replace

    from etia.files.load import apply_scenario, load

    loaded = load(model, overrides=options.overrides, as_of=options.as_of)
    if options.policies:
        raise UsageError("policies start after as_of: no datum knows of them; leave --policy out")
    if len(options.scenarios) > 1:
        raise UsageError("a fit is of one model: give one --scenario at most")
    for scenario in options.scenarios:
        loaded = replace(loaded, model=apply_scenario(loaded, scenario).model)
    return loaded


def _lines(loaded: LoadedModel, fits: Fits, breaks: pd.DataFrame, false_alarm: float) -> list[str]:
    """The turning points that bear on an impact, then the sizes, trend by trend."""
    from etia.learn.model_breaks import candidate_table
    from etia.learn.telling import candidate_lines, fit_lines, turning_point_lines

    lines = [f"{loaded.name}: impact sizes before and after the data, lens {fits.lens}"]
    for fit in fits.trends:
        unit = "%" if loaded.model.trends[fit.trend].scale == "log" else loaded.model.trends[fit.trend].unit or ""
        lines += ["", *fit_lines(fit, unit)]
    if not fits.trends:
        lines.append("No impact of a past event on a measured trend meets any datum: there is nothing to fit.")
    lines += ["", *turning_point_lines(breaks, loaded.model, alpha=false_alarm)]
    return [*lines, *candidate_lines(candidate_table(loaded.model))]
