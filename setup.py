"""Puts the worked examples of `models/` into the wheel; everything else stands in pyproject.toml."""

import re
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
NAMES = re.search(r"^TEMPLATES = \((.*?)\)$", (ROOT / "etia/files/templates.py").read_text("utf-8"), re.M)


class BuildWithTemplates(build_py):
    """The build of the package, with the examples beside its modules."""

    def run(self) -> None:
        """Build, then copy. An editable checkout finds the examples in `models/` itself."""
        super().run()
        if self.editable_mode:
            return
        for name in re.findall(r'"(\w+)"', NAMES[1]):
            target = Path(self.build_lib, "etia", "templates", name)
            shutil.copytree(ROOT / "models" / name, target, dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithTemplates})
