"""The page of the first layer, from its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.report.describing.causes import causes, course_sentence
from etia.report.describing.chronicle import chronicle, chronicle_table, web
from etia.report.describing.counterfactuals import counterfactuals
from etia.report.describing.evidence import evidence
from etia.report.describing.shares import shares
from etia.report.describing.stakes import stakes
from etia.report.describing.structure import structure
from etia.report.describing.theory import hypotheses, hypothesis_sentences, lenses
from etia.report.describing.transmission import transmission
from etia.report.describing.turning import turning_points
from etia.report.document import Aside, Bullets, Page, Section
from etia.report.learned import learned
from etia.report.opening import question, reading
from etia.report.subject import REFERENCE
from etia.report.words import quoted

if TYPE_CHECKING:
    from etia.report.album import Album
    from etia.report.subject import Subject

__all__ = ["page"]


def page(subject: Subject, album: Album) -> Page:
    """What brought us here."""
    extra = (
        "A lens is a theory: it says how strongly each causal idea works. Unless another is named, numbers are those "
        f"of the lens {subject.title(subject.lens)}.",
    )
    sections = (
        _in_short(subject),
        reading(subject, *(extra if len(subject.model.lenses) > 1 else ())),
        chronicle(subject, album),
        web(subject, album),
        structure(subject, album),
        causes(subject, album),
        transmission(subject),
        shares(subject),
        counterfactuals(subject),
        turning_points(subject),
        learned(subject),
        stakes(subject, album),
        lenses(subject),
        hypotheses(subject, album),
        evidence(subject),
        chronicle_table(subject),
        _where(subject),
    )
    found = tuple(section for section in sections if section is not None)
    return Page("describe", "Describe: what brought us here, and how we know", question(subject), found)


def _in_short(subject: Subject) -> Section | None:
    """The hypotheses and the asked trends in a line each."""
    rows = subject.rows("hypotheses", scenario=REFERENCE)
    items = []
    if len(rows):
        for name, own in subject.model.hypotheses.items():
            items.append(f"{quoted(own.statement)} {' '.join(hypothesis_sentences(subject, name, rows)[:2])}")
    for name in subject.asked_trends():
        told = course_sentence(subject, name, subject.main("trend_projections", trend=name))
        if told:
            items.append(f"{subject.title(name)}: {told[:1].lower()}{told[1:]}")
    return Section("In short", (Bullets(tuple(items)),)) if items else None


def _where(subject: Subject) -> Section:
    names = subject.present(
        "impact_scores", "drivers", "transmission", "shares", "hypotheses", "convergence", "stake_drivers", "chronicle",
        "causal_links", "attributable_fractions", "strongest_chains", "longest_chains", "influence", "feedback_loops",
        "gatekeepers", "evidence", "uncited", "turning_points",
    )  # fmt: skip
    text = (
        "The folder tables holds every number of this page, most of them at the end of every year, with errors: "
        f"{names}. The command etia explain takes any value of a trend apart."
    )
    return Section("Where the numbers stand", (Aside(text),))
