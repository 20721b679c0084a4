"""Attempts at what each of RabbitMQ's users must not be able to do, on a channel of theirs."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiormq import spec
from aiormq.abc import AbstractChannel

Attempt = Callable[[AbstractChannel], Awaitable[object]]


def publish(exchange: str, routing_key: str = "referral.sent", **properties: Any) -> Attempt:
    def attempt(channel: AbstractChannel) -> Awaitable[object]:
        given = spec.Basic.Properties(**properties)
        return channel.basic_publish(
            b"{}", exchange=exchange, routing_key=routing_key, properties=given
        )

    return attempt


def read(queue: str) -> Attempt:
    return lambda channel: channel.basic_get(queue)


def consume(queue: str) -> Attempt:
    async def take(_: object) -> None:
        """Nothing ever comes."""

    return lambda channel: channel.basic_consume(queue, take)


def declare(queue: str) -> Attempt:
    return lambda channel: channel.queue_declare(queue, durable=True)


def delete(queue: str) -> Attempt:
    return lambda channel: channel.queue_delete(queue)


def purge(queue: str) -> Attempt:
    return lambda channel: channel.queue_purge(queue)


def declare_exchange(name: str) -> Attempt:
    return lambda channel: channel.exchange_declare(name, exchange_type="topic", durable=True)


def bind(queue: str, exchange: str, own: str | None = None) -> Attempt:
    """Bind a queue; `own`: one that is made for it, `""` one that the broker names."""

    async def attempt(channel: AbstractChannel) -> object:
        if own is not None:
            await channel.queue_declare(own, exclusive=True)
        # The broker takes an empty name for the queue that was declared last.
        return await channel.queue_bind(own or queue, exchange, routing_key="#")

    return attempt


LETTERS = "referrals.commands.dead_letters"
REFUSED: dict[str, dict[str, Attempt]] = {
    "crm": {
        "publish events": publish("referrals.events"),
        "publish events of dispatch": publish("ereferral_dispatch.events", "ereferral.delivered"),
        "publish dead letters": publish("dead_letters", "referrals.commands"),
        "ask a service it is not granted": publish("ereferral_dispatch.commands"),
        "write into another's queue": publish("", "reply.desk.queue"),
        "write into the service's queue": publish("", "referrals.commands"),
        "write into its own queue": publish("", "reply.crm.queue"),
        "hear events": bind("", "referrals.events", own="reply.crm.bound"),
        "hear commands": bind("", "referrals.commands", own="reply.crm.bound"),
        "bind the service's queue": bind("referrals.commands", "referrals.queries"),
        "read commands": read("referrals.commands"),
        "consume commands": consume("referrals.commands"),
        "read events": read("referrals.ereferral_events"),
        "read dead letters": read(LETTERS),
        "read another's replies": read("reply.desk.queue"),
        "read a subscriber's events": read("events.subscriber.queue"),
        "declare a queue of another name": declare("somebody"),
        "declare another's queue": declare("reply.desk.queue"),
        "delete another's queue": delete("reply.desk.queue"),
        "delete the service's queue": delete("referrals.commands"),
        "empty the service's queue": purge("referrals.commands"),
        "declare an exchange": declare_exchange("somebody"),
        "declare the service's exchange": declare_exchange("referrals.commands"),
    },
    "desk": {
        "ask a service it is not granted": publish("referrals.commands"),
        "read another's replies": read("reply.crm.queue"),
    },
    "edge": {
        "publish events": publish("referrals.events"),
        "hear commands": bind("", "referrals.commands", own=""),
        "hear dead letters": bind("", "dead_letters", own=""),
        "bind another's queue": bind("reply.crm.queue", "referrals.events"),
        "publish dead letters": publish("dead_letters", "referrals.commands"),
        "write into a queue": publish("", "reply.crm.queue"),
        "read commands": read("referrals.commands"),
        "read replies": read("reply.crm.queue"),
        "read dead letters": read(LETTERS),
        "declare a queue": declare("reply.edge.queue"),
        "declare an exchange": declare_exchange("somebody"),
    },
    "subscriber": {
        "publish events": publish("referrals.events"),
        "publish events of dispatch": publish("ereferral_dispatch.events"),
        "ask": publish("referrals.commands"),
        "query": publish("referrals.queries"),
        "publish dead letters": publish("dead_letters", "referrals.commands"),
        "write into a queue": publish("", "events.subscriber.queue"),
        "hear commands": bind("", "referrals.commands", own="events.subscriber.bound"),
        "hear dead letters": bind("", "dead_letters", own="events.subscriber.bound"),
        "bind another's queue": bind("reply.crm.queue", "referrals.events"),
        "read commands": read("referrals.commands"),
        "read dead letters": read(LETTERS),
        "read replies": read("reply.crm.queue"),
        "declare a queue of another name": declare("somebody"),
        "declare an exchange": declare_exchange("somebody"),
        "declare the service's exchange": declare_exchange("referrals.events"),
    },
    "operator": {
        "publish events that no service of ours hears": publish("connectors.events"),
        "publish dead letters": publish("dead_letters", "referrals.commands"),
        "write into a queue": publish("", "referrals.commands"),
        "read commands": read("referrals.commands"),
        "read replies": read("reply.crm.queue"),
        "empty a service's queue": purge("referrals.commands"),
        "delete dead letters' queue": delete(LETTERS),
        "declare a queue": declare("somebody"),
        "declare an exchange": declare_exchange("somebody"),
    },
    "referrals": {
        "ask itself": publish("referrals.commands", "patient.put"),
        "publish dispatch's events": publish("ereferral_dispatch.events", "ereferral.delivered"),
        "do what staff does": publish("ereferral_dispatch.commands", "ereferral.resolve"),
        "query dispatch": publish("ereferral_dispatch.queries", "ereferral.get"),
        "park what is not its own": publish("dead_letters", "ereferral_dispatch.queries"),
        "park what it tells dispatch": publish("dead_letters", "ereferral_dispatch.commands"),
        "read dispatch's queries": read("ereferral_dispatch.queries"),
        "read dead letters": read(LETTERS),
        "read replies": read("reply.crm.queue"),
        "declare a queue of another name": declare("somebody"),
    },
    "ereferral_dispatch": {
        "ask referrals": publish("referrals.commands", "patient.put"),
        "publish referrals' events": publish("referrals.events"),
        "ask itself": publish("ereferral_dispatch.commands", "ereferral.cancel"),
        "park what is not its own": publish("dead_letters", "referrals.commands"),
        "park what it tells referrals": publish("dead_letters", "referrals.ereferral_events"),
        "read referrals' commands": read("referrals.commands"),
        "read dead letters": read("ereferral_dispatch.commands.dead_letters"),
        "declare a queue of another name": declare("somebody"),
    },
    "connectors": {
        "ask itself": publish("connectors.commands", "connection.sync"),
        "do what staff does": publish("referrals.commands", "referral.send"),
        "erase from afar": publish("referrals.commands", "patient.archive"),
        "query what is not its own": publish("referrals.queries", "patient_trail.get"),
        "query dispatch": publish("ereferral_dispatch.queries", "ereferral.get"),
        "tell dispatch": publish("ereferral_dispatch.commands", "ereferral.dispatch"),
        "publish referrals' events": publish("referrals.events"),
        "park what is not its own": publish("dead_letters", "referrals.commands"),
        "read referrals' commands": read("referrals.commands"),
        "read dead letters": read("connectors.commands.dead_letters"),
        "declare a queue of another name": declare("somebody"),
    },
}
