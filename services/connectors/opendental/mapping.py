"""A row of Open Dental, mapped to resources of ours. Pure.

Mapped fields are theirs. A value that our contract refuses becomes null and is named in `refused`;
the row goes in without it.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from pydantic_core import PydanticCustomError

from contracts.clock import birth_date_errors
from contracts.connecting import ImportKind
from contracts.phones import parse_phone
from contracts.referral import Response
from contracts.referral_attribution import AttributionRole
from contracts.referral_partner import DEFAULT_COUNTRY, ContactType
from contracts.referral_source import SourceCategory
from contracts.text import Line, Notes, RequiredReason
from contracts.values import Date, Email, Npi
from services.connectors.opendental.rows import (
    PatientRow,
    ProviderRow,
    RefAttachRow,
    ReferralRow,
    ReferralType,
    RefToStatus,
)
from services.connectors.rules.clocks import in_utc
from services.connectors.rules.reading import Mapped, Writing

REASON_WITHOUT_WORDS = "Referred in Open Dental"
_REFERENCES: Final = {
    "patient_uuid": "PatNum",
    "linked_patient_uuid": "PatNum",
    "referral_source_uuid": "ReferralNum",
    "referral_partner_uuid": "ReferralNum",
    "referring_provider_uuid": "ProvNum",
    "attribution_role": "ItemOrder",
}
_LINE: TypeAdapter[Any] = TypeAdapter(Line)
_NOTES: TypeAdapter[Any] = TypeAdapter(Notes)
_EMAIL: TypeAdapter[Any] = TypeAdapter(Email)
_NPI: TypeAdapter[Any] = TypeAdapter(Npi)
_DATE: TypeAdapter[Any] = TypeAdapter(Date | None)
_REASON: TypeAdapter[Any] = TypeAdapter(RequiredReason)


def kind_of(row: ReferralRow) -> ImportKind:
    """Whether it is a partner, whom patients are referred to, or a source, which brings them."""
    if row.pat_num > 0 or row.is_patient:
        return ImportKind.SOURCE
    if row.is_doctor or row.specialty_num or row.specialty:
        return ImportKind.PARTNER
    return ImportKind.SOURCE


def names_of(row: ReferralRow) -> tuple[str, ...]:
    """What a row is called, by which it is recognised."""
    return tuple(part or "" for part in (row.last_name, row.first_name, row.business_name))


def partner_fields(row: ReferralRow, country: str = DEFAULT_COUNTRY) -> Mapped:
    """The partner that a row is: a provider with both names, else a practice."""
    writing = Writing()
    first, last = writing.line(row.first_name, "FName"), writing.line(row.last_name, "LName")
    practice, practice_named = writing.line(row.business_name, "BusinessName"), "BusinessName"
    is_person = first is not None and last is not None
    if practice is None and not is_person:
        practice, practice_named = last, "LName"
    contact_type = ContactType.PROVIDER if is_person else ContactType.PRACTICE
    writing.set("contact_type", contact_type, named="FName")
    writing.set("first_name", first, named="FName")
    writing.set("last_name", last, named="LName")
    writing.set("practice_name", practice, named=practice_named)
    for field, value, named in (
        ("specialty", row.specialty, "specialty"),
        ("address_line1", row.address, "Address"),
        ("address_line2", row.address2, "Address2"),
        ("city", row.city, "City"),
        ("state", row.state, "ST"),
        ("postal_code", row.zip_code, "Zip"),
    ):
        writing.put(field, _LINE, value, named=named)
    writing.put("notes", _NOTES, row.note, named="Note")
    writing.put("email", _EMAIL, row.email, named="EMail")
    _put_phone(writing, row.telephone, country, "Telephone")
    writing.fields["country"] = country
    writing.set("is_active", not row.is_hidden, named="IsHidden")
    return writing.mapped(row.refused)


def source_fields(row: ReferralRow) -> Mapped:
    """The source that a row is; the patient that it is linked to comes by `linked_patient`."""
    writing = Writing(_REFERENCES)
    last = (row.last_name, "LName")
    name = writing.full_name((row.first_name, "FName"), last) if writing.line(*last) else None
    name = name or writing.line(row.business_name, "BusinessName")
    writing.set("name", name or writing.line(row.first_name, "FName"), named="LName")
    writing.put("description", _NOTES, row.note, named="Note")
    writing.set("is_active", not row.is_hidden, named="IsHidden")
    return writing.mapped(row.refused)


def category_of(row: ReferralRow) -> SourceCategory:
    """The category of a new source; one that was set here is never overwritten."""
    is_patient = row.pat_num > 0 or row.is_patient
    return SourceCategory.PATIENT_REFERRAL if is_patient else SourceCategory.OTHER


def patient_fields(row: PatientRow, now: datetime, country: str = DEFAULT_COUNTRY) -> Mapped:
    """The patient as the directory has them. Of the phones the first that is a valid number."""
    writing = Writing()
    name = writing.full_name((row.first_name, "FName"), (row.last_name, "LName"))
    writing.set("name", name, named="LName")
    writing.put("date_of_birth", _DATE, row.birthdate, named="Birthdate")
    if birth_date_errors("date_of_birth", writing.fields["date_of_birth"], now):
        writing.refuse("date_of_birth")
    writing.put("email", _EMAIL, row.email, named="Email")
    writing.fields["phone"] = None
    for phone, named in (
        (row.wireless_phone, "WirelessPhone"),
        (row.home_phone, "HmPhone"),
        (row.work_phone, "WkPhone"),
    ):
        if writing.fields["phone"] is None:
            _put_phone(writing, phone, country, named)
    return writing.mapped(row.refused)


def provider_fields(row: ProviderRow) -> Mapped:
    """The provider as the directory has them."""
    writing = Writing()
    name = writing.full_name((row.first_name, "FName"), (row.last_name, "LName"))
    name = name or writing.line(row.abbreviation, "Abbr")
    suffix = writing.line(row.suffix, "Suffix")
    if name and suffix:
        name = writing.line(f"{name}, {suffix}", "Suffix") or name
    writing.set("name", name, named="LName")
    writing.put("npi", _NPI, row.npi, named="NationalProvID")
    return writing.mapped(row.refused)


def attribution_fields(
    row: RefAttachRow, stamp: str | None, zone: ZoneInfo, now: datetime
) -> Mapped:
    """The attribution that a RefFrom is, without whom it points to and its role.

    One without a day of its own is dated by the row's last change: it is history all the same.
    """
    writing = Writing(_REFERENCES)
    writing.put("source_note", _NOTES, row.note, named="Note")
    writing.set("attributed_at", attributed_at(row.ref_date, zone, now), named="RefDate")
    if writing.fields["attributed_at"] is None:
        if row.ref_date is not None:
            writing.refuse("attributed_at")
        if stamp is not None:
            writing.fields["attributed_at"] = min(in_utc(stamp, zone), now)
    return writing.mapped(row.refused)


def attributed_at(day: str | None, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The noon of a day there, which in any zone of theirs is that day; today's not after now.

    None of a day that is to come, or that no calendar of ours has.
    """
    if day is None or date.fromisoformat(day) > now.astimezone(zone).date():
        return None
    try:
        noon = datetime.combine(date.fromisoformat(day), time(12), zone).astimezone(UTC)
    except OverflowError:
        return None
    return min(noon, now)


def role_of(row: RefAttachRow, others: Mapping[str, int]) -> AttributionRole:
    """The role of a RefFrom among all of its patient's.

    `others`: the ItemOrder of each other one, by its number. The lowest is the primary one, of
    equal ones that with the lower number.
    """
    mine = (row.item_order, row.ref_attach_num)
    first = all(mine < (order, int(number)) for number, order in others.items())
    return AttributionRole.PRIMARY if first else AttributionRole.SECONDARY


def becomes_draft(row: RefAttachRow, since: date) -> bool:
    """Whether an outgoing referral is made a draft here: a new one that nobody has answered yet."""
    return (
        row.referral_type == ReferralType.TO
        and row.ref_to_status == RefToStatus.NONE
        and row.ref_date is not None
        and date.fromisoformat(row.ref_date) >= since
    )


def referral_fields(row: RefAttachRow, partner: ReferralRow | None) -> Mapped:
    """The draft that a RefTo is, without patient, partner and provider."""
    writing = Writing(_REFERENCES)
    reason = row.note or (partner.specialty if partner is not None else None)
    writing.put("reason", _REASON, reason or REASON_WITHOUT_WORDS, named="Note")
    if writing.fields["reason"] is None:
        writing.fields["reason"] = REASON_WITHOUT_WORDS
    return writing.mapped(row.refused)


_RESPONSES: Final[Mapping[str, Response]] = {
    RefToStatus.SCHEDULED: Response.ACCEPTED,
    RefToStatus.CONSULTED: Response.IN_PROGRESS,
    RefToStatus.IN_TREATMENT: Response.IN_PROGRESS,
    RefToStatus.COMPLETE: Response.COMPLETED,
    RefToStatus.DECLINED: Response.REJECTED,
}
_STATUSES: Final[Mapping[str, RefToStatus]] = {
    Response.ACCEPTED: RefToStatus.SCHEDULED,
    Response.IN_PROGRESS: RefToStatus.IN_TREATMENT,
    Response.COMPLETED: RefToStatus.COMPLETE,
    Response.REJECTED: RefToStatus.DECLINED,
    Response.FAILED: RefToStatus.DECLINED,
}


def response_of(status: str) -> Response | None:
    """The answer that a status there stands for; None: nobody has answered."""
    return _RESPONSES.get(status)


def written_back(fulfilment_status: str | None, today: date) -> dict[str, str] | None:
    """What a PUT of the refattach says: RefToStatus and DateProcComplete, never the Note.

    None where nothing is to be written: a referral that is only requested, or cancelled.
    """
    status = _STATUSES.get(fulfilment_status or "")
    if status is None:
        return None
    if status is RefToStatus.COMPLETE:
        return {"RefToStatus": status.value, "DateProcComplete": today.isoformat()}
    return {"RefToStatus": status.value}


def _put_phone(writing: Writing, number: str | None, country: str, named: str) -> None:
    writing.set("phone", None, named=named)
    if number is None or not number.strip():
        return
    try:
        writing.fields["phone"] = parse_phone(number, country)
    except PydanticCustomError:
        writing.refuse("phone")
