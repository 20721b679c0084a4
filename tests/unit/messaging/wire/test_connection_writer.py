"""Many messages in one write, as aiormq would have written each alone."""

import asyncio
from types import SimpleNamespace
from typing import Any

import aiormq.exceptions
import pytest
from aiormq import spec
from pamqp import frame as frames

from messaging.wire.connection import Writer

FRAME_MAX = 4_096


def channel(*, confirms: bool) -> Any:
    """What a writer uses of aiormq's channel."""
    loop = asyncio.get_running_loop()
    return SimpleNamespace(
        number=1,
        is_closed=False,
        publisher_confirms=confirms,
        connection=SimpleNamespace(connection_tune=SimpleNamespace(frame_max=FRAME_MAX)),
        delivery_tag=0,
        confirmations={},
        message_id_delivery_tag={},
        write_queue=asyncio.Queue(),
        create_future=loop.create_future,
        create_task=loop.create_task,
    )


def publish(writer: Writer, body: bytes, message_id: str) -> "asyncio.Future[Any]":
    return writer.publish(
        body,
        exchange="x",
        routing_key="y",
        properties=spec.Basic.Properties(message_id=message_id),
        mandatory=True,
    )


def in_frames(octets: bytes) -> list[tuple[int, Any]]:
    """Each frame's size and what it says."""
    found = []
    while octets:
        size, _, said = frames.unmarshal(octets)
        found.append((size, said))
        octets = octets[size:]
    return found


async def test_what_is_published_in_one_turn_leaves_in_one_write() -> None:
    """In its order; a later turn has a write of its own."""
    opened = channel(confirms=False)
    writer = Writer(opened)
    first, second = publish(writer, b"1", "a"), publish(writer, b"2", "b")
    assert first is second
    written = await opened.write_queue.get()
    bodies = [said.value for _, said in in_frames(written.payload) if said.name == "ContentBody"]
    assert bodies == [b"1", b"2"]
    assert not first.done()
    written.drain()
    await first
    publish(writer, b"3", "c")
    await opened.write_queue.get()
    assert opened.write_queue.empty()


async def test_each_message_is_confirmed_by_its_number_or_found_by_its_id() -> None:
    """As aiormq looks for them when the broker confirms, or returns, one."""
    opened = channel(confirms=True)
    writer = Writer(opened)
    first, second = publish(writer, b"1", "a"), publish(writer, b"2", "b")
    assert opened.confirmations == {1: first, 2: second}
    assert opened.message_id_delivery_tag == {"a": 1, "b": 2}
    second.set_result(None)
    await asyncio.sleep(0)
    assert opened.message_id_delivery_tag == {"a": 1}


async def test_a_body_is_cut_into_frames_that_the_broker_takes() -> None:
    """None is larger than was agreed, and together they are the body."""
    opened = channel(confirms=False)
    body = bytes(range(256)) * 40  # 10,240 octets
    publish(Writer(opened), body, "a")
    found = in_frames((await opened.write_queue.get()).payload)
    assert max(size for size, _ in found) == FRAME_MAX
    assert b"".join(said.value for _, said in found if said.name == "ContentBody") == body


async def test_nothing_is_written_to_a_channel_that_is_closed() -> None:
    """It is said at once: nobody would ever confirm it."""
    opened = channel(confirms=True)
    opened.is_closed = True
    with pytest.raises(aiormq.exceptions.ChannelInvalidStateError):
        publish(Writer(opened), b"1", "a")
    assert not opened.confirmations
