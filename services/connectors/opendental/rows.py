"""The rows of Open Dental's API as far as they are kept. Source: opendental.com/site/api*.html.

`refused` of a row: the names of its fields whose value could not be read, which are null.
There is no field for what is never kept: a patient's SSN, MedicaidID and balances, and a referral's
SSN or TIN unless the connection says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from services.connectors.rules.reading import Reading


class Keep(StrEnum):
    """Whether a referral's number of SSN or TIN is kept."""

    NOTHING = "nothing"
    TIN = "tin"
    SSN = "ssn"


class ReferralType(StrEnum):
    """The direction of a refattach."""

    FROM = "RefFrom"
    TO = "RefTo"
    CUSTOM = "RefCustom"


class RefToStatus(StrEnum):
    """How far an outgoing referral is, as Open Dental says it."""

    NONE = "None"
    DECLINED = "Declined"
    SCHEDULED = "Scheduled"
    CONSULTED = "Consulted"
    IN_TREATMENT = "InTreatment"
    COMPLETE = "Complete"


@dataclass(frozen=True, slots=True)
class ReferralRow:
    """A row of the table `referral`: somebody, or something, that refers or is referred to."""

    referral_num: int
    last_name: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    tax_number: str | None = None
    using_tin: bool = False
    specialty_num: int = 0
    specialty: str | None = None
    state: str | None = None
    telephone: str | None = None
    address: str | None = None
    address2: str | None = None
    city: str | None = None
    zip_code: str | None = None
    note: str | None = None
    phone2: str | None = None
    is_hidden: bool = False
    not_person: bool = False
    title: str | None = None
    email: str | None = None
    pat_num: int = 0
    is_doctor: bool = False
    is_preferred: bool = False
    business_name: str | None = None
    display_note: str | None = None
    is_patient: bool = False
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RefAttachRow:
    """A row of the table `refattach`: a patient with whom they came from or went to."""

    ref_attach_num: int
    referral_num: int = 0
    pat_num: int = 0
    item_order: int = 0
    ref_date: str | None = None
    referral_type: str = ReferralType.CUSTOM
    ref_to_status: str = RefToStatus.NONE
    note: str | None = None
    prov_num: int = 0
    date_proc_complete: str | None = None
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PatientRow:
    """What is kept of a patient."""

    pat_num: int
    last_name: str | None = None
    first_name: str | None = None
    preferred: str | None = None
    status: str | None = None
    birthdate: str | None = None
    home_phone: str | None = None
    work_phone: str | None = None
    wireless_phone: str | None = None
    email: str | None = None
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """What is kept of a provider."""

    prov_num: int
    last_name: str | None = None
    first_name: str | None = None
    suffix: str | None = None
    abbreviation: str | None = None
    npi: str | None = None
    is_deleted: bool = False
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DefinitionRow:
    """A specialty: a definition of category 35."""

    def_num: int
    item_name: str | None = None
    is_hidden: bool = False


Row = ReferralRow | RefAttachRow | PatientRow | ProviderRow | DefinitionRow


@dataclass(frozen=True, slots=True)
class Read:
    """A row as it was read. `row` is None where it has no id. `refused`: fields not taken."""

    row: Any
    stamp: str | None
    refused: tuple[str, ...]


def _number_or_none(raw: Mapping[str, Any], name: str) -> int | None:
    value = raw.get(name)
    return value if type(value) is int and value > 0 else None


def _made(raw: Mapping[str, Any], id_name: str, make: Any) -> Read:
    reading = Reading(raw)
    stamp = reading.stamp("DateTStamp")
    id_ = _number_or_none(raw, id_name)
    row = None if id_ is None else make(id_, reading)
    refused = tuple(sorted(reading.refused))
    if row is not None and refused and not isinstance(row, DefinitionRow):
        row = replace(row, refused=refused)
    return Read(row, stamp, refused)


def read_referral(raw: Mapping[str, Any], keep: Keep = Keep.NOTHING) -> Read:
    """A referral as `/referrals` gives it."""

    def make(id_: int, reading: Reading) -> ReferralRow:
        using_tin = reading.flag("UsingTIN")
        kept = keep is Keep.SSN or (keep is Keep.TIN and using_tin)
        return ReferralRow(
            referral_num=id_,
            last_name=reading.text("LName"),
            first_name=reading.text("FName"),
            middle_name=reading.text("MName"),
            tax_number=reading.text("SSN") if kept else None,
            using_tin=using_tin,
            specialty_num=reading.number("Specialty"),
            specialty=reading.text("specialty"),
            state=reading.text("ST"),
            telephone=reading.text("Telephone"),
            address=reading.text("Address"),
            address2=reading.text("Address2"),
            city=reading.text("City"),
            zip_code=reading.text("Zip"),
            note=reading.text("Note"),
            phone2=reading.text("Phone2"),
            is_hidden=reading.flag("IsHidden"),
            not_person=reading.flag("NotPerson"),
            title=reading.text("Title"),
            email=reading.text("EMail"),
            pat_num=reading.number("PatNum"),
            is_doctor=reading.flag("IsDoctor"),
            is_preferred=reading.flag("IsPreferred"),
            business_name=reading.text("BusinessName"),
            display_note=reading.text("DisplayNote"),
            is_patient=reading.flag("isPatient"),
        )

    return _made(raw, "ReferralNum", make)


def read_refattach(raw: Mapping[str, Any]) -> Read:
    """A refattach as `/refattaches` gives it; one of an unknown type counts as RefCustom."""

    def make(id_: int, reading: Reading) -> RefAttachRow:
        return RefAttachRow(
            ref_attach_num=id_,
            referral_num=reading.number("ReferralNum"),
            pat_num=reading.number("PatNum"),
            item_order=reading.number("ItemOrder"),
            ref_date=reading.day("RefDate"),
            referral_type=_one_of(ReferralType, reading, "ReferralType", ReferralType.CUSTOM),
            ref_to_status=_one_of(RefToStatus, reading, "RefToStatus", RefToStatus.NONE),
            note=reading.text("Note"),
            prov_num=reading.number("ProvNum"),
            date_proc_complete=reading.day("DateProcComplete"),
        )

    return _made(raw, "RefAttachNum", make)


def read_patient(raw: Mapping[str, Any]) -> Read:
    """A patient as `/patients/Simple` and `/patients/{PatNum}` give them."""

    def make(id_: int, reading: Reading) -> PatientRow:
        return PatientRow(
            pat_num=id_,
            last_name=reading.text("LName"),
            first_name=reading.text("FName"),
            preferred=reading.text("Preferred"),
            status=reading.text("PatStatus"),
            birthdate=reading.day("Birthdate"),
            home_phone=reading.text("HmPhone"),
            work_phone=reading.text("WkPhone"),
            wireless_phone=reading.text("WirelessPhone"),
            email=reading.text("Email"),
        )

    return _made(raw, "PatNum", make)


def read_provider(raw: Mapping[str, Any]) -> Read:
    """A provider as `/providers` gives them."""

    def make(id_: int, reading: Reading) -> ProviderRow:
        return ProviderRow(
            prov_num=id_,
            last_name=reading.text("LName"),
            first_name=reading.text("FName"),
            suffix=reading.text("Suffix"),
            abbreviation=reading.text("Abbr"),
            npi=reading.text("NationalProvID"),
            is_deleted=reading.text("ProvStatus") == "Deleted",
        )

    return _made(raw, "ProvNum", make)


def read_definition(raw: Mapping[str, Any]) -> Read:
    """A definition as `/definitions` gives it."""

    def make(id_: int, reading: Reading) -> DefinitionRow:
        return DefinitionRow(id_, reading.text("ItemName"), reading.flag("IsHidden"))

    return _made(raw, "DefNum", make)


def _one_of(words: type[StrEnum], reading: Reading, name: str, default: StrEnum) -> str:
    said = reading.text(name)
    if said is None:
        return default
    try:
        return words(said)
    except ValueError:
        reading.refused.add(name)
        return default


def kept(row: Row) -> dict[str, Any]:
    """The row as it is sealed and compared; `type(row)(**kept(row))` is the row again."""
    # Not by `asdict`, which copies each value deeply: a tenth of a page's cost.
    held = {name: getattr(row, name) for name in row.__slots__}
    if not held.get("refused"):
        held.pop("refused", None)  # Of most rows: their digests are those of before.
    return held
