"""The steps of every mirrored record: whatever was observed last wins.

Source: docs/contract/wire.md#directory. An observation applies where it is not older than what is
kept; else nothing changes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic
from uuid import UUID

from contracts.clock import time_errors
from contracts.events import DataT, Event
from contracts.problems import invalid
from contracts.replies import ReplyStatus
from contracts.shapes import Resource
from messaging.handlers.workspace import Done, Key, Workspace, changed_fields
from services.referrals.handlers.versions import archived, next_version


@dataclass(frozen=True, slots=True)
class Mirror(Generic[DataT]):
    """One kind of mirrored record. `shown`: one as it is now. Without `archived` none ever is."""

    model: type[Any]
    shown: Callable[[Any, Workspace], DataT]
    put: Event[DataT]
    archived: Event[DataT] | None = None


def put(
    mirror: Mirror[DataT],
    key: Key,
    observed_at: datetime,
    columns: Mapping[str, Any],
    workspace: Workspace,
) -> Done[DataT | None]:
    """Replace the record where the observation is not older.

    `key` is the row's without the org, and empty for what an org has one of: its events are about
    the org. `columns`: all that the observation says, and what is kept beside it.
    """
    row = workspace.find(mirror.model, *key)
    if row is None:
        row = _tombstone(mirror, key, observed_at, workspace)
        workspace.add(mirror.model, *key, row=row)
    elif observed_at < row.observed_at:
        return Done(ReplyStatus.OK, _now_kept(mirror, row, workspace), row.id)
    before = mirror.shown(row, workspace) if row.version else None
    revived = row.deleted_at is not None
    for name, value in {**columns, "observed_at": observed_at}.items():
        setattr(row, name, value)
    row.deleted_at = None
    after = mirror.shown(row, workspace)
    changed = _given(after) if before is None else list(changed_fields(before, after))
    if before is not None and not changed and not revived:
        return Done(ReplyStatus.OK, before, row.id)
    next_version(row, workspace)
    after = mirror.shown(row, workspace)
    subject = None if key else workspace.org_id
    workspace.publish(mirror.put, after, subject=subject, changed=changed)
    return Done(ReplyStatus.OK, after, row.id)


def archive(
    mirror: Mirror[DataT], uuid: UUID, observed_at: datetime, workspace: Workspace
) -> Done[DataT | None]:
    """Hide the record where the observation is not older. Raises Refusal `validation_error`."""
    if errors := time_errors("observed_at", observed_at, workspace.now):
        raise invalid(errors)
    row = workspace.find(mirror.model, uuid)
    if row is None:
        # What was never put leaves a tombstone without a version: an older put must not show it.
        row = _tombstone(mirror, (uuid,), observed_at, workspace)
        workspace.add(mirror.model, uuid, row=row)
        return Done(ReplyStatus.ARCHIVED, None, uuid)
    if observed_at < row.observed_at:
        return Done(ReplyStatus.OK, _now_kept(mirror, row, workspace), row.id)
    row.observed_at = observed_at
    if row.deleted_at is None and mirror.archived is not None:
        return archived(row, lambda: mirror.shown(row, workspace), mirror.archived, workspace)
    return Done(ReplyStatus.ARCHIVED, None, row.id)


def _tombstone(mirror: Mirror[Any], key: Key, observed_at: datetime, workspace: Workspace) -> Any:
    return mirror.model(
        org_id=workspace.org_id,
        id=key[0] if key else workspace.new_id(),
        observed_at=observed_at,
        version=0,
        created_at=workspace.now,
        updated_at=workspace.now,
        deleted_at=workspace.now,
    )


def _now_kept(mirror: Mirror[DataT], row: Any, workspace: Workspace) -> DataT | None:
    """The record as it is kept; None of a tombstone: what is archived is shown to nobody."""
    return mirror.shown(row, workspace) if row.deleted_at is None else None


def _given(resource: Resource) -> list[str]:
    """The fields of a new record that hold anything."""
    own = type(resource).model_fields.keys() - Resource.model_fields.keys()
    return [name for name in own if getattr(resource, name) not in (None, [])]
