"""Progress of a run, written in the transactions of what it does."""

from datetime import timedelta

from sqlalchemy import bindparam, update

from messaging.outbox.system_work import SystemWork
from services.connectors.models import Run
from services.connectors.runs.context import RunContext

EVERY = timedelta(seconds=1)

# Of the table: one of the mapped class is worked out anew each time, a fifth of a page's cost.
_run = Run.metadata.tables[Run.__tablename__]
_NOTE = (
    update(_run)
    .where(_run.c.org_id == bindparam("of_org"), _run.c.id == bindparam("of_run"))
    .values(
        phase=bindparam("reads"),
        row_offset=bindparam("from_row"),
        counts=bindparam("counted"),
        version=_run.c.version + 1,
        updated_at=bindparam("now"),
    )
)


async def note(work: SystemWork, context: RunContext) -> None:
    """Write down how far the run is: what it reads, and what it did so far. At each beginning of a
    list, then once a second, which is often enough for who watches."""
    phase, at = context.noted
    if phase == context.phase and at is not None and work.now < at + EVERY:
        return
    context.noted = context.phase, work.now
    await work.session.execute(
        _NOTE,
        {
            "of_org": context.org_id,
            "of_run": context.run_id,
            "reads": context.phase,
            "from_row": context.offset,
            "counted": context.counts.as_json(),
            "now": work.now,
        },
    )
