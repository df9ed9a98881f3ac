"""Whatever is done to a model's text, reading it ends in findings, never in an error of the program."""

from __future__ import annotations

import random
import re

import pytest

from etia.files.load import check, load
from tests.files import sound

VALUES = [
    *("null", "[]", "{}", "[1]", "{a: 1}", "x", "-1", "0", "1e400", ".inf", "2018", '"q"', "true", "[[1]]", "[null]"),
    *(
        "{p5: x}",
        "a -> b",
        "3 months",
        "+5%",
        "{experts: {}}",
        "{experts: {a: 1}, pool: {}}",
        "0001",
        "9999",
        "[1, 2, 3]",
    ),
]
SPOT = re.compile(r"(?<=: )[^,{}\[\]\n]+|\[[^\[\]\n]*\]|\{[^{}\n]*\}")


def _mangled(text, chance):
    """A value exchanged, a line lost, or a character mistyped."""
    way = chance.random()
    if way < 0.6 and SPOT.search(text):
        spot = chance.choice(list(SPOT.finditer(text)))
        return text[: spot.start()] + chance.choice(VALUES) + text[spot.end() :]
    if way < 0.8:
        lines = text.split("\n")
        del lines[chance.randrange(len(lines))]
        return "\n".join(lines)
    at = chance.randrange(len(text))
    return text[:at] + chance.choice(" \t:{}[],'\"&*!|>%@`\n-#é\x00") + text[at + 1 :]


@pytest.mark.parametrize("seed", range(10))
def test_a_mangled_model_ends_in_findings(tmp_path, seed):
    chance = random.Random(seed)
    for _ in range(12):
        name = chance.choice(["model.yaml"] * 5 + list(sound.FILES))
        sound.write(tmp_path, {**sound.FILES, name: _mangled(_mangled(sound.FILES[name], chance), chance)})
        found = check(tmp_path)
        assert all(item.code != "value" for item in found), "pydantic's own words reached the user"
        if not any(item.severity == "error" for item in found):
            load(tmp_path)
