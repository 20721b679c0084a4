"""Rows that are read again, changed, or known already: laws 1, 3, 4, 5, 27 and 28."""

from typing import Any

import asyncpg
import pytest

from ops.stubs.opendental import served
from tests.integration.connectors.practice import practice
from tests.support.connectors.running import Connected, Connectors
from tests.support.database.urls import plain_url
from tests.support.services.referrals import Org


async def everything(org: Org) -> dict[str, list[dict[str, Any]]]:
    """The org's partners, sources and patients as they are listed."""
    found = {}
    for resource in ("referral_partner", "referral_source", "patient"):
        listed = await org.ask(f"{resource}.list", page_size=200)
        found[resource] = sorted(listed.data["items"], key=lambda one: str(one["id"]))
    return found


async def changed(connected: Connected, number: int, **fields: Any) -> dict[str, Any]:
    """Change a partner here."""
    held = await connected.partner(number)
    updated = await connected.org.ask(
        "referral_partner.update",
        referral_partner_uuid=held["id"],
        base_version=held["version"],
        **fields,
    )
    assert updated.status == 200, updated
    return dict(updated.data)


async def test_1_a_row_imported_twice_makes_one_resource(connectors: Connectors, org: Org) -> None:
    """A second run, and a third that reads whole lists, bring no command."""
    async with served(practice()) as stub:
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        before = await everything(org)
        await connected.run()
        last = await connected.run(full=True)
        assert await everything(org) == before
        kinds = last["counts"].values()
        assert not any(one["created"] or one["updated"] for one in kinds if one is not None)
        assert len(await connected.attributions(15)) == 1


async def test_3_a_lost_database_adds_nothing(connectors: Connectors, org: Org) -> None:
    """All that connectors knows of the org is gone; the import meets what it once made."""
    async with served(practice()) as stub:
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        before = await everything(org)
        attributions = await connected.attributions(15)
        await lose(connectors, org)
        again = await connectors.opendental(org, stub)
        await again.finished()
        after = await everything(org)
        assert without_times(after) == without_times(before)
        assert [one["id"] for one in await again.attributions(15)] == [attributions[0]["id"]]
        assert await again.rows(resolved=False) == []


async def lose(connectors: Connectors, org: Org) -> None:
    """All that connectors knows of the org is gone."""
    database = await asyncpg.connect(plain_url(connectors.config.database_url))
    for table in ("external_id", "staged_row", "cursor", "run", "outgoing", "connection"):
        await database.execute(f"DELETE FROM connectors.{table} WHERE org_id = $1", org.id)
    await database.close()


async def test_3_what_differs_after_a_lost_database_is_a_persons_to_decide(
    connectors: Connectors, org: Org
) -> None:
    """Nobody can say which side changed: it is told, also when all is read again, and taken from
    there once a person says so."""
    async with served(practice()) as stub:
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        await changed(connected, 1, city="Bend")
        await lose(connectors, org)
        stub.referral(1, Zip="97302", DateTStamp="2026-06-01 10:00:00")
        again = await connectors.opendental(org, stub)
        await again.finished()
        await again.run(full=True)
        (row,) = await again.rows(resolved=False)
        assert (row["code"], row["fields"]) == ("both_changed", ["city", "postal_code"])
        assert (await again.partner(1))["city"] == "Bend"
        await again.resolve(row, "theirs")
        await again.finished(2)
        partner = await again.partner(1)
        assert (partner["city"], partner["postal_code"]) == ("Portland", "97302")
        assert await again.rows(resolved=False) == []


def without_times(found: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The directory's rows are put again: when they were last seen is all that may differ."""
    moved = ("observed_at", "updated_at", "version")
    return {
        resource: [{k: v for k, v in one.items() if k not in moved} for one in rows]
        for resource, rows in found.items()
    }


async def test_4_a_connection_added_again_adds_nothing(connectors: Connectors, org: Org) -> None:
    """Removed and added under its name: it is the same one, and goes on."""
    from services.connectors import adding
    from tests.support.connectors.running import OPERATOR

    async with served(practice()) as stub:
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        before = await everything(org)
        assert await adding.remove(connectors.engine, org.id, connected.id, OPERATOR)
        gone = await connected.ask("connection.get", connection_uuid=str(connected.id))
        assert gone.status == 404 and gone.problem is not None
        assert gone.problem["code"] == "connection_not_found"
        again = await connectors.opendental(org, stub)
        assert again.id == connected.id
        await again.finished(1)
        assert await everything(org) == before


async def test_5_a_row_that_returns_to_what_it_was_ends_as_it_is_there(
    connectors: Connectors, org: Org
) -> None:
    """Portland, Salem, Portland: three versions, and each is applied."""
    async with served(practice()) as stub:
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        cities = [(await connected.partner(1))["city"]]
        for number, city in enumerate(("Salem", "Portland"), start=1):
            stub.referral(1, City=city, DateTStamp=f"2026-06-0{number} 10:00:00")
            await connected.run()
            cities.append((await connected.partner(1))["city"])
        assert cities == ["Portland", "Salem", "Portland"]


async def test_28_what_changed_only_here_is_kept(connectors: Connectors, org: Org) -> None:
    """Our notes stay, also when another field of theirs changes; and a field that they do not
    have (the fax) is never touched."""
    async with served(practice()) as stub:
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        await changed(connected, 1, notes="ours", fax="+15033635400")
        stub.referral(1, City="Salem", DateTStamp="2026-06-01 10:00:00")
        await connected.run()
        held = await connected.partner(1)
        assert (held["city"], held["notes"], held["fax"]) == ("Salem", "ours", "+15033635400")


@pytest.mark.parametrize(("resolution", "city"), [("theirs", "Salem"), ("ours", "Bend")])
async def test_27_what_changed_on_both_sides_waits_for_a_person(
    connectors: Connectors, org: Org, resolution: str, city: str
) -> None:
    """Neither city is lost; a person decides about it and about nothing else: what changed there
    alone comes in, what changed here alone stays, also when all is read again."""
    async with served(practice()) as stub:
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        await changed(connected, 1, city="Bend", notes="ours")
        stub.referral(1, City="Salem", Zip="97302", DateTStamp="2026-06-01 10:00:00")
        await connected.run()
        assert (await connected.partner(1))["city"] == "Bend"
        (row,) = await connected.rows(resolved=False)
        assert (row["code"], row["fields"], row["external_id"]) == ("both_changed", ["city"], "1")
        resolved = await connected.resolve(row, resolution)
        assert resolved.status == 200, resolved
        await connected.finished(2)
        await connected.run(full=True)
        held = await connected.partner(1)
        assert (held["city"], held["postal_code"], held["notes"]) == (city, "97302", "ours")
        assert await connected.rows(resolved=False) == []
