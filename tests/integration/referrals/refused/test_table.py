"""Every operation of referrals with everything that refuses it, asked of a running service.

The tables (`partners`, `sources`, …) say what each row changes in a message that would be done. A
new module with GOOD, CODES and ROWS joins them; its `build`, if any, makes what its rows name.
All are asked before the first test, many at a time; the tests look at the answers.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from contracts.catalogue import OPERATIONS
from messaging.replies.client import Reply
from tests.integration.referrals.refused.table import Check, Row, before_rows, pairs
from tests.integration.referrals.refused.world import World, build
from tests.support.database.urls import plain_url
from tests.support.refusals import errors, problem
from tests.support.services.referrals import Referrals

_TESTS = ("test_completeness", "test_forbidden", "test_table")
_MODULES = [
    import_module(f"tests.integration.referrals.refused.{path.stem}")
    for path in sorted(Path(__file__).parent.glob("*.py"))
    if path.stem not in _TESTS
]
TABLES = [module for module in _MODULES if hasattr(module, "GOOD")]
GOOD: dict[str, Any] = {
    operation: fields for table in TABLES for operation, fields in table.GOOD.items()
}
ROWS: list[Row] = [row for table in TABLES for row in table.ROWS]
PAIRS = pairs(ROWS)
BEFORE_ROWS = before_rows(ROWS)
_A_FIELD = re.compile(r" \([\w, ]+\)")
_A_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Asked:
    """What everything was answered; `before` and `after` are all that the service holds."""

    refused: dict[str, Reply]
    good: dict[str, Reply]
    before: dict[str, Any]
    after: dict[str, Any]
    world: World


@pytest_asyncio.fixture(scope="module")
async def asked(referrals: Referrals) -> AsyncIterator[Asked]:
    """All rows and all pairs; then each good message, in a world that they have left as it was."""
    world = await build(referrals, TABLES)
    before = await _everything(referrals)
    wrong = {row.name: row for row in (*ROWS, *(two.both() for two in (*PAIRS, *BEFORE_ROWS)))}
    refused = await world.ask_all(list(wrong.values()), GOOD)
    after = await _everything(referrals)
    as_they_are = [Row(operation, "good", Check.FORM, "") for operation in GOOD]
    good = await world.ask_all(as_they_are, GOOD)
    yield Asked(refused, good, before, after, world)


async def _everything(referrals: Referrals) -> dict[str, Any]:
    """Every row of every table but the inbox's, as a digest; and the number of events told."""
    database = await asyncpg.connect(plain_url(referrals.database_url))
    try:
        tables = await database.fetch(
            "SELECT tablename FROM pg_tables "
            "WHERE schemaname = 'referrals' AND tablename <> 'inbox'"
        )
        told: dict[str, Any] = {"events": len(await referrals.heard.everything())}
        for (table,) in tables:
            told[table] = await database.fetchval(
                f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM referrals.{table} t"
            )
        return told
    finally:
        await database.close()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_is_wrong_is_refused(asked: Asked, row: Row) -> None:
    """With its status, its code, and each refused field with its type."""
    check_refused(asked.refused[row.name], row)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_of_two_checks_the_earlier_one_is_told(asked: Asked, pair: Any) -> None:
    """The order of docs/contract/wire.md#check-order, for every two checks of every operation."""
    check_refused(asked.refused[pair.both().name], pair.both())


@pytest.mark.parametrize("operation", {pair.first.operation: None for pair in BEFORE_ROWS})
def test_what_is_wrong_by_itself_is_told_before_what_is_not_there(
    asked: Asked, operation: str
) -> None:
    """Every wrong field, also of an update: 422 before 404 and 409."""
    for pair in BEFORE_ROWS:
        if pair.first.operation == operation:
            check_refused(asked.refused[pair.both().name], pair.both())


@pytest.mark.parametrize(
    ("operation", "code"),
    {(row.operation, row.code): None for row in ROWS if row.check is Check.NAMED},
)
def test_what_is_anothers_is_told_like_what_never_was(
    asked: Asked, operation: str, code: str
) -> None:
    """One text for both but for the field's name: it tells nothing of what other orgs have. What
    is archived in the org itself is told as that; no text holds an id."""
    told = [
        (asked.refused[row.name].problem or {})["detail"]
        for row in ROWS
        if (row.operation, row.code) == (operation, code)
    ]
    assert not any(_A_UUID.search(detail) for detail in told)
    unknown = [detail for detail in told if not detail.startswith("This ")]
    assert len({_A_FIELD.sub("", detail) for detail in unknown}) <= 1
    assert all("is archived" in detail for detail in told if detail not in unknown)


def check_refused(answered: Reply, row: Row) -> None:
    """The answer is the row's."""
    status = {Check.FORM: 400, Check.OPERATION: 400, Check.NAMED: 404}.get(
        row.check, 422 if row.check in (Check.FIELDS, Check.MERGED) else 409
    )
    told = problem(answered, status, row.code)
    assert told["title"] and told["detail"]
    if row.code == "validation_error":
        assert errors(answered) == row.errors
    else:
        assert told["errors"] == []
    if row.code == "version_conflict":
        assert told["current_version"] == row.current_version


@pytest.mark.parametrize("operation", GOOD)
def test_the_message_without_the_change_is_done(asked: Asked, operation: str) -> None:
    """So that a row is refused for its change, and for nothing else."""
    answered = asked.good[f"{operation}: good"]
    assert (answered.status, answered.problem) == (OPERATIONS[operation].status, None)


def test_a_refusal_changes_nothing(asked: Asked) -> None:
    """No row, no event, no line in the audit trail: only the inbox knows of it."""
    assert asked.before == asked.after
    assert asked.before["referral_partner"] and asked.before["audit"] and asked.before["events"]
