"""What the data support: tests, fits and backtests of the measured trends in plain judgement (method §9)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from etia.learn.judgement import say, trend_sentences
from etia.learn.model_series import baseline_methods
from etia.report.document import Aside, Bullets, Paragraph, Section, Table
from etia.report.numbers import percent

if TYPE_CHECKING:
    import pandas as pd

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
_AGAINST = {
    "random_walk": "random walk with drift",
    "seasonal": "last season's value",
    "baseline": "the baseline alone",
    "ets": "exponential smoothing",
}


def learned(subject: Subject) -> Section | None:
    """The paragraph, the skill near and far, and the sizes that the data moved most; None without a fit."""
    tables = {name: subject.table(name) for name in _TABLES if len(subject.table(name))}
    if not {"fit", "backtest"} & set(tables):
        return None
    scored = {name: tables.pop(name) for name in ("backtest", "backtest_events") if name in tables}
    blocks: list[Block] = [Paragraph(_titled(subject, say(tables)))]
    if "backtest" in scored:
        told = trend_sentences(scored["backtest"], scored.get("backtest_events"), baseline_methods(subject.model))
        blocks += [Paragraph(_FROM_THEN), Bullets(tuple(_titled(subject, text) for text in told))]
    skill = _skill(subject, subject.table("backtest"))
    moved = _moved(subject, subject.table("fit"))
    if skill is not None:
        blocks += [skill, Aside(_SKILL)]
    if moved is not None:
        blocks.append(moved)
    return Section("What the data support", tuple(blocks))


def _titled(subject: Subject, text: str) -> str:
    """Ids in the text exchanged for titles in quotation marks."""
    known = {*subject.model.events, *subject.model.trends, *subject.model.lenses}
    return re.sub(r"[A-Za-z][A-Za-z0-9_]*", lambda m: f"“{subject.title(m[0])}”" if m[0] in known else m[0], text)


def _skill(subject: Subject, backtest: pd.DataFrame) -> Table | None:
    rows = backtest[backtest["origin"] == "all"] if len(backtest) else backtest
    if not len(rows):
        return None
    lines = []
    for (trend, variant, against), group in rows.groupby(["trend", "variant", "against"], sort=False):
        ends = group.sort_values("horizon").iloc[[0, -1]]
        skills, errors = ends["skill"].to_numpy(float), ends["se"].to_numpy(float)
        cells = [f"{skill:+.0%} (±{2 * error:.0%})" for skill, error in zip(skills, errors, strict=True)]
        span = " and ".join(map(str, ends["horizon"].tolist()))
        held = percent(float(ends["cover90"].to_numpy(float)[-1]))
        told = (subject.title(str(trend)), str(variant).replace("-", " "), _AGAINST.get(str(against), str(against)))
        lines.append((*told, span, *cells, held))
    return Table(
        ("Trend", "Variant", "Against", "Data ahead", "Skill, nearest", "Skill, farthest", "In the 90 % band"),
        tuple(lines),
        (False, False, False, True, True, True, True),
        "Skill of forecasts made from past dates with what was known then",
    )


def _moved(subject: Subject, fit: pd.DataFrame) -> Table | None:
    if not len(fit):
        return None
    order = fit["moved"].abs().sort_values(ascending=False, kind="stable").index[:_MOST]
    lines = [
        (
            subject.title(str(row["event"])),
            subject.title(str(row["trend"])),
            f"{row['prior_p50']:.3g} ({row['prior_p5']:.3g} to {row['prior_p95']:.3g})",
            f"{row['p50']:.3g} ({row['p5']:.3g} to {row['p95']:.3g})",
            "yes" if row["contradicted"] else "no",
        )
        for row in fit.loc[order].to_dict("records")
    ]
    rest = f"; {len(fit) - _MOST} more in fit.csv" if len(fit) > _MOST else ""
    return Table(
        ("Event", "Trend", "As judged", "With the data", "Contradicted"),
        tuple(lines),
        (False, False, True, True, False),
        f"Sizes of impacts that the data moved most, median and 90 % range{rest}",
    )
