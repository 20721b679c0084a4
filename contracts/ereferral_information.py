"""Questions about an e-referral: what the partner wants to know first, and what it was told.

After FHIR R4's CommunicationRequest and Communication: the request stays as it is meanwhile.
"""

from typing import Final

from contracts.ereferral import Ereferral, EreferralChange
from contracts.events import Event, EventSource
from contracts.operations import Service, command
from contracts.shapes import Command
from contracts.text import RequiredNotes
from contracts.values import Uuid


class EreferralRequestInformation(Command):
    """`ereferral.request_information` → 200: the partner asks for more before it answers."""

    ereferral_uuid: Uuid
    note: RequiredNotes


class EreferralProvideInformation(Command):
    """`ereferral.provide_information` → 200: what the partner's page shows as told."""

    ereferral_uuid: Uuid
    note: RequiredNotes


class EreferralReopen(Command):
    """`ereferral.reopen` → 200: the partner may answer as if it had not yet."""

    ereferral_uuid: Uuid


REQUEST_EREFERRAL_INFORMATION: Final = command(
    "ereferral.request_information",
    Service.EREFERRAL_DISPATCH,
    EreferralRequestInformation,
    Ereferral,
)
PROVIDE_EREFERRAL_INFORMATION: Final = command(
    "ereferral.provide_information",
    Service.EREFERRAL_DISPATCH,
    EreferralProvideInformation,
    Ereferral,
)
REOPEN_EREFERRAL: Final = command(
    "ereferral.reopen", Service.EREFERRAL_DISPATCH, EreferralReopen, Ereferral
)

EREFERRAL_INFORMATION_REQUESTED: Final = Event(
    "ereferral.information_requested", EventSource.EREFERRAL_DISPATCH, EreferralChange
)
EREFERRAL_INFORMATION_PROVIDED: Final = Event(
    "ereferral.information_provided", EventSource.EREFERRAL_DISPATCH, EreferralChange
)
EREFERRAL_REOPENED: Final = Event(
    "ereferral.reopened", EventSource.EREFERRAL_DISPATCH, EreferralChange
)
