"""Positions: how far a subscriber is with each thing that it keeps up with.

A program that keeps its own data in a database implements `Positions` there, so that what it writes
and the position are one transaction; `SqlitePositions` does that for SQLite.
"""

import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that events tell of: an org's resource by its id; of a practice, by its org."""

    resource: str
    org_id: str
    id: str


class Positions(Protocol):
    """Where a subscriber keeps its position."""

    async def is_read(self, resource: str, org_id: str) -> bool:
        """Whether the org's list was read to its end since the queue was made."""

    async def mark_read(self, resource: str, org_id: str) -> None:
        """It was."""

    async def forget_reading(self) -> None:
        """No list is read any more: the queue was new. Versions stay."""

    async def standing(self, resource: str, org_id: str) -> Mapping[str, int]:
        """Version by id of each thing that is known and not gone."""

    def applying(
        self, subject: Subject, version: int, *, gone: bool
    ) -> AbstractAsyncContextManager[bool]:
        """Around applying one change: whether it is newer than what is known, which it then is.

        It is newer where its version is higher, where nothing is known yet, or where it tells of
        the known version that it is gone. What the block raises undoes all that was written.
        """


class MemoryPositions:
    """Positions that end with the process: each start reads the lists anew."""

    def __init__(self) -> None:
        self._read: set[tuple[str, str]] = set()
        self._known: dict[Subject, tuple[int, bool]] = {}

    async def is_read(self, resource: str, org_id: str) -> bool:
        """Whether the list was read to its end."""
        return (resource, org_id) in self._read

    async def mark_read(self, resource: str, org_id: str) -> None:
        """It was."""
        self._read.add((resource, org_id))

    async def forget_reading(self) -> None:
        """No list is read any more."""
        self._read.clear()

    async def standing(self, resource: str, org_id: str) -> Mapping[str, int]:
        """Version by id of what is known and not gone."""
        return {
            subject.id: version
            for subject, (version, gone) in self._known.items()
            if (subject.resource, subject.org_id) == (resource, org_id) and not gone
        }

    @asynccontextmanager
    async def applying(self, subject: Subject, version: int, *, gone: bool) -> AsyncIterator[bool]:
        """Around applying one change: whether it is newer."""
        known = self._known.get(subject)
        newer = _is_newer(known, version, gone)
        yield newer
        if newer:
            self._known[subject] = (version, gone)


class SqlitePositions:
    """Positions in a SQLite database, on the program's own connection.

    What the program writes by it while it applies a change is one transaction with the position.
    The connection is in autocommit mode (`isolation_level=None`), and nobody else writes by it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        if connection.isolation_level is not None:
            raise ValueError("the connection must be opened with isolation_level=None")
        self._connection = connection
        connection.executescript(
            "CREATE TABLE IF NOT EXISTS handoff_read ("
            "resource TEXT, org_id TEXT, PRIMARY KEY (resource, org_id));"
            "CREATE TABLE IF NOT EXISTS handoff_position (resource TEXT, org_id TEXT, id TEXT,"
            " version INTEGER NOT NULL, gone INTEGER NOT NULL, PRIMARY KEY (resource, org_id, id));"
        )

    async def is_read(self, resource: str, org_id: str) -> bool:
        """Whether the list was read to its end."""
        found = self._connection.execute(
            "SELECT 1 FROM handoff_read WHERE resource = ? AND org_id = ?", (resource, org_id)
        )
        return found.fetchone() is not None

    async def mark_read(self, resource: str, org_id: str) -> None:
        """It was."""
        self._connection.execute(
            "INSERT OR IGNORE INTO handoff_read VALUES (?, ?)", (resource, org_id)
        )

    async def forget_reading(self) -> None:
        """No list is read any more."""
        self._connection.execute("DELETE FROM handoff_read")

    async def standing(self, resource: str, org_id: str) -> Mapping[str, int]:
        """Version by id of what is known and not gone."""
        found = self._connection.execute(
            "SELECT id, version FROM handoff_position"
            " WHERE resource = ? AND org_id = ? AND NOT gone",
            (resource, org_id),
        )
        return dict(found.fetchall())

    @asynccontextmanager
    async def applying(self, subject: Subject, version: int, *, gone: bool) -> AsyncIterator[bool]:
        """Around applying one change: whether it is newer."""
        key = (subject.resource, subject.org_id, subject.id)
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            known = self._connection.execute(
                "SELECT version, gone FROM handoff_position"
                " WHERE resource = ? AND org_id = ? AND id = ?",
                key,
            ).fetchone()
            newer = _is_newer(known, version, gone)
            yield newer
            if newer:
                self._connection.execute(
                    "INSERT OR REPLACE INTO handoff_position VALUES (?, ?, ?, ?, ?)",
                    (*key, version, gone),
                )
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def _is_newer(known: tuple[int, bool] | None, version: int, gone: bool) -> bool:
    return known is None or version > known[0] or (gone and version == known[0] and not known[1])
