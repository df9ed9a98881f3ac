"""`etia check`: all errors and warnings of models at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from etia.cli.options import as_json, print_json, say, verb

if TYPE_CHECKING:
    from etia.errors import Finding

__all__ = ["command"]


@verb("check")
@click.argument("models", nargs=-1, required=True, metavar="MODEL…")
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@as_json
def command(models: tuple[str, ...], strict: bool, as_json: bool) -> int:
    """Find all errors and warnings of MODEL, a folder or one file."""
    from etia.files.load import check

    findings = [finding for model in models for finding in check(model)]
    if as_json:
        print_json({"findings": [finding.as_row() for finding in findings]})
    else:
        for finding in findings:
            click.echo(str(finding))
        say(_summary(findings, models))
    n_errors = sum(finding.severity == "error" for finding in findings)
    return 1 if n_errors or (strict and findings) else 0


def _summary(findings: list[Finding], models: tuple[str, ...]) -> str:
    n_errors = sum(finding.severity == "error" for finding in findings)
    return f"{', '.join(models)}: {_counted(n_errors, 'error')}, {_counted(len(findings) - n_errors, 'warning')}"


def _counted(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"
