"""The portfolios in order of what they bring, each with a number by which the page speaks of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etia.report.words import listed, quoted

if TYPE_CHECKING:
    import pandas as pd

    from etia.report.subject import Subject

__all__ = ["ALL", "NONE", "Ranking"]

ALL, NONE = "all", "none"


class Ranking:
    """Portfolios over all futures compared, best first; of those that do just the same, the smallest."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        table = subject.table("portfolio_ranks")
        self._number: dict[str, int] = {}
        if len(table):
            table = _with_gains(table, subject.rows("policy_gains", scenario=ALL, lens=ALL))
            table = table.sort_values(["utility_rank", "n_policies"], kind="stable")
            same = table.groupby(["cost", "utility", "regret"], sort=False, dropna=False).ngroup()
            self._number = dict(zip(table["portfolio"].astype(str), (same + 1).tolist(), strict=True))
            table = table[~same.duplicated()].assign(number=lambda own: own["portfolio"].map(self._number))
        self.table: pd.DataFrame = table.reset_index(drop=True)
        """columns of `portfolio_ranks`, with `gain` over no policy, its `se`, and `number`"""

    @property
    def best(self) -> pd.Series[Any]:
        """The row of the best portfolio."""
        found: pd.Series[Any] = self.table.iloc[0]
        return found

    @property
    def least_regret(self) -> pd.Series[Any]:
        """The row of the portfolio that is to be regretted least."""
        found: pd.Series[Any] = self.table.iloc[int(self.table["regret"].to_numpy().argmin())]
        return found

    def near(self) -> list[str]:
        """Portfolios whose gain is within the error of the best one's."""
        best = self.best
        if not np.isfinite(best["se"]):
            return []
        rest = self.table.iloc[1:]
        return [str(name) for name in rest.loc[best["gain"] - rest["gain"] <= 2 * best["se"], "portfolio"]]

    def policies(self, portfolio: str) -> str:
        """The titles of a portfolio's policies, in a sentence."""
        names = [part.strip() for part in str(portfolio).split("+")]
        if names == [NONE]:
            return "no policy"
        return listed(quoted(self.subject.title(name)) for name in names)

    def called(self, portfolio: str) -> str:
        """`portfolio 3 (“A” and “B”)`; no policy by that name."""
        if str(portfolio) == NONE:
            return "no policy"
        number = self._number.get(str(portfolio))
        told = self.policies(portfolio)
        return f"portfolio {number} ({told})" if number else told

    def short(self, portfolio: str) -> str:
        """`portfolio 3`."""
        number = self._number.get(str(portfolio))
        return f"portfolio {number}" if number and str(portfolio) != NONE else self.policies(portfolio)


def _with_gains(table: pd.DataFrame, gains: pd.DataFrame) -> pd.DataFrame:
    if gains.empty:
        return table.assign(gain=table["utility"], se=np.nan)
    return table.merge(gains[["portfolio", "gain", "se"]], on="portfolio", how="left")
