"""The next step of an e-referral: its channel, its address, and what follows an attempt.

Source: docs/contract/dispatch.md#channels, docs/contract/dispatch.md#outcomes and
docs/contract/dispatch.md#retries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never
from uuid import UUID, uuid5

from contracts.referral_partner import (
    ContactMethod,
    ReferralPartner,
    contact_addresses,
    endpoint_channel,
)
from services.ereferral_dispatch.rules.channels import traits_of
from services.ereferral_dispatch.rules.outcome_codes import Concern, concern_of
from services.ereferral_dispatch.rules.outcomes import (
    CallRequested,
    Delivered,
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
    RelayUnusable,
    Sent,
    TransientFailure,
    may_have_been_received,
)

JITTER = 0.2
"""How far a wait may differ from the schedule's, either way."""
LONGEST_RETRY_AFTER_SECONDS = 24 * 3600.0
RELAY_SECONDS = 60.0
NO_NUMBER = ""
"""The address of a call for which the partner has no number: whoever calls has to find one."""
_LANES = UUID("6f1d8f0e-5b0a-5c59-9a0e-3c2f5f0f7c11")


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """A channel and the partner's address in it."""

    channel: ContactMethod
    address: str


def contact_plan(partner: ReferralPartner, fallback: Sequence[ContactMethod]) -> list[ContactPoint]:
    """The contact points in the order in which they are tried; empty where there is none.

    First the preferred channel (unset: the one that the endpoint's scheme stands for), then the
    fallbacks, each only where an address exists.
    """
    addresses = contact_addresses(partner)
    preferred = partner.preferred_contact_method
    if preferred is None and partner.ereferral_endpoint is not None:
        preferred = endpoint_channel(partner.ereferral_endpoint)
    order = dict.fromkeys([preferred, *fallback])
    return [
        ContactPoint(ContactMethod(channel), addresses[ContactMethod(channel)])
        for channel in order
        if channel is not None and channel in addresses
    ]


def lane_id(org_id: str, partner_id: UUID, point: ContactPoint) -> UUID:
    """The lane of an org's partner, channel and address: the same for all of its e-referrals."""
    return uuid5(_LANES, f"{org_id}/{partner_id}/{point.channel}/{point.address}")


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an e-referral is: on which channel, and how often that one has failed.

    `channels_left` counts those after the present one. `maybe_received`: an attempt before this one
    may have reached the partner. `cancelling`: what is on its way is its cancellation.
    """

    channel: ContactMethod
    tries: int
    channels_left: int
    maybe_received: bool
    cancelling: bool = False


@dataclass(frozen=True, slots=True)
class Finish:
    """It has ended as the outcome says: delivered or sent; a cancellation: cancelled."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try the same channel again. `counted`: this failure uses up a place of the schedule.

    `declared`: what is sent again says that it may be a repeat.
    """

    after_seconds: float
    counted: bool = True
    declared: bool = False


@dataclass(frozen=True, slots=True)
class NextChannel:
    """Go on with the next contact point; `declared`: its letter says that it may be a repeat."""

    declared: bool


@dataclass(frozen=True, slots=True)
class AskPerson:
    """Nobody knows whether it arrived, and a repeat could not be recognised: a person decides."""


@dataclass(frozen=True, slots=True)
class AwaitCall:
    """A person calls the partner."""


@dataclass(frozen=True, slots=True)
class CouldNotTell:
    """The partner cannot be told of the cancellation by this contact point."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No channel is left."""


Step = Finish | Retry | NextChannel | AskPerson | AwaitCall | CouldNotTell | GiveUp


def next_step(
    standing: Standing,
    outcome: Outcome,
    schedule_seconds: Sequence[float],
    chance: float,
    relay_seconds: float = RELAY_SECONDS,
) -> Step:
    """What follows an attempt. `chance`, from 0 to 1, places the wait within its jitter.

    `relay_seconds`: when a relay that could not be used is probed next.
    """
    match outcome:
        case Delivered() | Sent():
            return Finish()
        case CallRequested():
            return AwaitCall()
        case TransientFailure(code=code) if concern_of(code) is Concern.NOBODY:
            return Retry(0.0, counted=False)
        case RelayUnusable():
            return Retry(relay_seconds, counted=False)
        case TransientFailure(retry_after_seconds=wish):
            return _retry(standing, outcome, schedule_seconds, chance, wish)
        case PermanentFailure():
            return _other_channel(standing, outcome)
        case OutcomeUnknown():
            if traits_of(standing.channel).recognises_repeats:
                return _retry(standing, outcome, schedule_seconds, chance, None)
            return CouldNotTell() if standing.cancelling else AskPerson()
    assert_never(outcome)


def _retry(
    standing: Standing,
    outcome: Outcome,
    schedule_seconds: Sequence[float],
    chance: float,
    wish_seconds: float | None,
) -> Step:
    if standing.tries >= len(schedule_seconds):
        return _other_channel(standing, outcome)
    wait = schedule_seconds[standing.tries] * (1 - JITTER + 2 * JITTER * chance)
    if wish_seconds is not None:
        wait = max(wait, min(wish_seconds, LONGEST_RETRY_AFTER_SECONDS))
    return Retry(wait, declared=_would_repeat_silently(standing, outcome))


def _would_repeat_silently(standing: Standing, outcome: Outcome) -> bool:
    """Whether the same bytes once more would be taken for another referral.

    A portal knows a repeat by its id. Of a cancellation a repeat does no harm.
    """
    if standing.channel is ContactMethod.PORTAL or standing.cancelling:
        return False
    return standing.maybe_received or may_have_been_received(outcome)


def _other_channel(standing: Standing, outcome: Outcome) -> Step:
    if standing.cancelling:
        return CouldNotTell()
    if not standing.channels_left:
        return GiveUp()
    return NextChannel(declared=standing.maybe_received or may_have_been_received(outcome))
