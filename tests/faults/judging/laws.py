"""Laws that hold after every fault. Each names its breaches; a law without one holds.

Sources: docs/contract/wire.md#idempotency, docs/contract/wire.md#replies,
docs/contract/wire.md#event-promises and docs/contract/dispatch.md#promise.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from tests.faults.judging.ledger import DISPATCH, REFERRALS, HeldEreferral, Ledger
from tests.faults.parties.books import Answered, Received, Told

RECOVERY_SECONDS = 60.0
EFFECTIVE = (200, 201, 202, 204)
REFUSED = (404, 409, 422)
LAST_WORDS: Mapping[str, tuple[str, ...]] = {
    "delivered": ("ereferral.delivered",),
    "sent": ("ereferral.sent",),
    "failed": ("ereferral.failed",),
    "cancelled": ("ereferral.cancelled",),
    "awaiting_call": ("ereferral.call_requested", "ereferral.attempt_failed"),
    "outcome_unknown": ("ereferral.outcome_unknown",),
    "held": ("ereferral.held",),
}
"""The states that an e-referral may be left in, and the events that say so."""

Law = Callable[[Ledger], Iterator[str]]
Key = TypeVar("Key")
Item = TypeVar("Item")


def every_command_was_answered_alike_and_had_one_effect(ledger: Ledger) -> Iterator[str]:
    """Every command is answered in the end, each time with the same reply, and never with a fault
    of ours. It stands in the inbox with that status; one that was done stands once in the audit
    trail, one that was refused does not."""
    replies = _grouped(ledger.answered, lambda answer: answer.message_id)
    held = {effect.message_id: effect for effect in ledger.effects}
    for command in ledger.asked:
        name = f"{command.operation} {command.message_id}"
        answers = replies.get(command.message_id, [])
        if not answers:
            yield f"{name} was never answered"
            continue
        first: Answered = answers[0]
        if any(answer != first for answer in answers):
            yield f"{name} was answered differently: {[answer.status for answer in answers]}"
        if first.status not in (*EFFECTIVE, *REFUSED):
            yield f"{name} was answered {first.status}"
        expected = int(first.status in EFFECTIVE)
        effect = held.get(command.message_id)
        if effect is None or effect.status != first.status:
            yield f"{name} was answered {first.status}, the inbox holds {effect and effect.status}"
        if (effect.effects if effect else 0) != expected:
            yield f"{name} had {effect.effects if effect else 0} effects, not {expected}"


def every_command_that_was_done_caused_one_event(ledger: Ledger) -> Iterator[str]:
    """One that was refused caused none."""
    done = {answer.message_id for answer in ledger.answered if answer.status in EFFECTIVE}
    caused = Counter(one.cause for one in _first(ledger.told) if one.source == REFERRALS)
    for command in ledger.asked:
        expected = int(command.message_id in done)
        if caused[command.message_id] != expected:
            name = f"{command.operation} {command.message_id}"
            yield f"{name} caused {caused[command.message_id]} events, not {expected}"


def effects_and_events_agree_one_to_one(ledger: Ledger) -> Iterator[str]:
    """Each version that the databases hold was told under one id, and nothing else was told."""
    told = _grouped(_first(ledger.told), lambda one: (one.source, one.subject, one.version))
    for key, events in told.items():
        if len(events) > 1:
            yield f"{key} was told under {len(events)} ids"
    for event_id, events in _grouped(ledger.told, lambda one: one.id).items():
        if len({(one.source, one.subject, one.version) for one in events}) > 1:
            yield f"event {event_id} was told about several things"
    effects = {
        (held.source, held.subject, version)
        for held in ledger.versions
        for version in range(1, held.version + 1)
    }
    for key in sorted(effects - told.keys()):
        yield f"{key} is held and was never told"
    for key in sorted(told.keys() - effects):
        yield f"{key} was told and is not held"


def versions_are_contiguous_in_the_order_of_first_publication(ledger: Ledger) -> Iterator[str]:
    """A subscriber hears version 1, 2, 3 of a subject; what comes again has been heard before."""
    versions: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for one in _first(ledger.told):
        versions[one.source, one.subject].append(one.version)
    for key, heard in versions.items():
        if heard != list(range(1, len(heard) + 1)):
            yield f"{key} was told as {heard}"


def partners_got_each_ereferral_once_or_under_one_id(ledger: Ledger) -> Iterator[str]:
    """A portal may get an e-referral again, under the same `webhook-id` and with the same bytes; a
    relay gets a mail once. Where one may have it, another channel is used openly
    (`possible_repeat`). What is said to have arrived did arrive, and nothing arrived that dispatch
    does not know."""
    known = {ereferral.reference: ereferral for ereferral in ledger.ereferrals}
    got = _grouped(ledger.received, lambda one: one.reference)
    for reference, messages in got.items():
        if reference not in known:
            yield f"a partner got {reference}, which dispatch does not know"
        else:
            yield from _about_one(known[reference], messages)
    arrived = {"delivered": "portal", "sent": "email"}
    for ereferral in ledger.ereferrals:
        channels = {one.channel for one in got.get(ereferral.reference, [])}
        expected = arrived.get(ereferral.status)
        if expected is not None and expected not in channels:
            yield f"{ereferral.id} is {ereferral.status}, and no {expected} got it"


def _about_one(ereferral: HeldEreferral, messages: list[Received]) -> Iterator[str]:
    own = f"{ereferral.id}", f"{ereferral.id}.cancel"
    taken = [one for one in messages if not one.refused and ".cancel" not in one.id]
    for one in messages:
        stem = (
            one.id
            if one.channel == "portal"
            else one.id.strip("<>").rpartition(f".{one.channel}@")[0]
        )
        if stem not in own:
            yield f"{ereferral.id} came by {one.channel} under {one.id}"
    for message_id, count in Counter(one.id for one in messages if one.channel == "email").items():
        if count > 1:
            yield f"mail {message_id} came {count} times"
    for message_id, repeats in _grouped(messages, lambda one: one.id).items():
        if len({one.digest for one in repeats}) > 1:
            yield f"{message_id} came with different bytes"
    if len({one.channel for one in taken}) > 1 and not ereferral.possible_repeat:
        yield f"{ereferral.id} came by two channels and does not say that it may be a repeat"


def every_ereferral_ends_or_stands_before_a_person(ledger: Ledger) -> Iterator[str]:
    """Its state is final or a person's, and the last event about it said so."""
    told = _grouped(
        (one for one in _first(ledger.told) if one.source == DISPATCH), lambda one: one.subject
    )
    for ereferral in ledger.ereferrals:
        words = LAST_WORDS.get(ereferral.status)
        if words is None:
            yield f"{ereferral.id} is left {ereferral.status}"
            continue
        last = max(told.get(ereferral.id, []), key=lambda one: one.version, default=None)
        if last is None or last.type not in words or last.status != ereferral.status:
            yield f"{ereferral.id} is {ereferral.status}, and the last event was {last}"


def referrals_knows_what_dispatch_knows(ledger: Ledger) -> Iterator[str]:
    """Every referral that was sent has its e-referral, and shows its state and newest version."""
    ereferrals = {ereferral.id: ereferral for ereferral in ledger.ereferrals}
    for referral in ledger.referrals:
        ereferral = ereferrals.pop(referral.ereferral_id, None)
        if ereferral is None:
            yield f"referral {referral.id} was sent, and dispatch has no e-referral of it"
        elif (referral.dispatch_status, referral.dispatch_version) != (
            ereferral.status,
            ereferral.version,
        ):
            yield (
                f"referral {referral.id} shows {referral.dispatch_status} "
                f"{referral.dispatch_version}, dispatch {ereferral.status} {ereferral.version}"
            )
    for stranger in ereferrals:
        yield f"{stranger} is dispatched, and no referral was sent"


def queues_are_empty_but_for_dead_letters_with_reasons(ledger: Ledger) -> Iterator[str]:
    """Nothing waits in a queue or an outbox; what is parked says why."""
    for queue, count in ledger.queues.items():
        if count:
            yield f"{queue} holds {count} messages"
    for service, count in ledger.outboxes.items():
        if count:
            yield f"the outbox of {service} holds {count}"
    for letter in ledger.dead_letters:
        if not letter.reason:
            yield f"a dead letter of {letter.queue} has no reason"


def it_recovers_within_a_minute_without_a_person(ledger: Ledger) -> Iterator[str]:
    """Quiet, with every replica ready, at most 60 s after the last fault."""
    if ledger.recovery_seconds is None:
        yield f"never quiet: {ledger.unsettled}"
    elif ledger.recovery_seconds > RECOVERY_SECONDS:
        yield f"quiet after {ledger.recovery_seconds:.0f} s"


LAWS_WITHOUT_SUBSCRIBER: tuple[Law, ...] = (
    every_command_was_answered_alike_and_had_one_effect,
    partners_got_each_ereferral_once_or_under_one_id,
    referrals_knows_what_dispatch_knows,
    queues_are_empty_but_for_dead_letters_with_reasons,
    it_recovers_within_a_minute_without_a_person,
)
"""Those that hold, and can be seen to, though nobody subscribes to the events."""
LAWS: tuple[Law, ...] = (
    *LAWS_WITHOUT_SUBSCRIBER,
    every_command_that_was_done_caused_one_event,
    effects_and_events_agree_one_to_one,
    versions_are_contiguous_in_the_order_of_first_publication,
    every_ereferral_ends_or_stands_before_a_person,
)


def breaches(ledger: Ledger, laws: Iterable[Law] = LAWS) -> dict[str, list[str]]:
    """What is wrong, by the name of the law; empty where everything holds."""
    found = {law.__name__: list(law(ledger)) for law in laws}
    return {name: wrong for name, wrong in found.items() if wrong}


def _first(told: Iterable[Told]) -> list[Told]:
    """The events without those that came again, in the order in which they came first."""
    first: dict[str, Told] = {}
    for one in told:
        first.setdefault(one.id, one)
    return list(first.values())


def _grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups
