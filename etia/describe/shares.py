"""Who moved a trend between two dates: an additive split over events and what they belong to (method §7).

direct: what the events' own responses add to the mean of g(y) between the dates; exact in every run, and with baseline
and noise it sums to the whole movement. total: the same movement shared by Shapley's rule, so that an event also
counts for what it set off and not for what others set off through it: each event's mean marginal part over all orders
in which events may enter a world where none is left (past ones removed, others never coming; §7). Both stand in the
latent scale and sum to the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from etia.describe.blocks import Block, blocks, in_order
from etia.describe.calibrated import calibration_loads, threshold_scores
from etia.describe.moments import Moments, Part, part_of
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
    weight: Floats  # (G, E) the part of an event that counts under a group
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
    groups, weight = _groups(case, asked.names)
    by_draw, loads = case.outcomes.n_draws > 1, calibration_loads(case) if case.has_calibration_error else None
    own, rest = Moments((len(spans), len(groups)), by_draw=by_draw), Moments((2, len(spans)), by_draw=by_draw)

    def measure(block: Block) -> tuple[Part, Part]:
        parts = direct(block, asked)
        scores = None if loads is None else threshold_scores(block) @ loads
        return _grouped(block, parts, weight, scores), part_of(block.p, _rest(block, asked.places, parts.sum(axis=2)))

    for direct_part, rest_part in in_order(measure, blocks(case), case.study.settings.jobs):
        own.add(direct_part)
        rest.add(rest_part)
    passed_on = _passed_on(case, asked, weight, loads)
    error = _error_of_sum(own, passed_on)
    total_mean = own.mean + passed_on.mean[0]
    return Split(
        case, tuple(spans), asked.names, groups, weight, own.mean, total_mean, error, rest.mean, rest.error()
    )  # fmt: skip


def _grouped(block: Block, parts: Floats, weight: Floats, scores: Floats | None) -> Part:
    """The part of (R, ..., E) events' parts, summed by group: (..., G). Of a draw among others only the mean counts."""
    if block.case.outcomes.n_draws == 1:
        return part_of(block.p, parts @ weight.T, scores)
    mean = parts.mean(axis=0) @ weight.T
    return Part(block.p, len(parts), mean, np.zeros_like(mean))


def _passed_on(case: Case, asked: Asked, weight: Floats, loads: Floats | None) -> Moments:
    """Moments (3, S, G), over some of the runs, of Shapley's parts less the direct ones; of the direct; of the first.

    What events pass on to those that set them off sums to 0 over events in every run: totals and direct parts have
    one sum.
    """
    players = acting(case, asked.names)
    out = Moments((3, len(asked.places), len(weight)), by_draw=case.outcomes.n_draws > 1)
    n_runs, every = extent(case.study.settings, len(players))

    def measure(block: Block) -> Part:
        whole, own = total(block, case, asked, players), direct(block, asked)
        scores = None if loads is None else threshold_scores(block) @ loads
        return _grouped(block, np.stack([whole - own, own, whole], axis=1), weight, scores)

    chosen = (block for block in blocks(case, n_runs) if block.p % every == 0)
    for part in in_order(measure, chosen, case.study.settings.jobs):
        out.add(part)
    return out


def _error_of_sum(own: Moments, passed_on: Moments) -> Floats:
    """(S, G) standard error of the mean of direct parts, from all units, plus that of what is passed on, from some.

    Units in both go together: var(d)/n + var(q)/m + 2 cov(d, q)/n, with 2 cov = var(d + q) − var(d) − var(q).
    """
    passed, direct_there, whole = passed_on.variance()
    twice_covariance = whole - direct_there - passed
    squared = own.variance() / own.n_units + passed / passed_on.n_units + twice_covariance / own.n_units
    if own.answer is not None and passed_on.answer is not None:
        squared = squared + ((own.answer + passed_on.answer[:, 0]) ** 2).sum(axis=0)
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
    """The table `shares`: an event that has several domains, actors, … counts in equal parts in each."""
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
                for g in _in_order_of(found, by, [e for e in written if felt[e]])
            ]
            for i, name in enumerate((BASELINE, NOISE)):
                if abs(found.rest[i, s]) > 1e-12:
                    rows.append((*head, by, name, found.rest[i, s], found.rest[i, s], found.rest_error[i, s]))
    return pd.DataFrame(rows, columns=SHARES)


def _in_order_of(found: Split, by: str, events: Sequence[int]) -> list[int]:
    """The groups of a kind that hold some of the events, in the order of these."""
    own = [g for g, (kind, _) in enumerate(found.groups) if kind == by]
    return list(dict.fromkeys(g for e in events for g in own if found.weight[g, e] > 0))


def _groups(case: Case, events: Sequence[str]) -> tuple[tuple[tuple[str, str], ...], Floats]:
    """What events count under, and (G, E) with which part: an event in equal parts in all of a kind."""
    groups: dict[tuple[str, str], Floats] = {}
    for by in GROUPINGS:
        of_events = [_members(case, name, by) for name in events]
        for group in sorted({member for members in of_events for member in members}):
            groups[by, group] = np.array([(group in members) / len(members) for members in of_events])
    return tuple(groups), np.array(list(groups.values())).reshape(len(groups), len(events))


def _members(case: Case, name: str, by: str) -> list[str]:
    """What an event counts under: itself, its level, domains, actors, its impacts' mechanisms, or the sources cited."""
    model, event = case.model, case.model.events[name]
    impacts = [impact for impact in model.impacts.values() if impact.source == name]
    found: Iterable[str | None]
    if by == "event":
        found = [name]
    elif by == "level":
        found = [event.level]
    elif by == "domain":
        found = event.domains
    elif by == "actor":
        found = event.actors
    elif by == "mechanism":
        found = [impact.mechanism for impact in impacts]
    else:
        claims = [claim for impact in impacts for claim in impact.evidence] or list(event.evidence)
        found = [claim.split(".")[0] for claim in claims]
    return list(dict.fromkeys(one for one in found if one)) or [NONE]
