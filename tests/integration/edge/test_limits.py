"""The harm that one client can do to the others: none."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.edge.calls.reading import BODY_LIMIT_BYTES
from tests.support.services.both import Both
from tests.support.services.edge import Answered, Caller, RunningEdge, running_edge

HEAD = "POST /api/v1/{org} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
CONNECTIONS = 1_000
MEGABYTE = 1024 * 1024


def resident_bytes() -> int:
    """The memory of this process, in which the edge runs."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


async def test_a_body_may_have_its_limit_and_no_more(caller: Caller) -> None:
    """1 MiB less 4 KiB; a byte more is 413, whether its length is said or not."""
    filler = b'{"first_name":"A","last_name":"B"}'
    whole = filler + b" " * (BODY_LIMIT_BYTES - len(filler))
    assert BODY_LIMIT_BYTES == 1_044_480
    assert (await caller.ask("POST", "/referral-partners", data=whole)).status == 201
    too_much = await caller.ask("POST", "/referral-partners", data=whole + b" ")
    assert too_much.refusal == (413, "content_too_large", [["body"]])

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * 65_536

    unsaid = await caller.ask("POST", "/referral-partners", data=chunks())
    assert unsaid.refusal == (413, "content_too_large", [["body"]])


async def test_a_body_without_end_takes_no_memory(edge: RunningEdge) -> None:
    """Chunked, 64 MiB of it: refused after the first, and memory stays as it is."""
    caller = edge.caller()
    before = resident_bytes()
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.edge.port)
    head = HEAD.format(org=f"{caller.org_id}/referral-partners", token=caller.token)
    head += "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    writer.write(head.encode())
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    for _ in range(1_024):
        writer.write(chunk)
        await writer.drain()
    status = await asyncio.wait_for(reader.readline(), 20)
    assert status.split()[1] == b"413"
    assert resident_bytes() - before < 16 * MEGABYTE
    writer.close()


async def test_beyond_its_rate_a_token_waits_and_others_do_not(
    both: Both, rabbitmq_vhost: str, tmp_path: Path
) -> None:
    """A burst, then 429 with `Retry-After`; another token is answered."""
    async with running_edge(rabbitmq_vhost, tmp_path, rate_per_minute=60, rate_burst=5) as edge:
        hasty, calm = edge.caller(), edge.caller()
        answers = [await hasty.ask("GET", "/referral-partners") for _ in range(8)]
        assert [answer.status for answer in answers][:5] == [200] * 5
        refused = answers[-1]
        assert refused.refusal == (429, "too_many_requests", [["header", "Authorization"]])
        assert refused.headers["retry-after"] == "1"
        assert (await calm.ask("GET", "/referral-partners")).status == 200
        await asyncio.sleep(1.1)
        assert (await hasty.ask("GET", "/referral-partners")).status == 200


async def test_an_address_without_a_token_waits_and_its_tokens_do_not(
    both: Both, rabbitmq_vhost: str, tmp_path: Path
) -> None:
    """30 a minute without a valid token; who has one is answered from the same address."""
    async with running_edge(rabbitmq_vhost, tmp_path) as edge:
        url = f"{edge.url}/api/v1/org_1/referral-partners"
        answers = [await edge.get(url) for _ in range(32)]
        assert [answer.status for answer in answers[:30]] == [401] * 30
        assert answers[-1].refusal[:2] == (429, "too_many_requests")
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert (await edge.caller().ask("GET", "/referral-partners")).status == 200


async def test_an_address_is_a_proxys_word_only_where_the_proxy_is_trusted(
    both: Both, rabbitmq_vhost: str, tmp_path: Path
) -> None:
    """Without trust the header changes nothing; with it each client has a rate of its own."""
    statuses = []
    for trusted in ((), ("127.0.0.0/8",)):
        folder = tmp_path / str(len(trusted))
        folder.mkdir()
        async with running_edge(rabbitmq_vhost, folder, trusted_proxies=trusted) as edge:
            url = f"{edge.url}/api/v1/org_1/referral-partners"
            for place in range(31):
                await edge.get(url, **{"X-Forwarded-For": f"203.0.113.{place % 2}"})
            last = await edge.get(url, **{"X-Forwarded-For": "203.0.113.1"})
            statuses.append(last.status)
    assert statuses == [429, 401]


async def test_slow_and_idle_connections_shut_nobody_out(edge: RunningEdge) -> None:
    """1,000 that say nothing and 100 that say it letter by letter: others are answered at once;
    they are closed when their time is up."""
    caller = edge.caller()
    async with idle_connections(edge.edge.port, CONNECTIONS), slow_heads(edge.edge.port, 100):
        began = time.monotonic()
        answers: list[Answered] = await asyncio.gather(
            *(caller.ask("GET", "/referral-partners") for _ in range(50))
        )
        assert {answer.status for answer in answers} == {200}
        assert time.monotonic() - began < 10


async def test_a_head_that_never_ends_is_cut_off(edge: RunningEdge) -> None:
    """After 32 KiB with 400, also where it comes all at once; after 10 s without a word."""
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.edge.port)
    writer.write(b"GET / HTTP/1.1\r\n" + b"X-Filler: " + b"x" * 40_000)
    assert (await asyncio.wait_for(reader.readline(), 20)).split()[1] == b"400"
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.edge.port)
    whole = b"GET /docs HTTP/1.1\r\nHost: x\r\nX-Filler: " + b"x" * 40_000 + b"\r\n\r\n"
    writer.write(whole)
    assert (await asyncio.wait_for(reader.readline(), 20)).split()[1] == b"400"
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.edge.port)
    writer.write(b"GET / HT")
    began = time.monotonic()
    assert await asyncio.wait_for(reader.read(), 20) == b""
    assert 9 < time.monotonic() - began < 15


@asynccontextmanager
async def idle_connections(port: int, count: int) -> AsyncIterator[None]:
    """So many connections on which nothing is said."""
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
    try:
        yield
    finally:
        for _, writer in opened:
            writer.close()


@asynccontextmanager
async def slow_heads(port: int, count: int) -> AsyncIterator[None]:
    """So many connections on which a request's head comes letter by letter."""
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]

    async def drip() -> None:
        for letter in b"GET /api/v1/org_1/practice HTTP/1.1\r\nHost: " + b"x" * 1_000:
            for _, writer in opened:
                writer.write(bytes([letter]))
            await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    try:
        yield
    finally:
        dripping.cancel()
        for _, writer in opened:
            writer.close()
