"""A service whose own checks of the org are taken out: what then still keeps orgs apart?

Taken out are every comparison of an `org_id` in the SQL that it sends, and the org in the keys of
the workspace. What is left is PostgreSQL's row-level security, and the org in foreign keys.
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import asyncpg
from sqlalchemy import event

from contracts.catalogue import OPERATIONS
from messaging.database.engine import Home
from messaging.handlers.workspace import Rows
from messaging.replies.client import Client, Reply
from messaging.running.service import Service

_ORG = r'(?:\w+\.)?"?org_id"?'
_VALUE = r"\$\d+(?:::[A-Z]+)?"
_COMPARED = re.compile(rf"{_ORG} = (?P<value>{_VALUE})|{_ORG} = {_ORG}")

# What shows nothing of another org whether it is reached or not: an unknown id is a tombstone, or
# a cancel that waits for its dispatch.
SAME_FOR_ALL = frozenset(
    {"patient.archive", "provider.archive", "contact.archive", "ereferral.cancel"}
)
Attacks = Mapping[str, Mapping[str, Any]]
"""Operations and the fields of each."""
Answers = dict[str, tuple[int, str, int]]
"""Of each operation the status, the problem's code, and how many things the answer shows."""


@dataclass
class Blinding:
    """How many comparisons were taken out of the SQL."""

    comparisons: int = 0

    def without_org(self, *call: Any) -> tuple[str, Any]:
        """The statement with each comparison of an org true; it takes the same parameters."""
        _, _, statement, parameters, _, _ = call

        def true(found: re.Match[str]) -> str:
            self.comparisons += 1
            value = found["value"]
            return "true" if value is None else f"{value} IS NOT NULL"

        return _COMPARED.sub(true, statement), parameters


class _WithoutOrg(dict[Any, Any]):
    """The workspace's rows by their keys without the org, with which each key begins."""

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_without_org(key), value)

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(_without_org(key))

    def __contains__(self, key: Any) -> bool:
        return super().__contains__(_without_org(key))


def _without_org(key: Any) -> Any:
    *model, (_, *rest) = key
    return (*model, tuple(rest))


@contextmanager
def org_blind(service: Service) -> Iterator[Blinding]:
    """Take the checks out of a running service of this process."""
    blinding = Blinding()

    def blind_rows(rows: Rows) -> None:
        rows.found, rows.lists, rows.added = _WithoutOrg(), _WithoutOrg(), []

    engine = service.engine.sync_engine
    event.listen(engine, "before_cursor_execute", blinding.without_org, retval=True)
    try:
        with patch.object(Rows, "__init__", blind_rows):
            yield blinding
    finally:
        event.remove(engine, "before_cursor_execute", blinding.without_org)


@asynccontextmanager
async def without_row_level_security(
    database: asyncpg.Connection, home: Home
) -> AsyncIterator[None]:
    """Take the database's checks out as well."""
    tables = await _tables(database, home)
    for table in tables:
        await database.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    yield
    for table in tables:
        await database.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


async def rows_of(database: asyncpg.Connection, home: Home, org_id: str) -> dict[str, list[str]]:
    """Every row of the org in every table but the outbox, which the relay empties."""
    return {
        table: [
            row[0]
            for row in await database.fetch(
                f"SELECT t::text FROM {table} t WHERE org_id = $1 ORDER BY 1", org_id
            )
        ]
        for table in await _tables(database, home)
        if not table.endswith(".outbox")
    }


async def _tables(database: asyncpg.Connection, home: Home) -> list[str]:
    rows = await database.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = $1 AND tablename <> 'alembic_version' "
        "ORDER BY tablename",
        home.schema,
    )
    return [f"{home.schema}.{row['tablename']}" for row in rows]


async def attempt(client: Client, org_id: str, attacks: Attacks) -> Answers:
    """As that org, ask all."""
    answers = {}
    for name, fields in attacks.items():
        answered = await client.call(OPERATIONS[name].exchange, name, {"org_id": org_id, **fields})
        answers[name] = (answered.status, _code(answered), _count(answered))
    return answers


def unreached(answers: Answers, nobodys: Answers) -> set[str]:
    """The operations that are answered as for what nobody has, and show nothing."""
    return {name for name, said in answers.items() if said == nobodys[name] and not said[2]}


def _code(answered: Reply) -> str:
    return str(answered.problem["code"]) if answered.problem else ""


def _count(answered: Reply) -> int:
    return len(answered.data["items"]) if answered.data and "items" in answered.data else 0
