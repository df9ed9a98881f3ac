"""The layer as a whole: every table is there, in its columns, whatever the number of jobs."""

from __future__ import annotations

import pandas as pd
import pytest

from etia.compile.cases import Cases, Options
from etia.compile.study import Settings, Study
from etia.describe.layer import TABLES, tables
from etia.files.load import load
from tests.describe.cases import TINY


def _tables(jobs: int, name: str = "tiny4") -> dict[str, pd.DataFrame]:
    study = Study(load(TINY / name).model, {}, Settings(draws=6, runs=40, jobs=jobs))
    return tables(study, Cases(study), Options())


@pytest.mark.parametrize("name", ["tiny1", "tiny4"])
def test_every_table_is_there(name: str) -> None:
    made = _tables(1, name)
    assert tuple(made) == TABLES
    assert not any(made[table].empty for table in ("impact_scores", "transmission", "shares", "evidence"))
    assert (made["impact_scores"].scenario == "reference").all()


def test_several_jobs_give_the_same_bits() -> None:
    for one, two in zip(_tables(1).values(), _tables(2).values(), strict=True):
        pd.testing.assert_frame_equal(one, two, check_exact=True)
