"""What can go wrong, named: every error that etia raises on purpose.

::

    EtiaError                  anything below
    ├── ModelError             the analyst's files are faulty: a list of findings with places
    ├── UsageError             a call or option that has no meaning (exit 2)
    ├── CalibrationError       an elicited probability that no base rate can meet (§3)
    │   └── NotConvergedError  … or for which none was found
    ├── StabilityError         couplings whose loop amplifies itself (§4)
    ├── SeriesError            data that a baseline or a fit cannot use (§4, §9)
    ├── LimitError             a model too large for what was asked of it (exact enumeration)
    └── LedgerError            a forecast ledger that was tampered with or misused (§9)
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import floor, log10
from typing import Literal

__all__ = [
    "CalibrationError",
    "EtiaError",
    "Finding",
    "LedgerError",
    "LimitError",
    "ModelError",
    "NotConvergedError",
    "SeriesError",
    "StabilityError",
    "UsageError",
]


@dataclass(frozen=True)
class Finding:
    """One thing found wrong, or odd, at a place of the analyst's files.

    `excerpt` is the source line as written; `column` counts from 1 and is where the caret stands.
    """

    file: str
    line: int
    column: int
    severity: Literal["error", "warning"]
    code: str
    message: str
    hint: str = ""
    excerpt: str = ""

    @property
    def place(self) -> str:
        """`FILE:LINE:COLUMN`, as editors read it."""
        return f"{self.file}:{self.line}:{self.column}"

    def as_row(self) -> dict[str, str | int]:
        """The keys of `etia check --json`."""
        row = asdict(self)
        del row["excerpt"]
        return row

    def __str__(self) -> str:
        lines = [f"{self.place}: {self.severity}: {self.message} [{self.code}]"]
        if self.excerpt:
            lines += [f"    {self.excerpt}", "    " + " " * (self.column - 1) + "^"]
        if self.hint:
            lines.append(f"    {self.hint}")
        return "\n".join(lines)


class EtiaError(Exception):
    """Anything that etia raises on purpose; the message is for the user."""


class ModelError(EtiaError):
    """The analyst's files are faulty; `findings` holds every fault, in order of place."""

    def __init__(self, findings: list[Finding] | tuple[Finding, ...]) -> None:
        self.findings = tuple(findings)
        n_errors = sum(f.severity == "error" for f in self.findings)
        head = f"{n_errors} error{'s' if n_errors != 1 else ''} in the model"
        super().__init__("\n".join([head, *map(str, self.findings)]))


class UsageError(EtiaError):
    """A call or an option that has no meaning here."""


class CalibrationError(EtiaError):
    """An elicited probability that no base rate can meet (method §3); `reachable` is not rounded."""

    def __init__(
        self,
        event: str,
        by: str,
        elicited: float,
        reachable: float,
        *,
        requires: tuple[str, ...] = (),
        prevented_by: tuple[str, ...] = (),
    ) -> None:
        self.event, self.by, self.elicited, self.reachable = event, by, elicited, reachable
        bounds = [f"what it requires ({', '.join(requires)})"] if requires else []
        bounds += [f"what prevents it ({', '.join(prevented_by)})"] if prevented_by else []
        ways = ["Lower it to that", *(["raise what it requires"] if requires else []), "or write `meaning: base`"]
        super().__init__(
            f"event '{event}': the elicited probability {elicited:.4g} by {by} cannot be met; "
            f"{'with ' + ' and '.join(bounds) + ', ' if bounds else ''}at most {_rounded_down(reachable)} can be "
            f"reached by then. {', '.join(ways)}."
        )


class NotConvergedError(CalibrationError):
    """Base rates that calibration did not find, though they may exist (method §3)."""

    def __init__(self, event: str, by: str, elicited: float, reached: float, n_sweeps: int) -> None:
        self.event, self.by, self.elicited, self.reachable = event, by, elicited, reached
        EtiaError.__init__(
            self,
            f"calibration did not converge after {n_sweeps} sweeps; worst is event '{event}': {elicited:.4g} elicited "
            f"by {by}, {reached:.4g} reached. The elicited value may be sound. Try another `--seed`, rate ratios "
            "nearer to 1 on the links around this event, `meaning: base`, or in a small model `--exact`.",
        )


def _rounded_down(probability: float) -> str:
    """Four significant digits, not above the value but for rounding errors: what is advised must be within reach."""
    if probability <= 0:
        return "0"
    unit = 10.0 ** (floor(log10(probability)) - 3)
    return f"{floor(probability / unit * (1 + 1e-9)) * unit:.4g}"


class StabilityError(EtiaError):
    """Couplings whose loop could amplify itself without end (method §4)."""

    def __init__(self, loop: list[str] | tuple[str, ...], radius: float) -> None:
        self.loop, self.radius = tuple(loop), radius
        super().__init__(
            f"couplings {' -> '.join(self.loop)} form a loop that can amplify itself: spectral radius "
            f"{radius:.3g} of the absolute strengths, below 1 is allowed. Lower one strength of the loop."
        )


class SeriesError(EtiaError):
    """A series that a baseline or a fit cannot use: too few data, or values outside the scale."""


class LimitError(EtiaError):
    """A model too large for what was asked of it."""


class LedgerError(EtiaError):
    """A forecast ledger that was tampered with or misused."""
