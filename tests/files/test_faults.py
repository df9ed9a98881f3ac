"""Every rule of the format finds its fault, at its place, in words that say what to write instead."""

from __future__ import annotations

import pytest

from etia.files.load import check
from etia.graph.checks import CHECKS
from tests.files import planted, sound

ERRORS = [*planted.SYNTAX, *planted.VALUES, *planted.ACROSS, *planted.FILES]


def _plant(folder, case):
    """Write the sound model with the fault in it; the line and column of the mark, if it has one."""
    files = dict(sound.FILES)
    text = files[case.file]
    assert case.old in text, f"{case.old!r} is not in {case.file}"
    text = text.replace(case.old, case.new, 1)
    before, mark, after = text.partition("¦")
    files[case.file] = before + after
    sound.write(folder, files)
    return (before.count("\n") + 1, len(before) - before.rfind("\n")) if mark else None


def _name(case):
    return f"{case.code}: {case.message[:40]}"


def _judge(found, case, place):
    assert found.code == case.code
    assert case.message in found.message
    assert case.hint in found.hint
    if place is not None:
        assert (found.file, found.line, found.column) == (case.file, *place)


def test_the_model_without_faults_has_no_findings(tmp_path):
    assert check(sound.write(tmp_path, sound.FILES)) == []


@pytest.mark.parametrize("case", ERRORS, ids=_name)
def test_a_planted_error_is_the_only_one_found(tmp_path, case):
    place = _plant(tmp_path, case)
    errors = [found for found in check(tmp_path) if found.severity == "error"]
    assert len(errors) == 1, "\n".join(map(str, errors))
    _judge(errors[0], case, place)


@pytest.mark.parametrize("case", planted.WARNINGS, ids=_name)
def test_a_planted_oddity_is_a_warning(tmp_path, case):
    place = _plant(tmp_path, case)
    found = [item for item in check(tmp_path) if item.code == case.code]
    assert [item.severity for item in found] == ["warning"]
    _judge(found[0], case, place)


def test_every_check_across_entities_has_a_planted_fault():
    shown = {case.code for case in (*ERRORS, *planted.WARNINGS)}
    without = {check.name for check in CHECKS} - shown
    assert without <= {"unknown-hypothesis", "no-objectives"}


def test_all_faults_come_at_once_in_order_of_place(tmp_path):
    """A syntax error in one file, values in another, a reference in a third part: none hides another."""
    text = sound.MODEL
    for old, new in (
        ("level: macro\n    domains", "level: makro\n    domains"),
        ("requires: [war]", "requires: [wars]"),
        ("by: 2028-12, value: 0.5", "by: 2028-12, value: 1.2"),
        ("bounds: [0, 100]", "bounds: [0]"),
        ("excludes: [aid]", "excludes: [aids]"),
        ("budget: {value: 6, unit: bn}", "budget: {value: much}"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    sound.write(tmp_path, {**sound.FILES, "model.yaml": text})
    found = [(item.line, item.code) for item in check(tmp_path) if item.severity == "error"]
    codes = ["choice", "unknown-event", "probability", "interval", "unknown-policy", "number"]
    assert [code for _, code in found] == codes
    assert found == sorted(found)
