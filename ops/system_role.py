"""A service's database as its sweeps see it, for what a person does there with a command."""

import getpass
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from messaging.database.engine import open_engine
from messaging.trail.audit import Operator
from ops.catalogue import ServiceName, place_of
from ops.environment import CannotGoOn
from ops.migrations import (
    database_place,
    database_url,
    is_contended,
    schema_state,
    why_it_failed,
)


class Contended(CannotGoOn):
    """A service works with the same rows just now: another try may do."""


@dataclass(frozen=True, slots=True)
class Database:
    """The database of a service, at the schema that this program needs."""

    name: ServiceName
    url: str

    @property
    def operator(self) -> Operator:
        """Who works there now."""
        return operator(make_url(self.url).username)

    @property
    def place(self) -> str:
        """Host, port and name."""
        return database_place(self.url)

    @asynccontextmanager
    async def engine(self, command: str) -> AsyncIterator[AsyncEngine]:
        """An engine that works as the service's system role."""
        home = place_of(self.name).home
        engine = open_engine(
            self.url, home, role=home.system_role, name=f"handoff.{command}", pool_size=0
        )
        try:
            yield engine
        finally:
            await engine.dispose()

    @contextmanager
    def telling_why(self) -> Iterator[None]:
        """Turn what this database refuses, or that it is away, into CannotGoOn: one line.

        Contended where another try may do.
        """
        try:
            yield
        except Exception as error:
            why = why_it_failed(error, self.url)
            kind = Contended if is_contended(error) else CannotGoOn
            raise kind(f"{self.name.prefix}DATABASE_URL: {why}") from None


def find_database(name: ServiceName) -> Database:
    """The database of a service. Runs an event loop of its own.

    Raises SettingError, and CannotGoOn where it is away or not migrated.
    """
    url = database_url(name)
    if not schema_state(name, url).current:
        raise CannotGoOn(f"{name.prefix}DATABASE_URL: run handoff migrate {name} first")
    return Database(name, url)


def operator(client: str | None) -> Operator:
    """The person at this machine, who is `client` to the server."""
    try:
        person = getpass.getuser()
    except (KeyError, OSError):
        person = "unknown"
    return Operator(client=client, actor=person)
