"""What is odd about single draws, in words: causes after their effects, probabilities not met (method §1, §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etia.compile.events import conditions

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from etia.compile.program import Compiled
    from etia.compile.study import Study

__all__ = ["odd_draws"]

_MOST_NAMED = 5


def odd_draws(study: Study, titled: Callable[[str], str] = str) -> list[str]:
    """A sentence on each kind of oddity that some draws have, with the share of draws; none where all is well.

    `titled` says how an event of a name is called.
    """
    if study.settings.central:
        return []
    return [*_unmet(study, titled), *_causes_after_effects(study, titled)]


def _unmet(study: Study, titled: Callable[[str], str]) -> list[str]:
    compiled = study.case().compiled
    names = [titled(compiled.index.names[event]) for event in compiled.curves.curves.event]
    unmet = ~np.array([found.is_met for found in study.calibrated])
    if not unmet.any():
        return []
    bound = np.array([found.is_bound for found in study.calibrated])
    return [
        *_told("an elicited probability cannot be met; the nearest one is taken there", names, unmet & bound),
        *_told("calibration came only near an elicited probability", names, unmet & ~bound),
    ]


def _told(said: str, names: list[str], unmet: NDArray[np.bool_]) -> list[str]:
    """The sentence on what is unmet (P, I), if anything is."""
    if not unmet.any():
        return []
    parts = {names[i]: unmet[:, i].mean() for i in np.flatnonzero(unmet.any(axis=0))}
    worst = sorted(parts.items(), key=lambda item: -item[1])
    told = ", ".join(f"{name} ({part:.0%})" for name, part in worst[:_MOST_NAMED])
    return [f"In {unmet.any(axis=1).mean():.1%} of draws {said}: {told}."]


def _causes_after_effects(study: Study, titled: Callable[[str], str]) -> list[str]:
    compiled: Compiled = study.case().compiled
    step, links, names = compiled.fixed_step, compiled.links, compiled.index.names
    requires, _ = conditions(compiled.model, compiled.index)
    source, target = np.r_[links.source, requires.on], np.r_[links.target, requires.event]
    words = ["{0} -> {1}"] * len(links.source) + ["{1} requires {0}"] * len(requires.on)
    past = (step >= 0) & (step <= compiled.model.timeline.as_of)
    both = past[:, source] & past[:, target]
    behind = both & (step[:, source] >= step[:, target])
    orders = behind.mean(axis=0)
    sometimes = np.flatnonzero((orders > 0) & (orders < 1))
    if not len(sometimes):
        return []
    share = behind[:, sometimes].any(axis=1).mean()
    ranked = sometimes[np.argsort(-orders[sometimes], kind="stable")]
    # two links of one pair are told once
    parts = {words[i].format(titled(names[source[i]]), titled(names[target[i]])): orders[i] for i in ranked}
    told = ", ".join(f"{pair} ({part:.0%})" for pair, part in list(parts.items())[:_MOST_NAMED])
    return [f"In {share:.1%} of draws an uncertain date puts a cause not before its effect; idle there: {told}."]
