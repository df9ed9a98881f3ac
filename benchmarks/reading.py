"""How long reading and checking a model of 5,000 events takes, and how much memory: `python -m benchmarks.reading`."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.tables import MISSED

__all__ = ["large_model", "main"]

HEAD = """\
etia: 1
title: A large model
calendar: {start: 1950-01, as_of: 2020-12, end: 2040-12, step: month}
mechanisms: {m: {title: Any, sign: +}}
"""


def large_model(n_events: int, n_trends: int = 50) -> str:
    """A sound model: half of its events past; a link and an impact an event."""
    events, links, impacts = [], [], []
    n_past = n_events // 2
    for index in range(n_events):
        when = (
            f"    date: {1950 + index % 70}-{1 + index % 12:02d}\n"
            if index < n_past
            else f"    probability:\n      - {{by: 2030-12, value: [0.1, 0.2, 0.{3 + index % 6}]}}\n"
            f"      - {{by: 2038-12, value: 0.95}}\n"
        )
        events.append(
            f"  e{index}:\n    title: Event number {index}\n{when}    level: {('macro', 'meso')[index % 2]}\n"
            f"    domains: [strategic, geoeconomic]\n    note: generated\n"
        )
        source, target = index % n_past, n_past + (index * 7) % (n_events - n_past)
        links.append(
            f"  e{source} -> e{target} (l{index}):\n    rate_ratio: [1, 1.5, 3]\n    lag: 3 months\n    mechanism: m\n"
            "    note: generated\n"
        )
        impacts.append(
            f"  e{index} -> t{index % n_trends}: {{shape: ramp, peaks: 12 months, lasting: [+1%, +2%, +5%], "
            "mechanism: m, note: generated}\n"
        )
    trends = [
        f"  t{index}: {{title: Trend, scale: log, constructed: {{from: 1950-01, value: 10, note: generated}}}}\n"
        for index in range(n_trends)
    ]
    parts = {"events": events, "links": links, "trends": trends, "impacts": impacts}
    return HEAD + "".join(f"{section}:\n{''.join(lines)}" for section, lines in parts.items())


def main(n_events: int = 5_000) -> int:
    """Time a reading, in processor seconds; `MISSED` where it takes more than 3 s or 400 MB."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.yaml")
        path.write_text(large_model(n_events), encoding="utf-8")
        start = time.process_time()
        from etia.files.load import check

        findings = check(path)
        seconds = time.process_time() - start
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{n_events} events: {seconds:.2f} s, {megabytes:.0f} MB peak, {len(findings)} findings")
    return MISSED if seconds > 3 or megabytes > 400 else 0


if __name__ == "__main__":
    sys.exit(main())
