"""Referral partners: practices, practitioners and labs that patients are referred to."""

from enum import StrEnum
from typing import Annotated, Final, assert_never
from urllib.parse import unquote

from pydantic_core import PydanticCustomError

from contracts.events import Event, EventSource
from contracts.operations import Service, archive, command, listing, query
from contracts.phones import E164, Fax, Phone, parse_fax, parse_tel
from contracts.replies import ReplyStatus
from contracts.shapes import Command, Lax, ListQuery, Query, Resource, Shape, Update
from contracts.text import Line, Notes, SearchText
from contracts.values import (
    Country,
    Email,
    Endpoint,
    HeldEndpoint,
    Npi,
    Uuid,
    endpoint_scheme,
    parse_email,
)

DEFAULT_COUNTRY = "US"


class ContactType(StrEnum):
    """What kind of contact a partner is."""

    PROVIDER = "provider"
    PRACTICE = "practice"
    LAB = "lab"
    OTHER = "other"


class ContactMethod(StrEnum):
    """A way to reach a partner; also the channels of dispatch."""

    PORTAL = "portal"
    EMAIL = "email"
    FAX = "fax"
    PHONE = "phone"


class PartnerFields(Shape):
    """The fields that a client sets."""

    contact_type: Annotated[ContactType, Lax] = ContactType.PROVIDER
    first_name: Line = None
    last_name: Line = None
    practice_name: Line = None
    npi: Npi = None
    specialty: Line = None
    email: Email = None
    phone: Phone = None
    fax: Fax = None
    address_line1: Line = None
    address_line2: Line = None
    city: Line = None
    state: Line = None
    postal_code: Line = None
    country: Country = DEFAULT_COUNTRY
    notes: Notes = None
    is_active: bool = True
    accepts_ereferral: bool = False
    ereferral_endpoint: Endpoint = None
    preferred_contact_method: Annotated[ContactMethod, Lax] | None = None


class ReferralPartnerCreate(PartnerFields, Command):
    """`referral_partner.create` → 201."""

    id: Uuid | None = None


class ReferralPartnerUpdate(PartnerFields, Update):
    """`referral_partner.update` → 200."""

    referral_partner_uuid: Uuid

    @classmethod
    def identity(cls) -> set[str]:
        return {"referral_partner_uuid"}


class ReferralPartnerArchive(Update):
    """`referral_partner.archive` → 204."""

    referral_partner_uuid: Uuid


class ReferralPartnerGet(Query):
    """`referral_partner.get` → 200."""

    referral_partner_uuid: Uuid


class ReferralPartnerList(ListQuery):
    """`referral_partner.list` → 200, by display name.

    `specialty` is equality, `search` a part of names and NPI; both without regard to case, in any
    script.
    """

    contact_type: Annotated[ContactType, Lax] | None = None
    specialty: Line = None
    is_active: bool | None = None
    search: SearchText | None = None


class ReferralPartner(Resource):
    """A partner as it is shown. Phone and fax in E.164, `;ext=` behind it.

    Where it comes back in a frozen package, its texts and addresses are checked like
    anybody's.
    """

    contact_type: Annotated[ContactType, Lax]
    first_name: Line = None
    last_name: Line = None
    practice_name: Line = None
    npi: Line = None
    specialty: Line = None
    email: Email = None
    phone: E164 = None
    fax: E164 = None
    address_line1: Line = None
    address_line2: Line = None
    city: Line = None
    state: Line = None
    postal_code: Line = None
    country: Country = DEFAULT_COUNTRY
    notes: Notes = None
    is_active: bool = True
    accepts_ereferral: bool = False
    ereferral_endpoint: HeldEndpoint = None
    preferred_contact_method: Annotated[ContactMethod, Lax] | None = None


def display_name(
    contact_type: ContactType,
    first_name: str | None,
    last_name: str | None,
    practice_name: str | None,
) -> str:
    """How a partner is called: a provider `first last`, others by practice, else by last name."""
    if contact_type is ContactType.PROVIDER:
        return f"{first_name} {last_name}"
    return practice_name or last_name or ""


_CHANNEL_OF_SCHEME = {
    "https": ContactMethod.PORTAL,
    "http": ContactMethod.PORTAL,
    "mailto": ContactMethod.EMAIL,
    "fax": ContactMethod.FAX,
    "tel": ContactMethod.PHONE,
}


def endpoint_channel(endpoint: str) -> ContactMethod:
    """The channel that an e-referral endpoint's scheme stands for."""
    return _CHANNEL_OF_SCHEME[endpoint_scheme(endpoint)]


NO_ADDRESS = (
    "The partner has no address that an e-referral can be sent to: give it an ereferral_endpoint, "
    "email, fax or phone that can be used (referral_partner.update)."
)
"""Said with `no_usable_contact_point`."""


def contact_addresses(partner: ReferralPartner) -> dict[ContactMethod, str]:
    """Each channel that the partner can be reached by, with its address.

    The endpoint where its scheme fits, else the partner's `email`, `fax` or `phone`. A number in an
    endpoint that is not a valid one gives no address, nor does a fax number with an extension: no
    fax service dials that. Source: docs/contract/dispatch.md#channels.
    """
    addresses = {
        method: address
        for method, address in (
            (ContactMethod.EMAIL, partner.email),
            (ContactMethod.FAX, partner.fax),
            (ContactMethod.PHONE, partner.phone),
        )
        if address is not None and (method is not ContactMethod.FAX or ";" not in address)
    }
    if partner.ereferral_endpoint is not None:
        channel = endpoint_channel(partner.ereferral_endpoint)
        address = _endpoint_address(channel, partner.ereferral_endpoint, partner.country)
        if address is not None:
            addresses[channel] = address
    return addresses


def _endpoint_address(channel: ContactMethod, endpoint: str, country: str) -> str | None:
    path = unquote(endpoint.partition(":")[2])
    try:
        match channel:
            case ContactMethod.PORTAL:
                return endpoint
            case ContactMethod.EMAIL:
                return parse_email(path)
            case ContactMethod.FAX:
                return parse_fax(path, country)
            case ContactMethod.PHONE:
                return parse_tel(path, country)
            case _:
                assert_never(channel)
    except PydanticCustomError:
        return None


CREATE_REFERRAL_PARTNER: Final = command(
    "referral_partner.create",
    Service.REFERRALS,
    ReferralPartnerCreate,
    ReferralPartner,
    ReplyStatus.CREATED,
)
UPDATE_REFERRAL_PARTNER: Final = command(
    "referral_partner.update", Service.REFERRALS, ReferralPartnerUpdate, ReferralPartner
)
ARCHIVE_REFERRAL_PARTNER: Final = archive(
    "referral_partner.archive", Service.REFERRALS, ReferralPartnerArchive
)
GET_REFERRAL_PARTNER: Final = query(
    "referral_partner.get", Service.REFERRALS, ReferralPartnerGet, ReferralPartner
)
LIST_REFERRAL_PARTNERS: Final = listing(
    "referral_partner.list", Service.REFERRALS, ReferralPartnerList, ReferralPartner
)

REFERRAL_PARTNER_CREATED: Final = Event(
    "referral_partner.created", EventSource.REFERRALS, ReferralPartner
)
REFERRAL_PARTNER_UPDATED: Final = Event(
    "referral_partner.updated", EventSource.REFERRALS, ReferralPartner
)
REFERRAL_PARTNER_ARCHIVED: Final = Event(
    "referral_partner.archived", EventSource.REFERRALS, ReferralPartner
)
