"""What happened, in order and by level; what each event made likelier; the longest and strongest causal chains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from etia.engine.fallout import past_events

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.compile.study import Case

__all__ = [
    "CHAINS", "CHRONICLE", "MADE_LIKELIER", "STRONG", "causal_links", "chronicle", "longest_chains", "strongest_chains",
]  # fmt: skip

CHRONICLE = ["event", "date", "level", "domains", "actors", "made_likelier", "made_less_likely", "made_likelier_by"]
MADE_LIKELIER = ["scenario", "lens", "event", "cause", "rate_ratio", "attributable_fraction"]
CHAINS = ["scenario", "lens", "chain", "length", "strength"]

STRONG = 0.2
"""the attributable fraction from which on a link counts as strong"""

_DRAWS = 50


def causal_links(case: Case) -> pd.DataFrame:
    """What past events did to one another's rates at their dates.

    rate_ratio: geometric mean over draws of K of the cause on the event, links and trends taken together;
    attributable_fraction: mean of 1 − min(1, 1/K), the part of the event that goes with the cause alone (method §7).
    """
    n_draws = case.outcomes.n_draws
    draws = range(0, n_draws, max(n_draws // case.study.settings.portion(_DRAWS), 1))
    n = len(case.event_names)
    log_ratio, fraction = np.zeros((n, n)), np.zeros((n, n))
    for past in case.study.in_parallel(lambda p: past_events(case.program(p)), draws):
        target = np.repeat(past.event, np.diff(past.start))
        cause = past.event[past.cause]
        log_ratio[target, cause] += past.log_ratio / len(draws)
        fraction[target, cause] += -np.expm1(-np.maximum(past.log_ratio, 0.0)) / len(draws)
    rows = [
        (case.scenario, case.lens, case.event_names[b], case.event_names[a], np.exp(log_ratio[b, a]), fraction[b, a])
        for b in case.events_as_written
        for a in case.events_as_written
        if log_ratio[b, a]
    ]
    return pd.DataFrame(rows, columns=MADE_LIKELIER)


def _in_time(case: Case) -> list[str]:
    calendar = case.calendar
    past = [
        (e.date, name)
        for name, e in case.model.events.items()
        if e.date and calendar.first_step(e.date) <= calendar.as_of
    ]
    return [name for _, name in sorted(past, key=lambda pair: (pair[0].first, pair[0].last))]


def chronicle(case: Case, links: pd.DataFrame) -> pd.DataFrame:
    """Past events in order of time, with what they made likelier or less likely among them, strongest first."""
    rows = []
    for name in _in_time(case):
        event = case.model.events[name]
        out = links[links["cause"] == name]
        into = links[(links["event"] == name) & (links["rate_ratio"] > 1)]
        likelier = _strongest(out[out["rate_ratio"] > 1], "event")
        less = _strongest(out[out["rate_ratio"] < 1], "event")
        rows.append(
            (name, str(event.date), event.level, ", ".join(event.domains), ", ".join(event.actors), likelier, less,
             _strongest(into, "cause"))
        )  # fmt: skip
    return pd.DataFrame(rows, columns=CHRONICLE)


def _strongest(table: pd.DataFrame, column: str) -> str:
    order = np.argsort(-np.abs(np.log(table["rate_ratio"].to_numpy(dtype=np.float64))), kind="stable")
    return ", ".join(table[column].to_numpy()[order])


def _fractions(case: Case, links: pd.DataFrame) -> tuple[list[str], NDArray[np.float64]]:
    """Past events in order of time, and [i, j] the attributable fraction of j as a cause of i."""
    names = _in_time(case)
    place = {name: i for i, name in enumerate(names)}
    out = np.zeros((len(names), len(names)))
    fractions = links["attributable_fraction"].to_numpy(dtype=np.float64)
    for event, cause, value in zip(links["event"], links["cause"], fractions, strict=True):
        if event in place and cause in place:
            out[place[event], place[cause]] = value
    return names, out


def strongest_chains(case: Case, links: pd.DataFrame, most: int = 10, shortest: int = 2) -> pd.DataFrame:
    """Causal chains of the past with the largest product of attributable fractions, of `shortest` links at least."""
    names, fraction = _fractions(case, links)
    # best[length][i]: the largest products over chains of that many links that end at i
    best: list[tuple[float, tuple[int, ...]]] = [(1.0, (i,)) for i in range(len(names))]
    found: list[tuple[float, tuple[int, ...]]] = []
    for length in range(1, len(names)):
        longer = [
            (strength * fraction[i, chain[-1]], (*chain, i))
            for strength, chain in best
            for i in np.flatnonzero(fraction[:, chain[-1]] > 0).tolist()
            if i not in chain
        ]
        best = sorted(longer, key=lambda item: -item[0])[: 50 * most]
        if length >= shortest:
            found = sorted([*found, *best], key=lambda item: -item[0])[:most]
        if not best or (len(found) == most and best[0][0] < found[-1][0]):
            break
    return _chain_table(case, names, found)


def longest_chains(case: Case, links: pd.DataFrame, most: int = 5, least_fraction: float = STRONG) -> pd.DataFrame:
    """The longest causal chains of the past whose links all have at least this attributable fraction."""
    names, fraction = _fractions(case, links)
    strong = np.where(fraction >= least_fraction, fraction, 0.0)
    ends: list[tuple[float, tuple[int, ...]]] = []
    for i in range(len(names)):  # causes stand before effects, but for dates that a draw turns round
        options = [(ends[j][0] * strong[i, j], (*ends[j][1], i)) for j in np.flatnonzero(strong[i, :i]).tolist()]
        ends.append(max(options, key=lambda item: (len(item[1]), item[0]), default=(1.0, (i,))))
    ranked = sorted((item for item in ends if len(item[1]) > 1), key=lambda item: (-len(item[1]), -item[0]))
    kept: list[tuple[float, tuple[int, ...]]] = []
    for item in ranked:  # a chain inside a longer one says nothing new
        if not any(set(item[1]) <= set(other[1]) for other in kept):
            kept.append(item)
    return _chain_table(case, names, kept[:most])


def _chain_table(case: Case, names: list[str], found: list[tuple[float, tuple[int, ...]]]) -> pd.DataFrame:
    rows = [
        (case.scenario, case.lens, " -> ".join(names[i] for i in chain), len(chain) - 1, strength)
        for strength, chain in found
    ]
    return pd.DataFrame(rows, columns=CHAINS)
