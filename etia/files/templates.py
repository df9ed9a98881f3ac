"""The worked examples that `etia new` copies: with the package where it is installed, in `models/` of a checkout."""

from __future__ import annotations

import shutil
from pathlib import Path as File

from etia.errors import UsageError
from etia.files.reader import read_file
from etia.schema.fault import did_you_mean

__all__ = ["TEMPLATES", "copy_template", "template_folder", "templates"]

TEMPLATES = ("minimal",)
"""the models that the wheel carries; `setup.py` puts them there"""


def template_folder(name: str) -> File:
    """The folder of a template. Raises UsageError where there is none of that name."""
    if name in TEMPLATES:
        package = File(__file__).resolve().parent.parent
        for folder in (package / "templates" / name, package.parent / "models" / name):
            if folder.is_dir():
                return folder
    raise UsageError(f"there is no template '{name}'. {did_you_mean(name, TEMPLATES, what='templates')}")


def templates() -> dict[str, str]:
    """The titles of the templates by name."""
    return {name: _title(template_folder(name)) for name in TEMPLATES}


def _title(folder: File) -> str:
    for file in sorted(folder.rglob("*.yaml")):
        node, _ = read_file(file, file.name)
        if node is not None and "title" in node.entries:
            return node.entries["title"].word or ""
    return ""


def copy_template(name: str, folder: str | File) -> list[str]:
    """Copy a template into a folder that is not there yet, or is empty; returns the files written.

    Raises UsageError where the folder holds something.
    """
    target = File(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"'{target}' exists already; name a folder that does not")
    source = template_folder(name)
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*"))
    return [str(target / file.relative_to(source)) for file in sorted(source.rglob("*")) if file.is_file()]
