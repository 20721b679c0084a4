"""`FakeServices`: both services in memory."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import orjson

from client.asking import ReferralsClient
from client.positions import Positions
from client.subscribing import Apply, EventSubscriber
from client.testing.deciding import Decider, Done
from client.wire import Bindings, Lost, Undelivered
from contracts.events import CloudEvent
from contracts.operations import Operation
from contracts.problems import Problem, ProblemCode, Refusal
from contracts.replies import Reply
from contracts.shapes import Shape


class FakeServices:
    """A program's test asks it by `client()`, hears it by `subscriber()`, and moves it on.

    What goes wrong can be brought about: `refuse`, `lose_replies`, `away`.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        """Each request that arrived: the operation and its body."""
        self.away = False
        """Nothing gets through, as when the broker is down."""
        self._decider = Decider()
        self._queues: dict[str, FakeQueue] = {}
        self._replies_to_lose = 0
        self._answers: dict[str, Reply] = {}
        self._refusals: dict[str, deque[Reply]] = {}

    def client(self, **given: Any) -> ReferralsClient:
        """A client of these services; `given` are the real one's arguments."""
        return ReferralsClient(self, **given)

    def subscriber(
        self,
        *,
        name: str,
        resources: list[str],
        orgs: list[str],
        positions: Positions,
        apply: Apply,
    ) -> EventSubscriber:
        """A subscriber of these services."""
        return EventSubscriber(
            self,
            self.client(),
            name=name,
            resources=resources,
            orgs=orgs,
            positions=positions,
            apply=apply,
        )

    def answer(self, operation: Operation[Any, Any], data: Shape | None) -> None:
        """From now on the operation is answered with this, whatever is asked."""
        self._answers[operation.name] = Reply(
            status=operation.status,
            data=None if data is None else orjson.loads(data.to_json()),
        )

    def refuse(self, operation: Operation[Any, Any], code: ProblemCode, detail: str = "") -> None:
        """The next time the operation is asked, it is refused."""
        problem = Problem(code=code, title=code.words, detail=detail or code.words)
        refused = self._refusals.setdefault(operation.name, deque())
        refused.append(Reply(status=code.status, problem=problem))

    def lose_replies(self, count: int = 1) -> None:
        """The next requests are done, but the connection is lost before their replies come."""
        self._replies_to_lose = count

    def dispatch_status(self, org_id: str, referral_uuid: UUID, status: str) -> None:
        """What dispatch tells referrals of a sent referral: `delivered`, `failed`, …"""
        self._publish(self._decider.heard(org_id, referral_uuid, status))

    async def ask(
        self,
        exchange: str,
        operation: str,
        body: bytes,
        *,
        message_id: UUID,
        headers: Mapping[str, Any],
    ) -> bytes:
        """A client's request, as the broker would carry it. Raises Undelivered and Lost."""
        await asyncio.sleep(0)
        if self.away:
            raise Undelivered("no broker", may_pass=True)
        self.asked.append((operation, orjson.loads(body)))
        reply = self._reply(operation, body, message_id).to_json()
        if self._replies_to_lose:
            self._replies_to_lose -= 1
            raise Lost("the connection was lost")
        return reply

    async def close(self) -> None:
        """A client has ended; what the services hold stays."""

    @asynccontextmanager
    async def bound(self, bindings: Bindings) -> AsyncIterator["FakeQueue"]:
        """A subscriber's queue, which outlives it."""
        await asyncio.sleep(0)
        if self.away:
            raise Lost("no broker")
        queue = self._queues.get(bindings.queue)
        is_new = queue is None
        queue = queue or self._queues.setdefault(bindings.queue, FakeQueue(bindings))
        queue.is_new = is_new
        yield queue

    def repeat_events(self) -> None:
        """Everything that waits in the queues or was taken comes once more, as a broker may do."""
        for queue in self._queues.values():
            queue.repeat()

    def _reply(self, operation: str, body: bytes, message_id: UUID) -> Reply:
        if refusals := self._refusals.get(operation):
            return refusals.popleft()
        if operation in self._answers:
            return self._answers[operation]
        try:
            done = self._decider.decide(operation, body, message_id)
        except Refusal as refusal:
            return Reply(status=refusal.problem.code.status, problem=refusal.problem)
        self._publish(done)
        return done.reply

    def _publish(self, done: Done) -> None:
        for event in done.events:
            for queue in self._queues.values():
                queue.put(event)


class FakeQueue:
    """A subscriber's queue in memory. What was not acknowledged comes again."""

    def __init__(self, bindings: Bindings) -> None:
        self.is_new = True
        self._prefixes = tuple(key.removesuffix("*") for _, key in bindings.keys)
        self._waiting: deque[bytes] = deque()
        self._taken: list[bytes] = []
        self._arrived = asyncio.Event()

    def put(self, event: CloudEvent) -> None:
        """An event arrives, where the queue is bound to its type."""
        if event.type.startswith(self._prefixes):
            self._waiting.append(event.model_dump_json(exclude_none=True, warnings="none").encode())
            self._arrived.set()

    def repeat(self) -> None:
        """Everything once more, the oldest first."""
        self._waiting.extendleft(reversed(self._taken))
        self._arrived.set()

    async def deliveries(self) -> AsyncIterator["FakeDelivery"]:
        """What comes, in its order."""
        while True:
            while not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
            yield FakeDelivery(self._waiting[0], self)

    def take(self) -> None:
        """The first one is acknowledged."""
        self._taken.append(self._waiting.popleft())


class FakeDelivery:
    """One event."""

    def __init__(self, body: bytes, queue: FakeQueue) -> None:
        self.body = body
        self._queue = queue

    async def done(self) -> None:
        """Take it off the queue."""
        self._queue.take()
