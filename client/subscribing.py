"""`EventSubscriber`: keeps a program current with resources of some orgs.

It binds its queue first, reads the lists by cursor then, and applies what is newer
(docs/contract/wire.md#event-promises): from then on it lives on the queue, which waits for it.
"""

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from client.asking import ReferralsClient
from client.broker import BrokerEvents, user_of
from client.errors import NoReply, NotPermitted, NotTaken
from client.following import Followed, follow
from client.positions import Positions, Subject
from client.reading import read_event
from client.wire import Bindings, Delivered, EventWire, Lost
from contracts.events import CloudEvent
from contracts.shapes import Resource

log = logging.getLogger("handoff.client")

RECONNECT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Change:
    """One thing as it is now. `data` is what it holds: its last state where it is `gone`, or None
    where it went unheard. `event` is None where it was read from a list.
    """

    subject: Subject
    version: int
    data: Resource | None
    gone: bool
    event: CloudEvent | None


Apply = Callable[[Change], Awaitable[None] | None]


class EventSubscriber:
    """Tells `apply` of each thing of `resources` in `orgs`: first as it is, then as it changes.

    `url`: the broker, by the subscriber's user; its queue is `events.<user>.<name>`, durable, and
    gathers what happens while nobody runs. `client` reads the lists: its user may ask, which a
    subscriber's need not. `apply` is called for one change at a time, those of one thing in the
    order of their versions, each version once, in the block of `positions.applying`: what it raises
    ends `run`, and the change comes again at the next one.
    """

    def __init__(
        self,
        url: str | EventWire,
        client: ReferralsClient,
        *,
        name: str,
        resources: Sequence[str],
        orgs: Sequence[str],
        positions: Positions,
        apply: Apply,
    ) -> None:
        """Raises ValueError for a resource that has no events, or whose parent is not named."""
        self._client = client
        self._orgs = tuple(orgs)
        self._positions = positions
        self._apply = apply
        self._followed = follow(resources)
        prefix = f"events.{user_of(url)}." if isinstance(url, str) else "events."
        self._wire: EventWire = (
            BrokerEvents(url, f"handoff.{name}") if isinstance(url, str) else url
        )
        self._bindings = Bindings(
            prefix + name, [(one.exchange, f"{one.resource}.*") for one in self._followed.values()]
        )
        self.current = asyncio.Event()
        """Set once the lists are read, and the program is as current as the queue makes it."""

    async def run(self) -> None:
        """Keep up until cancelled, over lost connections and restarts of the broker.

        Raises what `apply` raises, UnreadableEvent, Refused where a service does not let the client
        read a list, and NotPermitted where the broker refuses it; the event stays in the queue.
        """
        while True:
            try:
                async with self._wire.bound(self._bindings) as queue:
                    if queue.is_new:
                        await self._positions.forget_reading()
                    await self._read()
                    self.current.set()
                    async for delivery in queue.deliveries():
                        await self._take(delivery)
            except NotPermitted:
                raise
            except (Lost, NoReply, NotTaken) as error:
                log.warning("events wait, again in %s s: %s", RECONNECT_SECONDS, error)
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _take(self, delivery: Delivered) -> None:
        event, data = read_event(delivery.body)
        resource = event.type.partition(".")[0]
        if resource in self._followed and event.orgid in self._orgs:
            subject = Subject(resource, event.orgid, event.subject)
            gone = event.type == f"{resource}.archived"
            await self._tell(Change(subject, event.aggregateversion, data, gone, event))
        await delivery.done()

    async def _read(self) -> None:
        for org_id in self._orgs:
            for one in self._followed.values():
                if not await self._positions.is_read(one.resource, org_id):
                    await self._read_list(one, org_id)
                    await self._positions.mark_read(one.resource, org_id)

    async def _read_list(self, one: Followed, org_id: str) -> None:
        """Everything that is there; and what was there before and is not any more, is gone."""
        before = await self._positions.standing(one.resource, org_id)
        seen = set()
        async for id_, data in self._items(one, org_id):
            seen.add(id_)
            subject = Subject(one.resource, org_id, id_)
            await self._tell(Change(subject, data.version, data, gone=False, event=None))
        if one.is_readable:
            for id_ in before.keys() - seen:
                subject = Subject(one.resource, org_id, id_)
                await self._tell(Change(subject, before[id_], None, gone=True, event=None))

    async def _items(self, one: Followed, org_id: str) -> AsyncIterator[tuple[str, Resource]]:
        """What the resource's lists hold, each with its id as a subject."""
        parents: list[str | None] = [None]
        if one.parent is not None:
            parents = list(await self._positions.standing(one.parent, org_id))
        for parent in parents:
            async for data in one.items(self._client, org_id, parent):
                yield one.subject_id(org_id, data), data

    async def _tell(self, change: Change) -> None:
        async with self._positions.applying(
            change.subject, change.version, gone=change.gone
        ) as newer:
            if newer:
                done = self._apply(change)
                if inspect.isawaitable(done):
                    await done
