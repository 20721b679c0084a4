"""The mirrored directory: patients, providers and the practice, owned by their own system.

A put replaces the whole record where its `observed_at` is not older than what is held.
"""

from typing import Any, Final

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from contracts.events import Event, EventSource
from contracts.operations import Service, command, command_or_null, listing, query
from contracts.phones import Fax, Phone
from contracts.replies import ReplyStatus
from contracts.shapes import Command, FieldWarning, ListQuery, Query, Resource
from contracts.text import Line, RequiredLine, SearchText
from contracts.values import Country, Date, Email, Npi, Time, TimeZone, Uuid

_LEFT_OUT: Any = None
"""Of a field that may be left out and may not be null."""


class PatientPut(Command):
    """`patient.put` → 200 with what is now held; null where a newer archive is."""

    patient_uuid: Uuid
    name: RequiredLine
    date_of_birth: Date | None = None
    phone: Phone = None
    email: Email = None
    observed_at: Time


class PatientArchive(Command):
    """`patient.archive` → 204; a stale one 200 with what is held, null if that is an archive."""

    patient_uuid: Uuid
    observed_at: Time


class PatientGet(Query):
    """`patient.get` → 200."""

    patient_uuid: Uuid


class PatientList(ListQuery):
    """`patient.list` → 200, by name. `search`: name, phone and e-mail."""

    search: SearchText | None = None


class ProviderPut(Command):
    """`provider.put` → 200 with what is now held; null where a newer archive is."""

    provider_uuid: Uuid
    name: RequiredLine
    npi: Npi = None
    observed_at: Time


class ProviderArchive(Command):
    """`provider.archive` → 204; a stale one 200 with what is held, null if that is an archive."""

    provider_uuid: Uuid
    observed_at: Time


class ProviderGet(Query):
    """`provider.get` → 200."""

    provider_uuid: Uuid


class ProviderList(ListQuery):
    """`provider.list` → 200, by name. `search`: name."""

    search: SearchText | None = None


class PracticePut(Command):
    """`practice.put` → 200 with what is now held; an org has one practice.

    `country` left out: as it is held, or not known yet; without it no national number can
    be read.

    `time_zone`: the days in letters, mails and call scripts are those of this zone. Without it the
    day of `respond_by` is the one in the offset in which it was named, and all others are in UTC.
    """

    name: RequiredLine
    npi: Npi = None
    phone: Phone = None
    fax: Fax = None
    email: Email = None
    address_line1: Line = None
    address_line2: Line = None
    city: Line = None
    state: Line = None
    postal_code: Line = None
    country: Country = _LEFT_OUT
    time_zone: TimeZone = None
    observed_at: Time

    @model_serializer(mode="wrap")
    def _without_what_was_left_out(self, shown: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields: dict[str, Any] = shown(self)
        if "country" in fields and fields["country"] is None:
            del fields["country"]
        return fields


class PracticeGet(Query):
    """`practice.get` → 200."""


class Patient(Resource):
    """A patient as the directory last saw them.

    `phone_as_given`: a national number of which the practice's country, another one than when it
    was put, has no such; then `phone` is null, and `warnings` says what to do.
    """

    name: RequiredLine
    date_of_birth: Date | None = None
    phone: Line = None
    phone_as_given: Line = None
    warnings: list[FieldWarning] = Field(default_factory=list)
    email: Email = None
    observed_at: Time


class Provider(Resource):
    """A practitioner of the practice as the directory last saw them."""

    name: RequiredLine
    npi: Line = None
    observed_at: Time


class Practice(Resource):
    """The practice that refers: the letter's head and the bundle's requester.

    `country`: null until it was given. `time_zone`: whose days its letters, mails and call scripts
    name; null where none was given.
    """

    name: RequiredLine
    npi: Line = None
    phone: Line = None
    fax: Line = None
    email: Email = None
    address_line1: Line = None
    address_line2: Line = None
    city: Line = None
    state: Line = None
    postal_code: Line = None
    country: Country | None = None
    time_zone: TimeZone = None
    observed_at: Time


PUT_PATIENT: Final = command_or_null(
    "patient.put", Service.REFERRALS, PatientPut, Patient, {ReplyStatus.OK: (Patient, None)}
)
ARCHIVE_PATIENT: Final = command_or_null(
    "patient.archive",
    Service.REFERRALS,
    PatientArchive,
    Patient,
    {ReplyStatus.ARCHIVED: (None,), ReplyStatus.OK: (Patient, None)},
)
GET_PATIENT: Final = query("patient.get", Service.REFERRALS, PatientGet, Patient)
LIST_PATIENTS: Final = listing("patient.list", Service.REFERRALS, PatientList, Patient)
PUT_PROVIDER: Final = command_or_null(
    "provider.put", Service.REFERRALS, ProviderPut, Provider, {ReplyStatus.OK: (Provider, None)}
)
ARCHIVE_PROVIDER: Final = command_or_null(
    "provider.archive",
    Service.REFERRALS,
    ProviderArchive,
    Provider,
    {ReplyStatus.ARCHIVED: (None,), ReplyStatus.OK: (Provider, None)},
)
GET_PROVIDER: Final = query("provider.get", Service.REFERRALS, ProviderGet, Provider)
LIST_PROVIDERS: Final = listing("provider.list", Service.REFERRALS, ProviderList, Provider)
PUT_PRACTICE: Final = command("practice.put", Service.REFERRALS, PracticePut, Practice)
GET_PRACTICE: Final = query("practice.get", Service.REFERRALS, PracticeGet, Practice)

PATIENT_PUT: Final = Event("patient.put", EventSource.REFERRALS, Patient)
PATIENT_ARCHIVED: Final = Event("patient.archived", EventSource.REFERRALS, Patient)
PROVIDER_PUT: Final = Event("provider.put", EventSource.REFERRALS, Provider)
PROVIDER_ARCHIVED: Final = Event("provider.archived", EventSource.REFERRALS, Provider)
PRACTICE_PUT: Final = Event("practice.put", EventSource.REFERRALS, Practice)
