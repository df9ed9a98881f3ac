"""Dated forecasts, kept so that they can be scored when their dates have come (method §9).

A forecast once added is never edited and never backdated: its time of recording is the clock's at adding. What came is
added as a resolution with its source; a correction is a new resolution beside the old one. See `etia.learn.chain` for
what tampering can and cannot be detected.
"""

from __future__ import annotations

import difflib
import math
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from etia.calendar import Period, parse_period
from etia.errors import LedgerError
from etia.learn.chain import Chain, Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from etia.learn.ledger_scores import LedgerScores

__all__ = ["EventForecast", "ForecastSet", "Ledger", "Resolution", "TrendForecast"]


@dataclass(frozen=True)
class EventForecast:
    """The probability that an event has occurred by the end of the step `by`."""

    scenario: str
    lens: str
    event: str
    by: str
    probability: float


@dataclass(frozen=True)
class TrendForecast:
    """Quantiles of a trend's value in the step `date`, in trend units."""

    scenario: str
    lens: str
    trend: str
    date: str
    p5: float
    p25: float
    p50: float
    p75: float
    p95: float


@dataclass(frozen=True)
class ForecastSet:
    """All dated forecasts of one run of one version of a model."""

    model: str
    version: str
    """sha256 of the resolved model"""
    as_of: str
    events: tuple[EventForecast, ...]
    trends: tuple[TrendForecast, ...]
    title: str = ""
    """of the model: two models of one name are told apart by it"""

    def faults(self) -> list[str]:
        """What makes these no forecasts: early dates, impossible probabilities, quantiles out of order."""
        last_known = _period(self.as_of).last
        found = []
        for event in self.events:
            if _period(event.by).last <= last_known:
                found.append(f"event '{event.event}' by {event.by}: not after as_of {self.as_of}")
            if not 0 <= event.probability <= 1:
                found.append(f"event '{event.event}' by {event.by}: {event.probability!r} is not a probability")
        for trend in self.trends:
            if _period(trend.date).last <= last_known:
                found.append(f"trend '{trend.trend}' at {trend.date}: not after as_of {self.as_of}")
            ladder = [trend.p5, trend.p25, trend.p50, trend.p75, trend.p95]
            if not all(map(math.isfinite, ladder)) or ladder != sorted(ladder):
                found.append(f"trend '{trend.trend}' at {trend.date}: {ladder} are no ascending quantiles")
        return found if self.events or self.trends else ["there are no forecasts in it"]


@dataclass(frozen=True)
class Resolution:
    """What came: an event (`value` True: it occurred at `date`; False: not by the end of `date`) or a trend's value."""

    model: str
    subject: str
    kind: str
    date: str
    value: float | bool
    source: str
    corrects: tuple[int, ...] = ()
    """numbers of the entries whose resolutions this one takes the place of"""


def _period(text: str) -> Period:
    try:
        return parse_period(text)
    except ValueError as error:
        raise LedgerError(str(error)) from error


class Ledger:
    """The forecast ledger in one file: added to, resolved and read in any order, by several writers."""

    def __init__(self, path: Path | str, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.chain = Chain(path, clock=clock)
        self._clock = clock

    def __repr__(self) -> str:
        return f"Ledger({str(self.chain.path)!r})"

    def verify(self, head: str | None = None) -> str:
        """Check the whole file and return its head; with a head noted earlier, also that it still runs through it.

        Raises LedgerError where the file was tampered with.
        """
        if head is not None and not self.chain.holds(head):
            raise LedgerError(f"{self.chain.path}: the ledger no longer runs through {head}; it was rewritten or cut")
        return self.chain.head()

    def add(self, forecasts: ForecastSet) -> tuple[Entry, bool]:
        """Record a run's forecasts now; returns the entry and whether it is new (the same run twice is one entry).

        Raises LedgerError where they are no forecasts, or another model goes by the same name.
        """
        faults = forecasts.faults()
        if faults:
            more = f" … and {len(faults) - 5} more" if len(faults) > 5 else ""
            raise LedgerError("nothing was added: " + "; ".join(faults[:5]) + more)
        body = _forecast_body(forecasts)

        def checked(entries: list[Entry]) -> dict[str, Any]:
            _refuse_namesake(entries, forecasts)
            return body

        return self.chain.append("forecasts", checked)

    def add_run(self, folder: Path | str, *, model: str | None = None) -> tuple[Entry, bool]:
        """Record the dated forecasts of a run folder now, under its model's name or another; see `add`."""
        from etia.learn.ledger_runs import forecasts_of_run

        return self.add(forecasts_of_run(folder, model=model))

    def score(self, *, model: str | None = None, floor: float = 0.0) -> LedgerScores:
        """Scores of all that is resolved, of one model where it is named; see `etia.learn.ledger_scores`."""
        from etia.learn.ledger_scores import score

        return score(self, model=model, floor=floor)

    def resolve(
        self,
        subject: str,
        date: str,
        value: float | bool,
        *,
        source: str,
        model: str | None = None,
        correct: bool = False,
    ) -> tuple[Entry, bool]:
        """Record what came of an event or a trend that a forecast in the ledger speaks of.

        Parameters
        ----------
        subject
            id of the event or trend
        date
            for an event that occurred its date; for one that did not, the date up to which it did not; for a trend
            the date of the value
        value
            True or False for an event, a number for a trend
        source
            where this is known from
        model
            name of the model, where several in the ledger have this id
        correct
            allow a resolution that contradicts an earlier one; both stay, the later counts

        Raises
        ------
        LedgerError
            where the id is unknown or belongs to several models, the date has not come, or an earlier one disagrees
        """
        if not source.strip():
            raise LedgerError("a resolution needs its source: where is it known from?")

        def checked(entries: list[Entry]) -> dict[str, Any]:
            name, kind = _found(forecast_entries(entries), subject, model)
            new = Resolution(name, subject, kind, str(_period(date)), _value(subject, kind, value), source)
            _refuse_future(new, self._clock())
            standing = resolutions(entries)
            same = [old for old in standing.values() if replace(old, corrects=()) == new]
            return asdict(same[0] if same else _beside_the_old(standing, new, correct=correct))

        return self.chain.append("resolution", checked)

    def settles(self, entry: Entry) -> bool:
        """Whether some forecast in the ledger speaks of what a resolution's entry says, so that it can be scored."""
        new = _resolution(entry)
        return any(
            row[new.kind] == new.subject and _settles(row, new)
            for found in forecast_entries(self.chain.entries())
            if found.body["model"] == new.model
            for row in found.body[f"{new.kind}s"]
        )


def _forecast_body(forecasts: ForecastSet) -> dict[str, Any]:
    body = asdict(forecasts)
    return body | {"events": list(body["events"]), "trends": list(body["trends"])}


def forecast_entries(entries: Iterable[Entry]) -> list[Entry]:
    """The entries that hold forecasts."""
    return [entry for entry in entries if entry.kind == "forecasts"]


def _settles(row: dict[str, Any], new: Resolution) -> bool:
    """Whether a forecast, a row of its entry, is settled by a resolution of its event or trend."""
    period = _period(new.date)
    if new.kind == "trend":
        date = _period(row["date"])
        return date == period or is_middle(date, period)
    end = _period(row["by"]).last
    return end >= period.last or end < period.first if new.value else end <= period.last


def is_middle(date: Period, period: Period) -> bool:
    """Whether a step is the middle one of a coarser period (the earlier of two), whose value then stands for it."""
    middle = (period.first_month + period.last_month) // 2
    is_coarser = period.first <= date.first and period.last >= date.last
    return is_coarser and date.first_month <= middle <= date.last_month


def _resolution(entry: Entry) -> Resolution:
    return Resolution(**(entry.body | {"corrects": tuple(entry.body["corrects"])}))


def resolutions(entries: Iterable[Entry]) -> dict[int, Resolution]:
    """The resolutions that stand, by number of their entry, in the order of recording; corrected ones are left out."""
    every = {entry.number: _resolution(entry) for entry in entries if entry.kind == "resolution"}
    corrected = {number for resolution in every.values() for number in resolution.corrects}
    return {number: resolution for number, resolution in every.items() if number not in corrected}


def _refuse_namesake(entries: list[Entry], forecasts: ForecastSet) -> None:
    for entry in forecast_entries(entries):
        if entry.body["model"] == forecasts.model and entry.body["title"] != forecasts.title:
            raise LedgerError(
                f"the ledger holds another model named '{forecasts.model}' ({entry.body['title']!r}, this one is "
                f"{forecasts.title!r}); say with --model under which name to keep this one"
            )


def _found(entries: list[Entry], subject: str, model: str | None) -> tuple[str, str]:
    """The model and the kind that an id stands for, among what was forecast."""
    known: dict[tuple[str, str], set[str]] = {}
    for entry in entries:
        for kind, rows in (("event", entry.body["events"]), ("trend", entry.body["trends"])):
            for row in rows:
                known.setdefault((entry.body["model"], kind), set()).add(row[kind])
    homes = [(name, kind) for (name, kind), ids in known.items() if subject in ids and model in (None, name)]
    if len(homes) > 1:
        names = ", ".join(f"'{name}'" for name, _ in homes)
        raise LedgerError(f"'{subject}' is forecast by the models {names}; say which with --model")
    if homes:
        return homes[0]
    ids = sorted(set().union(*(found for (name, _), found in known.items() if model in (None, name))))
    near = difflib.get_close_matches(subject, ids, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Known are: {', '.join(ids[:20])}"
    raise LedgerError(
        f"no forecast in the ledger speaks of '{subject}'{f' of model {model!r}' if model else ''}. {hint}"
    )


def _value(subject: str, kind: str, value: float | bool) -> float | bool:
    if kind == "event":
        if not isinstance(value, bool):
            raise LedgerError(f"event '{subject}' either occurred or did not by the date: {value!r} is neither")
        return value
    if isinstance(value, bool) or not math.isfinite(value):
        raise LedgerError(f"trend '{subject}' needs a number, not {value!r}")
    return float(value)


def _refuse_future(new: Resolution, now: datetime) -> None:
    period = _period(new.date)
    # what has not come by the end of a date is only known once the date is over
    known_from = period.last if new.value is False else period.first
    if known_from > now.date():
        raise LedgerError(f"{new.kind} '{new.subject}' at {new.date}: this date has not come (today is {now.date()})")


def _beside_the_old(standing: dict[int, Resolution], new: Resolution, *, correct: bool) -> Resolution:
    """The new resolution, as a correction of the standing ones that it contradicts, if any."""
    same = {number: old for number, old in standing.items() if (old.model, old.subject) == (new.model, new.subject)}
    against = tuple(number for number, old in same.items() if _contradict(old, new))
    if against and not correct:
        old = standing[against[-1]]
        raise LedgerError(
            f"{new.kind} '{new.subject}' was resolved otherwise: {old.value} at {old.date} ({old.source}); "
            "a correction must be asked for (--correct), and both stay in the ledger"
        )
    return replace(new, corrects=against)


def _contradict(old: Resolution, new: Resolution) -> bool:
    if new.kind == "trend":
        return old.date == new.date and old.value != new.value
    if old.value and new.value:
        return old.date != new.date
    if not old.value and not new.value:
        return False
    occurred, absent = (old, new) if old.value else (new, old)
    return _period(occurred.date).first <= _period(absent.date).last
