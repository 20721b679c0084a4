"""Deciding without a database, for the tests of handlers: rows in memory, everything else as it is.

A `Store` holds rows as a database would and decides one message after another on them: the body is
read by its contract, what the handler says it needs is looked up, `messaging.decision.checks`
checks it, the handler runs. What a message asks for and does not say it needs is not there.
"""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import inspect

from contracts.events import EVENT_CONTENT_TYPE, Event
from contracts.operations import Operation, ReplyT
from contracts.problems import Problem, Refusal
from contracts.replies import ReplyStatus
from messaging.decision.checks import decide
from messaging.handlers.handler import Handler, Handlers
from messaging.handlers.workspace import Done, Key, Need, Outgoing, Publishing, Rows, Workspace
from messaging.intake.admission import parse

RowT = TypeVar("RowT")
Columns = dict[str, Any]
_UNSET = object()


@dataclass(frozen=True, slots=True)
class Decided(Generic[ReplyT]):
    """What came of one message.

    `data` is what the reply shows. `events` and `commands` are the messages that leave, in their
    order. `added` are the new rows. `changes`: of each row that was there and is different now, its
    columns that differ, by the row's model and key without the org. `patients`: whose data it was
    about, as the audit trail has it; `audited_as`: what it is called there, where that is not the
    operation's name.
    """

    status: ReplyStatus
    data: ReplyT
    id: UUID | None
    outgoing: list[Outgoing]
    added: list[Any]
    changes: dict[tuple[type[Any], Key], Columns]
    patients: set[UUID]
    audited_as: str | None

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events, as their subscribers read them."""
        return [orjson.loads(o.body) for o in self.outgoing if _is_event(o)]

    @property
    def event_types(self) -> list[str]:
        """What happened, by name."""
        return [str(event["type"]) for event in self.events]

    @property
    def commands(self) -> list[tuple[str, dict[str, Any]]]:
        """The commands to other services: each one's operation and body."""
        return [(o.routing_key, orjson.loads(o.body)) for o in self.outgoing if not _is_event(o)]


class Store:
    """The rows of a test, and its messages one after another as in one batch.

    What a message adds is there for those that follow as far as its handler put it there: a list
    that was looked up before is not looked up again. `handlers` and `publishing` are the service's.
    """

    def __init__(
        self,
        handlers: Handlers,
        publishing: Publishing,
        *rows: Any,
        org_id: str,
        now: datetime,
        actor: str | None = None,
        traceparent: str | None = None,
        message_id: UUID | None = None,
    ) -> None:
        self.org_id = org_id
        self.now = now
        self._handlers = handlers
        self._publishing = publishing
        self._said: dict[str, Any] = {
            "actor": actor,
            "traceparent": traceparent,
            "message_id": message_id,
        }
        self._held = rows
        self._rows = Rows()

    def decide(self, operation: Operation[Any, ReplyT], **fields: Any) -> Decided[ReplyT]:
        """Decide a command with these fields beside `org_id`.

        Raises Refusal, and AssertionError where the reply is none that the operation declares.
        """
        decided = self._decide(operation.name, {"org_id": self.org_id, **fields})
        shapes = operation.replies.get(decided.status, ())
        shape = None if decided.data is None else type(decided.data)
        assert shape in shapes, f"{operation.name} does not declare {decided.status} with {shape}"
        return decided

    def hear(self, event: Event[Any], **attributes: Any) -> Decided[None]:
        """Decide another service's event with these attributes beside `type` and `orgid`."""
        return self._decide(event.name, {"type": event.name, "orgid": self.org_id, **attributes})

    def refuse(self, operation: Operation[Any, Any], **fields: Any) -> Problem:
        """The problem that a command with these fields is told.

        Raises AssertionError where it is not refused, or was refused only after it had changed,
        added or recorded something: in a batch that would be committed with the others' work.
        """
        before, added = self._columns(), len(self._rows.added)
        workspace = self._open()
        try:
            self._run(operation.name, {"org_id": self.org_id, **fields}, workspace)
        except Refusal as refusal:
            assert len(self._rows.added) == added, "it was refused after a row was added"
            assert not _differences(before, self._columns()), "it was refused after a change"
            assert not workspace.outgoing, "it was refused after a message was recorded"
            return refusal.problem
        raise AssertionError(f"{operation.name} was not refused")

    def rows(self, model: type[RowT]) -> list[RowT]:
        """All rows of a model, in the order in which they came."""
        return [row for row in self._all() if isinstance(row, model)]

    def row(self, model: type[RowT], *key: Any) -> RowT:
        """The row under its key without the org. Raises LookupError where there is none."""
        for row in self.rows(model):
            if _key(row) == (self.org_id, *key):
                return row
        raise LookupError(f"there is no {model.__name__} {key}")

    def _decide(self, name: str, body: Mapping[str, Any]) -> Decided[Any]:
        before, added = self._columns(), len(self._rows.added)
        workspace = self._open()
        done = self._run(name, body, workspace)
        return Decided(
            done.status,
            done.data,
            done.id,
            workspace.outgoing,
            self._rows.added[added:],
            _differences(before, self._columns()),
            workspace.patient_ids,
            workspace.audited_as,
        )

    def _open(self) -> Workspace:
        return Workspace(
            self._rows, self._publishing, org_id=self.org_id, now=self.now, **self._said
        )

    def _run(self, name: str, body: Mapping[str, Any], workspace: Workspace) -> Done[Any]:
        """In the order of a batch: contract, check, what is needed, what that points to, decide."""
        handler: Handler[Any] = self._handlers[name]
        message = parse(handler.message, orjson.loads(orjson.dumps(body, default=str)))
        if handler.check is not None:
            handler.check(message)
        named = handler.needs(message)
        look_up(self._rows, self._held, self.org_id, named)
        if handler.then_needs is not None:
            then = handler.then_needs(message, workspace)
            look_up(self._rows, self._held, self.org_id, then)
        return decide(handler, message, named, workspace)

    def _all(self) -> list[Any]:
        return [*self._held, *self._rows.added]

    def _columns(self) -> list[tuple[Any, Columns, Columns]]:
        """Each row with its columns, as they are and as a copy that no handler can reach."""
        held = [(row, _columns(row)) for row in self._all()]
        return [(row, columns, copy.deepcopy(columns)) for row, columns in held]


def look_up(rows: Rows, held: Iterable[Any], org_id: str, needs: Iterable[Need]) -> None:
    """Put what an org's message needs of the rows in memory into `rows`, if it is not there yet.

    What `messaging.decision.loading.load` does with a database; one suite runs both.
    """
    for need in needs:
        key = (org_id, *need.key)
        if rows.holds(need.model, need.by, key):
            continue
        of_model = [row for row in held if type(row) is need.model]
        if need.by:
            names = ("org_id", *need.by)
            rows.lists[need.model, need.by, key] = [
                row for row in of_model if tuple(getattr(row, name) for name in names) == key
            ]
        else:
            rows.found[need.model, key] = next((row for row in of_model if _key(row) == key), None)


def _is_event(outgoing: Outgoing) -> bool:
    return outgoing.content_type == EVENT_CONTENT_TYPE


def _columns(row: Any) -> Columns:
    """What is set of a row's columns."""
    held = vars(row)
    return {c.key: held[c.key] for c in inspect(type(row)).column_attrs if c.key in held}


def _key(row: Any) -> Key:
    return tuple(getattr(row, column.key) for column in inspect(type(row)).primary_key)


def _differences(
    before: Iterable[tuple[Any, Columns, Columns]], after: Iterable[tuple[Any, Columns, Columns]]
) -> dict[tuple[type[Any], Key], Columns]:
    """The columns that differ, as they are now.

    Raises AssertionError where a list was changed in its place: SQLAlchemy would not write it.
    """
    found = {}
    # Rows that were added stand behind those that were there.
    for (row, same, then), (_, now, _) in zip(before, after, strict=False):
        differing = {name: value for name, value in now.items() if then.get(name, _UNSET) != value}
        for name, value in differing.items():
            assert same.get(name, _UNSET) is not value, f"{name} was changed in its place"
        if differing:
            found[type(row), _key(row)[1:]] = differing
    return found
