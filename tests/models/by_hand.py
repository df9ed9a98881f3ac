"""The public road for models worked out by hand: YAML text, `etia.load`, `etia.run`, tables."""

from __future__ import annotations

from textwrap import dedent

import pytest

import etia

YEARS = "calendar: {start: 2015, as_of: 2020, end: 2025, step: year}"
"""the present is the end of 2020; five years lie ahead"""
MONTHS = "calendar: {start: 2020-01, as_of: 2020-01, end: 2022-12, step: month}"

exactly = pytest.approx
"""hand-worked numbers are met to 1e-6 relative, pytest's default"""


def within(value: float, se: float):
    """A sampled number with its standard error: within four of them, and no looser than a hundredth of its size."""
    return pytest.approx(value, abs=min(4 * se, 0.01 * max(abs(value), 1)) + 1e-9)


class Worked:
    """A run of a model given as text; answers by name and date."""

    def __init__(self, folder, text, **options):
        head = "etia: 1\ntitle: Worked out by hand\n"
        (folder / "model.yaml").write_text(head + dedent(text), encoding="utf-8")
        self.run = etia.run(etia.load(folder / "model.yaml"), **{"exact": True, **options})

    def row(self, table, **keys):
        found = self.run.tables[table]
        for key, value in {"scenario": "reference", **keys}.items():
            if key in found:
                found = found[found[key] == value]
        assert len(found) == 1, f"{len(found)} rows of {keys} in {table}"
        return found.iloc[0]

    def probability(self, event, date, **keys):
        return self.row("event_probabilities", event=event, date=str(date), **keys)["probability"]

    def probabilities(self, event, **keys):
        found = self.run.tables["event_probabilities"]
        chosen = found[(found["event"] == event) & (found["scenario"] == keys.get("scenario", "reference"))]
        return chosen["probability"].tolist()

    def mean(self, trend, date, **keys):
        return self.row("trend_projections", trend=trend, date=str(date), **keys)["mean"]

    def means(self, trend, *dates, **keys):
        return [self.mean(trend, date, **keys) for date in dates]


@pytest.fixture
def worked(tmp_path):
    """`worked(text, **options of etia.run)`."""
    return lambda text, **options: Worked(tmp_path, text, **options)
