"""`etia explain`: an account of one number that sums to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from etia.cli import main

TINY1 = str(Path(__file__).parent.parent / "tiny_models" / "tiny1")


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("etia.report.folder._PAGES", "etia.report.no_pages")
    main(["run", TINY1, "--draws", "4", "--runs", "50", "-o", "run"])
    capsys.readouterr()
    return "run"


def test_the_terms_sum_to_the_latent_value(run, capsys):
    assert main(["explain", run, "x", "--at", "2024", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema_version"], found["trend"], found["date"]) == (1, "x", "2024")
    assert sum(term["latent"] for term in found["terms"]) == pytest.approx(found["latent"], abs=1e-9)


def test_it_is_told_for_reading_and_drawn(run, capsys):
    assert main(["explain", run, "x", "--figure", "x.svg"]) == 0
    told = capsys.readouterr()
    assert "X at 2020 (scenario reference, lens only)" in told.out
    assert "All that goes back to an event" in told.out
    assert "\n  Shock " in told.out  # by its title; the trend itself goes without saying
    assert "± two standard errors" in told.out
    assert Path("x.svg").read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["z"], "there is no trend 'z'"),
        (["x", "--at", "2050"], "2050 lies outside"),
        (["x", "--lens", "l"], "no lens 'l'"),
    ],
)
def test_what_is_not_in_the_run_is_refused(run, asked, message, capsys):
    assert main(["explain", run, *asked]) == 2
    assert message in capsys.readouterr().err
