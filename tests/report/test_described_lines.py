"""The first layer on a screen."""

from __future__ import annotations

from types import SimpleNamespace

from etia.report.described_lines import described
from tests.report.conftest import made_run


def told(run, tables):
    """What is printed of a run whose first layer has these tables."""
    plain = SimpleNamespace(
        model=SimpleNamespace(**{key: getattr(run.model, key) for key in ("events", "trends", "lenses")}),
        tables=SimpleNamespace(layer=lambda name: tables),
    )
    plain.model.calendar = run.model.calendar
    return "\n".join(described(plain, "reference")).replace("\N{NO-BREAK SPACE}", " ")


def test_effects_of_the_past_are_told_by_title_direct_and_in_all(run, tables):
    lines = told(run, tables)
    assert "What events have put into each trend by 2024" in lines
    row = next(line for line in lines.splitlines() if "A treaty is signed" in line)
    assert row.split()[-3:] == ["+4.00", "+6.0", "(±0.4)"]


def test_what_cannot_be_told_apart_from_nothing_is_a_dash(run, tables):
    lines = told(run, tables).splitlines()
    freight = next(line for line in lines if line.startswith("  Freight") and "–" in line)
    assert freight.split()[1] == "+0.40"


def test_what_falls_with_an_event_is_counted(run, tables):
    assert "A war elsewhere (50 %)" in told(run, tables)


def test_a_run_without_tables_prints_nothing(run):
    assert told(made_run({}), {}) == ""
