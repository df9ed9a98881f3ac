"""A faulty value that can be left out hides no other fault of its object, nor of what depends on it."""

from __future__ import annotations

from etia.files.load import check

MODEL = """\
etia: 1
title: T
calendar: {start: 2020, as_of: 2021, end: 2025, step: year}
events:
  b: {title: B, level: meso, probability: {by: 2024, value: 0.3}, note: x}
trends:
  t: {title: T, level: meso, scale: log, unit: u, constructed: {from: 2020, value: 3, drift: 1}}
impacts:
  b -> t: {shape: step, lasting: 5, note: x}
policies:
  p: {title: P, actor: nobody, cost: -1, from: 2022, links: {zz -> b: {scale: 0.5}}}
objectives:
  tt: {goal: minimize, at: 2040}
"""


def test_a_faulty_value_hides_no_other_fault(tmp_path):
    file = tmp_path / "model.yaml"
    file.write_text(MODEL, encoding="utf-8")
    found = {(finding.line, finding.code) for finding in check(file) if finding.severity == "error"}
    assert {(11, "unknown-actor"), (11, "negative"), (11, "unknown-link"), (9, "percent-missing")} <= found
    assert sum(line == 7 for line, _ in found) == 1
    assert (13, "choice") in found


def test_a_faulty_value_that_an_object_needs_hides_no_other_fault_of_it(tmp_path):
    file = tmp_path / "model.yaml"
    written = MODEL.replace("b: {title: B, level: meso,", "b: {title: B, level: mesoo, requires: [nowhere],")
    written += "hypotheses:\n  h: {statement: S, trend: [t], at_least: 3, by: 2024, carried_by: [nothing]}\n"
    file.write_text(written, encoding="utf-8")
    found = {(finding.line, finding.code) for finding in check(file) if finding.severity == "error"}
    assert {(5, "choice"), (5, "unknown-event"), (15, "unknown-mechanism")} <= found
    assert (15, "unknown-trend") not in found  # the stand-in for what was written is not itself a fault
