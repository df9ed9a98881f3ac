"""Which tested pairs of event and trend the study connects, and what the others say all together (method §9).

With many events and trends the test is made of many pairs. Where the study holds the one to move the other, a break
answers a question that was asked; among all other pairs some breaks are false alarms, and no one knows which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from etia.schema.model import Model

__all__ = ["FALSE_ALARM", "chance_sentence", "checked_rate", "is_connected", "rate_words"]

FALSE_ALARM = 0.05
"""the rate at which a test of turning points calls a break where there is none, unless another is asked for"""


def checked_rate(rate: float) -> float:
    """A false-alarm rate that was asked for. Raises UsageError unless it lies strictly between 0 and 0.5."""
    if not 0 < rate < 0.5:
        raise UsageError(f"a false-alarm rate lies strictly between 0 and 0.5, not at {rate:g}")
    return rate


def rate_words(rate: float) -> str:
    """A rate that was asked for, as it was asked for: 0.05 as `5 %`, 0.005 as `0.5 %`."""
    return f"{100 * rate:.3g} %"


def is_connected(breaks: pd.DataFrame, model: Model) -> pd.Series[bool]:
    """Rows of table `turning_points` whose event has an impact on the trend, as the model states it."""
    import pandas as pd

    stated = {(impact.source, impact.target) for impact in model.impacts.values()}
    pairs = zip(breaks["event"], breaks["trend"], strict=True)
    return pd.Series([pair in stated for pair in pairs], index=breaks.index, dtype=bool)


def chance_sentence(others: pd.DataFrame, alpha: float = FALSE_ALARM) -> str:
    """How many of the pairs that the study does not connect show a break, beside α·N; empty where none was tested."""
    tested = others[others["verdict"] != "too few data"]
    n, k = len(tested), int((tested["verdict"] == "break").sum())
    if not n:
        return ""
    shown = f"{k or 'none'} {'show' if k > 1 else 'shows'} a break"
    pairs = "1 pair that the study does" if n == 1 else f"{n} pairs that the study does"
    return f"Of {pairs} not connect, {shown}; chance alone gives about {_rounded(alpha * n)}."


def _rounded(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")
