"""`etia explain`: the additive account of one number of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from etia.cli.asking import print_lines
from etia.cli.options import as_json, print_json, say, verb
from etia.cli.progress import busy

if TYPE_CHECKING:
    from etia.describe.explanation import Account
    from etia.facade.model import Model

__all__ = ["command"]


@verb("explain")
@click.argument("run", metavar="RUN")
@click.argument("trend", metavar="TREND")
@click.option("--at", metavar="DATE", help="The date; `as_of` where left out.")
@click.option("--scenario", default="reference", metavar="S", help="A scenario of the run.")
@click.option("--lens", metavar="L", help="A lens of the model.")
@click.option(
    "--top", default=12, show_default=True, type=click.IntRange(min=1), metavar="N", help="Terms by themselves."
)
@click.option("--figure", type=click.Path(), metavar="FILE", help="Draw it as a waterfall: .svg or .png.")
@click.option(
    "--by",
    type=click.Choice(["cause", "path"]),
    default="cause",
    show_default=True,
    help="What the figure's bars are: all that goes back to an event, or single paths.",
)
@as_json
def command(
    run: str,
    trend: str,
    at: str | None,
    scenario: str,
    lens: str | None,
    top: int,
    figure: str | None,
    by: str,
    as_json: bool,
) -> int:
    """Explain TREND's value in RUN, a run folder: events, paths, mechanisms, sources; the terms sum to it."""
    from etia.facade import open_run

    opened = open_run(run)
    with busy("doing the run again"):
        account = opened.explain(trend, at, scenario=scenario, lens=lens)
    if as_json:
        print_json(account.as_dict(top))
    else:
        from etia.report.explaining import account_lines

        print_lines(account_lines(account, opened.model, top))
    if figure is not None:
        _draw(account, opened.model, figure, top, by)
        say(f"wrote {figure}")
    return 0


def _draw(account: Account, model: Model, file: str, top: int, by: str) -> None:
    from etia.figures import draw_waterfall, figure_of
    from etia.figures.style import save_as
    from etia.report.explaining import title_of

    told = f"{title_of(model, account.trend)} at {account.date}"
    bars = account.waterfall(top, by=by, title=lambda name: title_of(model, name))
    axes = draw_waterfall(bars, start=account.baseline, title=told, unit=account.unit or "", most=top + 3)
    save_as(figure_of(axes), file)
