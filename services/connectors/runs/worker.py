"""The worker: claims connections that are due and runs them, some at a time."""

import asyncio
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncEngine

from messaging.database.errors import is_outage, why_away
from messaging.pacing.waiting import pause
from messaging.replies.client import open_client
from messaging.telemetry import logs
from services.connectors.models import Connection
from services.connectors.runs.commands import AsUser
from services.connectors.runs.leases import (
    LEASE_SECONDS,
    RENEW_EVERY_SECONDS,
    Claimed,
    LeaseLost,
    claim,
    give_back,
    renew,
)
from services.connectors.runs.run import Opened, run_once
from services.connectors.sealing import Sealer

log = logs.get(__name__)

POLL_SECONDS = 0.5
DRAIN_SECONDS = 20.0


class RunWorker:
    """Runs what is due. `after_commit` is called when something is to be published."""

    def __init__(
        self,
        engine: AsyncEngine,
        broker_url: str,
        sealer: Sealer,
        open_system: Callable[[Connection], Opened],
        after_commit: Callable[[], None],
        *,
        concurrency: int,
        lease_seconds: float = LEASE_SECONDS,
        renew_every_seconds: float = RENEW_EVERY_SECONDS,
    ) -> None:
        self._engine, self._broker_url, self._sealer = engine, broker_url, sealer
        self._open_system, self._after_commit = open_system, after_commit
        self._concurrency = concurrency
        self._lease_seconds, self._renew_every_seconds = lease_seconds, renew_every_seconds
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Claim and run until `stop` is set; a run that goes on then is left to another replica."""
        while not stop.is_set():
            try:
                await self._begin_due()
            except Exception as error:
                if not is_outage(error):
                    raise
                log.warning("runs put off", detail=why_away(error))
            await pause(stop, POLL_SECONDS)
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=DRAIN_SECONDS)

    async def _begin_due(self) -> None:
        free = self._concurrency - len(self._running)
        if free <= 0:
            return
        claimed = await claim(self._engine, slots=free, lease_seconds=self._lease_seconds)
        for one in claimed:
            task = asyncio.create_task(self._run(one))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _run(self, claimed: Claimed) -> None:
        """One run under its lease. What breaks off goes on when that runs out; what is stopped, as
        soon as another replica looks."""
        running = asyncio.create_task(self._run_with_client(claimed))
        keeping = asyncio.create_task(self._keep_lease(claimed))
        try:
            await asyncio.wait({running, keeping}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                log.warning("lease lost", org_id=claimed.org_id)
        except asyncio.CancelledError:
            await self._end(running, keeping)
            await self._give_back(claimed)
            raise
        results = await self._end(running, keeping)
        error = results[0]
        if isinstance(error, LeaseLost):
            log.warning("lease lost", org_id=claimed.org_id)
        elif isinstance(error, Exception):
            log.error(
                "run broke off",
                org_id=claimed.org_id,
                error=type(error).__name__,
                where=logs.place(error),
            )

    async def _end(self, *tasks: asyncio.Task[None]) -> list[BaseException | None]:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        self._after_commit()
        return results

    async def _give_back(self, claimed: Claimed) -> None:
        try:
            await give_back(self._engine, claimed)
        except Exception as error:
            if not is_outage(error):
                raise
            log.warning("lease not given back", org_id=claimed.org_id, detail=why_away(error))

    async def _run_with_client(self, claimed: Claimed) -> None:
        async with open_client(self._broker_url, "connectors.client") as client:
            calls = AsUser(client, self._broker_url)
            await run_once(self._engine, claimed, self._sealer, self._open_system, calls)

    async def _keep_lease(self, claimed: Claimed) -> None:
        while True:
            await asyncio.sleep(self._renew_every_seconds)
            if not await renew(self._engine, claimed, self._lease_seconds):
                return
