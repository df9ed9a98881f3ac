"""The page of the third layer, from its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.report.document import Aside, Page, Paragraph, Section
from etia.report.opening import question, reading
from etia.report.prescribing.portfolios import choices, goals, options
from etia.report.prescribing.ranking import Ranking
from etia.report.prescribing.robustness import robustness
from etia.report.prescribing.signposts import signposts

if TYPE_CHECKING:
    from etia.report.album import Album
    from etia.report.subject import Subject

__all__ = ["page"]

TITLE = "Prescribe: which strategies"


def page(subject: Subject, album: Album) -> Page:
    """What to choose."""
    model = subject.model
    missing = [word for word, there in (("policies", model.policies), ("objectives", model.objectives)) if not there]
    if missing or subject.table("portfolio_ranks").empty:
        without = " and no ".join(missing)
        why = f"This study names no {without}" if missing else "No portfolio of policies was compared in this run"
        return Page(
            "prescribe", TITLE, (*question(subject), Paragraph(f"{why}, so there is nothing to choose between."))
        )
    extra = (
        "Portfolios are compared on the same random numbers, so a difference between two of them is that of the "
        "policies and not of luck. Regret is what one would have gained by choosing what turned out best in a world; "
        "counted is the worst world and the worst set of judgements.",
    )
    ranking = Ranking(subject)
    sections = (
        choices(ranking, album),
        goals(subject),
        options(subject),
        robustness(ranking),
        signposts(ranking),
        reading(subject, *extra),
        _where(subject),
    )
    return Page("prescribe", TITLE, question(subject), tuple(section for section in sections if section is not None))


def _where(subject: Subject) -> Section:
    names = subject.present(
        "policy_scores", "policy_gains", "portfolio_ranks", "policy_reversals", "signposts", "waiting"
    )
    text = f"The folder tables holds every portfolio in every world, with errors: {names}."
    return Section("Where the numbers stand", (Aside(text),))
