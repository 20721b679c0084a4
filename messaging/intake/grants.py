"""Grants: who may do what, by the AMQP user that the broker vouches for.

Source: docs/contract/wire.md#grants. A grant is asked for each message, after its form and
operation were checked.
"""

import tomllib
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Protocol

from aiormq.abc import DeliveredMessage
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.catalogue import OPERATIONS
from contracts.problems import ProblemCode, Refusal
from contracts.values import OrgId
from messaging.wire.envelope import Envelope

_EVERY_ORG = "*"
_UNNAMED = "user_id must be the user of the connection: grants are given to users."
_NOT_GRANTED = (
    "This client has no grant for this operation in this org: whoever runs the service adds it to "
    "the file of client grants."
)
_BROKERS_OWN = ("amq.rabbitmq.reply-to", "amq.gen-")


class Grants(Protocol):
    """Decides what a client may do, and where an answer may go."""

    def check(self, envelope: Envelope) -> None:
        """Raises Refusal `forbidden` where the client may not do the operation in the org."""
        ...

    def check_event(self, envelope: Envelope) -> None:
        """Raises Refusal `forbidden` where an event is a client's: only services publish them."""
        ...

    def may_reply(self, message: DeliveredMessage) -> bool:
        """Whether the message's `reply_to` is the client's own."""
        ...


class AllowAll:
    """No grants file is set: everything is allowed."""

    def check(self, envelope: Envelope) -> None:
        """Allows it."""

    def check_event(self, envelope: Envelope) -> None:
        """Allows it."""

    def may_reply(self, message: DeliveredMessage) -> bool:
        """Allows it."""
        return True


class Grant(BaseModel):
    """What is allowed. `orgs`: their ids, or `["*"]`; `operations`: as `referral_partner.*`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    orgs: list[OrgId | Annotated[str, Field(pattern=r"^\*$")]]
    operations: list[str]

    def allows(self, org_id: str, operation: str) -> bool:
        """Whether it may do the operation in the org."""
        return (_EVERY_ORG in self.orgs or org_id in self.orgs) and self.does(operation)

    def does(self, operation: str) -> bool:
        """Whether it may do the operation at all."""
        return any(fnmatchcase(operation, pattern) for pattern in self.operations)

    def unmatched(self) -> list[str]:
        """Its patterns that match no operation of either service: they grant nothing."""
        return [
            pattern
            for pattern in self.operations
            if not any(fnmatchcase(operation, pattern) for operation in OPERATIONS)
        ]


class Client(Grant):
    """A client of the broker and its grant."""

    user: Annotated[str, Field(min_length=1)]


class GrantsError(Exception):
    """The grants file cannot be used. Its text says where it is wrong."""


class ClientGrants:
    """The grants of a file: whatever no client is granted is forbidden."""

    def __init__(self, clients: list[Client]) -> None:
        self.clients = clients
        self._by_user: dict[str, list[Client]] = {}
        for client in clients:
            self._by_user.setdefault(client.user, []).append(client)

    def check(self, envelope: Envelope) -> None:
        """Raises Refusal `forbidden`: no `user_id`, or outside its grant."""
        granted = self._by_user.get(envelope.user_id or "", [])
        if not any(c.allows(envelope.org_id, envelope.operation) for c in granted):
            raise Refusal(
                ProblemCode.FORBIDDEN, _UNNAMED if envelope.user_id is None else _NOT_GRANTED
            )

    def check_event(self, envelope: Envelope) -> None:
        """Raises Refusal `forbidden`: a client's name is on it."""
        if envelope.user_id in self._by_user:
            raise Refusal(
                ProblemCode.FORBIDDEN,
                "Events are published by the services alone: send a command instead.",
            )

    def may_reply(self, message: DeliveredMessage) -> bool:
        """A queue that the broker named, or one that carries the client's name."""
        reply_to = message.header.properties.reply_to or ""
        user_id = message.header.properties.user_id
        own = (f"reply.{user_id}.",) if user_id else ()
        return reply_to.startswith((*_BROKERS_OWN, *own))


def _check_apart(users: Iterable[str]) -> None:
    """`reply.clinic.x.1` is a queue of `clinic.x`, and by its name one of `clinic` too."""
    for user in users:
        for other in users:
            if other.startswith(f"{user}."):
                raise GrantsError(f"gives {user!r} the reply queues of {other!r}: rename one")


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    clients: list[Client]


_NAMES = {*_File.model_fields, *Client.model_fields}


def load_grants(path: Path | None) -> Grants:
    """The grants of a TOML file of `[[clients]]`; None: all is allowed. Raises GrantsError."""
    return AllowAll() if path is None else ClientGrants(read_clients(path))


def read_clients(path: Path) -> list[Client]:
    """The clients of a grants file.

    Raises GrantsError, also where two users' reply queues could not be told apart.
    """
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        clients = _File.model_validate(content).clients
    except OSError as error:
        raise GrantsError(f"cannot be read ({type(error).__name__})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise GrantsError("is not TOML in UTF-8") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        # Without the names of alternatives, which pydantic puts behind those of fields.
        named = [x for x in first["loc"] if isinstance(x, int) or x in _NAMES]
        place = ".".join(map(str, named)) or "clients"
        raise GrantsError(f"{place}: {first['msg'].removeprefix('Value error, ')}") from None
    _check_apart({client.user for client in clients})
    return clients
