"""Partners and sources as our own Open Dental interface shows them. Pure.

Fields that are ours come from the resource, the others are as they were last written there: names
too, for as long as they still lead to the resource's.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from contracts.connecting import ImportKind
from services.connectors.opendental import mapping
from services.connectors.opendental.rows import Keep, ReferralRow, read_referral
from services.connectors.opendental.server import BLANK, Referral
from services.connectors.rules.clocks import STAMP_FORMAT
from services.connectors.rules.reading import Mapped

_US_NUMBER = 12
"""Characters of a number of the North American plan in E.164: `+1` and ten digits."""
_STATE = 2
NAMES = ("LName", "FName", "BusinessName")
_OF_THE_RESOURCE: Mapping[ImportKind, tuple[str, ...]] = {
    ImportKind.PARTNER: (
        *NAMES,
        "Specialty",
        "specialty",
        "EMail",
        "Telephone",
        "Address",
        "Address2",
        "City",
        "ST",
        "Zip",
        "Note",
        "IsHidden",
    ),
    ImportKind.SOURCE: ("LName", "FName", "Note", "IsHidden", "PatNum", "isPatient"),
}
"""The fields that our partners and sources have: those are shown as they are here."""


class _Open(BaseModel):
    """The part of a resource that is shown; the rest is left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: UUID
    version: int
    is_active: bool = True


class PartnerState(_Open):
    """A partner."""

    contact_type: str
    first_name: str | None = None
    last_name: str | None = None
    practice_name: str | None = None
    specialty: str | None = None
    email: str | None = None
    phone: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    notes: str | None = None


class Linked(BaseModel):
    """The patient that a source is."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    uuid: UUID
    name: str | None = None


class SourceState(_Open):
    """A source."""

    name: str
    description: str | None = None
    linked_patient: Linked | None = None


class PatientState(BaseModel):
    """A patient as a row of theirs shows them."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: UUID
    name: str
    phone: str | None = None
    email: str | None = None


def row_of(shown: Mapping[str, Any]) -> ReferralRow:
    """What is shown, as a row that an Open Dental would give."""
    read = read_referral({**shown, "ReferralNum": shown["ReferralNum"] or 1}, Keep.NOTHING)
    row: ReferralRow = read.row
    return row


def of_partner(partner: PartnerState, held: Mapping[str, Any] | None, specialty: int) -> Referral:
    """A partner; `specialty` is the number of its specialty, 0 for none."""
    is_person = partner.contact_type == "provider"
    blank = {**BLANK, "IsDoctor": "true", "NotPerson": "false" if is_person else "true"}
    shown = {**blank, **(held or {}), "PatNum": 0, "isPatient": "false"}
    written = mapping.partner_fields(row_of(shown)).fields
    names = ("first_name", "last_name", "practice_name")
    if held is None or any(written[name] != getattr(partner, name) for name in names):
        shown["LName"] = partner.last_name or partner.practice_name or ""
        shown["FName"] = partner.first_name or ""
        shown["BusinessName"] = partner.practice_name or ""
    return {
        **shown,
        "Specialty": specialty,
        "specialty": partner.specialty or "",
        "EMail": partner.email or "",
        "Telephone": ten_digits(partner.phone),
        "Address": partner.address_line1 or "",
        "Address2": partner.address_line2 or "",
        "City": partner.city or "",
        "ST": partner.state if partner.state and len(partner.state) <= _STATE else "",
        "Zip": partner.postal_code or "",
        "Note": partner.notes or "",
        "IsHidden": "false" if partner.is_active else "true",
    }


def of_source(source: SourceState, held: Mapping[str, Any] | None, pat_num: int) -> Referral:
    """A source; `pat_num` is the number of the patient that it is, 0 for none."""
    shown = {**BLANK, "NotPerson": "true", **(held or {})}
    shown |= {"Specialty": 0, "specialty": "", "IsDoctor": "false"}
    shown["Note"] = source.description or ""
    shown["IsHidden"] = "false" if source.is_active else "true"
    if source.linked_patient is not None:
        shown |= {"NotPerson": "false", "PatNum": pat_num, "isPatient": "true"}
        return with_names(shown, source.linked_patient.name or source.name)
    shown |= {"PatNum": 0, "isPatient": "false"}
    written = mapping.source_fields(row_of(shown)).fields["name"]
    if held is None or written != source.name:
        shown |= {"LName": source.name, "FName": ""}
    return shown


def of_patient(patient: PatientState, held: Mapping[str, Any]) -> Referral:
    """A patient's row: the directory's name, phone and e-mail, no address."""
    shown = {**with_names(held, patient.name), "EMail": patient.email or ""}
    return {**shown, "Telephone": ten_digits(patient.phone)}


def with_names(held: Mapping[str, Any], name: str) -> Referral:
    """The names of a patient, whom the directory has one name of: kept where they still make it,
    else its last word is the last name."""
    if f"{held['FName']} {held['LName']}".strip() == name:
        return dict(held)
    first, _, last = name.rpartition(" ")
    return {**held, "FName": first, "LName": last}


def beside_the_resource(
    kind: ImportKind, held: Mapping[str, Any], written: Mapping[str, Any]
) -> Referral:
    """What is held, with what was written of the fields that no partner or source has; names as
    they were written, where they mean the same."""
    of_the_resource = _OF_THE_RESOURCE[kind]
    kept = {name: value for name, value in written.items() if name not in of_the_resource}
    shown = {**held, **kept}
    names = {name: written[name] for name in NAMES if name in written}
    is_same = _meant(kind, {**shown, **names}) == _meant(kind, held)
    return {**shown, **names} if is_same else shown


def _meant(kind: ImportKind, shown: Mapping[str, Any]) -> list[Any]:
    """The names that are meant by those of a row."""
    row = row_of(shown)
    if kind is ImportKind.PARTNER:
        fields = mapping.partner_fields(row).fields
        return [fields[name] for name in ("first_name", "last_name", "practice_name")]
    return [mapping.source_fields(row).fields["name"]]


def names_by(name: str, last_name: str) -> dict[str, str]:
    """A patient's names where somebody says which part is the last name; where it is none of the
    name's last words, the last one is."""
    if name.casefold() == last_name.casefold():
        return {"FName": "", "LName": name}
    if name.casefold().endswith(f" {last_name.casefold()}"):
        cut = len(name) - len(last_name)
        return {"FName": name[:cut].strip(), "LName": name[cut:]}
    first, _, last = name.rpartition(" ")
    return {"FName": first, "LName": last}


def ten_digits(phone: str | None) -> str:
    """A number of the North American plan without its country; another one is not shown."""
    if phone is None or not phone.startswith("+1") or len(phone) != _US_NUMBER:
        return ""
    return phone.removeprefix("+1")


def command_fields(shown: Mapping[str, Any], country: str) -> tuple[ImportKind, Mapped]:
    """What a row is here, and the fields of the command that makes it so."""
    row = row_of(shown)
    kind = mapping.kind_of(row)
    if kind is ImportKind.PARTNER:
        return kind, mapping.partner_fields(row, country)
    return kind, mapping.source_fields(row)


def stamp(now: datetime, zone: ZoneInfo) -> str:
    """A time as DateTStamp shows it: local, to the second."""
    return now.astimezone(zone).strftime(STAMP_FORMAT)
