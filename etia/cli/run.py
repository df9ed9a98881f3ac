"""`etia run`: the main job, saved in a run folder and summed up on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from etia.cli.asking import asked_run, print_lines, records
from etia.cli.options import RunOptions, print_json, run_options, say, verb
from etia.cli.options import false_alarm as with_false_alarm
from etia.cli.progress import busy

if TYPE_CHECKING:
    from pathlib import Path

    from etia.facade import Run

__all__ = ["command"]


@verb("run")
@click.argument("model", metavar="MODEL")
@run_options
@click.option("--exact", is_flag=True, help="By enumeration, for tiny models.")
@click.option(
    "--until-se",
    type=float,
    metavar="X",
    help="Go on until errors of probabilities and of trends' means and quantiles are at most X.",
)
@click.option("--learn", is_flag=True, help="Fits, backtests and weights of lenses too; a minute or more.")
@with_false_alarm
@click.option("--fitted", type=click.Path(), metavar="FILE", help="A proposal of `etia fit`, whose sizes are used.")
@click.option("--every-step", is_flag=True, help="Scores at every step, not only the last of each year.")
@click.option("--parquet", is_flag=True, help="Tables as *.parquet too.")
def command(
    model: str,
    options: RunOptions,
    exact: bool,
    until_se: float | None,
    learn: bool,
    false_alarm: float,
    fitted: str | None,
    every_step: bool,
    parquet: bool,
) -> int:
    """Describe, map and prescribe MODEL, a folder or one file; save a run folder and print a summary."""
    from pathlib import Path

    from etia.facade import open_run
    from etia.report.folder import recognised

    run = asked_run(
        model,
        options,
        exact=exact,
        until_se=until_se,
        every_step=every_step,
        learn=learn,
        false_alarm=false_alarm,
        fitted=fitted,
    )
    wanted = Path(options.output) if options.output else None
    there = recognised(run, wanted)
    with busy("calibrating, sampling, describing, mapping, prescribing"):
        place = run.save(wanted, force=options.force, parquet=parquet)
    shown = open_run(place) if there else run
    if options.as_json:
        print_json(_document(shown, place, there is not None))
        return 0
    from etia.facade.stored import read_manifest
    from etia.report.summary import run_lines

    print_lines(run_lines(shown))
    for remark in read_manifest(place)["remarks"]:
        say(remark)
    if there:
        say("this run was there already; nothing was computed again")
    print_lines(["", f"Run folder: {place}"])
    return 0


def _document(run: Run, place: Path, was_there: bool) -> dict[str, Any]:
    """What `--json` prints: where the run lies, and its summary tables."""
    from etia.facade.stored import read_manifest

    manifest = read_manifest(place)
    tables = run.tables
    summed = [name for name in ("trend_scores", "hypotheses", "policy_scores", "signposts") if name in tables]
    events = tables["event_probabilities"]
    final = events[events["date"] == events["date"].iloc[-1]] if len(events) else events
    return {
        "folder": str(place),
        "digest": manifest["digest"],
        "already_there": was_there,
        "model": manifest["model"],
        "options": manifest["options"],
        "reached": manifest["reached"],
        "remarks": manifest["remarks"],
        "tables": list(tables),
        "event_probabilities": records(final),
        **{name: records(tables[name]) for name in summed},
    }
