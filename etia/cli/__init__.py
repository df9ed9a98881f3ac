"""The command line: one small file a verb, imported when it is called; errors as words and exit codes.

Exit codes: 0 fine; 1 ran and found something wrong, a faulty model included; 2 could not run; 130 interrupted.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from etia.errors import EtiaError, LimitError, ModelError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["VERBS", "Settings", "cli", "main"]

FINE, FOUND_WRONG, COULD_NOT_RUN, INTERRUPTED = 0, 1, 2, 130

VERBS: dict[str, str] = {
    "new": "Copy a worked example that runs.",
    "check": "All errors and warnings of a model at once.",
    "show": "One object, or the whole model, as resolved, with the line that set each value.",
    "graph": "Draw or export the event-trend graph.",
    "run": "The main job: describe, map and prescribe.",
    "describe": "Layer 1: what past events have done.",
    "map": "Layer 2: the most likely future trends.",
    "prescribe": "Layer 3: portfolios of policies.",
    "explain": "The additive account of one number of a run.",
    "compare": "Differences between runs or scenarios.",
    "fit": "Posterior impact sizes, as a proposal.",
    "backtest": "Rolling-origin scores and skill.",
    "test": "The model's own tests, each with what was found.",
    "ledger": "Dated forecasts kept, resolved and scored.",
    "schema": "JSON Schemas of the formats, for editors.",
}
"""the verbs in the order of help; each is `command` in the module of its name"""


@dataclass
class Settings:
    """What every verb heeds; filled while the command line is parsed."""

    quiet: bool = False
    debug: bool = False

    @property
    def colour(self) -> bool | None:
        """False where NO_COLOR asks for none; None leaves it to the terminal."""
        return False if os.environ.get("NO_COLOR") else None


class Verbs(click.Group):
    """The group of verbs; the help text stands in the table, so that help imports no verb."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's form
        """The verbs, in order."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of that name, imported now."""
        if cmd_name not in VERBS:
            return None
        try:
            command: click.Command = import_module(f"etia.cli.{cmd_name}").command
        except ModuleNotFoundError as error:
            if error.name != f"etia.cli.{cmd_name}":
                raise
            raise click.UsageError(f"the verb '{cmd_name}' is not built yet", ctx) from error
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that is called; an unknown one gets the nearest name."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], VERBS, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else " `etia --help` lists the verbs."
            raise click.UsageError(f"there is no verb '{args[0]}'.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The table as help shows it."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(
    cls=Verbs,
    subcommand_metavar="VERB [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="`etia VERB --help` says what a verb takes. Start with: etia new study, then: etia run study",
)
@click.version_option(package_name="etia", prog_name="etia")
@click.option("--quiet", is_flag=True, help="No messages besides results and errors.")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.pass_obj
def cli(settings: Settings, quiet: bool, debug: bool) -> None:
    """Event-based trend impact analysis of a model written in YAML."""
    settings.quiet |= quiet
    settings.debug |= debug


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; no error but a bug gets past it."""
    settings = Settings()
    # etia's own threads fill the processors; a matrix library's threads beside them would only get in their way
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        result: Any = cli.main(
            args=list(argv) if argv is not None else None,
            prog_name="etia",
            standalone_mode=False,
            obj=settings,
        )
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader of our output has left: what is still buffered must not complain at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except (click.ClickException, EtiaError, OSError) as error:
        if settings.debug:
            traceback.print_exc()
        return _failed(error, settings)
    return result if isinstance(result, int) else FINE


def _failed(error: Exception, settings: Settings) -> int:
    """Tell what went wrong, and give its exit code."""
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code  # 2 for misuse, 1 for what a verb found wrong
    if isinstance(error, ModelError):
        for finding in error.findings:
            click.echo(str(finding), err=True, color=settings.colour)
        click.echo(str(error).partition("\n")[0], err=True)
        return FOUND_WRONG
    click.echo(f"etia: {_told(error)}", err=True)
    return COULD_NOT_RUN if isinstance(error, (UsageError, LimitError, OSError)) else FOUND_WRONG


def _told(error: Exception) -> str:
    """What went wrong, in words also where the machine is at fault."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    named = f" '{error.filename}'" if error.filename else ""
    full = error.errno in {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
    left = "; nothing half written is left behind" if full else ""
    return f"{error.strerror[0].lower()}{error.strerror[1:]}{named}{left}"
