"""The account of one number in lines for the terminal: what goes back to each event, and the largest single paths."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from etia.report.numbers import share, with_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etia.describe.explanation import Account, Term
    from etia.facade.model import Model

__all__ = ["account_lines", "title_of"]

WIDEST = 66
"""letters of a term in one line"""
_LEAST = 0.001
"""part of all movement below which noise is not worth a line"""


def title_of(model: Model, name: str) -> str:
    """What an event or a trend is called; a copy says which one it is."""
    base, _, copy = name.partition("#")
    for chapter in (model.events, model.trends):
        if base in chapter:
            return (chapter[base].title or base) + (f" ({copy})" if copy else "")
    return name


def account_lines(account: Account, model: Model, top: int) -> list[str]:
    """The value, its baseline, the parts of both tables, and what they rest on."""
    unit = f" {account.unit}" if account.unit else ""
    # nan, which differs from itself, where no event moves the trend
    told = [f"{name} {share(part)}" for name, part in account.evidence_shares().items() if part == part]
    return [
        f"{title_of(model, account.trend)} at {account.date} (scenario {account.scenario}, lens {account.lens})",
        f"  {account.value:.4g}{unit}, where the mean of the latent scale stands "
        f"(mean {account.mean:.4g}, median {account.median:.4g})",
        f"  {account.baseline:.4g} baseline, without events",
        "",
        *_table("All that goes back to an event", account.top_causes(top), account, model),
        "",
        *_table("The largest paths by themselves", account.top(top), account, model),
        *(["", f"  rests on: {', '.join(told)}"] if told else []),
        *(["  ± two standard errors, of chance and judgement counted together"] if account.units.size else []),
    ]


def _table(head: str, terms: list[Term], account: Account, model: Model) -> Iterator[str]:
    """A line or two a term: its name, its latent size, its share in the trend's units, two standard errors, grounds."""
    moved = sum(abs(term.latent) for term in terms if term.events)
    terms = [term for term in terms if term.kind != "noise" or abs(term.latent) > _LEAST * moved]
    names = [_lines(term, account, model) for term in terms]
    width = max(len(head), *(len(line) for lines in names for line in lines))
    shares = [_share(term) for term in terms]
    wide = max(5, *map(len, shares))
    yield f"  {head:{width}}  {'latent':>8}  {'share':>{wide}}  mechanisms; claims"
    for term, lines, told in zip(terms, names, shares, strict=True):
        yield f"  {lines[0]:{width}}  {_signed(term.latent):>8}  {told:>{wide}}  {_grounds(term)}".rstrip()
        yield from (f"  {line}" for line in lines[1:])


def _lines(term: Term, account: Account, model: Model) -> list[str]:
    """The term's name; the trend that is explained goes without saying at its end."""
    if term.events and term.trends[-1:] == (account.trend,):
        names = [title_of(model, name) for name in (*term.events, *term.trends[:-1])]
        text = " → ".join(names)
    else:
        text = term.titled(lambda name: title_of(model, name))
    return textwrap.wrap(text, WIDEST, subsequent_indent="    ") or [text]


def _share(term: Term) -> str:
    if term.share_se == term.share_se and term.share_se > 0:
        return with_error(term.share, term.share_se, sign=True)
    return f"{term.share:+.4g}".replace("-", "−")


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")


def _grounds(term: Term) -> str:
    parts = (term.mechanisms[:3], term.claims if term.trends else ())
    return "; ".join(", ".join(part) for part in parts if part)
