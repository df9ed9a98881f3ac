"""How strong each relation is in the central model, in the latent scale (method §2, §4)."""

from __future__ import annotations

from math import log, log1p
from typing import TYPE_CHECKING

from etia.quantity import Kind

if TYPE_CHECKING:
    from etia.quantity import Quantity
    from etia.schema.event import Sensitivity
    from etia.schema.quantities import Size
    from etia.schema.relation import Coupling, Impact, Link
    from etia.schema.trend import Trend

__all__ = ["central", "coupling_effect", "impact_effect", "link_effect", "months", "sensitivity_effect", "size_effect"]


def central(quantity: Quantity, kind: Kind) -> float:
    """The quantity's value in the central model."""
    from etia.distributions import distribution

    return distribution(quantity, kind).central()


def months(quantity: Quantity | None) -> float | None:
    """A duration's central value in months; None where there is none."""
    return None if quantity is None else central(quantity, Kind.DURATION)


def size_effect(size: Size | None, trend: Trend) -> float:
    """A size's central value in the latent scale of its trend; 0 where there is none.

    Linear: units; log: ln(1 + percent/100); logit: 4 · points / (U − L).
    """
    if size is None:
        return 0.0
    value = central(size.quantity, Kind.PERCENT if size.percent else Kind.SIZE)
    if trend.scale == "log":
        return log1p(value / 100)
    if trend.scale == "logit" and trend.bounds is not None:
        return 4 * value / (trend.bounds[1] - trend.bounds[0])
    return value


def impact_effect(impact: Impact, trend: Trend) -> float:
    """The larger of an impact's peak and what lasts of it, with its sign."""
    return max(size_effect(impact.lasting, trend), size_effect(impact.peak, trend), key=abs)


def link_effect(link: Link) -> float:
    """The link's ln ρ: above 0 where the source makes the target likelier."""
    return log(central(link.rate_ratio, Kind.RATE_RATIO))


def sensitivity_effect(sensitivity: Sensitivity) -> float:
    """The ln ρ of the deviation `per`, turned about where `per` is one downwards."""
    per = central(sensitivity.per.quantity, Kind.PERCENT if sensitivity.per.percent else Kind.SIZE)
    effect = log(central(sensitivity.rate_ratio, Kind.RATE_RATIO))
    return effect if per >= 0 else -effect


def coupling_effect(coupling: Coupling) -> float:
    """The central strength, latent per latent."""
    return central(coupling.strength, Kind.STRENGTH)
