"""A sound model in which every part of the format stands once; the tests plant faults in it."""

MODEL = """\
etia: 1
title: A sound model
question: Is every fault found?
calendar: {start: 2000-01, as_of: 2020-12, end: 2030-12, step: month}
domains: [strategic, economic]
seeds: seeds
actors:
  north: {title: The north}
  south: {title: The south}
mechanisms:
  push: {title: Pressure begets balancing, sign: +}
  drag: {title: Rivalry begets friction}
lenses:
  main: {reference: true, weights: {push: 1, drag: 0.5}}
  rival: {weights: {push: 0.4}, half_lives: {push: 24 months}}
events:
  war:
    title: A war begins
    date: 2005-03-14
    level: macro
    domains: [strategic]
    actors: [north]
    evidence: [s1.1]
    foreseen: [{as_of: 2004-01, by: 2006-12, value: 0.2}]
  peace:
    title: Peace is made
    date: 2010-06
    level: macro
    requires: [war]
  deal:
    title: A deal is struck
    level: meso
    probability:
      - {by: 2023-12, value: [0.1, 0.2, 0.4], meaning: marginal}
      - {by: 2028-12, value: 0.5, until: 2029-12}
    requires: [peace]
    prevented_by: [crisis]
    sensitive_to: {trade: {per: +10%, rate_ratio: 1.2, mechanism: push}}
    note: as judged
  crisis:
    title: A crisis breaks out
    level: macro
    probability: {by: 2027-12, value: {experts: {a: 0.3, b: [0.1, 0.2, 0.3]}, pool: odds}}
    repeats: 2
    note: as judged
links:
  war -> peace: {rate_ratio: [1, 2, 3], lag: 3 months, half_life: 5 years, mechanism: push, note: as judged}
  crisis -> deal (fear): {rate_ratio: 1/2, note: as judged}
trends:
  trade:
    title: Trade
    unit: bn
    level: meso
    scale: log
    history: data/trade.csv
    baseline: {method: points, points: [{at: 2021, value: 4}, {at: 2030, value: [4, 6, 9]}]}
  trust:
    title: Trust
    scale: logit
    bounds: [0, 100]
    levels: {0: rival, 50: partner}
    constructed: {from: 2000-01, value: [15, 25, 35], drift: 0.5, note: as judged}
  arms:
    title: Arms
    history: [{at: 2004, value: 3.5}, {at: 2005, value: 4}]
impacts:
  war -> trade: {starts: 1 month, peaks: 6 months, settles: 2 years, peak: -30%, lasting: [-10%, -5%, 0%], note: judged}
  deal -> trust: {shape: ramp, peaks: [6 months, 1 year, 2 years], lasting: 8, mechanism: push, note: as judged}
  deal -> arms: {shape: pulse, peaks: 3 months, settles: 9 months, peak: 2, note: as judged}
couplings:
  trust -> trade: {strength: 0.2, lag: 1 quarter, mechanism: drag, note: as judged}
stakes:
  canal: {title: The canal, level: macro, domains: [economic], positions: {north: -3, south: 2}, salience: {north: 3}}
hypotheses:
  friends: {statement: They become partners., trend: trust, at_least: partner, by: 2028-12, carried_by: [push]}
policies:
  aid:
    title: Give aid
    actor: south
    cost: {p5: 1, p50: 2, p95: 4}
    from: 2022-01
    until: 2025-12
    events: {deal: {rate_ratio: 1.5}}
    links: {crisis -> deal (fear): {scale: 0.5}}
    impacts: {war -> trade: {scale: 0.7}}
    trends: {trade: {shape: step, lasting: +4%}}
    note: as judged
  talks: {title: Hold talks, from: 2021-06, excludes: [aid], note: as judged}
budget: {value: 6, unit: bn}
objectives:
  trade: {goal: maximise, at: 2030-12}
  calm: {trend: trust, goal: reach, target: 60, from: 2025-01, until: 2030-12, weight: 2}
tests:
  deal_as_elicited: {event: deal, by: 2028-12, probability: [0.4, 0.6]}
  trust_grows: {trend: trust, at: 2030-12, median: [20, 80], lens: rival, scenario: calm}
"""

CSV = "date,value\n2001,2.5\n2002,2.75\n2003,3\n2004,3.5\n"

CARD = """\
id: s1
title: A source
author: Somebody
claims:
  s1.1: {text: The war began in spring., where: p. 3, hypotheses: {friends: contradicts}}
"""

SCENARIO = """\
etia: 1
title: All is calm
events:
  crisis: {happens: never}
  deal: {probability: {by: 2026-12, value: 0.6}}
lens: rival
policies: [talks]
"""

FILES = {
    "model.yaml": MODEL,
    "data/trade.csv": CSV,
    "seeds/s1.yaml": CARD,
    "scenarios/calm.yaml": SCENARIO,
}


def write(folder, files):
    """Write files by their names below a folder; returns it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder
