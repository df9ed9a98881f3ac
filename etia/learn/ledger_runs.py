"""The dated forecasts that a run folder holds, as the ledger keeps them (method §9).

Read are the model's name and title in `manifest.json`, `as_of` in `model.resolved.yaml`, whose sha256 is the model's
version, and the tables `event_probabilities` and `trend_projections`, of which rows at or before
`as_of` are history and passed over.
"""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from etia.calendar import parse_period
from etia.errors import LedgerError
from etia.learn.ledger import EventForecast, ForecastSet, TrendForecast

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["forecasts_of_run"]

QUANTILES = ("p5", "p25", "p50", "p75", "p95")


def forecasts_of_run(folder: Path | str, *, model: str | None = None) -> ForecastSet:
    """The forecasts of a saved run, under the model's name or another one.

    Raises LedgerError where the folder is no run, or its manifest does not say what is needed.
    """
    home = Path(folder)
    named = _named(home)
    resolved = _bytes(home / "model.resolved.yaml")
    as_of = _as_of(resolved, home)
    last_known = parse_period(as_of).last
    events = [row for row in _rows(home, "event_probabilities") if parse_period(row["date"]).last > last_known]
    trends = [row for row in _rows(home, "trend_projections") if parse_period(row["date"]).last > last_known]
    return ForecastSet(
        model=model or str(named["name"]),
        version=hashlib.sha256(resolved).hexdigest(),
        as_of=as_of,
        events=tuple(
            EventForecast(row["scenario"], row["lens"], row["event"], row["date"], float(row["probability"]))
            for row in events
        ),
        trends=tuple(_trends(trends)),
        title=str(named.get("title", "")),
    )


def _trends(rows: Iterable[dict[str, str]]) -> Iterable[TrendForecast]:
    for row in rows:
        if all(row[name] for name in QUANTILES):
            yield TrendForecast(
                row["scenario"], row["lens"], row["trend"], row["date"], *(float(row[name]) for name in QUANTILES)
            )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LedgerError(f"{path.parent}: is no run folder: {path.name} cannot be read") from error


def _named(home: Path) -> dict[str, Any]:
    """The model's name and title."""
    try:
        found = json.loads(_bytes(home / "manifest.json"))
    except ValueError as error:
        raise LedgerError(f"{home}: manifest.json is no JSON: {error}") from error
    named = found.get("model") if isinstance(found, dict) else None
    if not isinstance(named, dict) or "name" not in named:
        raise LedgerError(f"{home}: manifest.json does not name its model")
    return named


def _as_of(resolved: bytes, home: Path) -> str:
    """The last known date, as the run had it."""
    try:
        found = yaml.load(resolved, Loader=yaml.BaseLoader)  # all scalars as written
        return str(found["calendar"]["as_of"])
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise LedgerError(f"{home}: model.resolved.yaml does not say its `as_of`") from error


def _rows(home: Path, table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(_bytes(home / "tables" / f"{table}.csv").decode().splitlines()))
