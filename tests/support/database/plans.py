"""Plans of statements, as PostgreSQL explains them."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

KEPT_AFTER = 5
"""Executions of a prepared statement after which PostgreSQL keeps a plan for all."""


async def plan_of(
    connection: AsyncConnection, statement: str, parameters: Any, *, run: bool = False
) -> list[dict[str, Any]]:
    """The nodes of a statement's plan, from the top; `run`: with what each met."""
    options = "ANALYZE, FORMAT JSON" if run else "FORMAT JSON"
    explained = await connection.exec_driver_sql(f"EXPLAIN ({options}) {statement}", parameters)
    return nodes_of(explained.scalar_one())


def nodes_of(explained: Any) -> list[dict[str, Any]]:
    """The nodes of a plan that was explained as JSON, from the top."""
    plan = json.loads(explained) if isinstance(explained, str) else explained
    return list(_nodes(plan[0]["Plan"]))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)
