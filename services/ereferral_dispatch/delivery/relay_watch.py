"""Watching the mail relay's hold: telling of it, and probing the relay while it is held."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.values import format_time
from messaging.database.errors import is_outage, why_away
from messaging.handlers.workspace import Publishing
from messaging.pacing.waiting import pause
from messaging.telemetry import logs, metrics
from services.ereferral_dispatch.delivery.relay_holds import begin_probe, end_probe, read_relay
from services.ereferral_dispatch.models import MailRelay
from services.ereferral_dispatch.rules.outcomes import RelayUnusable
from services.ereferral_dispatch.rules.relay_hold import hold_in_words

log = logs.get(__name__)

LOOK_EVERY_SECONDS = 1.0


@dataclass(slots=True)
class RelayWatch:
    """One replica's watch over the relay of that name.

    `probe` looks whether the relay takes us, and sends nothing. `note` is told how a held relay
    stands, or None. `when_released` is called once this replica has let it go. A probe may last for
    minutes, so that several of them may be under way.
    """

    engine: AsyncEngine
    publishing: Publishing
    name: str
    probe: Callable[[], Awaitable[RelayUnusable | None]]
    probe_every_seconds: float
    note: Callable[[str | None], None]
    when_released: Callable[[], None]

    async def run(self, stop: asyncio.Event) -> None:
        """Look every second until `stop` is set. Raises what our own code raised."""
        probes: set[asyncio.Task[None]] = set()
        try:
            while not stop.is_set():
                try:
                    started_at = await self._look()
                except Exception as error:
                    if not is_outage(error):
                        raise
                    log.warning("mail relay not looked at", detail=why_away(error))
                else:
                    if started_at is not None:
                        probes.add(asyncio.create_task(self._probe(started_at)))
                for ended in [probe for probe in probes if probe.done()]:
                    probes.remove(ended)
                    ended.result()
                await pause(stop, min(LOOK_EVERY_SECONDS, self.probe_every_seconds))
        finally:
            for probe in probes:
                probe.cancel()

    async def _look(self) -> datetime | None:
        """Tell how the relay stands; when the probe began that is now this replica's to make."""
        relay = await read_relay(self.engine, self.name)
        self._tell(relay)
        if relay.held_at is None:
            return None
        return await begin_probe(self.engine, self.name, self.probe_every_seconds)

    def _tell(self, relay: MailRelay) -> None:
        metrics.MAIL_RELAY_HELD.set(relay.held_at is not None)
        if relay.held_at is None or relay.code is None:
            self.note(None)
        else:
            self.note(hold_in_words(format_time(relay.held_at), relay.code, relay.detail))

    async def _probe(self, started_at: datetime) -> None:
        unusable = await self.probe()
        log.info(
            "mail relay probed",
            relay=self.name,
            outcome="usable" if unusable is None else "unusable",
            code=None if unusable is None else unusable.code,
        )
        try:
            released = await end_probe(
                self.engine, self.name, started_at, unusable, self.publishing
            )
        except Exception as error:
            if not is_outage(error):
                raise
            log.warning("probe of the mail relay not recorded", detail=why_away(error))
            return
        if released:
            log.info("mail relay released", relay=self.name)
            self.when_released()
