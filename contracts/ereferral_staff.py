"""What staff does with e-referrals that need a person, and with channels that are held."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.ereferral import Response
from contracts.referral_partner import ContactMethod
from contracts.shapes import Command, Lax, Reference, Resource
from contracts.text import Notes
from contracts.values import Time, Uuid

BaseVersion = Annotated[int, Field(ge=1)]


class EreferralRetry(Command):
    """`ereferral.retry` → 202: one attempt now, by `channel` or by the present one."""

    ereferral_uuid: Uuid
    base_version: BaseVersion
    channel: Annotated[ContactMethod, Lax] | None = None


class CallOutcome(StrEnum):
    """How a call went."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"


class EreferralCompleteCall(Command):
    """`ereferral.complete_call` → 200. `no_answer`: it is due again after two hours."""

    ereferral_uuid: Uuid
    base_version: BaseVersion
    outcome: Annotated[CallOutcome, Lax]
    note: Notes = None


class Resolution(StrEnum):
    """What a person found out about an outcome that nobody knew."""

    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"


class EreferralResolve(Command):
    """`ereferral.resolve` → 200. `not_delivered` goes on to the next channel."""

    ereferral_uuid: Uuid
    base_version: BaseVersion
    outcome: Annotated[Resolution, Lax]
    note: Notes = None


class EreferralRecordResponse(Command):
    """`ereferral.record_response` → 200. `occurred_at`: when the partner answered, if not now."""

    ereferral_uuid: Uuid
    response: Annotated[Response, Lax]
    note: Notes = None
    occurred_at: Time | None = None


class PartnerChannelRelease(Command):
    """`partner_channel.release` → 200 with the channel; a held lane lets all go again."""

    referral_partner_uuid: Uuid
    channel: Annotated[ContactMethod, Lax]


class PartnerChannel(Resource):
    """A partner's channel, as the events about its being held show it. Its id is its lane's."""

    referral_partner: Reference
    channel: Annotated[ContactMethod, Lax]
    address: str
    held: bool
    held_at: Time | None = None
