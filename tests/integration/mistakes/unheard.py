"""Mistakes after which no answer comes: what is seen, what became of the message, where to look."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiormq.exceptions
import orjson
import pytest
from aiormq import spec

from contracts.documents.examples import EXAMPLES
from messaging.replies.client import listen
from messaging.wire.connection import connection
from tests.integration.mistakes.shop import Shop, shown
from tests.support.broker.raw_messages import headers_of
from tests.support.waiting import until

_CREATE = "referral_partner.create"
_COMMANDS = "referrals.commands"
_SECONDS_WITHOUT_A_REPLY = 1.0
_NO_ROUTE = "312 `NO_ROUTE`"
# AMQP 0-9-1, section 1.2.
_CODES: dict[type[Exception], int] = {
    aiormq.exceptions.ChannelNotFoundEntity: 404,
    aiormq.exceptions.ChannelPreconditionFailed: 406,
}


@dataclass(frozen=True)
class Unheard:
    """A row of the page's second table. `send` gives its last three cells."""

    name: str
    sent: str
    send: Callable[[Shop], Awaitable[tuple[str, str, str]]]


async def _no_correlation(shop: Shop) -> tuple[str, str, str]:
    message_id = str(uuid4())
    body = orjson.dumps(shop.body(_CREATE))
    properties, answered = await shop.say(body, correlation_id=None, message_id=message_id)
    assert (answered.status, properties.correlation_id) == (201, message_id)
    return (
        "a reply whose `correlation_id` is the `message_id`",
        "done, and answered 201",
        "take `message_id` for the `correlation_id`, or send one",
    )


async def _seen(shop: Shop, exchange: str, operation: str, **given: Any) -> str:
    """What the broker says to a message on a channel of its own; `mandatory` unless it is given."""
    properties = spec.Basic.Properties(
        content_type="application/json", message_id=str(uuid4()), reply_to=given.get("reply_to")
    )
    body = orjson.dumps(shop.body(_CREATE))
    mandatory = given.get("mandatory", True)
    try:
        async with connection(shop.rabbitmq_url, "test.mistake") as opened:
            channel = await opened.channel(publisher_confirms=True, on_return_raises=True)
            await channel.basic_publish(
                body,
                exchange=exchange,
                routing_key=operation,
                properties=properties,
                mandatory=mandatory,
            )
    except aiormq.exceptions.PublishError as error:
        reason = None if error.message is None else error.message.delivery
        if isinstance(reason, spec.Basic.Return):
            return f"{reason.reply_code} `{reason.reply_text}`"
        raise
    except aiormq.exceptions.ChannelClosed as error:
        return f"{_CODES[type(error)]} `{str(error).partition(' - ')[0]}`"
    return "confirmed"


async def _events_exchange(shop: Shop) -> tuple[str, str, str]:
    assert await _seen(shop, "referrals.events", "referral.create") == _NO_ROUTE
    async with listen(shop.rabbitmq_url, {"referrals.events": "#"}) as heard:
        assert await _seen(shop, "referrals.events", "referral.create") == "confirmed"
        assert (await asyncio.wait_for(heard.get(), 10)).routing_key == "referral.create"
    assert (await shop.done("referral_partner.list"))["total"] == 0
    return (
        f"with `mandatory` a return, {_NO_ROUTE}, where nobody subscribes; else nothing",
        "not done: the broker drops it, or gives it to subscribers, for whom it is no event",
        "publish to `referrals.commands`. Under [the users' permissions]"
        "(../operators/permissions.md) the broker refuses it",
    )


async def _dispatch_events(shop: Shop) -> tuple[str, str, str]:
    queue = "referrals.ereferral_events"
    assert await _seen(shop, "ereferral_dispatch.events", "ereferral.create") == "confirmed"
    return (
        "nothing; the broker confirms it",
        await _parked(shop, queue, "malformed_message"),
        f"`handoff dead-letters list {queue}`",
    )


async def _parked(shop: Shop, queue: str, code: str) -> str:
    """That a message lies in a queue's dead letters, as the command line shows it; taken away."""

    async def is_listed() -> bool:
        return code in await shop.handoff("dead-letters", "list", queue)

    await until(is_listed, 20)
    listed = await shop.handoff("dead-letters", "list", queue)
    assert listed.splitlines()[0] == f"{queue}: 1 dead letter"
    detail = json.loads(await shop.handoff("dead-letters", "show", queue, "1"))["problem_detail"]
    (taken,) = await shop.wire.parked(queue)
    headers = headers_of(taken)
    assert (headers["problem_code"], headers["problem_detail"]) == (code, detail)
    return f"parked in `{queue}.dead_letters`. `problem_code` `{code}`, `problem_detail`: {detail}"


async def _no_exchange(shop: Shop) -> tuple[str, str, str]:
    said = await _seen(shop, "handoff", _CREATE)
    return (
        f"the channel is closed: {said}",
        "not taken by the broker",
        "[the exchanges](../contract/wire.md#topology), or `handoff operations`",
    )


async def _no_queue(shop: Shop) -> tuple[str, str, str]:
    assert await _seen(shop, "", "handoff.commands") == _NO_ROUTE
    assert await _seen(shop, "", "handoff.commands", mandatory=False) == "confirmed"
    return (
        f"with `mandatory` a return, {_NO_ROUTE}; else nothing, though the broker confirms it",
        "dropped by the broker: it came to no queue of ours",
        "publish with `mandatory`",
    )


async def _no_consumer(shop: Shop) -> tuple[str, str, str]:
    said = await _seen(shop, _COMMANDS, _CREATE, reply_to="amq.rabbitmq.reply-to")
    assert (await shop.done("referral_partner.list"))["total"] == 0
    return (
        f"the channel is closed: {said}",
        "not taken by the broker",
        "consume from `amq.rabbitmq.reply-to` first, on the same channel and without acknowledging",
    )


async def _reply_to_nowhere(shop: Shop) -> tuple[str, str, str]:
    message_id, body = str(uuid4()), orjson.dumps(shop.body(_CREATE))
    with pytest.raises(asyncio.TimeoutError):
        await _without_a_reply(shop, body, _CREATE, message_id=message_id, reply_to="nowhere")
    assert (await shop.done("referral_partner.list"))["total"] == 1
    _, answered = await shop.say(body, message_id=message_id)
    assert (await shop.done("referral_partner.list"))["total"] == 1
    return (
        "nothing",
        "done; the reply found no queue and is gone",
        "send it again with the same `message_id` and body, to be answered in a queue that exists: "
        f"the first reply ({shown(answered)}) and no second effect",
    )


async def _without_a_reply(shop: Shop, body: bytes, operation: str, **properties: Any) -> None:
    """Publish, and wait a while for a reply that does not come. Raises TimeoutError."""
    exchange = properties.pop("exchange", _COMMANDS)
    given = {"content_type": "application/json", "message_id": str(uuid4()), **properties}
    await shop.wire.publish(body, operation, exchange=exchange, **given)
    await shop.wire.reply(_SECONDS_WITHOUT_A_REPLY)


def _unanswerable(
    operation: str, change: dict[str, Any], exchange: str, code: str
) -> Callable[[Shop], Awaitable[tuple[str, str, str]]]:
    async def send(shop: Shop) -> tuple[str, str, str]:
        await shop.hold(EXAMPLES[operation].needs)
        body = orjson.dumps(shop.body(operation, change))
        with pytest.raises(asyncio.TimeoutError):
            await _without_a_reply(shop, body, operation, exchange=exchange)
        return (
            "nothing",
            await _parked(shop, exchange, code),
            f"`handoff dead-letters list {exchange}`, then `show` with its number",
        )

    return send


UNHEARD: list[Unheard] = [
    Unheard("no correlation id", f"`{_CREATE}` without `correlation_id`", _no_correlation),
    Unheard("exchange that does not exist", f"`{_CREATE}` to the exchange `handoff`", _no_exchange),
    Unheard(
        "default exchange, a queue that does not exist",
        "to the default exchange with the routing key `handoff.commands`",
        _no_queue,
    ),
    Unheard(
        "publish to events exchange",
        "`referral.create` to `referrals.events`",
        _events_exchange,
    ),
    Unheard(
        "publish to the other events exchange",
        "`ereferral.create` to `ereferral_dispatch.events`",
        _dispatch_events,
    ),
    Unheard(
        "reply queue that does not exist (replyTo: nowhere), waits",
        f"`{_CREATE}` with `reply_to` `nowhere`",
        _reply_to_nowhere,
    ),
    Unheard(
        "no replyTo at all + invalid body",
        f'`{_CREATE}` with `{{"phone": "ask at the desk", "npi": "1"}}`, no `reply_to`',
        _unanswerable(
            _CREATE, {"phone": "ask at the desk", "npi": "1"}, _COMMANDS, "validation_error"
        ),
    ),
    Unheard(
        "no replyTo of a query",
        "`referral_partner.list` without `reply_to`",
        _unanswerable("referral_partner.list", {}, "referrals.queries", "malformed_message"),
    ),
    Unheard(
        "replyTo amq.rabbitmq.reply-to without consuming",
        f"`{_CREATE}` with `reply_to` `amq.rabbitmq.reply-to`, and nobody consumes from it",
        _no_consumer,
    ),
]
