"""Who moved a trend between two dates: an additive split over events and what they belong to (method §7).

direct: what the events' own responses add to the mean of g(y) between the dates; exact in every run, and with baseline
and noise it sums to the whole movement. total: the same movement shared by Shapley's rule, so that an event also
counts for what it set off and not for what others set off through it: each event's mean marginal part over all orders
in which events may enter a world where none is left (past ones removed, others never coming; §7). Both stand in the
latent scale and sum to the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from etia.describe.blocks import MOST_RUNS, Block, blocks, in_order
from etia.describe.calibrated import calibration_loads, loaded_scores
from etia.describe.moments import Moments, Part, part_of
from etia.describe.relations import grounds_of_events
from etia.describe.shapley import Asked, acting, direct, extent, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from etia.compile.study import Case

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["GROUPINGS", "SHARES", "Split", "default_spans", "shares", "split", "split_table"]

SHARES = ["scenario", "lens", "trend", "from", "to", "by", "name", "direct", "total", "se"]
GROUPINGS = ("event", "level", "domain", "actor", "mechanism", "source")
BASELINE, NOISE, NONE = "(baseline)", "(noise)", "(none)"
_DUST = 1e-12  # parts of the largest that are rounding


@dataclass(frozen=True)
class Split:
    """The movement of trends in some spans, by event and by what events count under. E events, G groups, S spans."""

    case: Case
    spans: tuple[tuple[str, int, int], ...]
    events: tuple[str, ...]
    groups: tuple[tuple[str, str], ...]  # `by` and `name`; each event alone first, in order
    weight: Floats  # (S, G, E) the part of an event that counts under a group
    direct: Floats  # (S, G) latent
    total: Floats  # (S, G) latent
    error: Floats  # (S, G) standard error of total
    rest: Floats  # (2, S) baseline; known and random noise, and what policies do by themselves
    rest_error: Floats  # (2, S)


def default_spans(case: Case) -> list[tuple[str, int, int]]:
    """For each trend: from its first value to `as_of`, and from there to `end`."""
    as_of, end = case.calendar.as_of, case.calendar.n_steps - 1
    spans = []
    for k, trend in enumerate(case.trend_names):
        known = np.flatnonzero(~np.isnan(case.outcomes.kept[0].shared[k]))
        if len(known) and known[0] < as_of:
            spans.append((trend, int(known[0]), as_of))
        if as_of < end:
            spans.append((trend, as_of, end))
    return spans


def shares(case: Case, spans: Sequence[tuple[str, int, int]] | None = None) -> pd.DataFrame:
    """The table `shares`: every grouping of every span (trend, from step, to step)."""
    return split_table(split(case, default_spans(case) if spans is None else spans))


def split(case: Case, spans: Sequence[tuple[str, int, int]]) -> Split:
    """Direct and total parts of every event, and of all that events count under, in the trends' movements."""
    asked = Asked.of(case, spans)
    groups, weight = _groups(case, asked.names, [trend for trend, _, _ in spans])
    by_draw, loads = case.outcomes.n_draws > 1, calibration_loads(case)
    own, rest = Moments((len(spans), len(groups)), by_draw=by_draw), Moments((2, len(spans)), by_draw=by_draw)

    def measure(block: Block) -> tuple[Part, Part]:
        parts = direct(block, asked)
        scores = loaded_scores(block, loads)
        return _grouped(block, parts, weight, scores), part_of(block.p, _rest(block, asked.places, parts.sum(axis=2)))

    for direct_part, rest_part in in_order(measure, blocks(case), case.study.settings.jobs):
        own.add(direct_part)
        rest.add(rest_part)
    passed_on = _passed_on(case, asked, weight, loads)
    error = _error_of_sum(own, passed_on)
    total_mean = own.mean + passed_on.moments.mean[0]
    return Split(
        case, tuple(spans), asked.names, groups, weight, own.mean, total_mean, error, rest.mean, rest.error()
    )  # fmt: skip


def _grouped(block: Block, parts: Floats, weight: Floats, scores: Floats | None) -> Part:
    """The part of (R, ..., S, E) events' parts, summed by group: (..., S, G). Of a draw only the mean counts."""
    if block.case.outcomes.n_draws == 1:
        return part_of(block.p, _summed(parts, weight), scores)
    mean = _summed(parts.mean(axis=0), weight)
    return Part(block.p, len(parts), mean, np.zeros_like(mean))


def _summed(parts: Floats, weight: Floats) -> Floats:
    """(..., S, G) from (..., S, E)."""
    out = np.empty((*parts.shape[:-1], weight.shape[1]))
    for s, of_span in enumerate(weight):
        out[..., s, :] = parts[..., s, :] @ of_span.T
    return out


class _PassedOn(NamedTuple):
    """What events pass on to those that set them off, from some of the runs."""

    moments: Moments
    """(3, S, G) over units: Shapley's parts less the direct ones; the direct; the first"""
    n_runs: int
    """runs of the central model in a unit, which share a drawn order; 1 where units are draws or single runs"""


def _passed_on(case: Case, asked: Asked, weight: Floats, loads: Floats | None) -> _PassedOn:
    """Shapley's parts less the direct ones, which sum to 0 over events in every run: both have one sum.

    Units are draws; of the central model runs, or, where orders are drawn, the sets of runs that share one.
    """
    players = acting(case, asked.names)
    by_draw, settings = case.outcomes.n_draws > 1, case.study.settings
    n_runs, every, together = extent(settings, len(players))
    in_sets = together is not None
    out = Moments((3, len(asked.places), weight.shape[1]), by_draw=by_draw or in_sets)

    def measure(numbered: tuple[int, Block]) -> Part:
        number, block = numbered
        whole, own = total(block, case, asked, players, number), direct(block, asked)
        scores = loaded_scores(block, loads)
        part = _grouped(block, np.stack([whole - own, own, whole], axis=1), weight, scores)
        return part._replace(draw=number) if in_sets else part

    chosen = (block for block in blocks(case, n_runs, at_once=together or MOST_RUNS) if block.p % every == 0)
    for part in in_order(measure, enumerate(chosen), settings.jobs):
        out.add(part)
    return _PassedOn(out, together or 1)


def _error_of_sum(own: Moments, passed_on: _PassedOn) -> Floats:
    """(S, G) standard error of the mean of direct parts, from all units, plus that of what is passed on, from some.

    Units in both go together: var(d)/n + var(q)/m + 2 cov(d, q)/n, with 2 cov = var(d + q) − var(d) − var(q); where
    units of q are several runs, and those of d single ones, that is as many times the covariance of a run.
    """
    passed, direct_there, whole = passed_on.moments.variance()
    twice_covariance = (whole - direct_there - passed) * passed_on.n_runs
    squared = own.variance() / own.n_units + passed / passed_on.moments.n_units + twice_covariance / own.n_units
    if own.answer is not None and passed_on.moments.answer is not None:
        squared = squared + ((own.answer + passed_on.moments.answer[:, 0]) ** 2).sum(axis=0)
    error: Floats = np.sqrt(np.maximum(squared, 0.0))
    return error


def _rest(block: Block, places: Ints, events: Floats) -> Floats:
    """(R, 2, S) what baseline and noise add."""
    steps = np.unique(places[:, 1:])
    latent = block.latent(steps)
    at = np.searchsorted(steps, places[:, 1:])
    moved = latent[:, places[:, 0], at[:, 1]] - latent[:, places[:, 0], at[:, 0]]
    course = block.program.trends.baseline
    baseline = course[places[:, 0], places[:, 2]] - course[places[:, 0], places[:, 1]]
    return np.stack([np.broadcast_to(baseline, moved.shape), moved - events - baseline], axis=1)


def split_table(found: Split) -> pd.DataFrame:
    """The table `shares`: an event that has several domains, actors, … counts in equal parts in each.

    Mechanisms and sources are those by which the event moves the trend: of its impacts that reach it, or, where it acts
    through other events alone, of what it does to these.
    """
    case, rows = found.case, []
    written = [found.events.index(name) for name in case.model.events]
    n_events = len(found.events)
    for s, (trend, first, last) in enumerate(found.spans):
        head = (case.scenario, case.lens, trend, case.calendar.label(first), case.calendar.label(last))
        moved = np.maximum(np.abs(found.direct[s, :n_events]), np.abs(found.total[s, :n_events]))
        felt = moved > _DUST * moved.max(initial=0.0)
        for by in GROUPINGS:
            rows += [
                (*head, by, found.groups[g][1], found.direct[s, g], found.total[s, g], found.error[s, g])
                for g in _in_order_of(found, s, by, [e for e in written if felt[e]])
            ]
            for i, name in enumerate((BASELINE, NOISE)):
                if abs(found.rest[i, s]) > 1e-12:
                    rows.append((*head, by, name, found.rest[i, s], found.rest[i, s], found.rest_error[i, s]))
    return pd.DataFrame(rows, columns=SHARES)


def _in_order_of(found: Split, s: int, by: str, events: Sequence[int]) -> list[int]:
    """The groups of a kind that hold some of the events in a span, in the order of these."""
    own = [g for g, (kind, _) in enumerate(found.groups) if kind == by]
    return list(dict.fromkeys(g for e in events for g in own if found.weight[s, g, e] > 0))


def _groups(case: Case, events: Sequence[str], trends: Sequence[str]) -> tuple[tuple[tuple[str, str], ...], Floats]:
    """What events count under, and (S, G, E) with which part in each span's trend: in equal parts in all of a kind."""
    of_trend = {trend: _members(case, events, trend) for trend in dict.fromkeys(trends)}
    names: dict[str, set[str]] = {by: set() for by in GROUPINGS}
    for members in of_trend.values():
        for by, of_events in members.items():
            names[by].update(name for own in of_events for name in own)
    groups = tuple((by, name) for by in GROUPINGS for name in sorted(names[by]))
    weights = {
        trend: np.array([[(name in own) / len(own) for own in members[by]] for by, name in groups])
        for trend, members in of_trend.items()
    }
    shape = (len(trends), len(groups), len(events))
    return groups, np.array([weights[trend] for trend in trends]).reshape(shape)


def _members(case: Case, events: Sequence[str], trend: str) -> dict[str, list[list[str]]]:
    """By grouping, for each event what it counts under in a trend's movement."""
    grounds, known = grounds_of_events(case, trend), case.model.events

    def sources(name: str) -> list[str]:
        claims = [claim for ground in grounds[name] for claim in ground.claims] or known[name].evidence
        return [claim.split(".")[0] for claim in claims]

    found: dict[str, list[Iterable[str | None]]] = {
        "event": [[name] for name in events],
        "level": [[known[name].level] for name in events],
        "domain": [known[name].domains for name in events],
        "actor": [known[name].actors for name in events],
        "mechanism": [[ground.mechanism for ground in grounds[name]] for name in events],
        "source": [sources(name) for name in events],
    }
    return {
        by: [list(dict.fromkeys(one for one in own if one)) or [NONE] for own in of_events]
        for by, of_events in found.items()
    }
