"""Laws of every sender, whatever its channel.

A channel is held to it by a Harness: its sender, and a partner that behaves in one of the ways
below, on real sockets where the channel has any. `test_conformance.py` lists the harnesses.
"""

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from enum import StrEnum
from typing import Any, Protocol

import pytest

from letters.letter import Message
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.rules.outcomes import (
    CallRequested,
    Delivered,
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
    RelayUnusable,
    Sent,
    TransientFailure,
)
from services.ereferral_dispatch.senders.base import AttemptWithdrawn, Sender
from tests.support.partners.sending import Gate

PATIENCE_SECONDS = 5.0
DEADLINE_SECONDS = 1.0


class Behaviour(StrEnum):
    """What a partner does when it is sent something."""

    ACCEPTS = "accepts"
    REFUSES_NOW = "refuses_now"
    REFUSES_FOR_GOOD = "refuses_for_good"
    ABSENT = "absent"  # nobody listens
    ENDS_BEFORE_CONTENT = "ends_before_content"
    ENDS_AFTER_CONTENT = "ends_after_content"  # took everything, and said nothing
    SILENT = "silent"  # took everything, and says nothing


OUTCOMES: dict[Behaviour, tuple[type[Outcome], ...]] = {
    Behaviour.ACCEPTS: (Delivered, Sent),
    Behaviour.REFUSES_NOW: (TransientFailure,),
    Behaviour.REFUSES_FOR_GOOD: (PermanentFailure,),
    Behaviour.ABSENT: (TransientFailure, RelayUnusable),
    Behaviour.ENDS_BEFORE_CONTENT: (TransientFailure,),
    Behaviour.ENDS_AFTER_CONTENT: (OutcomeUnknown,),
}
PASSES_THE_POINT = {Behaviour.ACCEPTS, Behaviour.ENDS_AFTER_CONTENT, Behaviour.SILENT}


class Partner(Protocol):
    """A partner that behaves in one way, and what it saw."""

    @property
    def address(self) -> str:
        """Where it is, as a consignment has it."""

    @property
    def attempts(self) -> int:
        """How often someone began to talk to it."""

    @property
    def content_bytes(self) -> int:
        """How many bytes of a consignment's content came, in whatever encoding."""

    async def until_taken(self) -> None:
        """Return when a whole content has come."""

    async def until_left(self) -> None:
        """Return when no connection is open any more."""


class Harness(Protocol):
    """A channel's sender and its partners."""

    asks_a_person: bool
    """Whether nothing leaves by this channel: a person is asked to call."""

    def sender(self) -> AbstractAsyncContextManager[Sender]:
        """The sender, open."""

    def partner(self, behaviour: Behaviour) -> AbstractAsyncContextManager[Partner]:
        """A partner that may be sent to."""

    def consignment(self, address: str) -> Consignment:
        """A consignment to that address, always the same."""


async def outcomes_follow_the_partner(harness: Harness) -> None:
    """A partner's failure is an outcome, never an exception, and says what the rules say.

    Each failing partner sees exactly one attempt, and the point of no return is awaited at most
    once: a sender does not retry.
    """
    async with harness.sender() as sender:
        for behaviour, expected in OUTCOMES.items():
            async with harness.partner(behaviour) as partner:
                consignment, point = harness.consignment(partner.address), Gate()
                content = sender.compose(consignment)
                outcome = await sender.send(consignment, content, point)
                await asyncio.sleep(0.05)
                assert isinstance(outcome, expected), behaviour
                assert partner.attempts == (0 if behaviour is Behaviour.ABSENT else 1), behaviour
                assert point.awaited <= 1, behaviour
                if behaviour in PASSES_THE_POINT:
                    assert point.awaited == 1, behaviour


async def content_waits_for_the_point_of_no_return(harness: Harness) -> None:
    """While it is awaited the partner is reached, and has nothing of the content."""
    async with harness.sender() as sender, harness.partner(Behaviour.ACCEPTS) as partner:

        async def look() -> None:
            await asyncio.sleep(0.05)
            assert partner.attempts == 1
            assert partner.content_bytes == 0

        consignment, point = harness.consignment(partner.address), Gate(during=[look])
        content = sender.compose(consignment)
        outcome = await sender.send(consignment, content, point)
        assert isinstance(outcome, (Delivered, Sent))
        assert point.awaited == 1
        assert partner.content_bytes > 0


async def a_withdrawn_attempt_sends_nothing(harness: Harness) -> None:
    """AttemptWithdrawn goes through, nothing of the content leaves, the connection is closed."""
    async with harness.sender() as sender, harness.partner(Behaviour.ACCEPTS) as partner:
        consignment = harness.consignment(partner.address)
        content = sender.compose(consignment)
        with pytest.raises(AttemptWithdrawn):
            await sender.send(consignment, content, Gate(withdraw=True))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await partner.until_left()
        assert partner.content_bytes == 0


async def an_error_of_the_point_is_our_own(harness: Harness) -> None:
    """A database that is away is not the partner's failure: the error goes through as it is."""

    async def fail() -> None:
        raise ConnectionRefusedError("the database")

    async with harness.sender() as sender, harness.partner(Behaviour.ACCEPTS) as partner:
        consignment = harness.consignment(partner.address)
        content = sender.compose(consignment)
        with pytest.raises(ConnectionRefusedError, match="the database"):
            await sender.send(consignment, content, Gate(during=[fail]))
        assert partner.content_bytes == 0


async def cancellation_closes_the_connection(harness: Harness) -> None:
    """At the point of no return and after it, while no answer came: CancelledError goes through,
    and nothing stays open."""
    for waits_at_the_point in (True, False):
        reached = asyncio.Event()

        async def wait(
            at_the_point: bool = waits_at_the_point, at: asyncio.Event = reached
        ) -> None:
            if at_the_point:
                at.set()
                await asyncio.sleep(60)

        async with harness.sender() as sender, harness.partner(Behaviour.SILENT) as partner:
            consignment = harness.consignment(partner.address)
            content = sender.compose(consignment)
            attempt = asyncio.create_task(sender.send(consignment, content, Gate(during=[wait])))
            async with asyncio.timeout(PATIENCE_SECONDS):
                await (reached.wait() if waits_at_the_point else partner.until_taken())
                attempt.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await attempt
                await partner.until_left()
            assert (partner.content_bytes == 0) == waits_at_the_point


async def composing_is_pure(harness: Harness) -> None:
    """In a worker thread, twice: the same bytes, no file opened, no socket used."""
    async with harness.sender() as sender:
        consignment = harness.consignment("127.0.0.1")
        # The first time may still load fonts and modules.
        first = await asyncio.to_thread(sender.compose, consignment)
        second, events = await asyncio.to_thread(_watched, sender.compose, consignment)
        assert first == second
        assert events == []


async def a_deadline_ends_an_attempt(harness: Harness) -> None:
    """A partner that took everything and is silent holds nobody longer than the caller's deadline.

    TimeoutError reaches the caller, with the point passed: it can tell that the outcome is unknown.
    """
    async with harness.sender() as sender, harness.partner(Behaviour.SILENT) as partner:
        consignment, point = harness.consignment(partner.address), Gate()
        content = sender.compose(consignment)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(DEADLINE_SECONDS):
                await sender.send(consignment, content, point)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await partner.until_left()
        assert point.awaited == 1
        assert partner.attempts == 1
        assert partner.content_bytes > 0


async def nothing_leaves_where_a_person_calls(harness: Harness) -> None:
    """Takes the place of the laws about what leaves: by phone nothing does.

    Whatever the partner is like, the outcome is the script and the letter, at once; nobody is
    connected to, and there is no point of no return to pass: a worker that is lost here has told
    the partner nothing.
    """
    async with harness.sender() as sender:
        for behaviour in Behaviour:
            async with harness.partner(behaviour) as partner:
                consignment, point = harness.consignment(partner.address), Gate(withdraw=True)
                content = sender.compose(consignment)
                async with asyncio.timeout(DEADLINE_SECONDS):
                    outcome = await sender.send(consignment, content, point)
                assert isinstance(outcome, CallRequested)
                assert outcome.script
                assert outcome.letter.startswith(b"%PDF-")
                assert (point.awaited, partner.attempts, partner.content_bytes) == (0, 0, 0)


async def a_cancellation_is_a_message_of_its_own(harness: Harness) -> None:
    """It is composed and sent like the referral, always the same, and is not the referral."""
    async with harness.sender() as sender, harness.partner(Behaviour.ACCEPTS) as partner:
        referral = harness.consignment(partner.address)
        cancellation = replace(
            referral, message=Message.CANCELLATION, cancel_reason="Sent by mistake"
        )
        content = sender.compose(cancellation)
        assert content == sender.compose(cancellation)
        assert content != sender.compose(referral)
        outcome = await sender.send(cancellation, content, Gate())
        taken = (CallRequested,) if harness.asks_a_person else (Delivered, Sent)
        assert isinstance(outcome, taken)


Law = Callable[[Harness], Awaitable[None]]

_OF_EVERY_CHANNEL: tuple[Law, ...] = (composing_is_pure, a_cancellation_is_a_message_of_its_own)
_OF_SENDING: tuple[Law, ...] = (
    outcomes_follow_the_partner,
    content_waits_for_the_point_of_no_return,
    a_withdrawn_attempt_sends_nothing,
    an_error_of_the_point_is_our_own,
    cancellation_closes_the_connection,
    a_deadline_ends_an_attempt,
)
_OF_ASKING: tuple[Law, ...] = (nothing_leaves_where_a_person_calls,)


def laws_of(harness: Harness) -> tuple[Law, ...]:
    """Those of every channel, and those of one that sends, or of one that asks a person."""
    return _OF_EVERY_CHANNEL + (_OF_ASKING if harness.asks_a_person else _OF_SENDING)


_watching: dict[int, list[str]] = {}


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    # An audit hook cannot be taken off again: it looks at one dictionary and is done.
    if _watching and event.startswith(("open", "socket.", "subprocess.")):
        _watching.get(threading.get_ident(), []).append(event)


sys.addaudithook(_note)


def _watched(
    compose: Callable[[Consignment], bytes], consignment: Consignment
) -> tuple[bytes, list[str]]:
    events = _watching.setdefault(threading.get_ident(), [])
    try:
        return compose(consignment), events
    finally:
        del _watching[threading.get_ident()]
