"""Contact referrals: that one contact sent another one to the practice."""

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from contracts.events import Event, EventSource
from contracts.operations import Service, archive, command, listing, query
from contracts.replies import ReplyStatus
from contracts.shapes import BaseVersion, Change, Command, ListQuery, Query, Reference, Resource
from contracts.values import Time, Uuid

_LEFT_OUT: Any = None
"""Of a field that may be left out and may not be null: nobody looks at it."""


def _true(value: Any) -> Any:
    """Literal[True] alone would take 1: Python calls the two equal."""
    if value is not True:
        raise PydanticCustomError("not_true", "Must be true, or left out")
    return value


class ContactReferralCreate(Command):
    """`contact_referral.create` → 201. `contact_uuid` is who refers."""

    id: Uuid | None = None
    contact_uuid: Uuid
    referred_to_uuid: Uuid


class ContactReferralUpdate(Change):
    """`contact_referral.update` → 200: only the fields given change.

    It says what it is based on: `updated_in_db_at`, or `base_version`. `overwrite` is for who wants
    to change it whatever others have made of it.
    """

    contact_uuid: Uuid
    contact_referral_uuid: Uuid
    updated_in_db_at: Time | None = None
    base_version: BaseVersion | None = None
    overwrite: Annotated[
        Literal[True],
        BeforeValidator(_true),
        Field(description="True, or left out: nothing else is taken."),
    ] = _LEFT_OUT
    referred_by_uuid: Uuid = _LEFT_OUT
    referred_to_uuid: Uuid = _LEFT_OUT

    @classmethod
    def identity(cls) -> set[str]:
        return {"contact_uuid", "contact_referral_uuid", "updated_in_db_at", "overwrite"}


class ContactReferralArchive(Command):
    """`contact_referral.archive` → 204, whatever its version is."""

    contact_uuid: Uuid
    contact_referral_uuid: Uuid


class ContactReferralGet(Query):
    """`contact_referral.get` → 200."""

    contact_uuid: Uuid
    contact_referral_uuid: Uuid


class ContactReferralList(ListQuery):
    """`contact_referral.list` → 200: those by the contact, oldest first."""

    contact_uuid: Uuid


class ContactReferral(Resource):
    """A contact referral as it is shown. Its times have whole seconds.

    `updated_in_db_at` is `updated_at`, and rises by a second at least with each change.
    """

    referred_by: Reference
    referred_to: Reference
    updated_in_db_at: Time


CREATE_CONTACT_REFERRAL: Final = command(
    "contact_referral.create",
    Service.REFERRALS,
    ContactReferralCreate,
    ContactReferral,
    ReplyStatus.CREATED,
)
UPDATE_CONTACT_REFERRAL: Final = command(
    "contact_referral.update", Service.REFERRALS, ContactReferralUpdate, ContactReferral
)
ARCHIVE_CONTACT_REFERRAL: Final = archive(
    "contact_referral.archive", Service.REFERRALS, ContactReferralArchive
)
GET_CONTACT_REFERRAL: Final = query(
    "contact_referral.get", Service.REFERRALS, ContactReferralGet, ContactReferral
)
LIST_CONTACT_REFERRALS: Final = listing(
    "contact_referral.list", Service.REFERRALS, ContactReferralList, ContactReferral
)

CONTACT_REFERRAL_CREATED: Final = Event(
    "contact_referral.created", EventSource.REFERRALS, ContactReferral
)
CONTACT_REFERRAL_UPDATED: Final = Event(
    "contact_referral.updated", EventSource.REFERRALS, ContactReferral, says_overwrote=True
)
CONTACT_REFERRAL_ARCHIVED: Final = Event(
    "contact_referral.archived", EventSource.REFERRALS, ContactReferral
)
