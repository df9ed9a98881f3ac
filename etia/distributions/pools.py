"""A quantity as a distribution: one expert's, or the pool of several (method §2)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import exp, fsum, log

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from etia.distributions.laws import Law, Pert, Point, metalog
from etia.distributions.quadrature import unit_nodes, unit_points
from etia.distributions.scales import Identity, Log, PercentLog, Scale, scale_of
from etia.errors import UsageError
from etia.quantity import Kind, Number, Pool, Quantiles, Quantity, Range, faults

__all__ = ["Distribution", "LinearPool", "OddsPool", "Single", "distribution"]

Values = NDArray[np.float64]
_TENSOR_LIMIT = 3
_TENSOR_STEP = 1 / 6
_LARGEST_PROBABILITY = float(np.nextafter(1.0, 0.0))


class Distribution(ABC):
    """What a quantity stands for."""

    @property
    @abstractmethod
    def n_percentiles(self) -> int:
        """Rows of percentiles that a draw needs: 1, or for a pool of odds one an expert."""

    @property
    @abstractmethod
    def is_certain(self) -> bool:
        """Whether every draw is the central value."""

    @abstractmethod
    def central(self) -> float:
        """The value in the central model: mean, geometric mean of a rate ratio, mode or p50 of a duration."""

    @abstractmethod
    def values(self, percentile: Values, expert: Values | None = None) -> Values:
        """The quantity in each of P draws.

        Parameters
        ----------
        percentile
            Shape (n_percentiles, P), or (P,) where one row is enough, in (0, 1). Further rows are not looked at, so
            that quantities may share them.
        expert
            Shape (P,), in (0, 1): selects the expert of a linear pool by its weights; others do not need it.

        Returns
        -------
        Shape (P,).
        """


@dataclass(frozen=True)
class Single(Distribution):
    """One expert's judgement: a law on a transformed scale, with its central value."""

    law: Law
    scale: Scale
    centre: float

    @property
    def n_percentiles(self) -> int:
        return 1

    @property
    def is_certain(self) -> bool:
        return isinstance(self.law, Point)

    def central(self) -> float:
        return self.centre

    def values(self, percentile: Values, expert: Values | None = None) -> Values:  # noqa: ARG002 (the family's form)
        row = np.atleast_2d(percentile)[0]
        if self.is_certain:
            return np.full(row.shape, self.centre)
        return self.scale.back(self.law.quantile(row))


@dataclass(frozen=True)
class LinearPool(Distribution):
    """A mixture: each draw is one expert's, chosen by the weights; the percentile is within that expert's judgement."""

    experts: tuple[Single, ...]
    weights: tuple[float, ...]
    geometric: bool

    @property
    def n_percentiles(self) -> int:
        return 1

    @property
    def is_certain(self) -> bool:
        heard = [own for own, weight in zip(self.experts, self.weights, strict=True) if weight > 0]
        return all(own.is_certain and own.centre == heard[0].centre for own in heard)

    def central(self) -> float:
        """The weighted mean of the experts' central values; of rate ratios the weighted geometric mean."""
        pairs = list(zip(self.weights, self.experts, strict=True))
        if self.geometric:
            return exp(fsum(weight * log(own.centre) for weight, own in pairs))
        return fsum(weight * own.centre for weight, own in pairs)

    def values(self, percentile: Values, expert: Values | None = None) -> Values:
        if expert is None:
            raise UsageError("a linear pool needs a number in (0, 1) for each draw that selects its expert.")
        row = np.atleast_2d(percentile)[0]
        edges = np.cumsum(self.weights)[:-1]
        chosen = np.searchsorted(edges, expert, side="right")
        drawn = np.empty(row.shape)
        for index, own in enumerate(self.experts):
            drawn[chosen == index] = own.values(row[chosen == index])
        return drawn


@dataclass(frozen=True)
class OddsPool(Distribution):
    """Probabilities pooled in every draw: logit p = Σ wᵢ logit pᵢ, each expert with his own percentile."""

    experts: tuple[Single, ...]
    weights: tuple[float, ...]

    @property
    def n_percentiles(self) -> int:
        return len(self.experts)

    @property
    def is_certain(self) -> bool:
        return not self._uncertain()

    def central(self) -> float:
        """The mean of the pooled probability.

        A tensor rule over up to three uncertain experts; beyond, 2^14 fixed quasi-random points (to about 1e-5).
        """
        uncertain = self._uncertain()
        fixed = fsum(
            weight * float(logit(own.centre))
            for index, (own, weight) in enumerate(zip(self.experts, self.weights, strict=True))
            if weight > 0 and index not in uncertain
        )
        if not uncertain:
            return float(expit(fixed))
        if len(uncertain) > _TENSOR_LIMIT:
            rows = zip(uncertain, unit_points(len(uncertain)), strict=True)
            return float(expit(fixed + sum(self._term(index, row) for index, row in rows)).mean())
        nodes, weights = unit_nodes(_TENSOR_STEP)
        log_odds, mass = np.array(fixed), np.array(1.0)
        for index in uncertain:  # one more axis an expert
            log_odds = log_odds[..., None] + self._term(index, nodes)
            mass = mass[..., None] * weights
        return float((expit(log_odds) * mass).sum())

    def values(self, percentile: Values, expert: Values | None = None) -> Values:  # noqa: ARG002 (the family's form)
        rows = np.atleast_2d(percentile)
        if rows.shape[0] < self.n_percentiles:
            raise UsageError(
                f"a pool of odds of {self.n_percentiles} experts needs as many percentiles a draw, not {rows.shape[0]}."
            )
        log_odds = np.zeros(rows.shape[1])
        for index, weight in enumerate(self.weights):
            if weight > 0:
                log_odds = log_odds + self._term(index, rows[index])
        return np.asarray(np.minimum(expit(log_odds), _LARGEST_PROBABILITY))

    def _uncertain(self) -> list[int]:
        pairs = zip(self.experts, self.weights, strict=True)
        return [index for index, (own, weight) in enumerate(pairs) if weight > 0 and not own.is_certain]

    def _term(self, index: int, u: Values) -> Values:
        return np.asarray(self.weights[index] * logit(self.experts[index].values(u)))


def distribution(quantity: Quantity, kind: Kind, bounds: tuple[float, float] | None = None) -> Distribution:
    """What a quantity of this kind stands for (method §2).

    Parameters
    ----------
    quantity
        As the analyst wrote it.
    kind
        Decides the bounds, the transformed scale and the central value.
    bounds
        (L, U) of a logit trend, for a level on it.

    Raises
    ------
    UsageError
        Where the quantity means nothing (`etia.quantity.faults` names what).

    Examples
    --------
    >>> distribution(Range(0.1, 0.2, 0.6), Kind.PROBABILITY).central()
    0.25
    """
    found = faults(quantity, kind, bounds)
    if found:
        raise UsageError(" ".join(found))
    if not isinstance(quantity, Pool):
        return _single(quantity, kind, bounds)
    # by name: quantities that share an expert share him in whatever order each lists them
    pairs = sorted(zip(quantity.experts, quantity.weights, strict=True), key=lambda pair: pair[0][0])
    experts = tuple(_single(own, kind, bounds) for (_, own), _ in pairs)
    weights = tuple(weight for _, weight in pairs)
    if quantity.pool == "odds":
        return OddsPool(experts, weights)
    return LinearPool(experts, weights, geometric=kind is Kind.RATE_RATIO)


def _single(quantity: Number | Range | Quantiles, kind: Kind, bounds: tuple[float, float] | None) -> Single:
    law, scale = _law_and_scale(quantity, kind, bounds)
    if isinstance(quantity, Number):
        return Single(law, scale, quantity.value)
    if isinstance(law, Point) or kind is Kind.DURATION:
        return Single(law, scale, quantity.best if isinstance(quantity, Range) else quantity.p50)
    if kind is Kind.RATE_RATIO:
        return Single(law, scale, exp(law.mean()))
    return Single(law, scale, scale.mean(law))


def _law_and_scale(
    quantity: Number | Range | Quantiles, kind: Kind, bounds: tuple[float, float] | None
) -> tuple[Law, Scale]:
    if isinstance(quantity, Number):
        return Point(quantity.value), Identity()
    if isinstance(quantity, Quantiles):
        scale = scale_of(kind, bounds)
        p5, p50, p95 = (scale.forward(value) for value in (quantity.p5, quantity.p50, quantity.p95))
        needs_mean = isinstance(scale, Log | PercentLog) and kind not in (Kind.RATE_RATIO, Kind.DURATION)
        return metalog(p5, p50, p95, finite_exponential=needs_mean), scale
    scale = Log() if kind is Kind.RATE_RATIO else Identity()
    if quantity.low == quantity.high:
        return Point(scale.forward(quantity.best)), scale
    return Pert(*(scale.forward(value) for value in (quantity.low, quantity.best, quantity.high))), scale
