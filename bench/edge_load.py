"""Requests to the edge, the same by AMQP and to a plain application: the client's side."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import orjson

from bench.commands import OPERATION, PartnerCommand
from bench.draining import WrongResult
from bench.plain_http import PATH
from contracts.catalogue import OPERATIONS
from messaging.replies.client import Client

CLIENTS = 64
LIST = "referral_partner.list"
PAGE_SIZE = 25
UP_SECONDS = 30.0

Ask = Callable[[PartnerCommand], Awaitable[None]]
"""One request about a command: to create its partner, or to list those of its org.

Raises WrongResult unless it is answered as it should be.
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What a load of requests took: all of them, and each, in seconds."""

    seconds: float
    each: Sequence[float]

    @property
    def per_second(self) -> float:
        """Requests a second."""
        return len(self.each) / self.seconds

    @property
    def p99(self) -> float:
        """The time that one in a hundred took longer than, in seconds."""
        return statistics.quantiles(self.each, n=100)[98]


async def saturate(ask: Ask, commands: Sequence[PartnerCommand]) -> Load:
    """64 clients, each of which asks again as soon as it is answered."""
    waiting, each = iter(commands), list[float]()

    async def one_client() -> None:
        for command in waiting:
            each.append(await _timed(ask, command))

    began = time.perf_counter()
    async with asyncio.TaskGroup() as clients:
        for _ in range(CLIENTS):
            clients.create_task(one_client())
    return Load(time.perf_counter() - began, each)


async def paced(ask: Ask, commands: Sequence[PartnerCommand], per_second: float) -> Load:
    """So many requests a second, whether or not those before are answered."""
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        asked = []
        for number, command in enumerate(commands):
            await asyncio.sleep(began + number / per_second - time.perf_counter())
            asked.append(group.create_task(_timed(ask, command)))
    return Load(time.perf_counter() - began, [one.result() for one in asked])


async def _timed(ask: Ask, command: PartnerCommand) -> float:
    began = time.perf_counter()
    await ask(command)
    return time.perf_counter() - began


@dataclass(frozen=True, slots=True)
class OverAmqp:
    """Asks the service itself, by direct reply-to."""

    client: Client

    async def create(self, command: PartnerCommand) -> None:
        """A partner."""
        reply = await self.client.call_for_bytes(
            OPERATIONS[OPERATION].exchange, OPERATION, command.body, message_id=command.message_id
        )
        _expect(reply.startswith(b'{"status":201'))

    async def list(self, command: PartnerCommand) -> None:
        """The first page."""
        body = orjson.dumps({"org_id": command.org_id, "page_size": PAGE_SIZE})
        reply = await self.client.call_for_bytes(OPERATIONS[LIST].exchange, LIST, body)
        _expect(reply.startswith(b'{"status":200'))


@dataclass(frozen=True, slots=True)
class OverHttp:
    """Asks the edge."""

    session: aiohttp.ClientSession
    url: str

    async def create(self, command: PartnerCommand) -> None:
        """A partner."""
        body = orjson.loads(command.body)
        del body["org_id"]
        await self._ask(
            *("POST", f"/api/v1/{command.org_id}/referral-partners", 201),
            headers={
                "Content-Type": "application/json",
                "Idempotency-Key": str(command.message_id),
            },
            data=orjson.dumps(body),
        )

    async def create_plainly(self, command: PartnerCommand) -> None:
        """A partner, of the plain application."""
        headers = {"Idempotency-Key": str(command.message_id)}
        await self._ask("POST", PATH, 201, headers=headers, data=command.body)

    async def list(self, command: PartnerCommand) -> None:
        """The first page."""
        path = f"/api/v1/{command.org_id}/referral-partners?page_size={PAGE_SIZE}"
        await self._ask("GET", path, 200)

    async def total(self, org_id: str) -> int:
        """How many partners an org has."""
        url = f"{self.url}/api/v1/{org_id}/referral-partners"
        async with self.session.get(url) as answer:
            return int((await answer.json())["total"])

    async def _ask(
        self,
        method: str,
        path: str,
        status: int,
        *,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
    ) -> None:
        async with self.session.request(
            method, self.url + path, headers=headers, data=data
        ) as answer:
            await answer.read()
            _expect(answer.status == status)


@asynccontextmanager
async def over_http(port: int, up: str, token: str = "") -> AsyncIterator[OverHttp]:
    """A client of what listens at a port, once the page `up` answers."""
    said = {"Authorization": f"Bearer {token}"}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=said) as session:
        async with asyncio.timeout(UP_SECONDS):
            await _is_up(session, up)
        yield OverHttp(session, f"http://127.0.0.1:{port}")


async def _is_up(session: aiohttp.ClientSession, url: str) -> None:
    """Return once the page answers."""
    while True:
        try:
            async with session.get(url) as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientConnectionError:
            pass
        await asyncio.sleep(0.05)


def _expect(right: bool) -> None:
    if not right:
        raise WrongResult("a request was not answered as it should be")
