"""Contacts: whom the practice knows and who refers others, a household, a person or a company.

A directory of its own, with the directory's rules: a put replaces the whole record where its
`observed_at` is not older than what is held.
"""

from typing import Final

from contracts.events import Event, EventSource
from contracts.operations import Service, command_or_null, listing, query
from contracts.replies import ReplyStatus
from contracts.shapes import Command, ListQuery, Query, Reference, Resource
from contracts.text import RequiredLine, SearchText
from contracts.values import Time, Uuid


class ContactPut(Command):
    """`contact.put` → 200 with what is now held; null where a newer archive is.

    A contact is linked to a patient, to a partner, to a provider, or to nobody.
    """

    contact_uuid: Uuid
    name: RequiredLine
    patient_uuid: Uuid | None = None
    referral_partner_uuid: Uuid | None = None
    provider_uuid: Uuid | None = None
    observed_at: Time


class ContactArchive(Command):
    """`contact.archive` → 204; a stale one 200 with what is held, null if that is an archive."""

    contact_uuid: Uuid
    observed_at: Time


class ContactGet(Query):
    """`contact.get` → 200."""

    contact_uuid: Uuid


class ContactList(ListQuery):
    """`contact.list` → 200, by name. `search` is a part of the name, without regard to case."""

    search: SearchText | None = None


class Contact(Resource):
    """A contact as the directory last saw it; at most one of the three references is set."""

    name: RequiredLine
    patient: Reference | None = None
    referral_partner: Reference | None = None
    provider: Reference | None = None
    observed_at: Time


PUT_CONTACT: Final = command_or_null(
    "contact.put", Service.REFERRALS, ContactPut, Contact, {ReplyStatus.OK: (Contact, None)}
)
ARCHIVE_CONTACT: Final = command_or_null(
    "contact.archive",
    Service.REFERRALS,
    ContactArchive,
    Contact,
    {ReplyStatus.ARCHIVED: (None,), ReplyStatus.OK: (Contact, None)},
)
GET_CONTACT: Final = query("contact.get", Service.REFERRALS, ContactGet, Contact)
LIST_CONTACTS: Final = listing("contact.list", Service.REFERRALS, ContactList, Contact)

CONTACT_PUT: Final = Event("contact.put", EventSource.REFERRALS, Contact)
CONTACT_ARCHIVED: Final = Event("contact.archived", EventSource.REFERRALS, Contact)
