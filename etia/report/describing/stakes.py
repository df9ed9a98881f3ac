"""Where actors stand together and where against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etia.report.document import Bullets, Paragraph, Section
from etia.report.numbers import count, plain
from etia.report.words import capital, listed, quoted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from etia.report.album import Album
    from etia.report.document import Block
    from etia.report.subject import Subject

__all__ = ["pair_sentences", "stakes"]

ALL = "all"
MOST_PAIRS = 3
MOST_STAKES = 3


def stakes(subject: Subject, album: Album) -> Section | None:
    """Convergence and divergence of actors; None where the study names no contested questions."""
    rows = subject.table("convergence")
    if rows.empty:
        return None
    whole = rows[(rows["domain"] == ALL) & (rows["level"] == ALL)]
    if whole.empty:
        parts = rows.groupby(["actor", "other"], sort=False)[["agreement", "conflict"]].sum().reset_index()
        whole = parts.assign(domain=ALL, level=ALL)
    opening = (
        f"On {count(len(subject.model.stakes), 'contested question')} the study notes where actors stand, from 3 "
        "against to 3 for, and how much it matters to them. Two actors on the same side of a question agree on it by "
        "the mean of their weighted positions, two on opposite sides are in conflict by as much; sums are over "
        "questions, so they grow with the number of questions on which both have a position."
    )
    figure = album.figure(
        "convergence",
        lambda: _figure(subject, whole),
        caption="Agreement less conflict of each pair of actors; in brackets the two. Blue: they agree more than they "
        "quarrel; red: the reverse; empty: no question on which both stand.",
        alt="Matrix of agreement and conflict between actors. " + " ".join(_extremes(subject, whole)),
    )
    blocks: list[Block] = [Paragraph(opening), Paragraph(" ".join(_extremes(subject, whole))), *figure]
    drivers = subject.table("stake_drivers")
    size = (whole["agreement"] + whole["conflict"]).sort_values(ascending=False, kind="stable")
    told = [pair_sentences(subject, whole.loc[index], rows, drivers) for index in size.index[:MOST_PAIRS]]
    blocks += [Paragraph("The pairs that have most to do with each other:"), Bullets(tuple(told))]
    return Section("Convergence and divergence of actors", tuple(blocks))


def _figure(subject: Subject, whole: pd.DataFrame) -> Axes:
    from etia.figures import draw_convergence

    return draw_convergence(whole, titles={name: _actor(subject, name) for name in {*whole["actor"], *whole["other"]}})


def _pair(subject: Subject, row: pd.Series[Any]) -> str:
    return f"{_actor(subject, str(row['actor']))} and {_actor(subject, str(row['other']))}"


def _actor(subject: Subject, name: str) -> str:
    """An actor's title without what its brackets explain."""
    return subject.title(name).partition(" (")[0]


def _extremes(subject: Subject, whole: pd.DataFrame) -> list[str]:
    net = (whole["agreement"] - whole["conflict"]).sort_values(ascending=False, kind="stable")
    near, far = whole.loc[net.index[0]], whole.loc[net.index[-1]]
    said = []
    if net.iloc[0] > 0:
        said.append(f"On balance closest: {_pair(subject, near)} ({_sums(near)}).")
    if net.iloc[-1] < 0:
        said.append(f"Farthest apart: {_pair(subject, far)} ({_sums(far)}).")
    return said


def _sums(row: pd.Series[Any]) -> str:
    return f"agreement {plain(float(row['agreement']), 1)}, conflict {plain(float(row['conflict']), 1)}"


def pair_sentences(subject: Subject, pair: pd.Series[Any], rows: pd.DataFrame, drivers: pd.DataFrame) -> str:
    """One pair: its sums, the domain in which it is closest and farthest, and the questions that drive both."""
    mine = (rows["actor"] == pair["actor"]) & (rows["other"] == pair["other"]) & (rows["domain"] != ALL)
    by_domain = rows[mine].groupby("domain", sort=False)[["agreement", "conflict"]].sum()
    said = f"{_pair(subject, pair)}: {_sums(pair)}."
    if len(by_domain) > 1:
        told = [
            f"{domain} {plain(float(own['agreement']), 1)} against {plain(float(own['conflict']), 1)}"
            for domain, own in by_domain.iterrows()
        ]
        said += f" By domain, agreement against conflict: {listed(told)}."
    return said + _driving(subject, pair, drivers)


def _driving(subject: Subject, pair: pd.Series[Any], drivers: pd.DataFrame) -> str:
    if drivers.empty:
        return ""
    own = drivers[(drivers["actor"] == pair["actor"]) & (drivers["other"] == pair["other"])]
    by_stake = own.groupby("stake", sort=False)[["agreement", "conflict"]].sum()
    said = []
    for column, words in (("agreement", "they stand together most on"), ("conflict", "against each other most on")):
        best = by_stake[by_stake[column] > 0].sort_values(column, ascending=False, kind="stable")[:MOST_STAKES]
        if len(best):
            said.append(f"{words} {listed(quoted(subject.title(str(stake))) for stake in best.index)}")
    return f" {capital('; '.join(said))}." if said else ""
