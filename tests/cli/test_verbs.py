"""The verbs that need no run: what they print, and their exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from etia.cli import VERBS, main
from tests.files import sound


@pytest.fixture
def model(tmp_path):
    return str(sound.write(tmp_path, sound.FILES))


@pytest.fixture
def faulty(tmp_path):
    text = sound.MODEL.replace("level: macro\n    domains", "level: makro\n    domains")
    return str(sound.write(tmp_path / "faulty", {**sound.FILES, "model.yaml": text}))


def test_check_is_silent_on_a_sound_model(model, capsys):
    assert main(["check", model]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == f"{model}: no errors, no warnings\n"


def test_check_prints_place_line_caret_and_remedy(faulty, capsys):
    assert main(["check", faulty]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "model.yaml:20:12: error: events.war.level: 'makro' is not one of macro, meso [choice]",
        "        level: makro",
        "               ^",
        "    Did you mean 'macro'?",
    ]


def test_check_prints_findings_as_json(faulty, capsys):
    assert main(["check", faulty, "--json"]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert printed["schema_version"] == 1
    (finding,) = printed["findings"]
    assert finding == {
        "file": "model.yaml",
        "line": 20,
        "column": 12,
        "severity": "error",
        "code": "choice",
        "message": "events.war.level: 'makro' is not one of macro, meso",
        "hint": "Did you mean 'macro'?",
    }


def test_warnings_fail_only_where_strict(tmp_path, capsys):
    text = sound.MODEL.replace("  north: {title", "  west: {title: The west}\n  north: {title")
    folder = str(sound.write(tmp_path, {**sound.FILES, "model.yaml": text}))
    assert main(["check", folder]) == 0
    assert main(["check", "--strict", folder]) == 1
    assert "no errors, 1 warning" in capsys.readouterr().err


def test_what_is_no_model_could_not_run(tmp_path, capsys):
    assert main(["check", str(tmp_path / "none")]) == 2
    assert "neither a folder nor a file" in capsys.readouterr().err


def test_a_file_that_is_no_yaml_is_a_finding(tmp_path, capsys):
    (tmp_path / "m.yaml").write_text("a: b: c\n")
    assert main(["check", str(tmp_path / "m.yaml")]) == 1
    assert f"{tmp_path}/m.yaml:1:5: error: a second colon" in capsys.readouterr().out


def test_a_faulty_model_is_1_in_every_verb(faulty, capsys):
    assert main(["show", faulty, "war"]) == 1
    assert capsys.readouterr().err.endswith("1 error in the model\n")


def test_show_names_value_meaning_and_line(model, capsys):
    assert main(["show", model, "deal"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("events.deal\n")
    assert "probability.1.by" in out
    assert "2028-12  (step 2028-12, to come)  [model.yaml:35]" in out


def test_show_lays_a_scenario_over_the_model(model, capsys):
    assert main(["show", model, "crisis", "--scenario", "calm", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["object"]["happens"] == "never"
    assert {
        "path": "events.crisis.happens",
        "written": "never",
        "meaning": "",
        "place": "scenarios/calm.yaml:4",
    } in printed["values"]


def test_show_says_what_is_near_an_unknown_id(model, capsys):
    assert main(["show", model, "crisys"]) == 2
    assert "Did you mean 'crisis'?" in capsys.readouterr().err


def test_new_copies_a_model_that_is_sound(tmp_path, capsys):
    folder = str(tmp_path / "study")
    assert main(["new", folder]) == 0
    assert main(["check", "--strict", folder]) == 0
    assert main(["new", folder]) == 2
    assert "exists already" in capsys.readouterr().err


def test_new_lists_its_templates(capsys):
    assert main(["new", "--list"]) == 0
    assert capsys.readouterr().out == "minimal  Cars in the centre of a town\n"
    assert main(["new", "x", "--template", "minimall"]) == 2
    assert "Did you mean 'minimal'?" in capsys.readouterr().err


def test_schema_prints_the_formats(capsys):
    assert main(["schema"]) == 0
    schemas = json.loads(capsys.readouterr().out)["schemas"]
    assert set(schemas) == {"model", "scenario", "card"}
    assert "happens" not in schemas["model"]["$defs"]["Event"]["properties"]
    assert "happens" in schemas["scenario"]["$defs"]["Event"]["properties"]


def test_schema_installs_schemas_and_modelines_once(model, capsys):
    assert main(["schema", "--install", model]) == 0
    assert main(["schema", "--install", model]) == 0
    card = Path(model, "seeds/s1.yaml").read_text()
    assert card.startswith("# yaml-language-server: $schema=../.etia/card.schema.json\n")
    assert Path(model, "model.yaml").read_text().count("yaml-language-server") == 1
    capsys.readouterr()
    assert main(["check", "--strict", model]) == 0


def test_an_unknown_verb_is_misuse_with_the_nearest_name(capsys):
    assert main(["chek"]) == 2
    assert "Did you mean 'check'?" in capsys.readouterr().err


def test_quiet_leaves_results_only(model, capsys):
    assert main(["--quiet", "check", model]) == 0
    assert main(["check", model, "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_tracebacks_are_shown_only_for_debugging(model, capsys):
    assert main(["show", model, "nothing_here"]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert main(["show", model, "nothing_here", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_is_130(model, monkeypatch, capsys):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("etia.files.load.check", interrupt)
    assert main(["check", model]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_help_names_every_verb(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in VERBS)


@pytest.mark.parametrize("arguments", [["--help"], ["check", "models/minimal"]])
def test_no_heavy_package_is_imported(arguments):
    """Start-up times stand and fall with this: numpy alone takes as long as the whole of `--help` may."""
    heavy = {"pandas", "numba", "scipy", "matplotlib", "networkx", "statsmodels", "numpy"}
    code = f"import sys; from etia.cli import main; main({arguments!r}); print(sorted({heavy!r} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert run.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_leaves_is_no_error(model):
    code = "import sys; from etia.cli import main; sys.exit(main(['schema']))"
    run = subprocess.run(f'{sys.executable} -c "{code}" | head -c 1', shell=True, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_of_the_table_is_there_and_has_help(name, capsys):
    assert main([name, "--help"]) == 0
    assert f"Usage: etia {name}" in capsys.readouterr().out


def test_show_structure_prints_json_and_draws(model, capsys, tmp_path):
    drawing = tmp_path / "plane.svg"
    assert main(["show", model, "--structure", "--json", "--figure", str(drawing)]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert list(shown) == ["schema_version", "influence", "feedback_loops", "gatekeepers"]
    assert drawing.read_text(encoding="utf-8").startswith("<?xml")


def test_show_structure_is_of_the_whole_model(model, capsys):
    assert main(["show", model, "deal", "--structure"]) == 2
    assert "neither an ID nor --numbers" in capsys.readouterr().err
