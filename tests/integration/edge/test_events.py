"""The hints that a page hears: its org's, what its token may read, in order, or a reset."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from messaging.wire.connection import connection, persistent
from services.edge.events import answering, streams
from services.edge.tokens.changes import revoke
from services.edge.tokens.file import changing
from services.edge.tokens.token import TokenKind
from tests.support.broker.gate import gate
from tests.support.services.both import Both
from tests.support.services.edge import Answered, Caller, RunningEdge, running_edge
from tests.support.waiting import until

WITHIN_SECONDS = 10.0
QUIET_SECONDS = 0.5


@dataclass(frozen=True)
class Told:
    """One event of a stream, as a browser takes it: its `id`, type and data."""

    id: str | None
    type: str
    data: Any


class Listening:
    """Whoever reads a stream."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer
        self.comments = 0

    async def next(self) -> Told | None:
        """The next event; None where the stream has ended."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(WITHIN_SECONDS):
            while line := (await self.answer.content.readline()).decode():
                name, _, value = line.rstrip("\n").partition(": ")
                if line == "\n" and "data" in fields:
                    return Told(fields.get("id"), fields["event"], json.loads(fields["data"]))
                if line.startswith(":"):
                    self.comments += 1
                elif line != "\n":
                    assert name in ("id", "event", "data"), line
                    fields[name] = value
        return None

    async def some(self, count: int) -> list[Told]:
        """So many events."""
        told = [await self.next() for _ in range(count)]
        assert None not in told, "the stream ended"
        return [one for one in told if one is not None]

    async def is_quiet(self) -> bool:
        """Whether nothing comes."""
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                await self.answer.content.readline()
        except TimeoutError:
            return True
        return False


@asynccontextmanager
async def listening(caller: Caller, last_id: str | None = None) -> AsyncIterator[Listening]:
    """A stream of the caller's org."""
    said = {"Authorization": f"Bearer {caller.token}", "Accept": "text/event-stream"}
    if last_id is not None:
        said["Last-Event-ID"] = last_id
    url = f"{caller.url}/api/v1/{caller.org_id}/events"
    async with caller.session.get(url, headers=said) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        yield Listening(answer)


async def refused(caller: Caller) -> Answered:
    """The answer to who may not listen."""
    return await caller.ask("GET", "/events")


@pytest_asyncio.fixture
async def heard(edge: RunningEdge) -> None:
    """The edge listens to the broker."""
    await until(lambda: "events" not in edge.edge.health.notes(), WITHIN_SECONDS)


async def test_what_is_told_of_an_event(caller: Caller, heard: None) -> None:
    """Id, type, subject and version, never the resource; each subject's in order."""
    async with listening(caller) as stream:
        partner = await caller.partner()
        for version in (1, 2, 3):
            changed = {"base_version": version, "city": f"Springfield {version}"}
            await caller.ask("PATCH", f"/referral-partners/{partner['id']}", changed)
        told = await stream.some(4)
    assert [one.type for one in told] == ["referral_partner.created"] + [
        "referral_partner.updated"
    ] * 3
    assert [one.data for one in told] == [
        {"type": one.type, "subject": partner["id"], "aggregateversion": version}
        for one, version in zip(told, (1, 2, 3, 4), strict=True)
    ]
    assert len({one.id for one in told}) == 4


async def test_an_event_of_another_org_is_not_seen(
    edge: RunningEdge, caller: Caller, heard: None
) -> None:
    """By a token of both orgs neither: a stream is of the org in its path."""
    other = edge.caller()
    both = edge.caller(caller.org_id, orgs=[caller.org_id, other.org_id])
    async with listening(caller) as mine, listening(both) as path:
        await other.partner()
        seen = await caller.partner()
        for stream in (mine, path):
            (told,) = await stream.some(1)
            assert told.data["subject"] == seen["id"]
            assert await stream.is_quiet()


async def test_only_what_the_token_may_read_is_seen(
    edge: RunningEdge, caller: Caller, heard: None
) -> None:
    """Who may get sources hears of sources, and not of partners, which it may only list."""
    reader = edge.caller(caller.org_id, operations=["referral_source.get", "referral_partner.list"])
    async with listening(reader) as stream:
        await caller.partner()
        source = await caller.source()
        (told,) = await stream.some(1)
        assert (told.type, told.data["subject"]) == ("referral_source.created", source["id"])
        assert await stream.is_quiet()


async def test_events_of_dispatch_are_heard(
    both: Both, edge: RunningEdge, rabbitmq_vhost: str, heard: None
) -> None:
    """What dispatch publishes reaches a page, too."""
    caller = edge.caller()
    async with listening(caller) as stream:
        (hint,) = events(caller.org_id, 1, kind="ereferral.delivered")
        await publish(rabbitmq_vhost, "ereferral_dispatch.events", [hint])
        (told,) = await stream.some(1)
    assert (told.id, told.type) == (hint["id"], "ereferral.delivered")


async def test_who_may_not_listen(edge: RunningEdge) -> None:
    """403: a foreign org, one who may get nothing, a page that submits; 401 without a token."""
    caller = edge.caller()
    foreign = Caller(caller.session, caller.url, caller.token, "org_foreign")
    writer = edge.caller(operations=["referral_partner.create", "*.list"])
    page = edge.caller(kind=TokenKind.SUBMIT)
    for one in (foreign, writer, page):
        assert (await refused(one)).refusal == (403, "forbidden", [["path", "org_id"]])
    nobody = Caller(caller.session, caller.url, "none", caller.org_id)
    assert (await refused(nobody)).refusal[:2] == (401, "unauthenticated")


async def test_what_is_refused_of_a_request(caller: Caller) -> None:
    """406 for who takes no stream, 422 for a parameter, 405 for another method."""
    answered = await caller.ask("GET", "/events", headers={"Accept": "application/json"})
    assert answered.refusal == (406, "not_acceptable", [["header", "Accept"]])
    answered = await caller.ask("GET", "/events?since=1")
    assert answered.refusal == (422, "validation_error", [["query", "since"]])
    answered = await caller.ask("POST", "/events", {})
    assert answered.refusal[:2] == (405, "method_not_allowed")
    assert answered.headers["allow"] == "GET"


async def test_after_a_gap_what_was_missed_is_told(caller: Caller, heard: None) -> None:
    """From the last id on, in order, and then what is new."""
    async with listening(caller) as stream:
        await caller.partner()
        (first,) = await stream.some(1)
    missed = [(await caller.partner())["id"] for _ in range(3)]
    async with listening(caller, first.id) as stream:
        await hears(stream, missed)
        new = await caller.partner()
        (told,) = await stream.some(1)
    assert told.data["subject"] == new["id"]


async def hears(stream: Listening, subjects: list[str]) -> None:
    """These are told, in this order, and nothing else."""
    assert [told.data["subject"] for told in await stream.some(len(subjects))] == subjects


async def test_after_a_gap_that_is_too_long_all_is_to_be_read_again(
    edge: RunningEdge, rabbitmq_vhost: str, heard: None
) -> None:
    """The replica remembers 1,000 events: one that is older, or another replica's, is a reset."""
    caller = edge.caller()
    gone, *rest = events(caller.org_id, 1_001)
    await publish(rabbitmq_vhost, "referrals.events", [gone, *rest])
    async with listening(caller, rest[0]["id"]) as stream:
        await hears(stream, [one["subject"] for one in rest[1:]])
    for unknown in (gone["id"], "another replica's", secrets.token_hex(16)):
        async with listening(caller, unknown) as stream:
            assert await stream.next() == Told(None, "reset", {})
            assert await stream.is_quiet()


async def test_after_a_loss_of_the_broker_all_is_to_be_read_again(
    both: Both, rabbitmq_vhost: str, tmp_path: Path
) -> None:
    """`reset` to all who listened, and nothing is resumed across it."""
    async with gate(rabbitmq_vhost) as way, running_edge(way.url, tmp_path) as edge:
        await until(lambda: "events" not in edge.edge.health.notes(), WITHIN_SECONDS)
        caller = edge.caller()
        async with listening(caller) as stream:
            await caller.partner()
            (before,) = await stream.some(1)
            await way.shut()
            await until(lambda: "events" in edge.edge.health.notes(), WITHIN_SECONDS)
            await way.open()
            assert await stream.next() == Told(None, "reset", {})
            await until(lambda: edge.edge.health.ready, WITHIN_SECONDS)
            partner = await caller.partner()
            await hears(stream, [partner["id"]])
        async with listening(caller, before.id) as stream:
            assert await stream.next() == Told(None, "reset", {})


async def test_a_token_has_four_streams(edge: RunningEdge) -> None:
    """The fifth is 429; one that ends makes room, and another token is not disturbed."""
    caller = edge.caller()
    other = edge.caller(caller.org_id)
    async with listening(caller), listening(caller), listening(caller):
        async with listening(caller):
            answered = await refused(caller)
            assert answered.refusal[:2] == (429, "too_many_requests")
            assert answered.headers["retry-after"] == "15"
            async with listening(other):
                pass

        async def there_is_room() -> bool:
            return await opens(caller)

        await until(there_is_room, WITHIN_SECONDS)


async def opens(caller: Caller) -> bool:
    """Whether another stream can be opened."""
    said = {"Authorization": f"Bearer {caller.token}"}
    url = f"{caller.url}/api/v1/{caller.org_id}/events"
    async with caller.session.get(url, headers=said) as answer:
        return answer.status == 200


async def test_a_revoked_token_hears_no_more(edge: RunningEdge, heard: None) -> None:
    """Its stream ends within 15 s, by the file alone; others go on."""
    assert streams.LOOK_EVERY_SECONDS + 2 < 15
    ended, staying = edge.caller(), edge.caller()
    async with listening(ended) as stream, listening(staying) as other:
        with changing(edge.tokens_file) as tokens:
            revoke(tokens, ended.token[4:12], datetime.now(UTC))
        assert await stream.next() is None
        await hears(other, [(await staying.partner())["id"]])


async def test_a_comment_comes_when_nothing_else_does(
    edge: RunningEdge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every 15 s, so that no proxy takes the stream for dead."""
    assert answering.COMMENT_EVERY_SECONDS == 15
    monkeypatch.setattr(answering, "COMMENT_EVERY_SECONDS", 0.1)
    async with listening(edge.caller()) as stream, asyncio.timeout(WITHIN_SECONDS):
        for _ in range(3):
            assert await stream.answer.content.readline() == b": \n"
            assert await stream.answer.content.readline() == b"\n"


async def test_who_does_not_read_is_closed(both: Both, rabbitmq_vhost: str, tmp_path: Path) -> None:
    """256 unread, beyond what is on its way: the stream ends, and no memory is kept for it."""
    async with running_edge(rabbitmq_vhost, tmp_path) as edge:
        await until(lambda: "events" not in edge.edge.health.notes(), WITHIN_SECONDS)
        caller = edge.caller()
        reader, writer = await asyncio.open_connection("127.0.0.1", edge.edge.port, limit=1024)
        writer.write(
            f"GET /api/v1/{caller.org_id}/events HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {caller.token}\r\n\r\n".encode()
        )
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        assert edge.edge.streams.count == 1

        async def is_closed() -> bool:
            await publish(rabbitmq_vhost, "referrals.events", events(caller.org_id, 2_000, 4_000))
            return edge.edge.streams.count == 0

        await until(is_closed, 60)
        writer.transport.abort()


async def test_streams_end_when_the_edge_stops(
    both: Both, rabbitmq_vhost: str, tmp_path: Path
) -> None:
    """At once: nobody who listens keeps a replica from stopping."""
    async with (
        running_edge(rabbitmq_vhost, tmp_path) as edge,
        listening(edge.caller()) as stream,
    ):
        edge.stop.set()
        assert await stream.next() is None


def events(
    org_id: str, count: int, padded_to: int = 0, *, kind: str = "referral_partner.updated"
) -> list[dict[str, Any]]:
    """Events as a service publishes them, each of another subject."""
    return [
        {
            "id": secrets.token_hex(16),
            "type": kind,
            "subject": secrets.token_hex(16).ljust(padded_to, "0"),
            "orgid": org_id,
            "aggregateversion": 2,
            "data": {"first_name": "Ann"},
        }
        for _ in range(count)
    ]


async def publish(rabbitmq_url: str, exchange: str, made: list[dict[str, Any]]) -> None:
    """Publish events in this order."""
    async with connection(rabbitmq_url, "test.events") as opened:
        channel = await opened.channel(publisher_confirms=True)
        for event in made:
            await channel.basic_publish(
                json.dumps(event).encode(),
                exchange=exchange,
                routing_key=event["type"],
                properties=persistent(),
            )
