"""Many clients at once, over two replicas: numbers, primaries and figures come out right."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import asyncpg
import pytest_asyncio

from messaging.replies.client import Reply
from tests.integration.referrals.marketing import Marketing, named
from tests.support.database.urls import plain_url
from tests.support.services.referrals import Referrals, running_referrals


@pytest_asyncio.fixture(scope="module", autouse=True)
async def second_replica(referrals: Referrals) -> AsyncIterator[None]:
    """Commands go to either of the two, whichever asks first."""
    async with running_referrals(referrals.database_url, referrals.rabbitmq_url):
        yield


async def test_fifty_creates_at_once_get_fifty_numbers(org: Marketing) -> None:
    """1 to 50, each once, although the org had no counter; and the next fifty follow."""
    for first in (1, 51):
        sources = await asyncio.gather(*(org.source(name=f"Source {n}") for n in range(50)))
        numbers = sorted(source["sort_order"] for source in sources)
        assert numbers == list(range(first, first + 50))


async def test_forty_clients_make_one_primary(org: Marketing, referrals: Referrals) -> None:
    """One 201, 39 times 409 `primary_attribution_exists`, one event; whatever they refer to."""
    patient, source, partner = await org.patient(), await org.source(), await org.partner()
    answers = await asyncio.gather(
        *(
            org.ask(
                "referral_attribution.create",
                patient_uuid=patient["id"],
                **(
                    {"referral_source_uuid": source["id"]}
                    if n % 2
                    else {"referral_partner_uuid": partner["id"]}
                ),
            )
            for n in range(40)
        )
    )
    assert Counter(map(code, answers)) == {201: 1, "primary_attribution_exists": 39}
    (made,) = [answer.data for answer in answers if answer.status == 201]
    listed = await org.ask("referral_attribution.list", patient_uuid=patient["id"])
    assert listed.data["items"] == [made]
    told = await referrals.heard.event_types(org)
    assert told.count("referral_attribution.created") == 1


async def test_of_many_that_want_to_rise_one_becomes_primary(org: Marketing) -> None:
    """By update, each on a version of its own, so that no version stands in the way."""
    patient, source = await org.patient(), await org.source()
    held = [
        await org.attribution(
            patient, referral_source_uuid=source["id"], attribution_role="secondary"
        )
        for _ in range(10)
    ]
    answers = await asyncio.gather(
        *(
            org.ask(
                "referral_attribution.update",
                **named("referral_attribution", one),
                base_version=1,
                attribution_role="primary",
            )
            for one in held
        )
    )
    assert Counter(map(code, answers)) == {200: 1, "primary_attribution_exists": 9}


async def test_the_place_passes_from_one_to_another(org: Marketing) -> None:
    """Who gives it up and who wants it, at the same time: at no time two, and none is stuck."""
    patients = await asyncio.gather(*(org.patient() for _ in range(10)))
    source = await org.source()
    to_source = {"referral_source_uuid": source["id"]}

    async def pass_on(patient: dict[str, Any]) -> None:
        held = await org.attribution(patient, **to_source)
        given_up, wanted = await asyncio.gather(
            org.ask(
                "referral_attribution.archive",
                **named("referral_attribution", held),
                base_version=1,
            ),
            org.ask("referral_attribution.create", patient_uuid=patient["id"], **to_source),
        )
        assert given_up.status == 204
        assert code(wanted) in (201, "primary_attribution_exists")
        if wanted.status == 409:
            await org.attribution(patient, **to_source)

    await asyncio.gather(*map(pass_on, patients))
    assert await org.figures(source) == (10, 0)


async def test_figures_come_out_right_whatever_moves_them_at_once(
    org: Marketing, referrals: Referrals
) -> None:
    """Costs and attributions of few patients to few sources, made, changed and archived by many
    clients: at the end each source shows what there is, patients once each and cents exactly. And
    nobody waited for somebody who waited for them."""
    chance = random.Random(7)
    sources = await asyncio.gather(*(org.source() for _ in range(3)))
    patients = await asyncio.gather(*(org.patient() for _ in range(5)))

    async def client() -> None:
        for _ in range(10):
            source, patient = chance.choice(sources), chance.choice(patients)
            if chance.random() < 0.5:
                cost = await org.cost(source, amount=f"{chance.randrange(10**6) / 100:.2f}")
                if chance.random() < 0.6:
                    changed = await org.ask(
                        "referral_source_cost.update",
                        **named("referral_source_cost", cost),
                        base_version=1,
                        amount=f"{chance.randrange(10**6) / 100:.2f}",
                    )
                    assert changed.status == 200
                    if chance.random() < 0.5:
                        await org.archive("referral_source_cost", changed.data)
            else:
                attribution = await org.attribution(
                    patient, referral_source_uuid=source["id"], attribution_role="assist"
                )
                if chance.random() < 0.7:
                    await org.archive("referral_attribution", attribution)

    await asyncio.gather(*(client() for _ in range(12)))
    counted, deadlocks = await _count(referrals, org)
    assert deadlocks == 0
    for source in sources:
        now = await org.source_now(source)
        patient_count, total_cost = counted[source["id"]]
        assert now["patient_count"] == patient_count
        assert Decimal(str(now["total_cost"])) == total_cost
        assert now["version"] == 1


async def _count(
    referrals: Referrals, org: Marketing
) -> tuple[dict[str, tuple[int, Decimal]], int]:
    """What there is, by source; and how many deadlocks the database has had to end."""
    database = await asyncpg.connect(plain_url(referrals.database_url))
    try:
        rows = await database.fetch(
            """
            SELECT id,
                (SELECT count(DISTINCT patient_id) FROM referrals.referral_attribution
                    WHERE org_id = $1 AND referral_source_id = s.id AND deleted_at IS NULL),
                (SELECT coalesce(sum(amount), 0) FROM referrals.referral_source_cost
                    WHERE org_id = $1 AND referral_source_id = s.id AND deleted_at IS NULL)
            FROM referrals.referral_source s WHERE org_id = $1
            """,
            org.id,
        )
        deadlocks = await database.fetchval(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
    finally:
        await database.close()
    return {str(source): (patients, cost) for source, patients, cost in rows}, deadlocks


def code(answered: Reply) -> int | str:
    """The status of a success, or the problem's code."""
    return answered.status if answered.problem is None else answered.problem["code"]
