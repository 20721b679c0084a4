"""The events of one subject come in the order of its versions, whoever wrote and published them."""

import asyncio
from collections import defaultdict

from tests.support.services.referrals import Org, Referrals, running_referrals

PARTNERS = 5
WRITERS = 4
UPDATES_OF_EACH = 10


async def write(org: Org, uuid: str, writer: int) -> None:
    """Ten updates, each tried again on the version that it met, until it is taken."""
    version = 1
    for n in range(UPDATES_OF_EACH):
        while True:
            answered = await org.ask(
                "referral_partner.update",
                referral_partner_uuid=uuid,
                base_version=version,
                notes=f"{writer}/{n}",
            )
            if answered.status == 200:
                version = answered.data["version"]
                break
            assert answered.problem is not None
            assert answered.problem["code"] == "version_conflict"
            version = answered.problem["current_version"]


async def test_two_hundred_updates_by_two_replicas_are_told_in_their_order(
    org: Org, referrals: Referrals
) -> None:
    """Twenty writers, five partners: each version once, its event with that version's state."""
    async with running_referrals(referrals.database_url, referrals.rabbitmq_url):
        made = [await org.partner() for _ in range(PARTNERS)]
        async with asyncio.timeout(90):
            await asyncio.gather(
                *(write(org, one["id"], writer) for one in made for writer in range(WRITERS))
            )
    told = defaultdict(list)
    ids = set()
    for said in await referrals.heard.events(org):
        told[said.body["subject"]].append(said.body)
        ids.add(said.body["id"])
    assert set(told) == {one["id"] for one in made}
    assert len(ids) == PARTNERS * (1 + WRITERS * UPDATES_OF_EACH)
    for uuid, bodies in told.items():
        assert [body["aggregateversion"] for body in bodies] == list(range(1, 42))
        assert [body["data"]["version"] for body in bodies] == list(range(1, 42))
        assert {body["changed"] for body in bodies[1:]} == {"notes"}
        assert len({body["data"]["notes"] for body in bodies[1:]}) == 40
        read = await org.ask("referral_partner.get", referral_partner_uuid=uuid)
        assert read.data == bodies[-1]["data"]


async def test_the_time_of_a_later_version_is_not_earlier(org: Org, referrals: Referrals) -> None:
    """Versions of one subject that follow each other never go back in time."""
    made = await org.partner()
    for version in range(1, 11):
        await org.ask(
            "referral_partner.update",
            referral_partner_uuid=made["id"],
            base_version=version,
            notes=str(version),
        )
    times = [said.body["time"] for said in await referrals.heard.events(org)]
    assert times == sorted(times)
    assert len(times) == 11
