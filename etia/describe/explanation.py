"""Why a trend is expected to stand where it does: an additive account over events, paths and causes (method §7).

In the latent scale the terms sum to the mean of g(y): the baseline, what policies do by themselves, the noise, and for
every event that has come its total response, told apart by the ways that it takes to the trend and by the causes that
it goes back to. In the trend's units a term is its latent part times (y − y_baseline) / (g(y) − g(y_baseline)), y being
where the mean of g(y) stands; so these sum too. A term's standard error comes from its means in the draws, or, in the
central model, in blocks of runs, with calibration's part on top.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from etia.compile.bands import Bands
from etia.compile.standard_errors import quantiles
from etia.describe.attribution import ChainSums, log_pulls
from etia.describe.blocks import blocks, in_order
from etia.describe.calibrated import calibration_loads, loaded_scores
from etia.describe.moments import ROUNDING
from etia.describe.relations import Basis, Ground, basis_shares, between_events, grounds_of_way, name_of
from etia.describe.ways import Ways, way_values, ways
from etia.engine.ensemble import to_units_of
from etia.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from etia.compile.study import Case
    from etia.describe.attribution import LogPulls
    from etia.describe.blocks import Block
    from etia.describe.ways import WayValues

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Account", "Term", "accounts", "explain", "step_of"]

_LEAST_BAR = 0.001
"""part of all movement below which baseline-like terms get no bar of their own"""


@dataclass(frozen=True)
class Term:
    """One part of a number."""

    kind: str  # baseline, policies, noise, event (one path), cause (all that goes back to an event), or a rest's name
    events: tuple[str, ...]  # from the first cause to the event that acts; () where no event is behind it
    trends: tuple[str, ...]  # from the trend that is hit to the one explained; () for the rest of an event's ways
    mechanisms: tuple[str, ...]
    claims: tuple[str, ...]
    rests_on: tuple[str, ...]  # for each of its relations: evidence, data or judgement
    latent: float
    share: float  # in the trend's units
    se: float = float("nan")  # of `latent`; nan where it was not asked for, or one unit is all there is
    share_se: float = float("nan")  # of `share`, its ratio to the latent part taken as known
    grounds: tuple[Ground, ...] = field(default=(), repr=False, compare=False)
    source: tuple[tuple[int, ...], int] = field(default=((), -1), repr=False, compare=False)  # the engine's chain, way

    @property
    def name(self) -> str:
        """The term in one line: events, then trends; of what goes back to an event, the event alone."""
        return self.titled(lambda name: name)

    def titled(self, title: Callable[[str], str]) -> str:
        """The same, every event and trend by what it is called."""
        if not self.events:
            return self.kind
        names = [title(name) for name in (*self.events, *self.trends)]
        return " → ".join(names if self.trends or self.kind == "cause" else [*names, "longer ways"])


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
    units: Floats = field(default_factory=lambda: np.zeros((0, 0)), repr=False, compare=False)
    """(units, terms) each independent unit's means of the terms; (0, 0) where errors were not asked for"""
    answers: Floats = field(default_factory=lambda: np.zeros((0, 0)), repr=False, compare=False)
    """(loads, terms) what the terms answer to the calibrated rates (central model); none else"""

    @property
    def event_terms(self) -> list[Term]:
        return [term for term in self.terms if term.events]

    def evidence_shares(self) -> dict[Basis, float]:
        """Shares of Σ |terms| of events by what their relations rest on; nan where no event moves the trend."""
        return basis_shares((term.latent, term.grounds) for term in self.event_terms)

    def top(self, n: int) -> list[Term]:
        """The n largest event terms, before them what stands for itself, and the rest of the events as one term."""
        own = [i for i, term in enumerate(self.terms) if term.events]
        rest = self._rest(own[n:], f"the other {len(own) - n} terms")
        return [*self._plain, *(self.terms[i] for i in own[:n]), *rest]

    def top_causes(self, n: int) -> list[Term]:
        """The same with one term an event: all that goes back to it as the first cause, on whatever paths."""
        causes = self.by_event()
        shown = {term.events[0] for term in causes[:n]}
        left = [i for i, term in enumerate(self.terms) if term.events and term.events[0] not in shown]
        return [*self._plain, *causes[:n], *self._rest(left, f"the other {len(causes) - n} events")]

    @property
    def _plain(self) -> list[Term]:
        return [term for term in self.terms if not term.events]

    def _rest(self, places: list[int], name: str) -> list[Term]:
        return [self._sum_of(places, name)] if places else []

    def by_event(self) -> list[Term]:
        """Of every event all that goes back to it as the first cause, the largest first."""
        places: dict[str, list[int]] = {}
        for i, term in enumerate(self.terms):
            if term.events:
                places.setdefault(term.events[0], []).append(i)
        found = [self._sum_of(own, "cause", (name,)) for name, own in places.items()]
        return sorted(found, key=lambda term: -abs(term.latent))

    def _sum_of(self, places: list[int], kind: str, events: tuple[str, ...] = ()) -> Term:
        """Several terms as one; mechanisms and claims are those of its parts, the largest first."""
        parts = sorted((self.terms[i] for i in places), key=lambda term: -abs(term.latent))
        latent, share = (float(sum(getattr(term, part) for term in parts)) for part in ("latent", "share"))
        mechanisms, claims = (
            tuple(dict.fromkeys(name for term in parts for name in getattr(term, part)))
            for part in ("mechanisms", "claims")
        )
        if not events:
            mechanisms = claims = ()
        se = float("nan")
        if self.units.size:
            se = _error_of(self.units[:, places].sum(axis=1), self.answers[:, places].sum(axis=1))
        return Term(kind, events, (), mechanisms, claims, (), latent, share, se, se * self._slope)

    @property
    def _slope(self) -> float:
        """Trend units a latent unit, as the shares have it."""
        for term in self.terms:
            if term.kind != "baseline" and term.latent != 0.0:
                return abs(term.share / term.latent)
        return float("nan")

    def table(self, n: int | None = None) -> pd.DataFrame:
        """The terms as rows: a name, what each is made of and rests on, its latent size, its share in trend units."""
        import pandas as pd

        terms = self.terms if n is None else self.top(n)
        return pd.DataFrame([_row(term) for term in terms])

    def waterfall(
        self, n: int = 12, *, by: str = "path", title: Callable[[str], str] = lambda name: name
    ) -> pd.DataFrame:
        """`name` and `contribution` in the trend's units, to be drawn from `baseline` to `value`.

        `by`: `path` takes terms one by one, `cause` all that goes back to an event together. What is less than a
        thousandth of the movement is left to the rest. `title` says what an event or trend is called.
        """
        import pandas as pd

        chosen = self.top(n) if by == "path" else self.top_causes(n)
        terms = [term for term in chosen if term.kind != "baseline" and term.share != 0.0]
        whole = sum(abs(term.share) for term in terms)
        large = [term for term in terms if term.events or abs(term.share) >= _LEAST_BAR * whole]
        names, sizes = [term.titled(title) for term in large], [term.share for term in large]
        if large and len(large) < len(terms):
            sizes[-1] += sum(term.share for term in terms) - sum(sizes)
        return pd.DataFrame({"name": names, "contribution": sizes})

    def as_dict(self, n: int | None = None) -> dict[str, Any]:
        """Plain data for JSON."""
        out: dict[str, Any] = {
            key: value for key, value in vars(self).items() if isinstance(value, (str, float, type(None)))
        }
        shares = self.evidence_shares()
        out["evidence_shares"] = {basis: None if np.isnan(share) else share for basis, share in shares.items()}
        out["terms"] = [_row(term) for term in (self.terms if n is None else self.top(n))]
        out["causes"] = [_row(term) for term in (self.by_event() if n is None else self.top_causes(n))]
        return out


def _row(term: Term) -> dict[str, Any]:
    lists = {key: list(getattr(term, key)) for key in ("events", "trends", "mechanisms", "claims", "rests_on")}
    sizes = {key: getattr(term, key) for key in ("latent", "se", "share", "share_se")}
    return {"name": term.name, "kind": term.kind, **lists, **{k: None if v != v else v for k, v in sizes.items()}}


def _error_of(means: Floats, answer: Floats) -> float:
    """The standard error of the mean over units, with calibration's part."""
    if len(means) < 2:
        return float("nan")
    error = float(np.hypot(means.std(ddof=1) / np.sqrt(len(means)), np.linalg.norm(answer)))
    return error if error > ROUNDING * float(np.abs(means).max()) else 0.0


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
    step = step_of(case, at)
    found = accounts(case, [(trend, step)], least_share=least_share, with_errors=True)[0]
    # the tables' own median, which needs no samples of the noise where no event feels it
    bands, steps, median = Bands(case, (0.5,)), np.array([step]), np.array([[found.median]])
    means, k = bands.means(steps), case.trend_names.index(trend)
    bands.improve(k, steps, None if means is None else means[k], median)
    return replace(found, median=float(median[0, 0]))


def accounts(
    case: Case,
    asked: Sequence[tuple[str, int]],
    *,
    least_share: float = 0.01,
    most_runs: int | None = None,
    every: int = 1,
    with_errors: bool = False,
) -> list[Account]:
    """Several accounts in one pass, by trend and step.

    `most_runs` runs a draw and each `every`-th draw are enough where shares alone are wanted.
    """
    by_draw = case.outcomes.n_draws > 1
    places = [case.trend_names.index(trend) for trend, _ in asked]
    found = {k: ways(case, k) for k in dict.fromkeys(places)}
    n_events = len(case.event_names)
    loads = calibration_loads(case) if with_errors else None
    n_loads = 0 if loads is None else loads.shape[1]
    sums = [
        ChainSums(n_events, found[k], least_share=least_share, keeps_units=with_errors, n_loads=n_loads) for k in places
    ]
    known: list[list[Floats]] = [[] for _ in asked]
    plain: list[list[tuple[float, float]]] = [[] for _ in asked]
    unit_of: list[int] = []  # of every run
    steps = np.array(sorted({step for _, step in asked}), dtype=np.int64)

    def laid_out(block: Block) -> tuple[Block, LogPulls, dict[int, WayValues], Floats, Floats, Floats | None]:
        values = way_values(case, found, block.p)
        scores = loaded_scores(block, loads)
        return block, log_pulls(block), values, block.latent(steps), _policies(case, block.p), scores

    chosen = (block for block in blocks(case, most_runs) if block.p % every == 0)
    for block, logs, values, latent, policies, scores in in_order(laid_out, chosen, case.study.settings.jobs):
        unit = block.p if by_draw else block.first
        if unit_of and unit_of[-1] != unit:
            for one in sums:
                one.close_unit()
        unit_of += [unit] * block.n
        for i, (k, (_, step)) in enumerate(zip(places, asked, strict=True)):
            sums[i].add(block, logs, values[k], step, scores)
            known[i].append(latent[:, k, int(np.searchsorted(steps, step))])
            baseline = float(block.program.trends.baseline[k, step])
            plain[i] += [(baseline, float(policies[k, step]))] * block.n
    for one in sums:
        one.close_unit()
    joins = between_events(case)
    made = []
    for i, (trend, step) in enumerate(asked):
        latent, alone = np.concatenate(known[i]), np.array(plain[i])
        account = _account(case, trend, step, latent, alone, sums[i], found[places[i]], joins)
        made.append(_with_errors(account, latent, alone, np.array(unit_of), sums[i]) if with_errors else account)
    return made


def _with_errors(account: Account, latent: Floats, alone: Floats, unit_of: Ints, sums: ChainSums) -> Account:
    """The account with standard errors, from the units' means of its terms.

    latent: (runs,) g(y); alone: (runs, 2) baseline and policies; unit_of: (runs,).
    """
    _, first, counts = np.unique(unit_of, return_index=True, return_counts=True)
    total, own = (np.add.reduceat(values, first, axis=0) for values in (latent, alone))
    total, own = total / counts, own / counts[:, None]
    by_row, row_answers = sums.unit_means(), sums.answers()
    place = {key: i for i, key in enumerate((chain, way) for chain, way, _ in sums.rows())}
    columns, answers = [], np.zeros((len(row_answers), len(account.terms)))
    for t, term in enumerate(account.terms):
        if term.kind == "baseline":
            columns.append(own[:, 0])
        elif term.kind == "policies":
            columns.append(own[:, 1])
        elif term.kind == "noise":
            columns.append(total - own.sum(axis=1) - by_row.sum(axis=1))
        else:
            columns.append(by_row[:, place[term.source]])
            answers[:, t] = row_answers[:, place[term.source]]
    units = np.stack(columns, axis=1)
    slope = account._slope
    terms = []
    for term, means, answer in zip(account.terms, units.T, answers.T, strict=True):
        se = _error_of(means, answer)
        terms.append(replace(term, se=se, share_se=se * slope))
    return replace(account, terms=tuple(terms), units=units, answers=answers)


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
        float(y.mean()), float(quantiles(np.sort(y), (0.5,))[0]), base, tuple(terms),
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
    return Term(
        "event", names, trends, mechanisms, claims, rests_on, size, size * slope, grounds=tuple(grounds),
        source=(chain, way),
    )  # fmt: skip
