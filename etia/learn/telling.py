"""Tests, fits and backtests as lines for a terminal; words and verdicts stand in `judgement`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etia.learn.connected import FALSE_ALARM, chance_sentence, is_connected, rate_words

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import pandas as pd

    from etia.learn.fit import TrendFit
    from etia.schema.model import Model

REFERENCES = ("random_walk", "seasonal", "baseline", "ets")
Z90 = 1.6448536269514722
MOST_NAMED = 4
CONTRADICTED_MEANS = (
    "if the range as judged were right, data would move the size as far as this in at most one case of twenty; sizes "
    "of which the data say next to nothing are never called so."
)
ERRORS = 2
"""standard errors that stand after ±"""
LEAST_SKILL = 0.02
"""what a finite number of runs, the same at every origin, may do to a skill"""

__all__ = ["aligned", "backtest_lines", "candidate_lines", "event_lines", "fit_lines", "turning_point_lines", "verdict"]


def aligned(rows: list[list[str]], right: set[int] | None = None) -> list[str]:
    """Rows of cells as lines, columns aligned; those in `right` to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  "
        + "  ".join(
            cell.rjust(width) if right and i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def number(value: float, unit: str = "") -> str:
    """A size with its sign and three digits."""
    return f"{value:+.3g}{'%' if unit == '%' else ''}" if value == value else "-"


def _range(values: tuple[float, float, float], unit: str) -> str:
    low, middle, high = values
    return f"{number(middle, unit)} ({number(low, unit)} to {number(high, unit)})"


def fit_lines(fit: TrendFit, unit: str) -> list[str]:
    """One trend's sizes: elicited, after the data, how far they moved, and what the data contradict."""
    sizes_in = "" if unit == "%" else f", sizes in {unit}" if unit else ""
    head = f"{fit.trend}: baseline {fit.method}, {fit.n_data} data {fit.first} to {fit.last}{sizes_in}"
    rows = [["event", "parameter", "elicited", "after the data", "moved", ""]]
    for size in fit.sizes:
        remark = "CONTRADICTED" if size.contradicted else "" if size.is_informed else "nothing learned"
        ranges = [_range(size.prior, unit), _range(size.posterior, unit)]
        rows.append([size.event, size.parameter, *ranges, f"{size.moved:+.2f} sd", remark])
    is_any = any(size.contradicted for size in fit.sizes)
    return [head, *aligned(rows, {4}), *([f"  CONTRADICTED: {CONTRADICTED_MEANS}"] if is_any else [])]


def turning_point_lines(breaks: pd.DataFrame, model: Model, *, alpha: float = FALSE_ALARM) -> list[str]:
    """The test of every event that the model gives an impact on the trend; all other pairs in one sentence."""
    connected = is_connected(breaks, model)
    rest = chance_sentence(breaks[~connected], alpha)
    others = [rest] if rest else []
    rows = [["event", "trend", "level", "slope a year", "rank", "verdict"]]
    for row in breaks[connected].to_dict("records"):
        unit = "%" if model.trends[row["trend"]].scale == "log" else ""
        rows.append([row["event"], row["trend"], *_break_cells(row, unit), row["verdict"]])
    if len(rows) == 1:
        return ["Turning points: no past event with an impact lies within a measured trend's data.", *others]
    return [
        f"Turning points at a false-alarm rate of {rate_words(alpha)}: breaks of level and slope at the events' dates, "
        "or within six months of them, against all other dates of the series",
        *aligned(rows, {4}),
        *others,
    ]


def candidate_lines(candidates: pd.DataFrame) -> list[str]:
    """Where series seem to break when no date is given, those without an event that acts on the trend marked."""
    if not len(candidates):
        return []
    rows = [["trend", "date", "events that act on it", "near in time, not held to act on it"]]
    for row in candidates.to_dict("records"):
        held = _shortened(row["events"]) or "NONE: the model does not hold what happened"
        rows.append([row["trend"], row["date"], held, _shortened(row["near"])])
    return ["", "Candidate breaks, found without dates (no false-alarm rate is claimed)", *aligned(rows)]


def _shortened(names: str) -> str:
    listed = names.split(", ")
    if len(listed) <= MOST_NAMED + 1:
        return names
    return f"{', '.join(listed[:MOST_NAMED])} and {len(listed) - MOST_NAMED} more"


def _break_cells(row: Mapping[Hashable, Any], unit: str) -> list[str]:
    if row["size"] != row["size"]:
        return ["-", "-", "-"]
    level = _range((row["low"], row["size"], row["high"]), unit)
    slope = _range((row["slope_low"], row["slope"], row["slope_high"]), unit)
    return [level, slope, f"{row['placebo_rank']:.2f}"]


def backtest_lines(table: pd.DataFrame) -> list[str]:
    """A line a trend, variant and horizon: scores over all origins, and skill against every reference."""
    if not len(table):
        return ["No measured trend could be scored."]
    references = [name for name in REFERENCES if (table["against"] == name).any()]
    rows = [["trend", "variant", "ahead", "origins", "CRPS", "in 50 %", "in 90 %", *(f"vs {r}" for r in references)]]
    summed = table[table["origin"] == "all"]
    for (trend, variant, horizon), group in summed.groupby(["trend", "variant", "horizon"], sort=False):
        by = group.set_index("against")
        same = (table["trend"] == trend) & (table["variant"] == variant) & (table["horizon"] == horizon)
        n = table[same & (table["origin"] != "all")]["origin"].nunique()
        first = group.iloc[0]
        cells = [_skill(by["skill"].get(r), by["se"].get(r)) for r in references]
        scores = [f"{first['crps']:.3g}", f"{first['cover50']:.0%}", f"{first['cover90']:.0%}"]
        rows.append([str(trend), str(variant), str(horizon), str(n), *scores, *cells])
    return [
        "Scores over all origins, in the latent scale (smaller CRPS is better); skill: share of the reference's CRPS"
        " saved (± two standard errors), below 0 the reference is better",
        *aligned(rows, set(range(2, len(rows[0])))),
    ]


def _skill(skill: float | None, se: float | None) -> str:
    if skill is None or skill != skill:
        return "-"
    return f"{skill:+.0%} ± {ERRORS * se:.0%}" if se is not None and se == se else f"{skill:+.0%}"


def verdict(skill: float, se: float) -> str:
    """Better, worse or undecided at 90 %, by 1.645 standard errors; less than two hundredths is neither."""
    if skill != skill or se != se or abs(skill) < LEAST_SKILL:
        return "undecided"
    return "better" if skill > Z90 * se else "worse" if skill < -Z90 * se else "undecided"


def event_lines(events: pd.DataFrame, reliability: pd.DataFrame) -> list[str]:
    """Scores of events' probabilities, and how often what was given a probability came true."""
    if not len(events):
        return ["No event had a probability stated at an origin."]
    base = events["occurred"].mean()
    climate = float(base * (1 - base))
    rows = [["stated", "mean", "came true", "of", "events", "90 % interval"]]
    rows += [
        [f"{row['low']:.1f}-{row['high']:.1f}", f"{row['mean_probability']:.2f}", f"{row['frequency']:.2f}",
         str(row["n"]), str(row["n_events"]), f"{row['frequency_low']:.2f}-{row['frequency_high']:.2f}"]
        for row in reliability.to_dict("records")
    ]  # fmt: skip
    return [
        f"Events: {len(events)} forecasts of {events['event'].nunique()} events, {base:.0%} came true; Brier "
        f"{events['brier'].mean():.3f} ({climate:.3f} for always saying {base:.2f}), log score "
        f"{events['log_score'].mean():.3f}",
        *aligned(rows, {0, 1, 2, 3, 4}),
        "Intervals count each event once, however often it was forecast.",
    ]
