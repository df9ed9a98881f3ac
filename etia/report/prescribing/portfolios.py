"""Which portfolios of policies do best, and at what cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etia.report.document import Entry, Paragraph, Section, Table
from etia.report.numbers import count, is_nothing, percent, plain, signed, with_error
from etia.report.prescribing.ranking import ALL, NONE
from etia.report.subject import each, spaced
from etia.report.words import capital, date_words, ended, listed, quoted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from etia.report.album import Album
    from etia.report.document import Block
    from etia.report.prescribing.ranking import Ranking
    from etia.report.subject import Subject
    from etia.schema.policy import Objective

__all__ = ["choice_sentences", "choices", "goal_words", "goals", "options", "single_gains"]

MOST_ROWS = 12
FINE = 0.005
"""the finest step of utility that is worth showing"""


def goals(subject: Subject) -> Section:
    """What is to be achieved, and how it is weighed."""
    objectives = subject.model.objectives
    total = sum(objective.weight for objective in objectives.values()) or 1.0
    entries = tuple(
        Entry(
            f"{capital(spaced(name))}:", f"{goal_words(subject, name, own)} Its weight: {percent(own.weight / total)}."
        )
        for name, own in objectives.items()
    )
    opening = Paragraph(
        f"Strategies are held against {count(len(objectives), 'objective')}. Together they make up one number, the "
        "utility: what is to be high or low counts in standard deviations, the common measure of how far futures "
        "differ without any policy; what is to be reached counts 1 where it is and 0 where it is not; the utility is "
        "the weighted mean of these. Only differences between portfolios mean anything, so given is what each brings "
        "over no policy: with 0.2 it moves the objectives, on the mean, by a fifth of what separates a good future "
        "from a middling one."
    )
    return Section("What is to be achieved", (opening, *entries))


def goal_words(subject: Subject, name: str, objective: Objective) -> str:
    """An objective as a sentence."""
    trend = objective.trend or name
    called = quoted(subject.title(trend))
    when = _when(objective)
    if objective.goal == "reach":
        way = "at most" if objective.at_most else "at least"
        target = subject.amount(trend, float(objective.target if objective.target is not None else np.nan))
        return f"{called} is to be {way} {target} {when}."
    return f"{called} is to be as {'high' if objective.goal == 'maximise' else 'low'} as can be {when}."


def _when(objective: Objective) -> str:
    if objective.at is not None:
        return f"in {date_words(str(objective.at))}"
    if objective.from_ is not None and objective.until is not None:
        return f"on average from {date_words(str(objective.from_))} to {date_words(str(objective.until))}"
    if objective.from_ is not None:
        return f"on average from {date_words(str(objective.from_))} on"
    if objective.until is not None:
        return f"on average up to {date_words(str(objective.until))}"
    return "on average over the years to come"


def options(subject: Subject) -> Section:
    """The policies, their costs, and what each brings by itself."""
    single = single_gains(subject)
    table = subject.table("portfolio_ranks")
    costs = dict(zip(table["portfolio"], table["cost"], strict=True)) if len(table) else {}
    unit = _unit(subject)
    rows, entries = [], []
    for name, policy in subject.model.policies.items():
        gain = single.get(name)
        cost = plain(float(costs[name]), 1) if name in costs else "beyond the budget"
        told = with_error(*gain, sign=True, least=FINE) if gain and gain[1] > 0 else "0" if gain else "–"
        actor = subject.title(policy.actor) if policy.actor else "–"
        rows.append((policy.title, actor, date_words(str(policy.from_)), cost, told))
        if policy.note:
            entries.append(Entry(ended(policy.title), ended(policy.note)))
    heads = ("Policy", "Whose", "From", f"Cost{f' ({unit})' if unit else ''}", "Utility by itself")
    shown = Table(heads, tuple(rows), (False, False, False, True, True), "Each policy by itself, against doing nothing")
    budget = subject.model.budget
    within = (
        f" A portfolio may cost {budget.value:g}{f' {unit}' if unit else ''} in all."
        if budget
        else " There is no budget."
    )
    text = (
        f"{count(len(rows), 'policy', 'policies').capitalize()} can be chosen from.{within} {_exclusions(subject)}"
    ).strip()
    words = (Section("The policies in words", tuple(entries)),) if entries else ()
    return Section("What can be chosen", (Paragraph(text), shown, *_helpless(subject, single)), words)


def _helpless(subject: Subject, single: dict[str, tuple[float, float]]) -> tuple[Block, ...]:
    lost = [name for name, (gain, se) in single.items() if is_nothing(gain, se) and gain != 0]
    harm = [name for name, (gain, se) in single.items() if gain < 0 and not is_nothing(gain, se)]
    said = []
    if harm:
        said.append(f"By {'itself' if len(harm) == 1 else 'themselves'}, "
f"{listed(quoted(subject.title(n)) for n in harm)} "
                    f"would do more harm than good to these objectives.")  # fmt: skip
    if lost:
        said.append(
            f"What {listed(quoted(subject.title(n)) for n in lost)} would bring cannot be told apart from nothing."
        )
    return (Paragraph(" ".join(said)),) if said else ()


def _exclusions(subject: Subject) -> str:
    pairs, needs = [], []
    for name, policy in subject.model.policies.items():
        for other in policy.excludes:
            if (other, name) not in pairs and (name, other) not in pairs:
                pairs.append((name, other))
        needs += [(name, other) for other in policy.requires]
    said = []
    if pairs:
        told = listed(f"{quoted(subject.title(a))} with {quoted(subject.title(b))}" for a, b in pairs)
        said.append(f"What cannot go together: {told}.")
    if needs:
        said.append(
            f"{capital(listed(f'{quoted(subject.title(a))} needs {quoted(subject.title(b))}' for a, b in needs))}."
        )
    return " ".join(said)


def _unit(subject: Subject) -> str:
    return (subject.model.budget.unit if subject.model.budget else None) or ""


def single_gains(subject: Subject) -> dict[str, tuple[float, float]]:
    """By policy: what it brings by itself over all futures, with its error."""
    rows = subject.rows("policy_gains", scenario=ALL, lens=ALL)
    return {
        str(row.portfolio): (float(row.gain), float(row.se))
        for row in each(rows)
        if row.portfolio in subject.model.policies
    }


def choices(ranking: Ranking, album: Album) -> Section:
    """The best portfolios, and those that are best for their cost."""
    subject, table = ranking.subject, ranking.table
    texts = choice_sentences(ranking)
    drawn = table.assign(portfolio=[_labelled(ranking, name) for name in table["portfolio"]], utility=table["gain"])
    budget = subject.model.budget
    figure = album.figure(
        "portfolios",
        lambda: _figure(drawn, _unit(subject), budget.value if budget else None),
        caption="Each dot is a portfolio: its cost, and what it brings over no policy. Numbered as in the table: those "
        "that nothing else beats at no more cost.",
        alt=f"Portfolios by cost and utility. {texts[0]}",
    )
    blocks: list[Block] = [*(Paragraph(text) for text in texts), _rank_table(ranking), *figure]
    remarks = subject.rows("strategy_notes", about="portfolios")
    blocks += [Paragraph(str(text)) for text in remarks.get("text", [])]
    return Section("Which portfolios do best", tuple(blocks))


def _labelled(ranking: Ranking, portfolio: str) -> str:
    if portfolio == NONE:
        return "No policy"
    return " + ".join(ranking.subject.title(name.strip()) for name in portfolio.split("+"))


def _figure(table: pd.DataFrame, unit: str, budget: float | None) -> Axes:
    from etia.figures import draw_portfolios

    return draw_portfolios(table, cost_unit=unit, budget=budget, title="What portfolios cost and what they bring")


def choice_sentences(ranking: Ranking) -> list[str]:
    """The best, its rivals within the error, the safest, and how often all targets are met."""
    best, safe = ranking.best, ranking.least_regret
    name = str(best["portfolio"])
    if name == NONE:
        first = "On average over all futures compared no portfolio does better than no policy at all."
    else:
        gain = with_error(float(best["gain"]), float(best["se"]), sign=True, least=FINE)
        first = (
            f"Best on average over all futures compared is {ranking.policies(name)}: over no policy it brings {gain} "
            f"of utility, at a cost of {_cost(ranking.subject, float(best['cost']))}. It is called portfolio 1 here."
        )
    near = ranking.near()
    said = [first, _near(ranking, near)]
    if safe["portfolio"] == best["portfolio"]:
        said.append(f"It is also the choice to regret least: nowhere does it fall short of the best there by more than "
                    f"{plain(float(safe['regret']), 2)}.")  # fmt: skip
    else:
        said.append(
            f"The choice to regret least is {ranking.called(safe['portfolio'])}: nowhere does it fall short of the "
            f"best there by more than {plain(float(safe['regret']), 2)}, where {ranking.short(name)} may by "
            f"{plain(float(best['regret']), 2)}."
        )
    said.append(_targets(ranking))
    return [text for text in said if text]


def _near(ranking: Ranking, near: list[str]) -> str:
    if not near:
        return ""
    told = [ranking.short(name) for name in near[:3]]
    more = len(near) - len(told)
    others = f"{', '.join(told)} and {count(more, 'other')}" if more else listed(told)
    return (
        f"{capital(others)} {'comes' if len(near) == 1 else 'come'} within that error of it: between these the "
        "numbers do not decide."
    )


def _targets(ranking: Ranking) -> str:
    table, best = ranking.table, ranking.best
    if not np.isfinite(table["satisficing"].to_numpy(dtype=float)).any():
        return ""
    none = table.loc[table["portfolio"] == NONE, "satisficing"]
    sure = table.iloc[int(np.nanargmax(table["satisficing"].to_numpy(dtype=float)))]
    before = f" (with no policy, in {percent(float(none.iloc[0]))})" if len(none) else ""
    text = (
        f"All targets at once are met in {percent(float(best['satisficing']))} of the futures with "
        f"{ranking.short(str(best['portfolio']))}{before}"
    )
    if sure["portfolio"] != best["portfolio"]:
        text += f"; most often, in {percent(float(sure['satisficing']))}, with {ranking.called(str(sure['portfolio']))}"
    return text + "."


def _rank_table(ranking: Ranking) -> Table:
    shown = ranking.table
    first, rest = shown.iloc[:MOST_ROWS], shown.iloc[MOST_ROWS:]
    front = rest[rest["pareto"].astype(bool)]
    rows = [_row(ranking, row) for part in (first, front) for _, row in part.iterrows()]
    left = len(shown) - len(rows)
    caption = "Portfolios by what they bring, the best first; ◆ marks those that nothing else beats at no more cost"
    if left > 0:
        caption += f". Beyond the first {MOST_ROWS} only these; the table portfolio_ranks holds all"
    heads = ("No.", "Policies", f"Cost{f' ({_unit(ranking.subject)})' if _unit(ranking.subject) else ''}",
             "Utility over no policy", "Most regret", "All targets met")  # fmt: skip
    return Table(heads, tuple(rows), (True, False, True, True, True, True), caption)


def _row(ranking: Ranking, row: pd.Series[Any]) -> tuple[str, ...]:
    gain, se = float(row["gain"]), float(row["se"])
    met = percent(float(row["satisficing"])) if np.isfinite(float(row["satisficing"])) else "–"
    bring = signed(gain, 2) if not np.isfinite(se) or se == 0 else with_error(gain, se, sign=True, least=FINE)
    names = [ranking.subject.title(name.strip()) for name in str(row["portfolio"]).split("+")]
    return (
        f"{'◆ ' if row['pareto'] else ''}{int(row['number'])}",
        "No policy" if row["portfolio"] == NONE else " + ".join(names),
        plain(float(row["cost"]), 1),
        bring,
        plain(float(row["regret"]), 2),
        met,
    )


def _cost(subject: Subject, cost: float) -> str:
    return f"{plain(cost, 1)} {_unit(subject)}".strip()
