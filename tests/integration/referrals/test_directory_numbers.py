"""By which country a patient's national number is read, in whatever order the messages come."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from messaging.replies.client import Answered
from tests.support.refusals import errors
from tests.support.services.referrals import Org, Referrals

MONDAY, TUESDAY, WEDNESDAY = (f"2026-01-0{day}T08:00:00Z" for day in (5, 6, 7))
UNKNOWN = {("phone", "phone_country_unknown")}
# A number of both plans: 55 is Mexico City (+52), 551 a part of New Jersey (+1).
OF_BOTH = "55 1234 5678"
IN_MEXICO, IN_NEW_JERSEY = "+525512345678", "+15512345678"


async def put(org: Org, uuid: str, phone: str | None, observed_at: str = MONDAY) -> Answered:
    return await org.ask(
        "patient.put", patient_uuid=uuid, name="P", phone=phone, observed_at=observed_at
    )


async def phone_of(org: Org, uuid: str) -> Any:
    return (await org.ask("patient.get", patient_uuid=uuid)).data["phone"]


@pytest.mark.parametrize("number", [OF_BOTH, "(202) 555-0143", "020 7946 0958", "55123456789"])
async def test_a_national_number_is_refused_while_there_is_no_practice(
    org: Org, number: str
) -> None:
    """docs/contract/wire.md#numbers: it says what to do, and nothing is held."""
    uuid = str(uuid4())
    refused = await put(org, uuid, number)
    assert errors(refused) == UNKNOWN
    assert refused.problem is not None
    (error,) = refused.problem["errors"]
    assert "practice.put" in error["msg"] and "+" in error["msg"]
    assert (await org.ask("patient.get", patient_uuid=uuid)).status == 404
    await org.practice(country="MX")
    assert (await put(org, uuid, OF_BOTH)).data["phone"] == IN_MEXICO


async def test_a_number_that_names_its_country_needs_no_practice(org: Org) -> None:
    """Nor does a patient without one."""
    uuid = str(uuid4())
    assert (await put(org, uuid, "+52 55 1234 5678 ext. 9")).data["phone"] == f"{IN_MEXICO};ext=9"
    assert (await put(org, uuid, None, TUESDAY)).data["phone"] is None


async def test_a_national_number_is_read_by_the_practices_country(org: Org) -> None:
    """And refused where that has no such number."""
    await org.practice(country="GB")
    uuid = str(uuid4())
    assert (await put(org, uuid, "020 7946 0958")).data["phone"] == "+442079460958"
    assert errors(await put(org, uuid, "(202) 555-0143", TUESDAY)) == {("phone", "phone_invalid")}


async def test_a_country_that_comes_later_reads_again_what_the_one_before_it_read(
    org: Org, referrals: Referrals
) -> None:
    """A patient gets one event and one version; a number that named its country stays."""
    await org.practice(country="US", observed_at=MONDAY)
    national, international = str(uuid4()), str(uuid4())
    assert (await put(org, national, OF_BOTH)).data["phone"] == IN_NEW_JERSEY
    await put(org, international, "+1 202 555 0143")
    await org.practice(country="MX", observed_at=TUESDAY)
    assert await phone_of(org, national) == IN_MEXICO
    assert await phone_of(org, international) == "+12025550143"
    events = [e.body for e in await referrals.heard.events(org) if e.body["subject"] == national]
    assert [event["type"] for event in events] == ["patient.put", "patient.put"]
    assert (events[1]["changed"], events[1]["aggregateversion"]) == ("phone", 2)
    assert events[1]["data"]["phone"] == IN_MEXICO


async def test_a_number_that_the_new_country_does_not_have_is_taken_out_and_not_lost(
    org: Org,
) -> None:
    """It would be a stranger's; a country that has it, put later, shows it."""
    await org.practice(country="US", observed_at=MONDAY)
    uuid = str(uuid4())
    assert (await put(org, uuid, "(202) 555-0143 x5")).data["phone"] == "+12025550143;ext=5"
    await org.practice(country="GB", observed_at=TUESDAY)
    assert await phone_of(org, uuid) is None
    await org.practice(country="US", observed_at=WEDNESDAY)
    assert await phone_of(org, uuid) == "+12025550143;ext=5"


async def test_an_older_practice_reads_nothing(org: Org) -> None:
    """It changes nothing that is held."""
    await org.practice(country="MX", observed_at=TUESDAY)
    uuid = str(uuid4())
    await put(org, uuid, OF_BOTH)
    await org.practice(country="US", observed_at=MONDAY)
    assert await phone_of(org, uuid) == IN_MEXICO


async def test_no_order_of_messages_in_flight_makes_it_somebody_elses_number(
    referrals: Referrals,
) -> None:
    """All at once, in one batch or in several: Mexico City's, or refused for want of a practice."""
    for _ in range(5):
        org, uuids = referrals.org(), [str(uuid4()) for _ in range(8)]
        async with asyncio.TaskGroup() as sending:
            sending.create_task(org.practice(country="US", observed_at=MONDAY))
            puts = [sending.create_task(put(org, uuid, OF_BOTH)) for uuid in uuids[:4]]
            sending.create_task(org.practice(country="MX", observed_at=TUESDAY))
            puts += [sending.create_task(put(org, uuid, OF_BOTH)) for uuid in uuids[4:]]
        for uuid, answer in zip(uuids, [one.result() for one in puts], strict=True):
            if answer.status == 422:
                assert errors(answer) == UNKNOWN
            else:
                assert await phone_of(org, uuid) == IN_MEXICO
