"""One draw under many variations of its hazards and pulls, such as portfolios: only what changes is run again.

In a run's world without variation every open event has a course of rates λ_b(t), come or not. A variation multiplies
some of these courses. Thresholds are spent along the new ones; where an event's step comes out otherwise, its pulls are
moved with it, in order of time: a change at a step acts from the next step on. Means of trends over steps are read off
the same way: what an event does there is taken out at the old step and put in at the new one. Method §3, §11.

Offset i is step as_of + i; H + 1 stands for an event that does not come. Sources are the open events, then loose past
ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from etia.engine.plan import BY_AGE, BY_OFFSET
from etia.engine.program import LINEAR, LOG, NEVER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etia.engine.plan import Plan
    from etia.engine.program import Steps

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

__all__ = ["Pairs", "Variations", "Windows", "pairs_of", "vary"]


@dataclass(frozen=True)
class Pairs:
    """Pulls between sources and open events that are not 1 throughout. Q pairs of open sources, by source."""

    start: Ints  # (M + 1,)
    source: Ints  # (Q,)
    target: Ints  # (Q,)
    by_age: Floats  # (Q, H + 1) K
    inverse: Floats  # (Q, H + 1) 1/K
    lag: Ints  # (Q,) first age at which K is not 1
    extreme: Floats  # (Q, 2) the largest K and the largest 1/K
    is_rising: Bools  # (Q,) K does not fall with age
    is_falling: Bools  # (Q,) K does not rise with age
    past_source: Ints  # (B,) loose source
    past_target: Ints  # (B,)
    of_past: Floats  # (B, H + 1) K by the target's offset


@dataclass(frozen=True)
class Variations:
    """What V variations multiply. A change is an event with the factors on its hazard; variations share G of them."""

    changed_start: Ints  # (V + 1,) changes of each variation
    changed: Ints  # (U,) change
    event: Ints  # (G,) open event
    most: Floats  # (G,) the largest factor on its hazard
    entry_start: Ints  # (G + 1,)
    entry: Ints  # (E,) row of `factor`
    entry_source: Ints  # (E,) loose source that must stand for it; −1 for none
    factor: Floats  # (rows, H + 1) factors on hazards by offset
    surface_start: Ints  # (V + 1,) pairs whose pulls are scaled
    surface_pair: Ints  # (X,) pair
    surface_row: Ints  # (X,) row of `surface`
    surface: Floats  # (rows, H + 1, H + 1) factors on K by the source's and the target's offset


@dataclass(frozen=True)
class Windows:
    """What is read off each run: means of trends over steps. O windows, their steps side by side, W in all.

    On `log` and `logit` trends everything is a factor, exp(±latent), so that no run needs an exponential of its own.
    """

    start: Ints  # (O + 1,)
    first: Ints  # (O,) offset of the first step; may be negative
    kind: Ints  # (O,) latent scale
    lower: Floats  # (O,)
    width: Floats  # (O,) upper less lower bound
    weight: Floats  # (W,)
    course: Floats  # (V, W) without the sources
    noise: Floats  # (R or 1, W)
    response: Floats  # (rows, O, ages) by age
    inverse: Floats  # (rows, O, ages) what takes it out again
    acts: Bools  # (rows, O) whether a row does anything
    plain: Ints  # (sources,) row of each
    schedule: Ints  # (schedules, H + 1) row by the source's offset, −1: plain
    scheduled: Ints  # (V, M) schedule of each source under a variation, −1: plain


def pairs_of(plan: Plan, also: Sequence[tuple[int, int]] = ()) -> Pairs:
    """The pulls of a plan, pair by pair; those of `also` (open source, open event) even where they are 1."""
    n_open, span = len(plan.open), plan.hazard.shape[1]
    varying, constant = plan.varying, plan.constant
    rows = varying.table[np.minimum(varying.base[:, None] + np.arange(span), len(varying.table) - 1)]
    acts = np.any(rows != 1.0, axis=1)
    aging, past = (np.flatnonzero(acts & (varying.stride == stride)) for stride in (BY_AGE, BY_OFFSET))
    giver = np.repeat(np.arange(len(constant.start) - 1), np.diff(constant.start))
    ratio, ages = 1.0 / constant.inverse_ratio, np.arange(span)
    loose_step = plan.program.fixed_step[plan.loose.event].astype(np.int64) - plan.program.as_of
    own, late = np.flatnonzero(giver < n_open), np.flatnonzero(giver >= n_open)
    begins = constant.delay[late] + loose_step[giver[late] - n_open]
    known = {*zip(varying.source[aging].tolist(), varying.target[aging].tolist(), strict=True)}
    known |= {*zip(giver[own].tolist(), constant.target[own].tolist(), strict=True)}
    idle = np.array([pair for pair in also if pair not in known], dtype=np.int64).reshape(-1, 2)
    sources = np.r_[varying.source[aging], giver[own], idle[:, 0]].astype(np.int64)
    targets = np.r_[varying.target[aging], constant.target[own], idle[:, 1]].astype(np.int64)
    acting = np.where(ages >= constant.delay[own, None], ratio[own, None], 1.0)
    by_age = np.concatenate([rows[aging], acting, np.ones((len(idle), span))])
    order = np.lexsort((targets, sources))
    by_age = np.ascontiguousarray(by_age[order])
    with np.errstate(divide="ignore"):
        inverse = 1.0 / by_age
    return Pairs(
        np.searchsorted(sources[order], np.arange(n_open + 1)).astype(np.int64),
        sources[order],
        targets[order],
        by_age,
        inverse,
        np.argmax(by_age != 1.0, axis=1).astype(np.int64),
        np.stack([by_age.max(axis=1), inverse.max(axis=1)], axis=1),
        np.all(np.diff(by_age, axis=1) >= 0.0, axis=1),
        np.all(np.diff(by_age, axis=1) <= 0.0, axis=1),
        np.r_[varying.source[past], giver[late]].astype(np.int64) - n_open,
        np.r_[varying.target[past], constant.target[late]].astype(np.int64),
        np.concatenate([rows[past], np.where(ages >= begins[:, None], ratio[late, None], 1.0)]),
    )


def _inverted(start: Ints, target: Ints, n_targets: int) -> tuple[Ints, Ints]:
    """Pairs that are grouped by source, grouped by target: start (n_targets + 1), source."""
    source = np.repeat(np.arange(len(start) - 1), np.diff(start))
    order = np.argsort(target, kind="stable")
    return np.searchsorted(target[order], np.arange(n_targets + 1)).astype(np.int64), source[order].astype(np.int64)


@njit(inline="always")
def _bound(ratio, is_rising, is_falling, offset, factual, absent):  # type: ignore[no-untyped-def]
    """At most what a source multiplies a rate by, having come at `offset` instead of its factual one."""
    if (is_rising and offset > factual) or (is_falling and offset < factual):
        return 1.0
    most = 1.0
    if offset < absent:
        most *= ratio[0]
    if factual < absent:
        most *= ratio[1]
    return most


@njit(inline="always")
def _total(values):  # type: ignore[no-untyped-def]
    """Their sum, in four strands: additions need not wait for each other."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    whole = len(values) // 4 * 4
    for s in range(0, whole, 4):
        a += values[s]
        b += values[s + 1]
        c += values[s + 2]
        d += values[s + 3]
    for s in range(whole, len(values)):
        a += values[s]
    return (a + b) + (c + d)


@njit(inline="always")
def _scan(course, first, last, spent, limit):  # type: ignore[no-untyped-def]
    """First offset of first … last by which `limit` is spent; the length of `course` where it is not."""
    i = first
    while i + 3 <= last:
        more = (course[i] + course[i + 1]) + (course[i + 2] + course[i + 3])
        if spent + more >= limit:
            break
        spent += more
        i += 4
    while i <= last:
        spent += course[i]
        if spent >= limit:
            return i
        i += 1
    return len(course)


@njit(inline="always")
def _multiply(course, ratio, row, offset):  # type: ignore[no-untyped-def]
    """Multiply what comes after `offset` by a row of ratios by age. Indices are unsigned: no wrapping is looked for."""
    q, o = np.uint64(row), np.uint64(offset)
    for i in range(o + np.uint64(1), np.uint64(len(course))):
        course[i] *= ratio[q, i - o]


@njit(inline="always")
def _shift(course, ratio, inverse, row, offset, factual, since):  # type: ignore[no-untyped-def]
    """Put a source's pull in at `offset` and take it out at its factual one, in what comes after `since`."""
    q, o, w, n = np.uint64(row), np.uint64(offset), np.uint64(factual), np.uint64(len(course))
    begin, both = np.uint64(max(min(offset, factual), since) + 1), min(np.uint64(max(offset, factual, since) + 1), n)
    if offset < factual:
        for i in range(begin, both):
            course[i] *= ratio[q, i - o]
    else:
        for i in range(begin, both):
            course[i] *= inverse[q, i - w]
    for i in range(both, n):
        course[i] = course[i] * ratio[q, i - o] * inverse[q, i - w]


@njit(inline="always")
def _weigh(course, factor, row, offset):  # type: ignore[no-untyped-def]
    """Multiply what comes after `offset` by a row of factors by offset."""
    q = np.uint64(row)
    for i in range(np.uint64(offset) + np.uint64(1), np.uint64(len(course))):
        course[i] *= factor[q, i]


@njit(inline="always")
def _move(out, factor, first, offset, is_sum, is_out):  # type: ignore[no-untyped-def]
    """Put a response that sets in at `offset` into a window from `first` on, or take it out (factors: inverted)."""
    age = first - offset
    own = out[max(-age, 0) :]
    part = factor[max(age, 0) :]
    if is_sum:
        if is_out:
            for s in range(len(own)):
                own[s] -= part[s]
        else:
            for s in range(len(own)):
                own[s] += part[s]
    else:
        for s in range(len(own)):
            own[s] *= part[s]


@njit(cache=True, nogil=True)
def _change_alone(  # type: ignore[no-untyped-def]
    event, most, entry_start, entry, entry_source, row, loose, factual, threshold, rate, cumulated,
    needs_start, needs, shutter_start, shutter, course, comes,
):  # fmt: skip
    """Write each change's course of rates (G, H + 1) in one run, and when its event comes of that change alone (G,)."""
    n = rate.shape[1]
    for g in range(len(event)):
        m, own = event[g], course[g]
        for i in range(1, n):
            own[i] = rate[m, i]
        for e in range(entry_start[g], entry_start[g + 1]):
            if entry_source[e] < 0 or loose[entry_source[e]] <= 0:
                _weigh(own, row, entry[e], 0)
        begin, end = _open_between(m, factual, needs_start, needs, shutter_start, shutter, n)
        comes[g] = n
        # rounding must not rule out what the sum step by step would reach
        if begin < end and most[g] * (cumulated[m, end] - cumulated[m, begin]) * 1.000000001 >= threshold[m]:
            comes[g] = _scan(own, begin + 1, end, 0.0, threshold[m])


@njit(inline="always")
def _open_between(m, offset, needs_start, needs, shutter_start, shutter, n):  # type: ignore[no-untyped-def]
    """Offsets after which, and up to which, an event may come."""
    begin, end = 0, n - 1
    for x in range(needs_start[m], needs_start[m + 1]):
        begin = max(begin, offset[needs[x]])
    for x in range(shutter_start[m], shutter_start[m + 1]):
        end = min(end, offset[shutter[x]])
    return begin, end


@njit(cache=True, nogil=True, error_model="numpy")
def _vary(  # type: ignore[no-untyped-def]
    threshold, factual, loose, hazard, noise_row, factors,
    pair_start, pair_target, pair_source, by_age, inverse, past_source, past_target, of_past,
    needs_start, needs, shutter_start, shutter, holds_start, holds,
    lag, extreme, is_rising, is_falling,
    changed_start, changed, change_event, change_most, entry_start, entry, entry_source, row,
    surface_start, surface_pair, surface_row, surface, surface_most,
    start, first, kind, lower, width, weight, own_course, noise, response, response_inverse, acts, plain, schedule,
    scheduled, out,
):  # fmt: skip
    n_runs, n_open = factual.shape
    n_loose, n, n_windows = loose.shape[1], hazard.shape[1], len(first)
    absent = n
    rate = np.empty((n_open, n))
    cumulated = np.empty((n_open, n))
    course = np.empty(n)
    changed_course = np.empty((len(change_event), n))
    comes = np.empty(len(change_event), np.int64)
    offset = np.empty(n_open + n_loose, np.int64)
    predicted = np.empty(n_open, np.int64)
    known_at = np.empty(n_open, np.int64)  # offset up to which what is spent is known and settled
    known_spent = np.empty(n_open)
    change_of = np.full(n_open, -1, np.int64)
    is_scaled = np.zeros(n_open, np.bool_)
    due = np.empty(n_open, np.int64)
    is_due = np.zeros(n_open, np.bool_)
    moved = np.empty(n_open, np.int64)  # events whose step has been changed
    is_moved = np.zeros(n_open, np.bool_)
    pair_between = np.full((n_open, n_open), -1, np.int64)
    for q in range(len(pair_target)):
        pair_between[pair_source[q], pair_target[q]] = q
    base = np.empty(len(weight))
    path = np.empty(len(weight))
    for r in range(n_runs):
        for m in range(n_open):
            own = rate[m]
            own[:] = hazard[m]
            if noise_row[m] >= 0:
                own *= factors[r, noise_row[m]]
        for b in range(len(past_source)):
            if loose[r, past_source[b]] <= 0:
                rate[past_target[b]] *= of_past[b]
        for a in range(n_open):
            for q in range(pair_start[a], pair_start[a + 1]):
                if factual[r, a] < absent:
                    _multiply(rate[pair_target[q]], by_age, q, factual[r, a])
        for m in range(n_open):
            total = 0.0
            for i in range(n):
                total += rate[m, i]
                cumulated[m, i] = total
        _change_alone(
            change_event, change_most, entry_start, entry, entry_source, row, loose[r], factual[r], threshold[r], rate,
            cumulated, needs_start, needs, shutter_start, shutter, changed_course, comes,
        )  # fmt: skip
        for o in range(n_windows):
            begin, end = start[o], start[o + 1]
            base[begin:end] = noise[r if len(noise) > 1 else 0, begin:end]
            for e in range(n_open + n_loose):
                tau = factual[r, e] if e < n_open else loose[r, e - n_open]
                if tau < absent and acts[plain[e], o] and tau < first[o] + end - begin:
                    _move(base[begin:end], response[plain[e], o], first[o], tau, kind[o] == LINEAR, False)
        for s in range(n_loose):
            offset[n_open + s] = loose[r, s]
        for v in range(out.shape[0]):
            for m in range(n_open):
                offset[m] = factual[r, m]
                predicted[m] = factual[r, m]
                known_at[m] = 0
            n_due = 0
            for u in range(changed_start[v], changed_start[v + 1]):
                m = change_event[changed[u]]
                change_of[m] = changed[u]
                predicted[m] = comes[changed[u]]
            for x in range(surface_start[v], surface_start[v + 1]):
                m = pair_target[surface_pair[x]]
                is_scaled[m] = True
                is_felt = change_of[m] >= 0 or factual[r, pair_source[surface_pair[x]]] < factual[r, m]
                if is_felt and not is_due[m]:
                    is_due[m] = True
                    due[n_due] = m
                    n_due += 1
            now, n_moved = 0, 0
            while True:
                for d in range(n_due):
                    m = due[d]
                    is_due[m] = False
                    g = change_of[m]
                    begin, end = _open_between(m, offset, needs_start, needs, shutter_start, shutter, n)
                    predicted[m] = absent
                    if begin >= end:
                        continue
                    most = 1.0 if g < 0 else change_most[g]
                    since = now if g < 0 else 0  # up to there the course is the factual one, and was not enough
                    for x in range(n_moved):
                        q = pair_between[moved[x], m]
                        o, w = offset[moved[x]], factual[r, moved[x]]
                        if q >= 0 and o != w:
                            since = min(since, min(o, w))
                            most *= _bound(extreme[q], is_rising[q], is_falling[q], o, w, absent)
                    if is_scaled[m]:
                        since = 0
                        for x in range(surface_start[v], surface_start[v + 1]):
                            if pair_target[surface_pair[x]] == m:
                                most *= surface_most[surface_row[x]]
                    # rounding must not rule out what the sum step by step would reach
                    if most * (cumulated[m, end] - cumulated[m, begin]) * 1.000000001 < threshold[r, m]:
                        continue
                    spent = 0.0
                    if begin < known_at[m] and since < known_at[m]:
                        since, spent = known_at[m], known_spent[m]
                    elif begin < since:
                        spent = cumulated[m, since] - cumulated[m, begin]
                    else:
                        since = begin
                    own = rate[m] if g < 0 else changed_course[g]
                    for i in range(np.uint64(since) + np.uint64(1), np.uint64(n)):
                        course[i] = own[i]
                    for x in range(n_moved):
                        q = pair_between[moved[x], m]
                        o, w = offset[moved[x]], factual[r, moved[x]]
                        if q >= 0 and o != w:
                            _shift(course, by_age, inverse, q, o, w, since)
                    if is_scaled[m]:
                        for x in range(surface_start[v], surface_start[v + 1]):
                            q = surface_pair[x]
                            o = offset[pair_source[q]]
                            if pair_target[q] == m and o < n:
                                for i in range(max(o, since) + 1, n):
                                    course[i] *= surface[surface_row[x], o, i]
                    if since < now:
                        spent += _total(course[since + 1 : now + 1])
                        since = now
                        known_at[m], known_spent[m] = now, spent
                    predicted[m] = max(_scan(course, since + 1, end, spent, threshold[r, m]), now + 1)
                n_due = 0
                now, a = absent, -1
                for m in range(n_open):
                    if predicted[m] != offset[m]:
                        at = min(predicted[m], offset[m])
                        if at < now:
                            now, a = at, m
                if a < 0:
                    break
                before = offset[a]
                offset[a] = predicted[a] if predicted[a] < before else absent
                if not is_moved[a]:
                    is_moved[a] = True
                    moved[n_moved] = a
                    n_moved += 1
                for q in range(pair_start[a], pair_start[a + 1]):
                    m = pair_target[q]
                    if predicted[m] < absent:
                        is_idle = predicted[m] < now + lag[q]  # it comes before the change is felt
                    else:
                        is_idle = is_rising[q] if offset[a] > before else is_falling[q]  # it comes even less
                    if predicted[m] > now and not is_due[m] and (is_scaled[m] or not is_idle):
                        due[n_due] = m
                        is_due[m] = True
                        n_due += 1
                for x in range(holds_start[a], holds_start[a + 1]):
                    m = holds[x]
                    if predicted[m] > now and not is_due[m]:
                        due[n_due] = m
                        is_due[m] = True
                        n_due += 1
            for x in range(n_moved):
                is_moved[moved[x]] = False
            for u in range(changed_start[v], changed_start[v + 1]):
                change_of[change_event[changed[u]]] = -1
            for x in range(surface_start[v], surface_start[v + 1]):
                is_scaled[pair_target[surface_pair[x]]] = False
            for o in range(n_windows):
                begin, end = start[o], start[o + 1]
                is_sum = kind[o] == LINEAR
                own = path[begin:end]
                fixed = own_course[v, begin:end]
                old = base[begin:end]
                for s in range(len(own)):
                    own[s] = old[s] + fixed[s] if is_sum else old[s] * fixed[s]
                stop = first[o] + end - begin
                for m in range(n_open):
                    tau, was = offset[m], factual[r, m]
                    if tau == was and scheduled[v, m] < 0:
                        continue
                    new = plain[m]
                    if scheduled[v, m] >= 0 and tau < absent and schedule[scheduled[v, m], tau] >= 0:
                        new = schedule[scheduled[v, m], tau]
                    if tau == was and new == plain[m]:
                        continue
                    if was < min(stop, absent) and acts[plain[m], o]:
                        taken = response[plain[m], o] if is_sum else response_inverse[plain[m], o]
                        _move(own, taken, first[o], was, is_sum, True)
                    if tau < min(stop, absent) and acts[new, o]:
                        _move(own, response[new, o], first[o], tau, is_sum, False)
                share = weight[begin:end]
                if is_sum or kind[o] == LOG:
                    for s in range(len(own)):
                        own[s] *= share[s]
                    out[v, r, o] = _total(own)
                else:
                    for s in range(len(own)):
                        own[s] = share[s] / (1.0 + own[s])
                    out[v, r, o] = lower[o] + width[o] * _total(own)


def vary(
    plan: Plan, pairs: Pairs, steps: Steps, threshold: Floats, factors: Floats, changes: Variations, windows: Windows
) -> Floats:
    """(V, R, O) what is read off each run under each variation.

    `steps` (R, N) are those of the plan as it is, sampled with `threshold` (R, M) and noise `factors` (R, rows, H + 1).
    """
    n_open, as_of, absent = len(plan.open), plan.program.as_of, plan.hazard.shape[1]
    sources = np.r_[plan.open, plan.loose.event]
    offset = np.where(steps[:, sources] == NEVER, absent, steps[:, sources].astype(np.int64) - as_of)
    noise_row = np.where(plan.feels_noise, np.cumsum(plan.feels_noise) - 1, -1)
    if len(factors) < len(steps):
        noise_row[:] = -1
    needs_start, needs = _inverted(plan.waiting_start, plan.waiting, n_open)
    shutter_start, shutter = _inverted(plan.shut_start, plan.shut, n_open)
    numbers = np.arange(len(sources))
    gates = np.r_[np.repeat(numbers, np.diff(plan.waiting_start)), np.repeat(numbers, np.diff(plan.shut_start))]
    order = np.argsort(gates, kind="stable")
    held = np.r_[plan.waiting, plan.shut].astype(np.int64)[order]
    held_start = np.searchsorted(gates[order], np.arange(n_open + 1)).astype(np.int64)
    c, w = changes, windows
    out = np.empty((len(c.changed_start) - 1, len(steps), len(w.first)))
    _vary(
        threshold, np.ascontiguousarray(offset[:, :n_open]), np.ascontiguousarray(offset[:, n_open:]), plan.hazard,
        noise_row, factors,
        pairs.start, pairs.target, pairs.source, pairs.by_age, pairs.inverse, pairs.past_source, pairs.past_target,
        pairs.of_past, needs_start, needs, shutter_start, shutter, held_start, held,
        pairs.lag, pairs.extreme, pairs.is_rising, pairs.is_falling,
        c.changed_start, c.changed, c.event, c.most, c.entry_start, c.entry, c.entry_source, c.factor,
        c.surface_start, c.surface_pair, c.surface_row, c.surface, c.surface.max(axis=(1, 2), initial=1.0),
        w.start, w.first, w.kind, w.lower, w.width, w.weight, w.course, w.noise, w.response, w.inverse, w.acts,
        w.plain, w.schedule, w.scheduled, out,
    )  # fmt: skip
    return out
