"""The handlers of contacts, by the rules of every mirrored record."""

from collections.abc import Sequence
from uuid import UUID

from contracts.clock import time_errors
from contracts.contact import (
    ARCHIVE_CONTACT,
    CONTACT_ARCHIVED,
    CONTACT_PUT,
    PUT_CONTACT,
    ContactArchive,
    ContactPut,
)
from contracts.contact import Contact as Resource
from contracts.problems import ProblemCode, invalid
from contracts.shapes import reference, resource_fields
from messaging.handlers.handler import handles
from messaging.handlers.workspace import Done, Need, Workspace
from services.referrals.handlers import mirror
from services.referrals.handlers.mirror import Mirror
from services.referrals.handlers.named import named_patient
from services.referrals.handlers.partner import partner_name
from services.referrals.models.contact import Contact
from services.referrals.models.directory import Patient, Provider
from services.referrals.models.partner import ReferralPartner
from services.referrals.rules.contact import LINKS, check_one_link


def contact_resource(
    row: Contact,
    patient: Patient | None,
    partner: ReferralPartner | None,
    provider: Provider | None,
) -> Resource:
    """A contact as it is shown, with the name that its link has now."""
    return Resource.model_construct(
        **resource_fields(row),
        **{name: getattr(row, name) for name in ("name", "observed_at")},
        patient=reference(row.patient_id, patient.name if patient else None),
        referral_partner=reference(
            row.referral_partner_id, partner_name(partner) if partner else None
        ),
        provider=reference(row.provider_id, provider.name if provider else None),
    )


def shown(row: Contact, workspace: Workspace) -> Resource:
    """As it is now. Raises LookupError where what it is linked to was not asked for.

    A contact that is linked to a patient is that patient.
    """
    patient, partner, provider = row.patient_id, row.referral_partner_id, row.provider_id
    workspace.concerns(patient)
    return contact_resource(
        row,
        workspace.find(Patient, patient) if patient is not None else None,
        workspace.find(ReferralPartner, partner) if partner is not None else None,
        workspace.find(Provider, provider) if provider is not None else None,
    )


CONTACTS = Mirror(Contact, shown, CONTACT_PUT, CONTACT_ARCHIVED)


def put(command: ContactPut, workspace: Workspace) -> Done[Resource | None]:
    if errors := time_errors("observed_at", command.observed_at, workspace.now):
        raise invalid(errors)
    workspace.concerns(command.patient_uuid)
    columns = {
        **named(command.name),
        "patient_id": command.patient_uuid,
        "referral_partner_id": command.referral_partner_uuid,
        "provider_id": command.provider_uuid,
    }
    return mirror.put(CONTACTS, (command.contact_uuid,), command.observed_at, columns, workspace)


def named(name: str) -> dict[str, str]:
    """The columns of a contact's name: as it is shown, sorted and searched."""
    return {"name": name, "sort_name": name.lower(), "search_text": name.casefold()}


def archive(command: ContactArchive, workspace: Workspace) -> Done[Resource | None]:
    return mirror.archive(CONTACTS, command.contact_uuid, command.observed_at, workspace)


def pointed_to(row: Contact) -> list[Need]:
    """The row whose name it shows."""
    links = (
        (Patient, row.patient_id),
        (ReferralPartner, row.referral_partner_id),
        (Provider, row.provider_id),
    )
    return [Need(model, (uuid,)) for model, uuid in links if uuid is not None]


def check_put(command: ContactPut) -> None:
    """Raises Refusal `validation_error`."""
    check_one_link({name: getattr(command, name) for name in LINKS})


def needs_of_put(command: ContactPut) -> list[Need]:
    """The contact and what it is linked to.

    The patient is locked: whoever is just being erased gets no new contact of their name.
    """
    needs = [Need(Contact, (command.contact_uuid,), writes=True)]
    if command.patient_uuid is not None:
        needs.append(named_patient(command.patient_uuid))
    for model, uuid, missing in (
        (ReferralPartner, command.referral_partner_uuid, ProblemCode.REFERRAL_PARTNER_NOT_FOUND),
        (Provider, command.provider_uuid, ProblemCode.PROVIDER_NOT_FOUND),
    ):
        if uuid is not None:
            needs.append(Need(model, (uuid,), missing=missing))
    return needs


def links_of(contact_uuid: UUID, workspace: Workspace) -> Sequence[Need]:
    """What the contact was linked to so far."""
    row = workspace.find(Contact, contact_uuid)
    return () if row is None else pointed_to(row)


HANDLERS = [
    handles(
        PUT_CONTACT,
        put,
        needs=needs_of_put,
        then_needs=lambda command, workspace: links_of(command.contact_uuid, workspace),
        check=check_put,
    ),
    handles(
        ARCHIVE_CONTACT,
        archive,
        needs=lambda command: [Need(Contact, (command.contact_uuid,), writes=True)],
        then_needs=lambda command, workspace: links_of(command.contact_uuid, workspace),
    ),
]
