"""Calibration's part in the error of what worlds are compared by, in the central model (method §8).

An event comes in the first step in which its cumulated rate reaches a threshold E ~ Exp(1), in whatever world. To raise
ln λ0 by δ is to lower the threshold to E·e^−δ; the density of that has the score 1 − E at δ = 0. So for any outcome f
of a run, in one world or between two, dE[f]/d ln λ0 = E[f · (1 − E)]: one score a run serves all worlds. Where a curve
has several intervals, that of an interval is told by what the factual run has spent of its threshold there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etia.engine.program import NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etia.compile.study import Case
    from etia.describe.blocks import Block

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["calibration_loads", "loaded_scores", "threshold_scores"]

_LEFT_OUT = 0.01


def threshold_scores(block: Block) -> Floats:
    """(n, I) scores of the ln λ0 of the curves' intervals in a block's runs."""
    ground, program = block.ground, block.program
    curves = block.case.compiled.curves.draw(block.p)
    out = np.zeros((block.n, len(curves.event)))
    for m, event in enumerate(ground.mover):
        own = np.flatnonzero(curves.event == program.copy_of[event])
        if not ground.is_free[m] or not len(own):
            continue
        threshold, before = ground.threshold[:, m], np.zeros(block.n)
        begin = _at_work_from(block, int(event)) if len(own) > 1 else np.zeros(block.n, dtype=np.int64)
        runs = np.arange(block.n)
        for i in own[:-1]:
            end = np.maximum(curves.last_step[i] - program.as_of, begin)
            spent = ground.cumulated[runs, end, m] - ground.cumulated[runs, begin, m]
            inside = np.where(threshold <= spent, 1.0 - (threshold - before), before - spent)
            out[:, i] += np.where(threshold > before, inside, 0.0)
            before = spent
        out[:, own[-1]] += np.where(threshold > before, 1.0 - (threshold - before), 0.0)
    return out


def _at_work_from(block: Block, event: int) -> Ints:
    """(n,) offsets after which all that the event requires had come in the factual runs."""
    program = block.program
    begin = np.zeros(block.n, dtype=np.int64)
    for on in program.requires.on[program.requires.event == event]:
        steps = block.steps[:, on].astype(np.int64)
        last = np.where(block.steps[:, on] == NEVER, program.n_steps - 1, steps)
        begin = np.maximum(begin, last - program.as_of)
    return begin


def loaded_scores(block: Block, loads: Floats | None) -> Floats | None:
    """(n, L) scores of what was calibrated in a block's runs, along the loads; None where there are none."""
    return None if loads is None else threshold_scores(block) @ loads


def calibration_loads(case: Case) -> Floats | None:
    """(I, L) loads B with B Bᵀ = Σ, the covariance of the calibrated ln λ0, but for a hundredth of its trace.

    None where calibration has no error of its own (draws of the judgements hold it). A mean that answers to the ln λ0
    by g gets the variance gᵀ Σ g = |Bᵀ g|² from calibration.
    """
    if not case.has_calibration_error:
        return None
    values, vectors = np.linalg.eigh(case.study.log_rate_covariance)
    values = np.maximum(values, 0.0)
    order = np.argsort(-values, kind="stable")
    left_out = values.sum() - np.cumsum(values[order])
    kept = order[: int(np.argmax(left_out <= _LEFT_OUT * values.sum())) + 1]
    loads: Floats = vectors[:, kept] * np.sqrt(values[kept])
    return loads
