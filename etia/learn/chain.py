"""An append-only chain of entries in one SQLite file: the floor of the forecast ledger (method §9).

Each entry's hash covers the hash before it, so an edit, a deletion, an insertion or a change of order anywhere breaks
the chain. With every entry a seal is appended to a second chain, which says how many entries there are and where the
first chain ends: entries cut off the tail are missed. Whoever rewrites both chains from some point on, or puts an older
copy of the file in place, is not seen from the file alone: compare with a head that was noted elsewhere (`head`).

Two writers take turns (immediate transactions); a kill at any moment leaves all of an entry or nothing of it (rollback
journal, synchronous to the disk). Nothing beside the one file is needed between writes.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from etia.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Chain", "Entry", "canonical"]

APPLICATION = 0x65746961
"""`etia` in ASCII: marks the file as a ledger"""
PATIENCE_SECONDS = 60
"""how long a writer waits for another"""
CLOCK_SLACK = timedelta(minutes=1)
"""a clock behind the last entry by less than this is taken for the same moment"""
GENESIS = "0" * 64

TABLES = (
    "CREATE TABLE IF NOT EXISTS entries (number INTEGER PRIMARY KEY, recorded TEXT NOT NULL, kind TEXT NOT NULL, "
    "digest TEXT NOT NULL UNIQUE, body TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL UNIQUE)",
    "CREATE TABLE IF NOT EXISTS seals (number INTEGER PRIMARY KEY, head TEXT NOT NULL, previous TEXT NOT NULL, "
    "hash TEXT NOT NULL UNIQUE)",
    # against slips; whoever means harm can drop a trigger, but not mend the hashes unnoticed
    *(
        f"CREATE TRIGGER IF NOT EXISTS no_{verb.lower()}_of_{table} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
        for table in ("entries", "seals")
        for verb in ("UPDATE", "DELETE")
    ),
)


class Entry(NamedTuple):
    """One entry, as it was recorded."""

    number: int
    recorded: datetime
    kind: str
    body: dict[str, Any]


def canonical(body: object) -> str:
    """The one JSON text of a body: keys in order, no spaces, no NaN."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _sha(*parts: object) -> str:
    return hashlib.sha256(canonical(list(parts)).encode()).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC)


class Chain:
    """The entries of one ledger file.

    Stages: made (no file is touched), then each call opens the file, verifies both chains, reads or appends, and
    closes it. The first `append` makes the file.
    """

    def __init__(self, path: Path | str, *, clock: Callable[[], datetime] = _now) -> None:
        self.path = Path(path)
        self._clock = clock

    def __repr__(self) -> str:
        return f"Chain({str(self.path)!r})"

    def entries(self) -> list[Entry]:
        """All entries in order, after the whole file was verified. Raises LedgerError where it was tampered with."""
        with self._opened() as connection, _transaction(connection, "DEFERRED"):
            return _verified(connection, self.path)

    def head(self) -> str:
        """`NUMBER:HASH` of the last entry: noted elsewhere, it shows later that nothing up to it was rewritten."""
        with self._opened() as connection, _transaction(connection, "DEFERRED"):
            _verified(connection, self.path)
            number, last = _last(connection)
            return f"{number}:{last}"

    def holds(self, head: str) -> bool:
        """Whether the chain, once verified, still runs through a head noted earlier."""
        number, _, noted = head.partition(":")
        with self._opened() as connection, _transaction(connection, "DEFERRED"):
            _verified(connection, self.path)
            found = connection.execute("SELECT hash FROM entries WHERE number = ?", (number,)).fetchone()
        return found is not None and found[0] == noted

    def append(self, kind: str, make_body: Callable[[list[Entry]], dict[str, Any]]) -> tuple[Entry, bool]:
        """Append what `make_body` makes of the entries so far; the same body twice is recognised, not doubled.

        Returns the entry and whether it is new. The time recorded is the clock's, never before the last entry's.
        """
        with self._opened(create=True) as connection, _transaction(connection):
            entries = _verified(connection, self.path)
            body = make_body(entries)
            text = canonical(body)
            digest = _sha(kind, text)
            known = connection.execute("SELECT number FROM entries WHERE digest = ?", (digest,)).fetchone()
            if known:
                return entries[known[0] - 1], False
            recorded = self._recorded(entries)
            self._write(connection, kind, digest, text, recorded)
            return Entry(len(entries) + 1, recorded, kind, body), True

    def _recorded(self, entries: list[Entry]) -> datetime:
        now = self._clock()
        if not entries or now >= entries[-1].recorded:
            return now
        if entries[-1].recorded - now > CLOCK_SLACK:
            raise LedgerError(
                f"{self.path}: the clock says {now.isoformat()}, but the last entry was recorded at "
                f"{entries[-1].recorded.isoformat()}; nothing is recorded before it. Set the clock right."
            )
        return entries[-1].recorded

    @staticmethod
    def _write(connection: sqlite3.Connection, kind: str, digest: str, text: str, recorded: datetime) -> None:
        number, previous = _last(connection)
        stamp = recorded.isoformat()
        new = _sha(number + 1, stamp, kind, digest, text, previous)
        connection.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", (number + 1, stamp, kind, digest, text, previous, new)
        )
        row = connection.execute("SELECT hash FROM seals ORDER BY number DESC LIMIT 1").fetchone()
        sealed = row[0] if row else GENESIS
        connection.execute(
            "INSERT INTO seals VALUES (?, ?, ?, ?)", (number + 1, new, sealed, _sha(number + 1, new, sealed))
        )

    @contextmanager
    def _opened(self, *, create: bool = False) -> Iterator[sqlite3.Connection]:
        if not create and not self.path.is_file():
            raise LedgerError(f"{self.path}: there is no ledger here; `etia ledger add RUN` makes one")
        try:
            connection = sqlite3.connect(self.path, timeout=PATIENCE_SECONDS, isolation_level=None)
        except sqlite3.Error as error:
            raise LedgerError(f"{self.path}: cannot be opened: {error}") from error
        try:
            _prepare(connection, self.path)
            yield connection
        except sqlite3.Error as error:
            raise LedgerError(f"{self.path}: is no ledger, or is damaged: {error}") from error
        finally:
            connection.close()


@contextmanager
def _transaction(connection: sqlite3.Connection, lock: str = "IMMEDIATE") -> Iterator[None]:
    """All or nothing. A writer's lock is taken at once, so that what was read still holds when it is written."""
    connection.execute(f"BEGIN {lock}")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA synchronous = EXTRA")
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application == APPLICATION:
        return
    n_tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application or n_tables:
        raise LedgerError(f"{path}: is a database, but no forecast ledger")
    with _transaction(connection):
        # another writer may have made the tables since: every statement allows for that
        for statement in TABLES:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")


def _last(connection: sqlite3.Connection) -> tuple[int, str]:
    row = connection.execute("SELECT number, hash FROM entries ORDER BY number DESC LIMIT 1").fetchone()
    return (int(row[0]), str(row[1])) if row else (0, GENESIS)


def _verified(connection: sqlite3.Connection, path: Path) -> list[Entry]:
    """Every entry, each link of both chains checked."""
    rows = connection.execute(
        "SELECT number, recorded, kind, digest, body, previous, hash FROM entries ORDER BY number"
    ).fetchall()
    seals = connection.execute("SELECT number, head, previous, hash FROM seals ORDER BY number").fetchall()
    entries: list[Entry] = []
    previous = sealed = GENESIS
    for expected, (number, recorded, kind, digest, text, before, own) in enumerate(rows, start=1):
        sound = number == expected and before == previous and digest == _sha(kind, text)
        if not sound or own != _sha(number, recorded, kind, digest, text, before):
            raise _tampered(path, f"entry {expected} was edited, or an entry before it is missing")
        entries.append(Entry(number, datetime.fromisoformat(recorded), kind, json.loads(text)))
        previous = own
    for expected, (number, head, before, own) in enumerate(seals, start=1):
        if number != expected or before != sealed or own != _sha(number, head, before):
            raise _tampered(path, f"seal {expected} was edited, or a seal before it is missing")
        if expected > len(rows) or rows[expected - 1][-1] != head:
            raise _tampered(path, f"{len(seals)} entries were sealed, {len(rows)} are there")
        sealed = own
    if len(seals) != len(rows):
        raise _tampered(path, f"{len(seals)} entries were sealed, {len(rows)} are there")
    return entries


def _tampered(path: Path, what: str) -> LedgerError:
    return LedgerError(
        f"{path}: the ledger was tampered with: {what}. Restore an untouched copy; nothing is read from it."
    )
