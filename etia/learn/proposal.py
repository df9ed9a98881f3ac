"""Fitted sizes as a file that an analyst can read, keep or paste: written by `fit`, used by `run --fitted` (method §9).

The file has a scenario's form (`etia`, `title`, `impacts`), but it changes the model itself: base rates are calibrated
with the fitted sizes (a scenario would keep the old ones).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from etia.errors import UsageError
from etia.files.load import apply_scenario
from etia.files.places import Places

if TYPE_CHECKING:
    from etia.files.load import LoadedModel
    from etia.learn.fit import Fits, FittedSize, TrendFit
    from etia.schema.model import Model

__all__ = ["overlay", "proposal_text", "write_proposal"]

MARK = "# Written by `etia fit`"


def proposal_text(fits: Fits, model: Model, *, name: str, seed: int) -> str:
    """The proposal in the model's format: every impact of which the data said anything, with what was elicited."""
    written, untouched = 0, 0
    blocks: list[str] = []
    for fit in fits.trends:
        for key, sizes in _by_impact(fit).items():
            if any(size.is_informed for size in sizes):
                blocks.append(_block(key, sizes, fit, model))
                written += 1
            else:
                untouched += 1
    head = [
        f"{MARK} on '{name}': impact sizes after the data, lens {fits.lens}, seed {seed}.",
        f"# {written} impacts; {untouched} more met data that say nothing of them and stay as elicited.",
        "# Use it with `etia run MODEL --fitted FILE`, or paste what convinces you into the model.",
        "etia: 1",
        f"title: {_scalar(f'{name}, impact sizes fitted to data up to {model.timeline.label(model.timeline.as_of)}')}",
    ]
    return "\n".join([*head, "impacts:" if blocks else "impacts: {}", *blocks]) + "\n"


def _by_impact(fit: TrendFit) -> dict[str, list[FittedSize]]:
    found: dict[str, list[FittedSize]] = {}
    for size in fit.sizes:
        found.setdefault(size.key, []).append(size)
    return found


def _block(key: str, sizes: list[FittedSize], fit: TrendFit, model: Model) -> str:
    impact = model.impacts[key]
    percent = model.trends[fit.trend].scale == "log"
    fitted_on = [*(name for name in impact.fitted_on if name != fit.trend), fit.trend]
    note = f"Fitted to {fit.n_data} data of {fit.trend}, {fit.first} to {fit.last}. Before: " + "; ".join(
        f"{size.parameter} {_numbers(size.prior, percent)}" for size in sizes
    )
    if any(size.contradicted for size in sizes):
        note += ". The data contradict what was elicited"
    note += f". {impact.note}" if impact.note else "."
    lines = [f"  {_scalar(key)}:"]
    lines += [
        f"    {size.parameter.split(' ')[0]}: {_quantiles(size.posterior, percent)}"
        for size in sizes
        if size.is_informed
    ]
    return "\n".join([*lines, f"    fitted_on: [{', '.join(fitted_on)}]", f"    note: {_scalar(note)}"])


def _numbers(values: tuple[float, float, float], percent: bool) -> str:
    low, middle, high = _rounded(values, percent)
    return f"{middle} ({low} to {high})"


def _quantiles(values: tuple[float, float, float], percent: bool) -> str:
    low, middle, high = _rounded(values, percent)
    return f"{{p5: {low}, p50: {middle}, p95: {high}}}"


def _rounded(values: tuple[float, float, float], percent: bool) -> tuple[str, str, str]:
    """With as few digits, three at least, as keep the quantiles apart; what is nought but rounding is 0."""
    values = tuple(0.0 if abs(value) < 1e-9 * (values[2] - values[0]) else value for value in values)  # type: ignore[assignment]
    for digits in range(3, 16):
        low, middle, high = (float(f"{value:.{digits}g}") for value in values)
        if low < middle < high or digits == 15:
            break
    marked = [f"{value:+.15g}%" if percent else f"{value:.15g}" for value in (low, middle, high)]
    return marked[0], marked[1], marked[2]


def _scalar(text: str) -> str:
    """A text as YAML in one line, quoted where it must be."""
    return str(yaml.safe_dump(text, width=10**6, allow_unicode=True)).removesuffix("...\n").strip()


def write_proposal(text: str, path: str | Path, *, model_path: Path | None, force: bool = False) -> Path:
    """Write a proposal. Raises UsageError where it would lie among the model's own files, or replace something else."""
    target = Path(path)
    if model_path is not None:
        home = model_path.resolve()
        if target.resolve() == home or (home.is_dir() and target.resolve().is_relative_to(home)):
            raise UsageError(f"'{target}' lies in the model itself, whose files are never written; name another place")
    if target.is_dir():
        raise UsageError(f"'{target}' is a folder; name a file for the proposal")
    if target.exists() and not force and not target.read_text(encoding="utf-8", errors="replace").startswith(MARK):
        raise UsageError(f"'{target}' is no proposal of `etia fit`; name another file, or use --force")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8", newline="\n")
    return target


def overlay(loaded: LoadedModel, path: str | Path) -> LoadedModel:
    """The model with a proposal's sizes in place of its own.

    Raises UsageError where there is no such file or it changes more than impacts, ModelError with every fault in it.
    """
    file = Path(path)
    if not file.is_file():
        raise UsageError(f"there is no file '{file}' of fitted sizes; `etia fit` writes one")
    fitted = apply_scenario(loaded, file)
    if fitted.lens or fitted.policies or fitted.given_probability:
        raise UsageError(f"'{file}' is a scenario, not a proposal of `etia fit`; use --scenario")
    warnings = (*loaded.warnings, *fitted.warnings)
    return replace(loaded, model=fitted.model, root=fitted.root, places=Places(fitted.root), warnings=warnings)
