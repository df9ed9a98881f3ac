"""The house: imports run downwards only, the public surface is what it says, starting up costs little."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import lru_cache
from importlib import import_module
from pathlib import Path

import pytest

import etia

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "etia"

FLOORS = {
    "errors": 1,
    "calendar": 2,
    "quantity": 2,
    "engine": 2,
    "distributions": 3,  # what is drawn from quantities
    "schema": 3,
    "files": 4,
    "graph": 4,
    "structure": 4,
    "compile": 5,
    "learn": 6,
    "describe": 7,
    "mapping": 7,
    "prescribe": 7,
    "figures": 7,
    "facade": 8,
    "report": 9,
    "cli": 10,
    "__init__": 0,
}
"""of every module or folder of the package; a module imports from lower floors, and from its own folder"""
SIDE_BY_SIDE = {("structure", "graph")}
"""imports within a floor that are meant: `etia.structure` is another name of a part of the graph"""
FOREIGN = {
    "errors": frozenset[str](),
    "calendar": frozenset[str](),
    "quantity": frozenset[str](),
    "schema": frozenset({"pydantic", "pydantic_core"}),
    "files": frozenset({"pydantic", "yaml"}),
    "engine": frozenset({"numpy", "numba", "llvmlite"}),
    "facade": frozenset({"numpy"}),
    "cli": frozenset({"click"}),
}
"""packages from elsewhere that a module may import when it is imported; those not named here may import any"""
HEAVY = {"numba", "pandas", "matplotlib", "scipy", "statsmodels", "networkx", "jinja2", "ruptures"}

FILES = sorted(PACKAGE.rglob("*.py"))


@lru_cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


def room(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def dotted(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(file: Path) -> list[str]:
    """Modules imported when `file` is: whatever stands outside functions and `if TYPE_CHECKING`."""
    found = []
    waiting: list[ast.AST] = list(tree(file).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            waiting += ast.iter_child_nodes(node)
    return found


def test_every_module_stands_on_a_floor():
    assert {room(file) for file in FILES} <= set(FLOORS)


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_imports_run_downwards_only(name):
    wrong = []
    for file in FILES:
        if room(file) != name:
            continue
        for module in imported(file):
            parts = module.split(".")
            if parts[0] != "etia" or len(parts) == 1 or parts[1] in (name, "__version__"):
                continue
            if FLOORS[parts[1]] >= FLOORS[name] and (name, parts[1]) not in SIDE_BY_SIDE:
                wrong.append(f"{dotted(file)} imports {module}")
    assert wrong == []


def test_schema_and_engine_know_nothing_of_each_other():
    """Not even inside functions or for types."""
    for file in FILES:
        other = {"schema": "etia.engine", "engine": "etia.schema"}.get(room(file))
        if other:
            assert other not in file.read_text("utf-8"), dotted(file)


@pytest.mark.parametrize("name", sorted(FOREIGN))
def test_a_room_imports_no_package_that_it_should_not_know(name):
    found = {module.split(".")[0]: dotted(file) for file in FILES if room(file) == name for module in imported(file)}
    strange = {top: by for top, by in found.items() if top not in FOREIGN[name] | {"etia"} | sys.stdlib_module_names}
    assert strange == {}


def test_all_names_what_is_there():
    assert etia.__all__ == sorted(etia.__all__)
    for name in etia.__all__:
        assert getattr(etia, name) is not None
    assert set(etia.__all__) <= set(dir(etia))
    with pytest.raises(AttributeError, match="no attribute 'runn'"):
        etia.runn  # noqa: B018 - to see it fail


def test_every_name_in_all_of_a_module_is_there():
    for file in FILES:
        listed = [
            node for node in tree(file).body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        ]  # fmt: skip
        if listed and room(file) != "__main__":
            module = import_module(dotted(file))
            assert [name for name in module.__all__ if not hasattr(module, name)] == [], dotted(file)


def test_every_public_function_and_class_says_what_it_means():
    silent = []
    for file in FILES:
        if ast.get_docstring(tree(file)) is None:
            silent.append(dotted(file))
        for node in tree(file).body:
            is_public = isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
            if is_public and ast.get_docstring(node) is None:
                silent.append(f"{dotted(file)}.{node.name}")
    assert silent == []


def modules_after(code: str) -> set[str]:
    """The top-level modules that are loaded once `code` has run in a fresh interpreter."""
    code = f"import sys, contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()):\n    {code}\n"
    code += "print(' '.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(done.stdout.split())


def test_help_imports_neither_a_verb_nor_what_verbs_need():
    loaded = modules_after("from etia.cli import main; main(['--help'])")
    assert loaded & (HEAVY | {"numpy", "pydantic", "yaml"}) == set()


def test_checking_a_model_imports_nothing_that_only_running_needs():
    loaded = modules_after("from etia.cli import main; main(['check', '--quiet', 'models/minimal'])")
    assert loaded & (HEAVY | {"numpy"}) == set()


def test_importing_etia_imports_nothing_else():
    assert modules_after("import etia") & (HEAVY | {"numpy", "pydantic", "yaml", "click"}) == set()


def kept_files() -> list[Path]:
    """The files under version control; in a copy without it, those of the folders that hold text of ours."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    folders = ("etia", "models", "scenarios", "seeds", "tests", "notebooks", "benchmarks")
    return [file for folder in folders for file in (ROOT / folder).rglob("*.*") if "__pycache__" not in file.parts]


FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w./:-])/(?:work|root|home|Users)/"),
    "an address from which packages are downloaded": re.compile(r"https?://[\w.-]*(?:" + "py" + r"pi\b|pythonhosted)"),
    "a choice of where packages come from": re.compile(r"--(?:extra-)?index" + r"-url[ =]\S*/"),
}


@pytest.mark.parametrize("what", sorted(FORBIDDEN))
def test_no_file_holds(what):
    found = []
    for file in kept_files():
        if file.suffix in {".png", ".parquet"}:
            continue
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            if FORBIDDEN[what].search(line):
                found.append(f"{file.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert found == []


def test_the_lock_holds_every_dependency_and_no_address():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *(name for names in project["project"]["optional-dependencies"].values() for name in names),
    ]
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    locked = {plain(name) for name in re.findall(r"^([\w.-]+)==", lock, re.M)}
    assert {plain(re.split(r"[<>=!~\[; ]", line)[0]) for line in wanted} - locked == set()
    assert "://" not in lock
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", lock)) >= len(locked)


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
