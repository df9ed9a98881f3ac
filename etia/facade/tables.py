"""A run's tables by name: computed layer by layer when asked for, or read from the folder of a saved run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from etia.facade.running import Run

__all__ = ["LAYERS", "Tables", "layers_of"]

LAYERS = {
    "describe": "etia.describe.layer",
    "map": "etia.mapping.layer",
    "prescribe": "etia.prescribe.layer",
    "learn": "etia.learn.layer",
}
"""the three layers in order, and what is learned from data; the module of each"""


class Tables(Mapping[str, "pd.DataFrame"]):
    """Tables by name, in order of the layers."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._made: dict[str, dict[str, pd.DataFrame]] = {}

    def layer(self, name: str) -> dict[str, pd.DataFrame]:
        """All tables of one layer."""
        if name not in self._made:
            self._made[name] = self._stored(name) or self._computed(name)
        return self._made[name]

    @property
    def made(self) -> dict[str, pd.DataFrame]:
        """The tables of the layers that were asked for so far."""
        return {name: table for tables in self._made.values() for name, table in tables.items()}

    def _computed(self, layer: str) -> dict[str, pd.DataFrame]:
        run = self._run
        if run.request.exact:
            from etia.mapping.enumeration import exact_tables

            return exact_tables(run.cases) if layer == "map" else {}
        found: dict[str, pd.DataFrame] = import_module(LAYERS[layer]).tables(run.study, run.cases, run.options)
        if "trend_scores" in found:
            found["trend_scores"] = self._with_evidence(found["trend_scores"])
        return found

    def _with_evidence(self, cards: pd.DataFrame) -> pd.DataFrame:
        """The score cards with the shares that rest on evidence and on data, which the first layer knows."""
        import pandas as pd

        from etia.describe.evidence import evidence_accounts, evidence_shares

        known = self._made.get("describe", {}).get("evidence", pd.DataFrame(columns=["scenario", "lens"]))
        there = set(zip(known["scenario"], known["lens"], strict=True))
        missing = [case for case in self._run.cases.under_all_lenses() if (case.scenario, case.lens) not in there]
        shares = pd.concat([known, *(evidence_shares(evidence_accounts(case)) for case in missing)])
        shares = shares.rename(columns={"evidence": "evidence_share", "data": "data_share"})
        keys, filled = ["scenario", "lens", "trend"], ["evidence_share", "data_share"]
        merged = cards.drop(columns=filled).merge(shares[[*keys, *filled]], on=keys, how="left")
        return merged[list(cards.columns)]

    def _stored(self, layer: str) -> dict[str, pd.DataFrame]:
        if self._run.folder is None:
            return {}
        from etia.facade.stored import read_tables

        return read_tables(self._run.folder, layer)

    def __getitem__(self, name: str) -> pd.DataFrame:
        for layer in self._order(name):
            if name in self.layer(layer):
                return self.layer(layer)[name]
        raise KeyError(f"there is no table {name!r}; there are {', '.join(self)}")

    @staticmethod
    def _order(name: str) -> list[str]:
        """The layers, those first whose module lists the table: so one table costs one layer."""
        listed = layers_of(name)
        return listed + [layer for layer in LAYERS if layer not in listed]

    def __iter__(self) -> Iterator[str]:
        for layer in LAYERS:
            yield from self.layer(layer)

    def __len__(self) -> int:
        return sum(len(self.layer(layer)) for layer in LAYERS)

    def __repr__(self) -> str:
        return f"Tables({', '.join(name for made in self._made.values() for name in made) or 'none asked for yet'})"


def layers_of(table: str) -> list[str]:
    """The layers whose modules list the table."""
    return [layer for layer, module in LAYERS.items() if table in getattr(import_module(module), "TABLES", ())]
