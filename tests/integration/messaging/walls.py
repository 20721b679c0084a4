"""The walls between orgs in a service's schema, read from PostgreSQL's own catalogue."""

from collections.abc import AsyncIterator

import asyncpg

from messaging.database.engine import Home

# As pg_policies writes it: none of the transaction's orgs where none is set.
ORGS_OF_THE_TRANSACTION = (
    "(org_id = ANY (string_to_array(NULLIF(current_setting('app.orgs'::text, true), ''::text), "
    "','::text)))"
)
# The order of a service's own queue and trail, which no org sees.
_OWN_ORDER = frozenset({"outbox_pkey", "audit_pkey"})
_PAST_ROW_LEVEL_SECURITY = ("TRUNCATE", "REFERENCES", "TRIGGER")

_TABLES = """
    SELECT c.oid, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relowner,
           EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'org_id'
                   AND attnotnull) AS has_org
    FROM pg_class c WHERE c.relnamespace = $1::regnamespace
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname <> 'alembic_version'
    ORDER BY c.relname
"""
_POLICIES = """
    SELECT policyname, permissive, roles, cmd, qual, with_check FROM pg_policies
    WHERE schemaname = $1 AND tablename = $2 ORDER BY policyname
"""
_KEYS = """
    SELECT i.indexrelid::regclass::text AS name, 'org_id' = ANY (
        SELECT attname FROM pg_attribute WHERE attrelid = i.indrelid
        AND attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])) AS has_org
    FROM pg_index i WHERE i.indrelid = $1 AND i.indisunique ORDER BY 1
"""
_REFERENCES = """
    SELECT conname AS name, EXISTS (
        SELECT FROM unnest(k.conkey, k.confkey) AS pair (here, there)
        JOIN pg_attribute h ON h.attrelid = k.conrelid AND h.attnum = pair.here
        JOIN pg_attribute t ON t.attrelid = k.confrelid AND t.attnum = pair.there
        WHERE h.attname = 'org_id' AND t.attname = 'org_id') AS has_org
    FROM pg_constraint k WHERE k.conrelid = $1 AND k.contype = 'f' ORDER BY 1
"""
_NAMED = """
    SELECT c.relname || '.' || a.attname AS name, (
        SELECT string_agg(t.relname, ', ') FROM pg_constraint k
        JOIN pg_class t ON t.oid = k.confrelid
        WHERE k.conrelid = c.oid AND k.contype = 'f' AND a.attnum = ANY (k.conkey)) AS referred_to
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p')
    AND a.atttypid = 'uuid'::regtype AND a.attname <> 'id'
"""
_ROLE = """
    SELECT rolsuper OR rolbypassrls OR rolcanlogin OR rolcreaterole OR rolcreatedb AS mighty,
           EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid) AS is_member,
           EXISTS (SELECT FROM pg_class WHERE relowner = r.oid) AS owns
    FROM pg_roles r WHERE rolname = $1
"""
_FUNCTIONS = """
    SELECT proname FROM pg_proc WHERE pronamespace = $1::regnamespace AND prosecdef
    AND has_function_privilege($2, oid, 'EXECUTE') ORDER BY 1
"""


async def gaps(database: asyncpg.Connection, home: Home) -> list[str]:
    """Each place where one org could see or reach another's rows, in words; none: all is walled."""
    return [gap async for gap in _gaps(database, home)]


async def references(database: asyncpg.Connection, home: Home) -> dict[str, str | None]:
    """Each column that holds the UUID of something, and the table that its foreign key names."""
    rows = await database.fetch(_NAMED, home.schema)
    return {row["name"]: row["referred_to"] for row in rows}


async def _gaps(database: asyncpg.Connection, home: Home) -> AsyncIterator[str]:
    for role in (home.service_role, home.system_role):
        row = await database.fetchrow(_ROLE, role)
        if row["mighty"] or row["is_member"] or row["owns"]:
            yield f"{role}: may more than it is granted here"
    for row in await database.fetch(_FUNCTIONS, home.schema, home.service_role):
        yield f"{row['proname']}: runs as its owner"
    for table in await database.fetch(_TABLES, home.schema):
        if table["relkind"] not in (b"r", b"p"):
            yield f"{table['relname']}: is no table, and shows rows as its owner"
            continue
        async for gap in _gaps_of(database, home, table):
            yield f"{table['relname']}: {gap}"


async def _gaps_of(
    database: asyncpg.Connection, home: Home, table: asyncpg.Record
) -> AsyncIterator[str]:
    if not table["has_org"]:
        yield "has no org_id, or it may be null"
    if not table["relrowsecurity"]:
        yield "row-level security is not enabled"
    if not table["relforcerowsecurity"]:
        yield "row-level security is not forced on its owner"
    policies = await database.fetch(_POLICIES, home.schema, table["relname"])
    if not any(policy["roles"] == [home.service_role] for policy in policies):
        yield "has no policy for the service"
    for policy in policies:
        if policy["roles"] == [home.system_role]:
            continue
        said = (policy["roles"], policy["cmd"], policy["qual"], policy["with_check"])
        asks = ORGS_OF_THE_TRANSACTION
        if said != ([home.service_role], "ALL", asks, asks):
            yield f"{policy['policyname']} does not ask for the org of all that is read and written"
    for kind, statement in (("key", _KEYS), ("reference", _REFERENCES)):
        for row in await database.fetch(statement, table["oid"]):
            if not row["has_org"] and row["name"].rpartition(".")[2] not in _OWN_ORDER:
                yield f"{kind} {row['name'].rpartition('.')[2]} does not hold the org"
    for role in (home.service_role, home.system_role):
        for privilege in _PAST_ROW_LEVEL_SECURITY:
            if await database.fetchval(
                "SELECT has_table_privilege($1::text, $2::oid, $3::text)",
                *(role, table["oid"], privilege),
            ):
                yield f"{role} has {privilege}, which no policy is asked for"
