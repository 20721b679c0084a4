"""By which country a patient's national number is read, in whatever order the messages come."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from messaging.replies.client import Reply
from tests.support.refusals import errors
from tests.support.services.referrals import Org, Referrals

MONDAY, TUESDAY, WEDNESDAY = (f"2026-01-0{day}T08:00:00Z" for day in (5, 6, 7))
UNKNOWN = {("phone", "phone_country_unknown")}
# A number of both plans: 55 is Mexico City (+52), 551 a part of New Jersey (+1).
OF_BOTH = "55 1234 5678"
IN_MEXICO, IN_NEW_JERSEY = "+525512345678", "+15512345678"


async def put(org: Org, uuid: str, phone: str | None, observed_at: str = MONDAY) -> Reply:
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
    org: Org, referrals: Referrals
) -> None:
    """It would be a stranger's: it is shown as it was given, with what to do, to who asks and in
    the event; a country that has it, put later, shows it."""
    await org.practice(country="US", observed_at=MONDAY)
    uuid, given = str(uuid4()), "(202) 555-0143 x5"
    made = (await put(org, uuid, given)).data
    assert (made["phone"], made["phone_as_given"], made["warnings"]) == (
        "+12025550143;ext=5",
        None,
        [],
    )
    await org.practice(country="GB", observed_at=TUESDAY)
    lost = (await org.ask("patient.get", patient_uuid=uuid)).data
    assert (lost["phone"], lost["phone_as_given"]) == (None, given)
    [warning] = lost["warnings"]
    assert (warning["field"], warning["type"]) == ("phone", "phone_invalid")
    assert "patient.put" in warning["msg"] and "202" not in warning["msg"]
    events = [e.body for e in await referrals.heard.events(org) if e.body["subject"] == uuid]
    assert events[-1]["changed"] == "phone,phone_as_given,warnings"
    assert events[-1]["data"]["phone_as_given"] == given
    await org.practice(country="US", observed_at=WEDNESDAY)
    found = (await org.ask("patient.get", patient_uuid=uuid)).data
    assert (found["phone"], found["phone_as_given"], found["warnings"]) == (
        "+12025550143;ext=5",
        None,
        [],
    )


async def test_a_practice_without_a_country_is_of_none(org: Org) -> None:
    """Not of the United States: its national numbers and its patients' are refused, and those that
    name their country are taken."""
    practice = {"name": "Consultorio", "observed_at": MONDAY}
    refused = await org.ask("practice.put", **practice, phone=OF_BOTH)
    assert errors(refused) == UNKNOWN
    made = await org.ask("practice.put", **practice, phone="+52 55 1234 5678")
    assert (made.status, made.data["country"], made.data["phone"]) == (200, None, IN_MEXICO)
    uuid = str(uuid4())
    assert errors(await put(org, uuid, OF_BOTH)) == UNKNOWN
    await org.practice(country="MX", observed_at=TUESDAY)
    assert (await put(org, uuid, OF_BOTH)).data["phone"] == IN_MEXICO


async def test_a_put_that_says_no_country_leaves_it_and_the_numbers_as_they_are(org: Org) -> None:
    """Its own national numbers are those of the country that is held."""
    await org.practice(country="MX", observed_at=MONDAY)
    uuid = str(uuid4())
    await put(org, uuid, OF_BOTH)
    practice = {"name": "Consultorio", "observed_at": TUESDAY}
    made = await org.ask("practice.put", **practice, phone=OF_BOTH)
    assert (made.status, made.data["country"], made.data["phone"]) == (200, "MX", IN_MEXICO)
    assert await phone_of(org, uuid) == IN_MEXICO


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


ROW = {"first_name": "Ann", "surname": "Archer", "org_type_id": 1}


async def submitted(org: Org, **fields: Any) -> str:
    """A row from outside; its id."""
    answer = await org.ask("intake.submit", rows=[{**ROW, **fields}])
    assert answer.status == 202, answer
    return str(answer.data["intake_uuids"][0])


async def row_of(org: Org, uuid: str) -> dict[str, Any]:
    data: dict[str, Any] = (await org.ask("intake.get", intake_uuid=uuid)).data
    return data


async def test_a_row_from_outside_is_read_again_when_the_practice_comes_or_changes(
    org: Org, referrals: Referrals
) -> None:
    """docs/contract/wire.md#numbers: the order of messages does not change what is held. The row is
    told once more each time, found by its number, and accepted with it."""
    uuid = await submitted(org, mobile=OF_BOTH, telephone="+1 202 555 0143", email="no mail")
    first = await row_of(org, uuid)
    assert (first["mobile"], first["extra"]["mobile"]) == (None, OF_BOTH)
    kinds = {one["field"]: one["type"] for one in first["warnings"]}
    assert kinds == {"mobile": "phone_country_unknown", "email": "email_invalid"}
    assert "practice.put" in next(w["msg"] for w in first["warnings"] if w["field"] == "mobile")

    await org.practice(country="US", observed_at=MONDAY)
    second = await row_of(org, uuid)
    assert (second["mobile"], second["version"]) == (IN_NEW_JERSEY, 2)
    assert (second["telephone"], second["extra"]) == ("+12025550143", {"email": "no mail"})
    assert [one["field"] for one in second["warnings"]] == ["email"]

    await org.practice(country="CH", observed_at=TUESDAY)
    third = await row_of(org, uuid)
    assert (third["mobile"], third["extra"]["mobile"]) == (None, OF_BOTH)
    assert {one["field"] for one in third["warnings"]} == {"email", "mobile"}

    await org.practice(country="MX", observed_at=WEDNESDAY)
    found = await org.ask("intake.list", search="5512345678")
    assert [item["id"] for item in found.data["items"]] == [uuid]
    accepted = await org.ask("intake.accept", intake_uuid=uuid, base_version=4)
    assert accepted.status == 200, accepted
    assert await phone_of(org, accepted.data["patient"]["uuid"]) == IN_MEXICO
    told = [e.body for e in await referrals.heard.events(org) if e.body["subject"] == uuid]
    assert [event["type"] for event in told] == [*["intake.received"] * 4, "intake.accepted"]


async def test_a_row_that_waited_rejected_is_read_when_it_is_accepted(org: Org) -> None:
    """Rows that are not waiting are left as they are until then."""
    uuid = await submitted(org, telephone=OF_BOTH)
    named = {"intake_uuid": uuid}
    await org.ask("intake.reject", **named, base_version=1, reason="not_reached")
    await org.practice(country="MX", observed_at=MONDAY)
    await org.ask("intake.reopen", **named, base_version=2)
    accepted = await org.ask("intake.accept", **named, base_version=3)
    assert accepted.data["telephone"] == IN_MEXICO
    assert await phone_of(org, accepted.data["patient"]["uuid"]) == IN_MEXICO


async def test_no_order_of_rows_and_practices_in_flight_changes_what_a_number_is(
    referrals: Referrals,
) -> None:
    """All at once, in one batch or in several: Mexico City's in the end."""
    for _ in range(3):
        org = referrals.org()
        async with asyncio.TaskGroup() as sending:
            rows = [sending.create_task(submitted(org, mobile=OF_BOTH)) for _ in range(3)]
            sending.create_task(org.practice(country="US", observed_at=MONDAY))
            rows += [sending.create_task(submitted(org, mobile=OF_BOTH)) for _ in range(3)]
            sending.create_task(org.practice(country="MX", observed_at=TUESDAY))
            rows += [sending.create_task(submitted(org, mobile=OF_BOTH)) for _ in range(3)]
        for row in [task.result() for task in rows]:
            version = (await row_of(org, row))["version"]
            taken = await org.ask("intake.accept", intake_uuid=row, base_version=version)
            assert await phone_of(org, taken.data["patient"]["uuid"]) == IN_MEXICO
