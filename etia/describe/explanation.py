"""Why a trend is expected to stand where it does: an additive account over events, paths and causes (method §7).

In the latent scale the terms sum to the mean of g(y): the baseline, what policies do by themselves, the noise, and for
every event that has come its total response, told apart by the ways that it takes to the trend and by the causes that
it goes back to. In the trend's units a term is its latent part times (y − y_baseline) / (g(y) − g(y_baseline)), y being
where the mean of g(y) stands; so these sum too.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from etia.describe.attribution import ChainSums, log_pulls
from etia.describe.blocks import blocks, in_order
from etia.describe.relations import Basis, Ground, basis_shares, between_events, grounds_of_way, name_of
from etia.describe.ways import Ways, way_values, ways
from etia.engine.ensemble import to_units_of
from etia.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from etia.compile.study import Case
    from etia.describe.attribution import LogPulls
    from etia.describe.blocks import Block
    from etia.describe.ways import WayValues

    Floats = NDArray[np.float64]

__all__ = ["Account", "Term", "accounts", "explain", "step_of"]


@dataclass(frozen=True)
class Term:
    """One part of a number."""

    kind: str  # baseline, policies, noise, event
    events: tuple[str, ...]  # from the first cause to the event that acts; () where no event is behind it
    trends: tuple[str, ...]  # from the trend that is hit to the one explained; () for the rest of an event's ways
    mechanisms: tuple[str, ...]
    claims: tuple[str, ...]
    rests_on: tuple[str, ...]  # for each of its relations: evidence, data or judgement
    latent: float
    share: float  # in the trend's units
    grounds: tuple[Ground, ...] = field(default=(), repr=False, compare=False)

    @property
    def name(self) -> str:
        """The term in one line: events, then trends."""
        if not self.events:
            return self.kind
        return " → ".join((*self.events, *self.trends)) if self.trends else " → ".join((*self.events, "longer ways"))


@dataclass(frozen=True)
class Account:
    """A trend's expected value at a date as a sum of terms, the largest first after baseline, policies and noise."""

    scenario: str
    lens: str
    trend: str
    date: str
    unit: str | None
    latent: float  # mean of g(y) over all runs: the sum of the terms
    value: float  # g⁻¹ of it
    mean: float  # mean of y
    median: float  # median of y
    baseline: float  # g⁻¹ of the baseline's mean
    terms: tuple[Term, ...]

    @property
    def event_terms(self) -> list[Term]:
        return [term for term in self.terms if term.events]

    def evidence_shares(self) -> dict[Basis, float]:
        """Shares of Σ |terms| of events by what their relations rest on; nan where no event moves the trend."""
        return basis_shares((term.latent, term.grounds) for term in self.event_terms)

    def top(self, n: int) -> list[Term]:
        """The n largest event terms, before them what stands for itself, and the rest of the events as one term."""
        plain = [term for term in self.terms if not term.events]
        events = self.event_terms
        out = [*plain, *events[:n]]
        if events[n:]:
            latent, share = (sum(getattr(term, part) for term in events[n:]) for part in ("latent", "share"))
            out.append(Term(f"the other {len(events) - n} terms", (), (), (), (), (), latent, share))
        return out

    def by_event(self) -> list[tuple[str, float, float]]:
        """(first cause, latent, share) summed over all that goes back to an event, the largest first."""
        sums: dict[str, tuple[float, float]] = {}
        for term in self.event_terms:
            latent, share = sums.get(term.events[0], (0.0, 0.0))
            sums[term.events[0]] = latent + term.latent, share + term.share
        return sorted(((name, *both) for name, both in sums.items()), key=lambda row: -abs(row[1]))

    def table(self, n: int | None = None) -> pd.DataFrame:
        """The terms as rows: a name, what each is made of and rests on, its latent size, its share in trend units."""
        import pandas as pd

        terms = self.terms if n is None else self.top(n)
        return pd.DataFrame([_row(term) for term in terms])

    def waterfall(self, n: int = 12) -> pd.DataFrame:
        """`name` and `contribution` in the trend's units, to be drawn from `baseline` to `value`."""
        import pandas as pd

        terms = [term for term in self.top(n) if term.kind != "baseline" and term.share != 0.0]
        return pd.DataFrame({"name": [term.name for term in terms], "contribution": [term.share for term in terms]})

    def as_dict(self, n: int | None = None) -> dict[str, Any]:
        """Plain data for JSON."""
        out = {key: value for key, value in asdict(self).items() if key != "terms"}
        shares = self.evidence_shares()
        out["evidence_shares"] = {basis: None if np.isnan(share) else share for basis, share in shares.items()}
        out["terms"] = [_row(term) for term in (self.terms if n is None else self.top(n))]
        return out


def _row(term: Term) -> dict[str, Any]:
    lists = {key: list(getattr(term, key)) for key in ("events", "trends", "mechanisms", "claims", "rests_on")}
    return {"name": term.name, "kind": term.kind, **lists, "latent": term.latent, "share": term.share}


def step_of(case: Case, at: str | None) -> int:
    """The last step that a date covers; `as_of` where none is given. Raises UsageError outside the calendar."""
    from etia.calendar import parse_period

    calendar = case.calendar
    if at is None:
        return calendar.as_of
    try:
        step = calendar.last_step(parse_period(at))
    except ValueError as error:
        raise UsageError(str(error)) from error
    if not 0 <= step < calendar.n_steps:
        first, last = calendar.label(0), calendar.label(calendar.n_steps - 1)
        raise UsageError(f"{at} lies outside the model's calendar, {first} … {last}")
    return step


def explain(case: Case, trend: str, at: str | None = None, *, least_share: float = 0.01) -> Account:
    """The account of a trend at a date (`as_of` where left out), from all runs of a case.

    Causes are followed back until less than `least_share` of an event's term is left on a branch.
    Raises UsageError for an unknown trend or date, or where the trend has no value then.
    """
    if trend not in case.trend_names:
        raise UsageError(f"there is no trend {trend!r}; the model has {', '.join(case.trend_names)}")
    return accounts(case, [(trend, step_of(case, at))], least_share=least_share)[0]


def accounts(
    case: Case,
    asked: Sequence[tuple[str, int]],
    *,
    least_share: float = 0.01,
    most_runs: int | None = None,
    every: int = 1,
) -> list[Account]:
    """Several accounts in one pass, by trend and step.

    `most_runs` runs a draw and each `every`-th draw are enough where shares alone are wanted.
    """
    places = [case.trend_names.index(trend) for trend, _ in asked]
    found = {k: ways(case, k) for k in dict.fromkeys(places)}
    sums = [ChainSums(len(case.event_names), found[k], least_share=least_share) for k in places]
    known: list[list[Floats]] = [[] for _ in asked]
    plain: list[list[tuple[float, float]]] = [[] for _ in asked]
    steps = np.array(sorted({step for _, step in asked}), dtype=np.int64)

    def laid_out(block: Block) -> tuple[Block, LogPulls, dict[int, WayValues], Floats, Floats]:
        values = way_values(case, found, block.p)
        return block, log_pulls(block), values, block.latent(steps), _policies(case, block.p)

    chosen = (block for block in blocks(case, most_runs) if block.p % every == 0)
    for block, logs, values, latent, policies in in_order(laid_out, chosen, case.study.settings.jobs):
        for i, (k, (_, step)) in enumerate(zip(places, asked, strict=True)):
            sums[i].add(block, logs, values[k], step)
            known[i].append(latent[:, k, int(np.searchsorted(steps, step))])
            baseline = float(block.program.trends.baseline[k, step])
            plain[i] += [(baseline, float(policies[k, step]))] * block.n
    joins = between_events(case)
    return [
        _account(case, trend, step, np.concatenate(known[i]), np.array(plain[i]), sums[i], found[places[i]], joins)
        for i, (trend, step) in enumerate(asked)
    ]


def _policies(case: Case, p: int) -> Floats:
    """(K, T) what policies do to trends by themselves."""
    compiled = case.compiled
    shape = (len(case.trend_names), case.calendar.n_steps)
    if not compiled.policies.direct:
        return np.zeros(shape)
    return compiled.policies.deviation(p, compiled.couplings.draw(p), *shape)


def _account(
    case: Case,
    trend: str,
    step: int,
    latent: Floats,
    plain: Floats,
    sums: ChainSums,
    found: Ways,
    joins: dict[tuple[str, str], list[Ground]],
) -> Account:
    total = float(latent.mean())
    date = case.calendar.label(step)
    if np.isnan(total):
        raise UsageError(f"trend '{trend}' has no value at {date}")
    baseline, policies = (float(part) for part in plain.mean(axis=0))
    rows = sums.rows()
    noise = total - baseline - policies - sum(size for _, _, size in rows)
    if abs(noise) < 1e-12 * max(abs(total), 1.0):
        noise = 0.0
    k = found.trend

    def units(values: Floats) -> Floats:
        return to_units_of(np.atleast_1d(values), case.outcomes.scales, k)

    value, base = (float(units(np.array(x))[0]) for x in (total, baseline))
    slope = (value - base) / (total - baseline) if total != baseline else _slope(units, total)
    terms = [Term("baseline", (), (), (), (), (), baseline, base)]
    for kind, size in (("policies", policies), ("noise", noise)):
        if size != 0.0:
            terms.append(Term(kind, (), (), (), (), (), size, size * slope))
    events = [_term(case, found, joins, chain, way, size, slope) for chain, way, size in rows if size != 0.0]
    terms += sorted(events, key=lambda term: -abs(term.latent))
    y = units(latent)
    return Account(
        case.scenario, case.lens, trend, date, case.model.trends[trend].unit, total, value,
        float(y.mean()), float(np.median(y)), base, tuple(terms),
    )  # fmt: skip


def _slope(units: Any, latent: float) -> float:
    """Derivative dy / dg(y), for a trend that stands on its baseline."""
    low, high = units(np.array([latent - 1e-6, latent + 1e-6]))
    return float((high - low) / 2e-6)


def _term(
    case: Case,
    found: Ways,
    joins: dict[tuple[str, str], list[Ground]],
    chain: tuple[int, ...],
    way: int,
    size: float,
    slope: float,
) -> Term:
    names = tuple(case.event_names[event] for event in chain)
    trends: tuple[str, ...] = ()
    if way >= 0:
        compiled = case.compiled
        hit = [int(compiled.impacts.trend[found.impact[way]])]
        hit += [int(compiled.couplings.target[c]) for c in found.couplings[way]]
        trends = tuple(case.trend_names[k] for k in hit)
    grounds = [
        ground for cause, effect in pairwise(names) for ground in joins.get((name_of(cause), name_of(effect)), [])
    ]
    grounds += grounds_of_way(case, found, way)
    mechanisms = tuple(dict.fromkeys(ground.mechanism for ground in grounds if ground.mechanism))
    claims = tuple(dict.fromkeys(claim for ground in grounds for claim in ground.claims))
    rests_on = tuple(ground.basis for ground in grounds)
    return Term("event", names, trends, mechanisms, claims, rests_on, size, size * slope, tuple(grounds))
