"""Commands of staff for e-referrals that need a person and for channels that are held."""

from enum import StrEnum
from typing import Annotated, Final

from contracts.ereferral import Ereferral
from contracts.events import Event, EventSource
from contracts.operations import Service, command
from contracts.referral import RecordedResponse
from contracts.referral_partner import ContactMethod
from contracts.replies import ReplyStatus
from contracts.shapes import BaseVersion, Command, Lax, Reference, Resource
from contracts.text import Notes
from contracts.values import Time, Uuid


class EreferralDecision(Command):
    """What a person decides about an e-referral as they have seen it."""

    ereferral_uuid: Uuid
    base_version: BaseVersion


class EreferralRetry(EreferralDecision):
    """`ereferral.retry` → 202: one attempt now, by `channel` or by the present one."""

    channel: Annotated[ContactMethod, Lax] | None = None


class CallOutcome(StrEnum):
    """How a call went."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"


class EreferralCompleteCall(EreferralDecision):
    """`ereferral.complete_call` → 200. `no_answer`: it is due again after two hours."""

    outcome: Annotated[CallOutcome, Lax]
    note: Notes = None


class Resolution(StrEnum):
    """What a person found out about an outcome that nobody knew."""

    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"


class EreferralResolve(EreferralDecision):
    """`ereferral.resolve` → 200. `not_delivered` goes on to the next channel."""

    outcome: Annotated[Resolution, Lax]
    note: Notes = None


class EreferralRecordResponse(RecordedResponse, Command):
    """`ereferral.record_response` → 200. `occurred_at`: when the partner answered, if not now."""

    ereferral_uuid: Uuid
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


RETRY_EREFERRAL: Final = command(
    "ereferral.retry", Service.EREFERRAL_DISPATCH, EreferralRetry, Ereferral, ReplyStatus.ACCEPTED
)
COMPLETE_EREFERRAL_CALL: Final = command(
    "ereferral.complete_call", Service.EREFERRAL_DISPATCH, EreferralCompleteCall, Ereferral
)
RESOLVE_EREFERRAL: Final = command(
    "ereferral.resolve", Service.EREFERRAL_DISPATCH, EreferralResolve, Ereferral
)
RECORD_EREFERRAL_RESPONSE: Final = command(
    "ereferral.record_response", Service.EREFERRAL_DISPATCH, EreferralRecordResponse, Ereferral
)
RELEASE_PARTNER_CHANNEL: Final = command(
    "partner_channel.release", Service.EREFERRAL_DISPATCH, PartnerChannelRelease, PartnerChannel
)

PARTNER_CHANNEL_HELD: Final = Event(
    "partner_channel.held", EventSource.EREFERRAL_DISPATCH, PartnerChannel
)
PARTNER_CHANNEL_RELEASED: Final = Event(
    "partner_channel.released", EventSource.EREFERRAL_DISPATCH, PartnerChannel
)
