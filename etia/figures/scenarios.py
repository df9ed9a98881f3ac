"""One trend under several scenarios or lenses, side by side on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from etia.figures.dates import decimal_years, first_moment, name_as_of
from etia.figures.fan import at_dates_of_data, bands, broken_at_gaps, rungs, sensible_limits
from etia.figures.labels import wrap
from etia.figures.panels import panels
from etia.figures.style import BLUE, INK, SMALL, styled

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["draw_scenarios"]


@styled
def draw_scenarios(
    projections: pd.DataFrame,
    *,
    title: str,
    unit: str = "",
    by: str = "scenario",
    reference: str | None = None,
    titles: Mapping[str, str] | None = None,
    as_of: Any = None,
    since: Any = None,
    levels: Mapping[float, str] | None = None,
    bounds: tuple[float, float] | None = None,
    history: pd.DataFrame | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Draw one trend's median and bands in a panel for each scenario or lens, the reference's median in all of them.

    Parameters
    ----------
    projections
        Rows of one trend of the table `trend_projections`: the column named by `by` (`scenario` or `lens`), `date`,
        `baseline`, `p5`, `p25`, `p50`, `p75`, `p95`.
    reference
        Which of them the others are held against; the first where left out.
    titles
        What the panels are called; the ids where left out.
    history
        Data (`date`, `value`), not drawn: where they are coarser than the steps, bands are drawn at their dates.
    """
    table = projections.assign(year=decimal_years(projections["date"]))
    if since is not None:
        table = table[table["year"] >= first_moment(since)]
    names = list(dict.fromkeys(table[by]))
    reference = reference if reference is not None else names[0]
    head = 0.45
    n_columns = len(names) if len(names) <= 4 else 3
    host, parts = panels(
        axes,
        len(names),
        title=title,
        most_columns=n_columns,
        row_height=3.4,
        legend=True,
        between=0.25,
        head=head,
        right=1.2 if levels else 0.1,
        width=11.0 if len(names) > 2 else 8.5,
    )
    against = broken_at_gaps(table[table[by] == reference].sort_values("year"))
    for i, (part, name) in enumerate(zip(parts, names, strict=True)):
        rows = broken_at_gaps(table[table[by] == name].sort_values("year"))
        bands(part, at_dates_of_data(rows, history) if history is not None else rows, BLUE)
        if name != reference:
            part.plot(against["year"], against["p50"], color=INK, linewidth=1.2, linestyle=(0, (1, 1.5)), zorder=4)
        part.margins(x=0)
        sensible_limits(part, table, None, bounds, levels)
        if as_of is not None:
            name_as_of(part, as_of)
        if levels:
            rungs(part, levels, named=i % n_columns == n_columns - 1 or name == names[-1])
        else:
            part.grid(axis="y")
        if i % n_columns:
            part.set_yticklabels([])
        else:
            part.set_ylabel(unit or "value")
        part.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        width = part.get_window_extent().width / part.figure.dpi
        part.set_title("\n".join(wrap((titles or {}).get(name, name), width, size=10, most=2)), fontsize=10, pad=5)
        _name_end(part, rows)
    handles: list[Any] = [Line2D([], [], color=BLUE, label="median"), Patch(color=BLUE, alpha=0.42, label="50 % band")]
    handles.append(Patch(color=BLUE, alpha=0.16, label="90 % band"))
    if len(names) > 1:
        called = f"median of: {(titles or {}).get(reference, reference)}"
        handles.append(Line2D([], [], color=INK, linewidth=1.2, linestyle=(0, (1, 1.5)), label=called))
    place = 1 - 0.26 / (host.get_window_extent().height / host.figure.dpi)
    host.legend(handles=handles, loc="upper left", bbox_to_anchor=(0, place), ncols=4, borderaxespad=0)
    return host


def _name_end(axes: Axes, rows: pd.DataFrame) -> None:
    """The median at the last date in figures, beside its point."""
    known = rows[np.isfinite(rows["p50"].to_numpy(dtype=float))]
    if known.empty:
        return
    end = known.iloc[-1]
    axes.plot(end["year"], end["p50"], "o", color=BLUE, markersize=4.5, clip_on=False, zorder=5)
    axes.annotate(
        f"{end['p50']:.3g}",
        (end["year"], end["p50"]),
        xytext=(-3, 7),
        textcoords="offset points",
        ha="right",
        fontsize=SMALL + 0.5,
        fontweight="bold",
        color=INK,
        zorder=6,
        path_effects=[withStroke(linewidth=2.5, foreground="white", alpha=0.8)],
    )
