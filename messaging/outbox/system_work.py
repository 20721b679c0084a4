"""Work of the system role: one transaction that changes rows of many orgs and says so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from messaging.handlers.workspace import Publishing, Rows, Workspace
from messaging.outbox import table as outbox

_NOW = select(func.now())


@dataclass(slots=True)
class SystemWork:
    """What one transaction does. `now` is the transaction's time, `rows` those that it loaded for
    its workspaces."""

    session: AsyncSession
    publishing: Publishing
    now: datetime
    rows: Rows = field(default_factory=Rows)
    _workspaces: list[Workspace] = field(default_factory=list)

    def workspace(self, org_id: str, traceparent: str | None = None) -> Workspace:
        """A workspace in one org; what is published there leaves with this transaction."""
        workspace = Workspace(
            self.rows, self.publishing, org_id=org_id, now=self.now, traceparent=traceparent
        )
        self._workspaces.append(workspace)
        return workspace

    async def write(self) -> None:
        """Write what was changed and added, then what is to be said of it."""
        self.session.add_all(self.rows.added)
        await self.session.flush()
        await outbox.put(
            self.session, [message for one in self._workspaces for message in one.outgoing]
        )


async def begin_work(session: AsyncSession, publishing: Publishing) -> SystemWork:
    """Work in a session's transaction, which the caller ends."""
    now: datetime = (await session.scalars(_NOW)).one()
    return SystemWork(session, publishing, now)


@asynccontextmanager
async def system_work(engine: AsyncEngine, publishing: Publishing) -> AsyncIterator[SystemWork]:
    """Work in a transaction of its own, written and committed at the end.

    `engine` works as the system role. Whoever changes a row must have locked it.
    """
    async with (
        AsyncSession(engine, expire_on_commit=False, autoflush=False) as session,
        session.begin(),
    ):
        work = await begin_work(session, publishing)
        yield work
        await work.write()
