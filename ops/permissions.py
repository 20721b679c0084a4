"""`handoff doctor --print-permissions`: RabbitMQ's users, and the least that each needs.

Why each may what it may, and what that keeps from it, is in `docs/operators/permissions.md`.
"""

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.catalogue import OPERATIONS
from messaging.intake.grants import Client, GrantsError, read_clients
from messaging.replies.letter_box import place_of_one
from messaging.running.settings import SettingError
from messaging.wire.topology import DEAD_LETTERS
from ops.catalogue import ServiceName, place_of, services_here
from ops.environment import WrongArgument, one_path
from services.edge.routes import EVENT_EXCHANGES, EXCHANGES

NOTHING = "^$"
ANY_CLIENT = "client"
EDGE = "edge"
SUBSCRIBER = "subscriber"
OPERATOR = "operator"
_IMPERSONATOR = "impersonator"
# How RabbitMQ calls the default exchange where rights are checked: replies go there.
_DEFAULT_EXCHANGE = "amq.default"
# A queue that the broker names for whoever declares one without a name: 128 random bits.
_NAMED_BY_THE_BROKER = r"amq\.gen-.*"
_END = "END"
_EVENTS = {name: f"{name.service}.events" for name in ServiceName}
_CONNECTORS_SENDS = (
    "patient.put",
    "provider.archive",
    "provider.put",
    "referral.create",
    "referral.record_response",
    "referral_attribution.archive",
    "referral_attribution.create",
    "referral_attribution.update",
    "referral_partner.create",
    "referral_partner.update",
    "referral_source.create",
    "referral_source.update",
)
_CONNECTORS_ASKS = (
    "patient.get",
    "patient.list",
    "provider.get",
    "referral.get",
    "referral.list",
    "referral_attribution.get",
    "referral_partner.get",
    "referral_partner.list",
    "referral_source.get",
    "referral_source.list",
)
# What a service tells another one to do, or asks of it.
_SENDS: Mapping[ServiceName, Mapping[str, tuple[str, ...]]] = {
    ServiceName.REFERRALS: {
        "ereferral_dispatch.commands": (
            "ereferral.cancel",
            "ereferral.dispatch",
            "ereferral.provide_information",
            "ereferral.reopen",
        )
    },
    ServiceName.EREFERRAL_DISPATCH: {},
    ServiceName.CONNECTORS: {
        "referrals.commands": _CONNECTORS_SENDS,
        "referrals.queries": _CONNECTORS_ASKS,
        "ereferral_dispatch.queries": ("ereferral.letter",),
    },
}
# A service that tells another one something is granted that, and so stands in the grants file.
_GRANTED_SERVICES = {name.service for name, sends in _SENDS.items() if sends}
_NO_CLIENTS = {SUBSCRIBER, OPERATOR, *(name.service for name in ServiceName)} - _GRANTED_SERVICES


@dataclass(frozen=True, slots=True)
class TopicPermission:
    """What of a topic exchange: the routing keys to publish (`write`) and to bind with (`read`)."""

    exchange: str
    write: str
    read: str


@dataclass(frozen=True, slots=True)
class Permissions:
    """A user and its regular expressions, which RabbitMQ looks up in names of queues and exchanges.

    Source: RabbitMQ's page on access control, "How Permissions Work".
    """

    user: str
    who: str
    configure: str
    write: str
    read: str
    topics: tuple[TopicPermission, ...] = ()
    tag: str | None = None


def all_permissions() -> list[Permissions]:
    """Of each service that runs here, the edge, each client of the grants files, a subscriber and
    an operator.

    Raises SettingError, also where a client is called like one of the others: it would get that
    one's rights. Where no grants file is set there is one client, which may ask for everything.
    """
    clients = [client for name in services_here() for client in _granted(name)]
    users = sorted({client.user for client in clients} - _GRANTED_SERVICES - {EDGE})
    return [
        *(service(name) for name in services_here()),
        edge(),
        *(
            client_of(user, (one for one in clients if one.user == user))
            for user in users or [ANY_CLIENT]
        ),
        subscriber(SUBSCRIBER),
        operator(OPERATOR),
    ]


def service(name: ServiceName) -> Permissions:
    """What a service needs to declare its topology, consume, publish, reply and park."""
    topology = place_of(name).topology
    queues = [queue.name for queue in topology.queues]
    letters = [queue.dead_letters for queue in topology.queues]
    sources = {queue.exchange for queue in topology.queues} | {DEAD_LETTERS}
    publishes = {_EVENTS[name], DEAD_LETTERS, _DEFAULT_EXCHANGE, *_SENDS[name]}
    return Permissions(
        user=name.service,
        who=f"handoff serve {name}",
        configure=_one_of({*topology.exchanges, DEAD_LETTERS, *queues, *letters}),
        # To bind a queue is to write to it; an exchange of its name is shut below.
        write=_one_of({*queues, *letters, *publishes}),
        # To bind is to read the exchange; to dead-letter from a queue is to read that.
        read=_one_of({*queues, *sources}),
        topics=tuple(_topics(name, queues, sources)),
    )


def _topics(
    name: ServiceName, queues: list[str], sources: Iterable[str]
) -> Iterator[TopicPermission]:
    heard = set(sources)
    for exchange in sorted({*heard, *_SENDS[name]}):
        if exchange == DEAD_LETTERS:
            parks = [queue.name for queue in place_of(name).consumes]
            yield TopicPermission(exchange, _one_of(parks), _one_of(queues))
            continue
        anything = exchange == _EVENTS[name]
        write = ".*" if anything else _one_of(_SENDS[name].get(exchange, ()))
        yield TopicPermission(exchange, write, "^#$" if exchange in heard else NOTHING)


def client_of(user: str, granted: Iterable[Client] = ()) -> Permissions:
    """What a client needs to ask for what it is granted, and to read its own replies.

    `granted` empty: to ask for everything.
    """
    grants = list(granted)
    exchanges = {
        operation.exchange
        for operation in OPERATIONS.values()
        if not grants or any(one.does(operation.name) for one in grants)
    }
    own = _own_queues(f"reply.{user}")
    who = "a client: asks, and reads its own replies"
    return Permissions(user, who, configure=own, write=_one_of(exchanges), read=own)


def edge() -> Permissions:
    """What the edge needs: to ask, and to hear events through a queue that the broker names.

    It hears replies by direct reply-to, which needs no right.
    """
    own = _NAMED_BY_THE_BROKER
    return Permissions(
        EDGE,
        "handoff serve edge",
        configure=_matching([own]),
        # To bind a queue is to write to it.
        write=_matching([*map(re.escape, sorted(EXCHANGES)), own]),
        read=_matching([*map(re.escape, sorted(EVENT_EXCHANGES)), own]),
    )


def subscriber(user: str) -> Permissions:
    """What a subscriber needs to hear events through queues of its own."""
    own = _own_queues(f"events.{user}")
    return Permissions(
        user,
        "a subscriber: hears events",
        configure=own,
        write=own,
        read=_matching([*map(re.escape, sorted(_EVENTS.values())), *_own_names(f"events.{user}")]),
    )


def operator(user: str) -> Permissions:
    """What `handoff dead-letters` needs, and `handoff call`.

    It sends in again as whoever had sent: that is the tag.
    """
    queues = [queue for name in services_here() for queue in place_of(name).consumes]
    return Permissions(
        user,
        "a person who looks after dead letters",
        configure=_one_of({place_of_one(queue) for queue in queues}),
        write=_one_of({queue.exchange for queue in queues}),
        read=_one_of({queue.dead_letters for queue in queues}),
        tag=_IMPERSONATOR,
    )


def script(permissions: Iterable[Permissions], vhost: str) -> str:
    """A shell script that sets them, on a broker that has nothing of ours yet as on any other.

    No password is in it: `add_user` asks for it. Raises WrongArgument where the vhost has no name.
    """
    if not vhost:
        raise WrongArgument("--vhost is empty: name the services' vhost, such as /")
    return "\n".join(_commands(list(permissions), vhost))


def _commands(permissions: list[Permissions], vhost: str) -> Iterator[str]:
    yield f"# RabbitMQ's users and what each may do in the vhost {vhost}."
    yield "# docs/operators/permissions.md says why. Each add_user asks for a password."
    yield ""
    yield "# The exchanges, as the services declare them: since 4.3 RabbitMQ sets topic permissions"
    yield "# only of one that is there."
    # From a file: `rabbitmqctl` of some versions reads no input here. Another user may read it.
    yield 'definitions=$(mktemp) && chmod a+r "$definitions"'
    yield f"cat > \"$definitions\" <<'{_END}'"
    yield '{"exchanges": ['
    yield ",\n".join(json.dumps(exchange) for exchange in _exchanges(permissions, vhost))
    yield "]}"
    yield _END
    yield 'rabbitmqctl import_definitions "$definitions"'
    yield 'rm "$definitions"'
    for one in permissions:
        yield ""
        yield f"# {one.who}"
        yield _line("add_user", one.user)
        if one.tag is not None:
            yield _line("set_user_tags", one.user, one.tag)
        yield _line("set_permissions", "-p", vhost, one.user, one.configure, one.write, one.read)
        for topic in one.topics:
            yield _line(
                *("set_topic_permissions", "-p", vhost, one.user),
                *(topic.exchange, topic.write, topic.read),
            )


def _exchanges(permissions: Iterable[Permissions], vhost: str) -> Iterator[dict[str, Any]]:
    """Each exchange that a topic permission names, as RabbitMQ's definitions write it."""
    for name in sorted({topic.exchange for one in permissions for topic in one.topics}):
        flags = {"durable": True, "auto_delete": False, "internal": False}
        yield {"name": name, "vhost": vhost, "type": "topic", **flags, "arguments": {}}


def _granted(name: ServiceName) -> list[Client]:
    path = one_path(name, "client_grants_file")
    try:
        clients = [] if path is None else read_clients(path)
        _check_none_is_taken(client.user for client in clients)
    except GrantsError as wrong:
        raise SettingError(f"{name.prefix}CLIENT_GRANTS_FILE: {path} {wrong}") from None
    return clients


def _check_none_is_taken(users: Iterable[str]) -> None:
    for user in users:
        if user.startswith("-"):
            raise GrantsError(
                f"has a client {user!r}, which rabbitmqctl takes for an option: rename the client"
            )
        if user in _NO_CLIENTS:
            raise GrantsError(
                f"has a client {user!r}, the name of another user here: rename the client"
            )


def _line(*arguments: str) -> str:
    return shlex.join(("rabbitmqctl", *arguments))


def _own_names(prefix: str) -> list[str]:
    return [_NAMED_BY_THE_BROKER, rf"{re.escape(prefix)}\..*"]


def _own_queues(prefix: str) -> str:
    return _matching(_own_names(prefix))


def _one_of(names: Iterable[str]) -> str:
    return _matching(map(re.escape, sorted(names)))


def _matching(patterns: Iterable[str]) -> str:
    """One of the patterns and no more; none: nothing."""
    joined = "|".join(patterns)
    return f"^({joined})$" if joined else NOTHING
