"""What a report speaks of: a run's tables, and the titles, units and sources of everything in them."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from etia.report.numbers import places_of, plain, signed
from etia.report.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from etia.calendar import Calendar
    from etia.facade import Run
    from etia.schema.event import Event
    from etia.schema.evidence import Card, Claim
    from etia.schema.model import Model
    from etia.schema.trend import Trend

__all__ = ["REFERENCE", "Subject", "each", "largest", "locator_words", "spaced"]

REFERENCE = "reference"
_NAMED_REFERENCE = "The model as it stands"
_ORDINALS = {2: "second time", 3: "third time", 4: "fourth time", 5: "fifth time"}


class Subject:
    """A run, looked at by one who writes about it."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.model: Model = run.model.content

    @property
    def calendar(self) -> Calendar:
        return self.model.timeline

    @property
    def as_of(self) -> str:
        """The step up to which things are known."""
        return self.calendar.label(self.calendar.as_of)

    @property
    def end(self) -> str:
        """The last step."""
        return self.calendar.label(self.calendar.n_steps - 1)

    @cached_property
    def lens(self) -> str:
        """The lens of the reference's rows."""
        return self.run.request.lens or self.model.reference_lens

    @cached_property
    def scenarios(self) -> dict[str, str]:
        """Titles of all scenarios by name, the reference first."""
        found = {REFERENCE: _NAMED_REFERENCE}
        for name, model in self.run.scenarios.items():
            found[name] = (model.scenario.title if model.scenario else None) or name
        return found

    def scenario_lens(self, name: str) -> str:
        """The lens under which a scenario's rows stand."""
        own = self.run.scenarios[name].scenario if name in self.run.scenarios else None
        return self.run.request.lens or (own.lens if own else None) or self.model.reference_lens

    # ------------------------------------------------------------------ tables

    @cached_property
    def _tables(self) -> dict[str, pd.DataFrame]:
        return dict(self.run.tables.items())

    def table(self, name: str) -> pd.DataFrame:
        """A table; an empty one where the run has none of that name."""
        found = self._tables.get(name)
        return pd.DataFrame() if found is None else found

    def rows(self, name: str, **where: object) -> pd.DataFrame:
        """The rows of a table in which the named columns have these values; empty where a column is missing."""
        found = self.table(name)
        for column, value in where.items():
            if column not in found:
                return pd.DataFrame()
            found = found[found[column] == value]
        return found

    def main(self, name: str, **where: object) -> pd.DataFrame:
        """The rows of the reference under the lens that it stands under."""
        given = {"scenario": REFERENCE, "lens": self.lens} | where
        columns = self.table(name).columns
        return self.rows(name, **{column: value for column, value in given.items() if column in columns})

    def present(self, *names: str) -> str:
        """Those of the named tables that hold anything, in a sentence."""
        return listed(name for name in names if len(self.table(name)))

    # ------------------------------------------------------------------ titles

    def event(self, name: str) -> Event | None:
        """The event of that id (a copy's is its first's), in the model or in a scenario that adds it."""
        plain_name = name.partition("#")[0]
        for model in (self.model, *(under.content for under in self.run.scenarios.values())):
            if plain_name in model.events:
                return model.events[plain_name]
        return None

    def title(self, name: str) -> str:
        """What a thing of the model is called; a copy says which time it is."""
        base, _, copy = str(name).partition("#")
        event = self.event(base)
        if event is not None:
            again = f" ({_ORDINALS.get(int(copy), f'{copy}th time')})" if copy.isdigit() else ""
            return event.title + again
        for chapter in (self.model.trends, self.model.policies, self.model.mechanisms, self.model.actors):
            if base in chapter:
                return str(chapter[base].title)
        for titled in (self.model.lenses, self.model.stakes, self.model.objectives, self.model.hypotheses):
            if base in titled:
                own = titled[base].title
                return own or spaced(base)
        return spaced(base)

    def titles(self, names: Iterable[str]) -> dict[str, str]:
        """Titles by id."""
        return {name: self.title(name) for name in names}

    @cached_property
    def past_events(self) -> dict[str, Event]:
        """Events dated at or before `as_of`, in order of date."""
        calendar = self.calendar
        found = {
            name: event
            for name, event in self.model.events.items()
            if event.date is not None and calendar.first_step(event.date) <= calendar.as_of
        }
        return dict(sorted(found.items(), key=lambda pair: (pair[1].date.first, pair[1].date.last)))  # type: ignore[union-attr]

    @cached_property
    def open_events(self) -> dict[str, Event]:
        """All other events, in model order."""
        return {name: event for name, event in self.model.events.items() if name not in self.past_events}

    # ------------------------------------------------------------------ sources

    @property
    def claims(self) -> dict[str, Claim]:
        """All claims by number."""
        return dict(self.run.model.claims)

    def card_of(self, claim: str) -> Card | None:
        """The source that a claim stands in."""
        return next((card for card in self.run.model.seeds.values() if claim in card.claims), None)

    def source_words(self, claim: str) -> str:
        """A claim's source: who, what, when, and where in it."""
        card = self.card_of(claim)
        if card is None:
            return claim
        where = card.claims[claim].where
        parts = [card.author or "", card.title, card.date or "", locator_words(where) if where else ""]
        return f"{', '.join(part for part in parts if part)} [{claim}]"

    # ------------------------------------------------------------------ trends in their units

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: self._places_of(name) for name in self.model.trends}

    def _places_of(self, name: str) -> int:
        """Decimal places at which a trend's values are worth stating: about a twentieth of its 90 % band."""
        final = self.rows("trend_projections", trend=name, date=self.end)
        spread = float(np.nanmedian(final["p95"] - final["p5"])) if len(final) else float("nan")
        if not np.isfinite(spread) or spread <= 0:
            middle = float(np.nanmedian(np.abs(final["p50"]))) if len(final) else float("nan")
            spread = 0.2 * middle if np.isfinite(middle) else float("nan")
        trend = self.model.trends[name]
        if not np.isfinite(spread) or spread <= 0:
            spread = (trend.bounds[1] - trend.bounds[0]) / 5 if trend.bounds else 10.0
        return places_of(spread / 20)

    def trend(self, name: str) -> Trend:
        """The trend of that id."""
        return self.model.trends[name]

    def value(self, trend: str, value: float) -> str:
        """A value in figures, in as many digits as its spread lets matter; on a ratio scale two digits at least."""
        if not np.isfinite(value):
            return "unknown"
        places = self._places[trend]
        if self.trend(trend).scale == "log" and value:  # what has grown a hundredfold was not 0 before
            places = max(places, places_of(abs(value)) + 1)
        if self.level(trend, round(value, places)) != self.level(trend, value):  # 69.9 is not yet the level of 70
            places += 1
        return plain(value, places)

    def step_of(self, trend: str) -> float:
        """The finest difference in a trend's values that is worth stating."""
        return float(10.0 ** -self._places[trend])

    def amount(self, trend: str, value: float) -> str:
        """A value with its unit: `4.6 bn USD a year`, `72 of 100`."""
        unit = self.trend(trend).unit or ""
        bounds = self.trend(trend).bounds
        if self.is_index(trend):
            return (
                f"{self.value(trend, value)} of {bounds[1]:g}"
                if bounds and bounds[0] == 0
                else self.value(trend, value)
            )
        return f"{self.value(trend, value)} {unit_words(unit)}".strip()

    def is_index(self, trend: str) -> bool:
        """Whether the trend is counted in points of an index."""
        return not (self.trend(trend).unit or "") or (self.trend(trend).unit or "").startswith("index")

    def change_unit(self, trend: str) -> str:
        """What a change of the trend is counted in."""
        if self.is_index(trend):
            return "points"
        unit = self.trend(trend).unit or ""
        return "percentage points" if unit.startswith(("%", "per cent")) else unit_words(unit)

    def change(self, trend: str, value: float) -> str:
        """A change with its sign and unit."""
        return f"{signed(value, self._places[trend])} {self.change_unit(trend)}"

    def level(self, trend: str, value: float) -> str:
        """The name of the level that a value has; empty where the trend has none."""
        reached = [name for rung, name in self.trend(trend).levels.items() if rung <= value]
        return reached[-1] if reached and np.isfinite(value) else ""

    def asked_trends(self) -> list[str]:
        """The trends that hypotheses and objectives are about, in model order; all where there are none."""
        named = {hypothesis.trend for hypothesis in self.model.hypotheses.values()}
        named |= {objective.trend or name for name, objective in self.model.objectives.items()}
        return [name for name in self.model.trends if name in named] or list(self.model.trends)

    def history(self, trend: str) -> pd.DataFrame | None:
        """Measured values."""
        data = self.trend(trend).history
        if not data:
            return None
        return pd.DataFrame({"date": [str(datum.at) for datum in data], "value": [datum.value for datum in data]})


def spaced(name: str) -> str:
    """An id as words."""
    return name.replace("_", " ")


def unit_words(unit: str) -> str:
    """A unit within a sentence: without the remark that follows its comma."""
    return unit.partition(",")[0]


def locator_words(where: str) -> str:
    """Where in a source a claim stands: `L9-12, L57` becomes `lines 9–12 and 57`; anything else stays behind `at`."""
    parts = [part.strip() for part in where.split(",")]
    found = [re.fullmatch(r"L(\d+)(?:-(\d+))?", part) for part in parts]
    if not all(found):
        return f"at {where}"
    spans = [f"{match[1]}–{match[2]}" if match[2] else match[1] for match in found if match]
    return f"{'line' if len(spans) == 1 and '–' not in spans[0] else 'lines'} {listed(spans)}"


def each(table: pd.DataFrame) -> Iterator[Any]:
    """The rows of a table, its columns as attributes."""
    return iter(table.itertuples(index=False))


def largest(table: pd.DataFrame, column: str, most: int) -> pd.DataFrame:
    """The rows with the largest absolute value of a column, largest first; unknown ones left out."""
    known = table[np.isfinite(table[column].to_numpy(dtype=float))]
    order: Sequence[int] = known[column].abs().sort_values(ascending=False, kind="stable").index[:most]
    found: pd.DataFrame = known.loc[order]
    return found
