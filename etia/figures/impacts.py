"""Which events moved a trend most: bars with their error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etia.figures.labels import heading, signed, wrap
from etia.figures.style import BLUE, GREY, INK, ORANGE, SMALL, new_axes, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["draw_impacts"]

LABEL = 3.1
"""inches for an event's title"""


@styled
def draw_impacts(
    table: pd.DataFrame,
    *,
    value: str = "direct",
    title: str,
    unit: str = "",
    most: int = 12,
    axes: Axes | None = None,
) -> Axes:
    """Draw the events with the largest effect on one trend, largest first, up in blue and down in orange.

    Parameters
    ----------
    table
        Rows of one trend and date of the table `impact_scores`, a row an event: `title` (or `event`), the column named
        by `value` (`direct`, `total`, `indirect`) in the trend's unit, and `se` where known: a whisker of two
        standard errors either way. A `date` goes before the title.
    most
        Bars drawn; what is left out is counted below the axis.
    """
    known = table[np.isfinite(table[value].to_numpy(dtype=float))]
    order = known[value].abs().sort_values(ascending=False, kind="stable").index[:most]
    rows = known.loc[order]
    axes = new_axes(axes, 9.5, 1.3 + 0.36 * max(len(rows), 1))
    sizes = rows[value].to_numpy(dtype=float)
    places = np.arange(len(rows))
    tints = [BLUE if size >= 0 else ORANGE for size in sizes]
    error = 2 * rows["se"].to_numpy(dtype=float) if "se" in rows else None
    whisker = {"ecolor": INK, "elinewidth": 0.9, "capsize": 2.5}
    axes.barh(places, sizes, 0.68, xerr=error, color=tints, error_kw=whisker)
    reach = np.abs(sizes) + (np.nan_to_num(error) if error is not None else 0.0)
    top = reach.max(initial=0.0) or 1.0
    for place, size, far in zip(places, sizes, reach, strict=True):
        at = np.copysign(far + 0.015 * top, size)
        axes.text(
            at, float(place), signed(size), va="center", ha="left" if size >= 0 else "right", fontsize=SMALL + 0.5
        )
    axes.set_xlim(-1.16 * top if (sizes < 0).any() else 0, 1.16 * top if (sizes > 0).any() else 0)
    axes.set_yticks(places, [_name(row) for _, row in rows.iterrows()])
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.set_title(heading(title, 6.0))
    notes = [f"effect{f' ({unit})' if unit else ''}"]
    if error is not None:
        notes.append("whiskers: two standard errors of the simulation")
    if len(known) > len(rows):
        notes.append(f"{len(rows)} of {len(known)} events")
    axes.set_xlabel("; ".join(notes))
    return axes


def _name(row: pd.Series[Any]) -> str:
    name = str(row["title"]) if "title" in row else str(row["event"])
    dated = f"{str(row['date'])[:7]}  {name}" if "date" in row else name
    return "\n".join(wrap(dated, LABEL, size=9, most=2))
