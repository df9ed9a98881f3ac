"""`etia explain`: the additive account of one number of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from etia.cli.asking import print_lines
from etia.cli.options import as_json, print_json, say, verb
from etia.cli.progress import busy

if TYPE_CHECKING:
    from etia.describe.explanation import Account, Term

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
@as_json
def command(
    run: str, trend: str, at: str | None, scenario: str, lens: str | None, top: int, figure: str | None, as_json: bool
) -> int:
    """Explain TREND's value in RUN, a run folder: events, paths, mechanisms, sources; the terms sum to it."""
    from etia.facade import open_run

    opened = open_run(run)
    with busy("doing the run again"):
        account = opened.explain(trend, at, scenario=scenario, lens=lens)
    if as_json:
        print_json(account.as_dict(top))
    else:
        print_lines(_lines(account, opened.model.trends[trend].title, top))
    if figure is not None:
        _draw(account, opened.model.trends[trend].title, figure, top)
        say(f"wrote {figure}")
    return 0


def _lines(account: Account, title: str, top: int) -> list[str]:
    unit = f" {account.unit}" if account.unit else ""
    head = f"{title} at {account.date} (scenario {account.scenario}, lens {account.lens})"
    terms = account.top(top)
    width = max(len(term.name) for term in terms)
    told = [f"{name} {share:.0%}" for name, share in account.evidence_shares().items() if share == share]
    shares = ", ".join(told)  # nan, which differs from itself, where no event moves the trend
    return [
        head,
        f"  {account.value:.4g}{unit} at the latent mean (mean {account.mean:.4g}, median {account.median:.4g})",
        f"  {account.baseline:.4g} baseline, without events",
        "",
        f"  {'term':{width}}  {'latent':>8}  {'share':>8}  mechanisms; claims",
        *(
            f"  {term.name:{width}}  {term.latent:+8.3f}  {term.share:+8.4g}  {_grounds(term)}".rstrip()
            for term in terms
        ),
        *(["", f"  rests on: {shares}"] if shares else []),
    ]


def _grounds(term: Term) -> str:
    return "; ".join(", ".join(part) for part in (term.mechanisms, term.claims) if part)


def _draw(account: Account, title: str, file: str, top: int) -> None:
    from etia.figures import draw_waterfall, figure_of
    from etia.figures.style import save_as

    told = f"{title} at {account.date}"
    axes = draw_waterfall(account.waterfall(top), start=account.baseline, title=told, unit=account.unit or "")
    save_as(figure_of(axes), file)
