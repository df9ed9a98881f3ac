"""The whole model: what the files of a folder say together."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from etia import calendar as timeline
from etia.schema.base import Base, Date, Entity, Id, Interval, Names, Text, either
from etia.schema.event import Event
from etia.schema.fault import wrong
from etia.schema.policy import Budget, Objective, Policy
from etia.schema.relation import Coupling, Impact, Link, Relations
from etia.schema.theory import Actor, Hypothesis, Lens, Mechanism, Stake
from etia.schema.trend import Trend
from etia.schema.written import number

__all__ = ["DOMAINS", "FORMAT_VERSIONS", "Calendar", "Model", "Test"]

FORMAT_VERSIONS = (1,)
"""the versions of the format that are read"""
DOMAINS = ("strategic", "geopolitical", "geoeconomic")
"""the domains of a model that names none"""


def _version(raw: object) -> int:
    try:
        found = number(raw)
    except ValueError:
        found = float("nan")
    if found not in FORMAT_VERSIONS:
        read = ", ".join(map(str, FORMAT_VERSIONS))
        raise wrong("format-version", f"{raw!s} is not a known format version", f"Read: {read}. Write etia: 1.")
    return int(found)


def _budget(raw: object) -> object:
    return raw if isinstance(raw, (dict, Budget)) or raw is None else {"value": raw}


class Calendar(Base):
    """The steps of the model: from `start` to `end`, known up to `as_of` (method §1)."""

    start: Date
    """the first step"""
    as_of: Date
    """the last step that is known"""
    end: Date
    """the last step"""
    step: Annotated[Literal["month", "quarter", "year"], either("month", "quarter", "year")] = "month"
    """length of a step"""


class Test(Entity):
    """What must hold of the results: of an event or a hypothesis its probability, of a trend its median or mean."""

    __test__ = False

    event: Text | None = None
    """the event, with `by` and `probability`"""
    hypothesis: Text | None = None
    """the hypothesis, with `probability`"""
    trend: Text | None = None
    """the trend, with `at` and `median` or `mean`"""
    by: Date | None = None
    """by when the event has come"""
    at: Date | None = None
    """when the trend has the value"""
    probability: Interval | None = None
    """the interval in which the probability must lie"""
    median: Interval | None = None
    """the interval in which the median must lie"""
    mean: Interval | None = None
    """the interval in which the mean must lie"""
    lens: Text | None = None
    """the lens; the reference lens where left out"""
    scenario: Text | None = None
    """the scenario; the reference where left out"""
    policies: Names = ()
    """the policies in force"""


class Model(Base):
    """An event-based trend impact study."""

    etia: Annotated[int, BeforeValidator(_version)]
    """version of the format: 1"""
    title: Text
    """what is studied, in words"""
    question: Text | None = None
    """the question that the study is to answer"""
    note: Text | None = None
    """a remark on the study"""
    calendar: Calendar
    """the model's time"""
    domains: Names = DOMAINS
    """the domains of events, trends and stakes; strategic, geopolitical and geoeconomic where left out"""
    actors: dict[Id, Actor] = Field(default_factory=dict)
    """who acts"""
    mechanisms: dict[Id, Mechanism] = Field(default_factory=dict)
    """the causal ideas of the theory"""
    lenses: dict[Id, Lens] = Field(default_factory=lambda: {"reference": Lens(reference=True)})
    """theories as weights on mechanisms; where left out one, `reference`, with all weights 1"""
    events: dict[Id, Event] = Field(default_factory=dict)
    """turning points, past and to come"""
    links: Relations[Link] = Field(default_factory=dict)
    """how events act on events"""
    trends: dict[Id, Trend] = Field(default_factory=dict)
    """what events move"""
    impacts: Relations[Impact] = Field(default_factory=dict)
    """how events move trends"""
    couplings: Relations[Coupling] = Field(default_factory=dict)
    """how trends move trends"""
    stakes: dict[Id, Stake] = Field(default_factory=dict)
    """where actors stand on contested questions"""
    hypotheses: dict[Id, Hypothesis] = Field(default_factory=dict)
    """what the theory says should be seen"""
    policies: dict[Id, Policy] = Field(default_factory=dict)
    """the strategies to choose from"""
    budget: Annotated[Budget | None, BeforeValidator(_budget)] = None
    """what a portfolio may cost: a number, or {value, unit}"""
    objectives: dict[Id, Objective] = Field(default_factory=dict)
    """what policies are to achieve"""
    tests: dict[Id, Test] = Field(default_factory=dict)
    """what must hold of the results"""
    seeds: Text | None = None
    """the folder of the sources' cards, from the model's folder"""

    @cached_property
    def timeline(self) -> timeline.Calendar:
        """The model's steps."""
        dates = self.calendar
        return timeline.Calendar.between(dates.start, dates.as_of, dates.end, dates.step)

    @cached_property
    def reference_lens(self) -> str:
        """The lens under which the model is calibrated: the one marked, or the only one."""
        marked = [name for name, lens in self.lenses.items() if lens.reference]
        return marked[0] if marked else "reference"

    def __repr__(self) -> str:
        counts = ("events", "links", "trends", "impacts", "couplings", "policies")
        return f"Model({self.title!r}: {', '.join(f'{len(getattr(self, name))} {name}' for name in counts)})"
