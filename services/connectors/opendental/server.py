"""Our own Open Dental interface, as far as it is pure: what a request may say, what is answered.

Source: opendental.com/site/apireferrals.html. A refusal is a status and one text, which is the
body as a JSON string. Who is asked over HTTP, and where rows are kept, is not here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.connectors.opendental.rows import Keep

PAGE_LIMIT = 100
NUMBERS_BEGIN = 1_000_000_000
"""Our own numbers beside a connection to an Open Dental, whose numbers are kept."""
SPECIALTIES_BEGIN = 100_000
"""Our own DefNums, of specialties that no Open Dental has numbered."""

FLAGS = ("UsingTIN", "IsHidden", "NotPerson", "IsDoctor", "IsPreferred", "isPatient")
FILTERS = ("IsHidden", "NotPerson", "IsDoctor", "IsPreferred", "isPatient")
_NUMBERS = ("ReferralNum", "Specialty", "PatNum")
_TEXTS = (
    "LName",
    "FName",
    "MName",
    "SSN",
    "specialty",
    "ST",
    "Telephone",
    "Address",
    "Address2",
    "City",
    "Zip",
    "Note",
    "Phone2",
    "Title",
    "EMail",
    "DateTStamp",
    "BusinessName",
    "DisplayNote",
)
FIELDS: Final = (
    "ReferralNum",
    "LName",
    "FName",
    "MName",
    "SSN",
    "UsingTIN",
    "Specialty",
    "specialty",
    "ST",
    "Telephone",
    "Address",
    "Address2",
    "City",
    "Zip",
    "Note",
    "Phone2",
    "IsHidden",
    "NotPerson",
    "Title",
    "EMail",
    "PatNum",
    "IsDoctor",
    "DateTStamp",
    "IsPreferred",
    "BusinessName",
    "DisplayNote",
    "isPatient",
)
"""The 27 fields of a referral, in the order in which they are answered."""
_READ_ONLY = ("ReferralNum", "PatNum", "isPatient", "IsHidden", "IsPreferred", "DateTStamp")
_OF_A_PATIENT = ("Note", "DisplayNote")
_TEN_DIGITS = re.compile(r"\d{10}", re.ASCII)
_PLAIN = re.compile(r"[0-9A-Za-z]*", re.ASCII)
_CANNOT_BE_KEPT = re.compile("[\x00\ud800-\udfff]")
"""Neither NUL nor half of a surrogate pair can be stored by PostgreSQL."""

Referral = dict[str, Any]
BLANK: Final[Mapping[str, Any]] = {
    name: 0 if name in _NUMBERS else ("false" if name in FLAGS else "") for name in FIELDS
}


class Refused(Exception):
    """A request that is refused: `text` is the body, as a JSON string."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list is asked for. `flags` are ANDed; `business_name` is a part, in any case."""

    flags: Mapping[str, str]
    business_name: str | None
    limit: int
    offset: int

    def wants(self, referral: Mapping[str, Any]) -> bool:
        """Whether a referral is on the list."""
        if any(referral[name] != value for name, value in self.flags.items()):
            return False
        part = self.business_name
        return part is None or part.casefold() in str(referral["BusinessName"]).casefold()


@dataclass(frozen=True, slots=True)
class Specialties:
    """The specialties of an org: names by number."""

    names: Mapping[int, str]

    def number_of(self, name: str) -> int | None:
        """The number of a name, in any case."""
        folded = name.casefold()
        return next((n for n, held in self.names.items() if held.casefold() == folded), None)


def shown(referral: Mapping[str, Any]) -> Referral:
    """A referral as it is answered: all 27 fields, in their order and of their types."""
    return {name: referral.get(name, BLANK[name]) for name in FIELDS}


def read_listing(query: Mapping[str, str]) -> Listing:
    """What a list is asked for; parameters that are not known are ignored. Raises Refused."""
    flags = {name: query[name] for name in FILTERS if name in query}
    for name, value in flags.items():
        if value not in ("true", "false"):
            raise Refused(400, f"{name} must be true or false.")
    limit = _whole(query, "Limit", PAGE_LIMIT)
    offset = _whole(query, "Offset", 0)
    if not 1 <= limit <= PAGE_LIMIT:
        raise Refused(400, "Limit is invalid.")
    business_name = query.get("BusinessName") or None
    if business_name is not None and _CANNOT_BE_KEPT.search(business_name):
        raise Refused(400, "BusinessName is invalid.")
    return Listing(flags, business_name, limit, offset)


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 10):
        raise Refused(400, f"{name} is invalid.")
    return int(text)


def created(
    body: Any,
    specialties: Specialties,
    patients: Mapping[int, Mapping[str, str]],
    keep: Keep = Keep.NOTHING,
) -> Referral:
    """What a POST makes, without its number and stamp. Raises Refused.

    `patients`: of each PatNum the row's `LName`, `FName`, `Telephone` and `EMail`. Of a patient's
    row only the notes are the body's.
    """
    given = _checked(body)
    if not given.get("LName", "").strip():
        raise Refused(400, "LName is required.")
    for name in _READ_ONLY:
        if name != "PatNum" and name in given and given[name] != BLANK[name]:
            raise Refused(400, f"{name} cannot be set.")
    if given.get("PatNum"):
        return _of_patient(given, patients)
    number = _specialty(given, specialties)
    is_specialist = bool(number)
    made = {**BLANK, **{name: value for name, value in given.items() if name not in _READ_ONLY}}
    made["Specialty"] = number
    made["specialty"] = specialties.names.get(number, "")
    made["IsDoctor"] = given.get("IsDoctor", "true" if is_specialist else "false")
    made["NotPerson"] = given.get("NotPerson", "false" if is_specialist else "true")
    made["isPatient"] = "false"
    return as_kept(made, keep)


def _of_patient(given: Referral, patients: Mapping[int, Mapping[str, str]]) -> Referral:
    if given.get("Specialty") or given.get("specialty"):
        raise Refused(400, "PatNum and Specialty cannot both be set.")
    patient = patients.get(given["PatNum"])
    if patient is None:
        raise Refused(404, "Patient not found.")
    if str(given["LName"]).casefold() != patient["LName"].casefold():
        raise Refused(400, "LName does not match the patient.")
    return {
        **BLANK,
        **patient,
        **{name: given.get(name, "") for name in _OF_A_PATIENT},
        "PatNum": given["PatNum"],
        "IsDoctor": "false",
        "NotPerson": "false",
        "isPatient": "true",
    }


def updated(
    held: Mapping[str, Any], body: Any, specialties: Specialties, keep: Keep = Keep.NOTHING
) -> Referral:
    """What a PUT leaves of a referral: absent fields stay. Raises Refused."""
    given = _checked(body)
    if "LName" in given and not given["LName"].strip():
        raise Refused(400, "LName is required.")
    for name in (*_READ_ONLY, "specialty"):
        if name in given and given[name] != held[name]:
            raise Refused(400, f"{name} cannot be set.")
    if held["isPatient"] == "true":
        changed = [n for n, value in given.items() if value != held[n] and n not in _OF_A_PATIENT]
        if changed:
            raise Refused(400, "Only Note and DisplayNote can be changed for a patient.")
    after = {**held, **given}
    if "Specialty" in given:
        number = given["Specialty"]
        if number and number not in specialties.names:
            raise Refused(400, "Specialty is invalid.")
        after["specialty"] = specialties.names.get(number, "")
    return as_kept(after, keep)


def as_kept(referral: Referral, keep: Keep) -> Referral:
    """Without the SSN or TIN, unless the interface keeps it."""
    return referral if is_kept(referral, keep) else {**referral, "SSN": ""}


def is_kept(referral: Mapping[str, Any], keep: Keep) -> bool:
    """Whether the interface keeps a referral's SSN or TIN."""
    return keep is Keep.SSN or (keep is Keep.TIN and referral["UsingTIN"] == "true")


def _specialty(given: Referral, specialties: Specialties) -> int:
    """The specialty of a POST by number, by name, or by both where they agree; 0 for none."""
    number, name = given.get("Specialty") or 0, given.get("specialty") or ""
    if number and number not in specialties.names:
        raise Refused(400, "Specialty is invalid.")
    if name:
        by_name = specialties.number_of(name)
        if by_name is None or (number and by_name != number):
            raise Refused(400, "Specialty is invalid.")
        return by_name
    return int(number)


def _checked(body: Any) -> Referral:
    """The known fields of a body, of their types and forms. Raises Refused."""
    if not isinstance(body, dict):
        raise Refused(400, "Body is invalid.")
    given = {name: body[name] for name in FIELDS if name in body}
    for name, value in given.items():
        is_number = type(value) is int and value >= 0
        fits = is_number if name in _NUMBERS else isinstance(value, str)
        if not fits and name in FLAGS:
            raise Refused(400, f"{name} must be true or false.")
        if not fits or (name in _TEXTS and _CANNOT_BE_KEPT.search(value)):
            raise Refused(400, f"{name} is invalid.")
        if name in FLAGS and value not in ("true", "false"):
            raise Refused(400, f"{name} must be true or false.")
    if len(given.get("ST", "")) > 2:
        raise Refused(400, "ST must be two characters or fewer.")
    if given.get("Telephone") and not _TEN_DIGITS.fullmatch(given["Telephone"]):
        raise Refused(400, "Telephone must be ten digits.")
    if not _PLAIN.fullmatch(given.get("SSN", "")):
        raise Refused(400, "SSN must not contain punctuation.")
    return given
