"""Many dead letters: grouped, chosen, in a table, by one person at a time and in bounded memory."""

import asyncio
import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest
from aiormq import spec

from messaging.replies.letter_box import LookedAtByAnother
from messaging.replies.letter_choice import dead_letters_by_cause
from messaging.wire.topology import DEAD_LETTERS
from ops.dead_letters import find_queue, open_letters
from tests.integration.ops.parked import dead_letters, empty, until, with_channel
from tests.support.services.command_line import handoff
from tests.support.services.process import RunningService
from tests.support.waiting import until as until_async

# Dispatch does not run here: what is replayed into its commands stays there.
QUEUE = "ereferral_dispatch.commands"
MIB = 1024 * 1024


def letter(operation: str, cause: str, client: str, org: str, at: str) -> dict[str, Any]:
    """What parking writes of a command."""
    headers = {
        "problem_code": cause,
        "failed_at": at,
        "original_exchange": QUEUE,
        "original_routing_key": operation,
        "original_user_id": client,
    }
    return {"headers": headers, "message_id": str(uuid4()), "body": {"org_id": org}}


def parked(url: str, letters: Sequence[dict[str, Any]], padding: int = 0) -> None:
    """Put letters among the dead ones; `padding`: how many bytes each body has besides."""

    async def publish(channel: Any) -> None:
        for one in letters:
            body = json.dumps({**one["body"], "notes": "n" * padding}).encode()
            await channel.basic_publish(
                body,
                exchange=DEAD_LETTERS,
                routing_key=QUEUE,
                properties=spec.Basic.Properties(
                    message_id=one["message_id"],
                    headers=one["headers"],
                    content_type="application/json",
                ),
            )

    with_channel(url, publish)
    until(lambda: dead_letters(url, QUEUE) == len(letters))


SIX = [
    letter("ereferral.cancel", "forbidden", "crm", "org_a", "2026-01-05T08:00:00.000001Z"),
    letter("ereferral.cancel", "forbidden", "crm", "org_a", "2026-01-05T08:00:00.000002Z"),
    letter("ereferral.cancel", "forbidden", "desk", "org_b", "2026-01-05T08:00:00.000003Z"),
    letter("ereferral.retry", "internal_error", "crm", "org_a", "2026-01-06T08:00:00Z"),
    letter("ereferral.retry", "forbidden", "desk", "org_b", "2026-01-07T08:00:00Z"),
    letter("=1+1", "internal_error", "crm", "org_a", "2026-01-08T08:00:00Z"),
]


@pytest.fixture
def six(replica: RunningService, rabbitmq_vhost: str) -> Iterator[str]:
    """The broker's URL; dispatch's commands have these six dead letters."""
    empty(rabbitmq_vhost, QUEUE)
    parked(rabbitmq_vhost, SIX)
    yield rabbitmq_vhost
    empty(rabbitmq_vhost, QUEUE)


def rows(*arguments: str) -> list[dict[str, str]]:
    """The table that a command prints."""
    done = handoff("dead-letters", *arguments, "--csv")
    assert done.exit_code == 0, done.output
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_letters_are_grouped_by_what_they_asked_and_why(six: str) -> None:
    """Most first; a group says since when, until when, and where to look."""
    lines = handoff("dead-letters", "groups", QUEUE).stdout.splitlines()
    assert lines[0] == f"{QUEUE}: 6 dead letters"
    assert lines[1].split() == [
        *("3", "forbidden", "ereferral.cancel", "2026-01-05T08:00:00.000001Z", "…"),
        *("2026-01-05T08:00:00.000003Z", "such", "as", "1"),
    ]
    assert [row["count"] for row in rows("groups", QUEUE)] == ["3", "1", "1", "1"]
    assert [row["count"] for row in rows("groups", QUEUE, "--org", "org_b")] == ["1", "1"]


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (("--cause", "forbidden"), "1 2 3 5"),
        (("--operation", "ereferral.retry"), "4 5"),
        (("--client", "desk"), "3 5"),
        (("--org", "org_a", "--cause", "forbidden"), "1 2"),
        (("--since", "2026-01-06T08:00:00Z"), "4 5 6"),
        (("--since", "2026-01-06T09:00:00+01:00", "--until", "2026-01-08T08:00:00Z"), "4 5"),
        (("--cause", "nothing"), ""),
    ],
)
def test_letters_are_chosen_by_what_all_options_say(
    six: str, options: tuple[str, ...], numbers: str
) -> None:
    """Each keeps the number that it has among all."""
    assert " ".join(row["number"] for row in rows("list", QUEUE, *options)) == numbers


def test_a_table_has_no_formula_in_it(six: str) -> None:
    """A client may have written one where its operation belongs."""
    (last,) = [row for row in rows("list", QUEUE) if row["number"] == "6"]
    assert last["operation"] == "'=1+1"
    assert (last["client"], last["org_id"], last["cause"]) == ("crm", "org_a", "internal_error")


def test_a_time_without_a_zone_is_refused(six: str) -> None:
    """It could be anybody's."""
    refused = handoff("dead-letters", "list", QUEUE, "--since", "2026-01-06")
    assert refused.exit_code == 2 and refused.stderr.startswith("--since: a time with its zone")


def test_each_letter_has_a_result(six: str) -> None:
    """A discard takes what was chosen and nothing else; a replay says of each what became of it."""
    gone = rows("discard", QUEUE, "--cause", "forbidden", "--client", "crm", "--yes")
    assert [(row["number"], row["result"]) for row in gone] == [
        ("1", "discarded"),
        ("2", "discarded"),
    ]
    ended = handoff("dead-letters", "replay", QUEUE, "--operation", "ereferral.retry", "--csv")
    assert ended.exit_code == 1
    results = [row["result"] for row in csv.DictReader(io.StringIO(ended.stdout))]
    assert len(results) == 2
    assert all(result.startswith("stayed: ") and "impersonator" in result for result in results)
    assert "0 of 2 dead letters" in ended.stderr
    mine = rows("replay", QUEUE, "--operation", "ereferral.retry", "--as-me")
    assert all(row["result"].startswith("sent in again as ") for row in mine)
    until(lambda: dead_letters(six, QUEUE) == 2)
    left = [row["message_id"] for row in rows("list", QUEUE)]
    assert left == [SIX[2]["message_id"], SIX[5]["message_id"]]


def test_two_people_see_all_of_them(six: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Who comes second waits, is told so, and then sees what the first saw."""

    async def look(until_told: asyncio.Event, looking: asyncio.Event) -> list[str | None]:
        async with open_letters(*find_queue(QUEUE)) as opened:
            found = [one.message_id for one in await opened.box.summaries()]
            looking.set()
            await until_told.wait()
            return found

    async def both() -> None:
        free, at_once, first_looks, second_looks = (asyncio.Event() for _ in range(4))
        at_once.set()
        first = asyncio.create_task(look(free, first_looks))
        await first_looks.wait()
        second = asyncio.create_task(look(at_once, second_looks))
        said: list[str] = []

        def is_told() -> bool:
            said.append(capfd.readouterr().err)
            return "Waiting: somebody else has the dead letters" in "".join(said)

        await until_async(is_told)
        assert not second_looks.is_set()
        _, queue = find_queue(QUEUE)
        with pytest.raises(LookedAtByAnother):
            await dead_letters_by_cause(six, queue)
        free.set()
        assert await first == await second == [one["message_id"] for one in SIX]
        groups = await dead_letters_by_cause(six, queue)
        assert [group.count for group in groups] == [3, 1, 1, 1]

    asyncio.run(both())


def peak_bytes(*arguments: str) -> int:
    """The most memory that a command has had at a time, in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "ops.cli", "dead-letters", *arguments],
        stdout=subprocess.DEVNULL,
        env=os.environ,
    ) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_maxrss * 1024


def test_looking_takes_no_more_memory_where_the_letters_are_large(
    six: str, rabbitmq_vhost: str
) -> None:
    """18 MiB of letters are looked at, and given up, within 8 MiB more than six small ones."""
    little = peak_bytes("groups", QUEUE)
    empty(rabbitmq_vhost, QUEUE)
    large = [
        letter("ereferral.retry", "forbidden", "crm", "org_a", f"2026-01-05T08:00:00.{n:06}Z")
        for n in range(24)
    ]
    parked(rabbitmq_vhost, large, padding=3 * MIB // 4)
    assert peak_bytes("groups", QUEUE) - little < 8 * MIB
    assert peak_bytes("discard", QUEUE, "--yes") - little < 8 * MIB
    until(lambda: dead_letters(rabbitmq_vhost, QUEUE) == 0)
