"""A valid referral partner, its display name, and the channels by which it can be reached.

Source: docs/contract/wire.md#partners, after the Referrals API.
"""

from collections.abc import Collection, Mapping
from typing import Any

from pydantic_core import PydanticCustomError

from contracts.phones import is_international, parse_fax, parse_phone
from contracts.problems import FieldError, invalid
from contracts.referral_partner import ContactType

_NO_COUNTRY = (
    "The practice's country is not known yet, so a national number cannot be read: "
    "give it with + and its country code, or put the practice first (practice.put)"
)
_PROVIDER_NAMES = (
    "A provider needs first_name and last_name (contact_type is provider where it is not given as "
    "practice, lab or other)"
)
# The most lenient partner that an update's fields can come to.
_AT_BEST = {
    "contact_type": ContactType.OTHER,
    "first_name": "-",
    "last_name": "-",
    "practice_name": "-",
    "accepts_ereferral": False,
    "ereferral_endpoint": "-",
}


def check_given(fields: Mapping[str, Any]) -> None:
    """What an update's fields break among themselves, whatever is held of the partner.

    Raises Refusal `validation_error`.
    """
    at_best = {**_AT_BEST, **fields}
    errors = [*_name_errors(at_best), *_endpoint_errors(at_best)]
    if "country" in fields:
        read_numbers(fields, _numbers_in(fields), fields["country"], errors)
    if errors:
        raise invalid(errors)


def read_partner(fields: Mapping[str, Any], given: Collection[str]) -> dict[str, Any]:
    """A partner's whole fields with their numbers in E.164. Raises Refusal `validation_error`.

    Only the numbers that are `given` are read: what is held keeps to the rules of its day.
    """
    errors = [*_name_errors(fields), *_endpoint_errors(fields)]
    numbers = read_numbers(fields, _numbers_in(given), fields["country"], errors)
    if errors:
        raise invalid(errors)
    return {**fields, **numbers}


def _numbers_in(given: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in ("phone", "fax") if name in given)


def is_national(number: str | None) -> bool:
    """Whether a number, as its contract gives it, needs a country to be read."""
    return number is not None and not is_international(number)


def read_again(number: str | None, country: str) -> str | None:
    """A national number in E.164 as one of the country; None where the country has no such one."""
    try:
        return None if number is None else parse_phone(number, country)
    except PydanticCustomError:
        return None


def read_numbers(
    fields: Mapping[str, Any],
    names: tuple[str, ...],
    country: str | None,
    errors: list[FieldError],
) -> dict[str, str | None]:
    """The named numbers in E.164, national ones read as the country's; what is wrong with one is
    added to `errors`. `country` is None where it is not known: then no national number is read."""
    in_full: dict[str, str | None] = {}
    for name in names:
        number = fields[name]
        if country is None and is_national(number):
            errors.append(FieldError(loc=[name], type="phone_country_unknown", msg=_NO_COUNTRY))
            continue
        try:
            parse = parse_fax if name == "fax" else parse_phone
            in_full[name] = None if number is None else parse(number, country or "ZZ")
        except PydanticCustomError as error:
            errors.append(FieldError(loc=[name], type=error.type, msg=error.message()))
    return in_full


def _name_errors(fields: Mapping[str, Any]) -> list[FieldError]:
    if fields["contact_type"] is ContactType.PROVIDER:
        return [
            FieldError(loc=[name], type="missing", msg=_PROVIDER_NAMES)
            for name in ("first_name", "last_name")
            if fields[name] is None
        ]
    if fields["practice_name"] is None and fields["last_name"] is None:
        return [
            FieldError(
                loc=["practice_name"],
                type="missing",
                msg="A contact_type other than provider needs practice_name or last_name",
            )
        ]
    return []


def _endpoint_errors(fields: Mapping[str, Any]) -> list[FieldError]:
    if fields["accepts_ereferral"] and fields["ereferral_endpoint"] is None:
        return [
            FieldError(
                loc=["ereferral_endpoint"],
                type="missing",
                msg="A partner with accepts_ereferral true needs an ereferral_endpoint",
            )
        ]
    return []


def search_text(
    first_name: str | None, last_name: str | None, practice_name: str | None, npi: str | None
) -> str:
    """What a search looks through: first and last name, practice name and NPI, case-folded.

    Not lower-cased: a Greek sigma then depends on its place in the word, which a substring has not.
    """
    name = " ".join(part for part in (first_name, last_name) if part)
    return "\n".join(part for part in (name, practice_name, npi) if part).casefold()
