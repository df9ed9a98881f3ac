"""Judgements as they are written: a certain number, or one of the uncertain forms around it (method §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

    from tests.drafts.clock import Clock

__all__ = ["Quill", "Written"]

Written = Any
"""a value as YAML holds it"""

FORMS = ("range", "quantiles", "pool_linear")


class Quill:
    """Writes quantities, and notes which features they use."""

    def __init__(self, rng: Generator, clock: Clock, features: set[str]) -> None:
        self.rng, self.clock, self.features = rng, clock, features
        self.is_uncertain = bool(rng.random() < 0.5)

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def pick(self, options: list[Any]) -> Any:
        return options[int(self.rng.integers(len(options)))]

    def form(self, extra: tuple[str, ...] = ()) -> str:
        """The form of one quantity, or of several that share a percentile."""
        if not self.is_uncertain or self.chance(0.5):
            return "certain"
        return str(self.pick([*FORMS, *extra]))

    def probability(self, value: float, form: str) -> Written:
        return self._write(form, lambda x: round(min(x, 0.95), 4), value * 0.85, value, value * 1.12)

    def probability_form(self) -> str:
        return self.form(("pool_odds", "pool_odds"))

    def ratio(self, value: float) -> Written:
        return self._write(self.form(), lambda x: round(x, 4), value / 1.25, value, value * 1.3)

    def number(self, value: float, form: str | None = None) -> Written:
        spread = abs(value) * 0.25
        return self._write(form or self.form(), lambda x: round(x, 4), value - spread, value, value + spread)

    def percent(self, value: float, form: str | None = None) -> Written:
        spread = abs(value) * 0.25
        return self._write(form or self.form(), lambda x: f"{x:+.2f}%", value - spread, value, value + spread)

    def duration(self, steps: int, *, shortest: int = 0) -> Written:
        """A whole number of steps, or a range of them around it; not below `shortest`."""
        if self.is_uncertain and self.chance(0.3):
            self.features.add("uncertain_duration")
            return [self.clock.duration(n) for n in (max(steps - 1, shortest), steps, steps + 1)]
        return self.clock.duration(steps)

    def half_life(self) -> Written:
        steps = round(self.between(0.5, 4), 1)
        if self.is_uncertain and self.chance(0.3):
            return [self.clock.duration(n) for n in (steps / 2, steps, steps * 2)]
        return self.clock.duration(steps)

    def _write(self, form: str, shown: Callable[[float], Written], low: float, best: float, high: float) -> Written:
        """`form` around low < best < high; certain where the spread is lost in rounding."""
        if form == "certain" or len({shown(low), shown(best), shown(high)}) < 3:
            return shown(best)
        self.features.add(form)
        if form == "range":
            return [shown(low), shown(best), shown(high)]
        if form == "quantiles":
            return {"p5": shown(low), "p50": shown(best), "p95": shown(high)}
        experts = {"ann": shown(best), "bob": [shown(low), shown(best), shown(high)]}
        pooled: dict[str, Written] = {"experts": experts, "pool": form.removeprefix("pool_")}
        if self.chance(0.5):
            self.features.add("pool_weights")
            pooled["weights"] = {"ann": 1, "bob": 3}
        return pooled
