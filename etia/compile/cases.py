"""Which worlds a run tables: the reference and the scenarios, under one lens or under all (method §5, §10).

Every case is made once and kept, so that no layer samples what another has sampled.
A layer is a function `tables(study, cases, options)` that gives its tables by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, overload

from etia.compile.study import REFERENCE, Case, Study

if TYPE_CHECKING:
    from etia.schema.evidence import Claim

__all__ = ["Cases", "Options"]


@dataclass(frozen=True)
class Options:
    """What layers are told besides the cases."""

    claims: Mapping[str, Claim] = field(default_factory=dict, repr=False)
    """all claims of the sources by number"""
    every_step: bool = False
    """scores at every step instead of the last of each year"""
    model: str = "model"
    """the model's name, for tables that name it"""
    learn: bool = False
    """fits, backtests and weights of lenses too, not only the test of turning points"""
    false_alarm: float = 0.05
    """how often a turning point may be called where there is none; intervals of breaks cover the rest"""


class Cases(Sequence[Case]):
    """The cases of the tables' rows, in their order: the reference first, then the scenarios.

    `lens` and `policies` are those asked for; they then apply to every row. Without a lens each case has its scenario's
    own, or the reference lens.
    """

    def __init__(
        self,
        study: Study,
        scenarios: Sequence[str] = (),
        lens: str | None = None,
        policies: Sequence[str] | None = None,
    ) -> None:
        self.study = study
        self.lens = lens
        self.policies = policies
        self.scenarios = (REFERENCE, *(name for name in scenarios if name != REFERENCE))
        self._made: dict[tuple[str, str | None], Case] = {}

    def of(self, scenario: str = REFERENCE, lens: str | None = None) -> Case:
        """The one case of a scenario under a lens."""
        chosen = lens or self.lens
        if (scenario, chosen) not in self._made:
            case = self.study.case(scenario, chosen, self.policies)
            self._made[scenario, chosen] = self._made.setdefault((scenario, case.lens), case)
        return self._made[scenario, chosen]

    def under_all_lenses(self) -> list[Case]:
        """Every scenario under every lens, in order; under the lens that was asked for alone where one was."""
        lenses = [self.lens] if self.lens else self.study.lens_names
        return [self.of(scenario, lens) for scenario in self.scenarios for lens in lenses]

    @overload
    def __getitem__(self, index: int) -> Case: ...
    @overload
    def __getitem__(self, index: slice) -> list[Case]: ...
    def __getitem__(self, index: int | slice) -> Case | list[Case]:
        tabled = [self.of(scenario) for scenario in self.scenarios]
        return tabled[index]

    def __len__(self) -> int:
        return len(self.scenarios)

    def __repr__(self) -> str:
        return f"Cases({', '.join(self.scenarios)}; lens {self.lens or self.study.reference_lens})"
