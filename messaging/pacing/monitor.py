"""Watches the database: it answers, and its schema is one that this program works with."""

import asyncio
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncEngine

from messaging.database.errors import is_outage, sqlstate, why_away
from messaging.database.revisions import READ_REVISION, is_met
from messaging.pacing.waiting import pause
from messaging.telemetry import logs

log = logs.get(__name__)

LOOK_EVERY_SECONDS = 2.0
LOOK_TIMEOUT_SECONDS = 5.0
_NO_SUCH_TABLE = "42P01"
_NO_SUCH_ROLE = "22023"


class DatabaseMonitor:
    """Tells the rest of the service when it may work: see `available`."""

    def __init__(
        self,
        engine: AsyncEngine,
        revision: str,
        *,
        report_database: Callable[[str | None], None],
        report_migrations: Callable[[str | None], None],
    ) -> None:
        self._engine = engine
        self._revision = revision
        self._report_database = report_database
        self._report_migrations = report_migrations
        self._available = asyncio.Event()
        self._said: str | None = None

    async def available(self) -> None:
        """Returns when the database answers and its migrations match."""
        await self._available.wait()

    async def run(self, stop: asyncio.Event) -> None:
        """Look every two seconds until `stop` is set."""
        while not stop.is_set():
            await self._look()
            await pause(stop, LOOK_EVERY_SECONDS)

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(LOOK_TIMEOUT_SECONDS), self._engine.connect() as connection:
                found = (await connection.execute(READ_REVISION)).first()
        except Exception as error:
            if sqlstate(error) in (_NO_SUCH_TABLE, _NO_SUCH_ROLE):
                self._say(None, "none applied; run handoff migrate")
            elif is_outage(error):
                self._say(f"away ({why_away(error)})", None)
            else:
                raise
            return
        held, note = ("none", None) if found is None else found
        if is_met(self._revision, held, note):
            self._say(None, None)
        elif held > self._revision:
            self._say(None, f"at {held}, and this program, made for {self._revision}, is too old")
        else:
            self._say(None, f"at {held}, this program needs {self._revision}; run handoff migrate")

    def _say(self, database: str | None, migrations: str | None) -> None:
        self._report_database(database)
        self._report_migrations("unknown" if database else migrations)
        wrong = database or migrations
        if wrong is None:
            self._available.set()
        else:
            self._available.clear()
        if wrong != self._said:
            if wrong is not None:
                log.warning("waiting for the database", detail=wrong)
            elif self._said is not None:
                log.info("database is back")
            self._said = wrong
