"""The first layer on a screen: what past events have done, what came by way of policy, what would be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etia.learn.connected import chance_sentence, is_connected, rate_words
from etia.report.lines import rows_of, short, table_lines
from etia.report.numbers import NARROW, is_nothing, percent, share, signed, with_error
from etia.report.subject import each

if TYPE_CHECKING:
    import pandas as pd

    from etia.facade import Run

__all__ = ["breaks", "described"]

MOST_OF_A_TREND = 3
MOST_REMOVED = 8


def described(run: Run, scenario: str) -> list[str]:
    """Layer 1 of one scenario: direct and total effects, transmission, what falls with an event, theory, evidence."""
    parts = (_effects, _transmission, _fallout, _hypotheses, _evidence)
    return [line for part in parts for line in part(run, scenario)]


def breaks(run: Run) -> list[str]:
    """What the test of turning points says where the model states an impact, each break, and how all others do."""
    found = run.tables["turning_points"]
    if found.empty:
        return []
    rate = run.request.false_alarm
    connected = is_connected(found, run.model.content)
    stated, rest = found[connected], chance_sentence(found[~connected], rate)
    counts = stated["verdict"].value_counts()
    said = [f"{counts.get(verdict, 0)} {verdict}" for verdict in ("break", "not separable", "no sign", "too few data")]
    rows = [
        [f"{_title(run, row.event)}: {_title(run, row.trend)}", *_break(run, row)]
        for row in each(stated[stated["verdict"] == "break"])
    ]
    head = (
        f"Turning points in the data, at a false-alarm rate of {rate_words(rate)}; intervals of {rate_words(1 - rate)}"
    )
    told = [f"  Of {len(stated)} impacts of past events on measured trends: {', '.join(said)}."]
    table = table_lines(head, ["", "level", "slope a year"], rows) or ["", head]
    return [*table, *told, *([f"  {rest}"] if rest else [])]


def _break(run: Run, row: Any) -> list[str]:
    """Change of level and of slope, each with its interval."""
    unit = NARROW + "%" if run.model.trends[row.trend].scale == "log" else ""
    sizes = ((row.size, row.low, row.high), (row.slope, row.slope_low, row.slope_high))
    return [f"{signed(size)}{unit} ({signed(low)} to {signed(high)})" for size, low, high in sizes]


def _now(run: Run) -> str:
    calendar = run.model.calendar
    return calendar.label(calendar.as_of)


def _title(run: Run, name: str) -> str:
    """What an event, a trend or a lens is called; a copy says which one it is."""
    base, _, copy = str(name).partition("#")
    for chapter in (run.model.events, run.model.trends, run.model.lenses):
        if base in chapter:
            return short((chapter[base].title or base) + (f" ({copy})" if copy else ""), 54)
    return str(name)


def _effects(run: Run, scenario: str) -> list[str]:
    """What past events have put into each trend by `as_of`; where there are none, what others would by the end."""
    now = _now(run)
    found = rows_of(run, "describe", "impact_scores", scenario)
    if found.empty:
        return []
    rows = _largest(run, found[found["date"] == now])
    head = f"What events have put into each trend by {now}"
    if not rows:
        end = str(found["date"].iloc[-1])
        rows = _largest(run, found[found["date"] == end])
        head = f"What events do to each trend by {end}: at their central dates, against never"
    return table_lines(head, ["", "directly", "in all"], rows)


def _largest(run: Run, scores: pd.DataFrame) -> list[list[str]]:
    """By trend the events with the largest direct or total effects; those without any left out."""
    rows = []
    for trend, own in scores.groupby("trend", sort=False):
        size = own[["direct", "total"]].abs().max(axis=1)
        best = size[size > 0].sort_values(ascending=False, kind="stable").index[:MOST_OF_A_TREND]
        for n, row in enumerate(each(own.loc[best])):
            head = "" if n else _title(run, str(trend))
            direct, total = signed(row.direct), with_error(row.total, row.se, sign=True)
            rows.append([f"{head:54}  {_title(run, row.event)}", direct, total])
    return rows


def _transmission(run: Run, scenario: str) -> list[str]:
    now = _now(run)
    found = rows_of(run, "describe", "transmission", scenario)
    found = found[found["date"] == now] if len(found) else found
    rows = [
        [
            _title(run, row["trend"]),
            *(_part(row[key], row["se"]) for key in ("macro_own", "macro_via_meso", "meso_own")),
        ]
        for _, row in found.iterrows()
        if any(row[key] for key in ("macro_own", "macro_via_meso", "meso_own"))
    ]
    head = ["", "macro, by itself", "macro, through meso", "all meso"]
    return table_lines(f"How the levels have reached the trends by {now}", head, rows)


def _part(value: float, se: float) -> str:
    """An effect with its error; a dash where it cannot be told apart from nothing."""
    return "–" if value == 0 or is_nothing(value, se) else with_error(value, se, sign=True)


def _fallout(run: Run, scenario: str) -> list[str]:
    """The past events with which most others fall."""
    found = rows_of(run, "describe", "attributable_fractions", scenario)
    if found.empty:
        return []
    expected = found.groupby("removed", sort=False)["fraction"].sum().sort_values(ascending=False, kind="stable")
    rows = []
    for removed in expected.index[:MOST_REMOVED]:
        own = found[found["removed"] == removed].sort_values("fraction", ascending=False, kind="stable")
        first = next(each(own))
        told = f"{_title(run, first.event)} ({percent(first.fraction)})"
        rows.append([_title(run, str(removed)), f"{expected[removed]:.1f}", told])
    return table_lines("Had it not happened", ["without", "events missing", "first of all"], rows)


def _hypotheses(run: Run, scenario: str) -> list[str]:
    found = rows_of(run, "describe", "hypotheses", scenario)
    rows = []
    for _, row in found.iterrows():
        without = row["without_mechanisms"]
        left = percent(without) if without == without else ""
        name = f"{row['hypothesis']}, under {_title(run, row['lens'])}"
        rows.append([name, percent(row["probability"], row["se"]), left])
    return table_lines("Hypotheses", ["", "probability", "without its mechanisms"], rows)


def _evidence(run: Run, scenario: str) -> list[str]:
    found = rows_of(run, "describe", "evidence", scenario)
    keys = ("evidence", "data", "judgement")
    rows = [[_title(run, row["trend"]), *(_share(row[key]) for key in keys)] for _, row in found.iterrows()]
    return table_lines("What the effects on each trend rest on", ["", "a claim", "fitted data", "judgement"], rows)


def _share(part: float) -> str:
    return share(part) if part == part else "–"
