"""The surprise-free course of a measured trend, with the noise about it (method §4, Measured trends).

What is left of a series after its past responses were taken off, the *rest* y, is held to be

    y_t = z_t' x + n_t,    Var n = σ² Ω

with states x (level, slope, seasons), their course z and a memory that gives Ω; periods are those of the data.
Two steps. `estimate` finds memory and σ by exact maximum likelihood, x and σ concentrated out, gaps left missing
(expensive; the lens's central model). `prepare` and `Course.fit` then give level, slope and residual of each draw:
given the memory they are linear in the data, so one matrix serves all draws.

* `constant`, `linear`, `points`: AR(1) noise about a level, a line, or the experts' own course. Baseline: z' x, by
  generalised least squares over the fit window. Own noise: the rest of the data; the last dies away by φ^h.
* `damped`, `ets`: innovations state-space models (Hyndman et al. 2008, Forecasting with Exponential Smoothing).
  Baseline in the past: the filtered level with its season, E(level_t | data up to t); afterwards the model's
  forecast from there. Own noise in the past: the part of each surprise that the level did not take up; known
  noise ahead: 0. The fit window decides on smoothing, damping and σ; the states follow all data.

Both give the best values. `draws` gives what the data leave open about them, for the parameter draws.

After the last datum own noise h periods ahead is  known(h) + σ Σ_{i≤h} ψ_{h−i} ε_i,  ε standard normal, ψ_0 = 1.
"""

from __future__ import annotations

from etia.compile.baselines.courses import Course, Fit, fit, prepare
from etia.compile.baselines.estimation import Parameters, estimate
from etia.compile.baselines.forms import METHODS
from etia.compile.baselines.interpolation import interpolation
from etia.compile.baselines.memory import Autoregression, Memory, Smoothing
from etia.compile.baselines.uncertainty import Draw, Draws, draws

__all__ = [
    "METHODS",
    "Autoregression",
    "Course",
    "Draw",
    "Draws",
    "Fit",
    "Memory",
    "Parameters",
    "Smoothing",
    "draws",
    "estimate",
    "fit",
    "interpolation",
    "prepare",
]
