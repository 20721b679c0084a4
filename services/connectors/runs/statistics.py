"""Statistics of what a run stages, so that PostgreSQL knows of it before it looks by itself.

It does so once a minute. Until then it takes a table for nearly empty and any index for as good as
any other: each page of a first import would read all rows before it.
"""

from sqlalchemy import text

from services.connectors.runs.context import RunContext

FIRST_AT_ROWS = 500
GROWN_BY = 4
"""They are made anew when a run has staged that many times as many rows.

What it stages counts, and not what it reads: of a table that was emptied they would say that
nothing is ever there.
"""

_ANALYZE = text("SELECT analyze_rows()")


async def keep_statistics(context: RunContext) -> None:
    """Have the tables analyzed where the run has staged enough rows since it was done last."""
    if context.staged < (context.statistics_at_rows or FIRST_AT_ROWS):
        return
    context.statistics_at_rows = context.staged * GROWN_BY
    async with context.engine.begin() as connection:
        await connection.execute(_ANALYZE)
