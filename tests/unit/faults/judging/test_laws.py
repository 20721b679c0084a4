"""The judge of the fault rig: a good story passes, and each law notices the lie that breaks it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.judging import laws
from tests.faults.judging.ledger import REFERRALS, DeadLetter, HeldEffect, HeldVersion, Ledger
from tests.faults.parties.books import Answered, Book, Entry, Received, Told, read_books
from tests.unit.faults.judging.good_story import (
    CREATE,
    EREFERRAL,
    GOOD,
    LATE,
    LETTER,
    MAILED,
    PARTNER,
    REFERRAL,
    UPDATE,
    answered,
    told,
)

ONE_EFFECT = laws.every_command_was_answered_alike_and_had_one_effect
CAUSED = laws.every_command_that_was_done_caused_one_event
AGREE = laws.effects_and_events_agree_one_to_one
IN_ORDER = laws.versions_are_contiguous_in_the_order_of_first_publication
PARTNERS = laws.partners_got_each_ereferral_once_or_under_one_id
ENDS = laws.every_ereferral_ends_or_stands_before_a_person
KNOWS = laws.referrals_knows_what_dispatch_knows
EMPTY = laws.queues_are_empty_but_for_dead_letters_with_reasons
RECOVERS = laws.it_recovers_within_a_minute_without_a_person


def swapped(first: int, second: int) -> Callable[[Ledger], Ledger]:
    """Two events change places."""

    def doctor(ledger: Ledger) -> Ledger:
        events = list(ledger.told)
        events[first], events[second] = events[second], events[first]
        return replace(ledger, told=events)

    return doctor


def without_told(place: int) -> Callable[[Ledger], Ledger]:
    return lambda book: replace(book, told=book.told[:place] + book.told[place + 1 :])


def also_told(event: Told) -> Callable[[Ledger], Ledger]:
    return lambda book: replace(book, told=[*book.told, event])


def also_received(one: Received) -> Callable[[Ledger], Ledger]:
    return lambda book: replace(book, received=[*book.received, one])


def also_answered(one: Answered) -> Callable[[Ledger], Ledger]:
    return lambda book: replace(book, answered=[*book.answered, one])


def with_effect(place: int, effect: HeldEffect) -> Callable[[Ledger], Ledger]:
    return lambda book: replace(
        book, effects=[*book.effects[:place], effect, *book.effects[place + 1 :]]
    )


def with_ereferral(place: int, **fields: object) -> Callable[[Ledger], Ledger]:
    """An e-referral is held otherwise, and referrals was told so."""

    def doctor(ledger: Ledger) -> Ledger:
        held, known = list(ledger.ereferrals), list(ledger.referrals)
        held[place] = replace(held[place], **fields)  # type: ignore[arg-type]  # any field of it
        known[place] = replace(known[place], dispatch_status=held[place].status)
        return replace(ledger, ereferrals=held, referrals=known)

    return doctor


DOCTORED: list[tuple[str, laws.Law, Callable[[Ledger], Ledger]]] = [
    ("never answered", ONE_EFFECT, lambda b: replace(b, answered=b.answered[:-1])),
    ("answered twice differently", ONE_EFFECT, also_answered(answered(UPDATE, 200, 3))),
    (
        "a fault of ours",
        ONE_EFFECT,
        lambda b: replace(
            b,
            answered=[*b.answered[:-1], answered(LATE, 500, 0)],
            effects=[*b.effects[:-1], HeldEffect(LATE, 500, 0)],
        ),
    ),
    ("not in the inbox", ONE_EFFECT, with_effect(0, HeldEffect(CREATE, None, 1))),
    ("unknown to the database", ONE_EFFECT, lambda b: replace(b, effects=b.effects[1:])),
    ("two effects", ONE_EFFECT, with_effect(1, HeldEffect(UPDATE, 200, 2))),
    ("no effect", ONE_EFFECT, with_effect(1, HeldEffect(UPDATE, 200, 0))),
    ("refused with an effect", ONE_EFFECT, with_effect(3, HeldEffect(LATE, 409, 1))),
    (
        "an event without its cause",
        CAUSED,
        lambda b: replace(b, told=[replace(one, cause=None) for one in b.told]),
    ),
    (
        "a refused command with an event",
        CAUSED,
        lambda b: replace(
            b,
            told=[
                replace(one, cause=LATE) if one.cause is None and one.source == REFERRALS else one
                for one in [*b.told, told(REFERRALS, PARTNER, 3, "referral_partner.updated")]
            ],
            versions=[HeldVersion(REFERRALS, PARTNER, 3), *b.versions[1:]],
        ),
    ),
    ("an effect that was not told", AGREE, without_told(6)),
    ("told and not held", AGREE, lambda b: replace(b, versions=b.versions[1:])),
    (
        "one version under two ids",
        AGREE,
        also_told(replace(GOOD.told[5], id="another", version=2)),
    ),
    (
        "one id for two versions",
        AGREE,
        also_told(replace(GOOD.told[5], version=1)),
    ),
    ("out of order", IN_ORDER, swapped(4, 5)),
    (
        "a gap that is filled in later",
        IN_ORDER,
        lambda b: replace(b, told=[*b.told[1:2], *b.told[0:1], *b.told[3:]]),
    ),
    (
        "a portal got it under another id",
        PARTNERS,
        also_received(Received("portal", MAILED, REFERRAL[-12:], "d1")),
    ),
    (
        "a portal got other bytes",
        PARTNERS,
        also_received(Received("portal", EREFERRAL, REFERRAL[-12:], "d9")),
    ),
    ("a mail came twice", PARTNERS, lambda b: also_received(b.received[2])(b)),
    (
        "by two channels without a word",
        PARTNERS,
        also_received(
            Received("email", f"<{EREFERRAL}.email@handoff.example>", REFERRAL[-12:], "d3")
        ),
    ),
    (
        "nobody knows what came",
        PARTNERS,
        also_received(Received("portal", EREFERRAL, "0123456789ad", "d1")),
    ),
    (
        "said to be delivered and never came",
        PARTNERS,
        lambda b: replace(b, received=b.received[2:]),
    ),
    ("left on its way", ENDS, with_ereferral(0, status="in_progress")),
    ("ended without a word", ENDS, with_ereferral(0, status="failed")),
    (
        "never heard of",
        KNOWS,
        lambda b: replace(
            b, referrals=[replace(b.referrals[0], dispatch_status=None), b.referrals[1]]
        ),
    ),
    (
        "heard of an older version",
        KNOWS,
        lambda b: replace(
            b, referrals=[replace(b.referrals[0], dispatch_version=1), b.referrals[1]]
        ),
    ),
    (
        "lost on the way to dispatch",
        KNOWS,
        lambda b: replace(b, ereferrals=b.ereferrals[:1], received=b.received[:2]),
    ),
    ("dispatched by itself", KNOWS, lambda b: replace(b, referrals=b.referrals[:1])),
    ("a message is left", EMPTY, lambda b: replace(b, queues={"referrals.commands": 1})),
    ("an outbox row is left", EMPTY, lambda b: replace(b, outboxes={"referrals": 1})),
    (
        "a dead letter without a reason",
        EMPTY,
        lambda b: replace(b, dead_letters=[DeadLetter("referrals.commands", None)]),
    ),
    ("too late", RECOVERS, lambda b: replace(b, recovery_seconds=61.0)),
    ("never", RECOVERS, lambda b: replace(b, recovery_seconds=None, unsettled="a desk waits")),
]


def test_a_good_story_breaks_no_law() -> None:
    """Repeats of a reply, an event and a portal's post, and a mail of unknown fate, are allowed."""
    assert laws.breaches(GOOD) == {}


@pytest.mark.parametrize(
    ("law", "doctor"),
    [pytest.param(law, doctor, id=lie) for lie, law, doctor in DOCTORED],
)
def test_each_lie_breaks_its_law(law: laws.Law, doctor: Callable[[Ledger], Ledger]) -> None:
    """The books say one thing too much, too little or otherwise, and that law says so."""
    assert law.__name__ in laws.breaches(doctor(GOOD))


def test_every_law_was_broken_once() -> None:
    """No law stands here that nothing can break."""
    assert {law for _, law, _ in DOCTORED} == set(laws.LAWS)


def test_a_declared_second_channel_and_a_refusal_break_no_law() -> None:
    """By another channel after a refusal, or openly as a possible repeat."""
    second = Received("email", f"<{EREFERRAL}.email@handoff.example>", REFERRAL[-12:], "d3")
    openly = with_ereferral(0, possible_repeat=True)(GOOD)
    assert laws.breaches(replace(openly, received=[*GOOD.received, second])) == {}
    refused = [replace(one, refused=one.channel == "portal") for one in GOOD.received]
    sent = with_ereferral(0, status="sent")(GOOD)
    said = [
        replace(one, type="ereferral.sent", status="sent") if one.id == f"{EREFERRAL}/2" else one
        for one in sent.told
    ]
    assert laws.breaches(replace(sent, told=said, received=[*refused, second])) == {}


def test_a_cancellation_is_no_repeat() -> None:
    """It comes under an id of its own, by each channel."""
    cancelled = [
        Received("portal", f"{EREFERRAL}.cancel", REFERRAL[-12:], "d4"),
        Received("email", f"<{MAILED}.cancel.email@handoff.example>", LETTER[-12:], "d5"),
    ]
    assert laws.breaches(replace(GOOD, received=[*GOOD.received, *cancelled])) == {}


def test_books_are_read_as_they_were_written(tmp_path: Path) -> None:
    """A JSON line for each entry, in its order."""
    entries: list[Entry] = [GOOD.asked[0], GOOD.answered[0], GOOD.told[0], GOOD.received[0]]
    book = Book(tmp_path / "one.jsonl")
    for entry in entries:
        book.write(entry)
    book.close()
    assert read_books(tmp_path) == entries
    lines = (tmp_path / "one.jsonl").read_text().splitlines()
    assert json.loads(lines[1])[1]["status"] == 201
