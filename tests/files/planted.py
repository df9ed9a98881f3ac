"""Faults, one for every rule: what is written in place of what, and what must be found, where.

In the text that is planted `¦` stands before the place at which the finding must point.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Planted:
    """A fault: in `file`, `new` for the first `old`; expected are code, words of the message and of the hint."""

    code: str
    old: str
    new: str
    message: str
    hint: str = ""
    file: str = "model.yaml"


def _p(*args, **kwargs):
    return Planted(*args, **kwargs)


SYNTAX = [
    _p("colon", "title: A war begins", "title: A war¦: it begins", "a second colon", 'title: "A war: it begins"'),
    _p("tab", "  north: {title: The north}", "¦\tnorth: {title: The north}", "a tab", "Indent with spaces."),
    _p("syntax", "title: Peace is made", "title: ¦@peace", "cannot begin with '@'", "in quotes"),
    _p("syntax", "bounds: [0, 100]", "bounds: ¦[0, 100", "not closed", "Close the bracket"),
    _p("syntax", "title: Trust", "title: ¦'Trust", "a quote that is not closed", "Close it"),
    _p("syntax", "title: Arms", "sign: ¦-", "a lone -", "sign: '-'"),
    _p(
        "indentation",
        "    level: macro\n    requires",
        "     level¦: macro\n    requires",
        "does not line up",
        "Indent",
    ),
    _p(
        "duplicate-key",
        "    title: Arms\n",
        "    title: Arms\n    ¦title: Guns\n",
        "'title' stands twice; first in line",
    ),
    _p("alias", "title: Trust", "title: ¦*trust", "*trust names nothing", "in quotes"),
    _p("tag", "unit: bn\n    level", "unit: ¦!!str bn\n    level", "the tag"),
    _p("documents", "budget:", "¦---\nbudget:", "a second document", "Take the ---"),
    _p("character", "title: Trust", "title: Tr¦\x07ust", "U+0007 is not allowed"),
]

VALUES = [
    _p("format-version", "etia: 1\n", "etia: ¦2\n", "2 is not a known format version", "Read: 1."),
    _p("missing", "    title: Trade\n", "", "trends.trade: has no 'title'", "what it is, in words"),
    _p("unknown-key", "    actors: [north]", "    ¦actor: [north]", "unknown key 'actor'", "Did you mean 'actors'?"),
    _p("unknown-key", "stakes:", "¦steaks:", "unknown key 'steaks'", "Did you mean 'stakes'?"),
    _p("unknown-key", "budget:", "¦extends: calm\nbudget:", "unknown key 'extends'", "key of scenarios"),
    _p("empty", "    unit: bn\n", "    ¦unit:\n", "trends.trade.unit: has no value", "Write one"),
    _p(
        "id",
        "  north: {title: The north}",
        "  north: {title: The north}\n  ¦far-north: {title: x}",
        "'far-north' is not an id",
        "'far_north'",
    ),
    _p("text", "title: Arms", "title: ¦[Arms]", "a list where a text belongs", "Write a text"),
    _p(
        "list",
        "    domains: [strategic]",
        "    domains: ¦strategic",
        "'strategic' where a list belongs",
        "Write [strategic]",
    ),
    _p(
        "mapping",
        "constructed: {from: 2000-01, value: [15, 25, 35], drift: 0.5, note: as judged}",
        "constructed: ¦25",
        "is not a mapping",
        "{key: value}",
    ),
    _p(
        "number",
        "at: 2004, value: 3.5",
        'at: 2004, value: ¦"3.5"',
        "'3.5' is not a number",
        "Take the quotes away: 3.5",
    ),
    _p("number", "at: 2004, value: 3.5", "at: 2004, value: ¦three", "'three' is not a number"),
    _p("number", "at: 2004, value: 3.5", "at: 2004, value: ¦.nan", "'.nan' is not a finite number"),
    _p("number", "by: 2028-12, value: 0.5", "by: 2028-12, value: ¦50%", "'50%' is not a number", "as 0.5"),
    _p(
        "probability",
        "by: 2028-12, value: 0.5",
        "by: 2028-12, value: ¦1.2",
        "1.2 is not a probability (0 ≤ p < 1)",
        "Did you mean 0.12?",
    ),
    _p("probability", "[0.1, 0.2, 0.4]", "[0.1, 0.2, ¦40]", "40 is not a probability", "Did you mean 0.4?"),
    _p("rate-ratio", "rate_ratio: [1, 2, 3]", "rate_ratio: [¦0, 2, 3]", "0 is not a rate ratio (> 0)", "0.5 halves"),
    _p("order", "rate_ratio: [1, 2, 3]", "rate_ratio: ¦[3, 2, 1]", "3, 2, 1 are not in order", "1, 2, 3"),
    _p("order", "{p5: 1, p50: 2, p95: 4}", "¦{p5: 1, p50: 4, p95: 2}", "not in order", "p5 < p50 < p95"),
    _p("quantity", "rate_ratio: [1, 2, 3]", "rate_ratio: ¦[1, 3]", "a range of 2 numbers", "[low, best, high]"),
    _p("quantity", "{p5: 1, p50: 2, p95: 4}", "¦{p5: 1, p95: 4}", "without p50"),
    _p("unknown-key", "{p5: 1, p50: 2, p95: 4}", "{p5: 1, ¦p55: 2, p95: 4}", "unknown key 'p55'", "Did you mean 'p5'?"),
    _p("choice", "pool: odds", "pool: ¦even", "even is not one of linear, odds"),
    _p("probability", "{a: 0.3,", "{a: ¦3,", "probability.value.experts.a: 3 is not a probability"),
    _p("negative", "{p5: 1, p50: 2, p95: 4}", "¦-1", "-1 is negative"),
    _p("duration", "lag: 3 months", "lag: ¦3", "3 has no unit of time", "Did you mean '3 months'?"),
    _p("duration", "half_life: 5 years", "half_life: ¦5 decades", "'5 decades' is not a duration", "18 months"),
    _p("duration", "half_life: 5 years", "half_life: ¦0", "a half-life of 0", "more than 0"),
    _p("date", "date: 2005-03-14", "date: ¦2005-02-30", "'2005-02-30' is not a day"),
    _p("date", "date: 2005-03-14", "date: ¦14.3.2005", "'14.3.2005' is not a date", "2018-05-08"),
    _p(
        "choice",
        "level: macro\n    domains",
        "level: ¦makro\n    domains",
        "'makro' is not one of macro, meso",
        "Did you mean 'macro'?",
    ),
    _p("truth", "reference: true", "reference: ¦yes", "'yes' is neither true nor false", "Write true."),
    _p(
        "percent",
        "lasting: [-10%, -5%, 0%]",
        "lasting: ¦[-10%, -5%, 1]",
        "some of the numbers have a percent sign",
        "after each",
    ),
    _p("percent", "peak: -30%", "peak: ¦-100%", "-100% leaves nothing", ""),
    _p("relation-key", "  war -> peace:", "  ¦war => peace:", "'war => peace' is not a relation", "a -> b"),
    _p("position", "north: -3", "north: ¦-4", "-4 is not a position", "from -3 to 3"),
    _p("salience", "salience: {north: 3}", "salience: {north: ¦5}", "5 is not a salience", "from 0 to 3"),
    _p("repeats", "repeats: 2", "repeats: ¦0", "0 is not a number of times"),
    _p("levels", "50: partner", "¦0.0: partner", "two levels at 0"),
    _p("interval", "probability: [0.4, 0.6]", "probability: ¦0.5", "is not an interval", "[low, high]"),
]
ACROSS = [
    _p(
        "calendar-order",
        "as_of: 2020-12",
        "as_of: ¦1999-12",
        "start 2000-01 ≤ as_of 1999-12 ≤ end 2030-12 does not hold",
    ),
    _p("unknown-event", "requires: [war]", "requires: [¦wars]", "unknown event 'wars'", "Did you mean 'war'?"),
    _p("unknown-event", "  war -> peace:", "  ¦wr -> peace:", "unknown event 'wr'", "Did you mean 'war'?"),
    _p("unknown-trend", "  deal -> arms:", "  ¦deal -> armz:", "unknown trend 'armz'", "Did you mean 'arms'?"),
    _p(
        "unknown-trend",
        "{trend: trust, goal",
        "{trend: ¦thrust, goal",
        "unknown trend 'thrust'",
        "Did you mean 'trust'?",
    ),
    _p("unknown-actor", "actors: [north]", "actors: [¦nort]", "unknown actor 'nort'", "Did you mean 'north'?"),
    _p(
        "unknown-mechanism", "mechanism: push, note", "mechanism: ¦pull, note", "unknown mechanism 'pull'", "push, drag"
    ),
    _p("unknown-mechanism", "weights: {push: 0.4}", "weights: {¦pushh: 0.4}", "unknown mechanism 'pushh'", "'push'"),
    _p("unknown-policy", "excludes: [aid]", "excludes: [¦aids]", "unknown policy 'aids'", "'aid'"),
    _p("unknown-lens", "lens: rival, scenario", "lens: ¦rivals, scenario", "unknown lens 'rivals'", "'rival'"),
    _p(
        "unknown-link",
        "links: {crisis -> deal (fear)",
        "links: {¦crisis -> deal",
        "unknown link 'crisis -> deal'",
        "'crisis -> deal (fear)'",
    ),
    _p("unknown-impact", "impacts: {war -> trade:", "impacts: {¦war -> arms:", "unknown impact 'war -> arms'"),
    _p("unknown-domain", "domains: [economic]", "domains: [¦economical]", "unknown domain 'economical'", "'economic'"),
    _p("unknown-claim", "evidence: [s1.1]", "evidence: [¦s1.7]", "unknown claim 's1.7'", "Claims of s1: s1.1."),
    _p("unknown-claim", "evidence: [s1.1]", "evidence: [¦s9.1]", "unknown claim 's9.1'", "s1"),
    _p("unknown-level", "at_least: partner", "at_least: ¦friend", "has no level 'friend'", "rival, partner"),
    _p("unknown-scenario", "scenario: calm", "scenario: ¦clam", "unknown scenario 'clam'", "'calm'"),
    _p(
        "date-outside",
        "date: 2005-03-14",
        "date: ¦1995-03-14",
        "1995-03-14 lies outside the calendar (2000-01 … 2030-12)",
        "widen",
    ),
    _p("not-after-as-of", "from: 2022-01", "from: ¦2019-01", "2019-01 is not after as_of (2020-12)"),
    _p("span-order", "until: 2025-12", "until: ¦2021-12", "2021-12 lies before from (2022-01)"),
    _p("foreseen-order", "by: 2006-12", "by: ¦2003-12", "2003-12 is not after its as_of (2004-01)"),
    _p("happens", "    repeats: 2", "    repeats: 2\n    ¦happens: 2025-01", "`happens` belongs in a scenario"),
    _p(
        "no-date-or-probability",
        "  peace:\n    title: Peace is made\n    date: 2010-06",
        "  ¦peace:\n    title: Peace is made",
        "has neither date nor probability",
        "Add date:",
    ),
    _p("curve-keys", "value: 0.5, until: 2029-12", "value: 0.5, ¦meaning: base", "`meaning` is not on the first point"),
    _p("curve-order", "by: 2028-12, value: 0.5", "by: 2028-12, value: ¦0.1", "0.1 is less than 0.2", "cumulative"),
    _p(
        "curve-order",
        "{by: 2028-12, value: 0.5, until: 2029-12}",
        "{by: ¦2023-06, value: 0.5}",
        "2023-06 is not after the point before",
    ),
    _p(
        "point-not-ahead",
        "probability: {by: 2027-12",
        "probability: {by: ¦2017-12",
        "2017-12 is not after as_of (2020-12)",
    ),
    _p(
        "requires-circle",
        "    repeats: 2",
        "    requires: [¦crisis]",
        "in a circle: crisis requires crisis",
    ),
    _p(
        "requires-and-prevented",
        "prevented_by: [crisis]",
        "prevented_by: [¦peace]",
        "'peace' is required and prevents it",
    ),
    _p("requires-later", "requires: [war]", "requires: [¦crisis]", "it came at 2010-06, but 'crisis' has not come yet"),
    _p("self-relation", "  war -> peace:", "  ¦war -> war:", "event 'war' leads to itself"),
    _p(
        "percent-missing",
        "peak: -30%",
        "peak: ¦-30",
        "on a log trend (Trade) without its percent sign",
        "Did you mean -30%?",
    ),
    _p("percent-missing", "per: +10%", "per: ¦10", "without its percent sign", "Did you mean +10%?"),
    _p(
        "percent-misplaced",
        "lasting: 8, mechanism",
        "lasting: ¦8%, mechanism",
        "a percent on a logit trend (Trust)",
        "points",
    ),
    _p("percent-misplaced", "drift: 0.5", "drift: ¦0.5%", "a percent on a trend that is not log"),
    _p("per-zero", "per: +10%", "per: ¦0%", "a rate ratio per deviation of 0"),
    _p(
        "impact-keys",
        "{shape: step, lasting: +4%}",
        "{shape: step, ¦peak: +9%, lasting: +4%}",
        "`peak` in a step",
        "A step has",
    ),
    _p("impact-keys", "{shape: step, lasting: +4%}", "{shape: step}", "an impact without size", "Add lasting:"),
    _p("timing-order", "settles: 9 months", "settles: ¦1 month", "settles (1 months) before it peaks (3)"),
    _p(
        "no-history-or-level",
        "    history: [{at: 2004, value: 3.5}, {at: 2005, value: 4}]\n",
        "",
        "has neither history nor constructed",
        "Add history:",
    ),
    _p("bounds", "    bounds: [0, 100]\n", "", "a logit trend without bounds", "[0, 100]"),
    _p("outside-scale", "value: [15, 25, 35]", "value: ¦[15, 25, 135]", "135 is not between the bounds 0 and 100"),
    _p("outside-scale", "2002,2.75", "2002,¦-2.75", "-2.75 on a log trend", "", file="data/trade.csv"),
    _p("baseline-keys", "method: points, points:", "method: linear, ¦points:", "points for method linear"),
    _p(
        "mixed-precision",
        "{at: 2005, value: 4}",
        "{at: ¦2005-06, value: 4}",
        "2005-06 is a month, the data before are years",
    ),
    _p(
        "no-data",
        "history: [{at: 2004, value: 3.5}, {at: 2005, value: 4}]",
        "history: ¦[{at: 2021, value: 3.5}]",
        "no data between start",
    ),
    _p(
        "one-reference-lens",
        "lenses:\n  main: {reference: true, ",
        "¦lenses:\n  main: {",
        "no lens is the reference",
        "reference: true",
    ),
    _p(
        "one-reference-lens", "rival: {", "rival: {reference: ¦true, ", "a second reference lens; 'main' is one already"
    ),
    _p("hypothesis-keys", "by: 2028-12, carried_by", "by: 2028-12, ¦at: 2028-12, carried_by", "both by and at"),
    _p(
        "objective-keys",
        "  trade: {goal: maximise, at: 2030-12}",
        "  ¦trade: {goal: reach, at: 2030-12}",
        "a goal to reach without target",
    ),
    _p(
        "policy-conflict", "excludes: [aid]", "excludes: [¦aid], requires: [aid]", "'aid' is both required and excluded"
    ),
    _p(
        "test-keys",
        "  deal_as_elicited: {event: deal, by: 2028-12,",
        "  ¦deal_as_elicited: {event: deal,",
        "a test of an event without by",
    ),
]

FILES = [
    _p("series", "date,value", "¦year;value", "does not name the columns date and value", file="data/trade.csv"),
    _p("series", "2002,2.75", "¦2002,2,75", "3 cells in a table of 2 columns", "with a point", file="data/trade.csv"),
    _p("number", "2002,2.75", "2002,¦n/a", "'n/a' is not a number", file="data/trade.csv"),
    _p("number", "2002,2.75", "2002,¦NaN", "'NaN' is not a number", file="data/trade.csv"),
    _p("date", "2002,2.75", "¦2002/3,2.75", "'2002/3' is not a date", file="data/trade.csv"),
    _p("unreadable", "data/trade.csv", "¦data/traed.csv", "there is no data file 'data/traed.csv'", "'data/trade.csv'"),
    _p("outside", "data/trade.csv", "¦../trade.csv", "lies outside the model's folder"),
    _p("unreadable", "seeds: seeds", "seeds: ¦sources", "there is no folder 'sources'"),
    _p("choice", "contradicts", "¦denies", "'denies' is not one of supports", file="seeds/s1.yaml"),
    _p("claim-id", "claims:", "claims:\n  ¦s2.1: {text: x}", "claim 's2.1' of source 's1'", file="seeds/s1.yaml"),
    _p(
        "unknown-name",
        "  crisis: {happens",
        "  ¦crises: {happens",
        "the model has no 'crises'",
        "'crisis'",
        file="scenarios/calm.yaml",
    ),
    _p("happens", "happens: never", "happens: ¦2015-01", "2015-01 is not after as_of", file="scenarios/calm.yaml"),
    _p("happens", "crisis: {happens: never}", "war: {happens: ¦2025-01}", "already come", file="scenarios/calm.yaml"),
    _p("unknown-name", "lens: rival", "lens: ¦rivals", "the model has no lens 'rivals'", file="scenarios/calm.yaml"),
    _p(
        "unknown-name",
        "policies: [talks]",
        "policies: [¦talk]",
        "the model has no policy 'talk'",
        file="scenarios/calm.yaml",
    ),
    _p("probability", "value: 0.6", "value: ¦6", "6 is not a probability", file="scenarios/calm.yaml"),
    _p("extends", "lens: rival", "extends: ¦storm", "there is no scenario 'storm'", file="scenarios/calm.yaml"),
    _p("extends", "lens: rival", "extends: ¦calm", "in a circle", file="scenarios/calm.yaml"),
    _p("format-version", "etia: 1", "etia: ¦7", "7 is not a known format version", file="scenarios/calm.yaml"),
]

WARNINGS = [
    _p("link-too-late", "lag: 3 months", "lag: 6 years", "it can never act: 'war' came at 2005-03-14"),
    _p(
        "sign-against-mechanism",
        "rate_ratio: [1, 2, 3], lag: 3 months, half_life: 5 years, mechanism: push",
        "rate_ratio: 0.5, mechanism: ¦push",
        "its sign is -, that of mechanism 'push' is +",
    ),
    _p(
        "settles-too-soon",
        "settles: 2 years, peak",
        "settles: ¦6 months, peak",
        "it settles in the step in which it peaks",
    ),
    _p("data-before-start", "2001,2.5", "1999,2.5", "1 of 4 data lie before start", file="data/trade.csv"),
    _p(
        "unused-actor",
        "  north: {title: The north}",
        "  north: {title: The north}\n  ¦west: {title: x}",
        "nothing in the model uses it",
    ),
    _p("unused-mechanism", "  drag: {", "  ¦idle: {title: x}\n  drag: {", "nothing in the model uses it"),
    _p(
        "no-reason",
        "  crisis -> deal (fear): {rate_ratio: 1/2, note: as judged}",
        "  ¦crisis -> deal (fear): {rate_ratio: 1/2}",
        "neither evidence nor note",
    ),
    _p("never-possible", "prevented_by: [crisis]", "prevented_by: [¦war]", "it can never come: 'war' has come already"),
    _p("repeats-past", "    date: 2010-06", "    date: 2010-06\n    repeats: ¦2", "`repeats` does nothing"),
]
