"""The run folder: whole or not there, recognised when it is the same, the same bytes for the same inputs and seed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import etia
from etia.errors import UsageError
from etia.report.folder import recognised

TINY1 = Path(__file__).parent.parent / "tiny_models" / "tiny1"
LATE_CAUSE = """\
etia: 1
title: A cause that may have come after its effect
calendar: {start: 2017-01, as_of: 2020-12, end: 2021-12, step: month}
events:
  a: {title: The late cause, date: "2019", level: macro}
  b: {title: The effect, date: "2019", level: meso}
  c: {title: What may come, level: meso, probability: {by: 2021-12, value: 0.3}}
links:
  a -> b: {rate_ratio: 2}
trends:
  k: {title: A trend, level: meso, unit: points, constructed: {from: 2020-12, value: 1}}
impacts:
  b -> k: {shape: step, lasting: 1}
"""
OVER = {"title": "A comes", "events": {"a": {"happens": 2022}}}


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # the pages have tests of their own, and cost a second and a half each time
    monkeypatch.setattr("etia.report.folder._PAGES", "etia.report.no_pages")
    # a file of the program saved while the tests run would make two runs of one
    monkeypatch.setattr("etia.report.manifest._code_digest", lambda: "this program")


def small(**asked):
    return etia.run(TINY1, **{"draws": 4, "runs": 20, "scenarios": [OVER], **asked})


def left(folder="runs"):
    return sorted(path.name for path in Path(folder).iterdir())


def test_a_run_is_saved_under_its_models_name_and_a_hash():
    place = small().save()
    assert place.parent == Path("runs")
    assert place.name.startswith("tiny1-")
    assert {"manifest.json", "model.resolved.yaml", "tables"} <= set(left(place))
    assert left() == [place.name]


def test_the_same_run_is_recognised_and_not_computed_again(monkeypatch):
    place = small().save()
    monkeypatch.setattr("etia.facade.tables.Tables.layer", lambda *_: pytest.fail("computed again"))
    assert recognised(small()) == place
    assert small().save() == place


@pytest.mark.parametrize(
    "asked", [{"seed": 1}, {"draws": 5}, {"scenarios": []}, {"set": ["events.b.probability.value=0.4"]}]
)
def test_another_run_has_another_hash(asked):
    assert small().save() != small(**asked).save()
    assert len(left()) == 2


def test_the_number_of_threads_makes_no_other_run():
    place = small(jobs=1).save()
    assert recognised(small(jobs=2)) == place


def test_the_same_inputs_and_seed_give_the_same_bytes():
    one, two = small(jobs=1).save("one"), small(jobs=2).save("two")
    for name in [Path("model.resolved.yaml"), *(Path("tables") / table for table in left(one / "tables"))]:
        assert (one / name).read_bytes() == (two / name).read_bytes()
    manifests = [json.loads((place / "manifest.json").read_text()) for place in (one, two)]
    for manifest in manifests:
        del manifest["times"], manifest["command"]
    assert manifests[0] == manifests[1]


def test_a_folder_that_holds_another_run_is_refused_without_force():
    small().save("kept")
    with pytest.raises(UsageError, match=r"'kept' holds another run; .* --force"):
        small(seed=1).save("kept")
    assert small(seed=1).save("kept", force=True) == Path("kept")
    assert json.loads(Path("kept/manifest.json").read_text())["options"]["seed"] == 1
    assert left(".") == ["kept"]


def test_a_folder_that_holds_something_else_is_never_replaced():
    Path("thesis").mkdir()
    Path("thesis/chapter.txt").write_text("years of work")
    with pytest.raises(UsageError, match="'thesis' holds something else than a run"):
        small().save("thesis", force=True)
    assert left("thesis") == ["chapter.txt"]


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_what_breaks_off_leaves_nothing_behind(monkeypatch, fault):
    def breaks(*_args, **_named):
        raise fault

    monkeypatch.setattr("etia.report.folder._write_table", breaks)
    with pytest.raises(type(fault)):
        small().save()
    assert not Path("runs").exists()


def test_what_a_killed_run_left_is_swept_away():
    place = small().save()
    dead = Path("runs") / f".{place.name}.999999999.part"
    dead.mkdir()
    small().save(place.parent / "other")
    place.rename("elsewhere")
    assert small().save() == place
    assert not dead.exists()


def test_the_pages_and_figures_are_the_same_bytes_too(monkeypatch):
    monkeypatch.setattr("etia.report.folder._PAGES", "etia.report.pages")
    one, two = small(jobs=1).save("one"), small(jobs=2).save("two")
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert {"describe.md", "map.md", "prescribe.md", "report.html"} <= {path.name for path in files}
    differing = [str(path) for path in files if (one / path).read_bytes() != (two / path).read_bytes()]
    assert differing == ["manifest.json"]


def test_a_killed_run_leaves_no_folder_that_looks_whole():
    code = (
        "import etia, os, etia.report.folder as f\n"
        "f._write_table = lambda *a, **k: os.kill(os.getpid(), 9)\n"
        f"etia.run({str(TINY1)!r}, draws=4, runs=20).save()"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=False, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    )
    assert all(name.startswith(".") and name.endswith(".part") for name in left())


def test_a_saved_run_opens_with_its_tables_and_can_be_done_again():
    run = small()
    opened = etia.open_run(run.save())
    for name, table in run.tables.items():
        # a CSV knows no difference between an empty word and a missing one
        sides = (side.replace("", None).astype(object).fillna(0) for side in (table, opened.tables[name]))
        pd.testing.assert_frame_equal(*sides, check_dtype=False, check_exact=True)
    again = opened.asking()
    for name in ("event_probabilities", "trend_projections"):
        assert again.tables[name].equals(run.tables[name])


def test_what_is_no_run_folder_is_said_to_be_none():
    with pytest.raises(UsageError, match="'nowhere' is no run folder"):
        etia.open_run("nowhere")


def test_the_manifest_names_every_input_with_its_hash():
    manifest = json.loads((small().save() / "manifest.json").read_text())
    assert [entry["path"] for entry in manifest["inputs"]] == ["model.yaml"]
    assert len(manifest["inputs"][0]["sha256"]) == 64


def test_parquet_is_written_where_it_is_asked_for():
    pytest.importorskip("pyarrow")
    place = small().save("with", parquet=True)
    assert (place / "tables" / "trend_projections.parquet").exists()


def test_what_is_odd_about_single_draws_is_told_in_the_folder_in_the_pages_and_by_the_command(capsys):
    """Both come in some month of 2019, the cause not before its effect in (12 + 66)/144 = 54 % of draws."""
    from etia.cli import main
    from etia.report.opening import reading
    from etia.report.subject import Subject

    Path("late_cause.yaml").write_text(LATE_CAUSE)
    run = etia.run("late_cause.yaml", draws=100, runs=2)
    (told,) = json.loads((run.save("kept") / "manifest.json").read_text())["remarks"]
    assert re.fullmatch(r"In (4|5|6)\d(\.\d)?% of draws an uncertain date puts .*; idle there: a -> b \(\d+%\)\.", told)
    assert "“The late cause” -> “The effect”" in str(reading(Subject(run)))
    assert main(["run", "late_cause.yaml", "--draws", "100", "--runs", "2", "-o", "again"]) == 0
    assert told in capsys.readouterr().err


def test_a_run_that_fails_leaves_no_folder_that_was_not_there(monkeypatch):
    monkeypatch.setattr("etia.facade.tables.Tables.layer", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        small().save("a/b/run")
    Path("c").mkdir()
    with pytest.raises(ZeroDivisionError):
        small().save("c/run")
    assert left(".") == ["c"]
    assert left("c") == []
