"""The end of rows from outside: by the service itself, and by `handoff purge`."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from services.referrals.home import PUBLISHING
from services.referrals.intake_keeping import purge
from tests.integration.ops.test_keeping_cli import age, audit, lines_of
from tests.support.database.urls import plain_url
from tests.support.refusals import problem
from tests.support.services.both import Both
from tests.support.services.referrals import Org

ROW: dict[str, Any] = {
    "first_name": "Alice",
    "surname": "Kestrel",
    "org_type_id": 1,
    "source": "9",
    "referral_role": "1",
    "telephone": "+12025550143",
    "email": "Kestrel at home",
    "description": "Kestrel has a broken tooth",
    "street": "Kestrel Road",
}


async def decided(org: Org) -> tuple[str, str, str]:
    """Of one group a row that was accepted, as a patient, and one that was rejected; one waits."""
    submitted = await org.ask("intake.submit", rows=[ROW] * 3, fingerprint="Kestrel")
    taken, spam, _ = submitted.data["intake_uuids"]
    patient = str(uuid4())
    accepted = await org.ask(
        "intake.accept", intake_uuid=taken, base_version=1, patient_uuid=patient, referral=None
    )
    assert accepted.status == 200, accepted
    rejected = await org.ask(
        "intake.reject", intake_uuid=spam, base_version=1, reason="spam", note="Kestrel again"
    )
    assert rejected.status == 200
    return taken, spam, patient


async def read(org: Org, intake: str) -> dict[str, Any]:
    """A row as it is shown."""
    data: dict[str, Any] = (await org.ask("intake.get", intake_uuid=intake)).data
    return data


def check_emptied(taken: dict[str, Any], spam: dict[str, Any]) -> None:
    """Of who was taken in the fields of their own are gone; of the rejected all that was said."""
    assert (taken["first_name"], taken["surname"]) == ("Alice", "Kestrel")
    assert (taken["telephone"], taken["description"]) == (ROW["telephone"], ROW["description"])
    assert (taken["extra"], taken["warnings"], taken["version"]) == ({}, [], 3)
    assert (spam["first_name"], spam["surname"]) == ("[erased]", "[erased]")
    said = ("date_of_birth", "telephone", "mobile", "email", "description", "note")
    assert [spam[name] for name in said] == [None] * 6
    assert (spam["extra"], spam["warnings"], spam["version"]) == ({}, [], 3)
    assert (spam["status"], spam["reason"], spam["source"]) == ("rejected", "spam", "9")
    assert taken["emptied_at"] and spam["emptied_at"]


@pytest.mark.parametrize(("days", "rows"), [(29, 0), (31, 2)])
async def test_a_purge_empties_what_was_decided_long_ago(
    both: Both, org: Org, days: int, rows: int
) -> None:
    """However young it may go; what waits is left. A dry run counts it, again is harmless."""
    await decided(org)
    await age(both, org, days)
    purging = ("purge", "--older-than", "1d", "--service", "referrals")
    of = ("referrals", "intake rows")
    fingerprints = ("referrals", "intake fingerprints")
    dry = lines_of(await both.handoff(*purging, "--dry-run"))
    assert (dry[of], dry[fingerprints]) == ((rows, "would go"), (rows // 2, "would go"))
    done = lines_of(await both.handoff(*purging))
    assert (done[of], done[fingerprints]) == ((rows, "gone"), (rows // 2, "gone"))
    again = lines_of(await both.handoff(*purging))
    assert (again[of], again[fingerprints]) == ((0, "gone"), (0, "gone"))


async def test_what_is_emptied_is_told_and_written_down(both: Both, org: Org) -> None:
    """By the event of its status once more, under its next version and without what is gone."""
    taken, spam, patient = await decided(org)
    await age(both, org, 31)
    before = len(await both.referrals.heard.events(org))
    assert (await both.handoff("purge", "--older-than", "30d")).exit_code == 0
    shown = [await read(org, intake) for intake in (taken, spam)]
    check_emptied(*shown)
    told = [said.body for said in (await both.referrals.heard.events(org))[before:]]
    assert sorted((one["type"], one["aggregateversion"]) for one in told) == [
        ("intake.accepted", 3),
        ("intake.rejected", 3),
    ]
    as_told = {one["subject"]: one["data"] for one in told}
    for row in shown:
        assert as_told[row["id"]] == {name: row[name] for name in as_told[row["id"]]}
    entries = await audit(both, org, patient)
    (purged,) = [one for one in entries if one["operation"] == "intake.purge"]
    assert purged["record_id"] == taken and purged["actor"]


async def test_the_service_does_it_by_itself(both: Both, org: Org) -> None:
    """Nothing is left of the rejected one but codes; it does not come back, and nobody is found
    for it."""
    await org.patient(name="[erased] [erased]")
    taken, spam, _ = await decided(org)
    await age(both, org, 31)
    engine = both.referrals.service.system_engine
    async with engine.connect() as connection:
        now = (await connection.exec_driver_sql("SELECT now()")).scalar_one()
    emptied = await purge(engine, PUBLISHING, now - timedelta(days=30))
    assert (emptied.rows, emptied.fingerprints) == (2, 1)
    check_emptied(await read(org, taken), await read(org, spam))
    assert (await read(org, spam))["candidates"] == []
    reopened = await org.ask("intake.reopen", intake_uuid=spam, base_version=3)
    problem(reopened, 409, "invalid_transition")
    assert (await org.ask("intake.list", search="kestrel", status="rejected")).data["total"] == 0
    database = await asyncpg.connect(plain_url(both.referrals.database_url))
    try:
        rows = await database.fetch(
            "SELECT t::text FROM referrals.intake t WHERE org_id = $1 AND id = $2", org.id, spam
        )
        assert len(rows) == 1 and "Kestrel" not in rows[0][0] and "kestrel" not in rows[0][0]
    finally:
        await database.close()
