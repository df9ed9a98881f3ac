"""How every figure looks: colours, sizes, type, and how it is written to disk.

Colours are those of M. Okabe and K. Ito (Color Universal Design, 2008), told apart by the colour-blind too; a level or
a domain has one colour in all figures. Sizes are real ones: a figure is made to be read as large as it is drawn.
"""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from matplotlib.axes import Axes

__all__ = [
    "BLUE",
    "FAINT",
    "GREY",
    "INK",
    "ORANGE",
    "PALETTE",
    "SMALL",
    "colours",
    "domain_colours",
    "figure_of",
    "level_colour",
    "new_axes",
    "save",
    "save_as",
    "styled",
]

INK, GREY, FAINT = "#222222", "#6b6b6b", "#d9d9d9"
BLUE, ORANGE = "#0072B2", "#D55E00"
PALETTE = (BLUE, ORANGE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8c6d1f", "#4d4d4d")
LEVELS = {"macro": "#3b3b8f", "meso": "#00796b"}
DOMAINS = {"strategic": ORANGE, "geopolitical": BLUE, "geoeconomic": "#009E73"}
SMALL = 8.5
"""points: the smallest type in a figure"""
DPI = 150

STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "axes.grid": False,
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.unicode_minus": True,
    "figure.dpi": 100,
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "grid.color": "#ececec",
    "legend.fontsize": 9,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "svg.fonttype": "path",
    "svg.hashsalt": "etia",
    "text.color": INK,
    "text.parse_math": False,  # US$ 4 billion is no formula
    "text.usetex": False,
    "xtick.color": GREY,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 9,
    "ytick.color": GREY,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 9,
}

_P = ParamSpec("_P")
_R = TypeVar("_R")


def styled(draw: Callable[_P, _R]) -> Callable[_P, _R]:
    """The function, drawing in this style whatever the reader's own settings are."""

    @wraps(draw)
    def in_style(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        with _house_style():
            return draw(*args, **kwargs)

    return in_style


def _house_style() -> AbstractContextManager[None]:
    kept = ("backend", "toolbar")
    own: dict[Any, Any] = {k: v for k, v in matplotlib.rcParamsDefault.items() if not k.startswith(kept)}
    return matplotlib.rc_context(own | STYLE)


def new_axes(axes: Axes | None, width: float, height: float, *, whole: bool = False) -> Axes:
    """The given axes, or new ones on a figure of this size in inches.

    `whole`: the axes fill the figure but for a margin, for figures that arrange their own parts within.
    """
    if axes is not None:
        return axes
    figure = Figure(figsize=(width, height), layout=None if whole else ConstrainedLayoutEngine(h_pad=0.1, w_pad=0.12))
    FigureCanvasAgg(figure)
    if whole:
        return figure.add_axes((0.25 / width, 0.15 / height, 1 - 0.5 / width, 1 - 0.3 / height))
    return figure.add_subplot()


def figure_of(axes: Axes) -> Figure:
    """The figure on which the axes stand."""
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure


def level_colour(level: str | None) -> str:
    """The colour of a level; grey where there is none."""
    return LEVELS.get(level or "", GREY)


def domain_colours(domains: Iterable[str]) -> dict[str, str]:
    """A colour for each domain, in order of first mention; the three of the flagship's field always have theirs."""
    named = [domain for domain in dict.fromkeys(domains) if domain]
    free = iter([c for c in PALETTE if c not in DOMAINS.values()] * (1 + len(named) // 5))
    return {domain: DOMAINS.get(domain) or next(free) for domain in named}


def colours(names: Iterable[str]) -> dict[str, str]:
    """A colour for each name, in order, round and round the palette."""
    return {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(dict.fromkeys(names))}


def save(figure: Figure, path_stem: str | Path) -> tuple[Path, Path]:
    """Write the figure as `<path_stem>.svg` and `.png` and return both paths.

    The same figure gives the same bytes: no date, no program's name, ids from a fixed salt.
    """
    stem = Path(path_stem)
    files = stem.with_name(stem.name + ".svg"), stem.with_name(stem.name + ".png")
    for file in files:
        save_as(figure, file)
    return files


METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "png": {"Software": None},
}


def save_as(figure: Figure, path: str | Path) -> None:
    """Write the figure in the form that the path's ending names, `.svg` or `.png`, as `save` does."""
    form = Path(path).suffix.lower().removeprefix(".")
    with _house_style():  # ticks come into being only now
        figure.savefig(path, format=form, dpi=DPI, metadata=METADATA[form])
