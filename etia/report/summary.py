"""What a run comes to, on a screen: the lines that `etia run` and the three layers' verbs print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.report.described_lines import breaks, described
from etia.report.lines import rows_of, short, table_lines
from etia.report.numbers import percent, plain, with_error

if TYPE_CHECKING:
    from etia.facade import Run

__all__ = ["described", "layer_lines", "mapped", "prescribed", "run_lines"]

_MOST = 12
"""lines of a list"""


def run_lines(run: Run) -> list[str]:
    """The whole run: what may come, where trends go, hypotheses, portfolios."""
    size = "exact" if run.request.exact else f"{_size(run)}, seed {run.request.seed}"
    lines = [f"{run.model.title} ({size})"]
    for scenario in ("reference", *run.scenarios):
        if run.scenarios:
            lines += ["", f"Scenario {scenario}"]
        lines += [
            *_events(run, scenario),
            *_trends(run, scenario),
            *_hypotheses(run, scenario),
            *_portfolios(run, scenario),
        ]
    return lines


def layer_lines(run: Run, layer: str) -> list[str]:
    """One layer, for reading."""
    made = {"describe": described, "map": mapped, "prescribe": prescribed}[layer]
    lines: list[str] = []
    for scenario in ("reference", *run.scenarios):
        lines += ["", f"Scenario {scenario}"] if run.scenarios else []
        lines += made(run, scenario)
    return [*lines, *breaks(run)] if layer == "describe" else lines


def mapped(run: Run, scenario: str) -> list[str]:
    """Layer 2: events and trends."""
    return [*_events(run, scenario), *_trends(run, scenario)]


def prescribed(run: Run, scenario: str) -> list[str]:
    """Layer 3: portfolios and signposts."""
    return [*_portfolios(run, scenario), *_signposts(run, scenario)]


def _size(run: Run) -> str:
    asked = run.settled.request
    return (
        f"{asked.runs:,} runs of the central model" if asked.central else f"{asked.draws:,} draws × {asked.runs:,} runs"
    )


def _events(run: Run, scenario: str) -> list[str]:
    found = rows_of(run, "map", "event_probabilities", scenario)
    if found.empty:
        return []
    horizon = found["date"].iloc[-1]
    final = found[found["date"] == horizon].sort_values("probability", ascending=False, kind="stable")
    titles = run.model.events
    rows = [
        [short(titles[event].title if event in titles else event), percent(p, se)]
        for event, p, se in zip(final["event"], final["probability"], final["se"], strict=True)
    ]
    return table_lines("Events", ["", f"by {horizon}"], rows)


def _trends(run: Run, scenario: str) -> list[str]:
    cards = rows_of(run, "map", "trend_scores", scenario)
    if cards.empty:
        return _exact_trends(run, scenario)
    lens = _lens(run, scenario)
    rows = []
    for _, card in cards[cards["lens"] == lens].iterrows():
        trend = run.model.trends.get(card["trend"])
        level = card["likeliest_level"] if isinstance(card["likeliest_level"], str) else ""
        numbers = [plain(card[key]) for key in ("now", "p50", "p5", "p95")]
        title = short(trend.title if trend else card["trend"])
        unit = trend.unit or "" if trend else ""
        rows.append(
            [
                title,
                numbers[0],
                numbers[1],
                f"{numbers[2]} … {numbers[3]}",
                percent(card["rise_probability"]),
                unit,
                level,
            ]
        )
    horizon = str(cards["horizon"].iloc[0])
    return table_lines("Trends", ["", "now", horizon, "90 % band", "rises", "unit", "likeliest level"], rows)


def _exact_trends(run: Run, scenario: str) -> list[str]:
    found = rows_of(run, "map", "trend_projections", scenario)
    if found.empty:
        return []
    final = found[found["date"] == found["date"].iloc[-1]]
    rows = [
        [row["trend"], plain(row["mean"]), plain(row["p50"]), f"{plain(row['p5'])} … {plain(row['p95'])}"]
        for _, row in final.iterrows()
    ]
    return table_lines(f"Trends at {found['date'].iloc[-1]}", ["", "mean", "median", "90 % band"], rows)


def _lens(run: Run, scenario: str) -> str:
    """The lens of the scenario's rows."""
    found = rows_of(run, "map", "trend_projections", scenario)
    return str(found["lens"].iloc[0]) if len(found) else run.model.content.reference_lens


def _hypotheses(run: Run, scenario: str) -> list[str]:
    found = rows_of(run, "describe", "hypotheses", scenario)
    rows = [
        [str(row["hypothesis"]), str(row["lens"]), percent(row["probability"], row["se"])]
        for _, row in found.iterrows()
    ]
    return table_lines("Hypotheses", ["", "lens", "probability"], rows)


def _portfolios(run: Run, scenario: str) -> list[str]:
    found = rows_of(run, "prescribe", "policy_scores", scenario)
    if found.empty:
        return []
    own = found[found["lens"] == _lens(run, scenario)] if "lens" in found else found
    best = own.sort_values("utility", ascending=False, kind="stable").head(5)
    rows = [
        [
            str(row["portfolio"]) or "none",
            plain(row["cost"]),
            with_error(row["utility"], row["se"], sign=True),
            plain(row["regret"]),
            percent(row["satisficing"]),
        ]
        for _, row in best.iterrows()
    ]
    several = len(run.model.content.lenses) > 1
    title = f"Best portfolios under {_lens(run, scenario)}" if several else "Best portfolios"
    return table_lines(title, ["", "cost", "utility", "regret", "all targets met"], rows)


def _signposts(run: Run, scenario: str) -> list[str]:
    tables = run.tables.layer("prescribe")
    found = tables.get("signposts")
    if found is None or found.empty or scenario != "reference":
        return []
    rows = [
        [
            str(row["signpost"]),
            str(row["by"]),
            percent(row["probability"]),
            with_error(row["value"], row["se"]),
            str(row["switch_to"]),
        ]
        for _, row in found.head(_MOST).iterrows()
    ]
    return table_lines("Signposts", ["", "by", "probability", "value", "switch to"], rows)
