"""Figures: data and axes in, axes out; a file a kind, one style (`style`); `save` writes SVG and PNG.

`FIGURES` lists every kind. Each is drawn by `draw_<kind>`, on new axes of a fit size or on given ones.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from etia.figures.calibration import draw_pit, draw_reliability
    from etia.figures.convergence import draw_convergence
    from etia.figures.fan import draw_fan
    from etia.figures.impacts import draw_impacts
    from etia.figures.influence import draw_influence
    from etia.figures.lenses import draw_lenses
    from etia.figures.portfolios import draw_portfolios
    from etia.figures.probabilities import draw_probabilities
    from etia.figures.scenarios import draw_scenarios
    from etia.figures.style import figure_of, save
    from etia.figures.timeline import draw_timeline
    from etia.figures.waterfall import draw_waterfall
    from etia.figures.web import draw_web

__all__ = [
    "FIGURES",
    "draw_convergence",
    "draw_fan",
    "draw_impacts",
    "draw_influence",
    "draw_lenses",
    "draw_pit",
    "draw_portfolios",
    "draw_probabilities",
    "draw_reliability",
    "draw_scenarios",
    "draw_timeline",
    "draw_waterfall",
    "draw_web",
    "figure_of",
    "save",
]

FIGURES: dict[str, str] = {
    "timeline": "timeline",
    "fan": "fan",
    "probabilities": "probabilities",
    "scenarios": "scenarios",
    "impacts": "impacts",
    "waterfall": "waterfall",
    "portfolios": "portfolios",
    "lenses": "lenses",
    "convergence": "convergence",
    "web": "web",
    "influence": "influence",
    "pit": "calibration",
    "reliability": "calibration",
}
"""each kind of figure, and the module that draws it"""
_HOUSE = {"figure_of": "style", "save": "style"}


def __getattr__(name: str) -> Any:
    """The function of that name, its module imported now: drawing needs matplotlib, naming a figure does not."""
    module = _HOUSE.get(name) or FIGURES.get(name.removeprefix("draw_") if name.startswith("draw_") else "")
    if module is None:
        raise AttributeError(f"etia.figures has no {name!r}")
    return getattr(import_module(f"etia.figures.{module}"), name)
