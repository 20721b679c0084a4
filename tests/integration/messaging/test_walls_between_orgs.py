"""Every table of the services is walled by org, and a new one that is not is found."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from messaging.database.engine import Home
from messaging.database.migrations import migrate
from services.connectors import home as connectors
from services.ereferral_dispatch import home as dispatch
from services.referrals import home as referrals
from tests.integration.messaging.walls import ORGS_OF_THE_TRANSACTION, gaps, references
from tests.support.database.urls import plain_url

HOMES = {
    "referrals": referrals.HOME,
    "ereferral_dispatch": dispatch.HOME,
    "connectors": connectors.HOME,
}


@pytest_asyncio.fixture(scope="module")
async def database(postgres_database: str) -> AsyncIterator[asyncpg.Connection]:
    """The superuser on a database that has all schemas."""
    for migrations in (referrals.MIGRATIONS, dispatch.MIGRATIONS, connectors.MIGRATIONS):
        await asyncio.to_thread(migrate, postgres_database, migrations)
    connection = await asyncpg.connect(plain_url(postgres_database))
    yield connection
    await connection.close()


@pytest.mark.parametrize("service", HOMES)
async def test_there_is_no_gap(database: asyncpg.Connection, service: str) -> None:
    """Enabled, forced, both directions of the policy, and the org in every key and reference."""
    assert await gaps(database, HOMES[service]) == []


# None: what is kept elsewhere, may be known before it comes, is of any kind, or has no row.
_MESSAGES = {
    "audit.message_id": None,
    "audit.record_id": None,
    "inbox.message_id": None,
    "inbox.resource_id": None,
    "outbox.message_id": None,
}
_OF_A_CONNECTION = (
    *("cursor", "external_id", "staged_row", "outgoing", "run", "token"),
    *("source_map", "operator_map", "hint", "od_counter"),
)
REFERENCES = {
    "referrals": {
        **_MESSAGES,
        "referral.patient_id": "patient",
        "referral.referral_partner_id": "referral_partner",
        "referral.referring_provider_id": "provider",
        "referral.ereferral_id": None,
        "referral_timeline.referral_id": "referral",
        "referral_source.linked_patient_id": "patient",
        "referral_source.linked_referral_partner_id": "referral_partner",
        "referral_source_figures.referral_source_id": "referral_source",
        "referral_source_cost.referral_source_id": "referral_source",
        "referral_attribution.patient_id": "patient",
        "referral_attribution.referral_source_id": "referral_source",
        "referral_attribution.referral_partner_id": "referral_partner",
        "referral_attribution.provider_id": "provider",
        "referral_attribution.referring_patient_id": "patient",
        "contact.patient_id": "patient",
        "contact.referral_partner_id": "referral_partner",
        "contact.provider_id": "provider",
        "contact_referral.referred_by_id": "contact",
        "contact_referral.referred_to_id": "contact",
        "intake.group_id": None,
        "intake.possible_repeat_of": None,
        "intake.patient_id": "patient",
        "intake.contact_id": "contact",
        "intake.attribution_id": "referral_attribution",
        "intake.referral_id": "referral",
        "intake_fingerprint.group_id": None,
        "intake_map.referral_source_id": "referral_source",
        "intake_map.referral_partner_id": "referral_partner",
    },
    "ereferral_dispatch": {
        **_MESSAGES,
        "lane.referral_partner_id": None,
        "ereferral.referral_id": None,
        "ereferral.patient_id": None,
        "ereferral.referral_partner_id": None,
        "ereferral.lane_id": "lane",
        "package.ereferral_id": "ereferral",
        "composed.ereferral_id": "ereferral",
        "attempt.ereferral_id": "ereferral",
        "attempt.token": None,
        "early_cancel.ereferral_id": None,
    },
    "connectors": {
        **_MESSAGES,
        **{f"{table}.connection_id": "connection" for table in _OF_A_CONNECTION},
        # Of passes and leases, of runs that go before the connection, of referrals' resources.
        **dict.fromkeys(("connection.pass_id", "cursor.pass_id", "external_id.seen_pass")),
        **dict.fromkeys(("api_budget.busy_token", "connection.lease_token", "token.lease_token")),
        **dict.fromkeys(("connection.run_id", "outgoing.message_id", "hint.referral_id")),
        **dict.fromkeys(("external_id.uuid", "staged_row.uuid", "od_referral.uuid")),
        "od_referral.patient_id": None,
        "source_map.referral_source_id": None,
        "operator_map.referral_partner_id": None,
    },
}


@pytest.mark.parametrize("service", HOMES)
async def test_what_a_row_names_is_there(database: asyncpg.Connection, service: str) -> None:
    """A foreign key for every row of the same service that another one names.

    What needs none is listed; what has one refers to the table that it is meant for.
    """
    found = await references(database, HOMES[service])
    without = {column for column, table in found.items() if table is None}
    assert without == {column for column, table in REFERENCES[service].items() if table is None}
    assert found.items() >= REFERENCES[service].items()


# Walls as the migrations build them, for the rows of a table `new`.
WALLED = f"""
    CREATE TABLE new (org_id text NOT NULL, id uuid NOT NULL, other uuid, PRIMARY KEY (org_id, id));
    ALTER TABLE new ENABLE ROW LEVEL SECURITY;
    ALTER TABLE new FORCE ROW LEVEL SECURITY;
    CREATE POLICY new_orgs ON new TO "{{role}}"
        USING ({ORGS_OF_THE_TRANSACTION}) WITH CHECK ({ORGS_OF_THE_TRANSACTION});
    GRANT SELECT, INSERT, UPDATE ON new TO "{{role}}";
"""
_ASKS_TOO_LITTLE = "does not ask for the org of all that is read and written"
GAPS = {
    "nothing at all": (
        "DROP TABLE new; CREATE TABLE new (id uuid PRIMARY KEY)",
        [
            "new: has no org_id, or it may be null",
            "new: row-level security is not enabled",
            "new: row-level security is not forced on its owner",
            "new: has no policy for the service",
            "new: key new_pkey does not hold the org",
        ],
    ),
    "not enabled": (
        "ALTER TABLE new DISABLE ROW LEVEL SECURITY",
        ["new: row-level security is not enabled"],
    ),
    "not forced": (
        "ALTER TABLE new NO FORCE ROW LEVEL SECURITY",
        ["new: row-level security is not forced on its owner"],
    ),
    "no policy": ("DROP POLICY new_orgs ON new", ["new: has no policy for the service"]),
    "reads all": (
        "ALTER POLICY new_orgs ON new USING (true)",
        [f"new: new_orgs {_ASKS_TOO_LITTLE}"],
    ),
    "writes all": (
        "ALTER POLICY new_orgs ON new WITH CHECK (true)",
        [f"new: new_orgs {_ASKS_TOO_LITTLE}"],
    ),
    "a second policy that lets all through": (
        'CREATE POLICY new_all ON new TO "{role}" USING (true)',
        [f"new: new_all {_ASKS_TOO_LITTLE}"],
    ),
    "a policy for everybody": (
        "CREATE POLICY new_public ON new USING (true)",
        [f"new: new_public {_ASKS_TOO_LITTLE}"],
    ),
    "a key that tells one org of another": (
        "CREATE UNIQUE INDEX new_other ON new (other) INCLUDE (org_id)",
        ["new: key new_other does not hold the org"],
    ),
    "a reference across orgs": (
        "CREATE UNIQUE INDEX new_id ON new (id); "
        "ALTER TABLE new ADD CONSTRAINT new_other FOREIGN KEY (other) REFERENCES new (id)",
        [
            "new: key new_id does not hold the org",
            "new: reference new_other does not hold the org",
        ],
    ),
    "a view": (
        "CREATE VIEW newer AS SELECT * FROM new",
        ["newer: is no table, and shows rows as its owner"],
    ),
    "a function of its owner's": (
        "CREATE FUNCTION seen() RETURNS bigint LANGUAGE sql SECURITY DEFINER "
        "AS 'SELECT count(*) FROM new'",
        ["seen: runs as its owner"],
    ),
    "a right that no policy is asked for": (
        'GRANT TRUNCATE ON new TO "{role}"',
        ["new: {role} has TRUNCATE, which no policy is asked for"],
    ),
    "a role that passes every policy": (
        'ALTER ROLE "{role}" BYPASSRLS',
        ["{role}: may more than it is granted here"],
    ),
    "a role that may become another": (
        'GRANT pg_read_all_data TO "{role}"',
        ["{role}: may more than it is granted here"],
    ),
}


@pytest.mark.parametrize("service", HOMES)
@pytest.mark.parametrize("gap", GAPS)
async def test_a_gap_is_found(database: asyncpg.Connection, service: str, gap: str) -> None:
    """A walled table passes; with one stone taken out it does not, and that stone is named."""
    home: Home = HOMES[service]
    statement, found = GAPS[gap]
    transaction = database.transaction()
    await transaction.start()
    try:
        await database.execute(f"SET LOCAL search_path TO {home.schema}")
        await database.execute(WALLED.format(role=home.service_role))
        assert await gaps(database, home) == []
        await database.execute(statement.format(role=home.service_role))
        assert await gaps(database, home) == [line.format(role=home.service_role) for line in found]
    finally:
        await transaction.rollback()
