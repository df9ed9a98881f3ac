"""Who acts on whom: events in order of time and by level, trends below, joined by the strongest relations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path

from etia.figures.dates import decimal_year
from etia.figures.labels import disc, key, key_height, shares, stack, wrap
from etia.figures.style import BLUE, FAINT, GREY, ORANGE, SMALL, domain_colours, level_colour, new_axes, styled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

__all__ = ["draw_web"]

WIDTH, ACROSS = 12.0, 10.8
"""inches of the figure, and of the part where nodes stand"""
ROW = 0.26
"""inches between two rows of events"""
GAP = 0.95
"""inches between the lanes, where relations run"""
MARK = 0.125
"""inches from an event's centre to its rim"""
LINE = SMALL * 1.15 / 72
ALIKE = 0.75
"""where the weakest relation drawn is at least so strong as this part of the strongest, all have one width"""
PLAIN_WIDTH = 1.8
"""points of lines that are all of one width"""
MOST_TRENDS_IN_A_ROW = 10


@dataclass(frozen=True)
class _Spot:
    """Where a node stands, in inches from the upper left corner (y downwards is negative)."""

    x: float
    y: float
    half_height: float
    half_width: float
    lane: int


@styled
def draw_web(
    graph: Any,
    *,
    most: int = 40,
    as_of: Any = None,
    title: str = "Events and trends: the strongest relations",
    axes: Axes | None = None,
) -> Axes:
    """Draw the event–trend graph, thinned to what can be read; the figure says how much of it is shown.

    Events stand from left to right in order of date, evenly spaced, so that crowded years can be read too; those
    without a date come last.

    Parameters
    ----------
    graph
        As `etia.graph.build.build` makes it: nodes with `kind` (event, trend), `title`, `level`, `date`, `domains`,
        `prospective`; edges with `kind`, `sign` and `strength` (comparable, at least 0). A prospective event that has
        `central` stands at that date, and its `probability` is the simulated one by the end, as in the timeline; one
        that has none stands at its `by`, with its `probability` as written.
    most
        Relations drawn, the strongest of all; nodes that they do not touch are left out.
    """
    edges = _strongest(graph, most)
    touched = {node for source, target, _ in edges for node in (source, target)}
    nodes = {name: data for name, data in graph.nodes(data=True) if name in touched}
    events = sorted((n for n in nodes if nodes[n]["kind"] == "event"), key=lambda n: (_year(nodes[n]), str(n)))
    tints = domain_colours(sorted({_domain(nodes[n]) for n in events} - {""}))
    texts = [_entry(nodes[n]) for n in events]
    spots, lanes, height = _arranged(nodes, events, edges)
    n_columns = 3 if len(events) > 8 else 2
    below = key_height(texts, WIDTH - 0.5, n_columns)
    total = height + below + 1.45
    host = new_axes(axes, WIDTH, total + 0.3, whole=True)
    host.set_axis_off()
    plot = host.inset_axes((0.055, (below + 0.5) / total, ACROSS / (WIDTH - 0.5), height / total))
    plot.set(xlim=(0, ACROSS), ylim=(-height, 0))
    _name_lanes(plot, lanes)
    _draw_edges(plot, edges, spots)
    _draw_events(plot, nodes, events, spots, tints)
    _draw_trends(plot, nodes, spots)
    _name_years(plot, nodes, events, spots, as_of)
    n_all = graph.number_of_edges()
    shown = f"the {len(edges)} strongest of {n_all} relations" if len(edges) < n_all else f"all {n_all} relations"
    how = "the wider, the stronger"
    if _are_alike(edges):
        least = f"{np.floor(100 * _strengths(edges).min(initial=1.0) + 1e-9):.0f}\N{NO-BREAK SPACE}%"
        how = f"each at least {least} as strong as the strongest of its kind (at a trend: on that trend)"
    plot.set_title(title, pad=42)
    plot.legend(
        handles=_legend(tints, edges, [nodes[n] for n in events]),
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=8,
        columnspacing=0.9,
        borderaxespad=0.2,
        title=f"Shown: {shown}; {how}",
        alignment="left",
        title_fontsize=9,
    )
    numbers = [tints.get(_domain(nodes[n]), GREY) for n in events]
    hollow = [_is_open(nodes[n]) for n in events]
    key(host.inset_axes((0, 0, 1, below / total)), texts, numbers, hollow, n_columns=n_columns)
    return host


def _strongest(graph: Any, most: int) -> list[tuple[str, str, dict[str, Any]]]:
    """The relations by falling strength; ties in order of writing."""
    edges = [(s, t, d) for s, t, d in graph.edges(data=True)]
    return sorted(edges, key=lambda edge: -float(edge[2].get("strength") or 0.0))[:most]


def _strengths(edges: Sequence[tuple[str, str, dict[str, Any]]]) -> NDArray[np.float64]:
    return np.array([float(data.get("strength") or 0.0) for _, _, data in edges])


def _are_alike(edges: Sequence[tuple[str, str, dict[str, Any]]]) -> bool:
    """Whether the relations drawn are so nearly of one strength that their widths would tell nothing."""
    found = _strengths(edges)
    return bool(found.min(initial=np.inf) >= ALIKE * found.max(initial=0.0))


def _year(node: dict[str, Any]) -> float:
    date = node.get("date") or node.get("central") or node.get("by")
    return decimal_year(date) if date else np.inf


def _is_open(node: dict[str, Any]) -> bool:
    return bool(node.get("prospective", node.get("date") in (None, "")))


def _domain(node: dict[str, Any]) -> str:
    domains = node.get("domains") or ()
    first = domains.split(",")[0] if isinstance(domains, str) else (domains[0] if domains else "")
    return str(first).strip()


def _entry(node: dict[str, Any]) -> str:
    if node.get("date"):
        return f"{str(node['date'])[:10]}  {node['title']}"
    when = str(node["central"])[:10] if node.get("central") else f"by {node['by']}" if node.get("by") else ""
    chance = node.get("probability")
    given = f" ({100 * chance:.0f}\N{NO-BREAK SPACE}%)" if chance is not None else ""
    return f"{when}  {node['title']}{given}" if when else str(node["title"])


def _arranged(
    nodes: dict[str, dict[str, Any]], events: Sequence[str], edges: Sequence[tuple[str, str, dict[str, Any]]]
) -> tuple[dict[str, _Spot], dict[str, tuple[float, float]], float]:
    """Spots of all nodes, upper and lower end of each lane of events, and the depth of the whole."""
    xs = dict(zip(events, ACROSS * (np.arange(len(events)) + 0.5) / max(len(events), 1), strict=True))
    levels = [v for v in ("macro", "meso", "") if any((nodes[n].get("level") or "") == v for n in events)]
    spots: dict[str, _Spot] = {}
    lanes: dict[str, tuple[float, float]] = {}
    top = 0.15
    for lane, level in enumerate(levels):
        members = [n for n in events if (nodes[n].get("level") or "") == level]
        rows = stack([xs[n] for n in members], 2 * MARK)
        inside = {(s, t) for s, t, _ in edges if s in members and t in members}
        if lane == 0:
            top += max((_bow(xs[s] - xs[t]) for s, t in inside), default=0.0)
        for name, row in zip(members, rows, strict=True):
            spots[name] = _Spot(xs[name], -(top + ROW * (row + 0.5)), MARK, MARK, lane)
        bottom = top + ROW * (max(rows) + 1)
        lanes[level] = (-top, -bottom)
        top = bottom + GAP
        if lane:
            top += max((_bow(xs[s] - xs[t]) for s, t in inside), default=0.0) * 0.6
    trends = [n for n in nodes if nodes[n]["kind"] == "trend"]
    titles = {name: str(nodes[name]["title"]) for name in trends}
    return spots | _arranged_trends(titles, edges, spots, top, len(levels)), lanes, _depth(trends, edges, top)


def _arranged_trends(
    titles: dict[str, str],
    edges: Sequence[tuple[str, str, dict[str, Any]]],
    spots: dict[str, _Spot],
    top: float,
    lane: int,
) -> dict[str, _Spot]:
    """Trends from left to right by the middle of what acts on them, so that relations cross less.

    Neighbours in this order stand in different rows, those of a lower row below the gaps of the one above.
    """
    middles = {}
    for trend in titles:
        near = [spots[o].x for s, t, _ in edges for o, own in ((s, t), (t, s)) if own == trend and o in spots]
        middles[trend] = float(np.mean(near)) if near else ACROSS / 2
    n_rows = _n_rows(len(titles))
    column = ACROSS / max(len(titles), 1)
    inches = _box_inches(len(titles))
    found = {}
    for i, trend in enumerate(sorted(titles, key=lambda trend: middles[trend])):
        row = i % n_rows
        n_lines = len(wrap(titles[trend], inches, most=5))
        half = n_lines * LINE * 0.45 + 0.045
        found[trend] = _Spot(column * (i + 0.5), -(top + 0.38 + row * 1.25), half, inches / 2 + 0.05, lane + row)
    return found


def _n_rows(n_trends: int) -> int:
    return max(-(-n_trends // MOST_TRENDS_IN_A_ROW), 1)


def _box_inches(n_trends: int) -> float:
    """Inches of a trend's lines, so that boxes of one row keep apart."""
    return min(ACROSS * _n_rows(n_trends) / max(n_trends, 1) - 0.26, 1.6)


def _depth(trends: Sequence[str], edges: Sequence[tuple[str, str, dict[str, Any]]], top: float) -> float:
    n_rows = _n_rows(len(trends)) if trends else 0
    between = any(s in trends and t in trends for s, t, _ in edges)
    return top + n_rows * 0.85 + (n_rows - 1) * 0.4 + (0.75 if between else 0.0)


def _bow(distance: float) -> float:
    """How far (inches) a relation within a lane bows out of it."""
    return min(0.22 + 0.09 * abs(distance), 0.85)


def _draw_events(
    axes: Axes, nodes: dict[str, dict[str, Any]], events: Sequence[str], spots: dict[str, _Spot], tints: dict[str, str]
) -> None:
    for number, name in enumerate(events, 1):
        tint, open_, spot = tints.get(_domain(nodes[name]), GREY), _is_open(nodes[name]), spots[name]
        disc(axes, spot.x, spot.y, number, tint, size=14.5, hollow=open_, drop=0.005, zorder=5)


def _draw_trends(axes: Axes, nodes: dict[str, dict[str, Any]], spots: dict[str, _Spot]) -> None:
    trends = [n for n in spots if nodes[n]["kind"] == "trend"]
    inches = _box_inches(len(trends))
    for name in trends:
        spot = spots[name]
        edge = level_colour(nodes[name].get("level"))
        axes.text(
            spot.x,
            spot.y,
            "\n".join(wrap(str(nodes[name]["title"]), inches, most=5)),
            ha="center",
            va="center",
            fontsize=SMALL,
            zorder=6,
            linespacing=1.1,
            bbox={"boxstyle": "round,pad=0.3", "facecolor": "#f7f7f2", "edgecolor": edge, "linewidth": 1.1},
        )


def _name_lanes(axes: Axes, lanes: dict[str, tuple[float, float]]) -> None:
    for level, (top, bottom) in lanes.items():
        axes.axhspan(bottom - 0.04, top + 0.04, color=FAINT, alpha=0.3, linewidth=0, zorder=-4)
        axes.text(
            -0.012,
            (top + bottom) / 2,
            level,
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="center",
            rotation=90,
            fontsize=11,
            fontweight="bold",
            color=level_colour(level),
        )


def _name_years(
    axes: Axes, nodes: dict[str, dict[str, Any]], events: Sequence[str], spots: dict[str, _Spot], as_of: Any
) -> None:
    """A year below its first event, where there is room, and a line between what is known and what is not."""
    axes.set_yticks([])
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    ticks: list[tuple[float, str]] = []
    for name in events:
        year = _year(nodes[name])
        label = f"{int(year)}" if np.isfinite(year) else "undated"
        if not ticks or (label != ticks[-1][1] and spots[name].x - ticks[-1][0] > 0.42):
            ticks.append((spots[name].x, label))
    axes.set_xticks([x for x, _ in ticks], [label for _, label in ticks])
    axes.tick_params(axis="x", length=3)
    axes.set_xlabel("events in order of date (evenly spaced, so not to scale)", fontsize=SMALL + 0.5)
    if as_of is not None and events:
        moment = decimal_year(as_of)
        known = [spots[n].x for n in events if _year(nodes[n]) <= moment and not _is_open(nodes[n])]
        ahead = [spots[n].x for n in events if spots[n].x > max(known, default=0.0)]
        if ahead:
            x = (max(known, default=0.0) + min(ahead)) / 2
            low, top = axes.get_ylim()  # trends are of no date: the ground ends above them
            end = (min(spots[n].y for n in events) - ROW - low) / (top - low)
            axes.axvline(x, end, 1, color=GREY, linewidth=0.9, linestyle=(0, (1, 2)), zorder=0.5)
            axes.axvspan(x, ACROSS, end, 1, color="#f4f4f4", zorder=-5, linewidth=0)
            axes.text(x + 0.04, -0.03, f"as of {as_of}", fontsize=SMALL, color=GREY, va="top")


def _draw_edges(axes: Axes, edges: Sequence[tuple[str, str, dict[str, Any]]], spots: dict[str, _Spot]) -> None:
    widths = np.full(len(edges), PLAIN_WIDTH) if _are_alike(edges) else shares(_strengths(edges))
    ends = _fanned([(source, target) for source, target, _ in edges], spots)
    drawn = zip(edges, widths, ends, strict=True)
    for (source, target, data), width, (leaves, enters) in sorted(drawn, key=lambda part: float(part[1])):
        gate = data.get("kind") in ("requires", "prevented_by")
        axes.add_patch(
            FancyArrowPatch(
                path=_way(spots[source], spots[target], leaves, enters),
                arrowstyle="-|>,head_width=2.2,head_length=4.4",
                shrinkA=0,
                shrinkB=0,
                linewidth=float(width),
                color=BLUE if data.get("sign", 1) >= 0 else ORANGE,
                fill=False,
                alpha=0.6,
                zorder=3,
                linestyle=(0, (3, 2)) if gate else "-",
            )
        )


def _sides(source: _Spot, target: _Spot) -> tuple[int, int]:
    """Whether a relation leaves its source upwards (1) or downwards (−1), and the side on which it comes in."""
    if source.lane == target.lane:
        way = 1 if source.lane == 0 else -1
        return way, way
    way = 1 if target.y > source.y else -1
    return way, -way


def _fanned(pairs: Sequence[tuple[str, str]], spots: dict[str, _Spot]) -> list[tuple[float, float]]:
    """For every relation how far from the middle it leaves its source and enters its target: none share a place.

    Along each side of a node relations stand in the order of where they lead to.
    """
    at_side: dict[tuple[str, int], list[tuple[float, int, int]]] = {}
    for i, (source, target) in enumerate(pairs):
        ways = _sides(spots[source], spots[target])
        for end, (own, other) in enumerate(((source, target), (target, source))):
            at_side.setdefault((own, ways[end]), []).append((spots[other].x, i, end))
    out = [[0.0, 0.0] for _ in pairs]
    for (name, _), there in at_side.items():
        reach = spots[name].half_width * 0.75
        step = min(2 * reach / max(len(there) - 1, 1), 0.16)
        for place, (_, i, end) in enumerate(sorted(there)):
            out[i][end] = (place - (len(there) - 1) / 2) * step
    return [(leaves, enters) for leaves, enters in out]


def _way(source: _Spot, target: _Spot, leaves: float, enters: float) -> Path:
    """A curve that leaves and enters vertically; within a lane it bows out (the first one upwards)."""
    up, side = _sides(source, target)
    start = (source.x + leaves, source.y + up * _rim(source, leaves))
    end = (target.x + enters, target.y + side * (_rim(target, enters) + 0.015))
    if source.lane == target.lane:
        bow = up * _bow(target.x - source.x) * 1.33
        return Path([start, (start[0], start[1] + bow), (end[0], end[1] + bow), end], [1, 4, 4, 4])
    reach = 0.55 * (end[1] - start[1])
    return Path([start, (start[0], start[1] + reach), (end[0], end[1] - reach), end], [1, 4, 4, 4])


def _rim(spot: _Spot, aside: float) -> float:
    """How far above its middle a node ends: a box at its edge, a round mark on its circle."""
    if spot.half_height != spot.half_width:
        return spot.half_height
    return float(np.sqrt(max(spot.half_height**2 - aside**2, 0.0)))


def _legend(
    tints: dict[str, str], edges: Sequence[tuple[str, str, dict[str, Any]]], events: Sequence[dict[str, Any]]
) -> list[Line2D]:
    handles = [
        Line2D([], [], color=BLUE, linewidth=2, label="makes likelier, raises"),
        Line2D([], [], color=ORANGE, linewidth=2, label="makes less likely, lowers"),
    ]
    if any(data.get("kind") in ("requires", "prevented_by") for _, _, data in edges):
        handles.append(Line2D([], [], color=GREY, linewidth=2, linestyle=(0, (3, 2)), label="condition"))
    handles += [Line2D([], [], marker="o", linestyle="", color=tint, label=name) for name, tint in tints.items()]
    to_come = [event for event in events if _is_open(event) and event.get("probability") is not None]
    if to_come:
        chance = "by the end" if all(event.get("central") for event in to_come) else "as written"
        label = f"to come (chance {chance})"
        handles.append(Line2D([], [], marker="o", linestyle="", markerfacecolor="white", color=GREY, label=label))
    return handles
