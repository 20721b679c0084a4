"""The meaning of a cancel, by where an e-referral stands, and the channels that tell the partner.

Source: docs/contract/dispatch.md#cancel.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from enum import StrEnum

from contracts.referral import EreferralStatus
from contracts.referral_partner import ContactMethod
from letters.letter import Message
from services.ereferral_dispatch.rules.channels import traits_of


class CancelStep(StrEnum):
    """What is done."""

    NOTHING = "nothing"
    """It is cancelled, or the partner is being told already."""
    CANCEL_NOW = "cancel_now"
    """Nothing has left: nothing is sent."""
    DECIDE_AT_OUTCOME = "decide_at_outcome"
    """An attempt is under way: its outcome decides."""
    TELL_PARTNER = "tell_partner"
    """The partner has it, or may have it."""


def cancel_step(status: EreferralStatus, message: Message, *, maybe_received: bool) -> CancelStep:
    """What a cancel does now."""
    if status is EreferralStatus.CANCELLED or message is Message.CANCELLATION:
        return CancelStep.NOTHING
    if status is EreferralStatus.IN_PROGRESS:
        return CancelStep.DECIDE_AT_OUTCOME
    return CancelStep.TELL_PARTNER if maybe_received else CancelStep.CANCEL_NOW


@dataclass(frozen=True, slots=True)
class Telling:
    """How far a cancellation is, by positions in the e-referral's plan.

    `received`: where the partner has the referral, or may have it. `told`: where the partner was
    told that it is cancelled; `not_told`: where that could not be done.
    """

    channels: Sequence[ContactMethod]
    received: Set[int]
    told: Set[int]
    not_told: Set[int]


@dataclass(frozen=True, slots=True)
class TellAt:
    """Tell the partner by this contact point."""

    position: int


@dataclass(frozen=True, slots=True)
class AskForCall:
    """A person has to find the partner's number, and call: none is known."""


@dataclass(frozen=True, slots=True)
class AllTold:
    """It is cancelled."""


@dataclass(frozen=True, slots=True)
class NobodyLeft:
    """No way to the partner is left."""


def position_of_call(channels: Sequence[ContactMethod]) -> int | None:
    """Where a plan of these channels has the partner called; None where it does nowhere."""
    return next((n for n, channel in enumerate(channels) if traits_of(channel).needs_person), None)


def next_to_tell(telling: Telling) -> TellAt | AskForCall | AllTold | NobodyLeft:
    """Every channel that has the referral, or may have it, is told, in the order of the plan.

    For those that could not be told one call stands in, and where the number was wrong any other
    channel of the partner's.
    """
    tried = telling.told | telling.not_told
    if untold := telling.received - tried:
        return TellAt(min(untold))
    told_instead = any(
        position not in telling.received or traits_of(telling.channels[position]).needs_person
        for position in telling.told
    )
    if told_instead or telling.received <= telling.told:
        return AllTold()
    call = position_of_call(telling.channels)
    if call is None:
        return AskForCall()
    others = set(range(len(telling.channels))) - tried
    if call in others:
        return TellAt(call)
    return TellAt(min(others)) if others else NobodyLeft()
