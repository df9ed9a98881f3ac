"""The wheel carries what it needs: built, installed outside the checkout, and used there as a stranger would."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def called(*command: str | Path, cwd: Path, **env: str) -> str:
    """The standard output of a command that must succeed."""
    outside = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env={**outside, **env}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from the checkout, without a network and without leaving anything in the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("etia", "models/minimal", "pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).symlink_to(ROOT / name)
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder)
    called(*build, source, cwd=folder, PYTHONWARNINGS="ignore")
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder of the commands of an environment that holds the wheel, and the packages of this one.

    A path file lends it our packages by folder; the checkout itself, which is installed by a finder, is not among them.
    """
    folder = tmp_path_factory.mktemp("elsewhere")
    called(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    site = Path(called(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    install = ("-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel)
    called(sys.executable, *install, cwd=folder)
    (site / "lent.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return folder / "venv" / "bin"


def test_the_wheel_holds_templates_and_types(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"etia/py.typed", "etia/templates/minimal/model.yaml"} <= names
    packaged = {f"etia/{file.relative_to(ROOT / 'etia').as_posix()}" for file in (ROOT / "etia").rglob("*.py")}
    assert packaged - names == set()
    assert {f"etia/report/templates/{file.name}" for file in (ROOT / "etia/report/templates").glob("*.*")} <= names
    assert not [name for name in names if name.startswith(("tests", "models", "seeds"))]


def test_installed_elsewhere_a_new_study_runs(installed, tmp_path):
    """`etia new study && etia run study`, where nothing of the checkout is in reach."""
    found = called(installed / "python", "-c", "import etia; print(etia.__file__)", cwd=tmp_path).strip()
    assert Path(found).is_relative_to(installed.parent)
    called(installed / "etia", "new", "study", cwd=tmp_path)
    printed = called(installed / "etia", "run", "study", "--draws", "10", "--runs", "20", cwd=tmp_path)
    folder = tmp_path / printed.splitlines()[-1].removeprefix("Run folder: ")
    there = {file.name for file in folder.iterdir()}
    assert {"manifest.json", "describe.md", "map.md", "prescribe.md", "tables", "figures"} <= there
