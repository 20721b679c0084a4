"""Connections to practice-management systems: what they import, and what ails them."""

from typing import Annotated, Final

from pydantic import Field

from contracts.connecting import ConnectionFailureCode, Hint, System
from contracts.events import Event, EventSource
from contracts.operations import Service, command, listing, query
from contracts.replies import ReplyStatus
from contracts.shapes import Command, Lax, ListQuery, Query, Resource, Shape
from contracts.text import RequiredLine
from contracts.values import Time, Uuid


class KindCounts(Shape):
    """What one run did with the rows of one kind."""

    fetched: int = 0
    unchanged: int = 0
    created: int = 0
    updated: int = 0
    refused: int = 0
    waiting: int = 0
    gone: int = 0
    historic: int = 0


class RunCounts(Shape):
    """What one run did, by kind; null where it had nothing of that kind."""

    provider: KindCounts | None = None
    patient: KindCounts | None = None
    partner: KindCounts | None = None
    source: KindCounts | None = None
    attribution: KindCounts | None = None
    referral: KindCounts | None = None


class FulfilmentHint(Shape):
    """What an appointment suggests about one referral. Nothing is decided by it."""

    referral_uuid: Uuid
    hint: Annotated[Hint, Lax]


class Connection(Resource):
    """A connection as it is shown; no secret and nothing of a patient's is in it.

    `counts`, `complete` and `skew_seconds` (how far their stamps were ahead of our clock) are the
    last successful run's; `code`, `phase` and `offset` say where the last run failed, null once one
    succeeded. `needs_person`: nothing more comes of waiting. `hint` only on its own event.
    """

    name: RequiredLine
    system: Annotated[System, Lax]
    last_success_at: Time | None = None
    next_run_at: Time | None = None
    counts: RunCounts | None = None
    complete: bool | None = None
    skew_seconds: int | None = None
    code: Annotated[ConnectionFailureCode, Lax] | None = None
    phase: str | None = None
    offset: int | None = None
    needs_person: bool = False
    waiting: int = 0
    hint: FulfilmentHint | None = None


class ConnectionRun(Resource):
    """One run. `finished_at` is null while it goes on, `code` where nothing failed.

    While it goes on, `counts` are what it did so far; `phase` and `offset` say what it reads, and
    are null until the other side answers and once it applies what it has read. Afterwards they say
    where it failed; `complete`, whether every list of one that succeeded was read to its end.
    """

    connection_uuid: Uuid
    full: bool
    started_at: Time
    finished_at: Time | None = None
    phase: str | None = None
    offset: int | None = None
    complete: bool | None = None
    skew_seconds: int | None = None
    code: Annotated[ConnectionFailureCode, Lax] | None = None
    counts: RunCounts


class ConnectionSync(Command):
    """`connection.sync` → 202: a run begins at once. `full` asks for whole lists."""

    connection_uuid: Uuid
    full: Annotated[bool, Field(description="Read everything again, not only what changed.")] = (
        False
    )


class ConnectionGet(Query):
    """`connection.get` → 200."""

    connection_uuid: Uuid


class ConnectionList(ListQuery):
    """`connection.list` → 200, by name."""


class ConnectionRuns(ListQuery):
    """`connection.runs` → 200, newest first."""

    connection_uuid: Uuid


SYNC_CONNECTION: Final = command(
    "connection.sync", Service.CONNECTORS, ConnectionSync, Connection, ReplyStatus.ACCEPTED
)
GET_CONNECTION: Final = query("connection.get", Service.CONNECTORS, ConnectionGet, Connection)
LIST_CONNECTIONS: Final = listing("connection.list", Service.CONNECTORS, ConnectionList, Connection)
LIST_CONNECTION_RUNS: Final = listing(
    "connection.runs", Service.CONNECTORS, ConnectionRuns, ConnectionRun
)

CONNECTION_SYNCED: Final = Event("connection.synced", EventSource.CONNECTORS, Connection)
CONNECTION_FAILED: Final = Event("connection.failed", EventSource.CONNECTORS, Connection)
CONNECTION_RECOVERED: Final = Event("connection.recovered", EventSource.CONNECTORS, Connection)
CONNECTION_FULFILMENT_HINT: Final = Event(
    "connection.fulfilment_hint", EventSource.CONNECTORS, Connection
)
