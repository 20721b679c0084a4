"""Many clients change one thing at once, through two replicas: nobody's change is lost."""

import asyncio
from typing import Any

from tests.referrals_service import Org, Referrals, running_referrals

CLIENTS = 10
UPDATES = 1_000


async def test_two_replicas_lose_no_update(org: Org, referrals: Referrals) -> None:
    """Each success is a version of its own, each conflict names the version to go on from."""
    draft = await org.referral()
    left = iter(range(UPDATES))
    successes: list[tuple[int, str]] = []
    conflicts: list[tuple[int, int]] = []

    async def client(number: int) -> None:
        base = draft["version"]
        for n in left:
            notes = f"update {n} of client {number}"
            answered = await org.ask(
                "referral.update", referral_uuid=draft["id"], base_version=base, notes=notes
            )
            if answered.status == 200:
                successes.append((answered.data["version"], answered.data["notes"]))
                assert answered.data["notes"] == notes
                base = answered.data["version"]
            else:
                problem: dict[str, Any] = answered.problem or {}
                assert (answered.status, problem["code"]) == (409, "version_conflict")
                conflicts.append((base, problem["current_version"]))
                base = problem["current_version"]

    async with running_referrals(referrals.database_url, referrals.rabbitmq_url):
        await asyncio.gather(*(client(number) for number in range(CLIENTS)))

    final = (await org.ask("referral.get", referral_uuid=draft["id"])).data
    assert len(successes) + len(conflicts) == UPDATES
    assert len(successes) == final["version"] - 1
    assert sorted(version for version, _ in successes) == list(range(2, final["version"] + 1))
    assert max(successes) == (final["version"], final["notes"])
    assert conflicts, "nobody raced anybody"
    assert all(current > base for base, current in conflicts)
    told = [
        (said.body["aggregateversion"], said.body["data"]["notes"])
        for said in await referrals.heard.events(org)
        if said.body["type"] == "referral.updated"
    ]
    assert told == sorted(successes)
