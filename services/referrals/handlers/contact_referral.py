"""The handlers of contact referrals.

Every one of them locks the contacts that it names: an erasure takes their names before, or after.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from contracts.contact_referral import (
    ARCHIVE_CONTACT_REFERRAL,
    CONTACT_REFERRAL_ARCHIVED,
    CONTACT_REFERRAL_CREATED,
    CONTACT_REFERRAL_UPDATED,
    CREATE_CONTACT_REFERRAL,
    UPDATE_CONTACT_REFERRAL,
    ContactReferralArchive,
    ContactReferralCreate,
    ContactReferralUpdate,
)
from contracts.contact_referral import ContactReferral as Resource
from contracts.problems import ProblemCode
from contracts.shapes import Reference, resource_fields
from messaging.handlers.handler import handles
from messaging.handlers.workspace import Done, Need, Workspace, own_id
from services.referrals.handlers.versions import archived, made, updated
from services.referrals.models.contact import Contact, ContactReferral
from services.referrals.rules.contact_referral import (
    check_base,
    check_pair,
    next_change,
    whole_second,
)

OVERWRITE: Final = "contact_referral.overwrite"
"""What the audit trail calls an update that wanted no check."""

Changing = ContactReferralUpdate | ContactReferralArchive
_COLUMNS = {"referred_by_uuid": "referred_by_id", "referred_to_uuid": "referred_to_id"}


def contact_referral_resource(row: ContactReferral, by: Contact, to: Contact) -> Resource:
    """A contact referral as it is shown, with the names that both have now."""
    return Resource.model_construct(
        **{**resource_fields(row), "created_at": whole_second(row.created_at)},
        referred_by=Reference.model_construct(uuid=by.id, name=by.name),
        referred_to=Reference.model_construct(uuid=to.id, name=to.name),
        updated_in_db_at=row.updated_at,
    )


def shown(row: ContactReferral, workspace: Workspace) -> Resource:
    """As it is now. Raises LookupError where one of the contacts was not asked for.

    It is about the patients that they are.
    """
    by = workspace.get(Contact, row.referred_by_id)
    to = workspace.get(Contact, row.referred_to_id)
    workspace.concerns(by.patient_id)
    workspace.concerns(to.patient_id)
    return contact_referral_resource(row, by, to)


def create(command: ContactReferralCreate, workspace: Workspace) -> Done[Resource]:
    row = ContactReferral(
        org_id=workspace.org_id,
        id=command.id or workspace.new_id(),
        referred_by_id=command.contact_uuid,
        referred_to_id=command.referred_to_uuid,
        version=1,
        # To the microsecond: a list is in the order in which they were made.
        created_at=workspace.now,
        updated_at=whole_second(workspace.now),
    )
    workspace.add(ContactReferral, row.id, row=row)
    return made(row, shown(row, workspace), CONTACT_REFERRAL_CREATED, workspace)


def update(command: ContactReferralUpdate, workspace: Workspace) -> Done[Resource]:
    """A new `referred_by` moves it to that contact."""
    row = workspace.get(ContactReferral, command.contact_referral_uuid)
    overwrites = "overwrite" in command.model_fields_set
    if not overwrites:
        check_base(
            updated_in_db_at=command.updated_in_db_at,
            base_version=command.base_version,
            held_at=row.updated_at,
            version=row.version,
        )
    changes = {_COLUMNS[name]: uuid for name, uuid in command.changes().items()}
    check_pair(
        changes.get("referred_by_id", row.referred_by_id),
        changes.get("referred_to_id", row.referred_to_id),
    )
    if overwrites:
        workspace.audit_as(OVERWRITE)
    before = shown(row, workspace)
    for column, uuid in changes.items():
        setattr(row, column, uuid)
    return updated(
        row,
        before,
        lambda: shown(row, workspace),
        CONTACT_REFERRAL_UPDATED,
        workspace,
        at=next_change(row.updated_at, workspace.now),
        overwrote=overwrites,
    )


def archive(command: ContactReferralArchive, workspace: Workspace) -> Done[None]:
    row = workspace.get(ContactReferral, command.contact_referral_uuid)
    return archived(
        row,
        lambda: shown(row, workspace),
        CONTACT_REFERRAL_ARCHIVED,
        workspace,
        at=next_change(row.updated_at, workspace.now),
    )


def _check_created(command: ContactReferralCreate) -> None:
    check_pair(command.contact_uuid, command.referred_to_uuid)


def _check_changes(command: ContactReferralUpdate) -> None:
    """Whoever is not given is `contact_uuid`, by whom it is until then."""
    changes = command.changes()
    if "referred_to_uuid" in changes:
        by = changes.get("referred_by_uuid", command.contact_uuid)
        check_pair(by, changes["referred_to_uuid"])


def _contacts(*uuids: UUID) -> list[Need]:
    missing = ProblemCode.CONTACT_NOT_FOUND
    return [Need(Contact, (uuid,), missing=missing, writes=True) for uuid in uuids]


def _needs_of_create(command: ContactReferralCreate) -> list[Need]:
    named = _contacts(command.contact_uuid, command.referred_to_uuid)
    return [*named, *own_id(ContactReferral, command.id)]


def _needs_of_change(command: Changing) -> list[Need]:
    return [
        *_contacts(command.contact_uuid),
        Need(
            ContactReferral,
            (command.contact_referral_uuid,),
            writes=True,
            missing=ProblemCode.CONTACT_REFERRAL_NOT_FOUND,
            belongs=lambda row: bool(row.referred_by_id == command.contact_uuid),
        ),
    ]


def _needs_of_update(command: ContactReferralUpdate) -> list[Need]:
    changes = command.changes()
    given = [changes[name] for name in _COLUMNS if name in changes]
    return [*_needs_of_change(command), *_contacts(*given)]


def pointed_to(row: ContactReferral) -> list[Need]:
    """The contacts whose names it shows."""
    return [Need(Contact, (row.referred_by_id,)), Need(Contact, (row.referred_to_id,))]


def _to_show(command: Changing, workspace: Workspace) -> Sequence[Need]:
    row = workspace.find(ContactReferral, command.contact_referral_uuid)
    return () if row is None else pointed_to(row)


HANDLERS = [
    handles(CREATE_CONTACT_REFERRAL, create, needs=_needs_of_create, check=_check_created),
    handles(
        UPDATE_CONTACT_REFERRAL,
        update,
        needs=_needs_of_update,
        then_needs=_to_show,
        check=_check_changes,
    ),
    handles(ARCHIVE_CONTACT_REFERRAL, archive, needs=_needs_of_change, then_needs=_to_show),
]
