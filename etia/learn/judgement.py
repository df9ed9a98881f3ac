"""What the data support, in one paragraph of plain words, from the tables alone (method §9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scipy.stats import binom

from etia.learn.connected import FALSE_ALARM, rate_words
from etia.learn.telling import verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    Tables = Mapping[str, pd.DataFrame]
    Methods = Mapping[str, str]

__all__ = ["say", "say_backtest", "say_breaks", "say_fit", "say_weights", "trend_sentences"]

NAMES = {
    "random_walk": "a random walk with drift",
    "seasonal": "last year's value",
    "baseline": "the baseline without events",
    "ets": "exponential smoothing",
}


VARIANTS = {"known-events": "with later events known", "forecast": "as a forecast"}
ENOUGH, TOO_MUCH = 0.8, 0.97
"""shares of what came that 90 % bands may hold without a remark"""
CAUSES = {
    "linear": "a straight line with a memory is likely too rigid for a series that bends or wanders",
    "constant": "a level with a memory is likely too rigid for a series that drifts or wanders",
    "points": "its baseline is set by hand, and at a past date no point lies ahead of it",
    "damped": "likely breaks that its smoothing does not know, or sizes that are off",
    "ets": "likely a form of smoothing that was chosen on few data and then held, or sizes that are off",
}
"""why bands may miss what came though later events are known, by the method of the baseline"""


def say(tables: Tables, methods: Methods | None = None, *, false_alarm: float = FALSE_ALARM) -> str:
    """The paragraph, as far as there are tables.

    Of `turning_points`, `fit`, `backtest`, `backtest_events`, `lens_weights`. `methods` are those of the trends'
    baselines, for the likely cause of bands that miss; `false_alarm` is the rate at which the breaks were tested.
    """
    parts = []
    if "turning_points" in tables:
        parts.append(say_breaks(tables["turning_points"], tables.get("fit"), false_alarm=false_alarm))
    if "fit" in tables:
        parts.append(say_fit(tables["fit"]))
    if "backtest" in tables:
        parts.append(say_backtest(tables["backtest"], tables.get("backtest_events"), methods))
    if "lens_weights" in tables:
        parts.append(say_weights(tables["lens_weights"]))
    return " ".join(part for part in parts if part)


def _listed(names: list[str], most: int = 6) -> str:
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def _count(n: int, word: str) -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"


def say_breaks(breaks: pd.DataFrame, fit: pd.DataFrame | None = None, *, false_alarm: float = FALSE_ALARM) -> str:
    """How many of the dated events show in the data at their dates; with `fit` only those with a fitted impact."""
    if fit is not None and len(fit):
        breaks = breaks.merge(fit[["event", "trend"]].drop_duplicates(), on=["event", "trend"])
    if not len(breaks):
        return "No past event lies within the data of a trend that it is held to move: the data cannot test any."
    verdicts = breaks["verdict"].value_counts()
    found = breaks[breaks["verdict"] == "break"]
    pairs = [f"{event} on {trend}" for event, trend in zip(found["event"], found["trend"], strict=True)]
    verb = "show a break at their date" if len(found) > 1 else "shows a break at its date"
    if "transition" in found and (found["transition"] > 0).any():
        verb += " or within six months of it"
    shown = f"{len(found) or 'none'} {verb} at a false-alarm rate of {rate_words(false_alarm)}"
    shown += f" ({_listed(pairs)})" if pairs else ""
    rest = [
        f"{int(verdicts[name])} {one if verdicts[name] == 1 else many}"
        for name, one, many in (
            ("not separable", "cannot be told from others near it", "cannot be told from others near them"),
            ("no sign", "shows no sign of one", "show no sign of one"),
            ("too few data", "has too few data", "have too few data"),
        )
        if name in verdicts
    ]
    return f"Of {_count(len(breaks), 'impact')} of past events on measured trends, {', '.join([shown, *rest])}."


def say_fit(fit: pd.DataFrame) -> str:
    """How far the data moved the elicited sizes, and which of them they contradict."""
    if not len(fit):
        return "No elicited size meets any datum."
    width = (fit["p95"] - fit["p5"]) / (fit["prior_p95"] - fit["prior_p5"])
    against = fit[fit["contradicted"]]
    n_moved = int((fit["moved"].abs() > 0.5).sum())
    text = (
        f"The data narrow the elicited ranges of {_count(len(fit), 'size')} to {width.median():.0%} of their width in "
        f"the middle case, and move {n_moved} of them by more than half a standard deviation"
    )
    if not len(against):
        return text + "; they contradict none."
    names = [
        f"{event} on {trend}" for event, trend in against[["event", "trend"]].drop_duplicates().itertuples(index=False)
    ]
    return text + f"; they contradict {_listed(names)}."


def say_backtest(backtest: pd.DataFrame, events: pd.DataFrame | None = None, methods: Methods | None = None) -> str:
    """For each trend against what the model is better and worse, bad as plainly as good; then the events' scores."""
    return " ".join(trend_sentences(backtest, events, methods))


def trend_sentences(
    backtest: pd.DataFrame, events: pd.DataFrame | None = None, methods: Methods | None = None
) -> list[str]:
    """What `say_backtest` says, trend by trend, the events last."""
    summed = backtest[backtest["origin"] == "all"]
    if not len(summed):
        return ["No forecast from a past date could be scored."]
    parts = [
        _trend_words(str(trend), group, _n_origins(backtest, str(trend)), (methods or {}).get(str(trend), ""))
        for trend, group in summed.groupby("trend", sort=False)
    ]
    return [*parts, *([_event_words(events)] if events is not None and len(events) else [])]


def _n_origins(backtest: pd.DataFrame, trend: str) -> int:
    """Origins at the farthest horizon."""
    own = backtest[(backtest["trend"] == trend) & (backtest["origin"] != "all")]
    return int(own[own["horizon"] == own["horizon"].max()]["origin"].nunique())


def _trend_words(trend: str, group: pd.DataFrame, n: int, method: str) -> str:
    clauses = []
    for variant, own in group.groupby("variant", sort=False):
        told = _told(own)
        clauses.append(f"{VARIANTS[str(variant)]} it is {told or 'neither clearly better nor clearly worse than any'}")
    return f"{trend}: {'; '.join(clauses)}. {_coverage_words(group, n, method)}"


def _is_too_little(share: float, n: int) -> bool:
    """Whether 90 % bands that hold what they say would hold so little, of n, in less than one case of twenty."""
    return share < ENOUGH and float(binom.cdf(round(share * n), n, 0.9)) < 0.05


def _coverage_words(group: pd.DataFrame, n: int, method: str) -> str:
    """What 90 % bands held, nearest and farthest, and the likely cause where that is too little for chance."""
    held = group.drop_duplicates(["variant", "horizon"]).sort_values("horizon", kind="stable")
    near, far = int(held["horizon"].iloc[0]), int(held["horizon"].iloc[-1])
    ends = {
        variant: (float(own["cover90"].iloc[0]), float(own["cover90"].iloc[-1]))
        for variant, own in held.groupby("variant", sort=False)
    }
    said = [
        f"{first:.0%} and {last:.0%} of what came {VARIANTS[str(variant)]}" for variant, (first, last) in ends.items()
    ]
    text = f"Its 90 % bands held, {near} and {far} data ahead, {'; '.join(said)}"
    far_ends = {variant: last for variant, (_, last) in ends.items()}
    if min(far_ends.values()) >= ENOUGH:
        return text + (", more than they should." if held["cover90"].mean() > TOO_MUCH else ", about as they should.")
    if not any(_is_too_little(share, n) for share in far_ends.values()):
        return f"{text}: less than they should, but with {n} origins that may be chance."
    if _is_too_little(far_ends.get("known-events", 1.0), n):
        cause = CAUSES.get(method, "the baseline is too rigid or sizes are off")
        return f"{text}: too little, and not for want of events ({cause})."
    return f"{text}: too little, for they leave out events that came without a probability, or with a low one."


def _told(own: pd.DataFrame) -> str:
    """Against which references it is clearly better or worse at more horizons than the other way, worse ones first."""
    found: dict[str, list[str]] = {"worse": [], "better": []}
    for against, rows in own.groupby("against", sort=False):
        said = [verdict(skill, se) for skill, se in zip(rows["skill"], rows["se"], strict=True)]
        n_better, n_worse = said.count("better"), said.count("worse")
        if n_better != n_worse:
            word, n = ("better", n_better) if n_better > n_worse else ("worse", n_worse)
            found[word].append(f"{NAMES[str(against)]} (at {n} of {_count(len(said), 'horizon')})")
    return " and ".join(f"{word} than {_listed(names)}" for word, names in found.items() if names)


def _event_words(events: pd.DataFrame) -> str:
    base = float(events["occurred"].mean())
    mean, brier = float(events["probability"].mean()), float(events["brier"].mean())
    text = (
        f"Events: {len(events)} stated probabilities with a mean of {mean:.2f}, of which {base:.0%} came true; Brier "
        f"{brier:.3f} against {base * (1 - base):.3f} for always saying {base:.2f}"
    )
    if base == 1.0:
        return text + (
            ". All that were stated came true: what was foreseen and did not come is not recorded, so this says little."
        )
    return text + "."


def say_weights(weights: pd.DataFrame) -> str:
    """Which lens forecasts best, and whether the data tell lenses apart at all."""
    if len(weights) < 2:
        return ""
    best = weights.sort_values("weight", ascending=False, kind="stable").iloc[0]
    listed = _listed(
        [f"{row.lens} {row.weight:.2f} ({row.low:.2f} to {row.high:.2f})" for row in weights.itertuples(index=False)]
    )
    told = (
        f"{best['lens']} forecasts the measured trends best"
        if best["low"] > 0.5
        else "the measured trends do not tell the lenses apart"
    )
    return f"Stacked weights: {listed}: {told}."
