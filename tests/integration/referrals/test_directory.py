"""The directory: whatever was observed last wins, however the messages are ordered."""

from typing import Any
from uuid import uuid4

import pytest

from messaging.replies.client import Reply
from tests.support.refusals import errors, problem
from tests.support.services.referrals import Org, Referrals

MONDAY, TUESDAY, WEDNESDAY = (f"2026-01-0{day}T08:00:00Z" for day in (5, 6, 7))
IDENTITY = {"id", "version", "created_at", "updated_at"}
NOTHING_HELD = Reply(200, None, None)


class Record:
    """One patient, provider or contact of an org: put, archive and get."""

    def __init__(self, org: Org, kind: str) -> None:
        self.uuid = str(uuid4())
        self.org = org
        self.kind = kind

    async def put(self, name: str, observed_at: str, **fields: Any) -> Reply:
        return await self._ask("put", name=name, observed_at=observed_at, **fields)

    async def archive(self, observed_at: str) -> Reply:
        return await self._ask("archive", observed_at=observed_at)

    async def get(self) -> Reply:
        return await self._ask("get")

    async def _ask(self, verb: str, **fields: Any) -> Reply:
        uuid: dict[str, Any] = {f"{self.kind}_uuid": self.uuid}
        return await self.org.ask(f"{self.kind}.{verb}", **uuid, **fields)


@pytest.fixture(params=["patient", "provider", "contact"])
def record(request: pytest.FixtureRequest, org: Org) -> Record:
    """A record that nobody has put yet."""
    return Record(org, request.param)


def shown(answered: Reply, status: int = 200) -> tuple[str, int, str]:
    """Name, version and observation of what a reply shows."""
    assert answered.status == status, answered
    return answered.data["name"], answered.data["version"], answered.data["observed_at"]


async def test_a_put_replaces_the_whole_patient(org: Org) -> None:
    """What is not given is not kept; 200 with what is now held, and get shows the same."""
    await org.practice()
    record = Record(org, "patient")
    first = await record.put(
        "Paul Pace",
        MONDAY,
        date_of_birth="1984-03-09",
        phone="(202) 555-0143",
        email="Paul@EXAMPLE.com",
    )
    assert first.status == 200
    assert {name: value for name, value in first.data.items() if name not in IDENTITY} == {
        "name": "Paul Pace",
        "date_of_birth": "1984-03-09",
        "phone": "+12025550143",
        "phone_as_given": None,
        "warnings": [],
        "email": "Paul@example.com",
        "observed_at": MONDAY,
    }
    assert (first.data["id"], first.data["version"]) == (record.uuid, 1)
    second = await record.put("Paula Pace", TUESDAY)
    assert second.data == {
        "id": record.uuid,
        "version": 2,
        "created_at": first.data["created_at"],
        "updated_at": second.data["updated_at"],
        "name": "Paula Pace",
        "date_of_birth": None,
        "phone": None,
        "phone_as_given": None,
        "warnings": [],
        "email": None,
        "observed_at": TUESDAY,
    }
    assert (await record.get()).data == second.data


async def test_the_practice_is_one_for_each_org(org: Org, referrals: Referrals) -> None:
    """Put by the org alone; its numbers are read in its country."""
    problem(await org.ask("practice.get"), 404, "practice_not_found")
    first = await org.practice(
        name="Main Street Dental",
        npi="1234567893",
        phone="020 7946 0958",
        country="GB",
        city="London",
        time_zone="Europe/London",
        observed_at=MONDAY,
    )
    assert {name: value for name, value in first.items() if name not in IDENTITY} == {
        "name": "Main Street Dental",
        "npi": "1234567893",
        "phone": "+442079460958",
        "fax": None,
        "email": None,
        "address_line1": None,
        "address_line2": None,
        "city": "London",
        "state": None,
        "postal_code": None,
        "country": "GB",
        "time_zone": "Europe/London",
        "observed_at": MONDAY,
    }
    second = await org.practice(name="High Street Dental", observed_at=TUESDAY)
    assert (second["id"], second["version"]) == (first["id"], 2)
    assert (second["country"], second["phone"], second["time_zone"]) == ("US", None, None)
    stale = await org.practice(name="Old Name", observed_at=MONDAY)
    assert stale == second
    assert (await org.ask("practice.get")).data == second
    other = referrals.org()
    problem(await other.ask("practice.get"), 404, "practice_not_found")
    assert (await other.practice())["id"] != first["id"]


async def test_the_newest_observation_wins_in_whatever_order_they_come(record: Record) -> None:
    """An older one gets 200 with what is held; nothing changes."""
    assert shown(await record.put("On Tuesday", TUESDAY)) == ("On Tuesday", 1, TUESDAY)
    assert shown(await record.put("On Monday", MONDAY)) == ("On Tuesday", 1, TUESDAY)
    assert shown(await record.get()) == ("On Tuesday", 1, TUESDAY)
    assert shown(await record.put("On Wednesday", WEDNESDAY)) == ("On Wednesday", 2, WEDNESDAY)


async def test_an_observation_of_the_same_moment_applies(record: Record) -> None:
    """Not older is new enough; the same content again is no change."""
    await record.put("First", MONDAY)
    assert shown(await record.put("Second", "2026-01-05T09:00:00+01:00")) == ("Second", 2, MONDAY)
    assert shown(await record.put("Second", MONDAY)) == ("Second", 2, MONDAY)


async def test_the_same_content_seen_later_is_remembered_as_seen_later(record: Record) -> None:
    """Else an observation in between would bring the past back."""
    await record.put("Same", MONDAY)
    assert shown(await record.put("Same", WEDNESDAY)) == ("Same", 2, WEDNESDAY)
    assert shown(await record.put("Between", TUESDAY)) == ("Same", 2, WEDNESDAY)


async def test_an_archive_hides_and_a_newer_put_revives(record: Record) -> None:
    """204, then 404. What is older than the archive changes nothing and is shown nothing: what is
    held is an archive, and does not look alive to whoever puts it."""
    await record.put("Alive", MONDAY)
    assert await record.archive(TUESDAY) == Reply(204, None, None)
    problem(await record.get(), 404, f"{record.kind}_not_found")
    assert await record.put("Alive", MONDAY) == NOTHING_HELD
    assert await record.archive(MONDAY) == NOTHING_HELD
    problem(await record.get(), 404, f"{record.kind}_not_found")
    assert shown(await record.put("Revived", WEDNESDAY)) == ("Revived", 3, WEDNESDAY)
    assert shown(await record.get()) == ("Revived", 3, WEDNESDAY)


async def test_a_stale_archive_shows_what_is_held(record: Record) -> None:
    """200, not 204: it did not apply."""
    await record.put("Alive", TUESDAY)
    assert shown(await record.archive(MONDAY)) == ("Alive", 1, TUESDAY)
    assert shown(await record.get()) == ("Alive", 1, TUESDAY)


async def test_an_archive_of_the_same_moment_applies(record: Record) -> None:
    """Not older is new enough, for an archive too; and a put of that moment revives."""
    await record.put("Alive", MONDAY)
    assert (await record.archive(MONDAY)).status == 204
    assert (await record.put("Alive", MONDAY)).status == 200
    assert shown(await record.get()) == ("Alive", 3, MONDAY)


async def test_an_archive_of_what_was_never_put_is_a_tombstone(record: Record) -> None:
    """204; an older put does not show it, a newer one does."""
    assert await record.archive(TUESDAY) == Reply(204, None, None)
    problem(await record.get(), 404, f"{record.kind}_not_found")
    assert await record.put("Before", MONDAY) == NOTHING_HELD
    assert await record.archive(MONDAY) == NOTHING_HELD
    problem(await record.get(), 404, f"{record.kind}_not_found")
    assert shown(await record.put("After", WEDNESDAY)) == ("After", 1, WEDNESDAY)
    assert shown(await record.get()) == ("After", 1, WEDNESDAY)


async def test_a_second_archive_is_an_archive(record: Record) -> None:
    """204 as often as it comes; the newest one counts."""
    await record.put("Alive", MONDAY)
    assert (await record.archive(TUESDAY)).status == 204
    assert (await record.archive(WEDNESDAY)).status == 204
    assert await record.put("Between", "2026-01-06T20:00:00Z") == NOTHING_HELD
    problem(await record.get(), 404, f"{record.kind}_not_found")


@pytest.mark.parametrize(
    "observed_at",
    [
        *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000001Z"),
        *("1999-12-31T23:59:59.999999Z", "2026-01-05T08:00:00.000001Z"),
    ],
)
async def test_every_moment_that_has_been_is_held_exactly(record: Record, observed_at: str) -> None:
    """To the microsecond, and compared as well."""
    assert shown(await record.put("First", observed_at)) == ("First", 1, observed_at)
    assert shown(await record.put("Second", observed_at)) == ("Second", 2, observed_at)
    assert shown(await record.get()) == ("Second", 2, observed_at)
    assert (await record.archive(observed_at)).status == 204


@pytest.mark.parametrize("born", ["0001-01-01", "1900-02-28", "2024-02-29"])
async def test_every_day_that_has_been_is_held_exactly(org: Org, born: str) -> None:
    """A date of birth is not turned into another by any calendar or end of time."""
    record = Record(org, "patient")
    assert (await record.put("P", MONDAY, date_of_birth=born)).data["date_of_birth"] == born
    assert (await record.get()).data["date_of_birth"] == born


async def test_a_stale_put_is_judged_before_it_is_found_to_be_stale(org: Org) -> None:
    """What is decidable from the command alone comes first."""
    record = Record(org, "patient")
    await record.put("P", TUESDAY)
    assert errors(await record.put("P", MONDAY, phone="none")) == {("phone", "phone_invalid")}


async def test_a_record_of_another_org_is_not_there_and_stays_as_it_is(
    record: Record, referrals: Referrals
) -> None:
    """Two orgs may hold the same id; neither sees or changes the other's."""
    await record.put("Ours", MONDAY)
    others = Record(referrals.org(), record.kind)
    others.uuid = record.uuid
    problem(await others.get(), 404, f"{record.kind}_not_found")
    assert shown(await others.put("Theirs", WEDNESDAY)) == ("Theirs", 1, WEDNESDAY)
    assert (await others.archive(WEDNESDAY)).status == 204
    assert shown(await record.get()) == ("Ours", 1, MONDAY)
