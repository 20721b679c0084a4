"""Many clients change one thing at once, through two replicas: nobody's change is lost."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support.services.process import RunningService, running_service
from tests.support.services.referrals import Org, Referrals

CLIENTS = 2
UPDATES = 300
WITHIN_SECONDS = 240.0
_UPDATED = re.compile(
    r'^handoff_messages_total\{operation="referral\.update",'
    r'queue="referrals\.commands",status="(\d+)"\} (\d+)',
    re.MULTILINE,
)


@dataclass
class Race:
    """What became of all the updates: version and notes of each that was taken, and what met the
    change of another."""

    taken: list[tuple[int, str]]
    conflicts: int = 0


@pytest.fixture
def other(referrals: Referrals) -> Iterator[RunningService]:
    """A second replica, in a process of its own."""
    env = {
        "REFERRALS_DATABASE_URL": referrals.database_url,
        "REFERRALS_RABBITMQ_URL": referrals.rabbitmq_url,
    }
    with running_service("referrals", env) as replica:
        yield replica


async def test_two_replicas_lose_no_update(
    org: Org, referrals: Referrals, other: RunningService
) -> None:
    """Hundreds are taken, each a version of its own with its event, whoever decided it; what met
    another's change was told the version to go on from."""
    draft = (await org.referral())["id"]
    race = Race([])
    async with asyncio.timeout(WITHIN_SECONDS):
        await asyncio.gather(*(_update(org, draft, n, race) for n in range(CLIENTS)))
    final = (await org.ask("referral.get", referral_uuid=draft)).data
    race.taken.sort()
    assert [version for version, _ in race.taken] == list(range(2, UPDATES + 2))
    assert len({notes for _, notes in race.taken}) == UPDATES
    assert (final["version"], final["notes"]) == race.taken[-1]
    assert race.conflicts, "nobody raced anybody"
    told = [
        (said.body["aggregateversion"], said.body["data"]["notes"])
        for said in await referrals.heard.events(org)
        if said.body["type"] == "referral.updated"
    ]
    assert told == race.taken
    taken, refused = _decided(other)
    assert 0 < taken < UPDATES, "one replica did it all"
    assert 0 < refused < race.conflicts


async def _update(org: Org, draft: str, client: int, race: Race) -> None:
    """This client's share of the updates, each tried again until it is taken."""
    base = 1
    for n in range(UPDATES // CLIENTS):
        notes = f"update {n} of client {client}"
        while True:
            answered = await org.ask(
                "referral.update", referral_uuid=draft, base_version=base, notes=notes
            )
            if answered.problem is None:
                assert answered.data["notes"] == notes
                base = answered.data["version"]
                race.taken.append((base, notes))
                break
            assert answered.problem["code"] == "version_conflict"
            assert answered.problem["current_version"] > base
            base = answered.problem["current_version"]
            race.conflicts += 1


def _decided(replica: RunningService) -> tuple[int, int]:
    """How many updates it has taken, and how many it has told of a conflict."""
    status, page = replica.get("/metrics")
    assert status == 200
    counted = dict(_UPDATED.findall(page))
    return int(counted["200"]), int(counted["409"])
