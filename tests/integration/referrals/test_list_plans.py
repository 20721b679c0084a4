"""Plans of the lists: rows come in the order of an index, as far as the page reaches."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.query_seed import (
    CONTACT,
    INTAKE,
    ORDINARY_ORG,
    PARTNER,
    PATIENT,
    REFERRAL,
    SOURCE,
    Size,
    row_id,
    seed,
)
from contracts.shapes import ListQuery
from messaging.database.engine import open_engine, org_snapshot
from messaging.database.migrations import migrate
from messaging.handlers.pages import cursor_behind
from services.referrals.backlog import WAITING
from services.referrals.home import HOME, MIGRATIONS
from services.referrals.queries import READERS
from tests.support.database.plans import plan_of

MIDDLE = 5_000


@pytest_asyncio.fixture(scope="module")
async def engine(postgres_database: str) -> AsyncIterator[AsyncEngine]:
    """As the service, on orgs of 10,000 partners, patients, referrals and costs."""
    await asyncio.to_thread(migrate, postgres_database, MIGRATIONS)
    await seed(postgres_database, Size(orgs=2), lambda _: None)
    engine = open_engine(postgres_database, HOME, role=HOME.service_role, name="plans")
    yield engine
    await engine.dispose()


async def plan_of_list(engine: AsyncEngine, operation: str, **fields: Any) -> list[dict[str, Any]]:
    """How the ids that a list shows are found: the nodes of the statement that has a limit."""
    reader = READERS[operation]
    query = reader.message.model_validate({"org_id": ORDINARY_ORG, **fields})
    asked: list[tuple[str, Any]] = []

    def remember(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        asked.append((statement, parameters))

    async with org_snapshot(engine, ORDINARY_ORG) as (session, now):
        event.listen(engine.sync_engine, "before_cursor_execute", remember)
        try:
            await reader.read(query, session, now)
        finally:
            event.remove(engine.sync_engine, "before_cursor_execute", remember)
        ((statement, parameters),) = [one for one in asked if " LIMIT " in one[0]]
        connection = await session.connection()
        return await plan_of(connection, statement, parameters)


def behind(operation: str, id_: str, **fields: Any) -> dict[str, Any]:
    """The fields that go on behind this id."""
    query = READERS[operation].message.model_validate({"org_id": ORDINARY_ORG, **fields})
    assert isinstance(query, ListQuery)
    return {**fields, "cursor": cursor_behind(query, UUID(id_))}


@pytest.mark.parametrize(
    ("operation", "last", "filters", "index"),
    [
        ("referral_partner.list", row_id(PARTNER, MIDDLE), {}, "referral_partner_by_id"),
        (
            "referral_partner.list",
            row_id(PARTNER, MIDDLE),
            {"is_active": False},
            "referral_partner_by_id",
        ),
        ("contact.list", row_id(CONTACT, MIDDLE), {}, "contact_by_id"),
        ("contact.list", row_id(CONTACT, MIDDLE), {"search": "garcia"}, "contact_by_id"),
        ("patient.list", row_id(PATIENT, MIDDLE), {}, "patient_by_id"),
        ("intake.list", row_id(INTAKE, MIDDLE), {}, "intake_by_id"),
        ("intake.list", row_id(INTAKE, MIDDLE), {"status": "rejected"}, "intake_by_id"),
        ("referral.list", row_id(REFERRAL, MIDDLE), {}, "referral_by_id"),
        ("referral.list", row_id(REFERRAL, MIDDLE), {"priority": "routine"}, "referral_by_id"),
        ("referral.list", row_id(REFERRAL, MIDDLE), {"status": "completed"}, "referral_by_id"),
    ],
)
@pytest.mark.parametrize("begins", [True, False], ids=["the first", "half way"])
async def test_a_cursors_stretch_is_read_from_an_index_in_its_order(
    engine: AsyncEngine,
    operation: str,
    last: str,
    filters: dict[str, Any],
    index: str,
    begins: bool,
) -> None:
    """Up to the size of the stretch: nothing is sorted, and no row is read that is not shown."""
    fields = {**filters, "cursor": ""} if begins else behind(operation, last, **filters)
    plan = await plan_of_list(engine, operation, page_size=10, **fields)
    assert plan[0]["Node Type"] == "Limit"
    assert {node.get("Index Name") for node in plan[1:]} == {index}
    assert not {"Sort", "Incremental Sort", "Seq Scan"} & {node["Node Type"] for node in plan}


@pytest.mark.parametrize(
    ("operation", "filters"),
    [
        ("referral_source_cost.list", {"referral_source_uuid": row_id(SOURCE, 1)}),
        ("referral_attribution.list", {"patient_uuid": row_id(PATIENT, 1)}),
        ("referral.list", {"patient_uuid": row_id(PATIENT, 1)}),
        ("referral.list", {"referral_partner_uuid": row_id(PARTNER, 1)}),
        ("referral.list", {"dispatch_status": "held"}),
        ("referral_partner.list", {"search": "zzz"}),
        ("contact.list", {"search": "zzz"}),
        ("contact_referral.list", {"contact_uuid": row_id(CONTACT, 1)}),
        ("patient.list", {"search": "zzz"}),
        ("referral.list", {"priority": "stat"}),
        ("referral.list", {"search": "zzz"}),
        ("referral.list", {"search": "0000-0000"}),
        ("referral.list", {"search": "0000-0000-0AB1"}),
        ("intake.list", {"status": "received"}),
    ],
)
async def test_few_rows_are_found_in_an_index_and_then_sorted(
    engine: AsyncEngine, operation: str, filters: dict[str, Any]
) -> None:
    """Those of one source, patient or partner, or what a rare filter leaves: never by looking at
    the table from its beginning."""
    plan = await plan_of_list(engine, operation, cursor="", **filters)
    assert any(node.get("Index Name") for node in plan)
    assert "Seq Scan" not in {node["Node Type"] for node in plan}


@pytest.mark.parametrize(
    ("operation", "index"),
    [
        ("patient.list", "patient_listed"),
        ("referral_partner.list", "referral_partner_listed"),
        ("contact.list", "contact_by_name"),
        ("intake.list", "intake_oldest"),
        ("referral.list", "referral_newest"),
    ],
)
async def test_a_first_page_is_read_from_an_index_in_its_order(
    engine: AsyncEngine, operation: str, index: str
) -> None:
    """What people look at first costs no more than it shows."""
    plan = await plan_of_list(engine, operation, page=1, page_size=10)
    assert {node.get("Index Name") for node in plan[1:]} == {index}
    assert not {"Sort", "Incremental Sort", "Seq Scan"} & {node["Node Type"] for node in plan}


async def test_what_waits_is_read_in_its_order(engine: AsyncEngine) -> None:
    """Few among many that were decided: no other row is looked at."""
    plan = await plan_of_list(engine, "intake.list", page=1, page_size=10, status="received")
    assert {node.get("Index Name") for node in plan[1:]} == {"intake_by_status"}


async def test_candidates_are_looked_up_each_in_an_index_of_its_own(engine: AsyncEngine) -> None:
    """Of 10,000 patients none is read who has nothing in common with the row."""
    plan = await plan_of_list(engine, "intake.get", intake_uuid=row_id(INTAKE, MIDDLE))
    used = {node["Index Name"] for node in plan if "Index Name" in node}
    assert used == {"patient_by_phone", "patient_by_date_of_birth", "patient_by_name_key"}
    assert "Seq Scan" not in {node["Node Type"] for node in plan}


async def test_what_waits_is_counted_in_an_index_of_its_own(
    engine: AsyncEngine, postgres_database: str
) -> None:
    """Every few seconds and over all orgs: nothing that was decided is looked at."""
    asked: list[str] = []
    system = open_engine(postgres_database, HOME, role=HOME.system_role, name="plans", pool_size=1)

    def remember(_: Any, __: Any, statement: str, *___: Any) -> None:
        asked.append(statement)

    event.listen(system.sync_engine, "before_cursor_execute", remember)
    try:
        async with system.connect() as connection:
            await connection.execute(WAITING)
            read = await plan_of(connection, asked[-1], None)
    finally:
        await system.dispose()
    used = [node.get("Index Name") for node in read if "Relation Name" in node]
    assert used == ["intake_waiting"]
