"""The two tiny models of `tests/tiny_models` as Programs, compiled by hand from their YAML."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from etia.engine.program import LINEAR, LOG, LOGIT, OPEN
from tests.engine.programs import curves, impact_curve, latent, link_curve, make_program, size

if TYPE_CHECKING:
    from etia.engine.program import Curves, Program

FOLDER = Path(__file__).parent.parent / "tiny_models"


class Tiny(NamedTuple):
    program: Program  # without base rates
    curves: Curves
    events: tuple[str, ...]
    trends: tuple[str, ...]
    expected: dict[str, Any]


def _expected(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / name / "expected.json").read_text())
    return found


def tiny1() -> Tiny:
    """Links, half-life, requires, base and marginal probabilities, a coupling, log and logit scales, a past effect."""
    n_steps = 9
    shock, answer, a, b, c = range(5)
    x, y = range(2)
    program = make_program(
        n_steps,
        2,
        [1, 2, OPEN, OPEN, OPEN],
        links=[
            (shock, answer, link_curve(4, n_steps)),
            (a, b, link_curve(3, n_steps, lag=1, half_life=2)),
            (shock, b, link_curve(1.5, n_steps)),
            (b, a, link_curve(0.5, n_steps)),
        ],
        requires=[(c, a)],
        impacts={
            (shock, x): impact_curve(n_steps, lasting=size(10, LOGIT)),
            (answer, x): impact_curve(n_steps, peaks=2, settles=4, peak=size(12, LOGIT), lasting=size(6, LOGIT)),
            (a, x): impact_curve(n_steps, peaks=2, lasting=size(-8, LOGIT)),
            (b, y): impact_curve(n_steps, starts=1, peaks=2, settles=3, peak=size(40, LOG), lasting=size(20, LOG)),
            (c, y): impact_curve(n_steps, lasting=size(10, LOG)),
        },
        couplings=[(x, y, 0.3, 1)],
        kinds=[LOGIT, LOG],
        baseline=[latent(30, LOGIT), latent(2, LOG)],
    )
    points = [(a, 3, 4, 4, 0.3, True), (a, 5, 8, 7, 0.6, True), (b, 3, 8, 7, 0.5, True), (c, 3, 8, 8, 0.2, False)]
    return Tiny(program, curves(points), ("shock", "answer", "a", "b", "c"), ("x", "y"), _expected("tiny1"))


def tiny4() -> Tiny:
    """Events sensitive to trends on three scales, a loop of couplings, a past effect through a trend."""
    n_steps = 18
    sanctions, turn, snap, bloc, talks = range(5)
    pressure, trade, standing = range(3)
    program = make_program(
        n_steps,
        10,
        [2, 6, OPEN, OPEN, OPEN],
        links=[(bloc, snap, link_curve(1.8, n_steps, lag=1))],
        sensitivities=[
            (turn, pressure, _per(1.6, 10, LINEAR)),
            (bloc, pressure, _per(1.5, 10, LINEAR)),
            (bloc, trade, _per(0.9, 10, LOG)),
            (talks, standing, _per(1.4, 10, LOGIT)),
        ],
        impacts={
            (sanctions, pressure): impact_curve(n_steps, peaks=3, lasting=15),
            (turn, standing): impact_curve(n_steps, peaks=4, lasting=size(12, LOGIT)),
            (snap, pressure): impact_curve(n_steps, lasting=20, fades=3),
            (bloc, standing): impact_curve(n_steps, peaks=1, settles=3, peak=size(15, LOGIT), lasting=size(8, LOGIT)),
            (bloc, trade): impact_curve(n_steps, lasting=size(30, LOG)),
            (talks, pressure): impact_curve(n_steps, lasting=-12),
        },
        couplings=[(pressure, trade, -0.01, 1), (trade, standing, 0.5, 1), (standing, pressure, -2.0, 2)],
        kinds=[LINEAR, LOG, LOGIT],
        baseline=[20.0, latent(3, LOG), latent(35, LOGIT)],
    )
    points = [
        (snap, 11, 17, 15, 0.4, True),
        (bloc, 11, 13, 13, 0.2, True),
        (bloc, 14, 17, 17, 0.5, True),
        (talks, 11, 17, 16, 0.3, False),
    ]
    names = ("sanctions", "turn", "snap", "bloc", "talks")
    return Tiny(program, curves(points), names, ("pressure", "trade", "standing"), _expected("tiny4"))


def _per(rate_ratio: float, per: float, kind: int) -> float:
    """β = ln ρ / g-size(per) (§3)."""
    return math.log(rate_ratio) / size(per, kind)
