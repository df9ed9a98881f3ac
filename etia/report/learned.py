"""What the data support: tests, fits and backtests of the measured trends in plain judgement (method §9)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from etia.learn.connected import is_connected
from etia.learn.judgement import say, trend_sentences
from etia.learn.model_series import baseline_methods
from etia.learn.telling import CONTRADICTED_MEANS, MOST_NAMED
from etia.report.document import Aside, Bullets, Paragraph, Section, Table
from etia.report.numbers import MINUS, NARROW, percent, plain, signed
from etia.report.words import listed, quoted

if TYPE_CHECKING:
    import pandas as pd

    from etia.report.album import Album
    from etia.report.document import Block
    from etia.report.subject import Subject

__all__ = ["learned"]

_TABLES = ("turning_points", "fit", "backtest", "backtest_events", "lens_weights")
_MOST = 15
_SKILL = "Skill is the share of another forecast's error that the model saves; below 0 it is the worse of the two."
_FROM_THEN = (
    "Forecasts were made from past dates with what was known then, once with the events that came later given, and "
    "once with only what had been said of them."
)
_UNDATED = (
    "Where the series seem to break when no date is given. These are candidates, without a false-alarm rate; one with "
    "no event near it that acts on the series is something that this study does not explain."
)
_AGAINST = {
    "random_walk": "random walk with drift",
    "seasonal": "last season's value",
    "baseline": "the baseline alone",
    "ets": "exponential smoothing",
}


def learned(subject: Subject, album: Album | None = None) -> Section | None:
    """The paragraph, skill near and far, and the sizes that the data moved most; None without a fit.

    With an album also the figures of calibration.
    """
    tables = {name: subject.table(name) for name in _TABLES if len(subject.table(name))}
    if not {"fit", "backtest"} & set(tables):
        return None
    if "turning_points" in tables:
        tables["turning_points"] = tables["turning_points"][is_connected(tables["turning_points"], subject.model)]
    scored = {name: tables.pop(name) for name in ("backtest", "backtest_events") if name in tables}
    blocks: list[Block] = [Paragraph(_titled(subject, say(tables, false_alarm=subject.run.request.false_alarm)))]
    if "backtest" in scored:
        told = trend_sentences(scored["backtest"], scored.get("backtest_events"), baseline_methods(subject.model))
        blocks += [Paragraph(_FROM_THEN), Bullets(tuple(_titled(subject, text) for text in told))]
    skill = _skill(subject, subject.table("backtest"))
    moved = _moved(subject, subject.table("fit"))
    if skill is not None:
        blocks += [skill, Aside(_SKILL)]
    if album is not None:
        blocks += _calibration(subject, album)
    if moved is not None:
        blocks += [moved, Aside(f"Contradicted: {CONTRADICTED_MEANS}")]
    blocks += _candidates(subject, subject.table("candidate_breaks"))
    return Section("What the data support", tuple(blocks))


def _titled(subject: Subject, text: str) -> str:
    """Numbers written as in the rest of the report, ids exchanged for titles in quotation marks."""
    text = re.sub(r"(?<=\d) ?%", f"{NARROW}%", re.sub(r"(?<!\w)-(?=\d)", MINUS, text))
    known = {*subject.model.events, *subject.model.trends, *subject.model.lenses}
    return re.sub(r"[A-Za-z][A-Za-z0-9_]*", lambda m: f"“{subject.title(m[0])}”" if m[0] in known else m[0], text)


def _calibration(subject: Subject, album: Album) -> list[Block]:
    """Where outcomes fell in their forecasts, and how often stated probabilities came true."""
    from etia.figures import draw_pit, draw_reliability

    blocks: list[Block] = []
    pit, reliability = subject.table("backtest_pit"), subject.table("backtest_reliability")
    rows = pit[pit["variant"] == "forecast"] if len(pit) else pit
    if len(rows):
        middle = (rows["low"] + rows["high"]).to_numpy(float) / 2
        values = np.repeat(middle, rows["n"].to_numpy(int))
        blocks += album.figure(
            "backtest_pit",
            lambda: draw_pit(values),
            caption="What came, by its place in what was forecast from past dates, all trends and distances together. "
            "Heaped at both ends: bands too narrow. Forecasts from neighbouring dates overlap, so bars vary more "
            "than the grey ground allows for.",
            alt=f"Histogram of {len(values)} outcomes over the tenths of their forecasts; the table has the figures.",
        )
    if len(reliability):
        blocks += album.figure(
            "backtest_reliability",
            lambda: draw_reliability(reliability),
            caption="Events: what was stated from past dates, and how often it came true. The bars count each event "
            "once, however often it was forecast.",
            alt=f"Frequency against stated probability in {len(reliability)} bands.",
        )
    return blocks


def _candidates(subject: Subject, candidates: pd.DataFrame) -> list[Block]:
    """Where series seem to break when no date is given."""
    if not len(candidates):
        return []
    items = []
    for trend, rows in candidates.groupby("trend", sort=False):
        dates = [
            f"{row.date} ({_beside(subject, str(row.events), str(getattr(row, 'near', '')))})"
            for row in rows.itertuples(index=False)
        ]
        items.append(f"{quoted(subject.title(str(trend)))}: {'; '.join(dates)}.")
    return [Paragraph(_UNDATED), Bullets(tuple(items))]


def _beside(subject: Subject, events: str, near: str) -> str:
    acting, others = (_named(subject, names) for names in (events, near))
    told = f"beside {acting}" if acting else "no event near that is held to act on it"
    return f"{told}; near in time, not held to act on it: {others}" if others else told


def _named(subject: Subject, events: str) -> str:
    names = [quoted(subject.title(name)) for name in events.split(", ") if name]
    if len(names) > MOST_NAMED + 1:
        names = [*names[:MOST_NAMED], f"{len(names) - MOST_NAMED} more"]
    return listed(names)


def _skill(subject: Subject, backtest: pd.DataFrame) -> Table | None:
    """A line a trend, variant and distance; a column a rival."""
    rows = backtest[backtest["origin"] == "all"] if len(backtest) else backtest
    if not len(rows):
        return None
    rivals = [name for name in _AGAINST if (rows["against"] == name).any()]
    lines = []
    for (trend, variant), group in rows.groupby(["trend", "variant"], sort=False):
        for horizon in sorted({int(group["horizon"].min()), int(group["horizon"].max())}):
            own = group[group["horizon"] == horizon].set_index("against")
            skills = [_with_error(own, rival) for rival in rivals]
            held = percent(float(own["cover90"].iloc[0]))
            told = (subject.title(str(trend)), str(variant).replace("-", " "), str(horizon))
            lines.append((*told, *skills, held))
    return Table(
        ("Trend", "Variant", "Data ahead", *(f"Against {_AGAINST[rival]}" for rival in rivals), "In the 90 % band"),
        tuple(lines),
        (False, False, *(True,) * (len(rivals) + 2)),
        "Skill of forecasts made from past dates with what was known then (± two standard errors)",
    )


def _with_error(own: pd.DataFrame, rival: str) -> str:
    if rival not in own.index:
        return "–"
    skill, error = own.loc[[rival], ["skill", "se"]].to_numpy(float)[0]
    text = f"{signed(100 * skill, 0)}{NARROW}%"
    return f"{text} (±{plain(200 * error, 0)})" if np.isfinite(error) else text


def _moved(subject: Subject, fit: pd.DataFrame) -> Table | None:
    if not len(fit):
        return None
    order = fit["moved"].abs().sort_values(ascending=False, kind="stable").index[:_MOST]
    lines = [
        (
            subject.title(str(row["event"])),
            subject.title(str(row["trend"])),
            _size_words(subject, str(row["trend"]), str(row["parameter"])),
            _range(row["prior_p50"], row["prior_p5"], row["prior_p95"]),
            _range(row["p50"], row["p5"], row["p95"]),
            "yes" if row["contradicted"] else "no",
        )
        for row in fit.loc[order].to_dict("records")
    ]
    rest = f"; {len(fit) - _MOST} more in fit.csv" if len(fit) > _MOST else ""
    return Table(
        ("Event", "Trend", "Size", "As judged", "With the data", "Contradicted"),
        tuple(lines),
        (False, False, False, True, True, False),
        f"Sizes of impacts that the data moved most, median and 90 % range{rest}",
    )


def _range(middle: float, low: float, high: float) -> str:
    return f"{plain(middle)} ({plain(low)} to {plain(high)})"


def _size_words(subject: Subject, trend: str, parameter: str) -> str:
    """`peak` as `largest, %`, with the impact's label where it has one."""
    name, _, label = parameter.partition(" ")
    unit = "%" if subject.trend(trend).scale == "log" else subject.change_unit(trend)
    return f"{'largest' if name == 'peak' else name}{f' {label}' if label else ''}, {unit}"
