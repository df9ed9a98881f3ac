"""The README's tour is run as it stands: same words, and numbers near those shown."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest

from etia.cli import main

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$|^<!-- replace: (\S+): (.*?) -> (.*?) -->$", re.M | re.S)
NUMBER = re.compile(r"[-+−]?\d[\d,]*\.?\d*")


def called(line: str) -> str:
    """What a shown command prints, results and messages, in the current folder."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        main(shlex.split(line)[1:])
    return printed.getvalue()


def alike(shown: str, found: str) -> bool:
    """The same words on each line, however spaced, and numbers near each other: other versions of numpy may round."""
    lines = [[" ".join(NUMBER.sub("#", line).split()) for line in text.split("\n")] for text in (shown, found)]
    numbers = [[float(n.replace(",", "").replace("−", "-")) for n in NUMBER.findall(text)] for text in (shown, found)]
    return lines[0] == lines[1] and numbers[0] == pytest.approx(numbers[1], rel=0.02, abs=0.02)


def test_the_tour_is_as_shown(tmp_path, monkeypatch):
    """Commands, replacements and the scenario in order, from an empty folder; Python last."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    n_commands = 0
    for language, content, file, old, new in BLOCK.findall(README):
        if file:
            text = Path(file).read_text("utf-8")
            assert old in text
            Path(file).write_text(text.replace(old, new, 1), encoding="utf-8")
        elif language == "console":
            line, _, shown = content.partition("\n")
            found = called(line.removeprefix("$ "))
            assert alike(shown.rstrip(), found.rstrip()), f"{line}\n{found}"
            n_commands += 1
        elif content.startswith("etia: 1"):
            Path("study/scenarios").mkdir()
            Path("study/scenarios/dear_oil.yaml").write_text(content, encoding="utf-8")
        elif language == "yaml":
            assert content in Path("study/model.yaml").read_text("utf-8")
        elif language == "python":
            exec(compile(content, "README.md", "exec"), {})
    assert n_commands == 5


def test_every_file_that_the_readme_points_to_is_there():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (Path(__file__).parent.parent / target).exists(), target


def test_the_flagship_is_as_large_as_the_readme_says():
    import etia

    model = etia.load(Path(__file__).parent.parent / "models" / "look_east")
    for count, word in re.findall(r"(\d+) (events|links|trends|impacts|policies|scenarios|lenses)\b", flagship()):
        assert int(count) == len(getattr(model, word)), word
    (cards,) = re.findall(r"(\d+) source\s+cards", flagship())
    assert int(cards) == len(model.seeds)


def flagship() -> str:
    """The README's section on the flagship."""
    return " ".join(README.partition("## The flagship")[2].partition("\n## ")[0].split())
