"""A theory as weights: how a lens changes every relation's numbers (method §5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etia.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from etia.schema.model import Model

__all__ = ["LensWeights", "lens_names", "lens_weights", "reference_lens"]


@dataclass(frozen=True)
class LensWeights:
    """Weights and half-lives by mechanism; without an entry a mechanism weighs 1 and half-lives are as written."""

    name: str
    weights: Mapping[str, float] = field(default_factory=dict)
    half_lives: Mapping[str, float] = field(default_factory=dict)  # months

    def weight(self, mechanism: str | None) -> float:
        """W ≥ 0 of a relation with this mechanism, 1 without one."""
        return 1.0 if mechanism is None else self.weights.get(mechanism, 1.0)

    def half_life(self, mechanism: str | None) -> float | None:
        """Months of the half-life that the lens sets for this mechanism's links and impacts; None: as written."""
        return None if mechanism is None else self.half_lives.get(mechanism)

    def without(self, mechanisms: Iterable[str]) -> LensWeights:
        """The same lens with these mechanisms switched off."""
        return LensWeights(self.name, {**self.weights, **dict.fromkeys(mechanisms, 0.0)}, self.half_lives)


def reference_lens(model: Model) -> str:
    """The name of the reference lens; `reference` for a model without lenses."""
    return next((name for name, lens in model.lenses.items() if lens.reference), "reference")


def lens_names(model: Model) -> list[str]:
    """All lenses in model order."""
    return list(model.lenses) or ["reference"]


def lens_weights(model: Model, name: str | None = None) -> LensWeights:
    """The weights of a lens by name, the reference one by default. Raises UsageError for an unknown name."""
    chosen = name or reference_lens(model)
    if chosen not in model.lenses:
        if chosen == "reference" and not model.lenses:
            return LensWeights("reference")
        raise UsageError(f"there is no lens {chosen!r}; the model has {', '.join(lens_names(model))}")
    lens = model.lenses[chosen]
    return LensWeights(chosen, lens.weights, lens.half_lives)
