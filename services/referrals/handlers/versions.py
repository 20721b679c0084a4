"""The steps that every resource has in common: made, updated, archived.

Source: docs/contract/wire.md#versions. Each change is a version of its own with its event; an
update that changes nothing is neither.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.events import DataT, Event
from contracts.replies import ReplyStatus
from messaging.handlers.workspace import Done, Workspace, changed_fields


class Versioned(Protocol):
    """A row that counts its changes."""

    id: UUID
    version: int
    updated_at: datetime


class Archivable(Versioned, Protocol):
    """A row that is archived by saying when."""

    deleted_at: datetime | None


def next_version(row: Versioned, workspace: Workspace, at: datetime | None = None) -> None:
    """What has changed is a version of its own, made now or as of `at`."""
    row.version += 1
    row.updated_at = workspace.now if at is None else at


def made(row: Versioned, resource: DataT, event: Event[DataT], workspace: Workspace) -> Done[DataT]:
    """201 with the new resource, and its event."""
    workspace.publish(event, resource)
    return Done(ReplyStatus.CREATED, resource, row.id)


def updated(
    row: Versioned,
    before: DataT,
    show: Callable[[], DataT],
    event: Event[DataT],
    workspace: Workspace,
    *,
    at: datetime | None = None,
    overwrote: bool | None = None,
) -> Done[DataT]:
    """200 with the resource: a new version and its event where it shows anything new.

    `at`: when it was changed, if not now. `overwrote`: what an event that says so tells.
    """
    changed = changed_fields(before, show())
    if not changed:
        return Done(ReplyStatus.OK, before, row.id)
    next_version(row, workspace, at)
    after = show()
    workspace.publish(event, after, changed=changed, overwrote=overwrote)
    return Done(ReplyStatus.OK, after, row.id)


def archived(
    row: Archivable,
    show: Callable[[], DataT],
    event: Event[DataT],
    workspace: Workspace,
    *,
    at: datetime | None = None,
) -> Done[None]:
    """204, and an event with the last state under a new version."""
    next_version(row, workspace, at)
    row.deleted_at = workspace.now
    workspace.publish(event, show())
    return Done(ReplyStatus.ARCHIVED, None, row.id)
