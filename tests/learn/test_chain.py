from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from etia.errors import LedgerError
from etia.learn.chain import Chain

WRITER = """
import sys
from etia.learn.chain import Chain
chain, name, count = Chain(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for number in range(count):
    chain.append("note", lambda _: {"writer": name, "number": number, "text": "x" * 2000})
    print(number, flush=True)
"""


def start_writer(path, name, count):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(count)], stdout=subprocess.PIPE, text=True
    )


def tamper(path, *statements):
    """As somebody with a database tool would do it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def path(tmp_path):
    chain = Chain(tmp_path / "ledger.sqlite")
    for number in range(5):
        chain.append("note", lambda _, number=number: {"number": number})
    return chain.path


def test_entries_come_back_in_order(path):
    entries = Chain(path).entries()
    assert [entry.body for entry in entries] == [{"number": number} for number in range(5)]
    assert [entry.number for entry in entries] == [1, 2, 3, 4, 5]


def test_the_same_body_twice_is_recognised(path):
    entry, is_new = Chain(path).append("note", lambda _: {"number": 3})
    assert (entry.number, is_new) == (4, False)
    assert len(Chain(path).entries()) == 5


def test_one_file_and_nothing_beside_it(path):
    assert [found.name for found in path.parent.iterdir()] == ["ledger.sqlite"]


@pytest.mark.parametrize("statement", ["UPDATE entries SET kind = 'x'", "DELETE FROM entries", "DELETE FROM seals"])
def test_slips_are_refused_by_the_database_itself(path, statement):
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)


@pytest.mark.parametrize(
    ("statements", "what"),
    [
        (["UPDATE entries SET body = '{\"number\":9}' WHERE number = 2"], "entry 2 was edited"),
        (["UPDATE entries SET body = 'no json' WHERE number = 2"], "entry 2 was edited"),
        (["UPDATE entries SET recorded = '2001-01-01T00:00:00+00:00' WHERE number = 1"], "entry 1 was edited"),
        (["UPDATE entries SET kind = 'other' WHERE number = 5"], "entry 5 was edited"),
        (["DELETE FROM entries WHERE number = 3"], "entry 3 was edited, or an entry before it is missing"),
        (["DELETE FROM entries WHERE number = 1"], "entry 1 was edited"),
        (["DELETE FROM entries WHERE number = 5"], "5 entries were sealed, 4 are there"),
        (["DELETE FROM entries WHERE number > 2"], "5 entries were sealed, 2 are there"),
        (["DELETE FROM entries"], "5 entries were sealed, 0 are there"),
        (["DELETE FROM seals WHERE number = 5"], "4 entries were sealed, 5 are there"),
        (["UPDATE seals SET head = 'x' WHERE number = 3"], "seal 3 was edited"),
        (["DELETE FROM seals WHERE number = 2"], "seal 2 was edited, or a seal before it is missing"),
        (
            ["UPDATE entries SET number = 99 WHERE number = 2", "UPDATE entries SET number = 2 WHERE number = 3"],
            "entry 2 was edited",
        ),
    ],
)
def test_tampering_is_detected_on_reading_and_on_writing(path, statements, what):
    tamper(path, *statements)
    with pytest.raises(LedgerError, match=what):
        Chain(path).entries()
    with pytest.raises(LedgerError, match="was tampered with"):
        Chain(path).append("note", lambda _: {"number": 6})


def test_a_tail_cut_from_both_chains_is_seen_only_by_a_head_noted_elsewhere(path):
    noted = Chain(path).head()
    tamper(path, "DELETE FROM entries WHERE number = 5", "DELETE FROM seals WHERE number = 5")
    assert len(Chain(path).entries()) == 4  # the file alone cannot tell
    assert not Chain(path).holds(noted)


def test_a_head_noted_earlier_still_holds_after_more_entries(path):
    noted = Chain(path).head()
    Chain(path).append("note", lambda _: {"number": 6})
    assert Chain(path).holds(noted)


def test_nothing_is_recorded_before_the_last_entry(path):
    past = Chain(path, clock=lambda: datetime.now(UTC) - timedelta(days=1))
    with pytest.raises(LedgerError, match="nothing is recorded before it"):
        past.append("note", lambda _: {"number": 7})


def test_a_clock_behind_by_seconds_is_taken_for_the_same_moment(path):
    last = Chain(path).entries()[-1].recorded
    entry, _ = Chain(path, clock=lambda: last - timedelta(seconds=5)).append("note", lambda _: {"number": 7})
    assert entry.recorded == last


def test_no_ledger_and_other_files_are_told(tmp_path):
    with pytest.raises(LedgerError, match="there is no ledger here"):
        Chain(tmp_path / "none.sqlite").entries()
    (tmp_path / "text.sqlite").write_text("no database at all, but long enough to look at" * 100)
    with pytest.raises(LedgerError, match="is no ledger, or is damaged"):
        Chain(tmp_path / "text.sqlite").entries()
    with closing(sqlite3.connect(tmp_path / "other.sqlite")) as connection:
        connection.execute("CREATE TABLE t (x)")
    with pytest.raises(LedgerError, match="is a database, but no forecast ledger"):
        Chain(tmp_path / "other.sqlite").append("note", lambda _: {})


def test_two_processes_write_at_once_and_nothing_is_lost(tmp_path):
    path = tmp_path / "ledger.sqlite"
    writers = [start_writer(path, name, 25) for name in ("a", "b")]
    for writer in writers:
        writer.communicate(timeout=120)
    assert [writer.returncode for writer in writers] == [0, 0]
    bodies = [(entry.body["writer"], entry.body["number"]) for entry in Chain(path).entries()]
    assert sorted(bodies) == [(name, number) for name in ("a", "b") for number in range(25)]


def test_a_writer_killed_at_any_moment_leaves_whole_entries(tmp_path):
    path = tmp_path / "ledger.sqlite"
    for round_, delay in enumerate((0.0, 0.003, 0.007, 0.013, 0.021)):
        with start_writer(path, f"w{round_}", 10_000) as writer:
            confirmed = int(writer.stdout.readline())
            time.sleep(delay)
            os.kill(writer.pid, signal.SIGKILL)
            confirmed = max([confirmed, *map(int, writer.stdout.read().split())])
        kept = [entry.body["number"] for entry in Chain(path).entries() if entry.body["writer"] == f"w{round_}"]
        # what was confirmed is there; at most the one being confirmed beside it
        assert kept == list(range(len(kept)))
        assert confirmed < len(kept) <= confirmed + 2


def test_a_journal_left_by_a_kill_in_the_middle_of_a_write_is_rolled_back(path, tmp_path):
    """The state on the disk in the middle of a commit, as a kill would freeze it: pages and journal both written."""
    frozen = tmp_path / "frozen.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")  # forces pages to the file before the commit
        connection.execute("BEGIN IMMEDIATE")
        for number in range(6, 60):
            values = (number, "t", "note", f"d{number}", "x" * 4000, "p", f"h{number}")
            connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        shutil.copy(path, frozen)
        shutil.copy(f"{path}-journal", f"{frozen}-journal")
        connection.execute("ROLLBACK")
    assert frozen.stat().st_size > path.stat().st_size
    assert len(Chain(frozen).entries()) == 5
