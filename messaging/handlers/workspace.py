"""A handler's workspace: the rows that its batch loaded, seen through one message's org.

A handler is synchronous and does no I/O. It either raises a Refusal before it has changed anything,
or changes mapped rows and records what is to be published.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
from uuid_utils import compat as uuid_utils

from contracts.events import EVENT_CONTENT_TYPE, DataT, Event, EventSource
from contracts.operations import CommandT, Operation
from contracts.problems import ProblemCode
from contracts.replies import ReplyStatus
from contracts.shapes import Shape
from contracts.values import format_time
from messaging.wire.envelope import JSON_CONTENT_TYPE

RowT = TypeVar("RowT")
ReplyT_co = TypeVar("ReplyT_co", bound=Shape | None, covariant=True)
Key = tuple[Any, ...]
Columns = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """A row that a message works with, by its primary key without the org.

    With `by`, all rows that have the key's values in those columns.

    `missing` is set where the command names the row: the problem if it is not there or is archived.
    `new` marks an id that the command brings for a row of its own: it must be free for good.
    `versioned` marks the row that the command's `base_version` is about. `belongs` tells whether
    the row hangs where the command says; one that does not is as missing as one that is not there.
    """

    model: type[Any]
    key: Key = ()
    writes: bool = False
    missing: ProblemCode | None = None
    versioned: bool = False
    new: bool = False
    belongs: Callable[[Any], bool] | None = None
    by: Columns = ()


def own_id(model: type[Any], id_: UUID | None) -> list[Need]:
    """What a create needs that may bring its own id; None: it brings none, and one is made."""
    return [] if id_ is None else [Need(model, (id_,), new=True)]


def row_to_change(
    model: type[Any],
    id_: UUID,
    missing: ProblemCode,
    *,
    belongs: Callable[[Any], bool] | None = None,
) -> Need:
    """The row that an update or archive is about, at the version that the client has seen."""
    return Need(model, (id_,), writes=True, missing=missing, versioned=True, belongs=belongs)


@dataclass(frozen=True, slots=True)
class Done(Generic[ReplyT_co]):
    """What a handler answers: the status, the resource (None after an archive) and its id."""

    status: ReplyStatus
    data: ReplyT_co
    id: UUID | None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that leaves when its transaction has committed; one row of the outbox."""

    org_id: str
    subject: str
    exchange: str
    routing_key: str
    message_id: UUID
    content_type: str
    headers: dict[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Publishing:
    """Under which name and through which exchange a service publishes its events."""

    source: EventSource
    exchange: str


@dataclass(slots=True)
class Rows:
    """The rows of one transaction by model, org and key; None for one that is not there.

    `lists`: those that were asked for by other columns.
    """

    found: dict[tuple[type[Any], Key], Any] = field(default_factory=dict)
    lists: dict[tuple[type[Any], Columns, Key], list[Any]] = field(default_factory=dict)
    added: list[Any] = field(default_factory=list)

    def holds(self, model: type[Any], by: Columns, key: Key) -> bool:
        """Whether this was fetched already."""
        return (model, by, key) in self.lists if by else (model, key) in self.found


class Workspace:
    """One message's view of the rows, and where it says what happened. It sees its org alone."""

    def __init__(
        self,
        rows: Rows,
        publishing: Publishing,
        *,
        org_id: str,
        now: datetime,
        message_id: UUID | None = None,
        actor: str | None = None,
        traceparent: str | None = None,
    ) -> None:
        self.org_id = org_id
        self.now = now
        self.actor = actor
        self.traceparent = traceparent
        self.outgoing: list[Outgoing] = []
        self.patient_ids: set[UUID] = set()
        self.audited_as: str | None = None
        self._rows = rows
        self._publishing = publishing
        self._message_id = message_id
        self._encoded: dict[int, tuple[Shape, bytes]] = {}

    def find(self, model: type[RowT], *key: Any) -> RowT | None:
        """The row, archived or not, or None. Raises LookupError where it was not asked for."""
        row: RowT | None = self._rows.found[model, (self.org_id, *key)]
        return row

    def find_all(self, model: type[RowT], by: Columns, *key: Any) -> list[RowT]:
        """The rows of a Need with `by`. Raises LookupError where they were not asked for."""
        return self._rows.lists[model, by, (self.org_id, *key)]

    def get(self, model: type[RowT], *key: Any) -> RowT:
        """The row that a Need made sure of. Raises LookupError where there is none."""
        row = self.find(model, *key)
        if row is None:
            raise LookupError(f"{model.__name__} was not made sure of")
        return row

    def add(self, model: type[Any], *key: Any, row: Any) -> None:
        """Put a new row under its key, where later messages of the same transaction find it."""
        self._rows.found[model, (self.org_id, *key)] = row
        self._rows.added.append(row)

    def nothing_yet(self, model: type[Any], *key: Any, by: Columns = ()) -> None:
        """Say that nothing can be under a key that was made just now: whoever looks finds that out
        without having asked for it."""
        under = (self.org_id, *key)
        if by:
            self._rows.lists.setdefault((model, by, under), [])
        else:
            self._rows.found.setdefault((model, under), None)

    def list_too(self, row: Any, by: Columns) -> None:
        """Put a row into the list of a Need with `by` that it belongs to now, if one was asked for:
        later messages of the same transaction find it there."""
        key = (self.org_id, *(getattr(row, name) for name in by))
        listed = self._rows.lists.get((type(row), by, key))
        if listed is not None and not any(one is row for one in listed):
            listed.append(row)

    def append(self, row: Any) -> None:
        """Put a new row that nothing looks up: an entry of a log."""
        self._rows.added.append(row)

    def concerns(self, patient_id: UUID | None) -> None:
        """Say whose data this message is about: it goes to the audit trail. None: nobody's."""
        if patient_id is not None:
            self.patient_ids.add(patient_id)

    def audit_as(self, operation: str) -> None:
        """Say what this message did, where its own name does not: so the audit trail calls it."""
        self.audited_as = operation

    def new_id(self) -> UUID:
        """A UUIDv7 (RFC 9562)."""
        return uuid_utils.uuid7()

    def encode(self, shape: Shape) -> bytes:
        """The shape as JSON; encoded once for the reply and the event that show the same one."""
        held = self._encoded.get(id(shape))
        if held is None:
            held = (shape, shape.to_json())
            self._encoded[id(shape)] = held
        return held[1]

    def publish(
        self,
        event: Event[DataT],
        resource: DataT,
        *,
        subject: str | None = None,
        changed: Iterable[str] | None = None,
        overwrote: bool | None = None,
    ) -> None:
        """Record an event about a resource as it is now. `changed` names its out-fields.

        `overwrote`: of an event that says so, whether its client wanted no check.
        """
        event_id = self.new_id()
        envelope: dict[str, Any] = {
            "specversion": "1.0",
            "id": str(event_id),
            "source": self._publishing.source,
            "type": event.name,
            "subject": subject or str(resource.id),
            "time": format_time(self.now),
            "datacontenttype": JSON_CONTENT_TYPE,
            "dataschema": event.dataschema,
            "orgid": self.org_id,
            "aggregateversion": resource.version,
        }
        if self._message_id is not None:
            envelope["causationid"] = str(self._message_id)
        if self.traceparent is not None:
            envelope["traceparent"] = self.traceparent
        if changed is not None:
            envelope["changed"] = ",".join(sorted(changed))
        if overwrote is not None:
            envelope["overwrote"] = overwrote
        envelope["data"] = orjson.Fragment(self.encode(resource))
        self._send(
            envelope["subject"],
            self._publishing.exchange,
            event.name,
            event_id,
            EVENT_CONTENT_TYPE,
            orjson.dumps(envelope),
        )

    def send(
        self, operation: Operation[CommandT, Any], command: CommandT, *, subject: UUID
    ) -> None:
        """Record a command to another service; its message id is made here and never changes."""
        self._send(
            str(subject),
            operation.exchange,
            operation.name,
            self.new_id(),
            JSON_CONTENT_TYPE,
            command.to_json(),
        )

    def _send(
        self,
        subject: str,
        exchange: str,
        routing_key: str,
        message_id: UUID,
        content_type: str,
        body: bytes,
    ) -> None:
        headers = {}
        if self.traceparent is not None:
            headers["traceparent"] = self.traceparent
        if self.actor is not None and content_type == JSON_CONTENT_TYPE:
            headers["actor"] = self.actor
        self.outgoing.append(
            Outgoing(
                org_id=self.org_id,
                subject=subject,
                exchange=exchange,
                routing_key=routing_key,
                message_id=message_id,
                content_type=content_type,
                headers=headers,
                body=body,
            )
        )


def changed_fields(before: Shape, after: Shape) -> Sequence[str]:
    """The out-fields whose value differs, sorted, without `version` and `updated_at`."""
    skipped = ("version", "updated_at")
    return sorted(
        name
        for name in type(after).model_fields
        if name not in skipped and getattr(before, name) != getattr(after, name)
    )
