"""Lists that move, rows that go, merges, other databases: laws 17 to 25, 35 and 36."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from ops.stubs.opendental import OpenDentalStub, served
from tests.integration.connectors.practice import CROWD, crowd, directory, practice
from tests.support.connectors.running import Connectors
from tests.support.database.urls import plain_url
from tests.support.services.referrals import Org


async def test_17_and_18_rows_that_come_and_go_between_pages_hide_no_other(
    connectors: Connectors, org: Org
) -> None:
    """A patient is deleted, and one is entered before the others, while their list is read: the
    named one at its end is there, and the reading is complete."""
    stub = crowd(250)
    stub.patient(1000, LName="Pace", FName="Paul")
    stub.referral(2, LName="Facebook Ad", NotPerson="true")
    stub.refattach(1, ReferralNum=2, PatNum=1000, RefDate="2022-01-05")
    moved: list[int] = []

    def between(path: str, offset: int) -> None:
        if path.endswith(CROWD) and offset == 99 and len(moved) < 2:
            moved.append(offset)
            if len(moved) == 1:
                del stub.patients[50]
            else:
                stub.patient(50, LName="Back")

    stub.faults.before = between
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        run = await connected.finished()
        assert run["code"] is None and len(moved) == 2
        assert (await connected.shown())["complete"] is True
        assert len(await connected.attributions(1000)) == 1


async def test_19_a_sweep_that_was_not_complete_proves_nothing(
    connectors: Connectors, org: Org
) -> None:
    """The list never rests, and a row is not in it: it stays active."""
    stub = directory(120)
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        del stub.referrals[120]
        stub.faults.before = lambda path, offset: shuffle(stub, path, offset)
        for _ in range(2):
            await connected.run()
        run = await connected.run()
        shown = await connected.shown()
        assert shown["complete"] is False and run["complete"] is False
        assert (await connected.source(120))["is_active"] is True


def shuffle(stub: OpenDentalStub, path: str, offset: int) -> None:
    """Between the first and the second page the first row goes, and comes back before the next
    reading."""
    if not path.endswith("/referrals"):
        return
    if offset == 0 and 1 not in stub.referrals:
        stub.referral(1, LName="Ad 1", NotPerson="true")
    elif offset == 99:
        stub.referrals.pop(1, None)


async def test_20_a_row_that_two_complete_sweeps_lack_is_inactive(
    connectors: Connectors, org: Org
) -> None:
    """And 404 by its number. Its attribution is kept: who came by it did come by it."""
    async with served(practice()) as stub:
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        del stub.referrals[2]
        first = await connected.run()
        assert (await connected.source(2))["is_active"] is True, first
        await connected.run()
        assert (await connected.source(2))["is_active"] is False
        assert len(await connected.attributions(15)) == 1
        stub.referral(2, LName="Facebook Ad", NotPerson="true")
        await connected.run()
        assert (await connected.source(2))["is_active"] is True


async def test_21_half_the_rows_missing_is_another_database(
    connectors: Connectors, org: Org
) -> None:
    """Nothing of it is applied, and a person is needed."""
    stub = directory(60)
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        for number in range(31, 61):
            del stub.referrals[number]
        stub.referral(1, LName="Another one")
        run = await connected.run(full=True)
        assert run["code"] == "identity_changed"
        assert (await connected.source(1))["name"] == "Ad 1"
        assert (await connected.shown())["needs_person"] is True


@pytest.mark.parametrize(("renamed", "code"), [(2, None), (3, "identity_changed")])
async def test_21_a_twentieth_that_is_called_otherwise_is_another_database(
    connectors: Connectors, org: Org, renamed: int, code: str | None
) -> None:
    """The numbers are the same and stand for others now; fewer are corrections."""
    stub = directory(60)
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        for number in range(1, renamed + 1):
            stub.referral(number, LName=f"Another {number}", NotPerson="true")
        run = await connected.run(full=True)
        assert run["code"] == code
        name = (await connected.source(1))["name"]
        assert name == ("Ad 1" if code else "Another 1")


async def test_22_a_merge_there_takes_the_attributions_along(
    connectors: Connectors, org: Org
) -> None:
    """Two sources become one: the attribution follows, once, and stays the primary one."""
    stub = practice()
    stub.referral(5, LName="Yellow Pages", NotPerson="true")
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        stub.merge_referrals(2, 5)
        await connected.run(full=True)
        (attribution,) = await connected.attributions(15)
        assert attribution["referral_source"]["name"] == "Yellow Pages"
        assert attribution["attribution_role"] == "primary"


@pytest.mark.parametrize("orders", [(0, 1), (1, 0)])
async def test_22_a_patient_of_both_has_one_attribution_after_the_merge(
    connectors: Connectors, org: Org, orders: tuple[int, int]
) -> None:
    """Both rows of theirs stay: here it is one, and primary, whichever of them came first. Is that
    one detached, the other is the attribution."""
    stub = practice()
    stub.referral(5, LName="Yellow Pages", NotPerson="true")
    stub.refattach(1, ItemOrder=orders[0])
    stub.refattach(2, ReferralNum=5, PatNum=15, RefDate="2022-02-05", ItemOrder=orders[1])
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        assert len(await connected.attributions(15)) == 2
        stub.merge_referrals(2, 5)
        for _ in range(2):
            await connected.run(full=True)
        (attribution,) = await connected.attributions(15)
        assert attribution["referral_source"]["name"] == "Yellow Pages"
        assert attribution["attribution_role"] == "primary"
        first = orders.index(0) + 1
        assert attribution["attributed_at"][:10] == f"2022-0{first}-05"
        del stub.refattaches[first]
        for _ in range(2):
            await connected.run(full=True)
        (attribution,) = await connected.attributions(15)
        assert attribution["attributed_at"][:10] == f"2022-0{3 - first}-05"
        assert attribution["attribution_role"] == "primary"


async def test_a_row_that_becomes_another_kind_is_that_here(
    connectors: Connectors, org: Org
) -> None:
    """An advertisement becomes a patient's row: linked, and of their category, where nobody here
    has set another, also where they were imported before categories were written down. A doctor
    becomes a source: the partner is inactive then, the source when he is a doctor again."""
    stub = practice()
    stub.referral(4, LName="Flyer", NotPerson="true")
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        flyer = await connected.source(4)
        await org.ask(
            "referral_source.update",
            referral_source_uuid=flyer["id"],
            base_version=flyer["version"],
            category="direct_mail",
        )
        patient = await connected.uuid("patient", 435)
        database = await asyncpg.connect(plain_url(connectors.config.database_url))
        await database.execute(
            "UPDATE connectors.external_id SET category = NULL WHERE org_id = $1", org.id
        )
        await database.close()
        stub.referral(1, IsDoctor="false")
        for number, category in ((2, "patient_referral"), (4, "direct_mail")):
            stub.referral(number, LName="Beringer", FName="Debbie", PatNum=435, isPatient="true")
            await connected.run()
            source = await connected.source(number)
            assert source["linked_patient"]["uuid"] == patient
            assert source["category"] == category
        assert (await connected.partner(1))["is_active"] is False
        assert (await connected.source(1))["is_active"] is True
        stub.referral(1, IsDoctor="true")
        last = await connected.run()
        assert (await connected.partner(1))["is_active"] is True
        assert (await connected.source(1))["is_active"] is False
        counted = last["counts"]["partner"]
        assert counted["fetched"] == counted["unchanged"] + counted["updated"] == 1


async def test_23_a_detached_patient_is_detached_here(connectors: Connectors, org: Org) -> None:
    """After two complete sweeps; the next attachment is the primary one then."""
    async with served(practice()) as stub:
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        del stub.refattaches[1]
        await connected.run(full=True)
        assert len(await connected.attributions(15)) == 1
        await connected.run(full=True)
        assert await connected.attributions(15) == []
        stub.refattach(7, ReferralNum=3, PatNum=15, RefDate="2026-06-01")
        await connected.run()
        (attribution,) = await connected.attributions(15)
        assert attribution["attribution_role"] == "primary"


async def test_24_a_clock_that_is_wrong_by_an_hour_loses_no_update(
    connectors: Connectors, org: Org
) -> None:
    """Ahead at the first reading, right at the change, behind at the next: each change comes, and
    how far ahead a stamp was is told."""
    stub = practice(clock_ahead=timedelta(hours=1))
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        first = await connected.finished()
        assert 3500 < first["skew_seconds"] <= 3600
        for ahead, name in ((0, "Paula"), (-1, "Pauline")):
            stub.clock_ahead = timedelta(hours=ahead)
            stub.patient(15, FName=name)
            await connected.run()
            assert await patient_name(connectors, org, await connected.uuid("patient", 15)) == (
                f"{name} Pace"
            )


async def test_25_the_hour_that_comes_twice_loses_no_update(
    connectors: Connectors, org: Org
) -> None:
    """Read at 01:55 of Chicago's summer time, changed ten minutes later at 01:05 of its winter
    time: the stamp looks 50 minutes older than what was read, and the change comes."""
    moment = datetime(2025, 11, 2, 6, 55, tzinfo=UTC)
    stub = practice(zone=ZoneInfo("America/Chicago"), now=lambda: moment)
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        assert stub.patients[15]["DateTStamp"] == "2025-11-02 01:55:00"
        moment = datetime(2025, 11, 2, 7, 5, tzinfo=UTC)
        stub.patient(15, FName="Paula")
        assert stub.patients[15]["DateTStamp"] == "2025-11-02 01:05:00"
        await connected.run()
        lists = [one for one in stub.faults.asked if one.path.endswith(CROWD)]
        assert lists[-1].query["DateTStamp"] == "2025-11-01 23:55:00"
        uuid = await connected.uuid("patient", 15)
        assert await patient_name(connectors, org, uuid) == "Paula Pace"


async def patient_name(connectors: Connectors, org: Org, uuid: str) -> Any:
    """What a patient is called here."""
    return (await org.ask("patient.get", patient_uuid=uuid)).data["name"]


async def test_35_a_patient_whom_nobody_names_is_never_stored(
    connectors: Connectors, org: Org
) -> None:
    """Not sealed, not by number: no row of any table is about patient 99."""
    stub = practice()
    stub.patient(99, LName="Nobody", FName="Named")
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        database = await asyncpg.connect(plain_url(connectors.config.database_url))
        for table in ("external_id", "staged_row"):
            known = await database.fetch(
                f"SELECT external_id FROM connectors.{table} "
                "WHERE org_id = $1 AND kind = 'patient' ORDER BY 1",
                org.id,
            )
            assert "99" not in [row[0] for row in known]
        await database.close()
        listed = (await org.ask("patient.list")).data["items"]
        assert sorted(one["name"] for one in listed) == ["Debbie Beringer", "Paul Pace"]


async def test_a_hidden_source_keeps_its_attributions(connectors: Connectors, org: Org) -> None:
    """An inactive source takes no attribution: it is made active, and inactive once they are in."""
    stub = practice()
    stub.referral(2, IsHidden="true")
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        assert (await connected.source(2))["is_active"] is False
        assert len(await connected.attributions(15)) == 1
        assert await connected.rows(resolved=False) == []


async def test_a_partner_who_is_here_already_waits_for_a_person(
    connectors: Connectors, org: Org
) -> None:
    """Equal name and phone: linked, it is that partner; no second one is made. Where the two say
    different things a person is asked which."""
    stub = practice()
    stub.referral(1, Telephone="5033635432")
    held = await org.partner(first_name="norm", last_name="Davidson", phone="+15033635432")
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        (row,) = await connected.rows(resolved=False)
        assert (row["code"], row["uuid"]) == ("possible_duplicate", held["id"])
        await connected.resolve(row, "link", uuid=held["id"])
        await connected.finished(1)
        assert await connected.uuid("partner", 1) == held["id"]
        (row,) = await connected.rows(resolved=False)
        assert (row["code"], row["fields"]) == ("both_changed", ["city", "first_name"])
        listed = (await org.ask("referral_partner.list")).data["items"]
        assert [one["id"] for one in listed] == [held["id"]]


async def test_a_link_makes_nothing(connectors: Connectors, org: Org) -> None:
    """What a person names has to be here: an id of nothing, of another kind or of another org is
    told, and the row waits on for another decision. What the right one lacks it has from there."""
    stub = practice()
    stub.referral(1, Telephone="5033635432")
    held = await org.partner(first_name="Norm", last_name="Davidson", phone="+15033635432")
    source = await org.ask("referral_source.create", name="Radio", category="other")
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        (row,) = await connected.rows(resolved=False, kind="partner")
        for runs, wrong in enumerate(
            ("01930000-0000-7000-8000-00000000dead", source.data["id"]), start=1
        ):
            linked = await connected.resolve(row, "link", uuid=wrong)
            assert linked.status == 200
            await connected.finished(runs)
            (row,) = await connected.rows(resolved=False, kind="partner")
            assert row["code"] == "problem:referral_partner_not_found"
            assert row["resolution"] is None
        listed = (await org.ask("referral_partner.list")).data["items"]
        assert [one["id"] for one in listed] == [held["id"]]
        await connected.resolve(row, "link", uuid=held["id"])
        await connected.finished(3)
        assert await connected.uuid("partner", 1) == held["id"]
        assert (await connected.partner(1))["city"] == "Portland"
        assert await connected.rows(resolved=False) == []


async def test_what_a_person_leaves_out_stays_out_until_it_changes(
    connectors: Connectors, org: Org
) -> None:
    """Whatever it waits for; changed there, it is asked for again."""
    stub = practice()
    stub.patient(9, LName="Beringer", FName="Dana")
    stub.referral(4, LName="Beringer", FName="Dana", PatNum=9, isPatient="true")
    stub.refattach(2, ReferralNum=4, PatNum=9, RefDate="2022-01-05")
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        (row,) = await connected.rows(resolved=False)
        assert row["code"] == "self_referral"
        ignored = await connected.resolve(row, "ignore")
        assert ignored.status == 200
        await connected.finished(1)
        await connected.run(full=True)
        (row,) = await connected.rows()
        assert row["resolution"] == "ignore" and row["resolved_at"] is not None
        stub.refattach(2, Note="still them")
        await connected.run(full=True)
        (row,) = await connected.rows(resolved=False)
        assert row["code"] == "self_referral"


async def test_a_second_system_of_the_org_doubles_no_partner_and_no_source(
    connectors: Connectors, org: Org
) -> None:
    """Two offices send to one specialist: what came from the first waits for a person at the
    second, and linked it follows whichever of them changes it."""
    offices = [OpenDentalStub(), OpenDentalStub()]
    for number, office in enumerate(offices, start=1):
        office.referral(
            10 * number, LName="Davidson", FName="Norm", IsDoctor="true", Telephone="5033635432"
        )
        office.referral(10 * number + 1, LName="Facebook Ad", NotPerson="true")
    async with served(offices[0]), served(offices[1]):
        first = await connectors.opendental(org, offices[0])
        await first.finished()
        second = await connectors.opendental(org, offices[1], name="second")
        await second.finished()
        waiting = {row["kind"]: row for row in await second.rows(resolved=False)}
        assert {row["code"] for row in waiting.values()} == {"possible_duplicate"}
        held = {
            "partner": await first.uuid("partner", 10),
            "source": await first.uuid("source", 11),
        }
        assert {kind: row["uuid"] for kind, row in waiting.items()} == held
        for kind, row in waiting.items():
            await second.resolve(row, "link", uuid=held[kind])
        await second.finished(1)
        assert await second.uuid("partner", 20) == held["partner"]
        assert await second.uuid("source", 21) == held["source"]
        offices[0].referral(10, EMail="norm@davidson.example.com")
        await first.run(full=True)
        await second.run(full=True)
        offices[1].referral(20, City="Portland")
        await second.run(full=True)
        await first.run(full=True)
        partner = await first.partner(10)
        assert (partner["email"], partner["city"]) == ("norm@davidson.example.com", "Portland")
        assert await first.rows(resolved=False) == []
        partners = (await org.ask("referral_partner.list")).data["items"]
        sources = (await org.ask("referral_source.list")).data["items"]
        assert [one["id"] for one in partners] == [held["partner"]]
        assert [one["id"] for one in sources] == [held["source"]]
