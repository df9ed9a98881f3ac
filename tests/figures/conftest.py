"""Made data of the size of a real study: 64 events with long titles, a projected trend, a graph."""

from __future__ import annotations

from types import SimpleNamespace

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text

LONG = (
    "Russia, Iran and Azerbaijan sign a memorandum on the western branch of the corridor",
    "Security Council rejects a longer arms embargo",
    "United States leaves the nuclear deal: US$ 40 billion of contracts lapse",
    "Free trade agreement in force",
)


def random():
    return np.random.Generator(np.random.Philox(key=11))


@pytest.fixture(scope="session")
def events():
    rng = random()
    years = np.sort(np.concatenate([rng.uniform(1979, 2015, 24), rng.uniform(2018, 2025.8, 30)]))
    dates = [f"{int(y)}-{int(12 * (y % 1)) + 1:02d}" for y in years] + [f"{2026 + i}-06" for i in range(10)]
    n = len(dates)
    return pd.DataFrame(
        {
            "id": [f"e{i}" for i in range(n)],
            "title": [f"{LONG[i % 4]} {i}" for i in range(n)],
            "date": dates,
            "level": ["macro" if i % 3 == 0 else "meso" for i in range(n)],
            "domain": [("strategic", "geopolitical", "geoeconomic")[i % 3] for i in range(n)],
            "probability": [np.nan] * 54 + [0.05 + 0.09 * i for i in range(10)],
        }
    )


@pytest.fixture(scope="session")
def projections():
    dates = [f"{y}-{m:02d}" for y in range(2000, 2036) for m in range(1, 13)]
    t = np.arange(len(dates))
    middle = 2 * np.exp(t / 300)
    spread = np.where(t > 310, 0.03 * np.sqrt(np.maximum(t - 310, 0)), 0.0)
    columns = {
        f"p{p}": middle * np.exp(z * spread) for p, z in ((5, -1.64), (25, -0.67), (50, 0), (75, 0.67), (95, 1.64))
    }
    return pd.DataFrame({"date": dates, "baseline": 2 * np.exp(t / 350), "mean": middle, **columns})


@pytest.fixture(scope="session")
def history():
    return pd.DataFrame({"date": [str(y) for y in range(2000, 2025)], "value": np.linspace(2, 5, 25)})


@pytest.fixture(scope="session")
def graph(events):
    rng = random()
    found = nx.MultiDiGraph()
    for _, row in events.iterrows():
        found.add_node(
            row.id,
            kind="event",
            title=row.title,
            level=row.level,
            date=row.date,
            domains=(row.domain,),
            prospective=row.probability > 0,
        )
    for i in range(8):
        found.add_node(
            f"t{i}", kind="trend", title=f"Trend with a rather long name {i}", level="meso", date=None, domains=()
        )
    names = list(found)
    for _ in range(140):
        source, target = sorted(rng.choice(len(names), 2, replace=False))
        kind = "impact" if target >= len(events) else "link"
        found.add_edge(
            names[source], names[target], kind=kind, sign=int(rng.choice([-1, 1])), strength=float(rng.random())
        )
    return found


@pytest.fixture
def written():
    """What stands in a figure: its texts, and which of them run into each other when it is drawn at real size."""

    def texts_of(axes):
        figure = axes.get_figure(root=True)
        figure.canvas.draw()
        shown = [t for t in _texts(figure) if t.get_text().strip() and t.get_visible()]
        boxes = [(t.get_text(), t.get_window_extent()) for t in shown]
        boxes = [(text, box) for text, box in boxes if box.width > 0 and _drawn(figure, box)]
        clashes = [(a[0], b[0]) for i, a in enumerate(boxes) for b in boxes[i + 1 :] if _overlap(a[1], b[1])]
        outside = [text for text, box in boxes if not _inside(figure, box)]
        return SimpleNamespace(words=[text for text, _ in boxes], clashes=clashes, outside=outside)

    return texts_of


def _texts(figure):
    """All texts but the labels of ticks that lie beyond the limits: matplotlib keeps those, and draws them not."""
    axes = figure.findobj(Axes)
    ticks = {label for a in axes for axis in (a.xaxis, a.yaxis) for label in _labels(axis.get_major_ticks())}
    drawn = {label for a in axes if a.axison for axis in (a.xaxis, a.yaxis) for label in _labels(axis._update_ticks())}
    return [t for t in dict.fromkeys(figure.findobj(Text)) if t not in ticks or t in drawn]


def _labels(ticks):
    return [label for tick in ticks for label in (tick.label1, tick.label2)]


def _drawn(figure, box):
    return box.x1 > 0 and box.y1 > 0 and box.x0 < figure.bbox.width and box.y0 < figure.bbox.height


def _overlap(a, b, slack=1.0):
    across = min(a.x1, b.x1) - max(a.x0, b.x0)
    down = min(a.y1, b.y1) - max(a.y0, b.y0)
    return across > slack and down > slack + 1.5  # descenders may reach into the empty part of the line below


def _inside(figure, box, slack=2.0):
    width, height = figure.bbox.width, figure.bbox.height
    return box.x0 > -slack and box.y0 > -slack and box.x1 < width + slack and box.y1 < height + slack
