"""The mirror of patients, providers and the practice: whatever was observed last wins.

An observation applies where it is not older than what is held; else nothing changes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic
from uuid import UUID

from contracts import directory as d
from contracts.events import DataT, Event
from contracts.problems import FieldError, invalid
from contracts.referral_partner import DEFAULT_COUNTRY
from contracts.replies import ReplyStatus
from contracts.shapes import Command, Resource
from messaging.handlers.handler import handles
from messaging.handlers.workspace import Done, Need, Workspace, changed_fields
from services.referrals.handlers.changes import archived, next_version
from services.referrals.models.directory import Patient, Practice, Provider
from services.referrals.rules.partner import settle_numbers

Mirrored = Patient | Provider | Practice


@dataclass(frozen=True, slots=True)
class Mirror(Generic[DataT]):
    """One kind of mirrored record. `subject` is what its events are about: its id, or its org."""

    model: type[Mirrored]
    resource: Callable[[Any], DataT]
    put: Event[DataT]
    archived: Event[DataT] | None = None


def patient_resource(row: Patient) -> d.Patient:
    """A patient as they are shown."""
    return d.Patient.model_construct(**_shown(d.Patient, row))


def provider_resource(row: Provider) -> d.Provider:
    """A provider as they are shown."""
    return d.Provider.model_construct(**_shown(d.Provider, row))


def practice_resource(row: Practice) -> d.Practice:
    """The practice as it is shown."""
    return d.Practice.model_construct(**_shown(d.Practice, row))


def _shown(shape: type[Resource], row: Mirrored) -> dict[str, Any]:
    return {name: getattr(row, name) for name in shape.model_fields}


PATIENTS = Mirror(Patient, patient_resource, d.PATIENT_PUT, d.PATIENT_ARCHIVED)
PROVIDERS = Mirror(Provider, provider_resource, d.PROVIDER_PUT, d.PROVIDER_ARCHIVED)
PRACTICES = Mirror(Practice, practice_resource, d.PRACTICE_PUT)


def put_patient(command: d.PatientPut, workspace: Workspace) -> Done[d.Patient | None]:
    workspace.concerns(command.patient_uuid)
    practice = workspace.find(Practice)
    region = practice.country if practice is not None else DEFAULT_COUNTRY
    return _put(PATIENTS, command, _settled(command, ("phone",), region), workspace)


def put_provider(command: d.ProviderPut, workspace: Workspace) -> Done[d.Provider | None]:
    return _put(PROVIDERS, command, _fields(command), workspace)


def put_practice(command: d.PracticePut, workspace: Workspace) -> Done[d.Practice]:
    fields = _settled(command, ("phone", "fax"), command.country)
    done = _put(PRACTICES, command, fields, workspace)
    if done.data is None:
        raise LookupError("a practice is never archived")
    return Done(done.status, done.data, done.id)


def archive_patient(command: d.PatientArchive, workspace: Workspace) -> Done[d.Patient | None]:
    workspace.concerns(command.patient_uuid)
    return _archive(PATIENTS, command.patient_uuid, command.observed_at, workspace)


def archive_provider(command: d.ProviderArchive, workspace: Workspace) -> Done[d.Provider | None]:
    return _archive(PROVIDERS, command.provider_uuid, command.observed_at, workspace)


def _put(
    mirror: Mirror[DataT], command: Any, fields: dict[str, Any], workspace: Workspace
) -> Done[DataT | None]:
    key = _key(command)
    row = workspace.find(mirror.model, *key)
    if row is None:
        row = _tombstone(mirror, key, command.observed_at, workspace)
        workspace.add(mirror.model, *key, row=row)
    elif command.observed_at < row.observed_at:
        return Done(ReplyStatus.OK, _held(mirror, row), row.id)
    before = mirror.resource(row) if row.version else None
    revived = row.deleted_at is not None
    for name, value in fields.items():
        setattr(row, name, value)
    row.deleted_at = None
    after = mirror.resource(row)
    if before is None:
        changed = [name for name, value in fields.items() if value is not None]
    else:
        changed = list(changed_fields(before, after))
    if before is not None and not changed and not revived:
        return Done(ReplyStatus.OK, before, row.id)
    next_version(row, workspace)
    after = mirror.resource(row)
    workspace.publish(mirror.put, after, subject=_subject(mirror, workspace), changed=changed)
    return Done(ReplyStatus.OK, after, row.id)


def _archive(
    mirror: Mirror[DataT], uuid: UUID, observed_at: datetime, workspace: Workspace
) -> Done[DataT | None]:
    row = workspace.find(mirror.model, uuid)
    if row is None:
        # What was never put leaves a tombstone without a version: an older put must not show it.
        row = _tombstone(mirror, (uuid,), observed_at, workspace)
        workspace.add(mirror.model, uuid, row=row)
        return Done(ReplyStatus.ARCHIVED, None, uuid)
    if observed_at < row.observed_at:
        return Done(ReplyStatus.OK, _held(mirror, row), row.id)
    row.observed_at = observed_at
    if row.deleted_at is None and mirror.archived is not None:
        return archived(row, lambda: mirror.resource(row), mirror.archived, workspace)
    return Done(ReplyStatus.ARCHIVED, None, row.id)


def _tombstone(
    mirror: Mirror[Any], key: tuple[UUID, ...], observed_at: datetime, workspace: Workspace
) -> Any:
    row = mirror.model(
        org_id=workspace.org_id,
        id=key[0] if key else workspace.new_id(),
        observed_at=observed_at,
        version=0,
        created_at=workspace.now,
        updated_at=workspace.now,
        deleted_at=workspace.now,
    )
    if isinstance(row, Practice):
        row.country = DEFAULT_COUNTRY
    return row


def _held(mirror: Mirror[DataT], row: Any) -> DataT | None:
    """What is held of a record; None of a tombstone: what is archived is shown to nobody."""
    return mirror.resource(row) if row.deleted_at is None else None


def _key(command: d.PatientPut | d.ProviderPut | d.PracticePut) -> tuple[UUID, ...]:
    match command:
        case d.PatientPut():
            return (command.patient_uuid,)
        case d.ProviderPut():
            return (command.provider_uuid,)
        case d.PracticePut():
            return ()


def _subject(mirror: Mirror[Any], workspace: Workspace) -> str | None:
    """An org has one practice: its events are about the org. Others are about their own id."""
    return workspace.org_id if mirror is PRACTICES else None


def _fields(command: Command) -> dict[str, Any]:
    names = set(type(command).model_fields) - {"org_id", "patient_uuid", "provider_uuid"}
    return {name: getattr(command, name) for name in sorted(names)}


def _settled(command: Command, numbers: tuple[str, ...], region: str) -> dict[str, Any]:
    errors: list[FieldError] = []
    fields = _fields(command)
    settled = settle_numbers(fields, numbers, region, errors)
    if errors:
        raise invalid(errors)
    return {**fields, **settled}


HANDLERS = [
    handles(
        d.PUT_PATIENT,
        put_patient,
        needs=lambda c: [Need(Patient, (c.patient_uuid,), writes=True), Need(Practice)],
    ),
    handles(
        d.ARCHIVE_PATIENT,
        archive_patient,
        needs=lambda c: [Need(Patient, (c.patient_uuid,), writes=True)],
    ),
    handles(
        d.PUT_PROVIDER,
        put_provider,
        needs=lambda c: [Need(Provider, (c.provider_uuid,), writes=True)],
    ),
    handles(
        d.ARCHIVE_PROVIDER,
        archive_provider,
        needs=lambda c: [Need(Provider, (c.provider_uuid,), writes=True)],
    ),
    handles(d.PUT_PRACTICE, put_practice, needs=lambda _: [Need(Practice, writes=True)]),
]
