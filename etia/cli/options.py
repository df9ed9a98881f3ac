"""Options that verbs share: those of every verb, and those of every verb that runs a model."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import Any

import click

from etia.cli import Settings

__all__ = ["RunOptions", "as_json", "false_alarm", "print_json", "run_options", "say", "told_anew", "verb"]

SCHEMA_VERSION = 1
"""version of what `--json` prints"""

_HELP: dict[str, Any] = {"help_option_names": ["-h", "--help"]}

Function = Callable[..., Any]


def _heeded(ctx: click.Context, name: str, value: bool) -> None:
    if value:
        setattr(ctx.ensure_object(Settings), name, True)


def verb(name: str, **settings: Any) -> Callable[[Function], click.Command]:
    """A command of that name, with `--quiet` and `--debug`; its exit code is what its function returns."""

    def made(function: Function) -> click.Command:
        for option, text in (("debug", "Show tracebacks."), ("quiet", "No messages besides results and errors.")):
            function = click.option(
                f"--{option}",
                is_flag=True,
                expose_value=False,
                help=text,
                callback=lambda ctx, param, value: _heeded(ctx, str(param.name), bool(value)),
            )(function)
        made_command: click.Command = click.command(name, cls=click.Command, context_settings=_HELP, **settings)(
            function
        )
        return made_command

    return made


as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
false_alarm = click.option(
    "--false-alarm",
    type=float,
    default=0.05,
    metavar="P",
    help="How often a turning point may be called where there is none; intervals cover the rest (0.05).",
)


@dataclass(frozen=True)
class RunOptions:
    """What a run is asked for besides its model."""

    scenarios: tuple[str, ...]
    """scenarios by name or file"""
    lens: str | None
    """the lens in place of the reference lens"""
    policies: tuple[str, ...]
    """policies in force"""
    overrides: tuple[str, ...]
    """`PATH=VALUE`, applied to the model in order"""
    as_of: str | None
    """the date to which `as_of` is moved"""
    draws: int | None
    """parameter draws; 200 where left out, 1 for the central model"""
    runs: int | None
    """runs a draw; 100 where left out, 20,000 for the central model"""
    seed: int
    """seed of all random numbers"""
    jobs: int | None
    """how many processors to use; all where left out"""
    central: bool
    """whether the central model is used instead of draws"""
    output: str | None
    """the run folder itself"""
    force: bool
    """whether a folder that holds another run may be replaced"""
    as_json: bool
    """whether one JSON object is printed"""

    @property
    def n_draws(self) -> int:
        return 1 if self.central else self.draws or 200

    @property
    def n_runs(self) -> int:
        return self.runs or (20_000 if self.central else 100)


_OPTIONS = (
    click.option("--scenario", "scenarios", multiple=True, metavar="S", help="A scenario by name or file; repeatable."),
    click.option("--lens", metavar="L", help="A lens in place of the reference lens."),
    click.option("--policy", "policies", multiple=True, metavar="P", help="A policy in force; repeatable."),
    click.option(
        "--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Set a value of the model; repeatable."
    ),
    click.option("--as-of", metavar="DATE", help="Move `as_of`."),
    click.option("--draws", type=click.IntRange(min=1), metavar="P", help="Parameter draws (200)."),
    click.option("--runs", type=click.IntRange(min=1), metavar="R", help="Runs a draw (100; 20,000 with --central)."),
    click.option("--seed", type=click.IntRange(min=0), default=0, metavar="N", help="Seed of the random numbers (0)."),
    click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processors to use (all)."),
    click.option("--central", is_flag=True, help="The central model: one draw at best values, too narrow bands."),
    click.option("-o", "--output", type=click.Path(), metavar="DIR", help="The run folder itself."),
    click.option("--force", is_flag=True, help="Replace a folder that holds another run."),
    as_json,
)


def run_options(function: Function) -> Function:
    """The options of verbs that run a model, handed over as `options: RunOptions`."""
    names = [field.name for field in fields(RunOptions)]

    @wraps(function)
    def called(*args: Any, **given: Any) -> Any:
        options = RunOptions(**{name: given.pop(name) for name in names})
        _tell_unused(options, exact=given.get("exact", False))
        return function(*args, options=options, **given)

    decorated: Function = called
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def told_anew(name: str, help: str, metavar: str | None = None) -> Callable[[Function], Function]:  # noqa: A002
    """Another help text for an option that `run_options` gives, where it means something else to a verb."""

    def told(function: Function) -> Function:
        for option in vars(function)["__click_params__"]:
            if option.name == name:
                option.help, option.metavar = help, metavar or option.metavar
        return function

    return told


def _tell_unused(options: RunOptions, *, exact: bool) -> None:
    """The central model has one draw, enumeration has no runs either: say which numbers are not used."""
    if exact and (options.draws, options.runs) != (None, None):
        say("--exact enumerates the central model: --draws and --runs are not used")
    elif options.central and options.draws not in {None, 1}:
        say("--central is one draw: --draws is not used")


def print_json(document: dict[str, Any]) -> None:
    """One JSON object on standard output, its version first."""
    click.echo(json.dumps({"schema_version": SCHEMA_VERSION, **document}, ensure_ascii=False, indent=2))


def say(message: str) -> None:
    """A message to the person, on standard error; none where `--quiet` asks for none."""
    if not click.get_current_context().ensure_object(Settings).quiet:
        click.echo(message, err=True)
