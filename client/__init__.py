"""The client library: commands, queries and events of the two services, typed by the contracts.

`ReferralsClient` asks, `EventSubscriber` keeps up with what is, `SynchronousClient` asks from a
script, and `client.testing` stands in for the services in a program's own tests.
docs/clients/quickstart.md leads through all of it.
"""

from client.asking import ReferralsClient
from client.errors import (
    Conflict,
    Forbidden,
    Forgotten,
    HandoffError,
    Invalid,
    Malformed,
    NoReply,
    NotFound,
    NotPermitted,
    NotTaken,
    Refused,
    ServiceFault,
    UnreadableEvent,
    UnreadableReply,
    ValidationFailed,
    VersionConflict,
)
from client.positions import MemoryPositions, Positions, SqlitePositions, Subject
from client.subscribing import Change, EventSubscriber
from client.synchronous import SynchronousClient

__all__ = [
    "Change",
    "Conflict",
    "EventSubscriber",
    "Forbidden",
    "Forgotten",
    "HandoffError",
    "Invalid",
    "Malformed",
    "MemoryPositions",
    "NoReply",
    "NotFound",
    "NotPermitted",
    "NotTaken",
    "Positions",
    "ReferralsClient",
    "Refused",
    "ServiceFault",
    "SqlitePositions",
    "Subject",
    "SynchronousClient",
    "UnreadableEvent",
    "UnreadableReply",
    "ValidationFailed",
    "VersionConflict",
]
