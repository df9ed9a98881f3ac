"""`etia describe`: one layer of a run, for reading."""

from __future__ import annotations

import click

from etia.cli.asking import asked_run, print_lines, records, save_if_asked
from etia.cli.options import RunOptions, print_json, run_options, verb
from etia.cli.options import false_alarm as with_false_alarm
from etia.cli.progress import busy

__all__ = ["command"]


@verb("describe")
@click.argument("model", metavar="MODEL")
@run_options
@click.option("--every-step", is_flag=True, help="Scores at every step, not only the last of each year.")
@with_false_alarm
def command(model: str, options: RunOptions, every_step: bool, false_alarm: float) -> int:
    """Layer 1 of MODEL: what past events have done, and what is known of it."""
    run = asked_run(model, options, every_step=every_step, false_alarm=false_alarm)
    with busy("describing"):
        tables = run.tables.layer("describe")
        breaks = run.tables["turning_points"]
    if options.as_json:
        found = {name: records(table) for name, table in tables.items()}
        print_json({**found, "false_alarm": false_alarm, "turning_points": records(breaks)})
    else:
        from etia.report.summary import layer_lines

        print_lines(layer_lines(run, "describe"))
    save_if_asked(run, options)
    return 0
