"""`etia ledger add | resolve | score`: dated forecasts kept, and scored when their dates have come."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from etia.learn.ledger_scores import LedgerScores

__all__ = ["command", "ledger"]

SCHEMA_VERSION = 1
YES, NO = ("yes", "occurred", "true"), ("no", "never", "false")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def ledger() -> None:
    """Keep a run's dated forecasts, say what came, and score them.

    One append-only SQLite file: forecasts are never edited or backdated, and tampering is detected.
    """


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
        click.option("--model", help="Name of the model, where several share one or have the same id."),
        click.option(
            "--ledger", "file", type=click.Path(path_type=Path), default=Path("ledger.sqlite"), show_default=True,
            help="The ledger's file.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


@contextmanager
def _told() -> Iterator[None]:
    """Errors of the ledger as the command line tells them."""
    from etia.errors import LedgerError

    try:
        yield
    except LedgerError as error:
        raise click.ClickException(str(error)) from error


@ledger.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@_options
def add(run: Path, file: Path, model: str | None, as_json: bool) -> None:
    """Record the dated forecasts of the run folder RUN, now."""
    from etia.learn.ledger import Ledger
    from etia.learn.ledger_runs import forecasts_of_run

    with _told():
        forecasts = forecasts_of_run(run, model=model)
        entry, is_new = Ledger(file).add(forecasts)
        head = Ledger(file).verify()
    found = {
        "entry": entry.number, "new": is_new, "recorded": entry.recorded.isoformat(), "model": forecasts.model,
        "version": forecasts.version, "events": len(forecasts.events), "trends": len(forecasts.trends), "head": head,
    }  # fmt: skip
    if as_json:
        _print_json(found)
        return
    state = "recorded" if is_new else "was recorded already"
    click.echo(f"{forecasts.model}: {len(forecasts.events)} event and {len(forecasts.trends)} trend forecasts, {state}")
    click.echo(
        f"at {entry.recorded.isoformat()} as entry {entry.number}. Head of the ledger (note it elsewhere): {head}"
    )


@ledger.command()
@click.argument("subject", metavar="EVENT|TREND")
@click.argument("date")
@click.argument("value")
@click.option("--source", required=True, help="Where this is known from.")
@click.option("--correct", is_flag=True, help="Let this take the place of an earlier resolution; both stay.")
@_options
def resolve(
    subject: str, date: str, value: str, source: str, correct: bool, file: Path, model: str | None, as_json: bool
) -> None:
    """Say what came: an event (VALUE yes: at DATE; never: not up to DATE) or a trend's VALUE at DATE."""
    from etia.learn.ledger import Ledger

    with _told():
        entry, is_new = Ledger(file).resolve(subject, date, _value(value), source=source, model=model, correct=correct)
        settles = Ledger(file).settles(entry)
    if as_json:
        found = {"entry": entry.number, "new": is_new, "recorded": entry.recorded.isoformat(), "settles": settles}
        _print_json(found | entry.body)
        return
    click.echo(f"{entry.body['model']}: {subject} at {entry.body['date']}: {value}, entry {entry.number}")
    if not settles:
        click.echo(f"No forecast in the ledger speaks of {subject} at that date: it is kept, and scores nothing yet.")


def _value(text: str) -> float | bool:
    if text.lower() in YES + NO:
        return text.lower() in YES
    try:
        return float(text)
    except ValueError as error:
        raise click.UsageError(f"{text!r} is no number, and neither 'yes' nor 'never'") from error


@ledger.command()
@click.option("--floor", type=click.FloatRange(0, 0.5), default=0.0, help="Least probability of the log score.")
@click.option("--head", help="A head noted earlier: check that the ledger still runs through it.")
@_options
def score(floor: float, head: str | None, file: Path, model: str | None, as_json: bool) -> None:
    """Score what is resolved: Brier, log score, CRPS, coverage, calibration; by version and over time."""
    from etia.learn.ledger import Ledger
    from etia.learn.ledger_scores import score as score_ledger

    with _told():
        head_now = Ledger(file).verify(head)
        found = score_ledger(Ledger(file), model=model, floor=floor)
    if as_json:
        tables = {name: _records(table) for name, table in found._asdict().items() if name != "n_open"}
        _print_json({**tables, "n_open": found.n_open, "head": head_now, "head_given": head is not None})
        return
    _print_scores(found)
    click.echo(_of_head(head_now, is_checked=head is not None))


def _of_head(head: str, *, is_checked: bool) -> str:
    """The last line: where the ledger stands, and what could not be seen."""
    if is_checked:
        return f"Head {head}; the ledger still runs through the head that was given."
    return f"Head {head}; no earlier head was given, so entries cut off the end would not be seen (--head)."


def _print_scores(found: LedgerScores) -> None:
    late = f" Recorded too late to be forecasts, so left out: {found.n_late}." if found.n_late else ""
    if len(found.events) + len(found.trends) == found.n_late:
        click.echo(f"Nothing that was forecast is resolved yet; {found.n_open} forecasts are open.{late}")
        return
    for title, table in (
        ("By version of the model", found.versions.assign(version=found.versions["version"].str[:8])),
        ("Over time", found.over_time.assign(version=found.over_time["version"].str[:8])),
        ("How often what was given a probability came true", found.reliability),
    ):
        click.echo(f"{title}\n{table.to_string(index=False, na_rep='', float_format=lambda x: format(x, '.4g'))}\n")
    click.echo(f"{found.n_open} forecasts are open.{late}")


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON knows them: neither NaN nor infinity is JSON, the one is null, the other the text 'inf'."""
    rows: list[dict[str, Any]] = json.loads(table.astype(object).where(table.notna(), None).to_json(orient="records"))
    infinite = table.isin([float("inf")])
    for row, flags in zip(rows, infinite.to_dict(orient="records"), strict=True):
        row.update({str(name): "inf" for name, flag in flags.items() if flag})
    return rows


def _print_json(found: dict[str, Any]) -> None:
    click.echo(json.dumps({"schema_version": SCHEMA_VERSION, **found}, ensure_ascii=False, allow_nan=False))


command = ledger
"""the verb, as the table of verbs knows it"""
