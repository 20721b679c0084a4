"""Statistics of what a run stages, so that PostgreSQL knows of it before it looks by itself.

It does so once a minute. Until then it takes a table for nearly empty and any index for as good as
any other: each page of a first import would read all rows before it.
"""

from sqlalchemy import text

from services.connectors.runs.context import RunContext

FIRST_AT_ROWS = 500
GROWN_BY = 4
"""They are made anew when a run has read that many times as many rows."""

_ANALYZE = text("SELECT analyze_rows()")


async def keep_statistics(context: RunContext) -> None:
    """Have the tables analyzed where the run has read enough rows since it was done last."""
    fetched = sum(of_kind.get("fetched", 0) for of_kind in context.counts.by_kind.values())
    if fetched < (context.statistics_at_rows or FIRST_AT_ROWS):
        return
    context.statistics_at_rows = fetched * GROWN_BY
    async with context.engine.begin() as connection:
        await connection.execute(_ANALYZE)
