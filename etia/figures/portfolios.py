"""What portfolios cost and what they bring: which ones nothing else beats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etia.figures.labels import disc, key, key_height, signed
from etia.figures.style import BLUE, GREY, new_axes, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

__all__ = ["draw_portfolios"]

WIDTH, HEIGHT = 9.0, 5.0


@styled
def draw_portfolios(
    table: pd.DataFrame,
    *,
    title: str = "Portfolios: cost and expected utility",
    cost_unit: str = "",
    budget: float | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Draw each portfolio by cost and expected utility; join and number those that no other beats.

    The numbers are spelled out below.

    Parameters
    ----------
    table
        A row a portfolio, of the table `policy_scores`: `portfolio`, `cost`, `utility`, if there `se` (a whisker of two
        standard errors), `pareto` (true: on the front; found from cost and utility where the column is missing) and
        `number` (what each is called elsewhere; else those on the front are numbered from the cheapest on).
    budget
        Drawn where given.
    """
    cost, utility = table["cost"].to_numpy(dtype=float), table["utility"].to_numpy(dtype=float)
    front = table["pareto"].to_numpy(dtype=bool) if "pareto" in table else _front(cost, utility)
    order = np.flatnonzero(front)[np.lexsort((utility[front], cost[front]))]
    called = table["number"].to_numpy(dtype=int)[order] if "number" in table else np.arange(1, len(order) + 1)
    numbers, named = np.sort(called), order[np.argsort(called)]
    texts = [f"{table['portfolio'].iloc[i]}: cost {cost[i]:.3g}, utility {signed(utility[i], 2)}" for i in named]
    host, axes, legend = _with_key(axes, texts)
    axes.plot(cost[~front], utility[~front], "o", color="#a9a9a9", markersize=5, label="beaten by another", zorder=2)
    if "se" in table:
        whisker = 2 * np.nan_to_num(table["se"].to_numpy(dtype=float))
        axes.errorbar(cost, utility, whisker, fmt="none", ecolor="#b5b5b5", elinewidth=0.9, zorder=1)
    label = "best for its cost (Pareto front)"
    axes.plot(cost[order], utility[order], "o-", color=BLUE, linewidth=1.2, markersize=9, label=label, zorder=3)
    axes.margins(0.09, 0.12)
    axes.axhline(0, color=GREY, linewidth=0.7, zorder=0.5)
    if budget is not None:
        axes.axvline(budget, color=GREY, linestyle=(0, (4, 3)), linewidth=1)
        axes.annotate(
            f"budget {budget:g}",
            (budget, 0),
            xycoords=("data", "axes fraction"),
            xytext=(-3, 4),
            textcoords="offset points",
            ha="right",
            fontsize=8.5,
            color=GREY,
        )
    axes.set_xlabel(f"cost ({cost_unit})" if cost_unit else "cost")
    axes.set_ylabel("expected utility (0: no policy)")
    axes.set_title(title, pad=22)
    axes.grid()
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    for number, i in zip(numbers, named, strict=True):
        disc(axes, cost[i], utility[i], number, BLUE, size=13, edge="white", letters=7.5, zorder=4)
    key(legend, texts, [BLUE] * len(texts), [False] * len(texts), numbers=numbers.tolist(), n_columns=2, most=3)
    return host


def _with_key(axes: Axes | None, texts: list[str]) -> tuple[Axes, Axes, Axes]:
    below = key_height(texts, WIDTH - 0.5, 2, most=3)
    total = HEIGHT + below
    host = new_axes(axes, WIDTH, total + 0.3, whole=True)
    host.set_axis_off()
    left, top, bottom = 0.75 / (WIDTH - 0.5), 0.55 / total, (below + 0.65) / total
    plot = host.inset_axes((left, bottom, 1 - left - 0.01, 1 - bottom - top))
    return host, plot, host.inset_axes((0, 0, 1, below / total))


def _front(cost: NDArray[np.float64], utility: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Those for which no other costs no more and brings no less, one of the two strictly."""
    no_dearer, no_worse = cost[None, :] <= cost[:, None], utility[None, :] >= utility[:, None]
    better = (cost[None, :] < cost[:, None]) | (utility[None, :] > utility[:, None])
    beaten: NDArray[np.bool_] = np.any(no_dearer & no_worse & better, axis=1)
    return ~beaten
