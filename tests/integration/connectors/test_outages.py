"""Outages of the other side and of ours: laws 8 to 13, 26 and 29."""

import asyncpg
from prometheus_client import REGISTRY

from ops.stubs.faults import Fault, Wrong
from ops.stubs.opendental import OpenDentalStub, served
from services.connectors import adding
from services.connectors.watching import look
from tests.integration.connectors.practice import CROWD, crowd, practice
from tests.support.connectors.running import OPERATOR, Connected, Connectors
from tests.support.database.urls import plain_url
from tests.support.services.referrals import Org
from tests.support.waiting import until


def offsets(stub: OpenDentalStub, path: str) -> list[int]:
    """The offsets of a list that were asked for, in their order."""
    asked = [one for one in stub.faults.asked if one.path.endswith(path)]
    return [int(one.query["Offset"]) for one in asked]


async def test_8_a_run_that_fails_at_page_7_goes_on_there(connectors: Connectors, org: Org) -> None:
    """The page is asked for four times, the run fails once and loudly, and the next one asks for
    none of the first six pages again."""
    stub = crowd(720)
    stub.faults.add(Fault(Wrong.STATUS, CROWD, offset=594, times=4))
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        failed = await connected.finished()
        assert (failed["code"], failed["phase"]) == ("other_side_down", "patients")
        assert failed["offset"] == 595
        assert offsets(stub, CROWD) == [0, 99, 198, 297, 396, 495, 594, 594, 594, 594]
        shown = await connected.shown()
        assert shown["code"] == "other_side_down" and shown["needs_person"] is False
        assert (await connected.run())["code"] is None
        assert offsets(stub, CROWD)[10:] == [594, 693]
        assert (await connected.shown())["code"] is None
        told = [one["type"] for one in await connectors.events_of(org)]
        assert told == ["connection.failed", "connection.synced", "connection.recovered"]


async def test_9_a_phase_that_was_left_for_an_hour_begins_anew(
    connectors: Connectors, org: Org
) -> None:
    """What was read an hour ago may have moved."""
    stub = crowd(250)
    stub.faults.add(Fault(Wrong.STATUS, CROWD, offset=198, times=4))
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        database = await asyncpg.connect(plain_url(connectors.config.database_url))
        await database.execute(
            "UPDATE connectors.cursor SET moved_at = now() - interval '61 minutes' "
            "WHERE org_id = $1",
            org.id,
        )
        await database.close()
        await connected.run()
        assert offsets(stub, CROWD)[6:] == [0, 99, 198]


async def test_11_and_12_html_and_cut_json_change_nothing(connectors: Connectors, org: Org) -> None:
    """Both come with 200, and both are a bad answer: what is held stays, and nothing is gone."""
    async with served(practice()) as stub:
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        held = await connected.partner(1)
        stub.referral(1, City="Salem", DateTStamp="2026-06-01 10:00:00")
        for wrong in (Wrong.HTML, Wrong.CUT):
            stub.faults.add(Fault(wrong, "/referrals", times=4))
            run = await connected.run()
            assert run["code"] == "bad_answer", wrong
            assert await connected.partner(1) == held
        await connected.run()
        assert (await connected.partner(1))["city"] == "Salem"


async def test_13_a_list_that_answers_400_is_an_outage(connectors: Connectors, org: Org) -> None:
    """The practice's eConnector is off for the night: no row is bad, and it is told once."""
    async with served(practice()) as stub:
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        stub.connector_off = True
        assert (await connected.run())["code"] == "other_side_down"
        assert (await connected.run())["code"] == "other_side_down"
        assert await connected.rows(resolved=False) == []
        stub.connector_off = False
        assert (await connected.run())["code"] is None


async def test_a_wrong_key_needs_a_person(connectors: Connectors, org: Org) -> None:
    """401: nothing is tried again within the hour."""
    async with served(practice()) as stub:
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        stub.customer_key = "another"
        run = await connected.run()
        shown = await connected.shown()
        assert run["code"] == "unauthorized" and shown["needs_person"] is True


async def test_26_a_bad_row_is_refused_alone_and_once(connectors: Connectors, org: Org) -> None:
    """A flag that is none, an address that is none, a row without a number and one without a name:
    each is told by the names of its fields, the other rows go in, and a second run tells nothing
    anew. A row that is in is told with what it is here: without a birthday that is to come, a name
    that is too long, a day that is none."""
    stub = practice()
    stub.referral(1, EMail="nobody at home", IsHidden="TRUE")
    stub.referral(20, LName="", FName="", IsDoctor="true")
    stub.referral(21, LName="Lee", FName="x" * 300, IsDoctor="true")
    stub.specialty(0, "None, and no row of ours")
    stub.patient(15, Birthdate="3000-01-01")
    stub.refattach(1, RefDate="bad", DateTStamp="2021-06-01 10:00:00")
    stub.referrals[30] = {**stub.referral(30, LName="No number"), "ReferralNum": None}
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        run = await connected.finished()
        assert run["code"] is None
        found = await connected.rows()
        rows = {f"{row['kind']} {row['external_id']}": row for row in found}
        assert {name: (row["code"], row["fields"]) for name, row in rows.items()} == {
            "partner 1": ("field_refused", ["EMail", "IsHidden"]),
            "partner 20": ("field_refused", ["LName"]),
            "partner 21": ("field_refused", ["FName"]),
            "patient 15": ("field_refused", ["Birthdate"]),
            "attribution 1": ("field_refused", ["RefDate"]),
            "source (without a number)": ("no_id", []),
        }
        assert {name for name, row in rows.items() if row["uuid"] is None} == {
            "partner 20",
            "source (without a number)",
        }
        assert rows["partner 21"]["uuid"] == (await connected.partner(21))["id"]
        (attribution,) = await connected.attributions(15)
        assert attribution["attributed_at"][:10] == "2021-06-01"
        assert (await connected.partner(1))["email"] is None
        assert (await connected.source(2))["name"] == "Facebook Ad"
        await connected.run()
        again = {f"{row['kind']} {row['external_id']}": row for row in await connected.rows()}
        assert {k: r["external_version"] for k, r in again.items()} == {
            k: r["external_version"] for k, r in rows.items()
        }
        events = await connectors.row_events(org)
        assert sorted(f"{one['kind']} {one['external_id']}" for one in events) == sorted(rows)
        assert "nobody at home" not in str(events)


async def test_a_run_that_is_asked_for_while_one_goes_on_follows_it(
    connectors: Connectors, org: Org
) -> None:
    """At once, not after the interval: a person's decision may hang on it."""
    stub = practice()
    stub.faults.add(Fault(Wrong.SLOW, "/refattaches", seconds=1.5))
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        await until(lambda: bool(offsets(stub, "/referrals")), 20)
        await connected.ask("connection.sync", connection_uuid=str(connected.id))
        await connected.finished(1)
        assert offsets(stub, "/referrals") == [0, 0]


async def stalled(connectors: Connectors) -> tuple[float, float | None]:
    """How many connections to an Open Dental bring nothing, and how long ago the first of all
    succeeded; None where there is no connection."""
    await look(connectors.engine)
    count, oldest = (
        REGISTRY.get_sample_value(f"connector_{name}", {"system": "opendental"})
        for name in ("stale_connections", "last_success_seconds")
    )
    assert count is not None
    return count, oldest


async def test_a_connection_that_stands_still_is_seen_beside_one_that_works(
    connectors: Connectors, org: Org
) -> None:
    """After a day, by its last success or, where it had none, its addition; one that is to run once
    in two days is not late within six. Neither is one that was removed."""
    async with served(practice()) as stub:
        works = await connectors.opendental(org, stub, name="works")
        await works.finished()
        stands = await connectors.opendental(org, stub, name="stands")
        await stands.finished()
        rare = await connectors.opendental(org, stub, name="rare", interval_minutes=2 * 24 * 60)
        await rare.finished()
    database = await asyncpg.connect(plain_url(connectors.config.database_url))

    async def succeeded(connected: Connected, ago: str) -> None:
        await database.execute(
            "UPDATE connectors.connection SET last_success_at = now() - $2::text::interval "
            "WHERE id = $1",
            connected.id,
            ago,
        )

    try:
        assert (await stalled(connectors))[0] == 0
        await succeeded(stands, "23 hours")
        await succeeded(rare, "5 days")
        assert (await stalled(connectors))[0] == 0
        await succeeded(stands, "25 hours")
        count, seconds = await stalled(connectors)
        assert count == 1
        assert seconds is not None and 5 * 86_400 <= seconds < 5 * 86_400 + 600
        await succeeded(rare, "7 days")
        assert (await stalled(connectors))[0] == 2
        await database.execute(
            "UPDATE connectors.connection SET last_success_at = NULL, "
            "created_at = now() - interval '2 days' WHERE id = $1",
            works.id,
        )
        assert (await stalled(connectors))[0] == 3
    finally:
        await database.close()
        for connected in (works, stands, rare):
            await adding.remove(connectors.engine, org.id, connected.id, OPERATOR)
    assert (await stalled(connectors))[0] == 0
