"""`handoff dead-letters`, with one replica of referrals running."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import orjson
import pytest
from aiormq import spec
from aiormq.abc import DeliveredMessage
from pamqp.common import FieldTable

from messaging.wire.topology import DEAD_LETTERS
from ops.dead_letters import find_queue, open_letters
from tests.integration.ops.parked import (
    QUEUE,
    dead_letters,
    park,
    park_again,
    until,
    with_channel,
)
from tests.support.broker.raw_messages import NoId, open_wire
from tests.support.services.command_line import called, handoff

LOOKS = 200


def test_looking_at_dead_letters_destroys_nothing(emptied: str) -> None:
    """200 looks, as list and show make them: every letter is still there, with its reason."""
    parked = [park(emptied, str(uuid4())) for _ in range(3)]

    async def look() -> None:
        name, queue = find_queue(QUEUE)
        for _ in range(LOOKS):
            async with open_letters(name, queue) as opened:
                found = [letter.message_id for letter in await opened.box.summaries()]
            assert found == parked

    asyncio.run(look())
    listed = handoff("dead-letters", "list", QUEUE)
    assert listed.stdout.splitlines()[0] == "referrals.commands: 3 dead letters"
    for message_id in parked:
        (row,) = [row for row in listed.stdout.splitlines() if message_id in row]
        assert "referral_partner_not_found" in row
        assert row.endswith("referral_partner.update")
    until(lambda: dead_letters(emptied) == 3)


def test_a_letter_keeps_its_number_while_others_are_looked_at(emptied: str) -> None:
    """The broker puts back what was taken behind the rest."""
    parked = [park(emptied, str(uuid4())) for _ in range(70)]

    def listed() -> list[str]:
        lines = handoff("dead-letters", "list", QUEUE, "--limit", "3").stdout.splitlines()
        return [line.split()[1] for line in lines[1:]]

    until(lambda: dead_letters(emptied) == len(parked))
    for number in (1, 40, 70):
        shown = json.loads(handoff("dead-letters", "show", QUEUE, str(number)).stdout)
        assert shown["message_id"] == parked[number - 1]
        assert listed() == parked[:3]
    given_up = handoff("dead-letters", "discard", QUEUE, "--number", "2", "--yes")
    assert given_up.stdout == f"{parked[1]} discarded\n1 dead letter of {QUEUE} discarded.\n"
    assert listed() == [parked[0], *parked[2:4]]
    handoff("dead-letters", "replay", QUEUE, "--number", "3")
    until(lambda: parked[3] not in handoff("dead-letters", "list", QUEUE).stdout)
    assert listed() == [parked[0], parked[2], parked[4]]


def park_alike(url: str, operations: Sequence[str]) -> None:
    """Commands without a message id that say the same, all of one batch."""
    body = {"org_id": "org_parked", "first_name": "Ann", "last_name": "Archer"}

    async def publish(channel: Any) -> None:
        properties = spec.Basic.Properties(content_type="application/json", message_id=NoId())
        for operation in operations:
            await channel.basic_publish(
                orjson.dumps(body), exchange=QUEUE, routing_key=operation, properties=properties
            )

    with_channel(url, publish)
    until(lambda: dead_letters(url) == len(operations))


def test_letters_that_say_the_same_are_several(emptied: str) -> None:
    """One number is one letter; each that is replayed has its effect."""
    park_alike(emptied, ["referral_partner.create"] * 4)
    handoff("dead-letters", "discard", QUEUE, "--number", "2", "--yes")
    until(lambda: dead_letters(emptied) == 3)

    def partners() -> int:
        total: int = called("referral_partner.list", '{"org_id": "org_parked"}')[1]["data"]["total"]
        return total

    before = partners()
    replayed = handoff("dead-letters", "replay", QUEUE)
    assert "3 of 3 dead letters" in replayed.stdout
    until(lambda: partners() == before + 3)
    until(lambda: dead_letters(emptied) == 0)


@pytest.mark.parametrize("named", [("--number", "9"), ("--message-id", "nonsense")])
@pytest.mark.parametrize("command", [("replay",), ("discard", "--yes")])
def test_a_letter_that_is_not_there_is_told(
    emptied: str, command: tuple[str, ...], named: tuple[str, str]
) -> None:
    """One line names it, and the exit status is 1."""
    ended = handoff("dead-letters", command[0], QUEUE, *named, *command[1:])
    assert ended.exit_code == 1
    assert ended.stderr == f"{QUEUE} has no dead letter {named[1]}\n"
    assert handoff("dead-letters", "show", QUEUE, "9" * 5_000).exit_code == 1


def test_a_message_id_is_the_same_in_upper_case(emptied: str) -> None:
    """A UUID is a number: it may be typed in either case."""
    message_id = park(emptied, str(uuid4()))
    ended = handoff("dead-letters", "discard", QUEUE, "--yes", "--message-id", message_id.upper())
    assert ended.exit_code == 0
    until(lambda: dead_letters(emptied) == 0)


def test_what_comes_while_a_person_is_asked_is_not_given_up(
    emptied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the letters that the person was shown are discarded."""
    seen, came = park(emptied, str(uuid4())), []

    def answer(*_: object, **__: object) -> None:
        came.append(park(emptied, str(uuid4())))

    monkeypatch.setattr("typer.confirm", answer)
    assert handoff("dead-letters", "discard", QUEUE).exit_code == 0
    left = handoff("dead-letters", "list", QUEUE).stdout
    assert seen not in left and came[0] in left


def test_no_text_of_a_client_is_in_the_log_of_what_is_done(emptied: str) -> None:
    """It may have written a patient's name where its operation belongs."""
    message_id = park(emptied, str(uuid4()))
    park_again(emptied, message_id, original_routing_key="Jane", problem_code="Doe")
    told = handoff("dead-letters", "discard", QUEUE, "--yes").stderr
    assert message_id in told
    assert "Jane" not in told and "Doe" not in told


def test_a_body_is_shown_only_where_it_is_asked_for(emptied: str) -> None:
    """It is patient data; the headers are not."""
    message_id = park(emptied, str(uuid4()))
    without = handoff("dead-letters", "show", QUEUE, message_id)
    assert "Sample note" not in without.output
    shown = json.loads(without.stdout)
    assert shown["headers"]["actor"] == "staff-7"
    assert shown["operation"] == "referral_partner.update"
    assert shown["exchange"] == "referrals.commands"
    with_body = handoff("dead-letters", "show", f"{QUEUE}.dead_letters", "1", "--body")
    assert json.loads(json.loads(with_body.stdout)["body"])["notes"] == "Sample note"
    assert handoff("dead-letters", "show", QUEUE, str(uuid4())).exit_code == 1


def test_a_replay_is_a_new_message_by_the_normal_way_in(emptied: str) -> None:
    """New id, `replay_of`, no trace of the parking; what was refused is done once it can be."""
    partner = str(uuid4())
    message_id = park(emptied, partner)
    stays = park(emptied, str(uuid4()))
    created = {"id": partner, "org_id": "org_parked", "first_name": "Ann", "last_name": "Archer"}
    assert called("referral_partner.create", json.dumps(created))[0] == 0

    async def watch_replay(channel: Any) -> DeliveredMessage:
        declared = await channel.queue_declare(exclusive=True)
        await channel.queue_bind(declared.queue, QUEUE, routing_key="#")
        replayed = await asyncio.to_thread(
            handoff, "dead-letters", "replay", QUEUE, "--message-id", message_id
        )
        assert replayed.exit_code == 0, replayed.output
        assert "dead letter replayed" in replayed.stderr
        message: DeliveredMessage = await channel.basic_get(declared.queue)
        return message

    properties = with_channel(emptied, watch_replay).header.properties
    assert properties.message_id not in (message_id, None)
    assert properties.headers == {"actor": "staff-7", "replay_of": message_id}
    named = json.dumps({"org_id": "org_parked", "referral_partner_uuid": partner})
    until(lambda: called("referral_partner.get", named)[1]["data"]["notes"] == "Sample note")
    until(lambda: dead_letters(emptied) == 1)
    assert stays in handoff("dead-letters", "list", QUEUE).stdout


def test_a_replay_that_is_refused_again_is_parked_again(emptied: str) -> None:
    """Under its new id: nothing is lost. One whose client we may not be stays as it is."""
    foreign = park(emptied, str(uuid4()))
    park_again(emptied, foreign, original_user_id="somebody.else")
    message_id = park(emptied, str(uuid4()))
    ended = handoff("dead-letters", "replay", QUEUE)
    assert ended.exit_code == 1
    assert "1 of 2 dead letters" in ended.stdout
    assert f"{foreign} stayed" in ended.stdout
    assert "impersonator" in ended.stdout
    until(lambda: dead_letters(emptied) == 2)
    listed = handoff("dead-letters", "list", QUEUE).stdout
    assert message_id not in listed
    assert foreign in listed
    assert handoff("dead-letters", "replay", QUEUE, "--as-me").exit_code == 0
    until(lambda: dead_letters(emptied) == 2)
    assert foreign not in handoff("dead-letters", "list", QUEUE).stdout


def test_a_replay_goes_to_the_queues_own_exchange(emptied: str) -> None:
    """The normal way in, whatever its headers say; there it is refused and parked again."""
    message_id = park(emptied, str(uuid4()))
    park_again(emptied, message_id, original_exchange="referrals.events")
    assert handoff("dead-letters", "replay", QUEUE).exit_code == 0
    until(lambda: dead_letters(emptied) == 1)
    assert message_id not in handoff("dead-letters", "list", QUEUE).stdout


def test_nothing_that_a_client_wrote_moves_the_terminal(emptied: str) -> None:
    """Control characters and bidirectional ones are shown as escapes."""
    hostile = "\x1b[2J\r\nfine\u202e\x9b1A"
    message_id = park(emptied, str(uuid4()))
    park_again(emptied, message_id, original_routing_key=hostile, problem_detail=hostile)
    for shown in (
        handoff("dead-letters", "list", QUEUE).stdout,
        handoff("dead-letters", "show", QUEUE, "1").stdout,
    ):
        assert "\\u001b[2J" in shown and "\\u202e" in shown
        assert all(c.isprintable() or c == "\n" for c in shown)


def test_discarding_asks_first_and_takes_only_what_was_named(emptied: str) -> None:
    """No answer but yes gives anything up."""
    first, second = park(emptied, str(uuid4())), park(emptied, str(uuid4()))
    refused = handoff("dead-letters", "discard", QUEUE, "--message-id", first, typed="n\n")
    assert refused.exit_code == 1
    until(lambda: dead_letters(emptied) == 2)
    taken = handoff("dead-letters", "discard", QUEUE, "--message-id", first, typed="y\n")
    assert taken.exit_code == 0
    assert "dead letter discarded" in taken.stderr
    until(lambda: dead_letters(emptied) == 1)
    assert second in handoff("dead-letters", "list", QUEUE).stdout
    assert handoff("dead-letters", "discard", QUEUE, "--yes").exit_code == 0
    until(lambda: dead_letters(emptied) == 0)


def test_what_the_broker_gave_up_is_listed_and_replayed_too(emptied: str) -> None:
    """A message beyond its delivery limit comes with the broker's own headers, not ours."""
    message_id = str(uuid4())
    death: FieldTable = {
        "reason": "delivery_limit",
        "queue": QUEUE,
        "exchange": QUEUE,
        "routing-keys": ["referral_partner.update"],
        "count": 1,
    }

    async def publish(channel: Any) -> None:
        await channel.basic_publish(
            b"{}",
            exchange=DEAD_LETTERS,
            routing_key=QUEUE,
            properties=spec.Basic.Properties(message_id=message_id, headers={"x-death": [death]}),
        )

    with_channel(emptied, publish)
    until(lambda: dead_letters(emptied) == 1)
    (_, row) = handoff("dead-letters", "list", QUEUE).stdout.splitlines()
    assert "delivery_limit" in row
    assert handoff("dead-letters", "replay", QUEUE).exit_code == 0
    until(lambda: "malformed_message" in handoff("dead-letters", "list", QUEUE).stdout)


def test_a_letter_that_cannot_be_read_holds_nothing_up(emptied: str) -> None:
    """Listed and shown as far as it can be read; it stays in a replay, and can be given up."""

    async def publish() -> None:
        async with open_wire(emptied) as wire:
            await wire.publish_octets(
                b"{}",
                QUEUE,
                exchange=DEAD_LETTERS,
                alter=(b"ZZZZ", b"\xff\xfe\xff\xfe"),
                correlation_id="ZZZZ",
                message_id="odd",
                headers={"original_routing_key": "referral_partner.update"},
            )

    asyncio.run(publish())
    message_id = park(emptied, str(uuid4()))
    listed = handoff("dead-letters", "list", QUEUE)
    assert message_id in listed.stdout and "odd" in listed.stdout
    shown = json.loads(handoff("dead-letters", "show", QUEUE, "odd").stdout)
    assert (shown["unreadable"], shown["correlation_id"]) == (["correlation_id"], None)
    replayed = handoff("dead-letters", "replay", QUEUE)
    assert replayed.exit_code == 1
    assert "odd stayed: unreadable: correlation_id: send it anew" in replayed.stdout
    assert "1 of 2 dead letters" in replayed.stdout
    assert handoff("dead-letters", "discard", QUEUE, "--message-id", "odd", "--yes").exit_code == 0
    assert "odd" not in handoff("dead-letters", "list", QUEUE).stdout
